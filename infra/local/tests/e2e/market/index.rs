//! What follows from items, however the stream tells of them.

use std::collections::{BTreeMap, BTreeSet};

use aws_smithy_types::base64;
use enishi_market::{
    item::{Item, item_key, table},
    maker::{Maker, maker_key},
    rebuild,
};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{add, change, cup, items, maker, names, onboard};
use crate::support::{Person, World, text};

/// A place in the table to what lies there, as far as it does not tell how often it was written.
type Rows = BTreeMap<String, String>;

/// What lists and search have.
fn followed(world: &World) -> Rows {
    let mut rows = Rows::new();
    for pk in ["LIST#", "GRAM#", "FACTS", "DOCUMENT#"] {
        for mut row in items(world, pk) {
            let place = format!("{} / {}", text(&row["pk"]["S"]), text(&row["sk"]["S"]));
            for name in ["pk", "sk", "write_id", "round", "wordings"] {
                row.as_object_mut().unwrap().remove(name);
            }
            if let Some(Value::Object(wording)) = row.pointer_mut("/wording/M") {
                wording.remove("number");
            }
            rows.insert(place, canonical(&row, pk));
        }
    }
    rows.retain(|_, row| row != "{}");
    rows
}

/// A row without what tells wordings apart.
fn canonical(row: &Value, pk: &str) -> String {
    match pk {
        "GRAM#" => {
            let marks = row["marks"]["NS"].as_array().cloned().unwrap_or_default();
            let marks = marks
                .iter()
                .map(|mark| text(mark).parse::<u64>().unwrap() / 1_000);
            let marks: BTreeSet<u64> = marks.collect();
            if marks.is_empty() {
                "{}".to_owned()
            } else {
                format!("{marks:?}")
            }
        }
        "FACTS" => {
            let facts = row.as_object().unwrap().iter();
            let facts: BTreeMap<&String, String> = facts
                .map(|(name, value)| {
                    let mut packed = base64::decode(text(&value["B"])).unwrap();
                    // The wording.
                    assert_eq!(packed.len(), 24, "{name} {value}");
                    packed.drain(2..4);
                    (name, format!("{packed:?}"))
                })
                .collect();
            if facts.is_empty() {
                "{}".to_owned()
            } else {
                format!("{facts:?}")
            }
        }
        _ => {
            let mut row = row.clone();
            row.as_object_mut()
                .unwrap()
                .retain(|_, value| *value != json!({"NULL": true}));
            row.to_string()
        }
    }
}

/// What they should have, from the items and makers alone.
async fn rebuilt(world: &World) -> Rows {
    let app = world.app("MarketIndex", |_| {});
    let table = table(&app).unwrap();
    let mut all = Vec::new();
    for row in items(world, "ITEM#") {
        let id = text(&row["item_id"]["S"]).parse().unwrap();
        let item: Item = table.get(&item_key(id)).await.unwrap().unwrap();
        let maker = maker_key(item.maker_id);
        // What is left of a maker who has gone is shown to nobody.
        let maker: Option<Maker> = table.get(&maker).await.unwrap();
        all.extend(maker.map(|maker| (item, maker)));
    }
    let other = World::new().await;
    let rows = rebuild::rows(all.iter().map(|(item, maker)| (item, maker)));
    enishi_local::import::items(&other.stack, "MarketTable", rows).unwrap();
    followed(&other)
}

/// That lists and search have what the items and makers say; else what they have and should not.
pub async fn is_rebuilt(world: &World) -> Result<(), String> {
    let (followed, rebuilt) = (followed(world), rebuilt(world).await);
    let places: BTreeSet<&String> = followed.keys().chain(rebuilt.keys()).collect();
    for place in places {
        let [there, right] = [&followed, &rebuilt].map(|rows| rows.get(place));
        if there != right {
            return Err(format!("{place}: {there:?}, not {right:?}"));
        }
    }
    Ok(())
}

async fn expect_rebuilt(world: &World) {
    is_rebuilt(world).await.unwrap();
}

/// A record of the stream, whatever has happened there.
fn record(pk: String, sk: &str) -> Value {
    json!({
        "eventID": "1", "eventName": "MODIFY", "eventVersion": "1.1", "eventSource": "aws:dynamodb",
        "awsRegion": "ap-northeast-1",
        "dynamodb": {
            "ApproximateCreationDateTime": 1_795_215_600, "SizeBytes": 1,
            "Keys": {"pk": {"S": pk}, "sk": {"S": sk}}, "NewImage": {},
            "SequenceNumber": "1", "StreamViewType": "NEW_IMAGE",
        },
    })
}

