//! Stripe's pages for people, as plain forms: the Checkout, a maker's onboarding and dashboard, the
//! billing portal, an invoice.

use axum::{
    Form, Router,
    extract::{Path, Request, State as Extract},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
    routing::{any, get},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Stripe, billing, checkout, connect, disputes, money,
    state::{number, text},
};

/// Everything below `/stripe/`.
pub fn router(stripe: Stripe) -> Router {
    Router::new()
        .route("/stripe/v1/{*path}", any(api))
        .route("/stripe/pay/{session}", get(shown_checkout).post(check_out))
        .route("/stripe/connect/{link}", get(onboarding).post(onboard))
        .route("/stripe/express/{account}", get(dashboard).post(pay_out))
        .route("/stripe/portal/{portal}", get(portal).post(manage))
        .route("/stripe/invoice/{invoice}", get(document).post(pay_invoice))
        .route("/stripe/receipt/{charge}", get(document).post(dispute))
        .with_state(stripe)
}

/// A button that was pressed.
#[derive(Deserialize)]
struct Pressed {
    #[serde(rename = "do")]
    button: String,
    /// What it is about, where a page has several.
    #[serde(default)]
    of: String,
}

async fn api(Extract(stripe): Extract<Stripe>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = axum::body::to_bytes(body, 1 << 20).await else {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    };
    let request = http::Request::from_parts(parts, body);
    stripe.handle(request).await.map(axum::body::Body::from)
}

async fn shown_checkout(Extract(stripe): Extract<Stripe>, Path(id): Path<String>) -> Response {
    checkout_page(&stripe, &id, "")
}

fn checkout_page(stripe: &Stripe, id: &str, note: &str) -> Response {
    let state = stripe.lock();
    let Ok(session) = state.get("checkout.session", id) else {
        return missing();
    };
    let mut body = String::new();
    for item in session["_items"].as_array().into_iter().flatten() {
        body.push_str(&format!(
            "<p>{} × {}</p>",
            escaped(text(item, "name")),
            number(item, "quantity")
        ));
    }
    body.push_str(&format!("<p><b>{}</b></p>", sum(session, "amount_total")));
    if !note.is_empty() {
        body.push_str(&format!("<p role=\"alert\">{}</p>", escaped(note)));
    }
    if text(session, "status") == "open" {
        let konbini = ("konbini", "コンビニで後払い / Pay later (konbini)");
        let konbini = checkout::takes_konbini(session).then_some(konbini);
        let mut buttons = vec![("pay", "支払う / Pay")];
        buttons.extend(konbini);
        buttons.extend([
            ("slow", "カード会社の確認を待つ / The bank takes its time"),
            ("fail", "カードが拒否される / Card is declined"),
            ("cancel", "やめる / Cancel"),
        ]);
        body.push_str(&form(&buttons));
    } else {
        match checkout::waits_for(&state, session).as_deref() {
            Some("processing") => body.push_str(&form(&[
                ("settle", "承認された / The bank pays"),
                ("lapse", "拒否された / The bank declines"),
            ])),
            Some(_) => body.push_str(&form(&[
                ("settle", "コンビニで支払った / Paid at the konbini"),
                ("lapse", "支払期限切れ / Not paid in time"),
            ])),
            None => body.push_str(&format!("<p>{}</p>", escaped(text(session, "status")))),
        }
    }
    page("お支払い / Checkout", &body)
}

