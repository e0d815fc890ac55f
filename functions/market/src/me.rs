//! `GET /api/user`: me as a customer.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result, UserId, accounts::Account, auth::User, error::ErrorBody,
};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::customer::{self, Customer, ZipCode};

/// `market-me`
///
/// Budget: the account and what was told, at once.
pub const FUNCTION: Function =
    Function::http("market-me", || OpenApiRouter::new().routes(routes!(me))).budget(2);

/// A customer, as they see themselves; what they have not told is null.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub struct Me {
    /// Who.
    pub user_id: UserId,
    /// The account's address.
    #[schema(format = "email", example = "sora@example.com")]
    pub email: String,
    /// Whether it was proved to be theirs; who buys must have.
    pub is_email_verified: bool,
    /// Whether it is known where parcels go; who buys must have said it.
    pub is_registered: bool,
    /// What they want to be called.
    #[schema(required, example = "空")]
    pub display_name: Option<String>,
    /// Who takes parcels.
    #[schema(required, example = "佐藤 空")]
    pub name: Option<String>,
    /// The postal code.
    #[schema(required)]
    pub zip_code: Option<ZipCode>,
    /// What follows the postal code.
    #[schema(required, example = "石川県金沢市広坂1-2-3")]
    pub address: Option<String>,
    /// How whoever brings parcels reaches somebody.
    #[schema(required, example = "076-123-4567")]
    pub phone_number: Option<String>,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

impl Me {
    /// Somebody's account with what they have told.
    pub fn of(account: Account, customer: Customer) -> Self {
        let address = customer.address;
        Self {
            user_id: account.user_id,
            email: account.email,
            is_email_verified: account.email_verified_at.is_some(),
            is_registered: address.is_some(),
            display_name: customer.display_name,
            name: address.as_ref().map(|it| it.name.clone()),
            zip_code: address.as_ref().map(|it| it.zip_code.clone()),
            phone_number: address.as_ref().map(|it| it.phone_number.clone()),
            address: address.map(|it| it.address),
            created_at: account.created_at,
        }
    }
}

/// Me as a customer
///
/// Whoever has an account is one.
#[utoipa::path(
    get, path = "/api/user", tag = "market",
    operation_id = "getCustomer",
    security(("access_token" = [])),
    responses(
        (status = 200, body = Me, description = "The customer"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
    )
)]
pub async fn me(State(app): State<App>, user: User) -> Result<axum::Json<Me>> {
    let (account, customer) = customer::read(&app, user.id).await?;
    Ok(axum::Json(Me::of(account, customer)))
}
