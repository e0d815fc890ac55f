//! `$connect`: lets in whoever has a ticket, and remembers the connection.
//!
//! Spending the ticket and remembering the connection are one transaction. API Gateway gives no
//! connection id twice, so one that is known already, of the ticket's owner, is this same handshake
//! again, whose answer was lost: it is let in again.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use enishi_shared::{
    App, Error, Function, Result,
    function::on,
    live::{self, Connection},
    store::{Outcome, Transaction},
};
use serde_json::{Value, json};

use crate::ticket::Ticket;

/// `live-connect`.
pub const FUNCTION: Function =
    Function::event("live-connect", |app, event| on(app, event, connect)).budget(1);

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
    let table = live::table(app)?;
    let mut tx = Transaction::new(app);
    ticket.spend(&mut tx, &table);
    let known = Connection::new(app, ticket.user_id(), connection_id).begin(&mut tx, &table)?;
    match tx.commit().await? {
        Outcome::Done => Ok(true),
        Outcome::Refused(refused) => {
            let known = refused.item(known)?;
            Ok(known.is_some_and(|known| known.user_id == ticket.user_id()))
        }
    }
}
