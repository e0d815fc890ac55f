//! The market: makers with their shelves, customers with likes, carts and orders, and what becomes of these.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::{
    Timeline,
    people::{Dice, Name, Person},
    running::Running,
};
use crate::{client::text, picture::bowl};
use wares::{PLACES, WORKSHOPS, Ware};

mod wares;

/// How many do something at once.
const AT_ONCE: usize = 8;
/// This order is sent and does not come.
const LOST: usize = 1;

/// Something that is sold, and whose it is.
#[derive(Clone)]
struct Item {
    id: String,
    maker: usize,
}

/// Something that was bought.
struct Order {
    customer: usize,
    makers: Vec<usize>,
    id: String,
    stands: Stands,
}

/// How far an order is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Paid,
    Shipped,
    /// Nothing more is done.
    Over,
}

/// Makers, customers, and what goes between them.
pub struct Market {
    makers: Vec<Person>,
    customers: Vec<Person>,
    items: Vec<Item>,
    orders: Vec<Order>,
    dice: Dice,
}

impl Market {
    /// The makers sign up.
    ///
    /// # Errors
    /// A sentence with what was answered instead of what should be; so do all of these.
    pub async fn begin(
        running: &Running,
        evening: Timestamp,
        people: usize,
        names: &[Name],
    ) -> Result<Self, String> {
        let count = (people / 10).clamp(2, WORKSHOPS.len());
        let makers = names
            .iter()
            .take(count)
            .map(|name| Person::sign_up(running, name));
        let makers = try_join_all(makers).await?;
        running.tell(evening, "market", &format!("{count} makers sign up"));
        Ok(Self {
            makers,
            customers: Vec::new(),
            items: Vec::new(),
            orders: Vec::new(),
            dice: Dice::new(running.number, "market"),
        })
    }

    /// The makers tell Stripe who they are and fill their shelves; some people of rooms say where parcels go.
    pub async fn verified(
        &mut self,
        running: &Running,
        timeline: &Timeline,
        proofs: &HashMap<String, String>,
        people: &[Person],
        operator: &Person,
    ) -> Result<(), String> {
        let workshops = self.dice.shuffled(WORKSHOPS.to_vec());
        let opening = self.makers.iter().zip(workshops).enumerate();
        let opening = opening.map(|(number, (maker, workshop))| {
            let place = self.dice.pick(&PLACES);
            let stock: Vec<usize> = workshop.2.iter().map(|_| 4 + self.dice.below(20)).collect();
            async move {
                maker.verify(proofs).await?;
                let ids = open(running, maker, workshop, place, &stock).await?;
                Ok::<_, String>(ids.into_iter().map(move |id| Item { id, maker: number }))
            }
        });
        let opening: Vec<_> = opening.collect();
        let items = try_join_all(opening).await?;
        self.items = items.into_iter().flatten().collect();
        for (order, item) in self.items.iter().step_by(3).enumerate() {
            let place = json!({"top": true, "item_order": order});
            let path = format!("/api/operator/items/{}", item.id);
            operator.ask("PATCH", &path, Some(place)).await?;
        }
        let count = (people.len() / 5).clamp(3, 20);
        let joining = people.iter().take(count).map(|person| {
            let (zip_code, address) = self.dice.pick(&PLACES);
            let room = 101 + 100 * self.dice.below(8) + self.dice.below(6);
            let phone_number = format!("090-0000-{:04}", self.dice.below(10_000));
            async move {
                let customer = running.log_in(&person.name, &person.email).await?;
                let address = json!({
                    "name": person.name, "zip_code": zip_code, "address": format!("{address} {room}号室"),
                    "phone_number": phone_number,
                });
                customer.post("/api/address", address).await?;
                let called = person.name.split(' ').nth(1).unwrap_or(&person.name);
                customer.post("/api/profile", json!({"display_name": called})).await?;
                Ok::<_, String>(customer)
            }
        });
        let joining: Vec<_> = joining.collect();
        self.customers = stream::iter(joining)
            .buffered(AT_ONCE)
            .try_collect()
            .await?;
        let what = format!("{} items are on sale, {count} customers", self.items.len());
        running.tell(timeline.evening, "market", &what);
        Ok(())
    }

    /// A day: on the first all buy; what was bought is sent, comes, is given back.
    pub async fn day(
        &mut self,
        running: &Running,
        timeline: &Timeline,
        day: usize,
    ) -> Result<(), String> {
        self.refresh().await?;
        let what = match day {
            0 => {
                let bought = self.buy_all(running, 0..self.customers.len()).await?;
                format!("{bought} orders are paid for")
            }
            1 => {
                let sent = self.send(80).await?;
                let bought = self.buy_all(running, 0..self.customers.len() / 2).await?;
                format!("{sent} orders are sent, {bought} more are paid for")
            }
            2 => {
                let came = self.receive(70).await?;
                format!("{came} orders have come; {}", self.trouble().await?)
            }
            _ => {
                let sent = self.send(50).await?;
                let bought = self
                    .buy_all(running, 1..self.customers.len() / 2 + 1)
                    .await?;
                format!("{sent} orders are sent, {bought} more are paid for")
            }
        };
        running.tell(timeline.start(day), "market", &what);
        Ok(())
    }

