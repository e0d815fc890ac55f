//! How a developer reaches into a running stack: fire a schedule, set the clock, wait until it has settled, read
//! mails, dead letters, Stripe's events and which mornings were drawn, redrive a dead letter, open a Checkout,
//! connect to a meeting as a browser would. Only on this machine, below `/_enishi`: on the port of the AWS stand-ins,
//! and on the console's for whoever says its token.

use axum::{
    Json, Router,
    extract::{Path, Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
    routing::{get, post},
};
use enishi_shared::{
    UserId,
    payments::{self, Line, NewPayment, PaymentId, Product, Purpose},
};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    chime::JoinError,
    console,
    gateway::is_preflight,
    journal::{self, Kind},
    lambda::DeadLetter,
    mailbox::Mail,
    schedule::input,
    stack::Stack,
    stripe,
};

type Answer<T> = Result<Json<T>, (StatusCode, String)>;

/// The endpoints.
pub fn router(stack: Stack) -> Router {
    Router::new()
        .route("/_enishi/clock", get(clock).put(set_clock))
        .route("/_enishi/settle", post(settle))
        .route("/_enishi/fire/{function}", post(fire))
        .route("/_enishi/mornings", get(console::mornings))
        .route("/_enishi/mails", get(mails))
        .route("/_enishi/dead-letters", get(dead_letters))
        .route("/_enishi/dead-letters/{id}/redrive", post(redrive))
        .route("/_enishi/stripe/events", get(stripe_events))
        .route("/_enishi/checkout", post(checkout))
        .route(
            "/_enishi/meetings/{meeting}/{attendee}/{action}",
            post(connect).layer(from_fn_with_state(stack.clone(), share)),
        )
        .with_state(stack)
}

/// The time, or what it is set to; none is the system's time.
#[derive(Serialize, Deserialize)]
pub struct ClockBody {
    /// The time.
    pub time: Option<Timestamp>,
}

async fn clock(State(stack): State<Stack>) -> Json<ClockBody> {
    Json(ClockBody {
        time: Some(stack.clock().now()),
    })
}

async fn set_clock(State(stack): State<Stack>, Json(body): Json<ClockBody>) -> Json<ClockBody> {
    let entry = journal::note(Kind::Hand, || match body.time {
        Some(time) => (format!("the clock is set to {time}"), json!({})),
        None => ("the clock is the system's".into(), json!({})),
    });
    if let Some(entry) = entry {
        entry.sets_clock();
    }
    stack.clock().set(body.time);
    clock(State(stack)).await
}

/// Fires the schedules that are due by the clock, and answers when nothing is under way any more: no event, no
/// mail, no webhook.
async fn settle(State(stack): State<Stack>) -> Json<Value> {
    stack.catch_up().await;
    Json(json!({}))
}

/// For when a function is fired.
#[derive(Serialize, Deserialize)]
pub struct FireBody {
    /// The scheduled time; the present unless told.
    pub at: Option<Timestamp>,
}

async fn fire(
    State(stack): State<Stack>,
    Path(name): Path<String>,
    Json(body): Json<FireBody>,
) -> Answer<Value> {
    let scheduled = |name: &str| {
        let function = stack.lambda().find(name)?;
        Some((
            function.logical_id.clone(),
            function.schedules.first()?.clone(),
        ))
    };
    let Some((function, schedule)) = scheduled(&name) else {
        return Err((
            StatusCode::NOT_FOUND,
            format!("there is no function {name} with a schedule"),
        ));
    };
    let event = input(&schedule, body.at.unwrap_or_else(|| stack.clock().now()));
    let entry = journal::begin(Kind::Hand, || format!("fire {name}"));
    journal::within(entry, stack.lambda().invoke(&function, event))
        .await
        .map(Json)
        .map_err(|error| (StatusCode::BAD_GATEWAY, error))
}

async fn mails(State(stack): State<Stack>) -> Json<Vec<Mail>> {
    Json(stack.mailbox().mails())
}

