//! What `cargo run -- demo` plays.

#[tokio::test]
async fn the_demo_plays_to_its_end() {
    enishi_local::demo::run().await.unwrap();
}
