//! A maker and her customers, from their log-in with Firebase to a cart whose price changes, the race for the last
//! piece, and what becomes of the money; played through the public API of a stack in memory.

mod orders;
mod parcels;

use bytes::Bytes;
use http::{Request, header};
use http_body_util::Full;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{Client, text};
use crate::{
    client::declared,
    picture::bowl,
    stack::{Options, Stack},
};

/// What the maker makes.
const ITEMS: [(&str, &str, u32, u32); 6] = [
    ("九谷焼の湯のみ", "青", 3_000, 2),
    ("九谷焼の豆皿", "青", 1_200, 10),
    ("手描きのマグカップ", "白", 2_800, 1),
    ("漆塗りの箸", "赤", 1_800, 30),
    ("Walnut spoon", "茶", 900, 5),
    ("吹きガラスの一輪挿し", "青", 4_500, 1),
];

/// Plays it and shows it.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn run() -> Result<(), String> {
    let stack = Stack::start(Options::in_memory(Timestamp::now())).await?;
    let client = Client::new(stack.url());
    let play = Play { stack, client };
    println!(
        "hana, sora and riku log in with Firebase, which knows that their addresses are theirs."
    );
    let hana = play.log_in("hana").await?;
    let sora = play.log_in("sora").await?;
    let riku = play.log_in("riku").await?;
    let address = json!({
        "name": "佐藤 空", "zip_code": "9200001", "address": "石川県金沢市広坂1-2-3",
        "phone_number": "076-123-4567",
    });
    let customer = play
        .expect("POST", "/api/address", &sora, Some(address.clone()))
        .await?;
    play.expect("POST", "/api/address", &riku, Some(address))
        .await?;
    println!(
        "sora's parcels go to 〒{} {}, {}.",
        text(&customer, "zip_code"),
        text(&customer, "address"),
        text(&customer, "name"),
    );
    for told in ["is_registered", "is_email_verified"] {
        if customer[told] != true {
            return Err(format!("{told} should be true: {customer}"));
        }
    }

    println!("\nhana becomes a maker, tells Stripe about herself and lists what she makes.");
    let maker = json!({
        "maker_name": "花工房", "shipping_fee": 500, "description": "金沢の小さな工房です。",
        "notice": {
            "seller": "花工房", "representative": "山田 花", "address": "石川県金沢市広坂1-2-3",
            "phone_number": "076-123-4567", "delivery": "三日以内に発送します。",
            "returns": "破損のときは七日以内にお取り替えします。",
        },
    });
    play.expect("POST", "/api/makers", &hana, Some(maker))
        .await?;
    let link = play
        .expect("GET", "/api/stripe/create", &hana, None)
        .await?;
    let mut ids = Vec::new();
    for (name, color, price, stock) in ITEMS {
        let item = json!({
            "item_name": name, "color": color, "price": price, "stock": stock,
            "description": "一つずつ手で作っています。",
        });
        let item = play
            .expect("POST", "/api/products", &hana, Some(item))
            .await?;
        ids.push(text(&item, "item_id"));
    }
    println!(
        "The first one has a picture: {}",
        play.picture(&hana, &ids).await?
    );
    play.stack.settle().await;
    println!(
        "Before Stripe knows her, {} items are on sale.",
        play.found("").await?.len()
    );
    play.press(&text(&link, "url"), "finish").await?;
    let listed = play.found("").await?;
    println!("Then {}: {}", listed.len(), listed.join(", "));
    if listed.len() != ITEMS.len() {
        return Err("all of them should be on sale".into());
    }

    println!("\nsora looks for things; kana, case and width do not matter, parts of words do.");
    for (shown, query) in [
        ("青, the cheapest first", "color=%E9%9D%92&sort=price"),
        ("マグ", "keyword=%E3%83%9E%E3%82%B0"),
        (
            "まぐかっぷ",
            "keyword=%E3%81%BE%E3%81%90%E3%81%8B%E3%81%A3%E3%81%B7",
        ),
        ("皿", "keyword=%E7%9A%BF"),
        ("walnut", "keyword=walnut"),
        (
            "花工房 箸",
            "keyword=%E8%8A%B1%E5%B7%A5%E6%88%BF%20%E7%AE%B8",
        ),
    ] {
        let found = play.found(query).await?;
        println!("  {shown}: {}", found.join(", "));
        if found.is_empty() {
            return Err(format!("{shown} should be found"));
        }
    }

    for item in ids.iter().take(2) {
        let line = json!({"item_id": item, "quantity": 2});
        play.expect("POST", "/api/cart", &sora, Some(line)).await?;
    }
    let before = play.cart(&sora).await?;
    println!("\nhana sells one elsewhere and makes the other dearer.");
    for (item, change) in ids
        .iter()
        .zip([json!({"stock_delta": -1}), json!({"price": 1_500})])
    {
        play.change(&hana, item, change).await?;
    }
    let after = play.cart(&sora).await?;
    if after["cart_version"] == before["cart_version"] {
        return Err("the cart should be another one".into());
    }

    let customers = [("sora", sora), ("riku", riku)].map(|(name, token)| Customer { name, token });
    let [last, other, ..] = &ids[..] else {
        return Err("there should be things to buy".into());
    };
    let [one, two] = &customers;
    let (winner, orders) = orders::run(&play, [one, two], last, other).await?;
    parcels::run(&play, &hana, winner, orders.each_ref().map(String::as_str)).await
}

