//! A function that opens Checkouts, the way a service's does: what such a function weighs.
//! `cargo build --release -p enishi-payments --example checkout`

use enishi_shared::{
    App, Function, Result, UserId,
    function::{BoxError, on, run},
    payments::{self, Line, NewPayment, PaymentId, Product, Purpose},
};
use jiff::SignedDuration;
use serde::Deserialize;

const FUNCTION: Function = Function::event("checkout", |app, event| on(app, event, checkout));

#[derive(Deserialize)]
struct Asked {
    payment_id: PaymentId,
    payer: UserId,
    amount: i64,
}

async fn checkout(app: App, asked: Asked) -> Result<String> {
    let line = Line {
        name: "Enishi".into(),
        unit_amount: asked.amount,
        quantity: 1,
    };
    let payment = NewPayment {
        payment_id: asked.payment_id,
        payer: asked.payer.into(),
        purpose: Purpose::new("sample"),
        reference: "order",
        product: Product::Lines(vec![line]),
        currency: "jpy",
        lasts: SignedDuration::from_hours(1),
        cards_only: false,
        success_url: "http://localhost:5173/",
        cancel_url: "http://localhost:5173/",
    };
    Ok(payments::open(&app, payment).await?.checkout_url)
}

fn main() -> Result<(), BoxError> {
    run(&FUNCTION)
}
