//! `saju-sweep`: erases the pictures of closed accounts once more, when nothing can be uploaded any
//! more with what was allowed before the closing.

use enishi_shared::{
    App, Function, Result, UserId,
    function::on,
    media::UPLOADS_END,
    store::{Key, Table, s},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{photo, profile::table};

/// `saju-sweep`
///
/// Budget: of each account; 1 beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("saju-sweep", |app, event| on(app, event, sweep)).budget(1);

/// The partition of what is still to be erased, in the order in which it is due.
const PARTITION: &str = "ERASURES";
/// Accounts read at once.
const PAGE: i32 = 100;

/// An account whose pictures are to be erased.
#[derive(Serialize, Deserialize)]
struct Erasure {
    user_id: UserId,
    /// When it was closed.
    closed_at: Timestamp,
}

impl Erasure {
    fn key(&self) -> Key {
        let due = order(self.closed_at + UPLOADS_END);
        Key::new(PARTITION, format!("{due}#{}", self.user_id))
    }
}

/// As many digits in every time, or their order as text would not be theirs.
fn order(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Notes that somebody's pictures are to be erased again. One request; once more does no harm.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn note(table: &Table, user_id: UserId, closed_at: Timestamp) -> Result<()> {
    let erasure = Erasure { user_id, closed_at };
    table.put(erasure.key(), &erasure).await
}

/// What was done.
#[derive(Debug, Serialize)]
pub struct Swept {
    accounts: usize,
}

/// Takes what is due now. What cannot be erased stays for the next run.
async fn sweep(app: App, _: Value) -> Result<Swept> {
    let table = table(&app)?;
    let due = order(app.now());
    let mut accounts = 0;
    let mut failure = None;
    let mut after = None;
    loop {
        let page = table
            .query("pk = :erasures AND sk < :due")
            .value(":erasures", s(PARTITION))
            .value(":due", s(&due))
            .limit(PAGE)
            .after(after)
            .page::<Erasure>()
            .await?;
        for erasure in page.items {
            match photo::erase(&app, erasure.user_id).await {
                Ok(()) => {
                    table.delete(erasure.key()).await?;
                    accounts += 1;
                }
                Err(error) => failure = Some(error),
            }
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    failure.map_or(Ok(Swept { accounts }), Err)
}
