//! `POST /api/buy`: buys what is in my cart.
//!
//! What it costs and where it goes are known here alone. Order, stock and payment come to be in one transaction,
//! before there is a Checkout: so whoever asks once more, a second tab or after an answer that was lost, finds
//! the order; and one whose Checkout was never opened ends with its payment.

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use enishi_shared::{
    App, Error, Function, Result, UserId,
    accounts::{self, Account, account_key, active},
    auth::User,
    error::{Code, ErrorBody},
    frontend::FrontendUrl,
    http::Json,
    payments::{self, Line as PaidLine, NewPayment, Opened, PaymentId, Product},
    reserve::{Next, Reserve, Taken, Taking},
    store::{Key, Outcome, Race, Refused, Table, Transaction, decode, when},
};
use garde::Validate;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    cart::{Cart, Offers, cart_key},
    customer::{Customer, customer_key},
    fee::FeeRate,
    item::{self, Item, ItemId, item_key},
    maker::Maker,
    order::{
        CURRENCY, Contents, ORDER, OrderId, OrderLine, OrderMaker, Retention, StoredOrder,
        TransferDays,
        advance::{Caller, act},
        contents_key, mine_key, order_key,
        purchases::{Purchases, purchases_key},
        read,
        state::{Action, Order, Parcel, ParcelState, Refund, Reversal, Sale, Transfer},
    },
};

/// `market-buy`
///
/// Budget: cart, purchases and address; the items, their makers and stock; the order; its payment, and its
/// Checkout: 7. Where the stock lies in several places, 2 more; where another order is open, before that 9: the
/// first four, that order, and its end.
pub const FUNCTION: Function =
    Function::http("market-buy", || OpenApiRouter::new().routes(routes!(buy))).budget(18);

/// For how long an order can be paid for: a Checkout's 31 minutes, and time to open it again.
const LASTS: SignedDuration = SignedDuration::from_mins(36);
/// The most that Stripe charges at once, in yen.
const MOST_YEN: u64 = 99_999_999;

/// Which cart is bought.
#[derive(Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BuyCart, example = json!({"cart_version": "3.q1w2e3r4t5y6u7i8"}))]
pub struct BuyRequest {
    /// The cart as it was seen; without it, whatever is in it now.
    #[garde(length(max = 100))]
    #[serde(default)]
    #[schema(max_length = 100, example = "3.q1w2e3r4t5y6u7i8")]
    pub cart_version: Option<String>,
}

/// An order that can be paid for.
#[derive(Debug, Serialize, ToSchema)]
pub struct Purchase {
    /// The order.
    pub transaction_id: OrderId,
    /// Stripe's page, on which it is paid for.
    #[schema(
        format = "uri",
        example = "https://checkout.stripe.com/c/pay/cs_test_a1b2c3"
    )]
    pub checkout_url: String,
    /// Until when.
    #[schema(value_type = String, format = DateTime, example = "2026-11-20T11:36:00Z")]
    pub expires_at: Timestamp,
}

/// Buys what is in my cart
///
/// The stock is kept until it is paid for, and comes back when it is not. One order can be paid for at a time:
/// bought again with the same lines it is that one, with others that one is called off first. While a slip is
/// out, another order is paid by card.
#[utoipa::path(
    post, path = "/api/buy", tag = "market",
    operation_id = "buyCart",
    security(("access_token" = [])),
    request_body = BuyRequest,
    responses(
        (status = 200, body = Purchase, description = "The order that these lines have been bought by before"),
        (status = 201, body = Purchase, description = "A new order"),
        (status = 400, body = ErrorBody, description = "A value is wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token, or its account is closed"),
        (status = 403, body = ErrorBody, description = "It is not known where parcels go, or the e-mail is not verified"),
        (status = 409, body = ErrorBody, description = "The cart is empty, it or a price has changed, it has something of one's own, or there is too little of an item, which is named"),
        (status = 429, body = ErrorBody, description = "Three orders of the last 24 hours were not paid for"),
    )
)]
pub async fn buy(
    State(app): State<App>,
    user: User,
    Json(body): Json<BuyRequest>,
) -> Result<(StatusCode, axum::Json<Purchase>)> {
    let table = item::table(&app)?;
    let mut race = Race::new(&app);
    loop {
        let found = Found::read(&app, &table, user.id).await?;
        if let Some(seen) = &body.cart_version
            && *seen != found.cart.seen_as(&found.offers)
        {
            return Err(Error::conflict("the cart or a price has changed"));
        }
        let contents = found.contents(&app, user.id)?;
        let bought = match found.purchases.open() {
            Some(open) => again(&app, &table, &found, open, &contents).await?,
            None => first(&app, &table, &found, user.id, contents).await?,
        };
        if let Some((status, stored, opened)) = bought {
            let purchase = Purchase {
                transaction_id: stored.order_id,
                checkout_url: opened.checkout_url,
                expires_at: opened.payment.expires_at,
            };
            return Ok((status, axum::Json(purchase)));
        }
        race.lost().await?;
    }
}

