//! `POST /api/products`: another item of mine.

use axum::{extract::State, http::StatusCode, response::IntoResponse};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Json,
    idempotency::IdempotencyKey,
    media::picture::PhotosUrl,
    store::{Change, Outcome, Race, Transaction, decode, when},
    throttle::{self, Limit},
    validate,
};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item::{self, Item, ItemId, MAX_PRICE, MAX_STOCK, MIN_PRICE, Next, Offer, item_key, next_key},
    maker::{Made, made_key, maker_key, no_maker},
    product::{Product, ProductStock, own},
};

/// `market-add-product`
///
/// Budget: the throttle; the maker with the number of the next item; the item; of a replay, what it made, its stock
/// and what is held of it.
pub const FUNCTION: Function = Function::http("market-add-product", || {
    OpenApiRouter::new().routes(routes!(add_product))
})
.budget(6);

/// How many one maker may add.
const BY_ONE_MAKER: Limit = Limit::new("PRODUCT_RATE", 100, 60 * 60);

/// Something to be sold.
#[derive(Debug, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"item_name": "九谷焼の湯のみ", "price": 3_000, "stock": 5, "color": "青"}))]
pub struct ProductRequest {
    /// What it is called: 1–100 characters, no space at either end.
    #[garde(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "九谷焼の湯のみ"
    )]
    pub item_name: String,
    /// About it: at most 2,000 characters, line breaks among them.
    #[garde(inner(length(chars, min = 1, max = 2000), custom(validate::prose)))]
    #[schema(
        min_length = 1,
        max_length = 2000,
        pattern = r"\S",
        example = "一つずつ手で絵付けをしています。"
    )]
    pub description: Option<String>,
    /// In yen: 50 at the least.
    #[garde(range(min = MIN_PRICE, max = MAX_PRICE))]
    #[schema(minimum = 50, maximum = 9_999_999, example = 3_000)]
    pub price: u32,
    /// How many there are.
    #[garde(range(max = MAX_STOCK))]
    #[schema(minimum = 0, maximum = 99_999, example = 5)]
    pub stock: u32,
    /// Its colour: at most 50 characters.
    #[garde(inner(
        length(chars, min = 1, max = 50),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[schema(
        min_length = 1,
        max_length = 50,
        pattern = r"^\S(.*\S)?$",
        example = "青"
    )]
    pub color: Option<String>,
    /// The series it is of: at most 100 characters.
    #[garde(inner(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "春の器"
    )]
    pub series: Option<String>,
    /// How large it is, in one's own words: at most 100 characters.
    #[garde(inner(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    ))]
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "直径 8 cm"
    )]
    pub item_size: Option<String>,
    /// Whether it is to be sold at once; it is unless told otherwise.
    #[garde(skip)]
    #[serde(default)]
    #[schema(value_type = Option<Offer>, nullable = false)]
    pub status: Offer,
}

/// Adds an item of mine
///
/// Others see it within a second, if money reaches its maker, who has said all that the law wants.
#[utoipa::path(
    post, path = "/api/products", tag = "market",
    operation_id = "addProduct",
    security(("access_token" = [])),
    params(IdempotencyKey),
    request_body = ProductRequest,
    responses(
        (status = 201, body = Product, description = "It is one of mine"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a maker"),
        (status = 409, body = ErrorBody, description = "The `Idempotency-Key` was used for something else"),
        (status = 429, body = ErrorBody, description = "Too many items; `Retry-After` says when"),
    )
)]
pub async fn add_product(
    State(app): State<App>,
    user: User,
    key: IdempotencyKey,
    Json(body): Json<ProductRequest>,
) -> Result<impl IntoResponse> {
    let me = user.id;
    let creation = key.creation(&app, &format!("market-add-product\n{me}"), &body)?;
    let (table, photos) = (item::table(&app)?, app.config::<PhotosUrl>()?);
    throttle::count(&app, &table, "product", &me.to_string(), &BY_ONE_MAKER).await?;
    let (free, places) = (body.stock, [maker_key(me), next_key()]);
    let mut item = Item {
        item_id: ItemId::new(&app),
        ordinal: 0,
        maker_id: me,
        item_name: body.item_name,
        description: body.description,
        price: body.price,
        color: body.color,
        series: body.series,
        item_size: body.item_size,
        offer: body.status,
        is_withheld: false,
        top: false,
        item_order: 0,
        available: free > 0,
        images: Vec::new(),
        was_ordered: false,
        is_deleted: false,
        version: 1,
        created_at: app.now(),
    };
    let mut race = Race::new(&app);
    let product = loop {
        let mut found = table.batch_get(&places).await?;
        if !found.contains_key(&places[0]) {
            return Err(no_maker());
        }
        let next: Option<Next> = found.remove(&places[1]).map(decode).transpose()?;
        let number = next.as_ref().map(|it| it.next);
        item.ordinal = number.unwrap_or_default();
        item.item_order = item.ordinal;
        let mut tx = Transaction::new(&app);
        let one_more = Change::new()
            .set("next", item.ordinal + 1)
            .when(when().same("next", number));
        let counted = tx.update(&table, next_key(), one_more);
        tx.check(&table, maker_key(me), when().exists("pk"));
        tx.create(&table, item_key(item.item_id), &item)?;
        let item_id = item.item_id;
        tx.create(&table, made_key(me, item.ordinal), &Made { item_id })?;
        item::stock(&app, &table, item_id)?.add(&mut tx, free);
        match tx.commit_once(&table, creation.as_ref(), &item_id).await? {
            Outcome::Done => {
                break Product::of(
                    item,
                    ProductStock {
                        free: free.into(),
                        held: 0,
                    },
                    &photos,
                );
            }
            Outcome::Replayed { id, .. } => {
                let before = own(&table, me, id).await.map_err(|_| {
                    Error::conflict("this Idempotency-Key was used for an item that is gone")
                })?;
                break Product::read(&app, &table, before).await?;
            }
            Outcome::Refused(refused) if refused.is(counted) => race.lost().await?,
            Outcome::Refused(_) => return Err(no_maker()),
        }
    };
    Ok((StatusCode::CREATED, axum::Json(product)))
}
