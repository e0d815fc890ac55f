//! Connections as they lie in the table: one row finds the person, the other the connection.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    app::App,
    error::Error,
    store::{Key, Part, Table, Transaction, s},
    user_id::UserId,
};

/// How long a row outlasts the connection's beginning, in seconds: API Gateway ends the connection
/// after two hours, and ten minutes are for clocks and for what is under way.
const LIFE: i64 = (2 * 60 + 10) * 60;
/// Longer than a `$connect` takes, in seconds. Until that has answered, its connection is gone to
/// whoever posts to it, though its rows are there.
const OPENING: i64 = 30;
/// The connections of one person that a push reaches. Nobody has as many devices.
const MOST: i32 = 100;

/// Somebody's connection. Both rows hold all of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Connection {
    /// Whose it is.
    pub user_id: UserId,
    /// API Gateway's id of it, never given twice.
    pub connection_id: String,
    /// When it has ended for certain, in seconds.
    pub ttl: i64,
}

impl Connection {
    /// A connection that begins now.
    pub fn new(app: &App, user_id: UserId, connection_id: &str) -> Self {
        Self {
            user_id,
            connection_id: connection_id.to_owned(),
            ttl: app.now().as_second() + LIFE,
        }
    }

    /// Makes it known; refused where it is known already.
    ///
    /// # Errors
    /// `internal_server_error` when it cannot be stored.
    pub fn begin(&self, tx: &mut Transaction, table: &Table) -> Result<Part<Self>, Error> {
        let [by_id, of_user] = self.keys();
        tx.put(table, of_user, self)?;
        tx.create(table, by_id, self)
    }

    /// Forgets it. One request; once more does no harm.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn forget(&self, app: &App, table: &Table) -> Result<(), Error> {
        let mut tx = Transaction::new(app);
        for key in self.keys() {
            tx.delete(table, key);
        }
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
        let found = table.get::<Self>(&by_id(connection_id)).await?;
        Ok(found.filter(|connection| connection.lasts(app.now())))
    }

    /// Somebody's connections, at most 100 of them. One request.
    ///
    /// # Errors
    /// `service_unavailable` when DynamoDB does not answer.
    pub async fn of(app: &App, table: &Table, user_id: UserId) -> Result<Vec<Self>, Error> {
        let mut page = table
            .query("pk = :pk AND begins_with(sk, :connection)")
            .value(":pk", s(partition(user_id)))
            .value(":connection", s("CONNECTION#"))
            .limit(MOST)
            .page::<Self>()
            .await?;
        let now = app.now();
        page.items.retain(|connection| connection.lasts(now));
        Ok(page.items)
    }

    /// Whether it may be one whose `$connect` has not answered yet.
    pub(super) fn is_opening(&self, now: Timestamp) -> bool {
        now.as_second() <= self.ttl - LIFE + OPENING
    }

    fn lasts(&self, now: Timestamp) -> bool {
        now.as_second() < self.ttl
    }

    fn keys(&self) -> [Key; 2] {
        let of_user = Key::new(
            partition(self.user_id),
            format!("CONNECTION#{}", self.connection_id),
        );
        [by_id(&self.connection_id), of_user]
    }
}

fn by_id(connection_id: &str) -> Key {
    Key::new(format!("CONNECTION#{connection_id}"), "CONNECTION")
}

/// The partition of a person's tickets and connections.
pub fn partition(user_id: UserId) -> String {
    format!("USER#{user_id}")
}
