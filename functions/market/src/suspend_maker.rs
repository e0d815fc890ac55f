//! `PATCH /api/operator/makers/{maker_id}`: keeps a maker from selling, or lets them sell again.

use axum::extract::State;
use enishi_shared::{
    App, Error, Function, Result, UserId,
    audit::audit_key,
    auth::Operator,
    error::ErrorBody,
    events::announce,
    http::{Json, Path},
    store::{Outcome, Race, Transaction},
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    events::MakerChanged,
    item,
    maker::{Maker, maker_key},
    my_maker::MyMaker,
};

/// `market-suspend-maker`
///
/// Budget: the maker, the change.
pub const FUNCTION: Function = Function::http("market-suspend-maker", || {
    OpenApiRouter::new().routes(routes!(suspend_maker))
})
.budget(2);

/// Whether a maker may sell.
#[derive(Clone, Copy, Debug, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendMakerRequest {
    /// Whether they may not.
    #[garde(skip)]
    #[schema(example = true)]
    pub suspended: bool,
}

/// That an operator has done something with a maker.
#[derive(Serialize)]
struct Audit {
    operator_id: UserId,
    maker_id: UserId,
    suspended: bool,
    at: Timestamp,
}

/// Keeps a maker from selling, or lets them sell again
///
/// Nobody sees what a suspended maker makes. What they have sold and not sent goes back to who bought it, and what
/// they are to get waits.
#[utoipa::path(
    patch, path = "/api/operator/makers/{maker_id}", tag = "market",
    operation_id = "suspendMaker",
    security(("access_token" = ["operator"])),
    params(("maker_id" = UserId, Path, description = "The maker")),
    request_body = SuspendMakerRequest,
    responses(
        (status = 200, body = MyMaker, description = "The maker as they are now"),
        (status = 400, body = ErrorBody, description = "A value is missing or wrong"),
        (status = 401, body = ErrorBody, description = "No valid access token"),
        (status = 403, body = ErrorBody, description = "Not an operator"),
        (status = 404, body = ErrorBody, description = "No such maker"),
    )
)]
pub async fn suspend_maker(
    State(app): State<App>,
    Operator(operator): Operator,
    Path(maker_id): Path<UserId>,
    Json(body): Json<SuspendMakerRequest>,
) -> Result<axum::Json<MyMaker>> {
    let table = item::table(&app)?;
    let suspended = body.suspended;
    let mut race = Race::new(&app);
    loop {
        let before = table.get::<Maker>(&maker_key(maker_id)).await?;
        let before = before.ok_or_else(|| Error::not_found("maker"))?;
        let at = app.now();
        let audit = Audit {
            operator_id: operator.id,
            maker_id,
            suspended,
            at,
        };
        let mut tx = Transaction::new(&app);
        let change = before.change().set("suspended", suspended);
        tx.update(&table, maker_key(maker_id), change);
        tx.put(&table, audit_key(at, app.new_id()), &audit)?;
        announce(&mut tx, &table, MakerChanged { maker_id })?;
        match tx.commit().await? {
            Outcome::Done => {
                let after = Maker {
                    suspended,
                    ..before
                };
                return Ok(axum::Json(after.into()));
            }
            Outcome::Refused(_) => race.lost().await?,
        }
    }
}
