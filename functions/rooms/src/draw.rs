//! The morning's draw: who shares a room with whom.
//!
//! Pure computation: from attendance rates and the rooms of past mornings to
//! the rooms of today. Who is enrolled, what counts as a past morning, how
//! people map to indices and where the rooms are kept is left to the callers.
//!
//! One algorithm for all sizes: deal everyone to rooms at random, then swap
//! people between rooms by simulated annealing. All arithmetic is on integers
//! and the random numbers are seeded by the input, so that the same input gives
//! the same rooms on every machine.

/// Cost of putting two people together who have met before. The unit of all
/// other costs.
const REPEAT: i64 = 1 << 12;
/// Extra cost of a repeat when the earlier meeting was on the latest past
/// morning; it shrinks by `RECENCY_DECAY` per morning of age.
const RECENCY: i64 = REPEAT / 8;
const RECENCY_DECAY: (i64, i64) = (15, 16);
/// Cost per (likely no-shows in a room)², summed over rooms: two in one room and
/// none in another cost `2 * NO_SHOW` more than one in each.
const NO_SHOW: i64 = REPEAT / 8;
/// A person with a rate below this many percent is a likely no-show.
const LIKELY_NO_SHOW_BELOW: u8 = 50;
/// Up to this many people the draw also looks at what it leaves for later
/// mornings (one bit per person in a machine word).
const OUTLOOK_MAX: usize = 64;
/// Up to this many people the costs of all pairs are tabulated.
const DENSE_MAX: usize = 1024;

/// Draws `rates.len()` people into rooms.
///
/// `rates[i]` is the attendance rate of person `i` in percent, 0–100.
/// `history` lists past mornings, most recent first, each as groups of indices
/// into `rates`; indices out of range are ignored, and a person who turns up in
/// several groups of one morning counts for the first. `room_size` is the
/// configured number of people per room (less than 2 is taken as 2).
///
/// The number of rooms is `n / room_size` rounded to nearest (half up), raised
/// if need be until no room holds more than `room_size + 1`, and lowered if need
/// be until no room holds just one. Sizes differ by at most one. One person
/// alone gets a room of one; nobody gets no rooms.
///
/// In order of weight: few pairs who have met before (recent and frequent
/// meetings weigh more), likely no-shows spread evenly over the rooms, and for
/// up to 64 people a good outlook for the mornings to come.
///
/// Every index `0..n` is returned exactly once; each room is in ascending order.
/// The same input always gives the same rooms.
pub fn draw(rates: &[u8], history: &[Vec<Vec<u32>>], room_size: usize) -> Vec<Vec<u32>> {
    draw_with(rates, history, room_size, Effort::for_people(rates.len()))
}

/// How long to search: independent attempts, and swaps tried in each.
#[derive(Clone, Copy)]
pub struct Effort {
    pub attempts: u32,
    pub swaps: usize,
    pub hot: i64,
    pub cold: i64,
    pub scale: i64,
    pub gate: bool,
}

impl Effort {
    pub fn for_people(n: usize) -> Self {
        if n <= OUTLOOK_MAX {
            Effort { attempts: 8, swaps: 20_000, hot: REPEAT / 2, cold: REPEAT / 16, scale: 4 * REPEAT, gate: true }
        } else if n <= DENSE_MAX {
            Effort { attempts: 1, swaps: 200_000, hot: REPEAT / 4, cold: REPEAT / 16, scale: 0, gate: true }
        } else {
            Effort { attempts: 1, swaps: 10 * n.max(20_000), hot: 0, cold: 0, scale: 0, gate: true }
        }
    }
}

pub fn draw_with(
    rates: &[u8],
    history: &[Vec<Vec<u32>>],
    room_size: usize,
    effort: Effort,
) -> Vec<Vec<u32>> {
    let n = rates.len();
    let rooms = room_count(n, room_size);
    let (past, seed) = Past::new(n, history);
    let mut random = Random(seed);
    for &rate in rates {
        random.stir(u64::from(rate));
    }
    let likely_absent: Vec<bool> = rates.iter().map(|&r| r < LIKELY_NO_SHOW_BELOW).collect();

    let mut best: Option<Seating> = None;
    for _ in 0..effort.attempts.max(1) {
        let mut seating = Seating::deal(&past, &likely_absent, rooms, &mut random, effort.scale);
        if rooms > 1 {
            seating.improve(effort, &mut random);
        }
        if best.as_ref().is_none_or(|b| (seating.cost, seating.outlook_cost()) < (b.cost, b.outlook_cost())) {
            let done = seating.settled();
            best = Some(seating);
            if done {
                break;
            }
        }
    }
    best.map_or_else(Vec::new, Seating::into_rooms)
}

