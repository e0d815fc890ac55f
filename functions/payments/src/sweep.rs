//! `payments-sweep`: asks about payments that have waited for too long, whether a webhook was lost or
//! a function was cut off between Stripe and the record.

use enishi_shared::{
    App, Error, Function, Result,
    function::on,
    payments::{DUE, PaymentRef, WAITING, look, table},
    store::{Key, n, s},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `payments-sweep`
///
/// Budget: of each payment that waits, and mostly 4 to Stripe; 1 beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("payments-sweep", |app, event| on(app, event, sweep)).budget(5);

/// What was done.
#[derive(Debug, Serialize)]
pub struct Swept {
    payments: usize,
}

#[derive(Deserialize)]
struct Waiting {
    pk: String,
    sk: String,
}

/// Takes what is due now: a schedule that comes late must not leave what has become due since.
async fn sweep(app: App, _: Value) -> Result<Swept> {
    let due = table(&app)?
        .query("due = :waiting AND due_at <= :now")
        .index(DUE);
    let payments = due
        .value(":waiting", s(WAITING))
        .value(":now", n(app.now().as_second()))
        .each(|Waiting { pk, sk }| {
            let app = &app;
            async move {
                let payment_ref = PaymentRef::of_key(&Key::new(pk, sk));
                let payment_ref = payment_ref.ok_or_else(|| Error::internal("no payment"))?;
                look(app, payment_ref).await
            }
        })
        .await?;
    Ok(Swept { payments })
}
