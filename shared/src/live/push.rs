//! Sending to connections, and closing them.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_sdk_apigatewaymanagement::{
    config::http::HttpResponse,
    error::{ProvideErrorMetadata, SdkError},
    primitives::Blob,
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde::Serialize;

use super::{Connection, table};
use crate::{
    app::App,
    error::{Code, Error},
    store::{Table, failed},
    user_id::UserId,
};

/// Requests at once.
const AT_ONCE: usize = 16;

/// What API Gateway made of a request about a connection.
enum Reached {
    Open,
    Gone,
}

/// Sends a message to every connection of these people, in any order. A connection that has ended
/// is forgotten, one that has expired is closed. Whoever has none gets nothing.
///
/// Sending again what was sent in part sends some of it twice: a message must carry what a client
/// recognises it by.
///
/// Budget: 1 query a person, 1 request a connection, 1 transaction an ended or expired one.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer, or API Gateway throttles or fails for some
/// connection even after the SDK's own retries: the others have got the message by then. What else
/// keeps a single connection from getting it is in the log only.
pub async fn push<T: Serialize>(app: &App, user_ids: &[UserId], message: &T) -> Result<(), Error> {
    Pushes::new(app)?.push(user_ids, message).await
}

/// Pushes of messages that were all stored before the first of them is pushed: somebody's connections are
/// read once, and one that is gone is asked once.
///
/// A connection that opens meanwhile may get none of them: its client finds them over HTTP, where it
/// looks once it is connected.
pub struct Pushes {
    app: App,
    table: Table,
    /// Of those who were written to, what is not known to be gone.
    open: Mutex<HashMap<UserId, Vec<Connection>>>,
}

impl Pushes {
    /// Nothing is read yet.
    ///
    /// # Errors
    /// `internal_server_error` when the table is not configured.
    pub fn new(app: &App) -> Result<Self, Error> {
        Ok(Self {
            app: app.clone(),
            table: table(app)?,
            open: Mutex::default(),
        })
    }

    /// As [`push`].
    ///
    /// Budget: 1 query a person who was not written to before, 1 request a connection, 1 transaction an
    /// ended or expired one.
    ///
    /// # Errors
    /// As [`push`].
    pub async fn push<T: Serialize>(&self, user_ids: &[UserId], message: &T) -> Result<(), Error> {
        let data = encode(message)?;
        let people: BTreeSet<UserId> = user_ids.iter().copied().collect();
        let found: Vec<Vec<Connection>> = stream::iter(people)
            .map(|user_id| self.of(user_id))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await?;
        let delivered: Vec<Result<(), Error>> = stream::iter(found.into_iter().flatten())
            .map(|connection| self.deliver(connection, data.clone()))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        let passing = delivered
            .into_iter()
            .filter_map(Result::err)
            .find(|error| error.code() == Code::ServiceUnavailable);
        passing.map_or(Ok(()), Err)
    }

    /// Somebody's connections.
    async fn of(&self, user_id: UserId) -> Result<Vec<Connection>, Error> {
        let known = self.open().get(&user_id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let read = Connection::of(&self.app, &self.table, user_id).await?;
        self.open().insert(user_id, read.clone());
        Ok(read)
    }

    async fn deliver(&self, connection: Connection, data: Vec<u8>) -> Result<(), Error> {
        let app = &self.app;
        if connection.has_expired(app.now()) {
            self.leave_out(&connection);
            return close(app, &self.table, &connection).await;
        }
        if let Reached::Gone = post(app, &connection.connection_id, data).await? {
            self.leave_out(&connection);
            if !connection.is_opening(app.now()) {
                // The log has the failure; the rows end by themselves.
                let _ = connection.forget(app, &self.table).await;
            }
        }
        Ok(())
    }

    fn leave_out(&self, gone: &Connection) {
        if let Some(connections) = self.open().get_mut(&gone.session.user_id) {
            connections.retain(|connection| connection.connection_id != gone.connection_id);
        }
    }

    fn open(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Connection>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Sends a message to one connection. One request; to a connection that has ended it is none.
///
/// # Errors
/// `service_unavailable` when API Gateway throttles or fails, `internal_server_error` when it
/// refuses the message.
pub async fn answer<T: Serialize>(
    app: &App,
    connection_id: &str,
    message: &T,
) -> Result<(), Error> {
    post(app, connection_id, encode(message)?).await?;
    Ok(())
}

/// Closes a connection and forgets it. One request to API Gateway, one to DynamoDB; once more does
/// no harm.
///
/// A `$connect` that has not answered yet cannot be closed: it is forgotten, so that nothing reaches
/// it, and closed when its client says something.
///
/// # Errors
/// `service_unavailable` when API Gateway or DynamoDB does not answer.
pub async fn close(app: &App, table: &Table, connection: &Connection) -> Result<(), Error> {
    hang_up(app, &connection.connection_id).await?;
    connection.forget(app, table).await
}

/// Closes a connection that nobody knows any more. One request; for one that has ended it is none.
///
/// # Errors
/// `service_unavailable` when API Gateway throttles or fails.
pub async fn hang_up(app: &App, connection_id: &str) -> Result<(), Error> {
    let delete = app.apigateway_management().delete_connection();
    reached(delete.connection_id(connection_id).send().await)?;
    Ok(())
}

async fn post(app: &App, connection_id: &str, data: Vec<u8>) -> Result<Reached, Error> {
    let post = app.apigateway_management().post_to_connection();
    let post = post.connection_id(connection_id).data(Blob::new(data));
    reached(post.send().await)
}

#[track_caller]
fn reached<T, E: ProvideErrorMetadata>(
    answer: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Reached, Error> {
    let Err(error) = answer else {
        return Ok(Reached::Open);
    };
    match error.raw_response().map(|answer| answer.status().as_u16()) {
        Some(410) => Ok(Reached::Gone),
        Some(status @ (429 | 500..)) => {
            tracing::warn!(status, "API Gateway did not reach a connection");
            Err(Error::unavailable(1))
        }
        _ => Err(failed(error)),
    }
}

fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(message).map_err(|_| Error::internal("a message cannot be sent"))
}
