//! `GET /api/item`: what is sold, in lists.

use axum::{
    extract::State,
    http::{HeaderMap, Uri},
    response::Response,
};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    error::ErrorBody,
    http::Query,
    media::picture::PhotosUrl,
    page::{PageQuery, next_link},
    validate,
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    cached::answer,
    find::{Wanted, find},
    item::{self, ItemId, ItemStatus, MAX_PRICE},
    list::{Filter, Order, Position},
    preview::{Preview, Shelf},
    text::Words,
};

/// `market-items`
///
/// Budget: the rows of what can be bought and of what is sold out, up to three times of each where they are
/// narrowed by price and not ordered by it; with a keyword: the pairs of its characters, its words of one
/// character, the facts, documents.
pub const FUNCTION: Function = Function::http("market-items", || {
    OpenApiRouter::new().routes(routes!(items))
})
.budget(crate::find::REQUESTS);

/// The most a page has.
const MOST: i32 = 50;

/// Which items: what is left out may be anything.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ItemsQuery {
    /// `true`: those of the first page only.
    #[garde(skip)]
    #[param(example = true)]
    pub top: Option<bool>,
    /// Whether they can be bought.
    #[garde(skip)]
    #[param(inline)]
    pub status: Option<Shelf>,
    /// Their colour, whatever its case and width, in either kana.
    #[garde(inner(length(chars, min = 1, max = 50), custom(validate::line)))]
    #[param(min_length = 1, max_length = 50, pattern = r"^.*\S.*$", example = "青")]
    pub color: Option<String>,
    /// Their series, as the colour.
    #[garde(inner(length(chars, min = 1, max = 100), custom(validate::line)))]
    #[param(
        min_length = 1,
        max_length = 100,
        pattern = r"^.*\S.*$",
        example = "春の器"
    )]
    pub series: Option<String>,
    /// Whose they are.
    #[garde(skip)]
    #[param(value_type = Option<String>, format = "uuid", example = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50")]
    pub maker: Option<UserId>,
    /// What they cost at least, in yen.
    #[garde(range(max = MAX_PRICE))]
    #[param(minimum = 0, maximum = 9_999_999, example = 1_000)]
    pub min_price: Option<u32>,
    /// What they cost at most, in yen.
    #[garde(range(max = MAX_PRICE))]
    #[param(minimum = 0, maximum = 9_999_999, example = 5_000)]
    pub max_price: Option<u32>,
    /// Words, each of which is to be in the name, the description, the series or the maker's name, even
    /// within another word; whatever their case and width, in either kana.
    #[garde(inner(
        length(chars, min = 1, max = 50),
        custom(validate::line),
        custom(findable)
    ))]
    #[param(
        min_length = 1,
        max_length = 50,
        pattern = r"^.*\S.*$",
        example = "湯のみ"
    )]
    pub keyword: Option<String>,
    /// The order, `item_order` unless told.
    #[garde(skip)]
    #[serde(default)]
    #[param(inline, value_type = Option<ItemSort>)]
    pub sort: ItemSort,
    /// How many at the most: 1–50, 20 unless told.
    #[garde(range(min = 1, max = MOST))]
    #[param(minimum = 1, maximum = 50, example = 20)]
    pub limit: Option<i32>,
    /// Where the last page ended, from its `Link` header.
    #[garde(length(max = 512))]
    #[param(min_length = 1, max_length = 512, pattern = "^[A-Za-z0-9_-]+$")]
    pub cursor: Option<String>,
}

/// By what a list is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemSort {
    /// As the house has put them.
    #[default]
    ItemOrder,
    /// The newest first.
    Newest,
    /// The cheapest first.
    Price,
    /// The dearest first.
    #[serde(rename = "-price")]
    PriceDescending,
}

impl ItemSort {
    /// The order, and whether it is the other way round.
    fn order(self) -> (Order, bool) {
        match self {
            Self::ItemOrder => (Order::ItemOrder, false),
            Self::Newest => (Order::Made, true),
            Self::Price => (Order::Price, false),
            Self::PriceDescending => (Order::Price, true),
        }
    }
}

/// Something to look for, for `#[garde(custom(…))]`.
fn findable<C>(keyword: &str, _: &C) -> garde::Result {
    match Words::of(keyword) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new("a word at least")),
    }
}