/// Somebody who buys.
struct Customer {
    name: &'static str,
    token: String,
}

struct Play {
    stack: Stack,
    client: Client,
}

impl Play {
    /// Signs somebody up at Firebase, where their address is verified, and logs them in here.
    async fn log_in(&self, name: &str) -> Result<String, String> {
        let firebase = Client::of_firebase(&self.stack.aws_url());
        let email = format!("{name}@example.com");
        let up = firebase.sign_up_at_firebase(&email, "the path to the shrine", name);
        let token = json!({"id_token": up.await?["idToken"]});
        let session = self
            .client
            .expect("POST", "/api/session", None, Some(token))
            .await?;
        Ok(text(&session, "access_token"))
    }

    async fn expect(
        &self,
        method: &str,
        path: &str,
        token: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        self.client.expect(method, path, Some(token), body).await
    }

    /// Presses a button of Stripe's page, and lets everything hear of it.
    async fn press(&self, page: &str, button: &str) -> Result<(), String> {
        self.client.press(page, button).await?;
        self.stack.stripe().deliver().await;
        self.stack.settle().await;
        Ok(())
    }

    /// Draws a picture of the first item, uploads it and shows it; its address.
    async fn picture(&self, token: &str, items: &[String]) -> Result<String, String> {
        let file = bowl([58, 98, 150]).map_err(|error| error.to_string())?;
        let path = format!("/images/{}", items.first().map_or("", String::as_str));
        let wanted = declared("image/png", &file);
        let allowed = self.expect("POST", &path, token, Some(wanted)).await?;
        self.client.upload(&allowed, file.clone()).await?;
        let images = json!({"images": [allowed["image_id"]]});
        let shown = self.expect("PUT", &path, token, Some(images)).await?;
        let url = text(&shown[0], "url");
        let request = Request::get(&url).body(Full::default());
        let request = request.map_err(|error| error.to_string())?;
        match self.client.request(request).await? {
            (200, _) => Ok(format!("{url} ({} bytes)", file.len())),
            (status, answer) => Err(format!("{url} answered {status}: {answer}")),
        }
    }

    /// The names of a list's items.
    async fn found(&self, query: &str) -> Result<Vec<String>, String> {
        let path = format!("/api/item?{query}");
        let found = self.client.expect("GET", &path, None, None).await?;
        let items = found.as_array().into_iter().flatten();
        Ok(items.map(|item| text(item, "item_name")).collect())
    }

    /// Shows somebody's cart.
    async fn cart(&self, token: &str) -> Result<Value, String> {
        let cart = self.expect("GET", "/api/cart", token, None).await?;
        println!("\nThe cart:");
        for line in cart["lines"].as_array().into_iter().flatten() {
            println!(
                "  {} × {}, {} yen, {}",
                text(line, "item_name"),
                line["quantity"],
                line["price"],
                text(line, "state"),
            );
        }
        println!("  {} yen with sending", cart["total_amount"]);
        Ok(cart)
    }

    /// Changes an item.
    async fn change(&self, token: &str, item: &str, body: Value) -> Result<(), String> {
        let request = Request::patch(format!("{}/api/products/{item}", self.stack.url()))
            .header(header::AUTHORIZATION, format!("Bearer {token}"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", item)
            .body(Full::new(Bytes::from(body.to_string())));
        let request = request.map_err(|error| error.to_string())?;
        match self.client.request(request).await? {
            (200, _) => Ok(()),
            (status, answer) => Err(format!("a change was answered {status}: {answer}")),
        }
    }
}
