//! The spending of a refresh token or session key for the next one, at whichever endpoint.

use axum::http::{HeaderValue, header};
use enishi_shared::{
    App, Error, Result,
    accounts::{Account, account_key, session_key, table},
    app::{ConfigError, Configure, Env},
    error::Code,
    http::SourceIp,
    session::{self, Given, RefreshToken, Session, Verdict, salt},
    store::{Key, Outcome, Table, Transaction, Written, decode},
    throttle::{self, Limit},
};
use jiff::SignedDuration;

use crate::login_log;

/// Spends `text` for the next token of its session. Three requests (throttle, account and session
/// in one read, rotation); two within the grace; whoever loses a race for the rotation three, and a
/// spent token at most four.
///
/// # Errors
/// `access_token_invalid` when the token is not good any more, `too_many_requests`,
/// `service_unavailable`.
pub async fn renew(app: &App, address: &SourceIp, text: &str) -> Result<Given> {
    let presented = RefreshToken::parse(text).ok_or_else(rejected)?;
    let Grace(grace) = *app.config::<Grace>()?;
    let table = table(app)?;
    throttle::count_address(app, &table, "refresh", address, &ADDRESS).await?;

    let (account, session) = read(&table, &presented).await?;
    let now = app.now();
    if !session.is_open(&account, now) {
        return Err(rejected());
    }
    let mut verdict = session.judge(&presented, now, grace);
    let mut ttl = session.ttl;
    // Signed before the rotation: a token must not be spent for an answer that cannot be given.
    let access_token = match verdict {
        Verdict::Reused => return Err(end(app, &presented).await?),
        _ => session::access_token(app, &account, &session).await?,
    };
    if let Verdict::Rotate = verdict {
        let salt = salt(app);
        verdict = match rotate(app, &table, &session, &presented, &salt).await? {
            Written::Done => {
                ttl = session.ends_after(now);
                Verdict::Again(presented.successor(&salt))
            }
            // Somebody else spent it in between: now it is a parent like any other.
            Written::Refused(found) => {
                let rotated: Session = found.item()?.ok_or_else(rejected)?;
                ttl = rotated.ttl;
                rotated.judge(&presented, now, grace)
            }
        };
    }
    match verdict {
        Verdict::Again(token) => Ok(Given {
            access_token,
            token,
            lasts: ttl - now.as_second(),
        }),
        Verdict::Rotate | Verdict::Reused => Err(end(app, &presented).await?),
    }
}

/// Refreshes an address: an office or a school may be behind one, and many tabs at once.
const ADDRESS: Limit = Limit::new("REFRESH_RATE", 600, 5 * 60);

/// `REFRESH_GRACE_SECONDS`: how long a spent token gets its successor again (default 30).
pub(crate) struct Grace(SignedDuration);

impl Configure for Grace {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let seconds = env.parsed("REFRESH_GRACE_SECONDS", 30_u32)?;
        Ok(Self(SignedDuration::from_secs(seconds.into())))
    }
}

/// Spends `presented`, and records its successor where the session's tokens are recorded.
async fn rotate(
    app: &App,
    table: &Table,
    session: &Session,
    presented: &RefreshToken,
    salt: &str,
) -> Result<Written> {
    let rotation = session.rotation(presented, salt, app.now());
    if !session.login_log {
        return table.update(place(presented), rotation).await;
    }
    let mut tx = Transaction::new(app);
    let rotated = tx.update(table, place(presented), rotation);
    login_log::record(&mut tx, table, &presented.successor(salt))?;
    Ok(match tx.commit().await? {
        Outcome::Done => Written::Done,
        Outcome::Refused(refused) => Written::Refused(refused.found(rotated)),
    })
}

/// The account and the session that a token names, in one request.
async fn read(table: &Table, presented: &RefreshToken) -> Result<(Account, Session)> {
    let account = account_key(presented.user_id());
    let session = place(presented);
    let mut found = table.batch_get(&[account.clone(), session.clone()]).await?;
    match (found.remove(&account), found.remove(&session)) {
        (Some(account), Some(session)) => Ok((decode(account)?, decode(session)?)),
        _ => Err(rejected()),
    }
}

/// Ends the session of a token that was spent before; the caller and whoever has the copy both
/// have to log in again.
async fn end(app: &App, presented: &RefreshToken) -> Result<Error> {
    tracing::warn!("a spent refresh token came back: its session ends");
    session::end(app, presented.user_id(), &presented.session_id()).await?;
    Ok(rejected())
}

fn place(presented: &RefreshToken) -> Key {
    session_key(presented.user_id(), &presented.session_id())
}

/// The 401 of a refresh token or session key that is not good any more.
pub(crate) fn rejected() -> Error {
    Error::new(
        Code::AccessTokenInvalid,
        "the session is not valid any more; log in again",
    )
    .with_header(
        header::WWW_AUTHENTICATE,
        HeaderValue::from_static("Bearer realm=\"enishi\""),
    )
}