/// An order with its Checkout; none where all is to be looked at anew.
type Bought = Option<(StatusCode, StoredOrder, Opened)>;

/// What a purchase begins with.
struct Found {
    cart: Cart,
    purchases: Purchases,
    customer: Customer,
    offers: Offers,
}

impl Found {
    /// Four requests.
    async fn read(app: &App, table: &Table, me: UserId) -> Result<Self> {
        let keys = [cart_key(me), purchases_key(me), customer_key(me)];
        let mut found = table.batch_get(&keys).await?;
        let cart = found.remove(&keys[0]).map(decode).transpose()?;
        let purchases = found.remove(&keys[1]).map(decode).transpose()?;
        let customer = found.remove(&keys[2]).map(decode).transpose()?;
        let cart: Cart = cart.unwrap_or_default();
        Ok(Self {
            offers: Offers::read(app, table, &cart.items()).await?,
            cart,
            purchases: purchases.unwrap_or_default(),
            customer: customer.unwrap_or_default(),
        })
    }

    /// What is bought, for what, and where it goes.
    fn contents(&self, app: &App, me: UserId) -> Result<Contents> {
        if self.cart.lines.is_empty() {
            return Err(Error::conflict("the cart is empty"));
        }
        let to = self.customer.address.clone();
        let to = to.ok_or_else(|| Error::profile_missing("market"))?;
        let mut makers = BTreeMap::new();
        let mut lines = Vec::with_capacity(self.cart.lines.len());
        let mut missing = Vec::new();
        for line in &self.cart.lines {
            let offered = self.offers.shown(line.item_id).ok();
            let Some((offered, maker)) = offered.and_then(|it| Some((it, sold_by(&it.maker)?)))
            else {
                missing.push(line.item_id);
                continue;
            };
            lines.push(OrderLine {
                item_id: line.item_id,
                item_name: offered.item.item_name.clone(),
                price: offered.item.price,
                quantity: line.quantity,
                maker_id: maker.maker_id,
            });
            makers.insert(maker.maker_id, maker);
        }
        if !missing.is_empty() {
            return Err(not_to_be_had(&missing));
        }
        if makers.contains_key(&me) {
            return Err(Error::conflict("nobody buys what they make themselves"));
        }
        let contents = Contents {
            lines,
            makers: makers.into_values().collect(),
            to,
            ttl: app.config::<Retention>()?.ttl(app.now()),
        };
        match contents.amount() {
            ..=MOST_YEN => Ok(contents),
            _ => Err(Error::conflict(format!(
                "an order costs {MOST_YEN} yen at the most"
            ))),
        }
    }
}

/// Who sells, if they say all that the law wants.
fn sold_by(maker: &Maker) -> Option<OrderMaker> {
    Some(OrderMaker {
        maker_id: maker.maker_id,
        maker_name: maker.maker_name.clone(),
        shipping_fee: maker.shipping_fee,
        notice: maker.notice.clone()?,
    })
}

/// 409 naming the items.
fn not_to_be_had(items: &[ItemId]) -> Error {
    let items: Vec<String> = items.iter().map(ItemId::to_string).collect();
    Error::conflict(format!(
        "not to be had, or not as many: {}",
        items.join(", ")
    ))
}

