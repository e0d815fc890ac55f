//! What becomes of two orders that are paid for: one is sent and comes, one is given back; and the line that adds
//! up.

use serde_json::{Value, json};

use super::{Customer, Play};
use crate::{client::text, stripe::Balance};

/// Plays it: `kept` is an order of the customer's, `given_back` one of anybody's, each of one parcel of the maker's.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn run(
    play: &Play,
    maker: &str,
    customer: &Customer,
    [kept, given_back]: [&str; 2],
) -> Result<(), String> {
    println!("\nhana sends one parcel, and gives back what the other has cost.");
    let shipped = json!({"ship_id": "1234-5678-9012", "carrier": "日本郵便"});
    let path = format!("/api/sales/{kept}/ship");
    let sale = play.expect("POST", &path, maker, Some(shipped)).await?;
    let path = format!("/api/sales/{given_back}/refund");
    play.expect("POST", &path, maker, None).await?;
    play.stack.settle().await;

    println!(
        "{} says that the parcel has come: what it has cost goes to hana, less the fee.",
        customer.name
    );
    let customer = &customer.token;
    let path = format!("/api/transaction/{kept}");
    let order = play.expect("GET", &path, customer, None).await?;
    let received = json!({"maker_id": order["parcels"][0]["maker_id"]});
    let path = format!("/api/transaction/{kept}/received");
    play.expect("POST", &path, customer, Some(received)).await?;
    play.stack.settle().await;

    let sales = play.expect("GET", "/api/sales", maker, None).await?;
    let sales = sales.as_array().map(Vec::as_slice).unwrap_or_default();
    for sale in sales {
        println!(
            "  {}: {} yen",
            text(sale, "status"),
            amount(sale, "items_amount")? + amount(sale, "shipping_fee")?
        );
    }
    let fees = amount(&sale, "fee")?;
    let Balance {
        paid,
        refunded,
        passed_on,
        ..
    } = play.stack.stripe().balance();
    println!("\n{paid} yen charged = {passed_on} transferred + {fees} fees + {refunded} refunded");
    match paid == passed_on + fees + refunded {
        true => Ok(()),
        false => Err("it should add up".into()),
    }
}

fn amount(sale: &Value, field: &str) -> Result<i64, String> {
    sale[field].as_i64().ok_or_else(|| format!("no {field}"))
}