async fn dead_letters(State(stack): State<Stack>) -> Json<Vec<DeadLetter>> {
    Json(stack.lambda().dead_letters())
}

async fn redrive(State(stack): State<Stack>, Path(id): Path<Uuid>) -> Answer<Value> {
    let entry = journal::note(Kind::Hand, || {
        ("redrive a dead letter".into(), json!({"letter": id}))
    });
    let redriven = journal::within_now(entry, || stack.lambda().redrive(id));
    redriven.map_err(|sentence| (StatusCode::NOT_FOUND, sentence))?;
    Ok(Json(json!({})))
}

async fn stripe_events(State(stack): State<Stack>) -> Json<Vec<stripe::Event>> {
    Json(stack.stripe().events())
}

/// Who is to pay how much, in yen.
#[derive(Serialize, Deserialize)]
pub struct CheckoutBody {
    /// Who pays.
    pub user_id: UserId,
    /// ¥50 to ¥99,999,999.
    pub amount: i64,
}

/// Opens a payment as a service does, acting as the function `payments-ledger`.
async fn checkout(State(stack): State<Stack>, Json(body): Json<CheckoutBody>) -> Answer<Value> {
    let failed = |error: String| (StatusCode::BAD_GATEWAY, error);
    let app = stack.app("PaymentsLedger").map_err(failed)?;
    let parameters = &stack.system().parameters;
    let frontend = parameters
        .get("FrontendUrl")
        .map(|it| format!("{}/", it.value));
    let frontend = frontend.unwrap_or_default();
    let line = Line {
        name: "Enishi".into(),
        unit_amount: body.amount,
        quantity: 1,
    };
    let payment = NewPayment {
        payment_id: PaymentId::new(&app),
        payer: body.user_id.into(),
        purpose: Purpose::new("sample"),
        reference: "by hand",
        product: Product::Lines(vec![line]),
        currency: "jpy",
        lasts: SignedDuration::from_hours(1),
        cards_only: false,
        success_url: &frontend,
        cancel_url: &frontend,
    };
    let opened = payments::open(&app, payment).await;
    let opened = opened.map_err(|error| failed(error.to_string()))?;
    Ok(Json(json!({
        "payment_id": opened.payment.payment_id,
        "checkout_url": opened.checkout_url,
    })))
}

/// What a browser proves itself with.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConnectBody {
    join_token: String,
}

/// Lets the front end's page read the answer.
async fn share(State(stack): State<Stack>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let asked = parts.clone();
    let mut response = match is_preflight(&parts) {
        true => StatusCode::NO_CONTENT.into_response(),
        false => next.run(Request::from_parts(parts, body)).await,
    };
    if let Some(cors) = &stack.system().cors {
        cors.share(&asked, response.headers_mut());
    }
    response
}

/// What the browser's audio connection would do: there is no media here to connect to. `present` answers who
/// is connected.
async fn connect(
    State(stack): State<Stack>,
    Path((meeting, attendee, action)): Path<(String, String, String)>,
    Json(body): Json<ConnectBody>,
) -> Answer<Value> {
    let chime = stack.chime();
    let nothing = |()| json!({});
    let done = match action.as_str() {
        "join" => chime
            .join(&meeting, &attendee, &body.join_token)
            .map(nothing),
        "leave" => chime.leave(&meeting, &attendee).map(nothing),
        "present" => {
            let present = chime.present(&meeting, &attendee, &body.join_token);
            present.map(|present| json!({"present": present}))
        }
        _ => return Err((StatusCode::NOT_FOUND, "join, leave or present".into())),
    };
    match done {
        Ok(answer) => Ok(Json(answer)),
        Err(JoinError::WrongToken) => Err((StatusCode::FORBIDDEN, "wrong join token".into())),
        Err(error) => Err((StatusCode::NOT_FOUND, format!("{error:?}"))),
    }
}