async fn invoke(world: &World, records: Vec<Value>) {
    let event = json!({"Records": records});
    let answer = world
        .stack
        .lambda()
        .invoke("MarketIndex", event)
        .await
        .unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
}

async fn some_items(world: &World) -> (Person, Vec<String>) {
    let hana = maker(world, "hana").await;
    let mut all = Vec::new();
    for (name, price) in [
        ("九谷焼の湯のみ", 3_000),
        ("青い皿", 500),
        ("Blue bowl", 800),
    ] {
        let body = json!({
            "item_name": name, "price": price, "stock": 1, "color": "青", "series": "春の器",
            "description": "一つずつ手で作りました。",
        });
        all.push(add(world, &hana, body).await);
    }
    (hana, all)
}

#[tokio::test]
async fn after_every_change_lists_and_search_are_what_a_rebuild_makes_of_the_items() {
    let world = World::new().await;
    let (hana, all) = some_items(&world).await;
    expect_rebuilt(&world).await;
    for (nth, (item, body)) in [
        (0, json!({"price": 3_200})),
        (
            0,
            json!({"item_name": "有田焼の湯のみ", "description": null}),
        ),
        (1, json!({"color": "赤", "stock_delta": -1})),
        (1, json!({"stock_delta": 2, "series": null})),
        (2, json!({"status": "hidden"})),
        (2, json!({"item_name": "Red bowl"})),
        (2, json!({"status": "on_sale"})),
    ]
    .into_iter()
    .enumerate()
    {
        change(&world, &hana, &all[item], &nth.to_string(), body)
            .await
            .expect(200);
        world.stack.settle().await;
        expect_rebuilt(&world).await;
    }
    onboard(&world, &hana.id, false).await;
    world.stack.settle().await;
    expect_rebuilt(&world).await;
    assert!(items(&world, "LIST#").is_empty());
}

#[tokio::test]
async fn records_may_come_doubled_late_at_once_and_in_any_order() {
    let world = World::new().await;
    let (hana, all) = some_items(&world).await;
    let records = || {
        let mut records = vec![record(format!("MAKER#{}", hana.id), "MAKER")];
        for item in &all {
            records.push(record(format!("ITEM#{item}"), "ITEM"));
            records.push(record(format!("STOCK#{item}#0"), "STOCK"));
            records.push(record(format!("STOCK#{item}#1"), "STOCK"));
        }
        records
    };
    let before = followed(&world);
    let (mut forwards, mut backwards) = (records(), records());
    backwards.reverse();
    forwards.extend(records());
    invoke(&world, forwards.clone()).await;
    assert_eq!(followed(&world), before);
    // While everything changes, many are told at once of everything.
    let changes = (0..12).map(|nth| {
        let body = [
            json!({"price": 1_000 + nth}),
            json!({"item_name": format!("皿 {nth}")}),
            json!({"status": "hidden"}),
            json!({"status": "on_sale", "stock_delta": 1}),
        ][nth % 4]
            .clone();
        let (world, hana, item) = (&world, &hana, &all[nth % 3]);
        async move {
            change(world, hana, item, &format!("change {nth}"), body)
                .await
                .expect(200);
        }
    });
    let told = (0..8).map(|nth| {
        let records = if nth % 2 == 0 {
            forwards.clone()
        } else {
            backwards.clone()
        };
        invoke(&world, records)
    });
    futures_util::join!(join_all(changes), join_all(told));
    world.stack.settle().await;
    expect_rebuilt(&world).await;
    // What comes much later, and of what was never there, changes nothing.
    let before = followed(&world);
    let gone = "019aa2b4-7c1e-7d33-9f0a-000000000000";
    backwards.push(record(format!("ITEM#{gone}"), "ITEM"));
    backwards.push(record(format!("MAKER#{gone}"), "MAKER"));
    backwards.push(record("NEXT".to_owned(), "ITEM"));
    invoke(&world, backwards).await;
    assert_eq!(followed(&world), before);
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn a_text_that_has_changed_is_found_by_its_new_words_alone() {
    let world = World::new().await;
    let hana = maker(&world, "hana").await;
    let item = add(&world, &hana, cup()).await;
    for (nth, (name, finds, finds_not)) in [
        ("有田焼の皿", "keyword=%E7%9A%BF", "keyword=%E6%B9%AF"),
        ("九谷焼の湯のみ", "keyword=%E6%B9%AF", "keyword=%E7%9A%BF"),
    ]
    .into_iter()
    .enumerate()
    {
        let body = json!({"item_name": name});
        change(&world, &hana, &item, &nth.to_string(), body)
            .await
            .expect(200);
        world.stack.settle().await;
        assert_eq!(names(&world, finds).await, [name]);
        assert!(names(&world, finds_not).await.is_empty());
    }
}
