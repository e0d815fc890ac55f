//! What the market's sessions take.

use super::Measured;
use crate::{
    identity::{
        market_sessions::{begin, enter, verified},
        session_keys::renew,
    },
    support::World,
};

/// Calls each endpoint in its common case, and in the others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    let hana = verified(world, "hana@example.com").await;
    begin(world, &hana.id_token).await.expect(200);
    assert_eq!(
        measured.count(world, "identity-begin-session"),
        4,
        "the first time"
    );
    let person = enter(world, &hana).await;
    measured.count(world, "identity-begin-session");
    for requests in [3, 2] {
        renew(world, &person.refresh_token).await.expect(200);
        assert_eq!(measured.count(world, "identity-renew-session"), requests);
    }
    let token = Some(person.access_token.as_str());
    world
        .call("DELETE", "/api/session", token, None)
        .await
        .expect(204);
    measured.count(world, "identity-end-session");
}
