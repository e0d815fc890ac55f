//! `GET /api/payments`: my payments, of all services.

use axum::{extract::State, http::Uri, response::IntoResponse};
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    payments::{Payment, PaymentId, Purpose, SORT_KEY, State as PaymentState, partition, table},
    store::s,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

/// `payments-list`
pub const FUNCTION: Function = Function::http("payments-list", || {
    OpenApiRouter::new().routes(routes!(list))
})
.budget(1);

/// A payment of mine.
#[derive(Serialize, ToSchema)]
pub struct MyPayment {
    /// The payment.
    pub id: PaymentId,
    /// When it was begun.
    #[schema(value_type = String, format = DateTime, example = "2026-11-21T00:00:00Z")]
    pub created_at: Timestamp,
    /// What for.
    pub purpose: Purpose,
    /// The matching, the transaction or the organisation it is for.
    #[schema(example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f52")]
    pub reference: String,
    /// In minor units; JPY has none.
    #[schema(example = 3000)]
    pub amount: i64,
    /// ISO 4217, lower case.
    #[schema(example = "jpy")]
    pub currency: String,
    /// Where it stands.
    pub state: PaymentState,
    /// What of it was given back.
    #[schema(example = 0)]
    pub amount_refunded: i64,
    /// The receipt, once it is paid.
    #[schema(
        required,
        format = "uri",
        example = "https://pay.stripe.com/receipts/1"
    )]
    pub receipt_url: Option<String>,
}

impl From<Payment> for MyPayment {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.payment_id,
            created_at: payment.created_at,
            purpose: payment.purpose,
            reference: payment.reference,
            amount: payment.amount,
            currency: payment.currency,
            state: payment.state,
            amount_refunded: payment.amount_refunded,
            receipt_url: payment.stripe.receipt_url,
        }
    }
}

/// My payments, newest first
#[utoipa::path(
    get, path = "/api/payments", tag = "payments",
    operation_id = "listMyPayments",
    security(("access_token" = [])),
    params(PageQuery),
    responses(
        (status = 200, description = "The payments; `Link` leads to the next page", body = [MyPayment]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
        (status = 401, description = "No valid access token", body = ErrorBody),
    )
)]
pub async fn list(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery>,
) -> Result<impl IntoResponse> {
    let payer = user.id.into();
    // `~` sorts behind every id.
    let last_shown = query.after()?.unwrap_or_else(|| "~".to_owned());
    let page = table(&app)?
        .query("pk = :payer AND sk < :last_shown")
        .value(":payer", s(partition(payer)))
        .value(":last_shown", s(format!("{SORT_KEY}{last_shown}")))
        .descending()
        .limit(query.limit())
        .page::<Payment>()
        .await?;
    let payments = page.items;
    let last = page.next.and(payments.last());
    let last = last.map(|payment| payment.payment_id.to_string());
    let payments: Vec<MyPayment> = payments.into_iter().map(MyPayment::from).collect();
    Ok((
        next_link(&uri, query.limit(), last.as_deref()),
        axum::Json(payments),
    ))
}
