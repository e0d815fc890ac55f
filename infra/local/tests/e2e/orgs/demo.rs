//! The whole story of an organisation, as `cargo run -- demo orgs` plays it.

use std::time::Duration;

use enishi_local::{Stack, demo::orgs};
use enishi_shared::app::TimeLimits;

use crate::crash::faults::EachOnce;

#[tokio::test]
async fn whatever_is_called_fails_once_and_the_story_is_the_same() {
    for way in 0..4 {
        let faults = EachOnce::beginning_with(way);
        let mut options = orgs::options();
        options.connections = faults.connections();
        options.limits = TimeLimits::all(Duration::from_mins(5));
        orgs::play(Stack::start(options).await.unwrap())
            .await
            .unwrap();
        assert!(faults.failed() > 20, "{} calls", faults.failed());
    }
}
