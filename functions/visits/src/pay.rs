//! `POST /api/payment`: the listener pays for what is booked.
//!
//! The payment stands in the matching and in the ledger before there is a Checkout, by one transaction: so
//! whoever is faster, a second tab or the other party, finds it. As long as it is for what is owed and not
//! over, it is the one that is opened; so there is never more than one Checkout to pay at.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    app::{ConfigError, Configure, Env},
    auth::User,
    error::{Code, ErrorBody},
    frontend::FrontendUrl,
    http::Json,
    payments::{self, Line, NewPayment, Opened, PaymentId, Product, Purpose},
    store::{Outcome, Race, Table, Transaction},
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    advance::{follow, put, refusal},
    letters::page,
    matching::{BegunPayment, MatchingId, Record, StoredMatching, find},
    profile::table,
    state::{Action, Actor, Party, Refused, step},
};

/// `visits-pay`
///
/// Budget: the matching; the payment and the matching with it; that the record is there, and its Checkout.
/// Before these, where there was one that is over: its record, twice, and what became of it.
pub const FUNCTION: Function =
    Function::http("visits-pay", || OpenApiRouter::new().routes(routes!(pay))).budget(7);

/// The purpose of the payments of visits.
pub const APPOINTMENT: Purpose = Purpose::new("appointment");

/// Yen; Stripe takes no less than 50, so a minute of the shortest visit costs 4 at the least.
const CURRENCY: &str = "jpy";

/// `VISIT_YEN_PER_MINUTE`: what a minute costs, 50 yen unless told.
pub struct YenPerMinute(u32);

impl Configure for YenPerMinute {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self(env.parsed("VISIT_YEN_PER_MINUTE", 50)?))
    }
}

/// Which visit is to be paid for.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PaymentRequest {
    /// The matching; the sum follows from it.
    #[garde(skip)]
    pub matching_id: MatchingId,
}

/// A payment that can be made.
#[derive(Debug, Serialize, ToSchema)]
pub struct VisitPayment {
    /// Stripe's page, on which it is paid by card.
    #[schema(
        format = "uri",
        example = "https://checkout.stripe.com/c/pay/cs_test_a1b2c3"
    )]
    pub checkout_url: String,
    /// The sum, in minor units of the currency.
    #[schema(minimum = 50, example = 3000)]
    pub amount: i64,
    /// ISO 4217, lower case.
    #[schema(example = "jpy")]
    pub currency: String,
    /// Until when it can be paid.
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T11:00:00Z")]
    pub expires_at: Timestamp,
}

/// Pay for a visit
///
/// Opens a Checkout for what is booked, until the booking lapses; while there is one, that one. The visit
/// is paid for once Stripe says so.
#[utoipa::path(
    post,
    path = "/api/payment",
    operation_id = "payForVisit",
    tag = "visits",
    security(("access_token" = [])),
    request_body = PaymentRequest,
    responses(
        (status = 200, body = VisitPayment, description = "It can be paid"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No matching of one's own"),
        (status = 409, body = ErrorBody, description = "Not where the matching stands, which is named, or not by the employee; the booking lapses within 31 minutes; or the bank is at work on a payment"),
    )
)]
pub async fn pay(
    State(app): State<App>,
    user: User,
    Json(body): Json<PaymentRequest>,
) -> Result<axum::Json<VisitPayment>> {
    let table = table(&app)?;
    let mut race = Race::new(&app);
    loop {
        if let Some(opened) = open(&app, &table, user.id, body.matching_id).await? {
            return Ok(axum::Json(VisitPayment {
                checkout_url: opened.checkout_url,
                amount: opened.payment.amount,
                currency: opened.payment.currency,
                expires_at: opened.payment.expires_at,
            }));
        }
        race.lost().await?;
    }
}

