//! The morning's draw: who shares a room with whom.
//!
//! Pure computation, from attendance rates and the rooms of past mornings to
//! the rooms of today. Who is enrolled, what counts as a past morning, how
//! people map to indices and where rooms are kept is left to the callers.
//!
//! One algorithm for all sizes: deal everyone to rooms at random, then swap
//! people between rooms by simulated annealing. A small draw plans a few
//! mornings at once and keeps the first, so that today's rooms do not spoil
//! tomorrow's. All arithmetic is on integers and the random numbers are seeded
//! by the input: the same input gives the same rooms on every machine.

use std::iter::repeat_n;
use std::ops::Range;

mod apart;

use apart::Apart;

/// Cost of putting two people together who have met before; the unit of the others.
const REPEAT: i64 = 1 << 12;
/// Extra cost for each earlier meeting: this much if it was on the latest past
/// morning, `RECENCY_DECAY` times that for each morning of age (half after 11).
/// Small, so that today's number of repeats comes first.
const RECENCY: i64 = REPEAT / 8;
const RECENCY_DECAY: (i64, i64) = (15, 16);
/// Cost per (likely no-shows in a room)², summed over the rooms: two in one room
/// and none in another cost `2 * NO_SHOW` more than one in each.
const NO_SHOW: i64 = REPEAT / 4;
/// Cost of putting two people together of whom one wishes not to meet the other: more than all
/// repeats and no-shows of a draw together.
const APART: i64 = 1 << 40;
/// Stands for it in the table of pairs.
const APART_MARK: u32 = u32::MAX;
/// A person with a rate below this many percent is a likely no-show.
const LIKELY_NO_SHOW_BELOW: u8 = 50;
/// Cost of a repeat on a planned later morning, while searching; only a
/// tie-break in the end.
const REPEAT_LATER: i64 = REPEAT * 3 / 4;
/// Up to this many people later mornings are planned along.
const PLAN_MAX: usize = 64;
/// Up to this many people the costs of all pairs are tabulated (4 MiB).
const TABLE_MAX: usize = 1024;
/// Marks a person as absent in [`Past::groups`].
const ABSENT: u32 = 1 << 31;

/// Draws `rates.len()` people into rooms.
///
/// `rates[i]` is the attendance rate of person `i` in percent, 0–100.
/// `history` lists past mornings, most recent first, each as groups of indices
/// into `rates`; indices out of range are ignored, and someone who turns up in
/// several groups of one morning counts for the first. `apart` names pairs who
/// are not to meet, in any order; a person with themselves, or an index out of range,
/// is ignored. `room_size` is the configured number of people per room (less than 2 is
/// taken as 2).
///
/// There are as few rooms as hold everyone at `room_size` each. If that makes a
/// room smaller than `room_size - 1`, or leaves someone alone, there is one room
/// less, provided no room then exceeds `room_size + 1`: five people at size 4
/// share one room, nine sit in threes, three at size 2 are a trio. Sizes differ
/// by at most one. Only a single person gets a room alone; nobody, no room. Where
/// so few rooms cannot keep everybody of `apart` apart there are as many more as can,
/// of two people at least.
///
/// In order of weight: nobody of `apart` together (for up to 12 people as few as there
/// can be, beyond as few as the search finds), few pairs who have met before (recent and
/// frequent meetings weigh more), likely no-shows (rate below 50 %) spread evenly over
/// the rooms, and, for up to 64 people, few repeats on mornings to come.
///
/// Every index `0..n` is returned exactly once; each room is in ascending order.
/// The same input always gives the same rooms.
pub fn draw(
    rates: &[u8],
    history: &[Vec<Vec<u32>>],
    apart: &[(u32, u32)],
    room_size: usize,
) -> Vec<Vec<u32>> {
    let n = rates.len();
    let mut rooms = room_count(n, room_size);
    if rooms == 0 || (rooms == 1 && apart.is_empty()) {
        return (0..rooms).map(|_| (0..n as u32).collect()).collect();
    }
    let effort = Effort::for_people(n);
    let mut random = Random(n as u64);
    rates.iter().for_each(|&rate| random.stir(rate.into()));
    let past = Past::new(n, history, apart, &mut random);
    rooms = past.apart.rooms(rooms, &mut random);
    if rooms == 1 {
        return vec![(0..n as u32).collect()];
    }
    let likely_absent: Vec<bool> = rates.iter().map(|&r| r < LIKELY_NO_SHOW_BELOW).collect();
    let mornings = effort.mornings.min(past.mornings_left(n / rooms)).max(1);

    let mut best = Plan::deal(&past, &likely_absent, rooms, mornings, &mut random);
    best.improve(&effort, &mut random);
    for _ in 1..effort.attempts * mornings as u32 {
        if best.cost == best.ideal {
            break;
        }
        let mut plan = Plan::deal(&past, &likely_absent, rooms, mornings, &mut random);
        plan.improve(&effort, &mut random);
        if plan.cost < best.cost {
            best = plan;
        }
    }
    best.into_rooms()
}

