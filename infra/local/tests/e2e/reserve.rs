//! What can be counted down, in a shop of its own: orders that take from a stock while transactions
//! conflict and answers get lost.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use aws_smithy_runtime_api::{
    client::{
        http::{
            HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings,
            SharedHttpClient, SharedHttpConnector,
        },
        orchestrator::{HttpRequest, HttpResponse},
        result::ConnectorError,
        runtime_components::RuntimeComponents,
    },
    http::StatusCode,
};
use aws_smithy_types::body::SdkBody;
use enishi_shared::{
    App, Error,
    app::{Random, http_client},
    reserve::{self, Levels, Next, Reserve, Taken},
    store::{Change, Key, Outcome, Table, Transaction, when},
};
use futures_util::future::join_all;
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{crash::faults::conflict, support::World};

/// All that a service needs for it.
const TEMPLATE: &str = r#"
Parameters:
  TokenPublicKeys: {Type: String}
  TokenSigningSecretArn: {Type: String}
  JoinTokenSecretArn: {Type: String}
  FirebaseServiceAccountSecretArn: {Type: String}
  StripeSecretArn: {Type: String}
  StripeWebhookSecretArn: {Type: String}
  OperatorEmails: {Type: String}
  OrgPlans: {Type: String}
Resources:
  Api:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionBody: {paths: {}}
  ShopTable:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      KeySchema:
        - {AttributeName: pk, KeyType: HASH}
        - {AttributeName: sk, KeyType: RANGE}
      AttributeDefinitions:
        - {AttributeName: pk, AttributeType: S}
        - {AttributeName: sk, AttributeType: S}
  Shop:
    Type: AWS::Serverless::Function
    Metadata: {SkipBuild: true}
    Properties:
      CodeUri: target/lambda/identity-jwks/
      Handler: bootstrap
      Runtime: provided.al2023
      Architectures: [arm64]
      MemorySize: 256
      Timeout: 15
      Environment:
        Variables:
          SHOP_TABLE: !Ref ShopTable
      Policies:
        Statement:
          - {Effect: Allow, Action: [dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:UpdateItem], Resource: !GetAtt ShopTable.Arn}
"#;

/// Connections on which so many of a hundred requests meet a fault.
#[derive(Clone)]
struct Weather {
    inner: SharedHttpClient,
    random: Random,
    /// Transactions that conflict with another one.
    conflicts: u8,
    /// Transactions that are carried out and whose answer is lost; that of the SDK's next attempt is not.
    lost: u8,
    /// Readings of all buckets find them empty, as one by one they may have been.
    torn: bool,
    /// What was asked, faults included, by operation.
    asked: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl Weather {
    fn new(conflicts: u8, lost: u8) -> Self {
        Self {
            inner: http_client(),
            random: Random::from_seed(50),
            conflicts,
            lost,
            torn: false,
            asked: Arc::default(),
        }
    }

    fn count(&self, what: &str) {
        *self
            .asked
            .lock()
            .unwrap()
            .entry(what.to_owned())
            .or_default() += 1;
    }

    /// What was asked since the last time.
    fn asked(&self) -> Vec<(String, usize)> {
        std::mem::take(&mut *self.asked.lock().unwrap())
            .into_iter()
            .collect()
    }
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
        SharedHttpConnector::new(Connector {
            weather: self.clone(),
            inner: self.inner.http_connector(settings, components),
        })
    }
}

#[derive(Debug)]
struct Connector {
    weather: Weather,
    inner: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default().to_owned();
        self.weather.count(&operation);
        let attempt = request.headers().get("amz-sdk-request").unwrap_or_default();
        let is_first = attempt.contains("attempt=1");
        let [byte] = self.weather.random.bytes();
        let percent = (u32::from(byte) * 100 / 256) as u8;
        let (conflicts, lost) = (self.weather.conflicts, self.weather.lost);
        match operation.as_str() {
            "BatchGetItem" if self.weather.torn => {
                let status = StatusCode::try_from(200).unwrap();
                let nothing = SdkBody::from(r#"{"Responses":{},"UnprocessedKeys":{}}"#);
                HttpConnectorFuture::ready(Ok(HttpResponse::new(status, nothing)))
            }
            "TransactWriteItems" if percent < conflicts => {
                self.weather.count("conflicts");
                HttpConnectorFuture::ready(conflict())
            }
            "TransactWriteItems" if is_first && percent < conflicts + lost => {
                self.weather.count("lost answers");
                let carried_out = self.inner.call(request);
                HttpConnectorFuture::new(async {
                    carried_out.await?;
                    Err(ConnectorError::timeout("the answer is lost".into()))
                })
            }
            _ => self.inner.call(request),
        }
    }
}

