//! `POST /letters/unsubscribe`: no more letters of a kind, in one click (RFC 8058), and `GET`, the page that
//! the link in the letter leads to. The page only asks: programs open links in letters before people do.

use axum::{
    extract::State,
    http::{HeaderValue, header},
    response::IntoResponse,
};
use enishi_shared::{
    App, Function, Result,
    accounts::{account_key, active, table},
    error::ErrorBody,
    http::Query,
    language::{AcceptLanguage, Language},
    store::Change,
};
use garde::Validate;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::subscription::Subscription;

/// `platform-unsubscribe`
///
/// Budget: to end letters; the page takes none.
pub const FUNCTION: Function = Function::http("platform-unsubscribe", || {
    OpenApiRouter::new()
        .routes(routes!(unsubscribe_page))
        .routes(routes!(unsubscribe))
})
.budget(1);

/// The page has a form and a little style, and nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
                      form-action 'self'; frame-ancestors 'none'";

/// Which letters, and whether they are wanted.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Link {
    /// From a letter of ours.
    #[garde(length(bytes, max = 300))]
    #[param(max_length = 300)]
    pub token: String,
    /// `true`: they are wanted again.
    #[garde(skip)]
    pub again: Option<bool>,
}

/// The page that asks whether letters are to end
#[utoipa::path(
    get,
    path = "/letters/unsubscribe",
    operation_id = "getUnsubscribePage",
    tag = "platform",
    params(Link),
    responses(
        (status = 200, description = "A page with a button", body = String, content_type = "text/html"),
        (status = 400, description = "The link is none of our letters'", body = ErrorBody),
    )
)]
pub async fn unsubscribe_page(
    State(app): State<App>,
    AcceptLanguage(language): AcceptLanguage,
    Query(link): Query<Link>,
) -> Result<impl IntoResponse> {
    Subscription::read(&app, &link.token).await?;
    let again = link.again == Some(true);
    Ok(page(
        language.unwrap_or_default(),
        Shown::Question { again },
    ))
}

/// End letters of a kind, in one click
///
/// What mail programs send for `List-Unsubscribe` and `List-Unsubscribe-Post` (RFC 8058); the body is not
/// read. `again=true` has them sent again.
#[utoipa::path(
    post,
    path = "/letters/unsubscribe",
    operation_id = "endLetters",
    tag = "platform",
    params(Link),
    responses(
        (status = 200, description = "Done: a page that says so", body = String, content_type = "text/html"),
        (status = 400, description = "The link is none of our letters'", body = ErrorBody),
    )
)]
pub async fn unsubscribe(
    State(app): State<App>,
    AcceptLanguage(language): AcceptLanguage,
    Query(link): Query<Link>,
) -> Result<impl IntoResponse> {
    let Subscription { user_id, topic } = Subscription::read(&app, &link.token).await?;
    let again = link.again == Some(true);
    let change = match again {
        true => Change::new().discard("unwanted", topic.to_string()),
        false => Change::new().insert("unwanted", topic.to_string()),
    };
    // Refused, the account is closed, and gets no letters either.
    let account = account_key(user_id);
    table(&app)?.update(account, change.when(active())).await?;
    Ok(page(language.unwrap_or_default(), Shown::Done { again }))
}

/// What a page shows.
#[derive(Clone, Copy)]
enum Shown {
    Question { again: bool },
    Done { again: bool },
}

/// The page in somebody's language: a sentence, and a button where there is something to do. Its form leads
/// back to the page's own path; the link's token is in a field of the page's address alone.
fn page(language: Language, shown: Shown) -> impl IntoResponse {
    let (lang, [title, question, stop, stopped, undo, begun]) = match language {
        Language::Japanese => (
            "ja",
            [
                "お知らせメール",
                "朝の部屋に関するお知らせメールを停止しますか？",
                "停止する",
                "お知らせメールを停止しました。",
                "もう一度受け取る",
                "お知らせメールを再開しました。",
            ],
        ),
        Language::Korean => (
            "ko",
            [
                "알림 메일",
                "아침 방에 관한 알림 메일을 그만 받으시겠습니까?",
                "그만 받기",
                "알림 메일을 더 이상 보내지 않습니다.",
                "다시 받기",
                "알림 메일을 다시 보내 드립니다.",
            ],
        ),
        Language::English => (
            "en",
            [
                "Letters",
                "Do you want no more letters about your morning rooms?",
                "No more letters",
                "You get no more of these letters.",
                "I want them again",
                "You get these letters again.",
            ],
        ),
    };
    let (text, button) = match shown {
        Shown::Question { again: false } => (question, Some(stop)),
        Shown::Question { again: true } => (question, Some(undo)),
        Shown::Done { again: false } => (stopped, None),
        Shown::Done { again: true } => (begun, None),
    };
    // Without an `action` a form is sent to the page's own address, its token included.
    let form = button.map(|button| {
        format!("<form method=\"post\"><button type=\"submit\">{button}</button></form>")
    });
    let form = form.unwrap_or_default();
    let html = format!(
        "<!DOCTYPE html>\n<html lang=\"{lang}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>Enishi – {title}</title>\n\
         <style>body{{font-family:sans-serif;margin:4rem auto;max-width:30rem;padding:0 1rem}}\
         button{{font:inherit;padding:.6rem 1.2rem}}</style>\n</head>\n<body>\n<h1>{title}</h1>\n\
         <p>{text}</p>\n{form}\n</body>\n</html>\n"
    );
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (
            header::CONTENT_SECURITY_POLICY,
            HeaderValue::from_static(POLICY),
        ),
        // The address holds the token.
        (
            header::REFERRER_POLICY,
            HeaderValue::from_static("no-referrer"),
        ),
    ];
    (headers, html)
}
