//! How evenly people are shown: 4,000 women and 4,000 men, all of whom open their list every day
//! for ten days. The search and the ranking are the service's own; what the index would answer
//! comes from memory.

use std::{collections::HashMap, thread};

use enishi_local::import;
use enishi_saju::{
    pillars::Bucket,
    pool::{Partition, Scored, pools, search, visits},
    profile::{Candidate, Gender, Wanted},
    recommendations::draw::{A_DAY, ranked},
};
use enishi_shared::{
    UserId,
    store::{Item, Page, n},
};
use jiff::{Timestamp, ToSpan as _, civil::Date};
use search::{Search, Step, Visit};

use crate::{random::Random, world::sentence};

/// Women and men together.
pub const PEOPLE: usize = 8_000;
/// How many days they look.
pub const DAYS: i64 = 10;

/// What became of it.
#[derive(Clone, Copy)]
pub struct Exposure {
    /// 0 when everybody was shown as often as everybody else, near 1 when one was shown always.
    pub gini: f64,
    /// The mean score of all that was recommended.
    pub score: f64,
    /// How many were never shown.
    pub never: usize,
    /// How often the one was shown who was shown most.
    pub most: u64,
}

/// By score and times shown as the service does it, and by score alone.
pub fn run(now: Timestamp, today: Date) -> Result<[Exposure; 2], String> {
    let [spread, by_score] = thread::scope(|scope| {
        [true, false]
            .map(|spread| scope.spawn(move || Days::new(now)?.pass(today, spread)))
            .map(|thread| thread.join().map_err(|_| "a thread ended".to_owned())?)
    });
    Ok([spread?, by_score?])
}

/// The people and the index over them.
struct Days {
    people: Vec<Candidate>,
    /// Where each of the people stands in `people`.
    number: HashMap<UserId, usize>,
    partitions: HashMap<Partition, Vec<usize>>,
    pools: HashMap<(Gender, Wanted), Vec<Partition>>,
}

impl Days {
    fn new(now: Timestamp) -> Result<Self, String> {
        let people: Vec<Candidate> = import::invent(PEOPLE, 9, now)?
            .into_iter()
            .map(|profile| profile.candidate)
            .collect();
        let mut partitions: HashMap<Partition, Vec<usize>> = HashMap::new();
        for (number, one) in people.iter().enumerate() {
            let bucket: Bucket = one.birth().map_err(sentence)?.bucket();
            let partition = Partition {
                gender: one.gender,
                wanted: one.wanted(),
                bucket,
            };
            partitions.entry(partition).or_default().push(number);
        }
        let mut pools: HashMap<_, Vec<Partition>> = HashMap::new();
        for partition in partitions.keys() {
            let pool = pools
                .entry((partition.gender, partition.wanted))
                .or_default();
            pool.push(*partition);
        }
        let number = |(number, one): (usize, &Candidate)| (one.user_id, number);
        Ok(Self {
            number: people.iter().enumerate().map(number).collect(),
            people,
            partitions,
            pools,
        })
    }

    fn pass(mut self, today: Date, spread: bool) -> Result<Exposure, String> {
        let mut shown = vec![0_u64; PEOPLE];
        let (mut scores, mut entries) = (0_u64, 0_u64);
        let mut random = Random(3);
        let mut order: Vec<usize> = (0..PEOPLE).collect();
        for day in 0..DAYS {
            let today = today.saturating_add(day.days());
            random.shuffle(&mut order);
            for me in &order {
                for (number, score) in self.list(*me, today)? {
                    shown[number] += 1;
                    scores += u64::from(score);
                    entries += 1;
                    if spread {
                        self.people[number].listing_order += 1;
                    }
                }
            }
        }
        Ok(Exposure {
            gini: gini(&mut shown.clone()),
            score: scores as f64 / entries as f64,
            never: shown.iter().filter(|times| **times == 0).count(),
            most: shown.into_iter().max().unwrap_or(0),
        })
    }

    /// Somebody's list of a day, with the scores.
    fn list(&self, me: usize, today: Date) -> Result<Vec<(usize, u8)>, String> {
        let me = &self.people[me];
        let occupied = pools(me).filter_map(|pool| self.pools.get(&pool));
        let visits = visits(me, today, occupied.flatten().copied()).map_err(sentence)?;
        let mut search = Search::new(me, today, visits);
        let candidates: Vec<Scored> = loop {
            match search.step() {
                Step::Ask(visits) => {
                    for visit in visits {
                        let page = self.page(&visit)?;
                        search.found(visit, page);
                    }
                }
                Step::Check(_) => search.checked(&[]),
                Step::Done(candidates) => break candidates,
            }
        };
        let scores: HashMap<UserId, u8> = candidates
            .iter()
            .map(|one| (one.candidate.user_id, one.score))
            .collect();
        Ok(ranked(candidates, me.user_id, today)
            .into_iter()
            .take(A_DAY)
            .map(|user_id| (self.number[&user_id], scores[&user_id]))
            .collect())
    }

    /// What the index answers: the people of a partition by times shown.
    fn page(&self, visit: &Visit) -> Result<Page<Candidate>, String> {
        let mut people: Vec<&Candidate> = self
            .partitions
            .get(&visit.partition)
            .into_iter()
            .flatten()
            .map(|number| &self.people[*number])
            .collect();
        people.sort_by_key(|one| (one.listing_order, one.user_id));
        let skipped = match &visit.after {
            Some(key) => key.get("skipped").and_then(|skipped| skipped.as_n().ok()),
            None => None,
        };
        let skipped: usize = skipped
            .map_or(Ok(0), |text| text.parse())
            .map_err(sentence)?;
        let end = skipped + search::PAGE as usize;
        let next = (people.len() >= end).then(|| Item::from([("skipped".to_owned(), n(end))]));
        let page = people.into_iter().skip(skipped).take(search::PAGE as usize);
        Ok(Page {
            items: page.cloned().collect(),
            next,
        })
    }
}

/// The Gini coefficient.
fn gini(values: &mut [u64]) -> f64 {
    values.sort_unstable();
    let sum: u64 = values.iter().sum();
    let ranked: u64 = (1..)
        .zip(values.iter())
        .map(|(rank, value)| rank * value)
        .sum();
    let count = values.len() as f64;
    2.0 * ranked as f64 / (count * sum as f64) - (count + 1.0) / count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_is_nothing_and_all_to_one_is_nearly_one() {
        assert!(gini(&mut [7; 100]).abs() < 1e-9);
        let mut one = [0; 100];
        one[40] = 5;
        assert!((gini(&mut one) - 0.99).abs() < 1e-9);
        assert!((gini(&mut [1, 3]) - 0.25).abs() < 1e-9);
    }
}
