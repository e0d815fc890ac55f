//! Every request that the functions of the market's sessions can make.

use enishi_local::demo::mailed_token;
use serde_json::json;

use crate::{
    identity::{
        later,
        market_sessions::{enter, unverified, verify},
        refresh,
        session_keys::renew,
    },
    support::World,
};

/// The story.
pub async fn story(world: &World) {
    let caller = unverified(world, "market@example.com").await;
    enter(world, &caller).await;
    let caller = verify(world, caller).await;
    let person = enter(world, &caller).await;
    let answer = renew(world, &person.refresh_token).await.expect(200);
    let key = answer.text("session_key");
    refresh(world, &key).await.expect(200);
    later(world, 31);
    renew(world, &person.refresh_token).await.expect(401);
    let token = Some(person.access_token.as_str());
    world
        .call("DELETE", "/api/session", token, None)
        .await
        .expect(204);

    // A new password parts an identity that has not proved its address from the account.
    let stranger = unverified(world, "other@example.com").await;
    enter(world, &stranger).await;
    let body = json!({"email": "other@example.com"});
    world
        .call("POST", "/api/auth/password/forgot", None, Some(body))
        .await
        .expect(202);
    world.stack.settle().await;
    let token = mailed_token(&world.stack, "other@example.com").unwrap();
    let body = json!({"token": token, "password": "battery staple"});
    world
        .call("POST", "/api/auth/password/reset", None, Some(body))
        .await
        .expect(204);
    let owner = verify(world, stranger).await;
    enter(world, &owner).await;
}
