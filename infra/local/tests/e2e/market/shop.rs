//! Makers whom Stripe knows, and somebody who buys from them.

use enishi_local::{import, mailbox::Mail};
use enishi_market::{
    customer::customer_key,
    item::table,
    order::{OrderId, StoredOrder, contents_key, order_key},
};
use enishi_shared::{
    UserId,
    accounts::{self, account_key},
    payments::{self, Payment},
    store::Change,
};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{add, money::told};
use crate::{
    support::{Answer, Person, World, text},
    visits::people::again,
};

/// What the makers' items cost, in turn; sending a parcel costs 500, and the house keeps a tenth.
const PRICES: [u32; 3] = [3_333, 1_201, 987];

/// Somebody who sells one thing.
pub struct Seller {
    pub person: Person,
    /// At Stripe.
    pub account: String,
    pub item: String,
}

pub struct Shop {
    pub world: World,
    pub sellers: Vec<Seller>,
    pub customer: Person,
}

/// What somebody is to pay for.
pub struct Bought {
    pub id: String,
    /// The Checkout.
    pub session: String,
}

pub const DAY: SignedDuration = SignedDuration::from_hours(24);
pub const SECOND: SignedDuration = SignedDuration::from_secs(1);

impl Shop {
    /// So many makers, of whose items there are a hundred each.
    pub async fn open(sellers: usize) -> Self {
        Self::of(World::new().await, sellers).await
    }

    /// … in this world.
    pub async fn of(world: World, sellers: usize) -> Self {
        let mut all = Vec::new();
        for (number, price) in (0..sellers).zip(PRICES.iter().cycle()) {
            let (person, account) = told(&world, &format!("maker{number}")).await;
            world.stack.stripe().onboard(&account, true).unwrap();
            world.stack.stripe().deliver().await;
            world.stack.settle().await;
            let item = json!({"item_name": format!("器{number}"), "price": price, "stock": 100});
            let item = add(&world, &person, item).await;
            all.push(Seller {
                person,
                account,
                item,
            });
        }
        let customer = customer(&world, "sora").await;
        Self {
            world,
            sellers: all,
            customer,
        }
    }

    /// Buys so many of these makers' items.
    pub async fn buy(&self, lines: &[(usize, u32)]) -> Bought {
        for (number, quantity) in lines {
            let line = json!({"item_id": self.sellers[*number].item, "quantity": quantity});
            self.by_customer("POST", "/api/cart", Some(line))
                .await
                .expect(200);
        }
        let bought = self
            .by_customer("POST", "/api/buy", Some(json!({})))
            .await
            .expect(201);
        let url = bought.text("checkout_url");
        Bought {
            id: bought.text("transaction_id"),
            session: url.rsplit('/').next().unwrap().to_owned(),
        }
    }

    /// … and pays.
    pub async fn paid(&self, lines: &[(usize, u32)]) -> Bought {
        let bought = self.buy(lines).await;
        self.world.stack.stripe().pay(&bought.session).unwrap();
        self.world.stack.settle().await;
        assert_eq!(self.status(&bought.id).await, "Paid");
        bought
    }

    pub async fn by_customer(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let token = Some(self.customer.access_token.as_str());
        let answer = self.world.call(method, path, token, body).await;
        self.world.stack.settle().await;
        answer
    }

    /// What the customer does with a maker's parcel: `received`, `report` or `cancel`.
    pub async fn says(&self, what: &str, id: &str, seller: usize) -> Answer {
        let maker_id = &self.sellers[seller].person.id;
        let body = match what {
            "report" => json!({"maker_id": maker_id, "reason": "割れていました。"}),
            _ => json!({"maker_id": maker_id}),
        };
        let path = format!("/api/transaction/{id}/{what}");
        self.by_customer("POST", &path, Some(body)).await
    }

    pub async fn ship(&self, id: &str, seller: usize) -> Answer {
        let body = json!({"ship_id": "1234-5678-9012", "carrier": "日本郵便"});
        let path = format!("/api/sales/{id}/ship");
        let answer = self
            .world
            .post(&self.sellers[seller].person, &path, body)
            .await;
        self.world.stack.settle().await;
        answer
    }

    /// By the maker.
    pub async fn refund(&self, id: &str, seller: usize) -> Answer {
        let token = Some(self.sellers[seller].person.access_token.as_str());
        let path = format!("/api/sales/{id}/refund");
        let answer = self.world.call("POST", &path, token, None).await;
        self.world.stack.settle().await;
        answer
    }

    /// Time goes by, and everybody logs in again.
    pub async fn later(&mut self, time: SignedDuration) {
        let clock = self.world.stack.clock();
        clock.set(Some(clock.now() + time));
        for seller in &mut self.sellers {
            again(&self.world, &mut seller.person).await;
        }
        again(&self.world, &mut self.customer).await;
    }

