//! Nobody is in two meetings at once, however many book.

use enishi_visits::{
    matching::{MatchingId, StoredMatching},
    profile::Profile,
    state::State,
};
use futures_util::future::join_all;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::super::people::{
    DATE, act, at, book, bring_in, bring_matchings_in, cells, logged_in, profile, standing, user_id,
};
use crate::support::{Person, World};

/// What each pair has agreed on: half an hour that begins within the half hour from [`DATE`] on.
fn agreed(world: &World, pairs: &[(Profile, Profile)]) -> Vec<StoredMatching> {
    let app = world.app("VisitsErase", |_| {});
    let date: Timestamp = DATE.parse().unwrap();
    let pairs = pairs.iter().enumerate();
    pairs
        .map(|(number, (speaker, listener))| {
            let later = SignedDuration::from_mins(15 * (number as i64 % 2));
            let matching = at(State::Accepted, app.now(), date + later, None);
            standing((speaker, listener), MatchingId::new(&app), matching)
        })
        .collect()
}

/// All book at once, the listeners or the speakers; then the one who could cancels, and another books.
async fn one_books(
    world: &World,
    pairs: &[(Profile, Profile)],
    who: fn(&(Profile, Profile)) -> &Profile,
    shared: &Person,
) {
    let matchings = agreed(world, pairs);
    bring_matchings_in(world, &matchings);
    let mut people = Vec::new();
    for pair in pairs {
        let who = who(pair);
        people.push(logged_in(world, who.user_id, &who.name).await);
    }
    let booking = async |number: usize| {
        let matching = &matchings[number];
        let (id, date) = (matching.matching_id, matching.matching.terms.unwrap().date);
        let answer = book(
            world,
            &people[number],
            &id.to_string(),
            &date.to_string(),
            30,
        )
        .await;
        answer.status.as_u16()
    };
    let answers = join_all((0..pairs.len()).map(&booking)).await;
    let booked: Vec<_> = (0..pairs.len())
        .filter(|number| answers[*number] == 200)
        .collect();
    let [one] = booked.as_slice() else {
        panic!("{answers:?}")
    };
    assert!(
        answers.iter().all(|answer| [200, 409].contains(answer)),
        "{answers:?}"
    );
    assert_eq!(cells(world, shared).len(), 2);
    let id = matchings[*one].matching_id.to_string();
    let cancel = json!({"action": "cancel"});
    act(world, &people[*one], &id, cancel).await.expect(200);
    assert!(cells(world, shared).is_empty());
    let another = (one + 1) % pairs.len();
    assert_eq!(booking(another).await, 200);
    assert_eq!(cells(world, shared).len(), 2);
}

#[tokio::test]
async fn of_a_hundred_students_who_book_one_employees_hour_at_once_one_gets_it() {
    let world = World::new().await;
    let sora = profile(user_id(0), "sora", "company");
    let pairs: Vec<_> = (1..=100)
        .map(|number| {
            (
                sora.clone(),
                profile(user_id(number), &format!("s{number}"), "student"),
            )
        })
        .collect();
    bring_in(&world, std::slice::from_ref(&sora));
    let students: Vec<_> = pairs.iter().map(|(_, student)| student.clone()).collect();
    bring_in(&world, &students);
    let shared = logged_in(&world, sora.user_id, "sora").await;
    one_books(&world, &pairs, |(_, student)| student, &shared).await;
}

#[tokio::test]
async fn one_student_is_in_one_meeting_of_twenty_that_are_booked_at_once() {
    let world = World::new().await;
    let hana = profile(user_id(0), "hana", "student");
    let pairs: Vec<_> = (1..=20)
        .map(|number| {
            (
                profile(user_id(number), &format!("e{number}"), "company"),
                hana.clone(),
            )
        })
        .collect();
    bring_in(&world, std::slice::from_ref(&hana));
    let speakers: Vec<_> = pairs.iter().map(|(speaker, _)| speaker.clone()).collect();
    bring_in(&world, &speakers);
    let shared = logged_in(&world, hana.user_id, "hana").await;
    one_books(&world, &pairs, |(speaker, _)| speaker, &shared).await;
}