/// How hard to search. Counted in steps, never in time, for the same rooms everywhere.
struct Effort {
    /// Independent searches per planned morning; the best of all counts.
    attempts: u32,
    /// Swaps tried per search.
    swaps: usize,
    /// Mornings planned at once, today included.
    mornings: usize,
    /// Swaps tried until only better rooms are accepted.
    cooling: usize,
}

impl Effort {
    fn for_people(n: usize) -> Self {
        let (attempts, swaps, mornings) = match n {
            0..=PLAN_MAX => (3, 60_000, 4),
            _ => (1, 200_000.max(10 * n), 1),
        };
        // Among many people hardly anyone meets again by chance: mending is enough.
        let cooling = if n <= TABLE_MAX { swaps / 4 * 3 } else { 0 };
        Effort {
            attempts,
            swaps,
            mornings,
            cooling,
        }
    }
}

/// See [`draw`] for the rule.
fn room_count(n: usize, room_size: usize) -> usize {
    let size = room_size.clamp(2, n.max(2));
    let rooms = n.div_ceil(size);
    let too_small = rooms > 1 && n / rooms < (size - 1).max(2);
    if too_small && n.div_ceil(rooms - 1) <= size + 1 {
        rooms - 1
    } else {
        rooms
    }
}

/// What past mornings say about each pair of people.
struct Past {
    n: usize,
    mornings: usize,
    /// Per person and morning the group they were in; who was absent has a value
    /// of their own. Grows with people times mornings, not with pairs.
    groups: Vec<u32>,
    /// [`RECENCY`] by age of the morning.
    recency: Vec<u32>,
    /// Costs of all pairs, or empty beyond [`TABLE_MAX`] people.
    table: Vec<u32>,
    /// Who is not to meet whom.
    apart: Apart,
}

impl Past {
    fn new(n: usize, history: &[Vec<Vec<u32>>], apart: &[(u32, u32)], random: &mut Random) -> Self {
        let mornings = history.len();
        let mut groups = Vec::with_capacity(n * mornings);
        (0..n as u32).for_each(|person| groups.extend(repeat_n(ABSENT | person, mornings)));
        let mut recency = Vec::with_capacity(mornings);
        let mut cost = RECENCY;
        for (age, morning) in history.iter().enumerate() {
            // At least 1, by which `compare` knows that they have met.
            recency.push(cost.max(1) as u32);
            cost = cost * RECENCY_DECAY.0 / RECENCY_DECAY.1;
            for (group, members) in morning.iter().enumerate() {
                for &person in members {
                    random.stir((group as u64) << 32 | u64::from(person));
                    let person = person as usize;
                    if person < n && groups[person * mornings + age] & ABSENT != 0 {
                        groups[person * mornings + age] = group as u32 & !ABSENT;
                    }
                }
            }
        }
        let mut past = Past {
            n,
            mornings,
            groups,
            recency,
            table: Vec::new(),
            apart: Apart::new(n, apart, random),
        };
        if n <= TABLE_MAX {
            past.table = (0..n * n)
                .map(|pair| past.compare(pair / n, pair % n))
                .collect();
        }
        past
    }

    /// Cost of putting two different people together; 0 if they have not met and may.
    fn cost(&self, a: u32, b: u32) -> i64 {
        let (a, b) = (a as usize, b as usize);
        let cost = if self.table.is_empty() {
            self.compare(a, b)
        } else {
            self.table[a * self.n + b]
        };
        match cost {
            APART_MARK => APART,
            cost => i64::from(cost),
        }
    }

    fn compare(&self, a: usize, b: usize) -> u32 {
        if self.apart.has(a, b) {
            return APART_MARK;
        }
        let of = |person: usize| &self.groups[person * self.mornings..(person + 1) * self.mornings];
        let mut recent = 0;
        for ((a, b), recency) in of(a).iter().zip(of(b)).zip(&self.recency) {
            recent += if a == b { *recency } else { 0 };
        }
        if recent == 0 {
            0
        } else {
            REPEAT as u32 + recent
        }
    }

