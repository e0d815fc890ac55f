//! What forbids closing an account, and what is left of a closed one.

use std::time::Duration;

use enishi_shared::{
    App, UserId,
    accounts::{hold, release},
    app::Random,
    store::{Outcome, Transaction},
};

use super::{
    attribute, items,
    market_sessions::{enter, verified},
    post,
};
use crate::support::{Answer, Person, World};

/// A product's function that begins and ends obligations.
fn product(world: &World, seed: u64) -> App {
    world.app("IdentitySignup", |parts| {
        parts.random = Random::from_seed(seed);
    })
}

fn id(person: &Person) -> UserId {
    person.id.parse().unwrap()
}

/// Begins an obligation; answers whether the account could be held.
async fn begin(app: &App, person: &Person, name: &str) -> bool {
    let mut tx = Transaction::new(app);
    let held = hold(&mut tx, id(person), name).unwrap();
    match tx.commit().await.unwrap() {
        Outcome::Done => true,
        Outcome::Refused(refused) => {
            assert!(refused.is(held));
            false
        }
    }
}

/// Ends an obligation; answers whether there was an account.
async fn end(app: &App, person: &Person, name: &str) -> bool {
    let mut tx = Transaction::new(app);
    release(&mut tx, id(person), name).unwrap();
    matches!(tx.commit().await.unwrap(), Outcome::Done)
}

async fn close(world: &World, person: &Person) -> Answer {
    let token = Some(person.access_token.as_str());
    world.call("DELETE", "/api/users/me", token, None).await
}

/// What lies in a closed account's partition.
fn left(world: &World, person: &Person) -> Vec<String> {
    let of_account = format!("ACCOUNT#{}", person.id);
    let items = items(world).into_iter();
    items
        .filter(|item| attribute(item, "pk") == of_account)
        .map(|item| attribute(&item, "sk"))
        .collect()
}

#[tokio::test]
async fn an_account_with_holds_is_closed_when_the_last_of_them_has_ended() {
    let world = World::new().await;
    let app = product(&world, 1);
    let hana = world.sign_up("hana").await;
    // Each may come again.
    for name in ["order 2", "appointment 1", "order 2"] {
        assert!(begin(&app, &hana, name).await);
    }
    let refused = |answer: Answer, open: &str| {
        let answer = answer.expect_error(409, "conflict", &[]);
        let message = format!("your account has open: {open}");
        assert_eq!(answer.text("message"), message);
        assert_eq!(answer.text("error"), message);
    };
    refused(close(&world, &hana).await, "appointment 1, order 2");
    for _ in 0..2 {
        assert!(end(&app, &hana, "appointment 1").await);
        refused(close(&world, &hana).await, "order 2");
    }
    assert!(end(&app, &hana, "order 2").await);
    close(&world, &hana).await.expect(204);

    assert!(!begin(&app, &hana, "order 3").await);
    assert!(!end(&app, &hana, "order 2").await);
    world.stack.settle().await;
    assert!(left(&world, &hana).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hold_and_a_closing_at_once_one_wins() {
    let world = World::new().await;
    for seed in 0..12 {
        let app = product(&world, seed);
        let person = world.sign_up(&format!("p{seed}")).await;
        let [wait] = app.random::<1>();
        let (held, closed) = tokio::join!(
            async {
                tokio::time::sleep(Duration::from_micros(u64::from(wait) * 40)).await;
                begin(&app, &person, "order 1").await
            },
            close(&world, &person),
        );
        match held {
            true => drop(closed.expect_error(409, "conflict", &[])),
            false => drop(closed.expect(204)),
        }
        assert_eq!(left(&world, &person).contains(&"ACCOUNT".into()), held);
    }
}

#[tokio::test]
async fn sessions_and_mailed_tokens_go_with_the_account_and_the_log_stays() {
    let world = World::new().await;
    let caller = verified(&world, "hana@example.com").await;
    let hana = enter(&world, &caller).await;
    let body = serde_json::json!({"email": "hana@example.com"});
    post(&world, "/api/auth/password/forgot", body)
        .await
        .expect(202);
    world.stack.settle().await;
    let count = |prefix: &str| {
        let keys = left(&world, &hana).into_iter();
        keys.filter(|sk| sk.starts_with(prefix)).count()
    };
    assert_eq!(
        [count("SESSION#"), count("TOKEN#"), count("LOGIN#")],
        [1; 3]
    );
    close(&world, &hana).await.expect(204);
    for _ in 0..2 {
        world.stack.settle().await;
        assert_eq!(
            [count("SESSION#"), count("TOKEN#"), count("LOGIN#")],
            [0, 0, 1]
        );
        assert_eq!(left(&world, &hana).len(), 1);
        // The event comes again.
        let erased = world.account_deleted("IdentityErase", &hana.id).await;
        erased.unwrap();
    }
}
