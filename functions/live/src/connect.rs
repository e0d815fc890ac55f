//! `$connect`: lets in whoever has a ticket, and remembers the connection.
//!
//! Spending the ticket, asking whether its session goes on and remembering the connection are one
//! transaction: of a session that ends, a connection is either refused here or found by `live-close`.
//! API Gateway gives no connection id twice, so one that is known already, of the ticket's owner, is
//! this same handshake again, whose answer was lost: it is let in again.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use enishi_shared::{
    App, Error, Function, Result, accounts,
    function::on,
    live::{self, Connection, connection_key},
    store::{Outcome, Race, Transaction, decode},
};
use serde_json::{Value, json};

use crate::ticket::{Issued, Ticket};

/// `live-connect`.
///
/// Budget: the ticket, the person's other connections, one transaction; 3 more for each lost race for
/// a place among these.
pub const FUNCTION: Function =
    Function::event("live-connect", |app, event| on(app, event, connect)).budget(3);

async fn connect(app: App, event: ApiGatewayWebsocketProxyRequest) -> Result<Value> {
    let connection_id = event
        .request_context
        .connection_id
        .ok_or_else(|| Error::internal("an event without a connection"))?;
    let ticket = event
        .query_string_parameters
        .first("ticket")
        .and_then(Ticket::parse);
    let admitted = match ticket {
        Some(ticket) => admit(&app, &ticket, &connection_id).await?,
        None => false,
    };
    let status = if admitted { 200 } else { 401 };
    tracing::info!(route = "$connect", status, "handshake");
    Ok(json!({"statusCode": status}))
}

async fn admit(app: &App, ticket: &Ticket, connection_id: &str) -> Result<bool> {
    let (table, accounts) = (live::table(app)?, accounts::table(app)?);
    let (place, known) = (ticket.key(), connection_key(connection_id));
    let mut race = Race::new(app);
    loop {
        let mut found = table.batch_get(&[place.clone(), known.clone()]).await?;
        if let Some(known) = found.remove(&known) {
            let known: Connection = decode(known)?;
            return Ok(known.session.user_id == ticket.user_id());
        }
        let Some(issued) = found.remove(&place) else {
            return Ok(false);
        };
        let Issued { session, ttl } = decode(issued)?;
        if ttl <= app.now().as_second() {
            return Ok(false);
        }
        let others = Connection::of(app, &table, ticket.user_id()).await?;

        let mut tx = Transaction::new(app);
        ticket.spend(&mut tx, &table);
        let goes_on = session.check(&mut tx, &accounts);
        let (connection, oldest) = Connection::new(app, session, connection_id, &others);
        connection.begin(&mut tx, &table, oldest)?;
        match tx.commit().await? {
            Outcome::Done => {
                if let Some(oldest) = oldest {
                    // Nothing reaches it any more, whether this succeeds or not.
                    let _ = live::hang_up(app, &oldest.connection_id).await;
                }
                return Ok(true);
            }
            Outcome::Refused(refused) if goes_on.iter().any(|part| refused.is(*part)) => {
                return Ok(false);
            }
            // Somebody else took the ticket or the place.
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