/// What something is taken for.
#[derive(Serialize, Deserialize)]
struct Order {
    taken: Taken,
    open: bool,
}

/// A table with stocks and orders.
struct Shop {
    weather: Weather,
    app: App,
    table: Table,
    orders: AtomicUsize,
    _world: World,
}

impl Shop {
    async fn new(weather: Weather) -> Self {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(&file, TEMPLATE).unwrap();
        let world = World::with(|options| {
            options.template = file.path().to_owned();
            options.parameters.clear();
        })
        .await;
        let http = SharedHttpClient::new(weather.clone());
        let app = world.app("Shop", |parts| parts.http = http);
        Self {
            weather,
            table: Table::named(&app, "SHOP_TABLE").unwrap(),
            app,
            orders: AtomicUsize::new(0),
            _world: world,
        }
    }

    fn stock(&self, name: &str, buckets: usize) -> Reserve {
        let key = Key::new(format!("STOCK#{name}"), "-");
        Reserve::new(&self.app, &self.table, &key, buckets).unwrap()
    }

    async fn add(&self, stock: &Reserve, quantity: u32) {
        let mut tx = Transaction::new(&self.app);
        stock.add(&mut tx, quantity);
        assert!(matches!(tx.commit().await.unwrap(), Outcome::Done));
    }

    fn next_order(&self) -> Key {
        let number = self.orders.fetch_add(1, Ordering::SeqCst);
        Key::new(format!("ORDER#{number}"), "-")
    }

    /// Orders so much of each stock; else how much there was of what there was not enough of.
    async fn order(&self, wanted: &[(&Reserve, u32)]) -> Result<Result<Key, u64>, Error> {
        let key = self.next_order();
        let mut takings: Vec<_> = wanted.iter().map(|(it, count)| it.taking(*count)).collect();
        loop {
            let mut tx = Transaction::new(&self.app);
            for (number, taking) in takings.iter_mut().enumerate() {
                let line = Key::new(&key.pk, number.to_string());
                let taken = taking.take(&mut tx);
                tx.create(&self.table, line, &Order { taken, open: true })?;
            }
            let Outcome::Refused(refused) = tx.commit().await? else {
                return Ok(Ok(key));
            };
            for taking in &mut takings {
                if let Next::Short { left } = taking.after(&refused).await? {
                    return Ok(Err(left));
                }
            }
        }
    }

    /// Orders so much of one stock.
    async fn take(&self, stock: &Reserve, quantity: u32) -> Result<Key, u64> {
        self.order(&[(stock, quantity)]).await.unwrap()
    }

    async fn ordered(&self, order: &Key) -> Order {
        let line = Key::new(&order.pk, "0");
        self.table.get(&line).await.unwrap().unwrap()
    }

