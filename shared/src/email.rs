//! E-mail addresses: what is taken as one, and the form in which two are the same.
//!
//! Before the `@` stand words of ASCII letters, digits and symbols, parted by dots (the Dot-string of
//! RFC 5321: SES sends to no other); after it a domain name with a dot, which may be international
//! (IDNA, UTS 46). The ASCII form has at most 254 bytes, 64 of them before the `@`.

use std::borrow::Cow;

use idna::{
    AsciiDenyList,
    uts46::{DnsLength, Hyphens, Uts46},
};

const LONGEST: usize = 254;
const LONGEST_LOCAL: usize = 64;

/// The form in which an address is unique: in ASCII and lower case. `None` when it is none.
///
/// Mail servers may tell the case of the local part apart, but none in use does, and people do not.
pub fn canonical(address: &str) -> Option<String> {
    ascii(address).map(|address| address.to_ascii_lowercase())
}

/// Whether it is an address.
pub fn is_valid(address: &str) -> bool {
    ascii(address).is_some()
}

/// An address as it was typed, with its domain in ASCII: the form that SES takes. `None` when it is
/// none.
pub fn ascii(address: &str) -> Option<Cow<'_, str>> {
    let (local, domain) = address.split_once('@')?;
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+/=?^_`{|}~-".contains(&byte);
    let is_atom = |atom: &str| !atom.is_empty() && atom.bytes().all(is_part);
    if local.len() > LONGEST_LOCAL || !local.split('.').all(is_atom) {
        return None;
    }
    let name = Uts46::new()
        .to_ascii(
            domain.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        )
        .ok()
        .filter(|name| name.contains('.'))?;
    let address = match name.eq_ignore_ascii_case(domain) {
        true => Cow::Borrowed(address),
        false => Cow::Owned(format!("{local}@{name}")),
    };
    (address.len() <= LONGEST).then_some(address)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_one_whatever_its_case_and_however_its_domain_is_written() {
        for same in [
            ["Hana@Example.JP", "hana@example.jp"],
            ["a@例え.jp", "a@xn--r8jz45g.jp"],
            ["a@例え。jp", "a@例え.JP"],
            ["a@BÜCHER.example", "a@bu\u{308}cher.example"],
            ["a@ｅｘａｍｐｌｅ.jp", "a@example.jp"],
        ] {
            let [one, other] = same.map(canonical);
            assert!(one.is_some(), "{same:?}");
            assert_eq!(one, other, "{same:?}");
        }
        assert_ne!(canonical("hana@example.jp"), canonical("hana@example.com"));
        assert_ne!(canonical("ha.na@example.jp"), canonical("hana@example.jp"));
    }

    #[test]
    fn an_address_is_ascii_before_the_at_and_a_domain_name_after_it() {
        let label = "a".repeat(63);
        let longest = format!("{}@{label}.{label}.{}.jp", "b".repeat(64), "c".repeat(58));
        assert_eq!(longest.len(), LONGEST);
        for right in [
            "a@b.jp",
            "first.last+tag@sub.example.com",
            "o'hara@example.ie",
            "a@xn--r8jz45g.jp",
            "a@例え.テスト",
            &longest,
        ] {
            assert!(is_valid(right), "{right}");
        }
        let (long_local, long_label) = ("a".repeat(65), "a".repeat(64));
        for wrong in [
            "",
            "a",
            "@b.jp",
            "a@",
            "a@b",
            "a@@b.jp",
            "a@b@c.jp",
            "a..b@c.jp",
            ".a@c.jp",
            "a.@c.jp",
            "a b@c.jp",
            "a\n@b.jp",
            "a@b.jp\n",
            "a@b..jp",
            "a@.b.jp",
            "a@b.jp.",
            "a@-b.jp",
            "a@b-.jp",
            "a@b_c.jp",
            "a@b c.jp",
            "a@[127.0.0.1]",
            "名@example.jp",
            "a\u{200b}@example.jp",
            "\u{212a}@example.jp",
            "\"a b\"@example.jp",
            "Hana <hana@example.jp>",
            "a@b.jp,c@d.jp",
            "a@xn--a.jp",
            "a@exa\u{200b}mple\u{202e}.jp",
            &format!("{long_local}@example.jp"),
            &format!("a@{long_label}.jp"),
            &format!("b{longest}"),
        ] {
            assert_eq!(canonical(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn ses_gets_what_was_typed_but_for_an_international_domain() {
        assert_eq!(ascii("Hana@Example.jp").as_deref(), Some("Hana@Example.jp"));
        assert_eq!(
            ascii("Hana@例え.jp").as_deref(),
            Some("Hana@xn--r8jz45g.jp")
        );
    }

    proptest! {
        #[test]
        fn the_canonical_form_is_its_own(
            address in "[a-zA-Z.+]{1,4}@(\\PC{1,6}\\.){1,2}[a-z]{2}|\\PC{0,40}",
        ) {
            if let Some(once) = canonical(&address) {
                prop_assert!(once.is_ascii());
                prop_assert_eq!(canonical(&once), Some(once));
            }
        }
    }
}
