//! The route `$default`: a sign of life for the client's `ping`, and the refusal of what no route
//! takes. A ping is answered only on a connection that pushes reach.

use enishi_shared::{
    App, Function, Result,
    live::{Caller, on_frame},
};
use garde::Validate;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

/// `live-ping`.
pub const FUNCTION: Function =
    Function::event("live-ping", |app, event| on_frame(app, event, pong)).budget(1);

/// Nothing but its `action`.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
struct Ping {}

async fn pong(_: App, _: Caller, _: Ping) -> Result<Value> {
    Ok(json!({"type": "pong"}))
}
