//! `POST /api/makers`: becomes a maker.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    accounts::{self, account_key, active},
    auth::User,
    error::ErrorBody,
    http::Json,
    store::{Outcome, Transaction},
    validate,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item,
    maker::{MAX_FEE, Maker, Notice, maker_key},
    my_maker::MyMaker,
};

/// `market-become-maker`
///
/// Budget: the maker, if the account may be used.
pub const FUNCTION: Function = Function::http("market-become-maker", || {
    OpenApiRouter::new().routes(routes!(become_maker))
})
.budget(1);

/// Who wants to sell.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"maker_name": "縁工房", "shipping_fee": 500}))]
pub struct MakerRequest {
    /// What one is called as a maker: 1–100 characters, no space at either end.
    #[garde(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "縁工房"
    )]
    pub maker_name: String,
    /// About oneself: at most 2,000 characters, line breaks among them.
    #[garde(inner(length(chars, min = 1, max = 2000), custom(validate::prose)))]
    #[schema(
        min_length = 1,
        max_length = 2000,
        pattern = r"\S",
        example = "金沢の小さな工房です。"
    )]
    pub description: Option<String>,
    /// What sending a parcel costs, in yen.
    #[garde(range(max = MAX_FEE))]
    #[schema(minimum = 0, maximum = 99_999, example = 500)]
    pub shipping_fee: u32,
    /// What the law wants to be said of who sells; without it nothing is on sale.
    #[garde(dive)]
    pub notice: Option<Notice>,
}

/// Become a maker
///
/// What one makes is on sale once money reaches one and the notice is there.
#[utoipa::path(
    post, path = "/api/makers", tag = "market",
    operation_id = "becomeMaker",
    security(("access_token" = [])),
    request_body = MakerRequest,
    responses(
        (status = 201, body = MyMaker, description = "A maker"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
        (status = 409, body = ErrorBody, description = "A maker already"),
    )
)]
pub async fn become_maker(
    State(app): State<App>,
    user: User,
    Json(body): Json<MakerRequest>,
) -> Result<impl IntoResponse> {
    let maker = Maker {
        maker_id: user.id,
        maker_name: body.maker_name,
        description: body.description,
        shipping_fee: body.shipping_fee,
        notice: body.notice,
        stripe_account_id: None,
        onboarded: false,
        suspended: false,
        version: 1,
        created_at: app.now(),
    };
    let mut tx = Transaction::new(&app);
    let made = tx.create(&item::table(&app)?, maker_key(user.id), &maker)?;
    tx.check(&accounts::table(&app)?, account_key(user.id), active());
    match tx.commit().await? {
        Outcome::Done => Ok((StatusCode::CREATED, axum::Json(MyMaker::from(maker)))),
        Outcome::Refused(refused) if refused.is(made) => {
            Err(Error::conflict("you are a maker already"))
        }
        Outcome::Refused(_) => Err(Error::token_invalid()),
    }
}
