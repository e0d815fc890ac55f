//! The whole story of a visit, as `cargo run -- demo visits` plays it.

use std::time::Duration;

use enishi_local::{Stack, demo::visits};
use enishi_shared::{app::TimeLimits, password::Cost};

use crate::crash::faults::EachOnce;

#[tokio::test]
async fn whatever_is_called_fails_once_and_the_story_and_its_sums_are_the_same() {
    for way in 0..4 {
        let faults = EachOnce::beginning_with(way);
        let mut options = visits::options().unwrap();
        options.connections = faults.connections();
        options.limits = TimeLimits::all(Duration::from_mins(5));
        options.password_cost = Cost {
            memory: 8,
            passes: 1,
        };
        visits::play(Stack::start(options).await.unwrap())
            .await
            .unwrap();
        assert!(faults.failed() > 100, "{} calls", faults.failed());
    }
}