    /// Likes, full carts, one who pays at a konbini and one who has not paid yet.
    pub async fn today(&mut self, running: &Running, now: Timestamp) -> Result<(), String> {
        self.refresh().await?;
        self.receive(50).await?;
        let waits = self.customers.len() - 1;
        let konbini = self.buy(waits).await?;
        running.press(&konbini, "konbini").await?;
        self.buy(waits - 1).await?;
        self.buy_all(running, 0..1).await?;
        let mut likes = 0;
        for customer in &self.customers[..waits] {
            for item in self.some_items(2) {
                let line = json!({"item_id": item.id, "quantity": 1 + self.dice.below(2)});
                customer.post("/api/cart", line).await?;
            }
            let liked = self.some_items(3 + self.dice.below(3));
            likes += liked.len();
            for item in liked {
                customer
                    .post("/api/favourites", json!({"item_id": item.id}))
                    .await?;
            }
        }
        let what = format!("{likes} likes, {waits} full carts, 3 orders, of which one is paid for");
        running.tell(now, "market", &what);
        Ok(())
    }

    /// What is there.
    pub fn summary(&self) -> String {
        format!(
            "{} makers with {} items, {} customers, {} orders from unpaid to given back",
            self.makers.len(),
            self.items.len(),
            self.customers.len(),
            self.orders.len()
        )
    }

    async fn refresh(&mut self) -> Result<(), String> {
        Person::refresh_all(self.makers.iter_mut().chain(&mut self.customers)).await
    }

    /// So many items, each another one.
    fn some_items(&self, count: usize) -> Vec<Item> {
        let mut items = self.dice.shuffled(self.items.clone());
        items.truncate(count);
        items
    }

    /// Buys an item for somebody, which nobody follows further; answers where it is paid for.
    async fn buy(&mut self, customer: usize) -> Result<String, String> {
        let (order, page) = self.bought(customer, self.some_items(1)).await?;
        self.orders.push(order);
        Ok(page)
    }

    /// Puts items into somebody's cart and buys them; the order, and where it is paid for.
    async fn bought(&self, customer: usize, items: Vec<Item>) -> Result<(Order, String), String> {
        let person = &self.customers[customer];
        person.ask("DELETE", "/api/cart", None).await?;
        for item in &items {
            person
                .post("/api/cart", json!({"item_id": item.id, "quantity": 1}))
                .await?;
        }
        let bought = person.post("/api/buy", json!({})).await?;
        let mut makers: Vec<usize> = items.iter().map(|item| item.maker).collect();
        makers.sort_unstable();
        makers.dedup();
        let order = Order {
            customer,
            makers,
            id: text(&bought, "transaction_id"),
            stands: Stands::Over,
        };
        Ok((order, text(&bought, "checkout_url")))
    }

    /// These customers buy something and pay; answers how many orders that is.
    async fn buy_all(
        &mut self,
        running: &Running,
        customers: std::ops::Range<usize>,
    ) -> Result<usize, String> {
        let wanted = customers.map(|customer| (customer, self.some_items(1 + self.dice.below(2))));
        let wanted: Vec<_> = wanted.collect();
        let market = &*self;
        let buying = wanted.into_iter().map(|(customer, items)| async move {
            let (order, page) = market.bought(customer, items).await?;
            running.press(&page, "pay").await?;
            Ok::<_, String>(Order {
                stands: Stands::Paid,
                ..order
            })
        });
        let orders: Vec<Order> = stream::iter(buying).buffered(AT_ONCE).try_collect().await?;
        let count = orders.len();
        self.orders.extend(orders);
        Ok(count)
    }

    /// Of so many in a hundred of the orders that are paid for each maker sends their parcel. The first two are always
    /// sent.
    async fn send(&mut self, percent: usize) -> Result<usize, String> {
        let (makers, dice) = (&self.makers, &self.dice);
        let orders = self.orders.iter_mut().enumerate();
        let due = orders.filter(|(number, order)| {
            order.stands == Stands::Paid && (*number <= LOST || dice.chance(percent))
        });
        let sending = due.map(|(_, order)| {
            let carrier = dice.pick(&["日本郵便", "山猫運輸", "つばめ急便"]);
            let ship_id = format!(
                "{:04}-{:04}-{:04}",
                dice.below(10_000),
                dice.below(10_000),
                dice.below(10_000)
            );
            async move {
                for maker in &order.makers {
                    let path = format!("/api/sales/{}/ship", order.id);
                    let parcel = json!({"ship_id": ship_id, "carrier": carrier});
                    makers[*maker].post(&path, parcel).await?;
                }
                order.stands = Stands::Shipped;
                Ok::<_, String>(())
            }
        });
        let sent: Vec<()> = try_join_all(sending.collect::<Vec<_>>()).await?;
        Ok(sent.len())
    }