    /// The sweep, as it is scheduled.
    pub async fn sweep(&self) {
        let tick = json!({"scheduled_time": self.world.stack.clock().now()});
        let swept = self.world.stack.lambda().invoke("MarketSweep", tick).await;
        swept.unwrap();
        self.world.stack.settle().await;
    }

    /// An order as it is stored.
    pub async fn stored(&self, id: &str) -> StoredOrder {
        stored(&self.world, id).await
    }

    pub async fn status(&self, id: &str) -> String {
        self.stored(id).await.order.status().text().to_owned()
    }

    /// Where a maker's parcel stands.
    pub async fn parcel(&self, id: &str, seller: usize) -> String {
        let stored = self.stored(id).await;
        let maker_id: UserId = self.sellers[seller].person.id.parse().unwrap();
        let parcel = stored.order.parcel(maker_id).unwrap();
        stored.order.status_of(parcel).text().to_owned()
    }

    /// The ledger's record of an order's payment.
    pub async fn payment(&self, id: &str) -> Payment {
        let app = self.world.app("PaymentsLedger", |_| {});
        let payment_ref = self.stored(id).await.payment_ref();
        payments::find(&app, payment_ref).await.unwrap()
    }

    /// What Stripe has passed on, and given back.
    pub fn moved(&self) -> (i64, i64) {
        let balance = self.world.stack.stripe().balance();
        (balance.passed_on, balance.refunded)
    }

    /// The mails to somebody, the oldest first.
    pub fn mails(&self, to: &Person) -> Vec<Mail> {
        let mut mails = self.world.stack.mailbox().mails();
        mails.retain(|mail| mail.to == [to.email.as_str()]);
        mails
    }

    /// The subjects of these that are about orders.
    pub fn told(&self, to: &Person) -> Vec<String> {
        let mails = self.mails(to).into_iter();
        let subjects = mails.map(|mail| mail.subject);
        subjects.filter(|subject| !subject.contains('/')).collect()
    }

    /// What waits for an operator: the kinds.
    pub async fn troubles(&self) -> Vec<String> {
        let operator = self.world.operator().await;
        let answer = self
            .world
            .get(&operator, "/api/operator/reports")
            .await
            .expect(200);
        let troubles = answer.body.as_array().unwrap().iter();
        troubles.map(|trouble| text(&trouble["kind"])).collect()
    }
}

/// Somebody who can buy.
pub async fn customer(world: &World, name: &str) -> Person {
    let person = world.sign_up(name).await;
    let address = json!({
        "address": {
            "name": "佐藤 空", "zip_code": "920-0001", "address": "石川県金沢市千木町1-2-3",
            "phone_number": "090-1234-5678",
        },
        "version": 1,
    });
    let user_id: UserId = person.id.parse().unwrap();
    import::items(
        &world.stack,
        "MarketTable",
        [(customer_key(user_id), address)],
    )
    .unwrap();
    let app = world.app("IdentityLogin", |_| {});
    let verified = Change::new().set("email_verified_at", app.now());
    let accounts = accounts::table(&app).unwrap();
    accounts
        .update(account_key(user_id), verified)
        .await
        .unwrap();
    person
}

/// An order as it is stored.
pub async fn stored(world: &World, id: &str) -> StoredOrder {
    let app = world.app("MarketSweep", |_| {});
    let id: OrderId = id.parse().unwrap();
    let table = table(&app).unwrap();
    table.get(&order_key(id)).await.unwrap().unwrap()
}

/// An order that somebody has paid for, of one parcel of somebody's, brought in past all that; of its payment
/// nobody knows.
pub fn bring_in(world: &World, id: &str, customer: &str, maker: &str, state: &str) {
    let id: OrderId = id.parse().unwrap();
    let now = world.stack.clock().now();
    let ttl = now.as_second() + 1_000_000;
    let shipment = (state == "shipped").then(|| json!({"ship_id": "1", "at": now}));
    let order = json!({
        "order_id": id, "user_id": customer, "payment_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51",
        "sale": "sold", "since": now, "transfer_days": 7, "taken": [], "version": 1, "created_at": now,
        "expires_at": now, "ttl": ttl,
        "parcels": [{
            "maker_id": maker, "items_amount": 3_000, "shipping_fee": 500, "fee": 350, "state": state,
            "payable_since": now, "shipment": shipment,
        }],
    });
    let contents = json!({
        "lines": [{
            "item_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50", "item_name": "湯のみ", "price": 3_000,
            "quantity": 1, "maker_id": maker,
        }],
        "makers": [{
            "maker_id": maker, "maker_name": "縁工房", "shipping_fee": 500, "notice": super::notice(),
        }],
        "to": {
            "name": "佐藤 空", "zip_code": "920-0001", "address": "石川県金沢市千木町1-2-3",
            "phone_number": "090-1234-5678",
        },
        "ttl": ttl,
    });
    let rows = [(order_key(id), order), (contents_key(id), contents)];
    import::items(&world.stack, "MarketTable", rows).unwrap();
}