    /// For how many mornings people can, on average, still meet only new people.
    fn mornings_left(&self, room_size: usize) -> usize {
        let strangers = self.table.iter().filter(|&&cost| cost == 0).count() / self.n;
        strangers / (room_size - 1).max(1)
    }
}

/// Rooms for today and possibly some mornings after.
struct Plan<'a> {
    past: &'a Past,
    likely_absent: &'a [bool],
    /// The person on each seat. Seats of a room are adjacent, today's rooms first.
    seats: Vec<u32>,
    room_of_seat: Vec<u32>,
    /// First seat of each room, and the number of seats at the end.
    first_seat: Vec<u32>,
    /// Likely no-shows in each of today's rooms.
    absences: Vec<i64>,
    /// Planned meetings of each pair; empty if only today is planned.
    planned: Vec<u8>,
    /// What a repeat on a later morning costs at present.
    repeat_later: i64,
    cost: i64,
    /// The cost without any repeats; no plan is better.
    ideal: i64,
}

impl<'a> Plan<'a> {
    /// Everyone at random, but today's likely no-shows evenly.
    fn deal(
        past: &'a Past,
        likely_absent: &'a [bool],
        rooms: usize,
        mornings: usize,
        random: &mut Random,
    ) -> Self {
        let n = past.n;
        let mut first_seat = vec![0];
        let mut room_of_seat = Vec::with_capacity(n * mornings);
        for room in 0..rooms * mornings {
            let size = n / rooms + usize::from(room % rooms < n % rooms);
            room_of_seat.extend(repeat_n(room as u32, size));
            first_seat.push(room_of_seat.len() as u32);
        }
        let mut seats = vec![0; n * mornings];
        let mut absences = vec![0; rooms];
        let mut people: Vec<u32> = (0..n as u32).collect();
        for morning in 0..mornings {
            random.shuffle(&mut people);
            people.sort_by_key(|&person| !likely_absent[person as usize]);
            for (turn, &person) in people.iter().enumerate() {
                let room = turn % rooms;
                seats[first_seat[morning * rooms + room] as usize + turn / rooms] = person;
                absences[room] += i64::from(morning == 0 && likely_absent[person as usize]);
            }
        }
        let planned = if mornings > 1 {
            vec![0; n * n]
        } else {
            Vec::new()
        };
        let ideal = spread_cost(&absences);
        let today = &mut seats[..n];
        if past.apart.part(today, &first_seat[..=rooms], random) {
            for (room, absent) in absences.iter_mut().enumerate() {
                let people = &today[first_seat[room] as usize..first_seat[room + 1] as usize];
                let likely = people.iter().filter(|&&p| likely_absent[p as usize]);
                *absent = likely.count() as i64;
            }
        }
        Plan {
            past,
            likely_absent,
            seats,
            room_of_seat,
            first_seat,
            absences,
            planned,
            repeat_later: REPEAT_LATER,
            cost: ideal,
            ideal,
        }
    }

    /// Tries swaps of people of different rooms, at first ever more picky, at
    /// last only for the better.
    fn improve(&mut self, effort: &Effort, random: &mut Random) {
        let n = self.past.n;
        self.price(REPEAT_LATER);
        for step in 0..effort.swaps {
            if step == effort.cooling {
                // From here on today goes before everything later.
                self.price(1);
            }
            if self.cost == self.ideal {
                return;
            }
            let i = random.below(self.seats.len());
            let j = i - i % n + random.below(n);
            let (r, s) = (self.room_of_seat[i] as usize, self.room_of_seat[j] as usize);
            if r == s {
                continue;
            }
            let mut allowance = 0;
            if step < effort.cooling {
                let heat = REPEAT / 4 - REPEAT * 3 / 20 * step as i64 / effort.cooling as i64;
                allowance = (heat * random.exponential()) >> 8;
            }
            let (a, b) = (self.seats[i], self.seats[j]);
            let own = self.meetings(a, r, i, 1);
            if own == 0 && self.absent(a, i) == 0 {
                // Only those who would gain look for somebody to swap with.
                continue;
            }
            let before = own + self.meetings(b, s, j, 1);
            let moved = self.absent(a, i) - self.absent(b, j);
            let mut spread = 0;
            if moved != 0 {
                let (u, v) = (self.absences[r], self.absences[s]);
                spread = spread_cost(&[u - moved, v + moved]) - spread_cost(&[u, v]);
            }
            let after = self.meetings(a, s, j, 0) + self.meetings(b, r, i, 0);
            let change = after - before + spread;
            // Mending finds other partners among many; it must not undo the spread, but to part two.
            let mends = spread <= 0 || effort.cooling > 0 || change <= -APART / 2;
            if change <= allowance && mends {
                self.cost += change;
                self.swap(i, j, moved);
            }
        }
    }

