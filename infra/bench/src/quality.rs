//! How seldom the draw lets people meet again, beside others' figures.
//!
//! Every morning is drawn as the service draws it: from the history alone, without knowing how
//! many mornings follow, people in another order each morning. A *repeat* is a meeting of two
//! people who have met before.

use std::collections::{HashMap, HashSet};

use clap::Args;
use enishi_rooms::draw::draw;

use crate::{
    random::Random,
    report::{short, table, verdict},
};

/// How thoroughly to measure.
#[derive(Args)]
pub struct Options {
    /// Seeds a case is drawn with.
    #[arg(long, default_value_t = 20)]
    seeds: u64,
}

/// Forty people of whom 60 % are there, a hundred of whom half are: a line a morning, `x` for
/// those who are there.
const FORTY: &str = include_str!("../data/attendance-40.txt");
const HUNDRED: &str = include_str!("../data/attendance-100.txt");
/// Draws at random that the median is taken of.
const AT_RANDOM: u64 = 200;
/// Attendance rates in percent: of a likely no-show (below 50), and of the others.
const SELDOM: u8 = 40;
const MOSTLY: u8 = 95;

/// Who is there, morning by morning.
type Attendance = Vec<Vec<u32>>;
/// Rooms as indices into the people of a morning.
type Rooms = Vec<Vec<u32>>;

struct Case {
    name: &'static str,
    attendance: Attendance,
    size: usize,
    /// One person in this many seldom comes; what counts then is the uneven mornings.
    seldom: Option<u32>,
    /// The best figure measured of a draw that knows only the past.
    reference: &'static str,
    limit: Limit,
}

enum Limit {
    AtMost(f64),
    Exactly(f64),
    /// At most this share of what a draw at random repeats.
    OfRandom(f64),
    /// Shown for comparison: where repeats cannot be avoided, few of them come first.
    None,
}

fn cases() -> Vec<Case> {
    let whole = |name, rooms, size, mornings, reference, limit| Case {
        name,
        attendance: vec![(0..rooms * size as u32).collect(); mornings],
        size,
        seldom: None,
        reference,
        limit,
    };
    let partly = |name, text, seldom, reference, limit| Case {
        name,
        attendance: attendance(text),
        size: 4,
        seldom,
        reference,
        limit,
    };
    use Limit::{AtMost, Exactly, OfRandom};
    vec![
        whole(
            "repeats, 4 rooms of 4, 5 mornings",
            4,
            4,
            5,
            "0",
            AtMost(1.0),
        ),
        whole(
            "repeats, 5 rooms of 3, 7 mornings",
            5,
            3,
            7,
            "4.5",
            AtMost(6.0),
        ),
        whole(
            "repeats, 6 rooms of 4, 7 mornings",
            6,
            4,
            7,
            "11",
            AtMost(13.0),
        ),
        whole(
            "repeats, 5 rooms of 4, 10 mornings",
            5,
            4,
            10,
            "110 (bound)",
            Exactly(110.0),
        ),
        whole(
            "repeats, 10 rooms of 3, 20 mornings",
            10,
            3,
            20,
            "165 (bound)",
            Exactly(165.0),
        ),
        partly(
            "repeats, 40 people at 60 %, rooms of 4, 20 mornings",
            FORTY,
            None,
            "44 ± 7.5",
            OfRandom(0.22),
        ),
        partly(
            "repeats, 100 people at 50 %, rooms of 4, 20 mornings",
            HUNDRED,
            None,
            "0",
            Exactly(0.0),
        ),
        partly(
            "uneven mornings, those 100, 25 of them seldom come",
            HUNDRED,
            Some(4),
            "–",
            Exactly(0.0),
        ),
        partly(
            "uneven mornings, those 40, 10 of them seldom come",
            FORTY,
            Some(4),
            "–",
            Limit::None,
        ),
    ]
}

/// Draws every case and prints the table; whether all limits are kept.
pub fn run(options: &Options) -> Result<bool, String> {
    let mut rows = Vec::new();
    let mut all_kept = true;
    for case in cases() {
        let mut random: Vec<usize> = (0..AT_RANDOM)
            .map(|seed| {
                play(&case, seed, |rates, _, random| {
                    at_random(rates.len(), case.size, random)
                })
            })
            .collect();
        random.sort_unstable();
        let random = random.get(random.len() / 2).copied().unwrap_or(0);
        let ours: Vec<usize> = (0..options.seeds)
            .map(|seed| {
                play(&case, seed, |rates, history, _| {
                    draw(rates, history, &[], case.size)
                })
            })
            .collect();
        let mean = ours.iter().sum::<usize>() as f64 / ours.len().max(1) as f64;
        let (limit, kept) = match case.limit {
            Limit::AtMost(most) => (format!("≤ {}", short(most)), mean <= most),
            Limit::Exactly(number) => {
                (format!("= {}", short(number)), (mean - number).abs() < 1e-9)
            }
            Limit::OfRandom(share) => {
                let most = share * random as f64;
                (
                    format!("≤ {share} × random = {}", short(most)),
                    mean <= most,
                )
            }
            Limit::None => (String::new(), true),
        };
        all_kept &= kept;
        rows.push(vec![
            case.name.to_owned(),
            random.to_string(),
            case.reference.to_owned(),
            limit,
            format!(
                "{} [{}–{}]",
                short(mean),
                ours.iter().min().copied().unwrap_or(0),
                ours.iter().max().copied().unwrap_or(0),
            ),
            match case.limit {
                Limit::None => String::new(),
                _ => verdict(kept),
            },
        ]);
    }
    let head = ["the draw", "random", "reference", "limit", "ours", ""];
    table(&head, &rows);
    println!(
        "\nrandom: median of {AT_RANDOM} draws on the same attendance. reference: the best measured \
         of a draw that knows only the past.\nours: mean [least–most] of {} seeds. uneven mornings: \
         on which a room has two likely no-shows (rate\nbelow 50 %) while another has none.",
        options.seeds
    );
    Ok(all_kept)
}

