//! The window of ages of whoever says none: seven years on either side, and more where it holds too few.

use enishi_saju::{
    profile::{Gender, Profile},
    recommendations::MOST_REQUESTS,
};
use enishi_shared::UserId;

use super::{
    between, count, id,
    invented::{bring_in, person},
    list, relate,
};
use crate::support::World;

/// As many women as it says, each so many years older than somebody born on 1 July 1991.
fn older(years: &[i16]) -> Vec<Profile> {
    let born = |years: &i16| person(Gender::Female, &format!("{}-07-01", 1991 - years));
    years.iter().map(born).collect()
}

fn sorted(mut people: Vec<UserId>) -> Vec<UserId> {
    people.sort();
    people
}

#[tokio::test]
async fn a_window_is_widened_until_five_are_found() {
    for (years, found) in [
        // Enough within seven years: nobody else, however many there are.
        (vec![-7, -3, 0, 7, 7, 8, 8, 8, -8, 20], 5),
        // Too few: those within fourteen as well, and no more.
        (vec![-7, 0, 3, 7, -14, 15, 40], 5),
        (vec![0, 8, 9, 10, 14, 15, 16], 5),
        // Whoever there is.
        (vec![0, 21, 50], 3),
        (vec![22, 29, 36, 43, 50, 57], 5),
    ] {
        let world = World::new().await;
        let me = person(Gender::Male, "1991-07-01");
        let women = older(&years);
        bring_in(&world, &women);
        bring_in(&world, std::slice::from_ref(&me));
        count(&world);
        let list = list(&world, &me).await;
        assert!(count(&world) <= MOST_REQUESTS);
        let nearest: Vec<UserId> = women[..found.min(women.len())].iter().map(id).collect();
        assert_eq!(sorted(list), sorted(nearest), "{years:?}");
    }
}

#[tokio::test]
async fn who_is_kept_apart_does_not_count_as_found() {
    let world = World::new().await;
    let me = person(Gender::Male, "1991-07-01");
    let women = older(&[0, 1, 2, 3, 4, 5, 10, 11]);
    bring_in(&world, &women);
    bring_in(&world, std::slice::from_ref(&me));
    for other in &women[..2] {
        relate(&world, between(id(other), id(&me), None, true));
    }
    // Four are left near, and one more makes five; of the two who are farther both would.
    let list = list(&world, &me).await;
    let near: Vec<UserId> = women[2..6].iter().map(id).collect();
    assert_eq!(list.len(), 5);
    assert_eq!(sorted(list[..4].to_vec()), sorted(near));
    assert!(women[6..].iter().any(|one| id(one) == list[4]));
}

#[tokio::test]
async fn ages_that_are_said_are_kept_whoever_is_found() {
    let world = World::new().await;
    let mut me = person(Gender::Male, "1991-07-01");
    me.candidate.preferences.min_age = Some(40);
    me.candidate.preferences.max_age = Some(60);
    let women = older(&[-3, 0, 1, 4, 5, 24, 25, 26]);
    bring_in(&world, &women);
    bring_in(&world, std::slice::from_ref(&me));
    let found = list(&world, &me).await;
    let expected: Vec<UserId> = women[4..7].iter().map(id).collect();
    assert_eq!(sorted(found), sorted(expected));

    // One side alone: the other has the window.
    let mut me = person(Gender::Male, "1991-07-01");
    me.candidate.preferences.min_age = Some(35);
    bring_in(&world, std::slice::from_ref(&me));
    let found = list(&world, &me).await;
    let expected: Vec<UserId> = [1, 2, 3, 4].map(|one| id(&women[one])).into();
    assert_eq!(found.len(), 5);
    assert_eq!(found.iter().filter(|one| expected.contains(one)).count(), 4);
    assert!(!found.contains(&id(&women[0])));
}