/// One attempt; `None` where the matching has changed meanwhile, and is to be judged anew.
async fn open(app: &App, table: &Table, me: UserId, id: MatchingId) -> Result<Option<Opened>> {
    let (stored, party) = find(table, me, id).await?;
    let judged = step(
        &stored.matching,
        Actor::Party(party),
        Action::Pay,
        app.now(),
    );
    if let Err(refused) = judged
        && refused != Refused::TooLateToPay
    {
        return Err(refusal(refused));
    }
    let owed = owed(app, &stored)?;
    if let Some(last) = stored.unsettled() {
        if (last.amount, last.minutes) == (owed.amount, owed.minutes) {
            let opened = checkout(app, &stored, last).await?;
            if opened.is_some() {
                return Ok(opened);
            }
        }
        // It is over, or for what is not owed any more.
        let ended = payments::expire(app, stored.payment_ref(last.payment_id)).await?;
        if ended.state.is_paid() {
            follow(app, id, Actor::Payments, last.settles()).await?;
            return Ok(None);
        }
        if ended.state == payments::State::Processing {
            return Err(Error::conflict("a payment is being processed"));
        }
    }
    judged.map_err(refusal)?;
    match begin(app, table, &stored, party, owed).await? {
        Some((stored, begun)) => checkout(app, &stored, &begun).await,
        None => Ok(None),
    }
}

/// What is to be paid now, by a new payment.
fn owed(app: &App, stored: &StoredMatching) -> Result<BegunPayment> {
    let matching = &stored.matching;
    let (Some(terms), Some(expires_at)) = (matching.terms, matching.due()) else {
        return Err(Error::internal("an appointment has no date"));
    };
    let yen = app.config::<YenPerMinute>()?.0;
    Ok(BegunPayment {
        payment_id: PaymentId::new(app),
        amount: u64::from(yen) * u64::from(terms.minutes),
        minutes: terms.minutes,
        expires_at,
        settled_at: None,
        refund: 0,
    })
}

/// Puts a new payment into the matching and the ledger. `None` where somebody was faster. One request.
async fn begin(
    app: &App,
    table: &Table,
    before: &StoredMatching,
    party: Party,
    begun: BegunPayment,
) -> Result<Option<(StoredMatching, BegunPayment)>> {
    let mut after = before.clone();
    after.version += 1;
    after.payments.push(begun.clone());
    let record = Record {
        state: after.matching.state,
        at: app.now(),
        actor: Actor::Party(party),
        action: Some(Action::Pay),
        refund: 0,
    };
    let addresses = Addresses::new(app, &after)?;
    let mut tx = Transaction::new(app);
    put(&mut tx, table, before, &after, &record)?;
    payments::begin(&mut tx, &addresses.payment(app, &after, &begun)?)?;
    match tx.commit().await? {
        Outcome::Done => Ok(Some((after, begun))),
        Outcome::Refused(_) => Ok(None),
    }
}

/// The Checkout of a payment that was begun; `None` where it is over.
async fn checkout(
    app: &App,
    stored: &StoredMatching,
    begun: &BegunPayment,
) -> Result<Option<Opened>> {
    let addresses = Addresses::new(app, stored)?;
    let payment = addresses.payment(app, stored, begun)?;
    match payments::open(app, payment).await {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.code() == Code::Conflict => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the payment's parts are named.
struct Addresses {
    reference: String,
    page: String,
}

impl Addresses {
    fn new(app: &App, stored: &StoredMatching) -> Result<Self> {
        let frontend = app.config::<FrontendUrl>()?;
        Ok(Self {
            reference: stored.matching_id.to_string(),
            page: page(&frontend.0, stored.matching_id),
        })
    }

    /// A payment as the ledger takes it.
    fn payment(
        &self,
        app: &App,
        stored: &StoredMatching,
        begun: &BegunPayment,
    ) -> Result<NewPayment<'_>> {
        let line = Line {
            name: format!("オンライン面談({}分)", begun.minutes),
            unit_amount: i64::try_from(begun.amount)
                .map_err(|_| Error::internal("a visit costs too much"))?,
            quantity: 1,
        };
        Ok(NewPayment {
            payment_id: begun.payment_id,
            payer: stored.listener.into(),
            purpose: APPOINTMENT,
            reference: &self.reference,
            product: Product::Lines(vec![line]),
            currency: CURRENCY,
            lasts: begun.expires_at.duration_since(app.now()),
            // A slip would outlive the booking.
            cards_only: true,
            success_url: &self.page,
            cancel_url: &self.page,
        })
    }
}
