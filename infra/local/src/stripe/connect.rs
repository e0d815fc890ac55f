//! Connected accounts and their links.

use serde_json::{Value, json};

use super::{
    calls::Execution,
    params::{Params, Refusal},
    state::{State, shown, text},
};

/// How long an account link lasts.
const LINK_SECONDS: i64 = 300;

/// `POST /v1/accounts`: an Express account that is to be passed money.
pub fn create(asked: &mut Params) -> Result<Execution, Refusal> {
    if asked.choice("type", &["express"])?.is_none() {
        return Err(Params::missing("type"));
    }
    let country = asked.required("country")?;
    if country.len() != 2 || !country.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return Err(Refusal::invalid("Country is not a two-letter code").param("country"));
    }
    let email = asked.take("email");
    let metadata = asked.metadata("metadata")?;
    let requested = asked.boolean("capabilities[transfers][requested]")?;
    if requested != Some(true) {
        return Err(
            Refusal::invalid("Express accounts need the transfers capability")
                .param("capabilities"),
        );
    }
    Ok(Box::new(move |state| {
        Ok(shown(&state.make(json!({
            "id": State::id("acct_"),
            "object": "account",
            "type": "express",
            "country": country,
            "email": email,
            "details_submitted": false,
            "charges_enabled": false,
            "payouts_enabled": false,
            "capabilities": {"transfers": "inactive"},
            "metadata": metadata,
        }))))
    }))
}

/// `POST /v1/account_links`.
pub fn account_link(asked: &mut Params) -> Result<Execution, Refusal> {
    let account = asked.required("account")?;
    if asked.choice("type", &["account_onboarding"])?.is_none() {
        return Err(Params::missing("type"));
    }
    let mut address = |name: &str| {
        let given = asked.address(name)?;
        given.ok_or_else(|| Params::missing(name))
    };
    let refresh_url = address("refresh_url")?;
    let return_url = address("return_url")?;
    Ok(Box::new(move |state| {
        let known = state.get("account", &account);
        known.map_err(|refusal| refusal.named_in("account"))?;
        let expires_at = state.now.as_second() + LINK_SECONDS;
        let id = State::id("al_");
        let url = format!("{}/connect/{id}", state.base);
        state.make(json!({
            "id": id,
            "object": "_account_link",
            "account": account,
            "expires_at": expires_at,
            "refresh_url": refresh_url,
            "return_url": return_url,
        }));
        Ok(json!({
            "object": "account_link",
            "created": state.now.as_second(),
            "expires_at": expires_at,
            "url": url,
        }))
    }))
}

/// `POST /v1/accounts/{id}/login_links`.
pub fn login_link(id: &str) -> Execution {
    let id = id.to_owned();
    Box::new(move |state| {
        if state.get("account", &id)?["details_submitted"] != true {
            return Err(Refusal::invalid(
                "Cannot create a login link for an account that has not completed onboarding.",
            ));
        }
        Ok(json!({
            "object": "login_link",
            "created": state.now.as_second(),
            "url": format!("{}/express/{id}", state.base),
        }))
    })
}

/// The account has told all that Stripe wants to know, or (as happens later) not enough after all.
pub fn onboard(state: &mut State, id: &str, enough: bool) -> Result<(), Refusal> {
    let transfers = if enough { "active" } else { "inactive" };
    let fields = json!({
        "details_submitted": true,
        "charges_enabled": enough,
        "payouts_enabled": enough,
        "capabilities": {"transfers": transfers},
    });
    let account = state.change("account", id, fields)?;
    state.emit("account.updated", &account, Some(id));
    Ok(())
}

/// The link of an onboarding page, if it still works; else where to get another one.
pub fn link(state: &State, id: &str) -> Result<Value, Option<String>> {
    let link = state.get("_account_link", id).map_err(|_| None)?;
    if link["expires_at"].as_i64() <= Some(state.now.as_second()) {
        return Err(Some(text(link, "refresh_url").to_owned()));
    }
    Ok(link.clone())
}