fn too_many(purchases: &Purchases, now: Timestamp) -> Result<()> {
    match purchases.waits(now) {
        Some(seconds) => Err(Error::too_many_requests(seconds)),
        None => Ok(()),
    }
}

/// What another order is open for: for the same it is that one, for something else that one ends. From 3
/// requests.
async fn again(
    app: &App,
    table: &Table,
    found: &Found,
    open: OrderId,
    contents: &Contents,
) -> Result<Bought> {
    let Some((stored, bought)) = read(app, table, open).await? else {
        return Err(Error::internal("an open order is gone"));
    };
    if bought.is_same_as(contents) && stored.order.sale == Sale::Open {
        if let Some(opened) = checkout(app, &stored, &bought).await? {
            return Ok(Some((StatusCode::OK, stored, opened)));
        }
    } else {
        too_many(&found.purchases, app.now())?;
    }
    let caller = Caller::Customer(stored.user_id);
    match act(app, caller, open, Action::Replace).await {
        // It was paid for meanwhile, or its slip is out: then this is another one.
        Err(error) if error.code() != Code::Conflict => Err(error),
        _ => Ok(None),
    }
}

/// A new order. From 3 requests.
async fn first(
    app: &App,
    table: &Table,
    found: &Found,
    me: UserId,
    contents: Contents,
) -> Result<Bought> {
    too_many(&found.purchases, app.now())?;
    let now = app.now();
    let days = app.config::<TransferDays>()?.0;
    let order = StoredOrder {
        order_id: OrderId::new(app),
        user_id: me,
        payment_id: PaymentId::new(app),
        order: Order::new(parcels(app, &contents)?, days, now),
        cards_only: found.purchases.slip().is_some(),
        taken: Vec::new(),
        version: 1,
        created_at: now,
        expires_at: now + LASTS,
        ttl: contents.ttl,
    };
    let lines = contents.lines.iter();
    let stocks = lines.map(|line| item::stock(app, table, line.item_id));
    let stocks: Vec<Reserve> = stocks.collect::<Result<_>>()?;
    let mut takings: Vec<Taking<'_>> = (stocks.iter().zip(&contents.lines))
        .map(|(stock, line)| stock.taking(line.quantity))
        .collect();
    loop {
        let mut tx = Transaction::new(app);
        let taken: Vec<Taken> = takings.iter_mut().map(|it| it.take(&mut tx)).collect();
        let order = StoredOrder {
            taken,
            ..order.clone()
        };
        let account = begin(&mut tx, table, found, &order, &contents)?;
        let refused = match tx.commit().await? {
            Outcome::Done => {
                let opened = checkout(app, &order, &contents).await?;
                return Ok(opened.map(|opened| (StatusCode::CREATED, order, opened)));
            }
            Outcome::Refused(refused) => refused,
        };
        if refused.is(account) {
            return Err(
                match refused.item(account)?.is_some_and(|it| it.is_active()) {
                    true => Error::forbidden(),
                    false => Error::token_invalid(),
                },
            );
        }
        if !short(&mut takings, &contents, &refused).await? {
            return Ok(None);
        }
    }
}