    /// Cancels an order, once.
    async fn cancel(&self, stock: &Reserve, order: &Key) -> bool {
        let taken = self.ordered(order).await.taken;
        let mut tx = Transaction::new(&self.app);
        let close = Change::new().set("open", false);
        let close = close.when(when().eq("open", true));
        let line = tx.update(&self.table, Key::new(&order.pk, "0"), close);
        stock.give_back(&mut tx, &taken);
        match tx.commit().await.unwrap() {
            Outcome::Done => true,
            Outcome::Refused(refused) => {
                assert!(refused.is(line));
                false
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_four_hundred_who_take_one_of_fifty_at_once_fifty_get_it() {
    let shop = Arc::new(Shop::new(Weather::new(30, 3)).await);
    let stock = shop.stock("tickets", 10);
    shop.add(&stock, 50).await;
    shop.weather.asked();
    let takes = (0..400).map(|_| {
        let (shop, stock) = (Arc::clone(&shop), stock.clone());
        tokio::spawn(async move { shop.order(&[(&stock, 1)]).await })
    });
    let mut orders = Vec::new();
    for taken in join_all(takes).await {
        match taken.unwrap().unwrap() {
            Ok(order) => orders.push(order),
            Err(left) => assert_eq!(left, 0),
        }
    }
    eprintln!("400 takes of 50 at once: {:?}", shop.weather.asked());
    assert_eq!(orders.len(), 50);
    assert_eq!(stock.left().await.unwrap(), 0);
    for order in &orders {
        assert_eq!(shop.ordered(order).await.taken.quantity(), 1);
    }
    // Each was told the truth: what it has can be given back, and then it is all there.
    let back = join_all(orders.iter().map(|order| shop.cancel(&stock, order))).await;
    assert_eq!(back, [true; 50]);
    assert_eq!(stock.left().await.unwrap(), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_takes_while_others_give_back_gets_what_there_is() {
    let shop = Shop::new(Weather::new(30, 3)).await;
    let stock = shop.stock("seats", 6);
    shop.add(&stock, 40).await;
    // Never more than 36 are out: nobody may be refused.
    let people = (0..12).map(|person| {
        let (shop, stock) = (&shop, &stock);
        async move {
            for round in 0..6 {
                let quantity = 1 + (person + round) % 3;
                let order = shop.take(stock, quantity).await.unwrap();
                assert!(shop.cancel(stock, &order).await);
            }
        }
    });
    join_all(people).await;
    assert_eq!(stock.left().await.unwrap(), 40);
}

#[derive(Clone, Debug)]
enum Step {
    Add(u32),
    Take(u32),
    /// Of the order that this leads to.
    GiveBack(prop::sample::Index),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        1 => (1..30_u32).prop_map(Step::Add),
        4 => (0..12_u32).prop_map(Step::Take),
        2 => any::<prop::sample::Index>().prop_map(Step::GiveBack),
    ]
}

#[test]
fn what_is_left_is_what_was_added_and_came_back_less_what_was_taken() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let shop = runtime.block_on(Shop::new(Weather::new(20, 10)));
    let stocks = AtomicUsize::new(0);
    let cases = ProptestConfig::with_cases(40);
    proptest!(cases, |(buckets in 1..8_usize, steps in prop::collection::vec(step(), 1..20))| {
        let number = stocks.fetch_add(1, Ordering::SeqCst);
        let stock = shop.stock(&number.to_string(), buckets);
        runtime.block_on(async {
            let (mut left, mut orders) = (0_u64, Vec::new());
            for step in steps {
                match step {
                    Step::Add(more) => {
                        shop.add(&stock, more).await;
                        left += u64::from(more);
                    }
                    Step::Take(quantity) => match shop.take(&stock, quantity).await {
                        Ok(order) => {
                            orders.push((order, quantity));
                            left -= u64::from(quantity);
                        }
                        Err(there) => {
                            assert_eq!(there, left);
                            assert!(left < u64::from(quantity));
                        }
                    },
                    Step::GiveBack(_) if orders.is_empty() => {}
                    Step::GiveBack(index) => {
                        let (order, quantity) = orders.remove(index.index(orders.len()));
                        assert_eq!(shop.ordered(&order).await.taken.quantity(), quantity);
                        assert!(shop.cancel(&stock, &order).await);
                        assert!(!shop.cancel(&stock, &order).await);
                        left += u64::from(quantity);
                    }
                }
                assert_eq!(stock.left().await.unwrap(), left);
            }
        });
    });
}

#[tokio::test]
async fn where_no_bucket_has_enough_several_give_and_what_is_not_there_costs_three_requests() {
    let shop = Shop::new(Weather::new(0, 0)).await;
    let stock = shop.stock("jars", 10);
    shop.add(&stock, 20).await;
    shop.weather.asked();
    let named = |counts: &[(&str, usize)]| -> Vec<(String, usize)> {
        let counts = counts.iter();
        counts
            .map(|(name, count)| ((*name).to_owned(), *count))
            .collect()
    };
    shop.take(&stock, 2).await.unwrap();
    assert_eq!(shop.weather.asked(), named(&[("TransactWriteItems", 1)]));
    shop.take(&stock, 15).await.unwrap();
    assert_eq!(
        shop.weather.asked(),
        named(&[("BatchGetItem", 1), ("TransactWriteItems", 2)])
    );
    assert_eq!(shop.take(&stock, 4).await, Err(3));
    assert_eq!(
        shop.weather.asked(),
        named(&[
            ("BatchGetItem", 1),
            ("TransactGetItems", 1),
            ("TransactWriteItems", 1)
        ])
    );
    assert_eq!(stock.left().await.unwrap(), 3);
}

#[tokio::test]
async fn nothing_is_taken_where_another_part_is_refused() {
    let shop = Shop::new(Weather::new(0, 0)).await;
    let [pens, ink] = ["pens", "ink"].map(|name| shop.stock(name, 3));
    shop.add(&pens, 9).await;
    shop.add(&ink, 1).await;
    assert_eq!(shop.order(&[(&pens, 4), (&ink, 2)]).await.unwrap(), Err(1));
    assert_eq!(pens.left().await.unwrap(), 9);
    // The second of them was there before.
    let line = Key::new("ORDER#1", "1");
    let order = Order {
        taken: Taken::default(),
        open: true,
    };
    shop.table.create(line.clone(), &order).await.unwrap();
    let mut taking = pens.taking(1);
    let mut tx = Transaction::new(&shop.app);
    let taken = taking.take(&mut tx);
    let part = tx
        .create(&shop.table, line, &Order { taken, open: true })
        .unwrap();
    let Outcome::Refused(refused) = tx.commit().await.unwrap() else {
        panic!("it was created twice");
    };
    assert!(refused.is(part));
    assert!(refused.item(part).unwrap().unwrap().taken == Taken::default());
    assert_eq!(taking.after(&refused).await.unwrap(), Next::Again);
    assert_eq!(pens.left().await.unwrap(), 9);
}

#[tokio::test]
async fn a_reading_that_misses_what_moves_refuses_nobody() {
    let mut weather = Weather::new(0, 0);
    weather.torn = true;
    let shop = Shop::new(weather).await;
    let stock = shop.stock("books", 4);
    shop.add(&stock, 8).await;
    shop.take(&stock, 5).await.unwrap();
    assert_eq!(shop.take(&stock, 5).await, Err(3));
}

#[tokio::test]
async fn what_follows_from_a_reading_is_refused_once_a_bucket_is_empty_or_is_not_any_more() {
    let shop = Shop::new(Weather::new(0, 0)).await;
    let (stock, other) = (shop.stock("cups", 2), shop.stock("plates", 2));
    shop.add(&other, 3).await;
    let still = async |levels: &Levels| {
        let mut tx = Transaction::new(&shop.app);
        stock.check(&mut tx, levels);
        matches!(tx.commit().await.unwrap(), Outcome::Done)
    };
    let empty = stock.levels().await.unwrap();
    assert_eq!(empty.total(), 0);
    assert!(still(&empty).await);
    shop.add(&stock, 4).await;
    assert!(!still(&empty).await);
    let full = stock.levels().await.unwrap();
    // That there are fewer changes nothing yet.
    shop.take(&stock, 1).await.unwrap();
    assert!(still(&full).await);
    shop.take(&stock, 3).await.unwrap();
    assert!(!still(&full).await);
    assert!(still(&empty).await);
    let both = [other.clone(), stock.clone()];
    assert_eq!(reserve::left(&both).await.unwrap(), [3, 0]);
    let mut tx = Transaction::new(&shop.app);
    other.delete(&mut tx);
    assert!(matches!(tx.commit().await.unwrap(), Outcome::Done));
    assert_eq!(other.left().await.unwrap(), 0);
}
