//! `GET /v1/service/connection/ping`: whether the service is there.

use enishi_shared::Function;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `orgs-ping`
pub const FUNCTION: Function =
    Function::http("orgs-ping", || OpenApiRouter::new().routes(routes!(ping)));

/// That it is.
#[derive(Serialize, ToSchema)]
pub struct PingResponse {
    /// `pong`
    #[schema(example = "pong")]
    pub ping: &'static str,
}

/// Says that the service is there
#[utoipa::path(
    get, path = "/v1/service/connection/ping", tag = "orgs",
    operation_id = "pingService",
    responses((status = 200, body = PingResponse, description = "It is")),
)]
pub async fn ping() -> axum::Json<PingResponse> {
    axum::Json(PingResponse { ping: "pong" })
}
