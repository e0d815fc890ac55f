//! Throttles: so many attempts a window, for each account, each address, or an account from each
//! address; never a lasting lock.
//!
//! A window's attempts are a set of ids in one item, which makes counting safe to repeat: the same
//! attempt counted twice is still one element. The limit bounds the set, and with it the item.

use std::{net::IpAddr, str::FromStr};

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use crate::{
    app::App,
    error::Error,
    http::SourceIp,
    seal::sha256,
    store::{Change, Key, Table, Written, when},
};

/// So many attempts in so many seconds; written `10/5m` (units `s`, `m`, `h`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Attempts a window allows.
    pub attempts: u32,
    /// The window's length in seconds.
    pub seconds: u32,
}

impl FromStr for Rate {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "a rate is written like 10/5m";
        let (attempts, window) = text.split_once('/').ok_or(FORM)?;
        let unit = match window.chars().last() {
            Some('s') => 1,
            Some('m') => 60,
            Some('h') => 3600,
            _ => return Err(FORM),
        };
        let count: u32 = window
            .get(..window.len() - 1)
            .and_then(|count| count.parse().ok())
            .ok_or(FORM)?;
        let rate = Self {
            attempts: attempts.parse().map_err(|_| FORM)?,
            seconds: count.checked_mul(unit).ok_or(FORM)?,
        };
        if rate.attempts == 0 || rate.seconds == 0 {
            return Err(FORM);
        }
        Ok(rate)
    }
}

/// A rate that an installation may change.
pub struct Limit {
    /// The variable that holds it.
    pub variable: &'static str,
    /// What it is unless the variable is set.
    pub default: Rate,
}

impl Limit {
    /// So many attempts in so many seconds unless `variable` says otherwise.
    pub const fn new(variable: &'static str, attempts: u32, seconds: u32) -> Self {
        let default = Rate { attempts, seconds };
        Self { variable, default }
    }
}

/// Counts one attempt at `action` by `subject` (an address, an account's e-mail; stored hashed).
/// One request.
///
/// # Errors
/// `too_many_requests` when the window is full.
pub async fn count(
    app: &App,
    table: &Table,
    action: &str,
    subject: &str,
    limit: &Limit,
) -> Result<(), Error> {
    let rate = app.env().parsed(limit.variable, limit.default);
    let rate = rate.map_err(|error| Error::internal(error))?;
    let now = app.now().as_second();
    let window = i64::from(rate.seconds);
    let started = now - now.rem_euclid(window);
    let subject = BASE64_URL_SAFE_NO_PAD.encode(&sha256(subject.as_bytes())[..16]);
    let id = BASE64_URL_SAFE_NO_PAD.encode(app.random::<9>());
    let has_room = when()
        .absent("attempts")
        .or(when().smaller("attempts", rate.attempts))
        .or(when().contains("attempts", &id));
    let written = table
        .update(
            Key::new(format!("THROTTLE#{action}#{subject}"), format!("{started}")),
            Change::new()
                .set("ttl", started + 2 * window)
                .insert("attempts", &id)
                .when(has_room),
        )
        .await?;
    match written {
        Written::Done => Ok(()),
        Written::Refused(_) => Err(Error::too_many_requests(
            u32::try_from(started + window - now).unwrap_or(rate.seconds),
        )),
    }
}

/// Counts one attempt at `action` from the caller's address. One request.
///
/// # Errors
/// `too_many_requests` when the address has used up its window.
pub async fn count_address(
    app: &App,
    table: &Table,
    action: &str,
    SourceIp(address): &SourceIp,
    limit: &Limit,
) -> Result<(), Error> {
    count(
        app,
        table,
        &format!("{action}-address"),
        &network(address),
        limit,
    )
    .await
}

/// Counts one attempt at `action` by `subject` from the caller's address. One request.
///
/// # Errors
/// `too_many_requests` when the subject has used up its window from there.
pub async fn count_from(
    app: &App,
    table: &Table,
    action: &str,
    subject: &str,
    SourceIp(address): &SourceIp,
    limit: &Limit,
) -> Result<(), Error> {
    let from = format!("{subject}\n{}", network(address));
    count(app, table, &format!("{action}-from"), &from, limit).await
}

/// What counts as one address: with IPv6 a whole /64, since every household has one to itself.
fn network(address: &str) -> String {
    match address
        .parse()
        .map(|address: IpAddr| address.to_canonical())
    {
        Ok(IpAddr::V6(address)) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(address)) => address.to_string(),
        Err(_) => address.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_attempts_a_window() {
        assert_eq!(
            "10/5m".parse(),
            Ok(Rate {
                attempts: 10,
                seconds: 300
            })
        );
        for wrong in ["", "10", "10/", "10/5", "0/5m", "10/0s", "x/5m", "1/5d"] {
            assert!(wrong.parse::<Rate>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_ipv6_household_is_one_address() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_eq!(network("::ffff:203.0.113.7"), "203.0.113.7");
        assert_ne!(network("203.0.113.7"), network("203.0.113.8"));
        assert_eq!(network(""), "");
    }
}
