//! Every request that live's functions can make.

use crate::{
    live::{Socket, ticket},
    support::World,
};

/// The story.
pub async fn story(world: &World) {
    let person = world.sign_up("live").await;
    let mut sockets = Vec::new();
    // One more than somebody may have.
    for _ in 0..21 {
        sockets.push(Socket::open(world, &person).await);
    }
    ticket(world, &person).await;
    let token = Some(person.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
}
