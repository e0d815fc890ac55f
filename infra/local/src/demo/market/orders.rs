//! Two customers who race for the last piece, pay and are left with an order each.

use futures_util::future::join;
use serde_json::{Value, json};

use super::{Customer, Play};
use crate::client::text;

/// Plays it: of `last` there is one, of `other` there are enough. Answers who got the last one, and both orders,
/// theirs first.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn run<'a>(
    play: &Play,
    customers: [&'a Customer; 2],
    last: &str,
    other: &str,
) -> Result<(&'a Customer, [String; 2]), String> {
    let [one, two] = customers;
    println!(
        "\n{} and {} both want the last one, and buy it at the same time.",
        one.name, two.name
    );
    for customer in customers {
        play.fill(customer, last, 1).await?;
    }
    let (first, second) = join(play.buy(one), play.buy(two)).await;
    let (winner, loser, bought) = match (first?, second?) {
        ((201, bought), (409, _)) => (one, two, bought),
        ((409, _), (201, bought)) => (two, one, bought),
        (first, second) => return Err(format!("one of them should get it: {first:?}, {second:?}")),
    };
    println!(
        "{} gets it; {} is told that it is gone.",
        winner.name, loser.name
    );
    play.fill(loser, other, 2).await?;
    let (status, instead) = play.buy(loser).await?;
    if status != 201 {
        return Err(format!("a purchase was answered {status}: {instead}"));
    }
    println!("{} buys something else, and both pay.", loser.name);
    let mut orders = Vec::new();
    for (customer, bought) in [(winner, bought), (loser, instead)] {
        play.press(&text(&bought, "checkout_url"), "pay").await?;
        let id = text(&bought, "transaction_id");
        let path = format!("/api/transaction/{id}");
        let order = play.expect("GET", &path, &customer.token, None).await?;
        println!(
            "  {}: {} yen, {}",
            customer.name,
            order["total_amount"],
            text(&order, "status")
        );
        if order["status"] != "Paid" {
            return Err(format!("it should be paid for: {order}"));
        }
        orders.push(id);
    }
    let orders = orders.try_into();
    orders
        .map(|orders| (winner, orders))
        .map_err(|orders| format!("there should be two orders: {orders:?}"))
}

impl Play {
    /// Nothing but so many of an item is in somebody's cart.
    async fn fill(&self, customer: &Customer, item: &str, quantity: u32) -> Result<(), String> {
        self.expect("DELETE", "/api/cart", &customer.token, None)
            .await?;
        let line = json!({"item_id": item, "quantity": quantity});
        self.expect("POST", "/api/cart", &customer.token, Some(line))
            .await?;
        Ok(())
    }

    /// Buys what is in somebody's cart, if that can be.
    async fn buy(&self, customer: &Customer) -> Result<(u16, Value), String> {
        let token = Some(&*customer.token);
        self.client
            .send("POST", "/api/buy", token, Some(json!({})))
            .await
    }
}