    /// So many in a hundred of what was sent is said to have come. The first one always is, and one
    /// never.
    async fn receive(&mut self, percent: usize) -> Result<usize, String> {
        let (makers, customers, dice) = (&self.makers, &self.customers, &self.dice);
        let orders = self.orders.iter_mut().enumerate();
        let came = orders.filter(|(number, order)| {
            let comes = *number == 0 || *number != LOST && dice.chance(percent);
            order.stands == Stands::Shipped && comes
        });
        let saying = came.map(|(_, order)| async move {
            for maker in &order.makers {
                let path = format!("/api/transaction/{}/received", order.id);
                let from = json!({"maker_id": makers[*maker].id});
                customers[order.customer].post(&path, from).await?;
            }
            order.stands = Stands::Over;
            Ok::<_, String>(())
        });
        let came: Vec<()> = try_join_all(saying.collect::<Vec<_>>()).await?;
        Ok(came.len())
    }

    /// Of what was paid for and not sent a maker gives one back and a customer calls one off; of what was sent one has
    /// not come.
    async fn trouble(&mut self) -> Result<String, String> {
        let (makers, customers) = (&self.makers, &self.customers);
        let mut done = Vec::new();
        let mut paid = self
            .orders
            .iter_mut()
            .filter(|order| order.stands == Stands::Paid);
        if let Some(order) = paid.next() {
            for maker in &order.makers {
                let path = format!("/api/sales/{}/refund", order.id);
                makers[*maker].ask("POST", &path, None).await?;
            }
            order.stands = Stands::Over;
            done.push("one is given back by its maker");
        }
        if let Some(order) = paid.next() {
            let path = format!("/api/transaction/{}/cancel", order.id);
            customers[order.customer].post(&path, json!({})).await?;
            order.stands = Stands::Over;
            done.push("one is called off");
        }
        let mut sent = self
            .orders
            .iter_mut()
            .filter(|order| order.stands == Stands::Shipped);
        if let Some(order) = sent.next() {
            let path = format!("/api/transaction/{}/report", order.id);
            let report = json!({
                "maker_id": makers[order.makers[0]].id,
                "reason": "追跡では配達済みになっていますが、届いていません。",
            });
            customers[order.customer].post(&path, report).await?;
            order.stands = Stands::Over;
            done.push("one is reported");
        }
        Ok(done.join(", "))
    }
}

/// Makes somebody a maker with all that they make; answers the ids.
async fn open(
    running: &Running,
    maker: &Person,
    (name, about, wares): (&str, &str, &[Ware]),
    (_, address): (&str, &str),
    stock: &[usize],
) -> Result<Vec<String>, String> {
    let says = json!({
        "maker_name": name, "shipping_fee": 500 + 10 * name.chars().count(), "description": about,
        "notice": {
            "seller": name, "representative": maker.name, "address": address, "phone_number": "090-0000-0000",
            "delivery": "ご注文から三日以内に発送します。", "returns": "破損のときは七日以内にお取り替えします。",
        },
    });
    maker.post("/api/makers", says).await?;
    let link: Value = maker.get("/api/stripe/create").await?;
    running.press(&text(&link, "url"), "finish").await?;
    let mut ids = Vec::new();
    for ((ware, color, price, size), stock) in wares.iter().zip(stock) {
        let item = json!({
            "item_name": ware, "color": color, "price": price, "stock": stock, "item_size": size, "series": "定番",
            "description": format!("{about}\n写真は一例です。色や形は少しずつ異なります。"),
        });
        let item = maker.post("/api/products", item).await?;
        let id = text(&item, "item_id");
        let picture = bowl(shade(color)).map_err(|error| error.to_string())?;
        let path = format!("/images/{id}");
        let image = maker.upload(&path, picture).await?;
        maker
            .put(&path, json!({"images": [image["image_id"]]}))
            .await?;
        ids.push(id);
    }
    Ok(ids)
}

/// What a colour looks like.
fn shade(color: &str) -> [u8; 3] {
    match color {
        "白" => [226, 222, 212],
        "青" => [62, 98, 152],
        "緑" => [112, 146, 104],
        "赤" => [178, 62, 54],
        "黒" => [52, 48, 48],
        "黄" => [204, 166, 82],
        "桃" => [222, 152, 158],
        _ => [140, 96, 62],
    }
}
