//! `POST /v1/service/licenses`: opens the Checkout of a licence. The organisation keeps what is asked for before
//! there is a Checkout, with its payment: so there is one at a time, whoever asks.

use axum::extract::State;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use enishi_shared::{
    App, Error, Function, Result,
    error::{Code, ErrorBody},
    frontend::FrontendUrl,
    http::Json,
    payments::{self, NewPayment, PaymentId, Product},
    seal::sha256,
    store::{Outcome, Race, Table, Transaction},
    stripe,
};
use garde::Validate;
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::Caller,
    licensing::{self, LICENSE, License, LicenseStatus},
    member::{self, Member},
    organization::{Organization, table},
    plans::{MOST_SEATS, Plans},
};

/// `orgs-create-license`
///
/// Budget: the caller, the organisation with them, the licence with its payment, the Checkout 2; where one is
/// open or over, that again: 2, and how it stands.
pub const FUNCTION: Function = Function::http("orgs-create-license", || {
    OpenApiRouter::new().routes(routes!(create_license))
})
.budget(8);

/// For how long it can be paid: a Checkout's 31 minutes, and time to open it again.
const LASTS: SignedDuration = SignedDuration::from_mins(36);
/// How long after that the ledger is asked how it stands, if nothing was told.
const PATIENCE: SignedDuration = SignedDuration::from_mins(10);

/// What is to be bought.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"plan_id": 1, "quantity": 5}))]
pub struct CreateLicenseRequest {
    /// Which plan.
    #[garde(skip)]
    #[schema(example = 1)]
    pub plan_id: u32,
    /// How many seats.
    #[garde(range(min = 1, max = MOST_SEATS))]
    #[schema(minimum = 1, maximum = 10_000, example = 5)]
    pub quantity: u32,
}

/// Where it is paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreateLicenseResponse {
    /// Stripe's page.
    #[schema(
        format = "uri",
        example = "https://checkout.stripe.com/c/pay/cs_test_a1b2c3"
    )]
    pub checkout_url: String,
}

/// Buys a licence
///
/// For admins. It begins when it is paid at `checkout_url`; while that is open, whoever asks is sent there. An
/// organisation has one.
#[utoipa::path(
    post, path = "/v1/service/licenses", tag = "orgs",
    operation_id = "createLicense",
    security(("access_token" = []), ("id_token" = [])),
    request_body = CreateLicenseRequest,
    responses(
        (status = 200, body = CreateLicenseResponse, description = "Where it is paid"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong; `plan_id`: there is no such plan"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 409, body = ErrorBody, description = "There is a licence, or fewer seats than members and open invitations"),
    )
)]
pub async fn create_license(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<CreateLicenseRequest>,
) -> Result<axum::Json<CreateLicenseResponse>> {
    caller.admin()?;
    let plans = app.config::<Plans>()?;
    let plan = plans.find(body.plan_id)?;
    let orgs = table(&app)?;
    let organization_id = caller.organization_id;
    let page = format!("{}/licenses", app.config::<FrontendUrl>()?.0);
    let mut race = Race::new(&app);
    loop {
        let (before, member) = member::find(&orgs, organization_id, caller.user_id).await?;
        caller.still_admin(&before)?;
        if let Some(license) = &before.license {
            if license.status.is_bought() {
                return Err(has_one());
            }
            if license.status == LicenseStatus::Checkout
                && let Some(checkout_url) = checkout(&app, &before, license, &page).await?
            {
                return Ok(axum::Json(CreateLicenseResponse { checkout_url }));
            }
        }
        let now = app.now();
        before.fits(body.quantity, now)?;
        let customer = match &before.customer {
            Some(customer) => customer.clone(),
            None => customer(&app, &before, &member).await?,
        };
        let price = stripe::client(&app).price(&plan.price).await?;
        let license = License {
            license_id: PaymentId::new(&app),
            created_at: now,
            plan_id: plan.id,
            price: price.id,
            unit_amount: price.unit_amount,
            currency: price.currency,
            seconds_per_seat: plan.seconds_per_seat,
            quantity: body.quantity,
            status: LicenseStatus::Checkout,
            subscription: None,
            current_period_end: None,
            cancel_applied_at: None,
            pending: None,
            lowering: None,
            due_at: Some((now + LASTS + PATIENCE).as_second()),
        };
        let mut after = before.clone();
        after.customer = Some(customer);
        after.license = Some(license.clone());
        if !begin(&app, &orgs, &caller, &before, &mut after, &license, &page).await? {
            race.lost().await?;
            continue;
        }
        if let Some(checkout_url) = checkout(&app, &after, &license, &page).await? {
            return Ok(axum::Json(CreateLicenseResponse { checkout_url }));
        }
        race.lost().await?;
    }
}

