//! `GET /api/transaction/{transaction_id}`: something I have bought.

use axum::extract::State;
use enishi_shared::{App, Function, Result, auth::User, error::ErrorBody, http::Path};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    item,
    order::{
        OrderId,
        advance::{Caller, find},
    },
    transaction::Transaction,
};

/// `market-find-transaction`
///
/// Budget: the order.
pub const FUNCTION: Function = Function::http("market-find-transaction", || {
    OpenApiRouter::new().routes(routes!(find_transaction))
})
.budget(1);

/// Something I have bought
#[utoipa::path(
    get, path = "/api/transaction/{transaction_id}", tag = "market",
    operation_id = "getTransaction",
    security(("access_token" = [])),
    params(("transaction_id" = OrderId, Path, description = "The transaction")),
    responses(
        (status = 200, body = Transaction, description = "The transaction"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 404, body = ErrorBody, description = "No transaction of one's own"),
    )
)]
pub async fn find_transaction(
    State(app): State<App>,
    user: User,
    Path(id): Path<OrderId>,
) -> Result<axum::Json<Transaction>> {
    let table = item::table(&app)?;
    let (order, contents) = find(&app, &table, Caller::Customer(user.id), id).await?;
    Ok(axum::Json(Transaction::of(&order, &contents)?))
}
