//! The tables, by key and by index.

use axum::{
    Json,
    extract::{Path, Query, State},
    http::StatusCode,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Answer;
use crate::{
    database::from_json,
    stack::Stack,
    template::{AttributeKind, Keys, Table},
};

/// How many items a page has.
const PAGE: u32 = 50;

/// What there is, with keys and indexes.
pub async fn tables(State(stack): State<Stack>) -> Json<Value> {
    let keys = |keys: &Keys| json!({"partition": keys.partition, "sort": keys.sort});
    let shown = |table: &Table| {
        let indexes = table.indexes.iter();
        let indexes = indexes.map(|index| json!({"name": index.name, "keys": keys(&index.keys)}));
        json!({
            "name": table.name, "keys": keys(&table.keys), "line": table.line,
            "ttl": table.ttl_attribute, "stream": table.stream.is_some(),
            "indexes": indexes.collect::<Vec<_>>(),
        })
    };
    let mut tables: Vec<&Table> = stack.system().tables.iter().collect();
    tables.sort_by_key(|table| &table.name);
    Json(tables.into_iter().map(shown).collect())
}

/// What is looked for: all items without a partition, else those of it whose sort key begins so, in an
/// index or in the table itself.
#[derive(Debug, Deserialize)]
pub struct Asked {
    #[serde(default)]
    index: String,
    #[serde(default)]
    pk: String,
    #[serde(default)]
    sk: String,
    /// From the last on.
    #[serde(default)]
    descending: bool,
    /// Where the page before ended, as it said.
    #[serde(default)]
    after: String,
}

/// A page of items.
pub async fn items(
    State(stack): State<Stack>,
    Path(name): Path<String>,
    Query(asked): Query<Asked>,
) -> Answer<Value> {
    let refused = |sentence: String| (StatusCode::BAD_REQUEST, sentence);
    let mut tables = stack.system().tables.iter();
    let table = tables.find(|table| table.name == name);
    let table = table.ok_or((StatusCode::NOT_FOUND, "there is no such table".to_owned()))?;
    let index = table.indexes.iter().find(|index| index.name == asked.index);
    let keys = index.map_or(&table.keys, |index| &index.keys);
    let mut request = json!({"TableName": table.name, "Limit": PAGE});
    if let Some(index) = index {
        request["IndexName"] = index.name.as_str().into();
    }
    if !asked.after.is_empty() {
        let after = serde_json::from_str(&asked.after);
        request["ExclusiveStartKey"] = after.map_err(|error| refused(error.to_string()))?;
    }
    let page = match asked.pk.is_empty() {
        true => scan(&stack, request),
        false => {
            restrict(&mut request, table, keys, &asked);
            query(&stack, request)
        }
    };
    let page = page.map_err(refused)?;
    let items = page["Items"].as_array().into_iter().flatten();
    Ok(Json(json!({
        "items": items.map(plain_item).collect::<Vec<_>>(),
        "after": page.get("LastEvaluatedKey").filter(|key| !key.is_null()).map(Value::to_string),
    })))
}

fn restrict(request: &mut Value, table: &Table, keys: &Keys, asked: &Asked) {
    let typed = |name: &str, text: &str| match table.attributes.get(name) {
        Some(AttributeKind::Number) => (json!({"N": text}), true),
        _ => (json!({"S": text}), false),
    };
    let mut condition = "#pk = :pk".to_owned();
    let mut names = json!({"#pk": keys.partition});
    let mut values = json!({":pk": typed(&keys.partition, &asked.pk).0});
    if let Some(sort) = keys.sort.as_ref().filter(|_| !asked.sk.is_empty()) {
        let (value, is_number) = typed(sort, &asked.sk);
        condition += match is_number {
            true => " AND #sk >= :sk",
            false => " AND begins_with(#sk, :sk)",
        };
        names["#sk"] = sort.as_str().into();
        values[":sk"] = value;
    }
    request["KeyConditionExpression"] = condition.into();
    request["ExpressionAttributeNames"] = names;
    request["ExpressionAttributeValues"] = values;
    request["ScanIndexForward"] = (!asked.descending).into();
}

/// A page of a query, as DynamoDB answers it.
pub fn query(stack: &Stack, request: Value) -> Result<Value, String> {
    let page = stack.database().query(from_json(request)?);
    serde_json::to_value(page.map_err(|error| error.to_string())?)
        .map_err(|error| error.to_string())
}

/// A page of a scan, as DynamoDB answers it.
pub fn scan(stack: &Stack, request: Value) -> Result<Value, String> {
    let page = stack.database().scan(from_json(request)?);
    serde_json::to_value(page.map_err(|error| error.to_string())?)
        .map_err(|error| error.to_string())
}

/// All items of a table with this sort key, in no order, `most` at the most.
pub fn with_sort_key(
    stack: &Stack,
    table: &str,
    sk: &str,
    most: usize,
) -> Result<Vec<Value>, String> {
    let mut request = json!({
        "TableName": table,
        "FilterExpression": "sk = :sk",
        "ExpressionAttributeValues": {":sk": {"S": sk}},
    });
    let mut found = Vec::new();
    loop {
        let page = scan(stack, request.clone())?;
        found.extend(
            page["Items"]
                .as_array()
                .into_iter()
                .flatten()
                .map(plain_item),
        );
        match page.get("LastEvaluatedKey") {
            Some(after) if !after.is_null() && found.len() < most => {
                request["ExclusiveStartKey"] = after.clone();
            }
            _ => break,
        }
    }
    found.truncate(most);
    Ok(found)
}

/// The items of a partition, `most` at the most, the last first.
pub fn partition(stack: &Stack, table: &str, pk: &str, most: u32) -> Result<Vec<Value>, String> {
    let page = query(
        stack,
        json!({
            "TableName": table,
            "KeyConditionExpression": "pk = :pk",
            "ExpressionAttributeValues": {":pk": {"S": pk}},
            "ScanIndexForward": false,
            "Limit": most,
        }),
    )?;
    Ok(page["Items"]
        .as_array()
        .into_iter()
        .flatten()
        .map(plain_item)
        .collect())
}

fn plain_item(item: &Value) -> Value {
    let members = item.as_object().into_iter().flatten();
    let members = members.map(|(name, value)| (name.clone(), plain(value)));
    Value::Object(members.collect::<Map<_, _>>())
}

/// An attribute as JSON has it; bytes by their number.
fn plain(attribute: &Value) -> Value {
    let Some((kind, value)) = attribute.as_object().and_then(|it| it.iter().next()) else {
        return Value::Null;
    };
    let number = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        text.parse().map_or_else(|_| text.into(), Value::Number)
    };
    let each = |plain: fn(&Value) -> Value| {
        let items = value.as_array().into_iter().flatten();
        items.map(plain).collect()
    };
    match kind.as_str() {
        "N" => number(value),
        "NULL" => Value::Null,
        "L" => each(plain),
        "M" => plain_item(value),
        "B" => {
            let bytes = BASE64_STANDARD.decode(value.as_str().unwrap_or_default());
            format!("‹{} bytes›", bytes.unwrap_or_default().len()).into()
        }
        _ => value.clone(),
    }
}
