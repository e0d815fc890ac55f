//! What a purchase asks of DynamoDB and Stripe, by the lines of the cart; and how many come through when all want
//! the same thing.

use std::{collections::BTreeSet, time::Instant};

use clap::Args;
use enishi_local::import;
use enishi_market::{
    cart::{Cart, Line, cart_key},
    customer::customer_key,
    item::{Item, item_key},
    maker::maker_key,
};
use enishi_rooms::seating::Member;
use enishi_shared::{
    accounts::{Account, Status, account_key},
    language::Language,
    store::Key,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::Timestamp;
use serde_json::json;

use crate::{
    client::Client,
    exchange::{cost, drain},
    market::{items, makers},
    report::{short, table, thousands, verdict},
    world::{World, at, people, sentence},
};

/// How many buy.
#[derive(Args)]
pub struct Options {
    /// Customers who buy at once, each one thing.
    #[arg(long, default_value_t = 1_000)]
    customers: usize,
}

/// Requests to DynamoDB a purchase, at the most.
const MOST: usize = 7;
/// Those who buy at the same time.
const AT_ONCE: usize = 32;
/// Things to choose from.
const ITEMS: usize = 1_000;

/// Measures and prints; whether a purchase takes no more than it may.
pub async fn run(options: &Options) -> Result<bool, String> {
    let world = World::start(at("08:50")?, |_| {}).await?;
    let makers = makers();
    let items = items(ITEMS, &makers)?;
    bring_in(&world, &items, &makers)?;
    let sizes = [1, 10, 30];
    let customers = people(sizes.len() + 2 * options.customers);
    customers_in(&world, &customers)?;
    let (few, many) = customers.split_at(sizes.len());
    let client = Client::new(world.stack.url());

    let mut watch = world.stack.aws().watch();
    let mut rows = Vec::new();
    let mut all_kept = true;
    for (size, customer) in sizes.into_iter().zip(few) {
        carts(&world, std::iter::once((customer, &items[..size])))?;
        let token = world.token(customer).await?;
        let stripe = world.stack.stripe();
        drain(&mut watch);
        let asked = stripe.requests().len();
        buy(&client, &token).await?;
        let exchanges = drain(&mut watch);
        let cost = cost(&exchanges);
        let kept = cost.requests <= MOST;
        all_kept &= kept;
        rows.push(vec![
            size.to_string(),
            cost.requests.to_string(),
            MOST.to_string(),
            short(cost.read),
            short(cost.write),
            (stripe.requests().len() - asked).to_string(),
            verdict(kept),
        ]);
    }
    table(
        &[
            "lines of the cart",
            "requests to DynamoDB",
            "limit",
            "read units",
            "write units",
            "requests to Stripe",
            "",
        ],
        &rows,
    );

    let (hot, cold) = many.split_at(options.customers);
    let one = &items[..1];
    let cold = of(&world, &client, cold, |nth| &items[nth % ITEMS..][..1]).await?;
    let hot = of(&world, &client, hot, |_| one).await?;
    println!();
    table(
        &["all want", "purchases", "a second", "as a ratio"],
        &[
            vec![
                format!("one of {} things", thousands(ITEMS as u64)),
                thousands(options.customers as u64),
                short(cold),
                "1".to_owned(),
            ],
            vec![
                "the same thing".to_owned(),
                thousands(options.customers as u64),
                short(hot),
                short(hot / cold),
            ],
        ],
    );
    println!(
        "\nEach line is another maker's. Over HTTP through the local stack with {AT_ONCE} at a time, Checkout \
         included; the embedded database never has\ntransactions wait for one another. In the cloud one thing is \
         bought by some 1,000 transactions a second: it has two places, of\nwhich each takes 500."
    );
    Ok(all_kept)
}

async fn buy(client: &Client, token: &str) -> Result<(), String> {
    let answer = client
        .send("POST", "/api/buy", Some(token), Some(json!({})))
        .await?;
    match answer.status {
        201 => Ok(()),
        status => Err(format!("a purchase was answered {status}: {}", answer.body)),
    }
}

/// How many purchases a second come through when each buys what is chosen for them.
async fn of<'a>(
    world: &World,
    client: &Client,
    customers: &[Member],
    choose: impl Fn(usize) -> &'a [Item],
) -> Result<f64, String> {
    let chosen = customers.iter().enumerate();
    carts(world, chosen.map(|(nth, customer)| (customer, choose(nth))))?;
    let mut tokens = Vec::with_capacity(customers.len());
    for customer in customers {
        tokens.push(world.token(customer).await?);
    }
    let begun = Instant::now();
    stream::iter(&tokens)
        .map(|token| buy(client, token))
        .buffer_unordered(AT_ONCE)
        .try_collect::<Vec<()>>()
        .await?;
    Ok(customers.len() as f64 / begun.elapsed().as_secs_f64())
}

fn bring_in(
    world: &World,
    items: &[Item],
    makers: &[enishi_market::maker::Maker],
) -> Result<(), String> {
    let table = "MarketTable";
    let places = items.iter().map(|item| (item_key(item.item_id), item));
    import::items(&world.stack, table, places)?;
    let places = makers
        .iter()
        .map(|maker| (maker_key(maker.maker_id), maker));
    import::items(&world.stack, table, places)?;
    let stock = items.iter().flat_map(|item| {
        [0, 1].map(|bucket| {
            let place = Key::new(format!("STOCK#{}#{bucket}", item.item_id), "STOCK");
            (place, json!({"left": 50_000}))
        })
    });
    import::items(&world.stack, table, stock)
}

/// They have verified accounts and addresses.
pub fn customers_in(world: &World, customers: &[Member]) -> Result<(), String> {
    let accounts = customers.iter().map(|customer| {
        let account = Account {
            user_id: customer.user_id,
            username: customer.username.clone(),
            name: None,
            email: format!("{}@example.com", customer.user_id),
            language: Language::Japanese,
            email_verified_at: Some(Timestamp::UNIX_EPOCH),
            password_hash: None,
            firebase_uid: None,
            status: Status::Active,
            epoch: 0,
            products: Vec::new(),
            holds: BTreeSet::new(),
            unwanted: BTreeSet::new(),
            created_at: Timestamp::UNIX_EPOCH,
        };
        (account_key(customer.user_id), account)
    });
    import::items(&world.stack, "IdentityTable", accounts)?;
    let address = json!({
        "address": {
            "name": "佐藤 空", "zip_code": "920-0001", "address": "石川県金沢市広坂1-2-3",
            "phone_number": "076-123-4567",
        },
        "version": 1,
    });
    let customers = customers.iter();
    let customers = customers.map(|customer| (customer_key(customer.user_id), address.clone()));
    import::items(&world.stack, "MarketTable", customers)
}

/// These are in their carts, one of each.
fn carts<'a>(
    world: &World,
    chosen: impl Iterator<Item = (&'a Member, &'a [Item])>,
) -> Result<(), String> {
    let carts = chosen.map(|(customer, items)| {
        let lines = items.iter().map(|item| Line {
            item_id: item.item_id,
            quantity: 1,
            item_name: item.item_name.clone(),
            price: item.price,
        });
        let cart = Cart {
            version: 1,
            lines: lines.collect(),
        };
        (cart_key(customer.user_id), cart)
    });
    import::items(&world.stack, "MarketTable", carts).map_err(sentence)
}
