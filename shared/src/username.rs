//! Usernames, by PRECIS (RFC 8265): letters and digits of any script and what is visible of ASCII, so
//! that no two that look alike to software are two names, and nothing invisible is in one. Parts may be
//! parted by single spaces (its section 3.1).

use precis_profiles::{UsernameCaseMapped, UsernameCasePreserved, precis_core::profile::Profile};

/// The longest, in characters.
pub const LONGEST: usize = 150;

/// How often the rules are applied before a name that they still change is refused (RFC 8264, section 7).
const APPLIED: usize = 4;

/// A username as it is shown: as it was typed, but for the widths and the composition of its
/// characters. `None` when it is none.
pub fn shown(username: &str) -> Option<String> {
    // What is a name in capitals only is none: it would have no form in which it is unique.
    canonical(username)?;
    enforced(username, &UsernameCasePreserved::new())
}

/// The form in which a username is unique: as it is shown, and in lower case. `None` when it is none.
pub fn canonical(username: &str) -> Option<String> {
    enforced(username, &UsernameCaseMapped::new())
}

fn enforced(username: &str, profile: &impl Profile) -> Option<String> {
    let mut name = username.to_owned();
    for _ in 0..APPLIED {
        let parts = name.split(' ').map(|part| profile.enforce(part));
        let parts: Vec<_> = parts.collect::<Result<_, _>>().ok()?;
        let enforced = parts.join(" ");
        if enforced == name {
            return (name.chars().count() <= LONGEST).then_some(name);
        }
        name = enforced;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_is_one_whatever_its_case_width_and_composition() {
        for same in [
            ["Hana", "hana"],
            ["ｈａｎａ", "hana"],
            ["é", "e\u{301}"],
            ["ﾊﾅｺ", "ハナコ"],
            ["Hana Sato", "hana sato"],
        ] {
            let [one, other] = same.map(canonical);
            assert!(one.is_some(), "{same:?}");
            assert_eq!(one, other, "{same:?}");
        }
        assert_ne!(canonical("hana"), canonical("hanna"));
        assert_eq!(shown("Ｈａｎａ").as_deref(), Some("Hana"));
    }

    #[test]
    fn a_name_is_visible_and_without_tricks() {
        for right in [
            "花子",
            "서연",
            "o'hara-2",
            "hana@example.jp",
            "שלום",
            "a b",
            "ß",
        ] {
            assert!(shown(right).is_some(), "{right}");
        }
        for wrong in [
            "",
            " ",
            " hana",
            "hana ",
            "ha  na",
            "ha\u{a0}na",
            "ha\u{3000}na",
            "ha\nna",
            "ha\0na",
            "ha\u{200b}na",
            "ha\u{200d}na",
            "ha\u{ad}na",
            "\u{3164}",
            "\u{115f}",
            "hana\u{fe0f}",
            "\u{202e}anah",
            "\u{2066}hana",
            "hana🌸",
            "\u{e000}",
            "\u{2028}",
            "אhana",
            // In lower case it is a letter that PRECIS does not know.
            "Ꭰ",
            &"a".repeat(LONGEST + 1),
        ] {
            assert_eq!(shown(wrong), None, "{wrong:?}");
            assert_eq!(canonical(wrong), None, "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_is_one_name_with_what_was_typed(name in "\\w{1,12}|\\PC{0,12}") {
            if let Some(shown) = shown(&name) {
                prop_assert_eq!(super::shown(&shown), Some(shown.clone()));
                prop_assert_eq!(canonical(&shown), canonical(&name));
            }
            if let Some(once) = canonical(&name) {
                prop_assert_eq!(canonical(&once), Some(once));
            }
        }
    }
}
