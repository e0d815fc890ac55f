//! What the requests to the database say about themselves.

use enishi_local::aws::Exchange;
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;

/// Requests to the database and what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// How many.
    pub requests: usize,
    /// Read capacity units.
    pub read: f64,
    /// Write capacity units.
    pub write: f64,
}

/// All that came since the last time.
pub fn drain(watch: &mut UnboundedReceiver<Exchange>) -> Vec<Exchange> {
    std::iter::from_fn(|| watch.try_recv().ok()).collect()
}

/// What these cost together.
pub fn cost(exchanges: &[Exchange]) -> Cost {
    let mut sum = Cost::default();
    for exchange in exchanges {
        let (read, write) = capacity(exchange);
        sum.requests += 1;
        sum.read += read;
        sum.write += write;
    }
    sum
}

/// Read and write capacity units of a request.
fn capacity(exchange: &Exchange) -> (f64, f64) {
    let answer: Value = serde_json::from_slice(&exchange.answer).unwrap_or_default();
    let consumed = &answer["ConsumedCapacity"];
    let tables = match consumed {
        Value::Array(tables) => tables.as_slice(),
        table => std::slice::from_ref(table),
    };
    let units =
        |name: &str| -> f64 { tables.iter().filter_map(|table| table[name].as_f64()).sum() };
    match exchange.operation.as_str() {
        "GetItem" | "BatchGetItem" | "Query" => (units("CapacityUnits"), 0.0),
        "TransactWriteItems" => (units("ReadCapacityUnits"), units("WriteCapacityUnits")),
        _ => (0.0, units("CapacityUnits")),
    }
}
