//! `PUT` and `POST /v1/service/licenses/{license_id}`: changes a licence, at Stripe; what it answers then is what
//! there is.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    error::ErrorBody,
    http::{Json, Path},
    patch::{self, Patch},
    payments::{PaymentId, PaymentRef, subscription},
    store::{Outcome, Race, Table, Transaction},
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, de};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    audit::{self, Action},
    caller::Caller,
    follow::follow,
    licensing::{self, LicenseResponse, LicenseStatus},
    organization::{self, table},
    plans::MOST_SEATS,
    time,
};

/// `orgs-update-license`
///
/// Budget: the caller, the organisation, that it was asked; the organisation, the invoices, what Stripe has now, and
/// after a grant the first two once more.
pub const FUNCTION: Function = Function::http("orgs-update-license", || {
    OpenApiRouter::new()
        .routes(routes!(update_license))
        .routes(routes!(edit_license))
})
.budget(8);

/// A time in either form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AppliedAt(Timestamp);

impl<'de> Deserialize<'de> for AppliedAt {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        time::read(&text).map(Self).map_err(de::Error::custom)
    }
}

/// What changes: one of the two.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"quantity": 10}))]
pub struct UpdateLicenseRequest {
    /// Since when it is called off, at universal time where no other is said: it ends with its period. Null lets
    /// it go on.
    #[serde(default)]
    #[garde(skip)]
    #[schema(value_type = Option<String>, example = "2026-11-25 14:12:34")]
    pub cancel_applied_at: Patch<AppliedAt>,
    /// How many seats.
    #[serde(default, deserialize_with = "patch::given")]
    #[garde(inner(range(min = 1, max = MOST_SEATS)))]
    #[schema(nullable = false, minimum = 1, maximum = 10_000, example = 10)]
    pub quantity: Option<u32>,
}

/// Changes a licence
///
/// For admins. More seats count when the rest of the period is paid, which they are at once; where the card is
/// declined, `quantity` stays and `pending` says where they are paid. Fewer seats count at once, and cost less from
/// the next period on: what is paid stands until then, and up to that number more cost nothing again.
#[utoipa::path(
    put, path = "/v1/service/licenses/{license_id}", tag = "orgs",
    operation_id = "updateLicense",
    security(("access_token" = []), ("id_token" = [])),
    params(("license_id" = PaymentId, Path, description = "Which")),
    request_body = UpdateLicenseRequest,
    responses(
        (status = 200, body = LicenseResponse, description = "The licence as it is now"),
        (status = 400, body = ErrorBody, description = "A value is wrong, or not one of the two is given"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 404, body = ErrorBody, description = "No licence of the organisation"),
        (status = 409, body = ErrorBody, description = "Fewer seats than members and open invitations, more while a payment has failed, or it has ended"),
    )
)]
pub async fn update_license(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<PaymentId>,
    Json(body): Json<UpdateLicenseRequest>,
) -> Result<axum::Json<LicenseResponse>> {
    caller.admin()?;
    let wish = body.wish()?;
    let orgs = table(&app)?;
    let (payment_ref, its) = prepare(&app, &orgs, &caller, id, wish).await?;
    let applied_at = match wish {
        Wish::Seats(quantity) => {
            subscription::set_quantity(&app, &its, quantity.into()).await?;
            None
        }
        Wish::End(applied_at) => {
            subscription::set_cancel(&app, &its, true).await?;
            Some(applied_at)
        }
        Wish::GoOn => {
            subscription::set_cancel(&app, &its, false).await?;
            None
        }
    };
    let now = follow(&app, payment_ref, &its, applied_at).await?;
    let license = now.and_then(|now| now.license).ok_or_else(no_license)?;
    let license = license.into();
    Ok(axum::Json(LicenseResponse { license }))
}

/// Changes a licence
///
/// As `PUT` does.
#[utoipa::path(
    post, path = "/v1/service/licenses/{license_id}", tag = "orgs",
    operation_id = "editLicense",
    security(("access_token" = []), ("id_token" = [])),
    params(("license_id" = PaymentId, Path, description = "Which")),
    request_body = UpdateLicenseRequest,
    responses(
        (status = 200, body = LicenseResponse, description = "The licence as it is now"),
        (status = 400, body = ErrorBody, description = "A value is wrong, or not one of the two is given"),
        (status = 401, body = ErrorBody, description = "No valid token"),
        (status = 403, body = ErrorBody, description = "No admin, or no organisation"),
        (status = 404, body = ErrorBody, description = "No licence of the organisation"),
        (status = 409, body = ErrorBody, description = "Fewer seats than members and open invitations, more while a payment has failed, or it has ended"),
    )
)]
pub async fn edit_license(
    state: State<App>,
    caller: Caller,
    path: Path<PaymentId>,
    body: Json<UpdateLicenseRequest>,
) -> Result<axum::Json<LicenseResponse>> {
    update_license(state, caller, path, body).await
}

/// What is wished for.
#[derive(Clone, Copy, Debug)]
enum Wish {
    Seats(u32),
    End(Timestamp),
    GoOn,
}

impl UpdateLicenseRequest {
    fn wish(&self) -> Result<Wish> {
        match (self.quantity, self.cancel_applied_at) {
            (Some(quantity), Patch::Absent) => Ok(Wish::Seats(quantity)),
            (None, Patch::Value(AppliedAt(at))) => Ok(Wish::End(at)),
            (None, Patch::Null) => Ok(Wish::GoOn),
            (None, Patch::Absent) => Err(Error::missing("quantity")),
            (Some(_), _) => Err(Error::invalid(
                "cancel_applied_at",
                "either quantity or cancel_applied_at",
            )),
        }
    }
}

/// That it may be done, written down; fewer seats obey from here on, whatever comes between. Answers the licence's
/// payment and its subscription. Two requests.
async fn prepare(
    app: &App,
    orgs: &Table,
    caller: &Caller,
    id: PaymentId,
    wish: Wish,
) -> Result<(PaymentRef, String)> {
    let mut race = Race::new(app);
    loop {
        let before = organization::of_caller(orgs, caller).await?;
        caller.still_admin(&before)?;
        let license = before.license.clone().filter(|it| it.license_id == id);
        let license = license.ok_or_else(no_license)?;
        let its = license.subscription.clone().ok_or_else(no_license)?;
        if !license.status.is_bought() {
            return Err(Error::conflict("this license has ended"));
        }
        let mut after = before.clone();
        if let Wish::Seats(quantity) = wish {
            let now = app.now();
            before.fits(quantity, now)?;
            let is_paid = license.status == LicenseStatus::Active;
            if quantity > license.quantity && !is_paid {
                return Err(Error::conflict("a payment has failed; pay it first"));
            }
            let asked = license.asked(quantity, now);
            after.seats = asked.seats();
            after.license = Some(asked);
        }
        let mut tx = Transaction::new(app);
        after.replace(&mut tx, orgs, &before)?;
        licensing::follow_due(&mut tx, orgs, &before, Some(&after))?;
        let (by, whom) = (caller.user_id, id.to_string());
        let (action, of) = (Action::EditLicense, before.organization_id);
        audit::write_down(&mut tx, orgs, by, of, action, Some(&whom))?;
        match tx.commit().await? {
            Outcome::Done => return Ok((license.payment_ref(of), its)),
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}

fn no_license() -> Error {
    Error::not_found("license")
}