/// See [`draw`] for the rule.
fn room_count(n: usize, room_size: usize) -> usize {
    let size = room_size.clamp(2, n.max(2));
    let nearest = (n + size / 2) / size;
    let fewest = n.div_ceil(size + 1);
    nearest.max(fewest).min(n / 2).max(n.min(1))
}

/// What past mornings say about each pair of people.
struct Past {
    n: usize,
    mornings: usize,
    /// Per person and morning the group they were in; absent people have a
    /// value of their own, shared with nobody. Memory grows with the people
    /// times the mornings, not with the pairs.
    groups: Vec<u32>,
    /// Recency cost per morning.
    recency: Vec<u32>,
    /// Costs of all pairs when `n` is small, else empty.
    dense: Vec<u32>,
}

impl Past {
    fn new(n: usize, history: &[Vec<Vec<u32>>]) -> (Self, u64) {
        let mornings = history.len();
        let mut random = Random(n as u64);
        let mut groups: Vec<u32> = Vec::with_capacity(n * mornings);
        for person in 0..n {
            groups.extend(std::iter::repeat_n(ABSENT | person as u32, mornings));
        }
        let mut recency = Vec::with_capacity(mornings);
        let mut cost = RECENCY;
        for (age, morning) in history.iter().enumerate() {
            recency.push(cost.max(1) as u32);
            cost = cost * RECENCY_DECAY.0 / RECENCY_DECAY.1;
            for (group, members) in morning.iter().enumerate() {
                random.stir(u64::MAX);
                for &person in members {
                    random.stir(u64::from(person));
                    let person = person as usize;
                    if person < n && groups[person * mornings + age] & ABSENT != 0 {
                        groups[person * mornings + age] = group as u32 & !ABSENT;
                    }
                }
            }
        }
        let mut past = Past { n, mornings, groups, recency, dense: Vec::new() };
        if n <= DENSE_MAX {
            let pairs = (0..n * n).map(|i| past.sum(i / n, i % n) as u32);
            past.dense = pairs.collect();
        }
        (past, random.next())
    }

    /// Cost of putting two different people together today; 0 if they have not met.
    fn cost(&self, a: u32, b: u32) -> i64 {
        let (a, b) = (a as usize, b as usize);
        if self.dense.is_empty() { self.sum(a, b) } else { i64::from(self.dense[a * self.n + b]) }
    }

    fn sum(&self, a: usize, b: usize) -> i64 {
        let of = |person: usize| &self.groups[person * self.mornings..(person + 1) * self.mornings];
        let meetings = of(a).iter().zip(of(b)).zip(&self.recency);
        let recent: u32 = meetings.map(|((a, b), &r)| if a == b { r } else { 0 }).sum();
        if recent == 0 { 0 } else { REPEAT + i64::from(recent) }
    }
}

/// Marks a person as absent in [`Past::groups`].
const ABSENT: u32 = 1 << 31;

/// People on seats; the seats of a room are adjacent.
struct Seating<'a> {
    past: &'a Past,
    likely_absent: &'a [bool],
    seats: Vec<u32>,
    room_of_seat: Vec<u32>,
    /// First seat of each room, and the number of seats at the end.
    first_seat: Vec<u32>,
    /// Likely no-shows per room.
    absences: Vec<i64>,
    cost: i64,
    outlook: Option<Outlook>,
}