/// An item in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemPreview {
    /// Its id.
    pub item_id: ItemId,
    /// What it is called.
    #[schema(example = "九谷焼の湯のみ")]
    pub item_name: String,
    /// In yen, without what sending it costs.
    #[schema(example = 3_000)]
    pub price: u32,
    /// Its colour.
    #[schema(required, example = "青")]
    pub color: Option<String>,
    /// The series it is of.
    #[schema(required, example = "春の器")]
    pub series: Option<String>,
    /// How large it is.
    #[schema(required, example = "直径 8 cm")]
    pub item_size: Option<String>,
    /// `on_sale` or `sold_out`.
    pub status: ItemStatus,
    /// Whether it can be bought.
    pub available: bool,
    /// Whether it stands on the first page.
    pub top: bool,
    /// Where it stands unless told otherwise.
    #[schema(example = 12)]
    pub item_order: u32,
    /// Where its first picture is read.
    #[schema(
        required,
        format = "uri",
        example = "https://photos.example.com/items/019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50/1.jpg"
    )]
    pub image: Option<String>,
    /// Whose it is.
    pub maker: ItemMaker,
    /// When it was made.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:00:00Z")]
    pub created_at: Timestamp,
}

/// Whose an item is.
#[derive(Debug, Serialize, ToSchema)]
pub struct ItemMaker {
    /// The maker.
    pub maker_id: UserId,
    /// What they are called.
    #[schema(example = "縁工房")]
    pub maker_name: String,
}

impl ItemPreview {
    /// What lists show of it.
    pub fn of(item: Preview, photos: &PhotosUrl) -> Self {
        Self {
            image: item.image.map(|key| photos.of(&key)),
            item_id: item.item_id,
            item_name: item.item_name,
            price: item.price,
            color: item.color,
            series: item.series,
            item_size: item.item_size,
            status: item.status.into(),
            available: item.status == Shelf::OnSale,
            top: item.top,
            item_order: item.item_order,
            maker: ItemMaker {
                maker_id: item.maker_id,
                maker_name: item.maker_name,
            },
            created_at: item.created_at,
        }
    }
}

/// What is sold
///
/// All of it, or what the parameters name together. With a keyword or a price range a page may be shorter
/// than its limit; `Link` leads to the next one while there may be more. What a list says is a second old at
/// the most; an item itself says how it stands.
#[utoipa::path(
    get, path = "/api/item", tag = "market",
    operation_id = "listItems",
    params(ItemsQuery),
    responses(
        (status = 200, body = [ItemPreview], description = "A page; with an `ETag`, for shared caches"),
        (status = 304, description = "As `If-None-Match` has it"),
        (status = 400, body = ErrorBody, description = "A parameter is wrong"),
    )
)]
pub async fn items(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    Query(query): Query<ItemsQuery>,
) -> Result<Response> {
    page(&app, &uri, &headers, query).await
}

/// A page of what a query names.
///
/// # Errors
/// `invalid_parameter` on `cursor`; `service_unavailable` when DynamoDB does not answer.
pub async fn page(
    app: &App,
    uri: &Uri,
    headers: &HeaderMap,
    query: ItemsQuery,
) -> Result<Response> {
    let page = PageQuery::<MOST> {
        limit: query.limit,
        cursor: query.cursor,
    };
    let after = page.after()?.map(|after| {
        let wrong = || Error::invalid("cursor", "cursor is not one of this list");
        Position::read(&after).ok_or_else(wrong)
    });
    let (order, descending) = query.sort.order();
    let wanted = Wanted {
        filter: Filter {
            top: query.top.unwrap_or_default(),
            status: query.status,
            color: query.color,
            series: query.series,
            maker: query.maker,
            min_price: query.min_price,
            max_price: query.max_price,
        },
        words: query.keyword.as_deref().and_then(Words::of),
        order,
        descending,
        limit: usize::try_from(page.limit()).unwrap_or_default(),
        after: after.transpose()?,
    };
    let found = find(&item::table(app)?, &wanted).await?;
    let next = found.next.map(|next| next.to_string());
    let link = next_link(uri, page.limit(), next.as_deref());
    let photos = app.config::<PhotosUrl>()?;
    let items = found.items.into_iter();
    let items: Vec<ItemPreview> = items.map(|item| ItemPreview::of(item, &photos)).collect();
    answer(headers, link, &items)
}
