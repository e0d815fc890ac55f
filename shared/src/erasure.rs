//! Files of closed accounts, erased once more when nothing can be uploaded any more with what was allowed
//! before the closing. A service notes in its table whose are to be, and a schedule takes what is due.
//!
//! | access pattern of the service's table | key | requests |
//! |---|---|---|
//! | what is to be erased, and when | `ERASURES` / `<time>#<user_id>` | 1 put; 1 query a hundred, 1 delete each |

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    Result, UserId,
    media::UPLOADS_END,
    store::{Key, Table, s},
};

/// The partition of what is still to be erased, in the order in which it is due.
const PARTITION: &str = "ERASURES";
/// Accounts read at once.
const PAGE: i32 = 100;

/// An account whose files are to be erased.
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

/// Notes that somebody's files are to be erased again. One request; once more does no harm.
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

/// Erases what is due at `now`. What cannot be erased stays for the next run.
///
/// # Errors
/// The last one that `erase` answered, or `service_unavailable`.
pub async fn sweep<F, Fut>(table: &Table, now: Timestamp, erase: F) -> Result<Swept>
where
    F: Fn(UserId) -> Fut,
    Fut: Future<Output = Result<()>>,
{
    let due = order(now);
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
            match erase(erasure.user_id).await {
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
