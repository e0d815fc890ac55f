//! The languages that people are written to in.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};
use serde::{Deserialize, Serialize};

/// A language that our letters are written in.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
pub enum Language {
    /// Accounts from before the language was stored have it.
    #[default]
    #[serde(rename = "ja")]
    Japanese,
    /// Of South Korea.
    #[serde(rename = "ko")]
    Korean,
    /// For everybody else.
    #[serde(rename = "en")]
    English,
}

impl Language {
    /// The one of ours that an `Accept-Language` prefers (RFC 9110, 12.5.4): that of the greatest
    /// weight, the first of several. Regions do not count: `ko-KR` is Korean. `None` when none of
    /// ours is named, be it that any other will do (`*`).
    pub fn preferred(accepted: &str) -> Option<Self> {
        let mut best = None;
        for range in accepted.split(',') {
            let Some((language, weight)) = named(range) else {
                continue;
            };
            if weight > best.map_or(0, |(_, weight)| weight) {
                best = Some((language, weight));
            }
        }
        best.map(|(language, _)| language)
    }
}

/// One of ours with its weight in thousandths, from `ko-KR;q=0.8`.
fn named(range: &str) -> Option<(Language, u16)> {
    let (tag, weight) = match range.split_once(';') {
        Some((tag, weight)) => (tag, thousandths(weight.trim())?),
        None => (range, 1000),
    };
    let primary = tag.split('-').next()?.trim().to_ascii_lowercase();
    let language = match primary.as_str() {
        "ja" => Language::Japanese,
        "ko" => Language::Korean,
        "en" => Language::English,
        _ => return None,
    };
    Some((language, weight))
}

/// `q=0.8`: from 0 to 1, with at most three digits after the point.
fn thousandths(weight: &str) -> Option<u16> {
    let value = weight.strip_prefix(['q', 'Q'])?.strip_prefix('=')?;
    let (whole, fraction) = value.split_once('.').unwrap_or((value, ""));
    if fraction.len() > 3 || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction: u16 = format!("{fraction:0<3}").parse().ok()?;
    match (whole, fraction) {
        ("0", fraction) => Some(fraction),
        ("1", 0) => Some(1000),
        _ => None,
    }
}

/// The language that a request's `Accept-Language` prefers, if it is one of ours.
pub struct AcceptLanguage(pub Option<Language>);

impl<S: Send + Sync> FromRequestParts<S> for AcceptLanguage {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let lines = parts.headers.get_all(header::ACCEPT_LANGUAGE).iter();
        let lines: Vec<&str> = lines.filter_map(|line| line.to_str().ok()).collect();
        Ok(Self(Language::preferred(&lines.join(","))))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_greatest_weight_decides_and_then_the_order() {
        use Language::{English, Japanese, Korean};
        for (accepted, preferred) in [
            ("ko", Some(Korean)),
            ("ko-KR,ko;q=0.9,en-US;q=0.8,en;q=0.7", Some(Korean)),
            ("JA-jp", Some(Japanese)),
            ("en;q=0.5, ja;q=0.501", Some(Japanese)),
            ("en;q=0.5,ko;Q=0.5", Some(English)),
            ("ja ; q=0.1 , ko ; q=1.000", Some(Korean)),
            ("fr, de;q=0.9, en;q=0.1", Some(English)),
            ("ko;q=0, en;q=0.001", Some(English)),
            ("ko;q=0", None),
            ("*", None),
            ("*;q=0.9, ja;q=0.1", Some(Japanese)),
            ("korean, jam, e", None),
            ("", None),
            (",,;,en", Some(English)),
            // What has no valid weight is passed over.
            ("ko;q=1.1, en;q=0.2", Some(English)),
            ("ko;q=0.9999, ja;q=x, en;q=0.2", Some(English)),
            ("ko;q=-1, ja;level=1, en;q=.9", None),
        ] {
            assert_eq!(Language::preferred(accepted), preferred, "{accepted}");
        }
    }

    proptest! {
        #[test]
        fn anything_may_be_sent(accepted in "[a-z,;=q0-9. *-]{0,60}|\\PC{0,60}") {
            let _ = Language::preferred(&accepted);
        }
    }
}
