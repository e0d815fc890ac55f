//! The market: look around, search, fill a cart, buy; the parcel comes.

use enishi_local::import;
use enishi_market::{item::item_key, maker::maker_key, rebuild};
use enishi_rooms::seating::Member;
use serde_json::{Value, json};

use super::{Meter, meter::Usage};
use crate::{
    buy::customers_in,
    market::{items, makers},
    world::{at, people},
};

/// What is counted.
pub const MONTH: &str = "Market: on five days two pages of a list, a search, three items and the cart; an order of two \
                         things every other month, paid for, sent, looked at and received. The shelves' cache is \
                         not counted on.";
/// Days in a month on which somebody looks in.
pub const DAYS: f64 = 5.0;
/// Orders in a month.
const ORDERS: f64 = 0.5;
const ITEMS: usize = 5_000;

/// A month of one customer, with the maker's half of their orders.
pub async fn month() -> Result<Usage, String> {
    let mut meter = Meter::start(at("12:00")?, |_| {}).await?;
    let world = &meter.world;
    let makers = makers();
    let items = items(ITEMS, &makers)?;
    let pairs = || {
        items
            .iter()
            .map(|item| (item, &makers[item.ordinal as usize % makers.len()]))
    };
    import::items(&world.stack, "MarketTable", rebuild::rows(pairs()))?;
    import::items(
        &world.stack,
        "MarketTable",
        items.iter().map(|item| (item_key(item.item_id), item)),
    )?;
    import::items(
        &world.stack,
        "MarketTable",
        makers
            .iter()
            .map(|maker| (maker_key(maker.maker_id), maker)),
    )?;

    let both = people(2);
    customers_in(world, &both)?;
    let mut tokens = Vec::new();
    for one in &both {
        tokens.push(world.token(one).await?);
    }
    let [customer, maker] = [0, 1].map(|at| tokens.get(at).map(String::as_str));
    let maker_id = both
        .get(1)
        .map(|Member { user_id, .. }| user_id.to_string());
    let sold = open_shop(&meter, maker).await?;
    meter.taken().await?;

    let client = &meter.client;
    let list = client
        .expect("GET", "/api/item?limit=30", None, None)
        .await?;
    client
        .expect(
            "GET",
            "/api/item?limit=30&color=%E9%9D%92&sort=price",
            None,
            None,
        )
        .await?;
    client
        .expect(
            "GET",
            "/api/item/search?keyword=%E6%B9%AF%E3%81%AE%E3%81%BF",
            None,
            None,
        )
        .await?;
    for item in list.as_array().into_iter().flatten().take(3) {
        let path = format!("/api/item/{}", item["item_id"].as_str().unwrap_or_default());
        client.expect("GET", &path, None, None).await?;
    }
    client.expect("GET", "/api/cart", customer, None).await?;
    let day = meter.taken().await?;

    let client = &meter.client;
    for item in &sold {
        let line = json!({"item_id": item, "quantity": 1});
        client
            .expect("POST", "/api/cart", customer, Some(line))
            .await?;
    }
    let bought = client
        .expect("POST", "/api/buy", customer, Some(json!({})))
        .await?;
    press(&meter, &bought["checkout_url"], "pay").await?;
    let order = bought["transaction_id"]
        .as_str()
        .ok_or("there is no order")?;
    let path = format!("/api/sales/{order}/ship");
    let parcel = json!({"ship_id": "1234-5678-9012", "carrier": "日本郵便"});
    meter
        .client
        .expect("GET", "/api/sales", maker, None)
        .await?;
    meter
        .client
        .expect("POST", &path, maker, Some(parcel))
        .await?;
    let path = format!("/api/transaction/{order}");
    for _ in 0..4 {
        meter.client.expect("GET", &path, customer, None).await?;
    }
    let received = json!({"maker_id": maker_id});
    meter
        .client
        .expect(
            "POST",
            &format!("{path}/received"),
            customer,
            Some(received),
        )
        .await?;
    let order = meter.taken().await?;
    Ok(day * DAYS + order * ORDERS)
}

/// Becomes a maker whom Stripe knows; what they sell.
async fn open_shop(meter: &Meter, token: Option<&str>) -> Result<Vec<Value>, String> {
    let client = &meter.client;
    let maker = json!({
        "maker_name": "花工房", "shipping_fee": 500,
        "notice": {
            "seller": "花工房", "representative": "山田 花", "address": "石川県金沢市広坂1-2-3",
            "phone_number": "076-123-4567", "delivery": "三日以内に発送します。",
            "returns": "破損のときは七日以内にお取り替えします。",
        },
    });
    client
        .expect("POST", "/api/makers", token, Some(maker))
        .await?;
    let link = client
        .expect("GET", "/api/stripe/create", token, None)
        .await?;
    press(meter, &link["url"], "finish").await?;
    let mut sold = Vec::new();
    for name in ["九谷焼の湯のみ", "漆塗りの箸"] {
        let item = json!({
            "item_name": name, "color": "青", "price": 3_000, "stock": 10, "description": "一つずつ手で作っています。",
        });
        let item = client
            .expect("POST", "/api/products", token, Some(item))
            .await?;
        sold.push(item["item_id"].clone());
    }
    Ok(sold)
}

/// Presses a button of Stripe's page, and lets everything hear of it.
async fn press(meter: &Meter, page: &Value, button: &str) -> Result<(), String> {
    meter
        .client
        .press(page.as_str().unwrap_or_default(), button)
        .await?;
    meter.world.stack.stripe().deliver().await;
    meter.world.stack.settle().await;
    Ok(())
}
