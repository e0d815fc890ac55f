//! The route `$default`: a sign of life for the client's `ping`, and the refusal of what no route
//! takes. A ping is answered only on a connection that pushes reach.

use enishi_shared::{
    App, Function, Result,
    live::{Caller, on_frame},
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// `live-ping`.
pub const FUNCTION: Function =
    Function::event("live-ping", |app, event| on_frame(app, event, pong)).budget(1);

/// Nothing but its `action`.
#[derive(Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ping {}

/// The answer to a ping.
#[derive(Serialize, ToSchema)]
pub struct Pong {
    /// `pong`.
    pub r#type: &'static str,
}

async fn pong(_: App, _: Caller, _: Ping) -> Result<Pong> {
    Ok(Pong { r#type: "pong" })
}
