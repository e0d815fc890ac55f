//! The search over real queries: whom it finds, and for how many requests.

use std::cmp::Reverse;

use enishi_local::import;
use enishi_saju::{
    pool::candidates,
    profile::{Candidate, Gender, Preferences, Profile, Wanted, age},
    recommendations::{MOST_REQUESTS, draw::A_DAY},
    score::score_of,
};
use jiff::{ToSpan as _, civil::date};

use super::{
    count, id,
    invented::{bring_in, person, table, today},
    list,
};
use crate::support::{EVENING, World, tokyo};

/// Whether two people want to see each other, said once more and in other words.
fn suit(me: &Candidate, other: &Candidate) -> bool {
    let wants = |one: &Candidate, other: &Candidate| {
        let gender = match (one.preferences.gender, one.gender) {
            (Some(Wanted::Any), _) | (None, Gender::Other) => true,
            (Some(Wanted::Male), _) | (None, Gender::Female) => other.gender == Gender::Male,
            (Some(Wanted::Female), _) | (None, Gender::Male) => other.gender == Gender::Female,
            (Some(Wanted::Other), _) => other.gender == Gender::Other,
        };
        let years = i64::from(one.preferences.min_age.unwrap_or(19));
        let old_enough = other.birth_date <= today().saturating_sub(years.years());
        let young_enough = one.preferences.max_age.is_none_or(|years| {
            other.birth_date > today().saturating_sub((i64::from(years) + 1).years())
        });
        let near = one.preferences.location.is_none() || one.preferences.location == other.location;
        gender && old_enough && young_enough && near
    };
    me.user_id != other.user_id && wants(me, other) && wants(other, me)
}

/// People of every gender and wish; some say an age or a place.
fn mixed(count: usize, seed: u64) -> Vec<Profile> {
    let mut people = import::invent(count, seed, tokyo(EVENING)).unwrap();
    for (number, one) in people.iter_mut().enumerate() {
        let candidate = &mut one.candidate;
        if number % 10 == 7 {
            candidate.gender = Gender::Other;
        }
        candidate.preferences = Preferences {
            gender: match number % 12 {
                0 => Some(Wanted::Any),
                1 => Some(Wanted::Male),
                2 => Some(Wanted::Female),
                3 => Some(Wanted::Other),
                _ => None,
            },
            min_age: (number % 7 == 0).then_some(24 + (number % 5) as u8),
            max_age: (number % 6 == 0).then_some(33 + (number % 9) as u8),
            location: match number % 11 {
                0 => Some("서울".into()),
                _ => None,
            },
        };
    }
    people
}

#[tokio::test]
async fn the_wishes_of_both_hold() {
    let world = World::new().await;
    let mut people = mixed(150, 4);
    // Few dates of birth, so that everybody is within reach.
    for (number, one) in people.iter_mut().enumerate() {
        let day = date(1985, 3, 1).saturating_add((number as i64 % 6 * 800).days());
        one.candidate.birth_date = day;
    }
    bring_in(&world, &people);
    let mut lengths = [0; A_DAY + 1];
    for me in &people {
        let found = list(&world, me).await;
        let suits = |one: &&Profile| suit(&me.candidate, &one.candidate);
        let all: Vec<_> = people.iter().filter(suits).map(id).collect();
        assert!(found.iter().all(|other| all.contains(other)), "{me:?}");
        assert_eq!(found.len(), all.len().min(A_DAY), "{me:?}");
        lengths[found.len()] += 1;
        assert!(count(&world) <= MOST_REQUESTS);
    }
    assert!(lengths[0] > 0 && lengths[A_DAY] > 50, "{lengths:?}");
}