impl<'a> Seating<'a> {
    /// Everyone at random, likely no-shows evenly.
    fn deal(past: &'a Past, likely_absent: &'a [bool], rooms: usize, random: &mut Random, scale: i64) -> Self {
        let n = past.n;
        let mut people: Vec<u32> = (0..n as u32).collect();
        for i in (1..n).rev() {
            people.swap(i, random.below(i + 1));
        }
        people.sort_by_key(|&person| !likely_absent[person as usize]);
        let first_seat: Vec<u32> = (0..=rooms).map(|room| (room * (n / rooms.max(1)) + room.min(n % rooms.max(1))) as u32).collect();
        let mut seats = vec![0; n];
        let mut room_of_seat = vec![0; n];
        let mut absences = vec![0; rooms];
        for (turn, &person) in people.iter().enumerate() {
            let room = turn % rooms;
            let seat = first_seat[room] as usize + turn / rooms;
            seats[seat] = person;
            room_of_seat[seat] = room as u32;
            absences[room] += i64::from(likely_absent[person as usize]);
        }
        let mut seating = Seating { past, likely_absent, seats, room_of_seat, first_seat, absences, cost: 0, outlook: None };
        let mut repeats = 0;
        for room in 0..rooms {
            let room = seating.seats_of(room);
            for seat in room.clone() {
                repeats += seating.with(seating.seats[seat], room.start..seat, n);
            }
        }
        seating.cost = repeats + seating.absences.iter().map(|a| a * a * NO_SHOW).sum::<i64>();
        if scale > 0 {
            seating.outlook = Some(Outlook::new(&seating, scale));
        }
        seating
    }

    fn seats_of(&self, room: usize) -> std::ops::Range<usize> {
        self.first_seat[room] as usize..self.first_seat[room + 1] as usize
    }

    /// Cost of `person` with everyone on `seats` but `except`.
    fn with(&self, person: u32, seats: std::ops::Range<usize>, except: usize) -> i64 {
        let mut sum = 0;
        for seat in seats {
            if seat != except {
                sum += self.past.cost(person, self.seats[seat]);
            }
        }
        sum
    }

    fn outlook_cost(&self) -> i64 {
        self.outlook.as_ref().map_or(0, |o| o.cost)
    }

    /// Whether no swap could make it better.
    fn settled(&self) -> bool {
        let total: i64 = self.absences.iter().sum();
        let rooms = self.absences.len() as i64;
        self.outlook.is_none() && (rooms < 2 || self.cost == spread_minimum(total, rooms))
    }

    /// Tries swaps of random people of different rooms, ever more picky.
    fn improve(&mut self, effort: Effort, random: &mut Random) {
        let n = self.seats.len();
        let total: i64 = self.absences.iter().sum();
        let ideal = spread_minimum(total, self.absences.len() as i64);
        let cooling = effort.swaps * 3 / 4;
        for step in 0..effort.swaps {
            if self.cost == ideal && self.outlook.is_none() {
                return;
            }
            let i = random.below(n);
            let j = random.below(n);
            let (r, s) = (self.room_of_seat[i] as usize, self.room_of_seat[j] as usize);
            if r == s {
                continue;
            }
            let heat = if step < cooling {
                effort.hot - (effort.hot - effort.cold) * step as i64 / cooling as i64
            } else {
                0
            };
            let allowance = heat * random.exponential() >> 8;
            let (a, b) = (self.seats[i], self.seats[j]);
            let (in_r, in_s) = (self.seats_of(r), self.seats_of(s));
            let before = self.with(a, in_r.clone(), i) + self.with(b, in_s.clone(), j);
            if before == 0 && allowance == 0 && self.outlook.is_none() {
                continue;
            }
            let after = self.with(a, in_s, j) + self.with(b, in_r, i);
            let moved = i64::from(self.likely_absent[a as usize]) - i64::from(self.likely_absent[b as usize]);
            let (u, v) = (self.absences[r], self.absences[s]);
            let spread = (u - moved) * (u - moved) + (v + moved) * (v + moved) - u * u - v * v;
            let change = after - before + spread * NO_SHOW;
            if change > allowance && (effort.gate || self.outlook.is_none()) {
                continue;
            }
            if let Some(mut outlook) = self.outlook.take() {
                let was = outlook.cost;
                outlook.swap(self, i, j);
                let total = outlook.cost - was + change;
                let refuse = if heat == 0 { (change, outlook.cost - was) > (0, 0) } else { total > allowance };
                if refuse {
                    outlook.swap(self, i, j);
                    // The second swap must undo the first: seats have not moved.
                    self.outlook = Some(outlook);
                    continue;
                }
                self.outlook = Some(outlook);
            }
            self.cost += change;
            self.seats.swap(i, j);
            self.absences[r] -= moved;
            self.absences[s] += moved;
        }
    }

