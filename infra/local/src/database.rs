//! The tables: dynoxide, an embedded DynamoDB on SQLite, with the template's tables in it.

use std::{path::Path, sync::Arc};

use dynoxide::{
    Database,
    actions::{describe_table::DescribeTableRequest, update_time_to_live::UpdateTimeToLiveRequest},
    storage_backend::Clock,
};
use serde_json::{Value, json};

use crate::{
    clock::LocalClock,
    template::{AttributeKind, Keys, Projection, StreamView, Table},
};

struct DatabaseClock(LocalClock);

impl Clock for DatabaseClock {
    fn now_unix_secs(&self) -> u64 {
        u64::try_from(self.0.now().as_second()).unwrap_or_default()
    }

    fn now_unix_secs_f64(&self) -> f64 {
        self.0.now().as_duration().as_secs_f64()
    }
}

/// Opens the database: the file at `path`, or one in memory that goes by the stack's clock.
///
/// # Errors
/// A sentence that says what is in the way.
pub fn open(path: Option<&Path>, clock: &LocalClock) -> Result<Database, String> {
    let opened = match path {
        Some(path) => Database::new(&path.to_string_lossy()),
        None => Database::memory_with_clock(Arc::new(DatabaseClock(clock.clone()))),
    };
    opened.map_err(|error| {
        let place = path.map_or("memory".into(), |path| path.display().to_string());
        format!("the database in {place} cannot be opened: {error}")
    })
}

/// Makes the template's tables that are not there yet.
///
/// # Errors
/// A sentence that says which table is in the way: one that was made from another template.
pub fn make_tables(database: &Database, tables: &[Table]) -> Result<(), String> {
    for table in tables {
        let wanted = definition(table);
        let describe: DescribeTableRequest = from_json(json!({"TableName": table.name}))?;
        match database.describe_table(describe) {
            Ok(existing) => {
                let existing = serde_json::to_value(existing).unwrap_or_default();
                if !same(&wanted, &existing["Table"]) {
                    return Err(format!(
                        "the table {} was made from an older template.yaml; start with --fresh to \
                         make it anew (this empties it)",
                        table.name
                    ));
                }
            }
            Err(_) => {
                database
                    .create_table(from_json(wanted)?)
                    .map_err(|error| format!("the table {} cannot be made: {error}", table.name))?;
                if let Some(attribute) = &table.ttl_attribute {
                    let request: UpdateTimeToLiveRequest = from_json(json!({
                        "TableName": table.name,
                        "TimeToLiveSpecification": {"AttributeName": attribute, "Enabled": true},
                    }))?;
                    database
                        .update_time_to_live(request)
                        .map_err(|error| format!("TTL of {} cannot be set: {error}", table.name))?;
                }
            }
        }
    }
    Ok(())
}

/// A request of the embedded database from its JSON form.
///
/// # Errors
/// The parser's sentence.
pub fn from_json<T: serde::de::DeserializeOwned>(request: Value) -> Result<T, String> {
    serde_json::from_value(request).map_err(|error| error.to_string())
}

fn definition(table: &Table) -> Value {
    let mut definition = json!({
        "TableName": table.name,
        "KeySchema": key_schema(&table.keys),
        "AttributeDefinitions": table.attributes.iter().map(|(name, kind)| json!({
            "AttributeName": name,
            "AttributeType": match kind {
                AttributeKind::String => "S",
                AttributeKind::Number => "N",
                AttributeKind::Binary => "B",
            },
        })).collect::<Vec<_>>(),
        "BillingMode": "PAY_PER_REQUEST",
    });
    if !table.indexes.is_empty() {
        definition["GlobalSecondaryIndexes"] = table
            .indexes
            .iter()
            .map(|index| {
                json!({
                    "IndexName": index.name,
                    "KeySchema": key_schema(&index.keys),
                    "Projection": match &index.projection {
                        Projection::All => json!({"ProjectionType": "ALL"}),
                        Projection::KeysOnly => json!({"ProjectionType": "KEYS_ONLY"}),
                        Projection::Include(attributes) => {
                            json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": attributes})
                        }
                    },
                })
            })
            .collect();
    }
    if let Some(view) = table.stream {
        definition["StreamSpecification"] = json!({
            "StreamEnabled": true,
            "StreamViewType": match view {
                StreamView::KeysOnly => "KEYS_ONLY",
                StreamView::NewImage => "NEW_IMAGE",
                StreamView::OldImage => "OLD_IMAGE",
                StreamView::NewAndOldImages => "NEW_AND_OLD_IMAGES",
            },
        });
    }
    definition
}

fn key_schema(keys: &Keys) -> Value {
    let mut schema = vec![json!({"AttributeName": keys.partition, "KeyType": "HASH"})];
    if let Some(sort) = &keys.sort {
        schema.push(json!({"AttributeName": sort, "KeyType": "RANGE"}));
    }
    schema.into()
}

/// Whether a table that exists has the keys, indexes and stream that are wanted.
fn same(wanted: &Value, existing: &Value) -> bool {
    let indexes = |table: &Value| -> Vec<(String, String)> {
        let mut names: Vec<_> = table["GlobalSecondaryIndexes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|index| {
                (
                    index["IndexName"].to_string(),
                    index["KeySchema"].to_string(),
                )
            })
            .collect();
        names.sort();
        names
    };
    wanted["KeySchema"] == existing["KeySchema"]
        && indexes(wanted) == indexes(existing)
        && wanted["StreamSpecification"]["StreamViewType"]
            == existing["StreamSpecification"]["StreamViewType"]
}
