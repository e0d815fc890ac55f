//! `payments-sweep`: asks about payments that have waited for too long, whether a webhook was lost or
//! a function was cut off between Stripe and the record.

use enishi_shared::{
    App, Error, Function, Result,
    function::on,
    payments::{DUE, PaymentRef, WAITING, look, table},
    store::{Key, n, s},
};
use futures_util::{StreamExt as _, stream};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `payments-sweep`
///
/// Budget: of each payment that waits, and 4 to Stripe; 1 beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("payments-sweep", |app, event| on(app, event, sweep)).budget(5);

/// Payments that are asked about at once: Stripe takes 100 requests a second.
const AT_ONCE: usize = 8;
/// Payments read at once.
const PAGE: i32 = 100;

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
    let now = app.now();
    let mut payments = 0;
    let mut failure = None;
    let mut after = None;
    loop {
        let page = table(&app)?
            .query("due = :waiting AND due_at <= :now")
            .index(DUE)
            .value(":waiting", s(WAITING))
            .value(":now", n(now.as_second()))
            .limit(PAGE)
            .after(after)
            .page::<Waiting>()
            .await?;
        payments += page.items.len();
        let outcomes: Vec<Result<()>> = stream::iter(page.items)
            .map(|Waiting { pk, sk }| {
                let app = &app;
                async move {
                    let payment_ref = PaymentRef::of_key(&Key::new(pk, sk));
                    look(
                        app,
                        payment_ref.ok_or_else(|| Error::internal("no payment"))?,
                    )
                    .await
                }
            })
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        failure = outcomes.into_iter().find_map(Result::err).or(failure);
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    match failure {
        None => Ok(Swept { payments }),
        Some(error) => Err(error),
    }
}
