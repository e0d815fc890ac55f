//! Matchings as they are stored, for what does not depend on how they came about.

use enishi_local::import;
use enishi_shared::{
    conversation::Expiry,
    store::{Outcome, Transaction},
};
use enishi_visits::{
    chat::chats,
    matching::{Card, MatchingId, matching_key, mine_key, open_key},
    state::State,
};
use jiff::SignedDuration;
use serde_json::json;

use super::{register, stored, verify};
use crate::support::{Person, World};

/// An employee who is found and a student, both verified.
pub async fn two(world: &World) -> (Person, Person) {
    let sora = register(world, "sora", "company").await;
    let hana = register(world, "hana", "student").await;
    for person in [&sora, &hana] {
        verify(world, person).await;
    }
    (sora, hana)
}

/// A matching that stands so, with its messages, none yet.
pub async fn matched(world: &World, speaker: &Person, listener: &Person, state: State) -> String {
    let app = world.stack.app("VisitsSendMessage").unwrap();
    let (speaker, listener) = (stored(world, speaker).await, stored(world, listener).await);
    let (id, now) = (MatchingId::new(&app), app.now());
    let matching = json!({
        "matching_id": id, "speaker": speaker.user_id, "listener": listener.user_id,
        "speaker_card": Card::of(&speaker), "listener_card": Card::of(&listener),
        "asked_date": null, "asked_minutes": 30,
        "state": state, "since": now, "changed_at": now,
        "terms": {"date": now + SignedDuration::from_hours(48), "minutes": 30}, "proposal": null,
        "paid": if state.is_paid_for() { 3_000 } else { 0 }, "reminded_at": now,
        "version": 0, "created_at": now,
    });
    let both = [speaker.user_id, listener.user_id];
    let rows = both.into_iter().flat_map(|user_id| {
        let row = json!({"matching_id": id});
        [
            (mine_key(user_id, id), row.clone()),
            (open_key(user_id, id), row),
        ]
    });
    import::items(&world.stack, "VisitsTable", rows).unwrap();
    import::items(&world.stack, "VisitsTable", [(matching_key(id), matching)]).unwrap();
    let mut tx = Transaction::new(&app);
    let month = Expiry::Idle(SignedDuration::from_hours(30 * 24));
    chats(&app)
        .unwrap()
        .begin(&mut tx, id, &both, month)
        .unwrap();
    assert!(matches!(tx.commit().await.unwrap(), Outcome::Done));
    id.to_string()
}

/// A matching of two new people that was accepted.
pub async fn accepted(world: &World) -> (Person, Person, String) {
    let (sora, hana) = two(world).await;
    let id = matched(world, &sora, &hana, State::Accepted).await;
    (sora, hana, id)
}

/// As if an operator had suspended somebody.
pub async fn suspend(world: &World, person: &Person) {
    let mut profile = stored(world, person).await;
    profile.is_suspended = true;
    let place = enishi_visits::profile::profile_key(profile.user_id);
    import::items(&world.stack, "VisitsTable", [(place, profile)]).unwrap();
}
