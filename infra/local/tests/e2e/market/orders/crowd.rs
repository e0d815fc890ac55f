//! 50 pieces, and 400 who want them at once.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    result::ConnectorError,
    runtime_components::RuntimeComponents,
};
use enishi_local::stack::plain_http;
use enishi_market::order::state::{ParcelState, Refund, Sale};
use enishi_shared::app::Random;
use futures_util::{StreamExt as _, stream};

use super::*;
use crate::crash::faults::conflict;

/// What there is.
const PIECES: i64 = 50;
const BUYERS: usize = 400;

/// Connections of functions on which some requests meet a fault: the embedded database never
/// conflicts by itself, and nothing is ever lost on this machine.
#[derive(Clone)]
struct Weather {
    inner: SharedHttpClient,
    random: Random,
    /// What befell them.
    faults: Arc<AtomicUsize>,
}

impl fmt::Debug for Weather {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Weather")
    }
}

impl HttpClient for Weather {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Storm {
            inner,
            weather: self.clone(),
        })
    }
}

#[derive(Debug)]
struct Storm {
    inner: SharedHttpConnector,
    weather: Weather,
}

impl HttpConnector for Storm {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let is_transaction = target.ends_with("TransactWriteItems");
        let [drawn] = self.weather.random.bytes::<1>();
        let fault = |is: bool| {
            self.weather
                .faults
                .fetch_add(usize::from(is), Ordering::Relaxed);
            is
        };
        if fault(is_transaction && drawn < 50) {
            return HttpConnectorFuture::ready(conflict());
        }
        if fault(!is_transaction && drawn < 3) {
            let lost = ConnectorError::io("never arrived".into());
            return HttpConnectorFuture::ready(Err(lost));
        }
        let answer = self.inner.call(request);
        if fault(drawn > 252) {
            return HttpConnectorFuture::new(async move {
                answer.await?;
                Err(ConnectorError::timeout("the answer is lost".into()))
            });
        }
        answer
    }
}

/// Where all pieces are: free, held and sold.
struct Count {
    free: i64,
    held: i64,
    sold: i64,
}

async fn count(world: &World, item: &str) -> Count {
    let mut count = Count {
        free: free(world, item),
        held: 0,
        sold: 0,
    };
    for row in items(world, "ORDER#") {
        if row["sk"]["S"] != "ORDER" {
            continue;
        }
        let id = text(&row["pk"]["S"]);
        let (order, _) = stored(world, id.strip_prefix("ORDER#").unwrap()).await;
        let taken: u32 = order.taken.iter().map(|taken| taken.quantity()).sum();
        match order.order.sale {
            Sale::Sold => count.sold += i64::from(taken),
            _ => count.held += i64::from(taken),
        }
    }
    count
}

/// All pieces are somewhere.
async fn adds_up(world: &World, item: &str, when: &str) -> Count {
    // Nobody is in the middle of anything: what is free and what is taken change together.
    let count = count(world, item).await;
    assert!(count.free >= 0);
    assert_eq!(count.free + count.held + count.sold, PIECES, "{when}");
    count
}

