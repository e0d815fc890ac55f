//! `PATCH /api/products/{item_id}`: changes an item of mine.
//!
//! What there is of it is changed by so much, never to so much: a sale in between stands.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::{Json, Path},
    idempotency::IdempotencyKey,
    patch::{self, Patch, given},
    reserve,
    store::{Change, Outcome, Race, Transaction},
    validate,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item::{self, Item, ItemId, MAX_PRICE, MAX_STOCK, MIN_PRICE, Offer, item_key},
    product::{Product, own},
};

/// `market-update-product`
///
/// Budget: the item, the change, the stock and what is held of it, at once; where the stock goes down and lies in
/// both buckets: both, and the change again.
pub const FUNCTION: Function = Function::http("market-update-product", || {
    OpenApiRouter::new().routes(routes!(update_product))
})
.budget(4);

/// What is to change: what is left out stays; null, or `""`, clears what may be without a value.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"price": 3_200}))]
pub struct ProductUpdate {
    /// What it is called.
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
        example = "九谷焼の湯のみ"
    )]
    pub item_name: Option<String>,
    /// About it: at most 2,000 characters, line breaks among them.
    #[garde(inner(length(chars, min = 1, max = 2000), custom(validate::prose)))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 2000, example = "一つずつ手で絵付けをしています。")]
    pub description: Patch<String>,
    /// In yen: 50 at the least.
    #[garde(inner(range(min = MIN_PRICE, max = MAX_PRICE)))]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = 50, maximum = 9_999_999, example = 3_200)]
    pub price: Option<u32>,
    /// Its colour: at most 50 characters.
    #[garde(inner(
        length(chars, min = 1, max = 50),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 50, pattern = r"^(\S(.*\S)?)?$", example = "青")]
    pub color: Patch<String>,
    /// The series it is of: at most 100 characters.
    #[garde(inner(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 100, pattern = r"^(\S(.*\S)?)?$", example = "春の器")]
    pub series: Patch<String>,
    /// How large it is: at most 100 characters.
    #[garde(inner(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[serde(default, deserialize_with = "patch::text")]
    #[schema(value_type = Option<String>, max_length = 100, pattern = r"^(\S(.*\S)?)?$", example = "直径 8 cm")]
    pub item_size: Patch<String>,
    /// Whether it is to be sold. What an operator hides only an operator shows again.
    #[garde(skip)]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false)]
    pub status: Option<Offer>,
    /// How many more there are, or fewer; with an `Idempotency-Key`.
    #[garde(inner(range(min = -MAX_DELTA, max = MAX_DELTA)))]
    #[serde(default, deserialize_with = "given")]
    #[schema(nullable = false, minimum = -99_999, maximum = 99_999, example = 3)]
    pub stock_delta: Option<i32>,
}

/// The most by which the stock changes at once.
const MAX_DELTA: i32 = MAX_STOCK as i32;

/// Changes an item of mine
///
/// What is left out stays. `stock_delta` wants an `Idempotency-Key`: the same key with the same body changes
/// the stock once.
#[utoipa::path(
    patch, path = "/api/products/{item_id}", tag = "market",
    operation_id = "updateProduct",
    security(("access_token" = [])),
    params(("item_id" = ItemId, Path, description = "The item"), IdempotencyKey),
    request_body = ProductUpdate,
    responses(
        (status = 200, body = Product, description = "The item as it is now"),
        (status = 400, body = ErrorBody, description = "A value is wrong, or `stock_delta` without an `Idempotency-Key`"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No item of one's own"),
        (status = 409, body = ErrorBody, description = "Fewer are free than are taken away, an operator hides it, or the `Idempotency-Key` was used for something else"),
    )
)]
pub async fn update_product(
    State(app): State<App>,
    user: User,
    Path(item_id): Path<ItemId>,
    key: IdempotencyKey,
    Json(body): Json<ProductUpdate>,
) -> Result<axum::Json<Product>> {
    let me = user.id;
    if body.stock_delta.is_some() && key.0.is_none() {
        return Err(Error::missing("Idempotency-Key"));
    }
    let scope = format!("market-update-product\n{me}\n{item_id}");
    let creation = key.creation(&app, &scope, &format!("{body:?}"))?;
    let table = item::table(&app)?;
    let stock = item::stock(&app, &table, item_id)?;
    let delta = body.stock_delta.unwrap_or_default();
    let (more, fewer) = (delta.max(0).unsigned_abs(), delta.min(0).unsigned_abs());
    let mut taking = stock.taking(fewer);
    let mut race = Race::new(&app);
    let item = loop {
        let before = own(&table, me, item_id).await?;
        if body.status == Some(Offer::OnSale) && before.is_withheld {
            return Err(Error::conflict("an operator hides this item"));
        }
        let after = changed(&before, &body);
        let mut tx = Transaction::new(&app);
        let item = tx.update(&table, item_key(item_id), change(&before, &after));
        stock.add(&mut tx, more);
        taking.take(&mut tx);
        match tx.commit_once(&table, creation.as_ref(), &item_id).await? {
            Outcome::Done => break after,
            Outcome::Replayed { .. } => break before,
            Outcome::Refused(refused) => {
                if let reserve::Next::Short { left } = taking.after(&refused).await? {
                    return Err(Error::conflict(format!("only {left} are free")));
                }
                if refused.is(item) {
                    race.lost().await?;
                }
            }
        }
    };
    Ok(axum::Json(Product::read(&app, &table, item).await?))
}

/// The item with what the update says of it.
fn changed(before: &Item, update: &ProductUpdate) -> Item {
    let before = before.clone();
    Item {
        item_name: update.item_name.clone().unwrap_or(before.item_name),
        description: update.description.clone().or(before.description),
        price: update.price.unwrap_or(before.price),
        color: update.color.clone().or(before.color),
        series: update.series.clone().or(before.series),
        item_size: update.item_size.clone().or(before.item_size),
        offer: update.status.unwrap_or(before.offer),
        ..before
    }
}

/// All that a maker says of an item, where nobody has changed it since it was read.
fn change(before: &Item, after: &Item) -> Change {
    let text = |change: Change, name: &str, text: &Option<String>| match text {
        Some(text) => change.set(name, text),
        None => change.remove(name),
    };
    let change = before
        .change()
        .set("item_name", &after.item_name)
        .set("price", after.price)
        .set("offer", after.offer);
    let change = text(change, "description", &after.description);
    let change = text(change, "color", &after.color);
    let change = text(change, "series", &after.series);
    text(change, "item_size", &after.item_size)
}
