//! How many requests a second the first page of the market takes, beside a plain axum handler that asks the same
//! database the same.

use std::time::{Duration, Instant};

use axum::{Json, Router, extract::State, http::StatusCode, routing::get};
use enishi_local::database::from_json;
use enishi_market::{
    find::{Wanted, find},
    item,
    list::{Filter, Order},
};
use enishi_shared::App;
use futures_util::future::try_join_all;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::LIMIT;
use crate::{
    client::Client,
    report::{short, table, thousands},
    world::{World, sentence},
};

/// Who asks at once, and for how long.
const CLIENTS: usize = 8;
const TIME: Duration = Duration::from_secs(5);

/// The path that all are asked at.
fn path() -> String {
    format!("/api/item?limit={LIMIT}")
}

/// Measures and prints.
pub async fn run(world: &World) -> Result<(), String> {
    let plain = Router::new()
        .route("/api/item", get(queried))
        .with_state(queries(world)?);
    let over_the_wire = Router::new()
        .route("/api/item", get(found))
        .with_state(world.app("MarketItems")?);
    let plain = rate(serve(plain).await?).await?;
    let over_the_wire = rate(serve(over_the_wire).await?).await?;
    let whole = rate(world.stack.url()).await?;
    let row = |name: &str, rate: f64| {
        let ratio = short(rate / plain);
        vec![name.to_owned(), thousands(rate as u64), ratio]
    };
    println!();
    table(
        &["GET /api/item", "requests a second", "beside the plain one"],
        &[
            row("the stack: gateway, handler, wire, database", whole),
            row(
                "axum, what the handler reads, wire, database",
                over_the_wire,
            ),
            row("axum, the same queries, database", plain),
        ],
    );
    println!(
        "\n{CLIENTS} clients for {} s each, in the process that answers them. The plain handler calls the embedded \
         database\nand passes on what it answers; nothing is signed, authorized, read from a wire or made a preview.",
        TIME.as_secs(),
    );
    Ok(())
}

/// The queries of the first page, and the database.
#[derive(Clone)]
struct Queries {
    database: dynoxide::Database,
    requests: Vec<Value>,
}

fn queries(world: &World) -> Result<Queries, String> {
    let environment = world.stack.environment();
    let name = environment
        .get("MarketItems")
        .and_then(|environment| environment.get("MARKET_TABLE"));
    let name = name.ok_or("market-items has no table")?;
    let (filter, order) = (Filter::default(), Order::ItemOrder);
    let requests = filter.stretches(order).into_iter().map(|stretch| {
        let [first, last] = stretch.bounds();
        json!({
            "TableName": name,
            "KeyConditionExpression": "pk = :list AND sk BETWEEN :first AND :last",
            "ExpressionAttributeValues": {
                ":list": {"S": filter.partition(order)}, ":first": {"S": first}, ":last": {"S": last},
            },
            "Limit": LIMIT + 1,
        })
    });
    Ok(Queries {
        database: world.stack.database().clone(),
        requests: requests.collect(),
    })
}

/// The plain handler.
async fn queried(State(queries): State<Queries>) -> Result<Json<Vec<Value>>, StatusCode> {
    let mut items = Vec::new();
    for request in &queries.requests {
        let answer = from_json(request.clone())
            .and_then(|request| queries.database.query(request).map_err(sentence));
        let answer = answer.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
        for item in answer.items.unwrap_or_default() {
            let item = serde_json::to_value(item);
            items.push(item.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?);
        }
    }
    items.truncate(LIMIT);
    Ok(Json(items))
}

/// The handler's reads, without the gateway.
async fn found(State(app): State<App>) -> Result<Json<Vec<String>>, StatusCode> {
    let wanted = Wanted {
        filter: Filter::default(),
        words: None,
        order: Order::ItemOrder,
        descending: false,
        limit: LIMIT,
        after: None,
    };
    let page = async { find(&item::table(&app)?, &wanted).await };
    let page = page.await.map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let names = page.items.into_iter().map(|item| item.item_name);
    Ok(Json(names.collect()))
}

async fn serve(api: Router) -> Result<String, String> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(sentence)?;
    let address = listener.local_addr().map_err(sentence)?;
    tokio::spawn(async move { axum::serve(listener, api).await });
    Ok(format!("http://{address}"))
}

/// Requests a second, after some that are not counted.
async fn rate(base: String) -> Result<f64, String> {
    let client = Client::new(base);
    ask(&client, Duration::from_secs(1)).await?;
    let begun = Instant::now();
    let count = ask(&client, TIME).await?;
    Ok(count as f64 / begun.elapsed().as_secs_f64())
}

/// Asks for so long; how often.
async fn ask(client: &Client, time: Duration) -> Result<usize, String> {
    let end = Instant::now() + time;
    let clients = (0..CLIENTS).map(|_| async {
        let (path, mut count) = (path(), 0);
        while Instant::now() < end {
            let answer = client.send("GET", &path, None, None).await?;
            if answer.status != 200 || answer.body.as_array().map(Vec::len) != Some(LIMIT) {
                return Err(format!(
                    "{path} answered {}: {}",
                    answer.status, answer.body
                ));
            }
            count += 1;
        }
        Ok(count)
    });
    Ok(try_join_all(clients).await?.into_iter().sum())
}
