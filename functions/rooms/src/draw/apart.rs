//! Who is not to meet whom: how many rooms it takes, and a seating that keeps them apart.
//!
//! Up to [`EXACT_MAX`] people every seating is looked at, but for those that are no better
//! than the best so far. Beyond, whoever sits with somebody they are not to meet changes seats
//! with others, at first also where that parts nobody.

use super::Random;

/// Up to this many people the search is exact.
const EXACT_MAX: usize = 12;
/// Beyond, how many rooms more than the fewest are tried.
const MORE_ROOMS: usize = 3;
/// Searches for one number of rooms, and rounds of one.
const SEARCHES: usize = 4;
const ROUNDS: i64 = 1_000;
/// With how many others somebody tries to change seats in a round.
const PARTNERS: usize = 8;
/// How readily a change is made that brings one more pair together: one in 2^(256 / heat), at first
/// and at last.
const HEAT: (i64, i64) = (160, 24);

pub(super) struct Apart {
    /// Whom each person is not to meet, in ascending order; empty when there are no such pairs.
    others: Vec<Vec<u32>>,
    /// Those who are in a pair.
    people: Vec<u32>,
}

impl Apart {
    /// The pairs, in any order, among `n` people.
    pub fn new(n: usize, pairs: &[(u32, u32)], random: &mut Random) -> Self {
        let mut others = vec![Vec::new(); n];
        for &(a, b) in pairs {
            if a != b && (a as usize) < n && (b as usize) < n {
                others[a as usize].push(b);
                others[b as usize].push(a);
            }
        }
        for list in &mut others {
            list.sort_unstable();
            list.dedup();
        }
        let people: Vec<u32> = (0..n as u32)
            .filter(|&person| !others[person as usize].is_empty())
            .collect();
        for &a in &people {
            for &b in &others[a as usize] {
                random.stir(u64::from(a) << 32 | u64::from(b));
            }
        }
        if people.is_empty() {
            others.clear();
        }
        Apart { others, people }
    }

    /// Whether these two are not to meet.
    pub fn has(&self, a: usize, b: usize) -> bool {
        let others = self.others.get(a);
        others.is_some_and(|others| others.binary_search(&(b as u32)).is_ok())
    }

    /// How many rooms there are to be: the fewest, unless more of them part more pairs.
    pub fn rooms(&self, fewest: usize, random: &mut Random) -> usize {
        let n = self.others.len();
        let most = match n {
            0..=EXACT_MAX => n / 2,
            _ => (n / 2).min(fewest + MORE_ROOMS),
        };
        let mut best = (u32::MAX, fewest);
        for rooms in fewest..=most {
            let sizes = (0..rooms).map(|room| (n / rooms + usize::from(room < n % rooms)) as u32);
            let mut first_seat = vec![0];
            first_seat.extend(sizes.scan(0, |seat, size| {
                *seat += size;
                Some(*seat)
            }));
            for _ in 0..SEARCHES {
                let mut seats: Vec<u32> = (0..n as u32).collect();
                random.shuffle(&mut seats);
                let together = Seating::new(self, &mut seats, &first_seat).part(random);
                best = best.min((together, rooms));
                if best.0 == 0 || n <= EXACT_MAX {
                    break;
                }
            }
            if best.0 == 0 {
                break;
            }
        }
        best.1
    }

    /// Parts as many pairs as it can. `seats` are those of all rooms, one room after the other,
    /// `first_seat` says where each begins and the last one ends. `false` when nothing was to be done.
    pub fn part(&self, seats: &mut [u32], first_seat: &[u32], random: &mut Random) -> bool {
        if self.others.is_empty() {
            return false;
        }
        Seating::new(self, seats, first_seat).part(random);
        true
    }
}

/// Everybody on a seat.
struct Seating<'a> {
    apart: &'a Apart,
    first_seat: &'a [u32],
    seats: &'a mut [u32],
    /// By person.
    seat_of: Vec<u32>,
    room_of: Vec<u32>,
}

/// On no seat, in no room.
const NOWHERE: u32 = u32::MAX;

impl<'a> Seating<'a> {
    fn new(apart: &'a Apart, seats: &'a mut [u32], first_seat: &'a [u32]) -> Self {
        let mut seating = Seating {
            apart,
            first_seat,
            seat_of: vec![NOWHERE; seats.len()],
            room_of: vec![NOWHERE; seats.len()],
            seats,
        };
        seating.note();
        seating
    }

    fn note(&mut self) {
        for (room, ends) in (0..).zip(self.first_seat.windows(2)) {
            for seat in ends[0]..ends[1] {
                let person = self.seats[seat as usize] as usize;
                self.seat_of[person] = seat;
                self.room_of[person] = room;
            }
        }
    }

