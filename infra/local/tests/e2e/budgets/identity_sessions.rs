//! What the market's sessions take.

use std::collections::BTreeMap;

use super::count;
use crate::{
    identity::{
        market_sessions::{begin, enter, verified},
        session_keys::renew,
    },
    support::World,
};

/// Calls each endpoint once in its common case, and in the others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut BTreeMap<(&'static str, &'static str), usize>) {
    let hana = verified(world, "hana@example.com").await;
    begin(world, &hana.id_token).await.expect(200);
    assert_eq!(count(world, "IdentityBeginSession"), 4, "the first time");
    let person = enter(world, &hana).await;
    measured.insert(
        ("POST", "/api/session"),
        count(world, "IdentityBeginSession"),
    );
    for _ in 0..2 {
        renew(world, &person.refresh_token).await.expect(200);
        measured
            .entry(("PUT", "/api/session"))
            .or_insert_with(|| count(world, "IdentityRenewSession"));
    }
    assert_eq!(count(world, "IdentityRenewSession"), 2, "within the grace");
    let token = Some(person.access_token.as_str());
    world
        .call("DELETE", "/api/session", token, None)
        .await
        .expect(204);
    measured.insert(
        ("DELETE", "/api/session"),
        count(world, "IdentityEndSession"),
    );
}
