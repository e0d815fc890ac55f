//! `GET /api/stripe/create`: where a maker tells Stripe about themselves.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    frontend::FrontendUrl,
    store::{Outcome, Race, Table, Transaction},
    stripe::{self, Stripe},
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item,
    maker::{Maker, OfStripe, maker_key, no_maker, stripe_key},
};

/// `market-onboard`
///
/// Budget: the maker, and the first time the account that was made for them.
pub const FUNCTION: Function = Function::http("market-onboard", || {
    OpenApiRouter::new().routes(routes!(onboard))
})
.budget(2);

/// Where makers' accounts are.
const COUNTRY: &str = "JP";

/// A page of Stripe's, for one visit.
#[derive(Debug, Serialize, ToSchema)]
pub struct OnboardingLink {
    /// The page.
    #[schema(
        format = "uri",
        example = "https://connect.stripe.com/setup/e/acct_1/abc"
    )]
    pub url: String,
    /// When it no longer works.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:05:00Z")]
    pub expires_at: Timestamp,
}

/// Where to tell Stripe about oneself
///
/// Makes the account that one's money goes to, once. The page leads back to the front end, to `/maker`, and
/// to `/maker/onboarding` when it has expired.
#[utoipa::path(
    get, path = "/api/stripe/create", tag = "market",
    operation_id = "createOnboardingLink",
    security(("access_token" = [])),
    responses(
        (status = 200, body = OnboardingLink, description = "The page"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a maker"),
    )
)]
pub async fn onboard(State(app): State<App>, user: User) -> Result<axum::Json<OnboardingLink>> {
    let table = item::table(&app)?;
    let maker = table.get::<Maker>(&maker_key(user.id)).await?;
    let maker = maker.ok_or_else(no_maker)?;
    let stripe = stripe::client(&app);
    let account = match maker.stripe_account_id.clone() {
        Some(account) => account,
        None => open(&app, &table, &stripe, maker).await?,
    };
    let front = &app.config::<FrontendUrl>()?.0;
    let [done, again] = [
        format!("{front}/maker"),
        format!("{front}/maker/onboarding"),
    ];
    let key = format!("onboarding-{}", app.new_id());
    let link = stripe.create_account_link(&key, &account, &again, &done);
    let link = link.await?;
    Ok(axum::Json(OnboardingLink {
        url: link.url,
        expires_at: link.expires_at,
    }))
}

/// Makes a maker's account. Whoever does it at the same time makes the same one.
async fn open(app: &App, table: &Table, stripe: &Stripe, mut maker: Maker) -> Result<String> {
    let maker_id = maker.maker_id;
    let name = maker_id.to_string();
    let key = format!("maker-{maker_id}");
    let metadata = [("maker_id", &*name)];
    let account = stripe.create_account(&key, COUNTRY, None, &metadata);
    let account = account.await?.id;
    let mut race = Race::new(app);
    loop {
        let mut tx = Transaction::new(app);
        let change = maker.change().set("stripe_account_id", &account);
        tx.update(table, maker_key(maker_id), change);
        tx.put(table, stripe_key(&account), &OfStripe { maker_id })?;
        if let Outcome::Done = tx.commit().await? {
            return Ok(account);
        }
        race.lost().await?;
        let now = table.get::<Maker>(&maker_key(maker_id)).await?;
        maker = now.ok_or_else(no_maker)?;
        if let Some(account) = maker.stripe_account_id {
            return Ok(account);
        }
    }
}