async fn check_out(
    Extract(stripe): Extract<Stripe>,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Response {
    let outcome = match pressed.button.as_str() {
        "pay" => stripe.pay(&id),
        "konbini" => stripe.konbini(&id),
        "slow" => stripe.pay_slowly(&id),
        "cancel" => stripe.cancel(&id),
        "fail" => match stripe.fail(&id) {
            Ok(()) => Err("カードが拒否されました / Your card was declined".to_owned()),
            Err(error) => Err(error),
        },
        "settle" => stripe.settle_late(&id, true).map(|()| String::new()),
        "lapse" => stripe.settle_late(&id, false).map(|()| String::new()),
        _ => return StatusCode::BAD_REQUEST.into_response(),
    };
    match outcome {
        Ok(address) if address.is_empty() => checkout_page(&stripe, &id, ""),
        Ok(address) => Redirect::to(&address).into_response(),
        Err(error) => checkout_page(&stripe, &id, &error),
    }
}

async fn onboarding(Extract(stripe): Extract<Stripe>, Path(id): Path<String>) -> Response {
    match connect::link(&stripe.lock(), &id) {
        Ok(_) => page(
            "販売者登録 / Become a seller",
            &form(&[("finish", "登録する / Finish"), ("leave", "あとで / Later")]),
        ),
        Err(Some(refresh)) => Redirect::to(&refresh).into_response(),
        Err(None) => missing(),
    }
}

async fn onboard(
    Extract(stripe): Extract<Stripe>,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Response {
    let link = connect::link(&stripe.lock(), &id);
    let link = match link {
        Ok(link) => link,
        Err(Some(refresh)) => return Redirect::to(&refresh).into_response(),
        Err(None) => return missing(),
    };
    if pressed.button == "finish"
        && let Err(error) = stripe.onboard(text(&link, "account"), true)
    {
        return page("販売者登録 / Become a seller", &escaped(&error));
    }
    Redirect::to(text(&link, "return_url")).into_response()
}

async fn dashboard(Extract(stripe): Extract<Stripe>, Path(id): Path<String>) -> Response {
    let state = stripe.lock();
    if state.get("account", &id).is_err() {
        return missing();
    }
    let balance = money::held(&state, &id);
    let mut body = format!("<p>残高 / Balance: <b>{balance}</b></p>");
    body.push_str(&form(&[("payout", "銀行に振り込む / Pay out")]));
    page("売上 / Dashboard", &body)
}

async fn pay_out(
    Extract(stripe): Extract<Stripe>,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Response {
    match pressed.button.as_str() {
        "payout" if stripe.pay_out(&id).is_ok() => {
            Redirect::to(&format!("/stripe/express/{id}")).into_response()
        }
        "payout" => missing(),
        _ => StatusCode::BAD_REQUEST.into_response(),
    }
}

async fn portal(Extract(stripe): Extract<Stripe>, Path(id): Path<String>) -> Response {
    let state = stripe.lock();
    let Ok(portal) = state.get("billing_portal.session", &id) else {
        return missing();
    };
    let mut body = String::new();
    for subscription in state.all("subscription") {
        if subscription["customer"] != portal["customer"]
            || text(subscription, "status") == "canceled"
        {
            continue;
        }
        let id = text(subscription, "id");
        let (button, label) = match subscription["cancel_at"].is_i64() {
            true => ("keep", "続ける / Keep"),
            false => ("end", "期間の終わりで解約 / Cancel at the period's end"),
        };
        body.push_str(&format!(
            "<form method=\"post\"><p>{} ({})</p><input type=\"hidden\" name=\"of\" value=\"{id}\">\
             <button name=\"do\" value=\"{button}\">{label}</button></form>",
            id,
            escaped(text(subscription, "status")),
        ));
    }
    if let Some(back) = portal["return_url"].as_str() {
        body.push_str(&format!(
            "<p><a href=\"{}\">戻る / Back</a></p>",
            escaped(back)
        ));
    }
    page("契約 / Subscriptions", &body)
}

async fn manage(
    Extract(stripe): Extract<Stripe>,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Response {
    {
        let mut state = stripe.lock();
        let mine = match (
            state.get("billing_portal.session", &id),
            state.get("subscription", &pressed.of),
        ) {
            (Ok(portal), Ok(subscription)) => portal["customer"] == subscription["customer"],
            _ => false,
        };
        if !mine {
            return missing();
        }
        if let Err(refusal) = billing::choose(&mut state, &pressed.of, pressed.button == "end") {
            return page("契約 / Subscriptions", &escaped(&refusal.message));
        }
    }
    Redirect::to(&format!("/stripe/portal/{id}")).into_response()
}

async fn document(Extract(stripe): Extract<Stripe>, Path(id): Path<String>) -> Response {
    let state = stripe.lock();
    let found = ["invoice", "charge"]
        .iter()
        .find_map(|kind| state.get(kind, &id).ok());
    let Some(document) = found else {
        return missing();
    };
    let field = match text(document, "object") {
        "invoice" => "amount_due",
        _ => "amount",
    };
    let mut body = format!(
        "<p>{}</p><p><b>{}</b> ({})</p>",
        escaped(&id),
        sum(document, field),
        escaped(text(document, "status"))
    );
    if text(document, "object") == "invoice" && text(document, "status") == "open" {
        body.push_str(&form(&[("pay", "支払う / Pay")]));
    }
    if document["payment_method_details"]["type"] == "card" {
        body.push_str(&match disputes::undecided(&state, &id) {
            None => form(&[("dispute", "銀行に異議を申し立てる / Dispute")]),
            Some(_) => form(&[
                ("win", "異議が退けられた / The dispute is won"),
                ("lose", "異議が認められた / The dispute is lost"),
            ]),
        });
    }
    page("明細 / Document", &body)
}

async fn pay_invoice(
    Extract(stripe): Extract<Stripe>,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Response {
    if pressed.button != "pay" {
        return StatusCode::BAD_REQUEST.into_response();
    }
    match stripe.pay_invoice(&id) {
        Ok(()) => Redirect::to(&format!("/stripe/invoice/{id}")).into_response(),
        Err(error) => page("明細 / Document", &escaped(&error)),
    }
}

/// What the customer and their bank do about a charge.
async fn dispute(
    Extract(stripe): Extract<Stripe>,
    Path(id): Path<String>,
    Form(pressed): Form<Pressed>,
) -> Response {
    let outcome = {
        let mut state = stripe.lock();
        let undecided = disputes::undecided(&state, &id).map(str::to_owned);
        match (pressed.button.as_str(), undecided) {
            ("dispute", None) => disputes::open(&mut state, &id, None, "fraudulent").map(drop),
            ("win" | "lose", Some(dispute)) => {
                disputes::decide(&mut state, &dispute, pressed.button == "win")
            }
            _ => return StatusCode::BAD_REQUEST.into_response(),
        }
    };
    match outcome {
        Ok(()) => Redirect::to(&format!("/stripe/receipt/{id}")).into_response(),
        Err(refusal) => page("明細 / Document", &escaped(&refusal.message)),
    }
}

fn sum(object: &Value, field: &str) -> String {
    let currency = text(object, "currency").to_uppercase();
    format!("{} {}", number(object, field), escaped(&currency))
}

fn form(buttons: &[(&str, &str)]) -> String {
    let buttons: String = buttons
        .iter()
        .map(|(name, label)| {
            format!("<p><button name=\"do\" value=\"{name}\">{label}</button></p>")
        })
        .collect();
    format!("<form method=\"post\">{buttons}</form>")
}

fn page(title: &str, body: &str) -> Response {
    Html(format!(
        "<!doctype html><html lang=\"ja\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <body><h1>{title}</h1>{body}</body></html>"
    ))
    .into_response()
}

fn missing() -> Response {
    (StatusCode::NOT_FOUND, Html("見つかりません / Not found")).into_response()
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
