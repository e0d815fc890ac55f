//! Two runs of the index at once, of which one is held up.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use aws_smithy_runtime_api::client::{
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use enishi_market::{
    index::index,
    item::{stock, table},
};
use enishi_shared::{
    app::{Parts, Random, http_client},
    store::Transaction,
};
use serde_json::json;
use tokio::sync::Notify;

use super::{add, change, cup, index::is_rebuilt, maker, names, set};
use crate::support::World;

/// Connections on which the first transaction waits until it is let through.
#[derive(Clone)]
pub struct Gate {
    inner: SharedHttpClient,
    was_used: Arc<AtomicBool>,
    reached: Arc<Notify>,
    opened: Arc<Notify>,
}

impl Gate {
    pub fn new() -> Self {
        Self {
            inner: http_client(),
            was_used: Arc::default(),
            reached: Arc::default(),
            opened: Arc::default(),
        }
    }

    /// When it waits.
    pub async fn reached(&self) {
        self.reached.notified().await;
    }

    /// Lets it through.
    pub fn open(&self) {
        self.opened.notify_one();
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Gate")
    }
}

impl HttpClient for Gate {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        let connector = self.inner.http_connector(settings, components);
        SharedHttpConnector::new(Gated(self.clone(), connector))
    }
}

#[derive(Debug)]
struct Gated(Gate, SharedHttpConnector);

impl HttpConnector for Gated {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Self(gate, connector) = self;
        let (gate, connector) = (gate.clone(), connector.clone());
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let is_transaction = target.ends_with("TransactWriteItems");
        HttpConnectorFuture::new(async move {
            if is_transaction && !gate.was_used.swap(true, Ordering::SeqCst) {
                gate.reached.notify_one();
                gate.opened.notified().await;
            }
            connector.call(request).await
        })
    }
}

/// What changes, and changes back while the run that has seen it is held up.
#[derive(Clone, Copy, Debug)]
enum Changes {
    Price,
    Stock,
    Maker,
}

/// With tokens for its transactions that no other has.
fn seeded(seed: u64) -> impl Fn(&mut Parts) {
    move |parts| parts.random = Random::from_seed(seed)
}

#[tokio::test]
async fn a_run_that_was_held_up_does_not_write_what_was_so_before() {
    for changes in [Changes::Price, Changes::Stock, Changes::Maker] {
        let world = World::new().await;
        let hana = maker(&world, "hana").await;
        let item = add(&world, &hana, cup()).await;
        let turn = async |nth: usize| {
            let key = nth.to_string();
            match changes {
                Changes::Price => {
                    let body = json!({"price": ([3_200, 3_000][nth])});
                    change(&world, &hana, &item, &key, body).await.expect(200);
                }
                // As orders do it: the item itself does not change.
                Changes::Stock => {
                    let app = world.app("MarketDeleteProduct", seeded(2 + nth as u64));
                    let stock = stock(&app, &table(&app).unwrap(), item.parse().unwrap());
                    let mut tx = Transaction::new(&app);
                    match nth {
                        0 => stock.unwrap().delete(&mut tx),
                        _ => stock.unwrap().add(&mut tx, 2),
                    }
                    tx.commit().await.unwrap();
                }
                Changes::Maker => {
                    set(&world, &hana.id, |it| it.set("suspended", nth == 0)).await;
                }
            }
        };
        let gate = Gate::new();
        let slow = world.app("MarketIndex", |parts| {
            seeded(4)(parts);
            parts.http = SharedHttpClient::new(gate.clone());
        });
        let app = world.app("MarketIndex", seeded(5));
        let (slow_table, quick_table) = (table(&slow).unwrap(), table(&app).unwrap());
        let id = item.parse().unwrap();
        turn(0).await;
        let held_up = index(&slow, &slow_table, id);
        let meanwhile = async {
            gate.reached().await;
            turn(1).await;
            index(&app, &quick_table, id).await.unwrap();
            gate.open();
        };
        let (indexed, ()) = futures_util::join!(held_up, meanwhile);
        indexed.unwrap();
        let on_sale = names(&world, "status=on_sale&max_price=3000").await;
        assert_eq!(on_sale.len(), 1, "{changes:?}");
        is_rebuilt(&world)
            .await
            .unwrap_or_else(|why| panic!("{changes:?}: {why}"));
    }
}
