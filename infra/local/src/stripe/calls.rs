//! The calls that are offered: which request is which, and its parameters. What a request does is
//! decided only when all of it has been read, so that a bad parameter changes nothing.

use http::Method;
use serde_json::Value;

use super::{
    billing, checkout, connect, invoices, money,
    params::{Params, Refusal},
    state::{State, shown},
};

/// What is to be done, and answered.
pub type Execution = Box<dyn FnOnce(&mut State) -> Result<Value, Refusal> + Send>;

/// Reads a request; `path` is what follows `/v1`, `account` the connected account it is made for.
///
/// # Errors
/// What is wrong with the parameters; 404 for what is not offered.
pub fn prepare(
    method: &Method,
    path: &str,
    account: Option<&str>,
    mut params: Params,
) -> Result<Execution, Refusal> {
    let get = *method == Method::GET;
    let delete = *method == Method::DELETE;
    let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let asked = &mut params;
    if account.is_some() && parts != ["balance"] {
        return Err(Refusal::invalid(
            "Only its balance is asked of a connected account here",
        ));
    }
    let execution = match (get, parts.as_slice()) {
        (false, ["subscriptions", id]) if delete => billing::end(id),
        _ if delete => return Err(unknown(method, &parts)),
        (false, ["checkout", "sessions"]) => checkout::create(asked)?,
        (true, ["checkout", "sessions", id]) => one("checkout.session", id),
        (false, ["checkout", "sessions", id, "expire"]) => checkout::expire(id),
        (true, ["payment_intents", id]) => {
            money::payment_intent(id, asked.expand(&["latest_charge"])?)
        }
        (false, ["refunds"]) => money::refund(asked)?,
        (true, ["refunds", id]) => one("refund", id),
        (false, ["transfers"]) => money::transfer(asked)?,
        (true, ["transfers", id]) => one("transfer", id),
        (true, ["disputes", id]) => one("dispute", id),
        (true, ["balance"]) => money::balance(account),
        (false, ["transfers", id, "reversals"]) => money::reverse(id, asked)?,
        (false, ["accounts"]) => connect::create(asked)?,
        (true, ["accounts", id]) => one("account", id),
        (false, ["accounts", id, "login_links"]) => connect::login_link(id),
        (false, ["account_links"]) => connect::account_link(asked)?,
        (true, ["prices", id]) => billing::price(id),
        (false, ["customers"]) => billing::customer(asked)?,
        (true, ["subscriptions", id]) => one("subscription", id),
        (false, ["subscriptions", id]) => billing::update(id, asked)?,
        (true, ["invoices"]) => invoices::all(asked)?,
        (true, ["invoices", id]) => invoices::one(id, asked)?,
        (true, ["invoice_payments"]) => invoices::payments_of(asked)?,
        (false, ["billing_portal", "sessions"]) => billing::portal(asked)?,
        _ => return Err(unknown(method, &parts)),
    };
    params.finish()?;
    Ok(execution)
}

fn one(kind: &'static str, id: &str) -> Execution {
    let id = id.to_owned();
    Box::new(move |state| Ok(shown(state.get(kind, &id)?)))
}

fn unknown(method: &Method, parts: &[&str]) -> Refusal {
    let mut refusal = Refusal::invalid(format!(
        "Unrecognized request URL ({method}: /v1/{}).",
        parts.join("/")
    ));
    refusal.status = 404;
    refusal
}
