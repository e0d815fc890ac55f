//! Connections as they lie in the table: one row finds the person, the other the connection.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    accounts::OpenSession,
    app::App,
    error::Error,
    store::{Condition, Key, Part, Table, Transaction, gone, s, when},
    user_id::UserId,
};

/// How long a connection is good, in seconds, if its session does not end before: should the news of
/// that be lost, it is reached for no longer. Its client connects again, with a new ticket.
const GOOD: i64 = 60 * 60;
/// How long a row outlasts the connection's beginning, in seconds: API Gateway ends the connection
/// after two hours, and ten minutes are for clocks and for what is under way.
const LIFE: i64 = (2 * 60 + 10) * 60;
/// Longer than a `$connect` takes, in seconds. Until that has answered, its connection is gone to
/// whoever posts to it, though its rows are there.
const OPENING: i64 = 30;
/// The connections of one person: a few devices with a few tabs each. So many are reached by every
/// push, and a query finds them all.
const MOST: u8 = 20;

/// Somebody's connection. Both rows hold all of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// The session it was opened in, and whose it is.
    pub session: OpenSession,
    /// API Gateway's id of it, never given twice.
    pub connection_id: String,
    /// Which of the person's [`MOST`] places it has.
    place: u8,
    /// From when on it is not good any more, in seconds.
    expires_at: i64,
    /// When it has ended for certain, in seconds.
    ttl: i64,
}

impl Connection {
    /// A connection that begins now, beside the `others` of the same person: in a free place, or else
    /// in that of the oldest, which has to go. Whoever loses connections without a word, in a tunnel,
    /// gets in again so; a new one that was refused would keep them out until the old ones time out.
    pub fn new<'a>(
        app: &App,
        session: OpenSession,
        connection_id: &str,
        others: &'a [Self],
    ) -> (Self, Option<&'a Self>) {
        let free = (0..MOST).find(|place| others.iter().all(|other| other.place != *place));
        let oldest = others.iter().min_by_key(|other| other.expires_at);
        let oldest = oldest.filter(|_| free.is_none());
        let now = app.now().as_second();
        let connection = Self {
            session,
            connection_id: connection_id.to_owned(),
            place: free
                .or(oldest.map(|oldest| oldest.place))
                .unwrap_or_default(),
            expires_at: now + GOOD,
            ttl: now + LIFE,
        };
        (connection, oldest)
    }

    /// Makes it known, `instead_of` another one, if any; refused where it is known already. Answers
    /// that part.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be stored.
    pub fn begin(
        &self,
        tx: &mut Transaction,
        table: &Table,
        instead_of: Option<&Self>,
    ) -> Result<Part<Self>, Error> {
        let mut free = gone(tx.app().now().as_second());
        if let Some(other) = instead_of {
            free = free.or(other.here());
            tx.delete(table, other.by_id());
        }
        tx.replace(table, self.of_user(), self, free)?;
        tx.create(table, self.by_id(), self)
    }

    /// Forgets it. One request; once more does no harm.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn forget(&self, app: &App, table: &Table) -> Result<(), Error> {
        let mut tx = Transaction::new(app);
        tx.delete_when(table, self.of_user(), self.here());
        tx.delete(table, self.by_id());
        // Refused, its place is another one's, and with that both its rows have gone.
        tx.commit().await?;
        Ok(())
    }

    /// The connection with this id, if it has not ended. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn find(
        app: &App,
        table: &Table,
        connection_id: &str,
    ) -> Result<Option<Self>, Error> {
        let found = table.get::<Self>(&connection_key(connection_id)).await?;
        Ok(found.filter(|connection| connection.lasts(app.now())))
    }

    /// Somebody's connections. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn of(app: &App, table: &Table, user_id: UserId) -> Result<Vec<Self>, Error> {
        let mut page = table
            .query("pk = :pk AND begins_with(sk, :connection)")
            .value(":pk", s(partition(user_id)))
            .value(":connection", s("CONNECTION#"))
            .page::<Self>()
            .await?;
        let now = app.now();
        page.items.retain(|connection| connection.lasts(now));
        Ok(page.items)
    }

    /// Whether nothing goes through it any more, though it may be open.
    pub(super) fn has_expired(&self, now: Timestamp) -> bool {
        now.as_second() >= self.expires_at
    }

    /// Whether it may be one whose `$connect` has not answered yet.
    pub(super) fn is_opening(&self, now: Timestamp) -> bool {
        now.as_second() <= self.ttl - LIFE + OPENING
    }

    fn lasts(&self, now: Timestamp) -> bool {
        now.as_second() < self.ttl
    }

    fn by_id(&self) -> Key {
        connection_key(&self.connection_id)
    }

    fn of_user(&self) -> Key {
        let place = format!("CONNECTION#{:02}", self.place);
        Key::new(partition(self.session.user_id), place)
    }

    /// That its place is still its own.
    fn here(&self) -> Condition {
        when().eq("connection_id", &self.connection_id)
    }
}

/// Where a connection lies.
pub fn connection_key(connection_id: &str) -> Key {
    Key::new(format!("CONNECTION#{connection_id}"), "CONNECTION")
}

/// The partition of a person's tickets and connections.
pub fn partition(user_id: UserId) -> String {
    format!("USER#{user_id}")
}