fn has_one() -> Error {
    Error::conflict("the organization has a license already")
}

/// Keeps what is asked for, with its payment. One request.
async fn begin(
    app: &App,
    orgs: &Table,
    caller: &Caller,
    before: &Organization,
    after: &mut Organization,
    license: &License,
    page: &str,
) -> Result<bool> {
    let organization_id = before.organization_id;
    let reference = organization_id.to_string();
    let mut tx = Transaction::new(app);
    after.replace(&mut tx, orgs, before)?;
    licensing::follow_due(&mut tx, orgs, before, Some(after))?;
    payments::begin(&mut tx, &payment(after, license, &reference, page)?)?;
    let (by, whom) = (caller.user_id, license.license_id.to_string());
    let action = Action::BuyLicense;
    audit::write_down(&mut tx, orgs, by, organization_id, action, Some(&whom))?;
    Ok(matches!(tx.commit().await?, Outcome::Done))
}

/// Where a licence is paid that was asked for; none when that is over, and another can be asked for. From 2
/// requests.
async fn checkout(
    app: &App,
    organization: &Organization,
    license: &License,
    page: &str,
) -> Result<Option<String>> {
    let reference = organization.organization_id.to_string();
    match payments::open(app, payment(organization, license, &reference, page)?).await {
        Ok(opened) => Ok(Some(opened.checkout_url)),
        Err(error) if error.code() == Code::Conflict => {
            let payment_ref = license.payment_ref(organization.organization_id);
            // A Checkout that has expired is so in the ledger only when that was told of it.
            let payment = payments::expire(app, payment_ref).await?;
            match payment.state {
                payments::State::Expired | payments::State::Failed => Ok(None),
                _ => Err(has_one()),
            }
        }
        Err(error) => Err(error),
    }
}

fn payment<'a>(
    organization: &Organization,
    license: &'a License,
    reference: &'a str,
    page: &'a str,
) -> Result<NewPayment<'a>> {
    let customer = organization.customer.clone();
    let customer = customer.ok_or_else(|| Error::internal("a licence has no customer"))?;
    Ok(NewPayment {
        payment_id: license.license_id,
        payer: licensing::payer(organization.organization_id),
        purpose: LICENSE,
        reference,
        product: Product::Subscription {
            customer,
            price: license.price.clone(),
            unit_amount: license.unit_amount,
            quantity: license.quantity.into(),
        },
        currency: &license.currency,
        lasts: LASTS,
        cards_only: true,
        success_url: page,
        cancel_url: page,
    })
}

/// Makes the organisation a customer of Stripe's; the same one for the same name and address, for a day.
async fn customer(app: &App, organization: &Organization, member: &Member) -> Result<String> {
    let id = organization.organization_id;
    let (name, email) = (&organization.company_name, &member.email);
    let what = sha256(format!("{id}\n{name}\n{email}").as_bytes());
    let key = format!("customer-{}", BASE64_URL_SAFE_NO_PAD.encode(what));
    let whose = id.to_string();
    let metadata: [(&str, &str); 1] = [(ORGANIZATION, &whose)];
    let stripe = stripe::client(app);
    let customer = stripe.create_customer(&key, name, email, &metadata).await?;
    Ok(customer.id)
}

/// Of a customer: whose it is.
const ORGANIZATION: &str = "organization_id";
