//! The search without its requests: what to ask next, given what was answered.

use std::{
    cmp::{Ordering, Reverse},
    collections::{BinaryHeap, HashSet, binary_heap::PeekMut},
};

use enishi_shared::{
    UserId,
    store::{Item, Page},
};
use jiff::civil::Date;

use super::{CANDIDATES, ENOUGH, Partition, SEARCH_REQUESTS, Scored};
use crate::profile::Candidate;

/// How many people are asked for at once: with one page of a large pool the search is over.
pub const PAGE: i32 = CANDIDATES as i32;
/// How many pages are asked for in parallel.
const AT_ONCE: usize = 8;
/// How many people are looked up at once: what one `BatchGetItem` takes.
const LOOKED_UP: usize = 100;

/// A page of a partition to ask the index for. The greatest comes first: the narrowest window of ages,
/// then the best score, then the greatest lot.
#[derive(Debug)]
pub struct Visit {
    /// How often the window of ages is widened to get there.
    pub widened: u8,
    /// The score that everybody there has.
    pub score: u8,
    /// Decides among equal scores.
    pub lot: u64,
    /// Where.
    pub partition: Partition,
    /// After which item, when it is not the first page.
    pub after: Option<Item>,
}

/// What to do next.
#[derive(Debug)]
pub enum Step {
    /// Ask for these pages and report each to [`Search::found`].
    Ask(Vec<Visit>),
    /// Look up what is between the caller and these people, at most 100, and report to
    /// [`Search::checked`].
    Check(Vec<UserId>),
    /// Nothing: these are the candidates, best score first.
    Done(Vec<Scored>),
}

/// A search under way.
pub struct Search<'a> {
    me: &'a Candidate,
    today: Date,
    visits: BinaryHeap<Visit>,
    seen: HashSet<UserId>,
    /// Found and not looked up yet, best first.
    unchecked: Vec<Scored>,
    /// Being looked up.
    in_check: Vec<Scored>,
    stand: Vec<Scored>,
    /// How often the window of ages was widened.
    widened: u8,
    requests: usize,
    pages: usize,
    accepted: usize,
}

/// In which order people are found: the greatest first.
type Rank = (Reverse<u8>, u8);

impl<'a> Search<'a> {
    /// A search of these partitions for `me`.
    pub fn new(me: &'a Candidate, today: Date, visits: Vec<Visit>) -> Self {
        Self {
            me,
            today,
            visits: visits.into(),
            seen: HashSet::new(),
            unchecked: Vec::new(),
            in_check: Vec::new(),
            stand: Vec::new(),
            widened: 0,
            requests: 0,
            pages: 0,
            accepted: 0,
        }
    }

    /// What to do next.
    pub fn step(&mut self) -> Step {
        let wanted = CANDIDATES.saturating_sub(self.stand.len());
        let left = SEARCH_REQUESTS - self.requests;
        if wanted == 0 || left == 0 {
            return self.done();
        }
        // The last request looks up whom the others found.
        let open = match left {
            1 => None,
            _ => self.visits.peek().map(Visit::rank),
        };
        // Nobody who is still to be found comes before these.
        let ready = match open {
            Some(best) => self.unchecked.partition_point(|one| one.rank() >= best),
            None => self.unchecked.len(),
        };
        if let Some((Reverse(widened), _)) = open {
            let is_wider = widened > self.widened;
            // Whether the window is widened follows from who of these stand.
            if is_wider && ready == 0 && self.stand.len() < ENOUGH {
                self.widened = widened;
                return self.ask(wanted, left - 1);
            }
            if !is_wider && ready < wanted {
                return self.ask(wanted - ready, left - 1);
            }
        }
        if ready == 0 {
            return self.done();
        }
        self.in_check = self.unchecked.drain(..ready.min(LOOKED_UP)).collect();
        self.requests += 1;
        Step::Check(ids(&self.in_check).collect())
    }

    /// As many pages as are likely to hold `missing` people: first one, then by what came.
    fn ask(&mut self, missing: usize, left: usize) -> Step {
        let likely = match (self.pages, self.accepted) {
            (0, _) => 1,
            (_, 0) => AT_ONCE,
            (pages, accepted) => (missing * pages).div_ceil(accepted),
        };
        let count = likely.min(AT_ONCE).min(left);
        let next = || {
            let next = self.visits.peek_mut()?;
            (next.widened <= self.widened).then(|| PeekMut::pop(next))
        };
        let visits: Vec<Visit> = std::iter::from_fn(next).take(count).collect();
        self.requests += visits.len();
        self.pages += visits.len();
        Step::Ask(visits)
    }

    fn done(&mut self) -> Step {
        Step::Done(std::mem::take(&mut self.stand))
    }

    /// Takes the answer to a visit: whoever fits waits to be looked up, and the page after it, if
    /// there is one, to be asked for.
    pub fn found(&mut self, visit: Visit, page: Page<Candidate>) {
        for candidate in page.items {
            // Whoever is shown meanwhile moves down, and may come once more on the next page.
            if self.fits(&candidate) && self.seen.insert(candidate.user_id) {
                self.accepted += 1;
                self.unchecked.push(Scored {
                    candidate,
                    widened: visit.widened,
                    score: visit.score,
                });
            }
        }
        self.unchecked.sort_by_key(|one| Reverse(one.rank()));
        if page.next.is_some() {
            self.visits.push(Visit {
                after: page.next,
                ..visit
            });
        }
    }

    fn fits(&self, other: &Candidate) -> bool {
        other.user_id != self.me.user_id
            && self.me.accepts(other, self.today)
            && other.accepts(self.me, self.today)
    }

    /// Takes the answer to a look-up: those of them who must not be recommended.
    pub fn checked(&mut self, apart: &[UserId]) {
        let checked = self.in_check.drain(..);
        let stand = checked.filter(|one| !apart.contains(&one.candidate.user_id));
        self.stand.extend(stand);
    }
}

fn ids(people: &[Scored]) -> impl Iterator<Item = UserId> {
    people.iter().map(|one| one.candidate.user_id)
}

impl Visit {
    fn rank(&self) -> Rank {
        (Reverse(self.widened), self.score)
    }
}

impl Scored {
    fn rank(&self) -> Rank {
        (Reverse(self.widened), self.score)
    }
}

impl Ord for Visit {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.rank(), self.lot).cmp(&(other.rank(), other.lot))
    }
}

impl PartialOrd for Visit {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Visit {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Visit {}

#[cfg(test)]
mod tests;