/// Whether the stock alone was in the way, and may be there at another attempt.
///
/// # Errors
/// `conflict` naming the items of which there is too little.
async fn short(takings: &mut [Taking<'_>], contents: &Contents, refused: &Refused) -> Result<bool> {
    let mut short = Vec::new();
    let mut is_stock = false;
    for (taking, line) in takings.iter_mut().zip(&contents.lines) {
        is_stock |= taking.is_refused(refused);
        if let Next::Short { .. } = taking.after(refused).await? {
            short.push(line.item_id);
        }
    }
    match short.is_empty() {
        true => Ok(is_stock),
        false => Err(not_to_be_had(&short)),
    }
}

/// What each maker sends, and what of it the house keeps.
fn parcels(app: &App, contents: &Contents) -> Result<Vec<Parcel>> {
    let rate = app.config::<FeeRate>()?;
    let makers = contents.makers.iter().map(|maker| {
        let items_amount = contents.lines_of(maker.maker_id).map(OrderLine::amount);
        let items_amount = items_amount.sum();
        let shipping_fee = u64::from(maker.shipping_fee);
        Parcel {
            maker_id: maker.maker_id,
            items_amount,
            shipping_fee,
            fee: rate.of(items_amount + shipping_fee),
            state: ParcelState::Waiting,
            payable_since: app.now(),
            shipment: None,
            reported_at: None,
            reminded: false,
            transfer: Transfer::None,
            refund: Refund::None,
            refunds: 0,
            reversal: Reversal::None,
            owed: 0,
            lost: 0,
        }
    });
    Ok(makers.collect())
}

/// All of an order but its stock: 7 parts and one a line, beside two a line at the most. Answers which part is
/// refused where the account may not buy.
fn begin(
    tx: &mut Transaction,
    table: &Table,
    found: &Found,
    order: &StoredOrder,
    contents: &Contents,
) -> Result<enishi_shared::store::Part<Account>> {
    let (id, me) = (order.order_id, order.user_id);
    tx.create(table, order_key(id), &order.row())?;
    tx.create(table, contents_key(id), contents)?;
    tx.put(table, mine_key(me, id), &order.listed())?;
    found.purchases.begin(tx, table, order);
    tx.check(table, cart_key(me), found.cart.as_read());
    for line in &contents.lines {
        let item = &found.offers.shown(line.item_id)?.item;
        sell(tx, table, item);
    }
    let accounts = accounts::table(tx.app())?;
    let may_buy = active().exists("email_verified_at");
    let account = tx.check(&accounts, account_key(me), may_buy).of();
    let addresses = Addresses::new(tx.app(), order)?;
    let payment = addresses.payment(tx.app(), order, contents)?;
    payments::begin(tx, &payment)?;
    Ok(account)
}

/// The item is as it was read, and is never deleted from now on.
fn sell(tx: &mut Transaction, table: &Table, item: &Item) {
    let place: Key = item_key(item.item_id);
    match item.was_ordered {
        true => tx.check(table, place, when().eq("version", item.version)),
        false => tx.update(table, place, item.change().set("was_ordered", true)),
    };
}

/// The Checkout of an order; none where its payment is over. 2 requests, 1 to Stripe.
async fn checkout(app: &App, order: &StoredOrder, contents: &Contents) -> Result<Option<Opened>> {
    let addresses = Addresses::new(app, order)?;
    match payments::open(app, addresses.payment(app, order, contents)?).await {
        Ok(opened) => Ok(Some(opened)),
        Err(error) if error.code() == Code::Conflict => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where the customer goes from the Checkout.
struct Addresses {
    reference: String,
    order: String,
    cart: String,
}

impl Addresses {
    fn new(app: &App, order: &StoredOrder) -> Result<Self> {
        let frontend = &app.config::<FrontendUrl>()?.0;
        Ok(Self {
            reference: order.order_id.to_string(),
            order: format!("{frontend}/transactions/{}", order.order_id),
            cart: format!("{frontend}/cart"),
        })
    }

    /// A payment as the ledger takes it.
    fn payment(
        &self,
        app: &App,
        order: &StoredOrder,
        contents: &Contents,
    ) -> Result<NewPayment<'_>> {
        Ok(NewPayment {
            payment_id: order.payment_id,
            payer: order.user_id.into(),
            purpose: ORDER,
            reference: &self.reference,
            product: Product::Lines(paid_lines(contents)),
            currency: CURRENCY,
            lasts: order.expires_at.duration_since(app.now()),
            // One slip at a time.
            cards_only: order.cards_only,
            success_url: &self.order,
            cancel_url: &self.cart,
        })
    }
}

/// What the customer reads at the Checkout: at most 60 lines.
fn paid_lines(contents: &Contents) -> Vec<PaidLine> {
    let items = contents.lines.iter().map(|line| PaidLine {
        name: line.item_name.clone(),
        unit_amount: line.price.into(),
        quantity: line.quantity.into(),
    });
    let sending = contents
        .makers
        .iter()
        .filter(|maker| maker.shipping_fee > 0);
    let sending = sending.map(|maker| PaidLine {
        name: format!("送料({})", maker.maker_name),
        unit_amount: maker.shipping_fee.into(),
        quantity: 1,
    });
    items.chain(sending).collect()
}
