//! `GET /api/makers/me`: me as a maker.

use axum::extract::State;
use enishi_shared::{App, Function, Result, UserId, auth::User, error::ErrorBody};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item,
    maker::{Maker, Notice, maker_key, no_maker},
};

/// `market-my-maker`
///
/// Budget: the maker.
pub const FUNCTION: Function = Function::http("market-my-maker", || {
    OpenApiRouter::new().routes(routes!(my_maker))
})
.budget(1);

/// A maker, as they see themselves.
#[derive(Debug, Serialize, ToSchema)]
pub struct MyMaker {
    /// Who.
    pub maker_id: UserId,
    /// What they are called.
    #[schema(example = "縁工房")]
    pub maker_name: String,
    /// About them.
    #[schema(required, example = "金沢の小さな工房です。")]
    pub description: Option<String>,
    /// What sending a parcel costs, in yen.
    #[schema(example = 500)]
    pub shipping_fee: u32,
    /// What the law wants to be said of who sells.
    #[schema(required)]
    pub notice: Option<Notice>,
    /// Whether money reaches them.
    pub onboarded: bool,
    /// Whether an operator keeps them from selling.
    pub suspended: bool,
    /// Whether what they make is on sale: with a notice, onboarded and not suspended.
    pub sells: bool,
    /// When they became one.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

impl From<Maker> for MyMaker {
    fn from(maker: Maker) -> Self {
        Self {
            sells: maker.is_able(),
            maker_id: maker.maker_id,
            maker_name: maker.maker_name,
            description: maker.description,
            shipping_fee: maker.shipping_fee,
            notice: maker.notice,
            onboarded: maker.onboarded,
            suspended: maker.suspended,
            created_at: maker.created_at,
        }
    }
}

/// Me as a maker
#[utoipa::path(
    get, path = "/api/makers/me", tag = "market",
    operation_id = "getMyMaker",
    security(("access_token" = [])),
    responses(
        (status = 200, body = MyMaker, description = "The maker"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a maker"),
    )
)]
pub async fn my_maker(State(app): State<App>, user: User) -> Result<axum::Json<MyMaker>> {
    let table = item::table(&app)?;
    let maker = table.get::<Maker>(&maker_key(user.id)).await?;
    Ok(axum::Json(maker.ok_or_else(no_maker)?.into()))
}