    /// Sets the cost of later repeats, and counts the cost anew.
    fn price(&mut self, repeat_later: i64) {
        self.repeat_later = repeat_later;
        self.cost = spread_cost(&self.absences);
        self.planned.fill(0);
        for i in 0..self.seats.len() {
            // Counts each pair once: the people on later seats are not yet planned.
            for j in self.seats_of(self.room_of_seat[i] as usize).start..i {
                self.cost += self.meeting(self.seats[i], j, 0);
                self.plan(self.seats[i], self.seats[j], 1);
            }
        }
    }

    fn swap(&mut self, i: usize, j: usize, moved: i64) {
        let (a, b) = (self.seats[i], self.seats[j]);
        let (r, s) = (self.room_of_seat[i] as usize, self.room_of_seat[j] as usize);
        if !self.planned.is_empty() {
            for (room, own, leaves, joins) in [(r, i, a, b), (s, j, b, a)] {
                for seat in self.seats_of(room) {
                    if seat != own {
                        self.plan(leaves, self.seats[seat], -1);
                        self.plan(joins, self.seats[seat], 1);
                    }
                }
            }
        }
        if moved != 0 {
            self.absences[r] -= moved;
            self.absences[s] += moved;
        }
        self.seats.swap(i, j);
    }

    /// Cost of `person` with those in `room`, but for the one on seat `except`.
    fn meetings(&self, person: u32, room: usize, except: usize, already: u8) -> i64 {
        let mut sum = 0;
        for seat in self.seats_of(room) {
            if seat != except {
                sum += self.meeting(person, seat, already);
            }
        }
        sum
    }

    /// Cost of `person` with the one on `seat`, if the plan has them meet more
    /// than `already` times.
    fn meeting(&self, person: u32, seat: usize, already: u8) -> i64 {
        let other = self.seats[seat];
        let met = self.past.cost(person, other);
        if self.planned.is_empty() || (met > 0 && seat < self.past.n) {
            return met;
        }
        let again = self.planned[person as usize * self.past.n + other as usize] > already;
        if met > 0 || again {
            self.repeat_later
        } else {
            0
        }
    }

    fn plan(&mut self, a: u32, b: u32, meetings: i8) {
        let (a, b, n) = (a as usize, b as usize, self.past.n);
        if !self.planned.is_empty() {
            for pair in [a * n + b, b * n + a] {
                self.planned[pair] = self.planned[pair].wrapping_add_signed(meetings);
            }
        }
    }

    /// 1 for a likely no-show on one of today's seats.
    fn absent(&self, person: u32, seat: usize) -> i64 {
        i64::from(seat < self.past.n && self.likely_absent[person as usize])
    }

    fn seats_of(&self, room: usize) -> Range<usize> {
        self.first_seat[room] as usize..self.first_seat[room + 1] as usize
    }

    fn into_rooms(self) -> Vec<Vec<u32>> {
        let today = 0..self.absences.len();
        let mut rooms: Vec<_> = today
            .map(|room| self.seats[self.seats_of(room)].to_vec())
            .collect();
        rooms.iter_mut().for_each(|room| room.sort_unstable());
        rooms
    }
}

fn spread_cost(absences: &[i64]) -> i64 {
    absences
        .iter()
        .map(|absent| absent * absent * NO_SHOW)
        .sum()
}

/// SplitMix64: small, fast and the same everywhere.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Makes the numbers to come depend on `value`.
    fn stir(&mut self, value: u64) {
        self.0 = (self.0.rotate_left(23) ^ value).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn shuffle(&mut self, people: &mut [u32]) {
        for i in (1..people.len()).rev() {
            people.swap(i, self.below(i + 1));
        }
    }

    /// Uniform in `0..n`, for `n` up to 2³².
    fn below(&mut self, n: usize) -> usize {
        (((self.next() >> 32) * n as u64) >> 32) as usize
    }

    /// About exponentially distributed with mean 1.5, in 1/256. Leading zeros for
    /// the logarithm: floating point may differ between machines.
    fn exponential(&mut self) -> i64 {
        let bits = self.next() | 1;
        let zeros = bits.leading_zeros();
        let fraction = ((bits << zeros) >> 55) & 255;
        i64::from(zeros) * 256 + 255 - fraction as i64
    }
}

#[cfg(test)]
mod tests;
