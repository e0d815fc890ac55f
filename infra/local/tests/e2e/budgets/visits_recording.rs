//! What recordings take.

use enishi_visits::recording::{finish, follow};

use super::Measured;
use crate::{
    support::World,
    visits::{
        items, meeting,
        people::again,
        recording::{at_minute, consent, end, open_unnoticed, sweep, two},
    },
};

/// Calls each function in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    let (mut sora, mut hana, ids) = two(world, 1).await;
    let id = &ids[0];
    consent(world, &mut hana, id, true).await.expect(200);
    assert_eq!(measured.count(world, "visits-consent"), 2);
    at_minute(world, 0);
    open_unnoticed(world, id, &[&sora.id, &hana.id]).await;
    world.stack.aws().forget_calls();
    for requests in [3, 1] {
        consent(world, &mut sora, id, true).await.expect(200);
        assert_eq!(measured.count(world, "visits-consent"), requests);
    }
    let app = world.stack.app("VisitsConsent").unwrap();
    follow(&app, id.parse().unwrap()).await.unwrap();
    assert_eq!(measured.count(world, "visits-consent"), 1);
    at_minute(world, 35);
    let app = world.stack.app("VisitsSweep").unwrap();
    for requests in [3, 1] {
        finish(&app, id.parse().unwrap()).await.unwrap();
        measured.within(world, "visits-sweep", requests, 0);
    }
    end(world, id).await;
    world.stack.aws().forget_calls();
    for _ in 0..2 {
        sweep(world, 1).await;
        measured.within(world, "visits-sweep", 5, 1);
    }
    // Both have left: all of it is deleted.
    let rows = ["MATCHING#", "CHAT#"].map(|pk| items(world, pk).len());
    world
        .account_deleted("VisitsErase", &sora.id)
        .await
        .unwrap();
    measured.within(world, "visits-erase", 7 + rows.iter().sum::<usize>(), 1);
    comes(&World::new().await, measured).await;
}

/// Somebody comes to a meeting that both want recorded.
async fn comes(world: &World, measured: &mut Measured) {
    let (mut sora, mut hana, ids) = two(world, 1).await;
    for person in [&mut hana, &mut sora] {
        consent(world, person, &ids[0], true).await.expect(200);
    }
    at_minute(world, 0);
    again(world, &mut sora).await;
    let joined = meeting::join(world, &sora, &ids[0]).await.expect(200);
    world.stack.aws().forget_calls();
    meeting::connected(world, &joined);
    world.stack.settle().await;
    assert_eq!(measured.count(world, "visits-attendance"), 6);
}
