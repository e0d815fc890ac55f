//! `PATCH /api/address`: changes where parcels to me go.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, auth::User, error::ErrorBody, http::Json, patch::given, validate,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    customer::{self, Address, ZipCode, telephone},
    me::Me,
};

/// `market-update-address`
///
/// Budget: the account and what was told, at once; the change.
pub const FUNCTION: Function = Function::http("market-update-address", || {
    OpenApiRouter::new().routes(routes!(update_address))
})
.budget(3);

/// What is to change: what is left out stays.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"phone_number": "076-765-4321"}))]
pub struct AddressUpdate {
    /// Who takes parcels.
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
        example = "佐藤 空"
    )]
    pub name: Option<String>,
    /// The postal code.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub zip_code: Option<ZipCode>,
    /// What follows the postal code.
    #[garde(inner(
        length(chars, min = 1, max = 200),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = r"^\S(.*\S)?$",
        example = "石川県金沢市広坂1-2-3"
    )]
    pub address: Option<String>,
    /// How whoever brings parcels reaches somebody.
    #[garde(inner(custom(telephone)))]
    #[serde(default, deserialize_with = "given")]
    #[schema(
        nullable = false,
        pattern = r"^(0|\+[1-9])(-?[0-9]){9,14}$",
        example = "076-765-4321"
    )]
    pub phone_number: Option<String>,
}

/// Changes where parcels to me go
#[utoipa::path(
    patch, path = "/api/address", tag = "market",
    operation_id = "updateCustomerAddress",
    security(("access_token" = [])),
    request_body = AddressUpdate,
    responses(
        (status = 200, body = Me, description = "The customer as they are now"),
        (status = 400, body = ErrorBody, description = "A value is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
        (status = 404, body = ErrorBody, description = "None was told yet"),
    )
)]
pub async fn update_address(
    State(app): State<App>,
    user: User,
    Json(body): Json<AddressUpdate>,
) -> Result<axum::Json<Me>> {
    customer::change(&app, user.id, |customer| {
        let before = customer.address.take();
        let before = before.ok_or_else(|| Error::not_found("address"))?;
        customer.address = Some(Address {
            name: body.name.clone().unwrap_or(before.name),
            zip_code: body.zip_code.clone().unwrap_or(before.zip_code),
            address: body.address.clone().unwrap_or(before.address),
            phone_number: body.phone_number.clone().unwrap_or(before.phone_number),
        });
        Ok(())
    })
    .await
}