/// Draws all mornings of a case: its repeat meetings, or its uneven mornings.
fn play(case: &Case, seed: u64, draw: impl Fn(&[u8], &[Rooms], &mut Random) -> Rooms) -> usize {
    let mut random = Random(seed);
    let seldom = |person: u32| {
        case.seldom
            .is_some_and(|one_in| person.is_multiple_of(one_in))
    };
    let mut met = HashSet::new();
    let (mut repeats, mut uneven) = (0, 0);
    // The rooms of the mornings before, most recent first, by person.
    let mut past: Vec<Rooms> = Vec::new();
    for present in &case.attendance {
        let mut people = present.clone();
        random.shuffle(&mut people);
        let index: HashMap<u32, u32> = people.iter().copied().zip(0..).collect();
        let history: Vec<Rooms> = past
            .iter()
            .map(|rooms| {
                let here = |room: &Vec<u32>| {
                    room.iter()
                        .filter_map(|person| index.get(person).copied())
                        .collect()
                };
                rooms.iter().map(here).collect()
            })
            .collect();
        let rates: Vec<u8> = people
            .iter()
            .map(|person| if seldom(*person) { SELDOM } else { MOSTLY })
            .collect();
        let rooms: Rooms = draw(&rates, &history, &mut random)
            .iter()
            .map(|room| {
                room.iter()
                    .filter_map(|index| people.get(*index as usize).copied())
                    .collect()
            })
            .collect();
        for room in &rooms {
            for a in room {
                for b in room.iter().filter(|b| a < *b) {
                    repeats += usize::from(!met.insert((*a, *b)));
                }
            }
        }
        let no_shows = |room: &Vec<u32>| room.iter().filter(|person| seldom(**person)).count();
        let most = rooms.iter().map(no_shows).max().unwrap_or(0);
        let least = rooms.iter().map(no_shows).min().unwrap_or(0);
        uneven += usize::from(most >= 2 && least == 0);
        past.insert(0, rooms);
    }
    if case.seldom.is_some() {
        uneven
    } else {
        repeats
    }
}

/// Rooms of `size` or one less, as the draw makes them, filled by chance.
fn at_random(people: usize, size: usize, random: &mut Random) -> Rooms {
    let mut order: Vec<u32> = (0..people as u32).collect();
    random.shuffle(&mut order);
    let count = people.div_ceil(size).max(1);
    let mut rooms = vec![Vec::new(); count];
    for (turn, person) in order.into_iter().enumerate() {
        if let Some(room) = rooms.get_mut(turn % count) {
            room.push(person);
        }
    }
    rooms
}

fn attendance(text: &str) -> Attendance {
    text.lines()
        .map(|line| {
            (0..)
                .zip(line.chars())
                .filter(|(_, mark)| *mark == 'x')
                .map(|(person, _)| person)
                .collect()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How the files were made, once.
    fn generated(people: usize, percent: usize, mornings: usize) -> String {
        let mut random = Random(2026);
        let mut mark = |_| {
            if random.below(100) < percent {
                'x'
            } else {
                '.'
            }
        };
        let mut line = |_| (0..people).map(&mut mark).chain(['\n']).collect::<String>();
        (0..mornings).map(&mut line).collect()
    }

    #[test]
    fn attendance_is_what_its_seed_gives() {
        assert_eq!(generated(40, 60, 20), FORTY);
        assert_eq!(generated(100, 50, 20), HUNDRED);
    }

    #[test]
    fn repeats_are_counted_after_the_first_meeting() {
        let case = Case {
            name: "",
            attendance: vec![(0..8).collect(); 3],
            size: 4,
            seldom: None,
            reference: "",
            limit: Limit::AtMost(0.0),
        };
        let same = play(&case, 0, |rates, history, _| match history.last() {
            Some(first) => first.clone(),
            None => vec![(0..4).collect(), (4..rates.len() as u32).collect()],
        });
        assert_eq!(same, 24);
    }
}
