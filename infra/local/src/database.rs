//! The tables: dynoxide, an embedded DynamoDB on SQLite, with the template's tables in it.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, LazyLock},
};

use dynoxide::{
    Database,
    actions::{describe_table::DescribeTableRequest, update_time_to_live::UpdateTimeToLiveRequest},
    storage_backend::Clock,
};
use rusqlite::Connection;
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

/// Each write asks for the last number of its table's stream, each reader for what follows one: without
/// this, both look through every record that there is.
const STREAM_INDEX: &str = "CREATE INDEX IF NOT EXISTS stream_records_by_number \
     ON _stream_records (table_name, CAST(sequence_number AS INTEGER))";

/// The name, to SQLite, of [`PREPARED`].
const PREPARED_NAME: &str = "file:enishi-prepared?mode=memory&cache=shared";

/// An empty database in memory, with the index. It is there to be copied: a second connection, which
/// alone can make the index, reaches this one only, for it has a name.
static PREPARED: LazyLock<Result<Database, String>> = LazyLock::new(|| indexed(PREPARED_NAME));

/// Opens the database in the file at `path`.
///
/// # Errors
/// A sentence that says what is in the way.
pub fn open(path: &Path) -> Result<Database, String> {
    indexed(&path.to_string_lossy()).map_err(|error| {
        format!(
            "the database in {} cannot be opened: {error}",
            path.display()
        )
    })
}

/// A database in memory that goes by the stack's clock: empty, or a copy of the file at `copy_of`.
///
/// # Errors
/// A sentence that says what is in the way.
pub fn in_memory(clock: &LocalClock, copy_of: Option<&Path>) -> Result<Database, String> {
    PREPARED.as_ref()?;
    let name = copy_of.map_or(PREPARED_NAME.into(), Path::to_string_lossy);
    let database = Database::memory_with_clock(Arc::new(DatabaseClock(clock.clone())));
    database
        .and_then(|database| database.restore_from(&name).map(|()| database))
        .map_err(|error| format!("no database in memory: {error}"))
}

fn indexed(name: &str) -> Result<Database, String> {
    let database = Database::new(name).map_err(|error| error.to_string())?;
    let made = Connection::open(name).and_then(|connection| connection.execute_batch(STREAM_INDEX));
    made.map_err(|error| error.to_string())?;
    Ok(database)
}

/// Makes the template's tables that are not there yet, and brings the indexes of the others to what the
/// template says now; their items stay.
///
/// # Errors
/// A sentence that says which table is in the way: one whose keys or stream were other ones.
pub fn make_tables(database: &Database, tables: &[Table]) -> Result<(), String> {
    for table in tables {
        let wanted = definition(table);
        let describe: DescribeTableRequest = from_json(json!({"TableName": table.name}))?;
        match database.describe_table(describe) {
            Ok(existing) => {
                let existing = serde_json::to_value(existing).unwrap_or_default();
                migrate(database, &table.name, &wanted, &existing["Table"])?;
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

/// Deletes the indexes that are gone or were other ones, then makes those that are not there: one a
/// change, as DynamoDB takes them.
fn migrate(
    database: &Database,
    table: &str,
    wanted: &Value,
    existing: &Value,
) -> Result<(), String> {
    let view = |table: &Value| table["StreamSpecification"]["StreamViewType"].clone();
    if typed_keys(wanted, wanted) != typed_keys(existing, existing)
        || view(wanted) != view(existing)
    {
        return Err(format!(
            "the table {table} was made from an older template.yaml, with other keys or another \
             stream; start with --fresh to make it anew (this empties it)"
        ));
    }
    let (is, shall_be) = (indexes(existing), indexes(wanted));
    let deleted = (is.iter())
        .filter(|(name, index)| shall_be.get(*name) != Some(*index))
        .map(|(name, _)| json!({"Delete": {"IndexName": name}}));
    let created = (shall_be.iter())
        .filter(|(name, index)| is.get(*name) != Some(*index))
        .map(|(_, index)| json!({"Create": index.definition}));
    for change in deleted.chain(created) {
        let request = from_json(json!({
            "TableName": table,
            "AttributeDefinitions": wanted["AttributeDefinitions"],
            "GlobalSecondaryIndexUpdates": [change],
        }))?;
        database
            .update_table(request)
            .map_err(|error| format!("an index of {table} cannot be changed: {error}"))?;
    }
    Ok(())
}

/// What an index is.
#[derive(PartialEq)]
struct IndexState {
    definition: Value,
    keys: Vec<String>,
}

/// A table's indexes, by their names.
fn indexes(table: &Value) -> BTreeMap<String, IndexState> {
    let all = table["GlobalSecondaryIndexes"].as_array().into_iter();
    all.flatten()
        .map(|index| {
            let mut projection = index["Projection"].clone();
            let attributes = projection.get_mut("NonKeyAttributes");
            if let Some(attributes) = attributes.and_then(Value::as_array_mut) {
                attributes.sort_by_key(Value::to_string);
            }
            let definition = json!({
                "IndexName": index["IndexName"],
                "KeySchema": index["KeySchema"],
                "Projection": projection,
            });
            let keys = typed_keys(index, table);
            let name = index["IndexName"].as_str().unwrap_or_default().to_owned();
            (name, IndexState { definition, keys })
        })
        .collect()
}

/// The keys of a table, or of an index of it, each with its type.
fn typed_keys(of: &Value, table: &Value) -> Vec<String> {
    let attributes = table["AttributeDefinitions"].as_array();
    let kind = |name: &Value| {
        let mut attributes = attributes.into_iter().flatten();
        let attribute = attributes.find(|attribute| attribute["AttributeName"] == *name);
        attribute.map(|attribute| attribute["AttributeType"].to_string())
    };
    let keys = of["KeySchema"].as_array().into_iter().flatten();
    keys.map(|key| format!("{key} {:?}", kind(&key["AttributeName"])))
        .collect()
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

#[cfg(test)]
mod tests;