async fn sale(seed: u64) {
    let faults = Arc::new(AtomicUsize::new(0));
    let random = Random::from_seed(seed);
    let world = World::with(|options| {
        options.seed = Some(seed);
        let (faults, random) = (faults.clone(), random.clone());
        let plain = plain_http();
        options.connections = Box::new(move |function| {
            SharedHttpClient::new(Weather {
                inner: plain(function),
                random: random.clone(),
                faults: faults.clone(),
            })
        });
    })
    .await;
    let hana = maker(&world, "hana").await;
    let stock = json!({"item_name": "皿", "price": 1_200, "stock": PIECES});
    let item = &add(&world, &hana, stock).await;
    bring_in(&world, (0..BUYERS).map(user_id));
    let world = &world;
    let below = |bound: usize| u32::from_le_bytes(random.bytes()) as usize % bound;
    let lots: Vec<(usize, u32, usize)> = (0..BUYERS)
        .map(|number| (number, 1 + below(2) as u32, below(8)))
        .collect();
    let stripe = world.stack.stripe();
    // 40 of them at the same time, each going on with what they have got.
    let bought = stream::iter(lots.clone()).map(|(number, quantity, lot)| async move {
        let person = logged_in(world, user_id(number), &user_id(number).to_string()).await;
        put(world, &person, item, quantity).await;
        let answer = buy(world, &person).await;
        let status = answer.status.as_u16();
        assert!(matches!(status, 200 | 201 | 409), "{}", answer.text);
        if status == 409 {
            assert!(answer.text("message").contains(item.as_str()));
            return None;
        }
        let (id, session) = (answer.text("transaction_id"), session(&answer.body));
        match lot {
            0..=2 => drop(stripe.pay(&session)),
            3 => drop(stripe.konbini(&session)),
            4 => drop(stripe.pay_slowly(&session)),
            5 => {
                let answer = cancel(world, &person, &id, json!({})).await;
                assert_eq!(answer.status, 200, "{}", answer.text);
            }
            6 => drop(buy(world, &person).await.expect(200)),
            // Goes away, and never comes back.
            _ => {}
        }
        Some((session, lot))
    });
    let bought: Vec<_> = bought.buffer_unordered(40).collect().await;
    let bought: Vec<(String, usize)> = bought.into_iter().flatten().collect();
    let before = adds_up(world, item, "all have bought").await;
    world.stack.settle().await;
    adds_up(world, item, "all was told").await;
    // What Stripe has told it tells again, in another order.
    let mut events = stripe.events();
    for last in (1..events.len()).rev() {
        events.swap(last, below(last + 1));
    }
    for event in events
        .iter()
        .filter(|event| event.kind.starts_with("checkout."))
    {
        stripe.resend(&event.id, 1);
    }
    stripe.deliver().await;
    world.stack.settle().await;
    adds_up(world, item, "all was told again").await;
    for (nth, (session, lot)) in bought.iter().enumerate() {
        if let 3 | 4 = lot {
            let _ = stripe.settle_late(session, nth % 2 == 0);
        }
    }
    let clock = world.stack.clock();
    for minutes in [37, 60, 24 * 60, 4 * 24 * 60] {
        clock.set(Some(clock.now() + SignedDuration::from_mins(minutes)));
        world.stack.settle().await;
        for sweep in ["PaymentsSweep", "PaymentsSweep"] {
            let tick = json!({"scheduled_time": clock.now()});
            let _ = world.stack.lambda().invoke(sweep, tick).await;
            world.stack.settle().await;
        }
        adds_up(world, item, "later").await;
    }
    let after = adds_up(world, item, "in the end").await;
    assert_eq!(after.held, 0, "nothing is held for ever");
    assert!(items(world, "HELD#").is_empty());
    // Nobody is charged without goods or refund.
    let mut charged = BTreeMap::new();
    let mut owed = 0;
    for row in items(world, "ORDER#") {
        if row["sk"]["S"] == "ORDER" {
            let id = text(&row["pk"]["S"]);
            let (order, _) = stored(world, id.strip_prefix("ORDER#").unwrap()).await;
            let amount = order.order.amount() as i64;
            let is_back = |refund: Refund| refund != Refund::None;
            if order.order.sale == Sale::Sold {
                *charged.entry("sold").or_insert(0) += amount;
                for parcel in &order.order.parcels {
                    assert_eq!(
                        parcel.state == ParcelState::Refunded,
                        is_back(parcel.refund)
                    );
                }
            } else if is_back(order.order.late) {
                owed += amount;
            }
        }
    }
    let paid = stripe.balance().paid;
    assert_eq!(
        charged.get("sold").copied().unwrap_or_default() + owed,
        paid
    );
    world.nothing_given_up();
    eprintln!(
        "seed {seed}: {} of {BUYERS} bought; {} held then, {} sold in the end; {} faults",
        bought.len(),
        before.held,
        after.sold,
        faults.load(Ordering::Relaxed),
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_fifty_pieces_four_hundred_buy_no_more_and_nothing_is_held_for_ever() {
    sale(1).await;
}
