//! A function of `lambda_runtime` and nothing else: what every start is measured by.
//! `cargo build --release -p enishi-platform --example bare`

use lambda_runtime::{Error, LambdaEvent, run, service_fn};
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let echo = |event: LambdaEvent<Value>| async move { Ok::<_, Error>(event.payload) };
    run(service_fn(echo)).await
}
