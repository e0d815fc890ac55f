//! `POST /webhook/stripe`: keeps what Stripe tells, once, and answers at once. What follows from it
//! happens on the bus.
//!
//! An event is an outbox row under Stripe's own id: the relay puts the first delivery on the bus, and
//! whatever comes again finds its row there. The body stays with it for [`KEPT`], to look into.

use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::HeaderMap,
    response::IntoResponse,
};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{
    App, Error, Function, Result,
    error::{Code, ErrorBody},
    events::{Detail, OUTBOX, OutboxRow, StripeEvent},
    http::BODY_LIMIT,
    payments::table,
    seal::sha256,
    store::{self, Key},
    stripe::webhook::{self, Event},
};
use jiff::SignedDuration;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `payments-webhook`
pub const FUNCTION: Function = Function::http("payments-webhook", || {
    OpenApiRouter::new().routes(routes!(receive))
})
.budget(1);

/// How long a body is kept. It holds what Stripe knows of the customer.
pub const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// That the event was kept.
#[derive(Serialize, ToSchema)]
pub struct Received {
    /// Always true.
    #[schema(example = true)]
    pub received: bool,
}

/// An event as it lies in the table.
#[derive(Serialize)]
struct Kept<'a> {
    #[serde(flatten)]
    row: OutboxRow,
    #[serde(with = "store::bytes")]
    body: &'a [u8],
}

/// Takes an event from Stripe
///
/// The signature is the proof: any of the configured secrets (the account's, Connect's, the one
/// before), at most 5 minutes old. An event that comes again is answered alike and does nothing. What
/// is signed and cannot be read is kept, raises an alarm and is answered 500, so that Stripe sends
/// it again.
#[utoipa::path(
    post, path = "/webhook/stripe", tag = "payments",
    operation_id = "receiveStripeEvent",
    security(("stripe_signature" = [])),
    request_body(content = Object, description = "An event, as Stripe sends it", example = json!({"id": "evt_1", "object": "event", "type": "checkout.session.completed"})),
    responses(
        (status = 200, body = Received, description = "The event is kept"),
        (status = 400, body = ErrorBody, description = "Not signed by Stripe, or more than 5 minutes ago"),
        (status = 413, body = ErrorBody, description = "Larger than 256 KB"),
        (status = 500, body = ErrorBody, description = "Signed by Stripe, but not readable"),
    )
)]
pub async fn receive(
    State(app): State<App>,
    headers: HeaderMap,
    body: Body,
) -> Result<impl IntoResponse> {
    let signature = headers.get("stripe-signature");
    let signature = signature.and_then(|value| value.to_str().ok());
    let signature =
        signature.ok_or_else(|| Error::invalid("stripe-signature", "not signed by Stripe"))?;
    let body = to_bytes(body, BODY_LIMIT)
        .await
        .map_err(|_| Error::new(Code::PayloadTooLarge, "the body is larger than 256 KB"))?;
    let secrets = webhook::secrets(&app).await?;
    let secrets: Vec<&str> = secrets.iter().map(String::as_str).collect();
    match webhook::verify(&body, signature, &secrets, app.now()) {
        Ok(event) => keep(&app, event, &body).await?,
        Err(error) if error.code() == Code::InternalServerError => {
            keep_unreadable(&app, &body).await?;
            return Err(error);
        }
        Err(error) => return Err(error),
    }
    Ok(axum::Json(Received { received: true }))
}

async fn keep(app: &App, event: Event, body: &[u8]) -> Result<()> {
    let detail_type = format!("stripe.{}", event.kind);
    let detail = Detail {
        id: event.id,
        time: event.created,
        data: StripeEvent {
            kind: event.kind,
            object: event.data.object.object,
            object_id: event.data.object.id,
            account: event.account,
        },
    };
    let row = OutboxRow {
        source: StripeEvent::SOURCE.to_owned(),
        detail_type,
        detail: serde_json::to_string(&detail)
            .map_err(|_| Error::internal("an event cannot be serialised"))?,
        time: detail.time,
        ttl: app.now().as_second() + KEPT.as_secs(),
    };
    let key = Key::new(format!("{OUTBOX}{}", detail.id), "OUTBOX");
    // Refused, it is here already.
    table(app)?.create(key, &Kept { row, body }).await?;
    Ok(())
}

/// What was signed and cannot be read: the same in each delivery, so once.
async fn keep_unreadable(app: &App, body: &[u8]) -> Result<()> {
    #[derive(Serialize)]
    struct Unreadable<'a> {
        #[serde(with = "store::bytes")]
        body: &'a [u8],
        ttl: i64,
    }
    let digest = BASE64_URL_SAFE_NO_PAD.encode(sha256(body));
    let unreadable = Unreadable {
        body,
        ttl: app.now().as_second() + KEPT.as_secs(),
    };
    let key = Key::new(format!("UNREADABLE#{digest}"), "UNREADABLE");
    table(app)?.create(key, &unreadable).await?;
    Ok(())
}