    fn into_rooms(self) -> Vec<Vec<u32>> {
        (0..self.absences.len())
            .map(|room| {
                let mut people = self.seats[self.seats_of(room)].to_vec();
                people.sort_unstable();
                people
            })
            .collect()
    }
}

fn spread_minimum(total: i64, rooms: i64) -> i64 {
    let (low, more) = (total / rooms, total % rooms);
    NO_SHOW * (low * low * (rooms - more) + (low + 1) * (low + 1) * more)
}

/// What a seating leaves for later mornings.
struct Outlook {
    never: Vec<u64>,
    open: Vec<u64>,
    size: usize,
    w3: i64,
    w4: i64,
    cost: i64,
}

impl Outlook {
    fn new(seating: &Seating, scale: i64) -> Self {
        let n = seating.seats.len();
        let size = n / seating.absences.len().max(1);
        let mut never = vec![0u64; n];
        for a in 0..n {
            for b in 0..n {
                if a != b && seating.past.cost(a as u32, b as u32) == 0 {
                    never[a] |= 1 << b;
                }
            }
        }
        let mut o = Outlook { open: never.clone(), never, size, w3: 0, w4: 0, cost: 0 };
        let mut t3 = 0i64;
        let mut t4 = 0i64;
        for a in 0..n {
            for b in 0..a {
                if o.open[a] >> b & 1 == 1 {
                    let (x, y) = o.through(a, b);
                    t3 += x;
                    t4 += y;
                }
            }
        }
        if size >= 4 {
            o.w4 = scale / (t4 / 6).max(1);
            o.w3 = (scale / 4 / (t3 / 3).max(1)).max(1);
        } else {
            o.w3 = scale / (t3 / 3).max(1);
        }
        if size == 2 {
            o.w3 = -o.w3;
        }
        for room in 0..seating.absences.len() {
            let r = seating.seats_of(room);
            for i in r.clone() {
                for j in r.start..i {
                    o.flip(seating.seats[i] as usize, seating.seats[j] as usize);
                }
            }
        }
        o
    }

    fn through(&self, a: usize, b: usize) -> (i64, i64) {
        let common = self.open[a] & self.open[b];
        let mut k4 = 0;
        if self.size >= 4 {
            let mut left = common;
            while left != 0 {
                let c = left.trailing_zeros() as usize;
                left &= left - 1;
                k4 += (self.open[c] & left).count_ones();
            }
        }
        (i64::from(common.count_ones()), i64::from(k4))
    }

    fn flip(&mut self, a: usize, b: usize) {
        if self.never[a] >> b & 1 == 0 {
            return;
        }
        let (k3, k4) = self.through(a, b);
        let d = k3 * self.w3 + k4 * self.w4;
        self.cost += if self.open[a] >> b & 1 == 1 { d } else { -d };
        self.open[a] ^= 1 << b;
        self.open[b] ^= 1 << a;
    }

    fn swap(&mut self, seating: &Seating, i: usize, j: usize) {
        let (a, b) = (seating.seats[i] as usize, seating.seats[j] as usize);
        for (seat, own) in [(i, i), (j, j)] {
            for k in seating.seats_of(seating.room_of_seat[seat] as usize) {
                if k != own {
                    let c = seating.seats[k] as usize;
                    self.flip(a, c);
                    self.flip(b, c);
                }
            }
        }
    }
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

    /// Uniform in `0..n`.
    fn below(&mut self, n: usize) -> usize {
        ((self.next() >> 32) * n as u64 >> 32) as usize
    }

    /// About exponential with mean 1/ln 2, in 1/256: the whole part from leading
    /// zeros, the fraction linear between. No floating point, hence the same everywhere.
    fn exponential(&mut self) -> i64 {
        let z = self.next();
        let zeros = z.leading_zeros();
        let fraction = 255 - ((z << zeros) >> 55 & 255) as i64;
        i64::from(zeros) * 256 + fraction
    }
}
