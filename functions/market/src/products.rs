//! `GET /api/products`: what I make.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
};
use enishi_shared::{
    App, Error, Function, Result,
    auth::User,
    error::ErrorBody,
    http::Query,
    page::{PageQuery, next_link},
    store::{Key, decode, s},
};
use futures_util::future::try_join3;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    held,
    item::{self, Item, item_key},
    maker::{MADE, Made, Maker, maker_key, no_maker, partition},
    product::Product,
};

/// `market-products`
///
/// Budget: the maker, which items are theirs and what is held of them, at once; these, and their stock.
pub const FUNCTION: Function = Function::http("market-products", || {
    OpenApiRouter::new().routes(routes!(products))
})
.budget(5);

/// The most a page has.
const MOST: i32 = 50;

/// What I make
///
/// The newest first, hidden ones among them.
#[utoipa::path(
    get, path = "/api/products", tag = "market",
    operation_id = "listMyProducts",
    security(("access_token" = [])),
    params(PageQuery<MOST>),
    responses(
        (status = 200, body = [Product], description = "The items; `Link` leads to the next page"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not a maker"),
    )
)]
pub async fn products(
    State(app): State<App>,
    user: User,
    uri: Uri,
    Query(query): Query<PageQuery<MOST>>,
) -> Result<(HeaderMap, axum::Json<Vec<Product>>)> {
    let after = query.after()?;
    let number = after
        .as_deref()
        .map(|sk| sk.strip_prefix(MADE).unwrap_or_default());
    if number.is_some_and(|it| it.len() != 10 || !it.bytes().all(|byte| byte.is_ascii_digit())) {
        return Err(Error::invalid("cursor", "cursor is not one of this list"));
    }
    let table = item::table(&app)?;
    let pk = partition(user.id);
    let made = table
        .query("pk = :maker AND begins_with(sk, :item)")
        .value(":maker", s(&*pk))
        .value(":item", s(MADE))
        .descending()
        .limit(query.limit())
        .after(after.map(|sk| Key::new(&*pk, sk).attributes()))
        .page::<Made>();
    let place = maker_key(user.id);
    let held = held::of_maker(&table, user.id);
    let (maker, made, held) = try_join3(table.get::<Maker>(&place), made, held).await?;
    maker.ok_or_else(no_maker)?;
    let next = made.next.as_ref().and_then(Key::of).map(|key| key.sk);
    let keys = made.items.iter().map(|made| item_key(made.item_id));
    let keys: Vec<Key> = keys.collect();
    let mut found = table.batch_get(&keys).await?;
    let items = keys.iter().filter_map(|key| found.remove(key));
    let items: Vec<Item> = items.map(decode).collect::<Result<_>>()?;
    let items = items.into_iter().filter(|item| !item.is_deleted).collect();
    Ok((
        next_link(&uri, query.limit(), next.as_deref()),
        axum::Json(Product::all(&app, &table, items, &held).await?),
    ))
}
