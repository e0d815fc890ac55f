//! `$disconnect`: forgets the connection. API Gateway may send it twice, late or never; what it
//! leaves is forgotten by the next push that finds it gone, or ends by its `ttl`.

use aws_lambda_events::apigw::ApiGatewayWebsocketProxyRequest;
use enishi_shared::{
    App, Error, Function, Result,
    function::on,
    live::{self, Connection},
};
use serde_json::{Value, json};

/// `live-disconnect`.
pub const FUNCTION: Function =
    Function::event("live-disconnect", |app, event| on(app, event, disconnect)).budget(2);

async fn disconnect(app: App, event: ApiGatewayWebsocketProxyRequest) -> Result<Value> {
    let connection_id = event
        .request_context
        .connection_id
        .ok_or_else(|| Error::internal("an event without a connection"))?;
    let table = live::table(&app)?;
    if let Some(connection) = Connection::find(&app, &table, &connection_id).await? {
        connection.forget(&app, &table).await?;
    }
    Ok(json!({"statusCode": 200}))
}
