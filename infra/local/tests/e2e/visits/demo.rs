//! The whole story of a visit, as `cargo run -- demo visits` plays it.

use enishi_local::{Stack, demo::visits};
use enishi_shared::password::Cost;

use crate::crash::faults::EachOnce;

#[tokio::test]
async fn every_call_outside_fails_once_and_the_story_and_its_sums_are_the_same() {
    let faults = EachOnce::default();
    let mut options = visits::options().unwrap();
    options.connections = faults.connections();
    options.password_cost = Cost {
        memory: 8,
        passes: 1,
    };
    visits::play(Stack::start(options).await.unwrap())
        .await
        .unwrap();
    assert!(faults.failed() > 300, "{} calls", faults.failed());
}