    /// How many in `room` this person is not to meet.
    fn meets(&self, person: u32, room: u32) -> i64 {
        let others = self.apart.others[person as usize].iter();
        let there = others.filter(|&&other| self.room_of[other as usize] == room);
        there.count() as i64
    }

    /// Those who sit with somebody they are not to meet.
    fn unhappy(&self) -> Vec<u32> {
        let people = self.apart.people.iter().copied();
        people
            .filter(|&person| self.meets(person, self.room_of[person as usize]) > 0)
            .collect()
    }

    /// Pairs that are together.
    fn together(&self) -> u32 {
        let people = self.apart.people.iter();
        let meetings: i64 = people
            .map(|&person| self.meets(person, self.room_of[person as usize]))
            .sum();
        (meetings / 2) as u32
    }

    /// Parts pairs; how many are left.
    fn part(&mut self, random: &mut Random) -> u32 {
        if self.seats.len() <= EXACT_MAX {
            self.part_exactly()
        } else {
            self.part_by_changes(random)
        }
    }

    fn part_by_changes(&mut self, random: &mut Random) -> u32 {
        let mut best = (self.together(), self.seats.to_vec());
        for round in 0..ROUNDS {
            let unhappy = self.unhappy();
            if unhappy.is_empty() {
                return 0;
            }
            let heat = HEAT.0 - (HEAT.0 - HEAT.1) * round / ROUNDS;
            for person in unhappy {
                for _ in 0..PARTNERS {
                    let other = self.seats[random.below(self.seats.len())];
                    let change = self.change(person, other);
                    if 256 * change <= (heat * random.exponential()) >> 8 {
                        self.swap(person, other);
                        break;
                    }
                }
            }
            let together = self.together();
            if together < best.0 {
                best = (together, self.seats.to_vec());
            }
        }
        self.seats.copy_from_slice(&best.1);
        self.note();
        best.0
    }

    /// How many pairs more are together when these two have changed seats.
    fn change(&self, a: u32, b: u32) -> i64 {
        let (r, s) = (self.room_of[a as usize], self.room_of[b as usize]);
        if r == s {
            return 0;
        }
        let leave = self.meets(a, r) + self.meets(b, s);
        let join = self.meets(a, s) + self.meets(b, r);
        // They are not in the room together, before or after.
        join - leave - 2 * i64::from(self.apart.has(a as usize, b as usize))
    }

    fn swap(&mut self, a: u32, b: u32) {
        let (i, j) = (self.seat_of[a as usize], self.seat_of[b as usize]);
        self.seats.swap(i as usize, j as usize);
        self.seat_of.swap(a as usize, b as usize);
        self.room_of.swap(a as usize, b as usize);
    }

    /// Looks at every seating. Who comes first is seated first, so that one that is as good as others is
    /// found by chance.
    fn part_exactly(&mut self) -> u32 {
        let mut search = Search {
            order: self.seats.to_vec(),
            left: self.first_seat.windows(2).map(|w| w[1] - w[0]).collect(),
            best: self.room_of.clone(),
            least: self.together(),
        };
        self.room_of.fill(NOWHERE);
        search.seat(self, 0, 0);
        let mut next = self.first_seat.to_vec();
        for person in search.order {
            let seat = &mut next[search.best[person as usize] as usize];
            self.seats[*seat as usize] = person;
            *seat += 1;
        }
        self.note();
        search.least
    }
}

struct Search {
    order: Vec<u32>,
    /// Seats left in each room.
    left: Vec<u32>,
    /// Rooms by person, and how many pairs are together in them.
    best: Vec<u32>,
    least: u32,
}

impl Search {
    /// Seats the people from `turn` on, `together` pairs being so already.
    fn seat(&mut self, seating: &mut Seating<'_>, turn: usize, together: u32) {
        if together >= self.least {
            return;
        }
        let Some(&person) = self.order.get(turn) else {
            self.least = together;
            self.best.copy_from_slice(&seating.room_of);
            return;
        };
        let mut seen_empty = 0;
        for room in 0..self.left.len() {
            let (left, size) = (self.left[room], seating.size(room));
            // Of empty rooms of one size any is as good.
            if left == 0 || (left == size && seen_empty == size) {
                continue;
            }
            if left == size {
                seen_empty = size;
            }
            let more = seating.meets(person, room as u32) as u32;
            self.left[room] -= 1;
            seating.room_of[person as usize] = room as u32;
            self.seat(seating, turn + 1, together + more);
            seating.room_of[person as usize] = NOWHERE;
            self.left[room] += 1;
        }
    }
}

impl Seating<'_> {
    fn size(&self, room: usize) -> u32 {
        self.first_seat[room + 1] - self.first_seat[room]
    }
}
