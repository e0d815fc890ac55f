//! `PATCH /api/makers/me`: changes me as a maker, and with it what is shown of all I make.

use axum::extract::State;
use enishi_shared::{
    App, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Json,
    patch::{self, Patch, given},
    store::{Race, Written},
    validate,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item,
    maker::{MAX_FEE, Maker, Notice, maker_key, no_maker},
    my_maker::MyMaker,
};

/// `market-update-maker`
///
/// Budget: the maker, the change.
pub const FUNCTION: Function = Function::http("market-update-maker", || {
    OpenApiRouter::new().routes(routes!(update_maker))
})
.budget(2);

/// What is to change: what is left out stays; null clears what may be without a value.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"shipping_fee": 600}))]
pub struct MakerUpdate {
    /// What one is called as a maker.
    #[garde(inner(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "縁工房"
    )]
    pub maker_name: Option<String>,
    /// About oneself; `""` clears too.
    #[garde(inner(length(chars, min = 1, max = 2000), custom(validate::prose)))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 2000, example = "金沢の小さな工房です。")]
    pub description: Patch<String>,
    /// What sending a parcel costs, in yen.
    #[garde(inner(range(max = MAX_FEE)))]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 0, maximum = 99_999, example = 600)]
    pub shipping_fee: Option<u32>,
    /// All of the notice; without one nothing is on sale.
    #[garde(dive)]
    #[serde(default)]
    #[schema(value_type = Option<Notice>)]
    pub notice: Patch<Notice>,
}

/// Changes me as a maker
#[utoipa::path(
    patch, path = "/api/makers/me", tag = "market",
    operation_id = "updateMyMaker",
    security(("access_token" = [])),
    request_body = MakerUpdate,
    responses(
        (status = 200, body = MyMaker, description = "The maker as they are now"),
        (status = 400, body = ErrorBody, description = "A value is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a maker"),
    )
)]
pub async fn update_maker(
    State(app): State<App>,
    user: User,
    Json(body): Json<MakerUpdate>,
) -> Result<axum::Json<MyMaker>> {
    let table = item::table(&app)?;
    let place = maker_key(user.id);
    let mut race = Race::new(&app);
    loop {
        let maker = table.get::<Maker>(&place).await?;
        let before = maker.ok_or_else(no_maker)?;
        let after = Maker {
            maker_name: body.maker_name.clone().unwrap_or(before.maker_name.clone()),
            description: body.description.clone().or(before.description.clone()),
            shipping_fee: body.shipping_fee.unwrap_or(before.shipping_fee),
            notice: body.notice.clone().or(before.notice.clone()),
            ..before.clone()
        };
        let change = before
            .change()
            .set("maker_name", &after.maker_name)
            .set("shipping_fee", after.shipping_fee)
            .patch("description", &body.description)
            .patch("notice", &body.notice);
        match table.update(place.clone(), change).await? {
            Written::Done => return Ok(axum::Json(after.into())),
            Written::Refused(_) => race.lost().await?,
        }
    }
}
