//! What strangers must not tell each other before a visit is paid for: e-mail addresses, URLs and phone
//! numbers. It is a hurdle, not a wall: whoever spells a number out in words gets through, and can be
//! reported.

use enishi_shared::validate::is_hidden;
use unicode_normalization::UnicodeNormalization as _;

/// The least digits of a phone number.
const DIGITS: usize = 9;
/// Endings of domains that people have.
const ENDINGS: &[&str] = &[
    "ai", "app", "biz", "cc", "cn", "co", "com", "de", "dev", "edu", "fr", "gg", "gl", "gov",
    "info", "io", "jp", "kr", "link", "ly", "me", "net", "online", "org", "page", "site", "tokyo",
    "tv", "uk", "work", "xyz",
];
/// What looks like a domain and is none.
const FRAMEWORKS: [&str; 2] = ["asp.net", "vb.net"];

/// A text without contact data, for `#[garde(custom(…))]`.
///
/// # Errors
/// Says that it has some.
pub fn none<C>(text: &str, _: &C) -> garde::Result {
    match is_in(text) {
        true => Err(garde::Error::new("no e-mail address, URL or phone number")),
        false => Ok(()),
    }
}

/// Whether a text tells an e-mail address, a URL or a phone number, whatever the width of its
/// characters and whatever is hidden between them.
pub fn is_in(text: &str) -> bool {
    let shown = |char: &char| char.is_whitespace() || !is_hidden(*char);
    let text: String = text.chars().filter(shown).nfkc().collect();
    let text = text.to_lowercase();
    has_address(&text) || has_url(&text) || has_phone_number(&text)
}

/// A sign and then a name with a letter: an address, or a name in a social network.
fn has_address(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let name = text[at + 1..].trim_start().chars();
        let mut name =
            name.take_while(|char| char.is_ascii_alphanumeric() || "._-".contains(*char));
        name.any(|char| char.is_ascii_alphabetic())
    })
}

fn has_url(text: &str) -> bool {
    let is_part = |char: char| char.is_ascii_alphanumeric() || char == '-' || char == '.';
    let mut words = text.split(|char: char| !is_part(char));
    text.contains("://")
        || words.any(|word| {
            let word = word.trim_matches('.');
            let ending = word.rsplit_once('.').map(|(_, ending)| ending);
            let is_domain = ending.is_some_and(|ending| ENDINGS.contains(&ending));
            (is_domain && !FRAMEWORKS.contains(&word)) || word.starts_with("www.")
        })
}

/// Digits, perhaps parted, that begin with 0 or +; or nine and more that nothing parts. A time is
/// neither: `2026-11-21 09:00`.
fn has_phone_number(text: &str) -> bool {
    let is_part = |char: char| char.is_ascii_digit() || "+-. ()/ー−‐–—".contains(char);
    text.split(|char: char| !is_part(char)).any(|run| {
        let is_digit = |char: char| char.is_ascii_digit();
        let unparted = |group: &str| group.len() >= DIGITS;
        if run.split(|char: char| !is_digit(char)).any(unparted) {
            return true;
        }
        // From each group that a number can begin with.
        let begins = |at: usize| {
            let before = run[..at].chars().next_back();
            let first = run[at..].chars().next();
            before.is_none_or(|char| !is_digit(char)) && matches!(first, Some('0' | '+'))
        };
        let from = run.char_indices().map(|(at, _)| at).find(|at| begins(*at));
        from.is_some_and(|at| run[at..].chars().filter(|char| is_digit(*char)).count() >= DIGITS)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_urls_and_phone_numbers_are_found() {
        for told in [
            "hana@example.jp",
            "ｈａｎａ＠ｅｘａｍｐｌｅ．ｊｐ",
            "hana @ example.jp へ",
            "LINE: @hana_2026",
            "https://example.museum/a",
            "連絡はexample.comまで",
            "WWW.EXAMPLE.MUSEUM",
            "line.me/ti/p/abc",
            "ex\u{200b}ample.co.jp",
            "090-1234-5678",
            "０９０ー１２３４ー５６７８",
            "090 1234 5678 に電話を",
            "(03)1234-5678",
            "+81 90 1234 5678",
            "09012345678",
            "819012345678",
        ] {
            assert!(is_in(told), "{told}");
        }
    }

    #[test]
    fn what_only_looks_like_one_is_let_through() {
        for harmless in [
            "",
            "入社5年目のエンジニアです。お気軽にどうぞ。",
            "Node.js、ASP.NETとRust 1.95を使っています。",
            "2026-11-21 09:00からお願いします",
            "2026/11/21 18:30-19:00",
            "年収は1,000万円、社員は12000人",
            "1個@100円",
            "9:00-18:00、10:00-19:00",
            "3.14159265",
            "e.g. this",
        ] {
            assert!(!is_in(harmless), "{harmless}");
        }
    }
}