#[tokio::test]
async fn an_age_begins_with_the_birthday_in_korea() {
    let world = World::new().await;
    let mut me = person(Gender::Male, "1990-01-01");
    me.candidate.preferences.min_age = Some(30);
    me.candidate.preferences.max_age = Some(30);
    let turns_tomorrow = person(Gender::Female, "1996-11-21");
    let turned_today = person(Gender::Female, "1996-11-20");
    let is_thirty_one = person(Gender::Female, "1995-11-20");
    let turns_thirty_one_tomorrow = person(Gender::Female, "1995-11-21");
    let everybody = [
        &me,
        &turns_tomorrow,
        &turned_today,
        &is_thirty_one,
        &turns_thirty_one_tomorrow,
    ];
    bring_in(&world, &everybody.map(Clone::clone));
    let sorted = |mut list: Vec<_>| {
        list.sort();
        list
    };
    let expected = [&turned_today, &turns_thirty_one_tomorrow].map(id);
    assert_eq!(sorted(list(&world, &me).await), sorted(expected.into()));
    world.at("2026-11-21T00:00").await;
    let expected = [&turned_today, &turns_tomorrow].map(id);
    assert_eq!(sorted(list(&world, &me).await), sorted(expected.into()));
}

#[tokio::test]
async fn who_comes_with_a_later_import_stands_beside_those_of_an_earlier_one() {
    let world = World::new().await;
    let me = person(Gender::Female, "1995-03-02");
    let men = ["1995-04-03", "1995-08-09"].map(|born| person(Gender::Male, born));
    bring_in(&world, &[me.clone(), men[0].clone()]);
    bring_in(&world, &men[1..]);
    let mut found = list(&world, &me).await;
    found.sort();
    assert_eq!(found, men.each_ref().map(id));
}

#[tokio::test]
async fn the_best_of_five_thousand_are_those_of_a_full_comparison() {
    const TRIALS: usize = 40;
    let world = World::new().await;
    let people = import::invent(10_000, 1, tokyo(EVENING)).unwrap();
    import::people(&world.stack, &people).unwrap();
    let table = table(&world);
    let sides: Vec<_> = people
        .iter()
        .map(|one| one.candidate.side().unwrap())
        .collect();
    for (me, mine) in people.iter().zip(&sides).step_by(people.len() / TRIALS) {
        let found = candidates(&table, &me.candidate, today()).await.unwrap();
        assert!(count(&world) <= MOST_REQUESTS);
        let mut all: Vec<u8> = people
            .iter()
            .zip(&sides)
            .filter(|(other, _)| suit(&me.candidate, &other.candidate))
            // Nobody here says an age, and there are enough people of one's own.
            .filter(|(other, _)| {
                let [mine, theirs] = [me, other].map(|one| age(one.candidate.birth_date, today()));
                mine.abs_diff(theirs) <= 7
            })
            .map(|(_, theirs)| score_of(mine, theirs))
            .collect();
        all.sort_by_key(|score| Reverse(*score));
        let best = found.iter().map(|one| one.score).take(A_DAY);
        assert!(best.eq(all.into_iter().take(A_DAY)));
    }
}

#[tokio::test]
async fn a_scattered_pool_takes_forty_requests_at_most() {
    let world = World::new().await;
    let day = |number: i64| {
        let day = date(1985, 1, 1).saturating_add((number * 11).days());
        day.to_string()
    };
    let mut people: Vec<Profile> = (0..300)
        .map(|number| {
            let mut one = person(Gender::ALL[number as usize % 3], &day(number));
            one.candidate.preferences.gender = Some(Wanted::Any);
            one
        })
        .collect();
    // Whom nobody suits, but who looks everywhere.
    let mut lonely = person(Gender::Other, "1990-05-05");
    lonely.candidate.preferences.location = Some("달".into());
    people.push(lonely.clone());
    bring_in(&world, &people);
    count(&world);
    assert_eq!(list(&world, &people[2]).await.len(), 5);
    // Profile, six pools, thirty to search, the list stored, who is on it.
    assert_eq!(count(&world), 39);
    for me in people.iter().step_by(40) {
        list(&world, me).await;
        assert!(count(&world) <= MOST_REQUESTS);
    }
    // Nobody found, nothing stored.
    count(&world);
    assert!(list(&world, &lonely).await.is_empty());
    assert_eq!(count(&world), 36);
}
