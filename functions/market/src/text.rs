//! Texts as a search sees them: folded, so that width, case and the two kana do not matter, and the pairs
//! of characters that they consist of.

use std::collections::BTreeSet;

use caseless::Caseless as _;
use enishi_shared::seal::sha256;
use unicode_normalization::UnicodeNormalization as _;

/// Two characters that follow one another; the second is a space at the end of a word.
pub type Gram = (char, char);

/// A text in the form in which it is compared: characters in their usual width (NFKC), without case, and
/// katakana as hiragana.
pub fn fold(text: &str) -> String {
    let folded = text.nfkc().default_case_fold().nfkc();
    let mut hiragana = String::with_capacity(text.len());
    for char in folded {
        match char {
            'ァ'..='ヶ' | 'ヽ' | 'ヾ' => hiragana.extend(char::from_u32(char as u32 - 0x60)),
            // Those that hiragana has no character for.
            'ヷ' => hiragana.push_str("わ\u{3099}"),
            'ヸ' => hiragana.push_str("ゐ\u{3099}"),
            'ヹ' => hiragana.push_str("ゑ\u{3099}"),
            'ヺ' => hiragana.push_str("を\u{3099}"),
            other => hiragana.push(other),
        }
    }
    hiragana
}

/// What stands for a facet's value, such as a colour, in keys: the same however it is written.
pub fn digest(value: &str) -> [u8; 32] {
    sha256(fold(value).trim().as_bytes())
}

/// Fields, folded, in one text in which no word is of two of them.
pub fn searchable<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut text = String::new();
    for field in fields {
        text.push_str(&fold(field));
        text.push('\n');
    }
    text
}

/// The pairs of characters of a [`searchable`] text.
pub fn grams(text: &str) -> BTreeSet<Gram> {
    let pairs = text.chars().zip(text.chars().skip(1));
    pairs
        .filter(|(first, _)| !first.is_whitespace())
        .map(|(first, second)| match second.is_whitespace() {
            true => (first, ' '),
            false => (first, second),
        })
        .collect()
}

/// What somebody looks for: words, each of which is to be somewhere in a text, even within another word.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words(Vec<String>);

impl Words {
    /// The words of a keyword; `None` where there is none.
    pub fn of(keyword: &str) -> Option<Self> {
        let folded = fold(keyword);
        let words: BTreeSet<String> = folded.split_whitespace().map(str::to_owned).collect();
        (!words.is_empty()).then(|| Self(words.into_iter().collect()))
    }

    /// Whether all of them are in a [`searchable`] text.
    pub fn are_in(&self, text: &str) -> bool {
        self.0.iter().all(|word| text.contains(word))
    }

    /// The pairs of characters that such a text has.
    pub fn grams(&self) -> BTreeSet<Gram> {
        let pairs =
            |word: &'_ String| -> Vec<Gram> { word.chars().zip(word.chars().skip(1)).collect() };
        self.0.iter().flat_map(pairs).collect()
    }

    /// The words of one character, of which there is no pair: such a text has a pair that begins with each.
    pub fn singles(&self) -> BTreeSet<char> {
        let single = |word: &String| {
            let mut chars = word.chars();
            chars.next().filter(|_| chars.next().is_none())
        };
        self.0.iter().filter_map(single).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn width_case_and_kana_do_not_matter() {
        for [one, other] in [
            ["マグカップ", "まぐかっぷ"],
            ["ﾏｸﾞｶｯﾌﾟ", "マグカップ"],
            ["ＭＵＧ", "mug"],
            ["Ｇａｒｄｅｎ皿", "garden皿"],
            ["ヴァイオリン", "ゔぁいおりん"],
            ["㌢", "センチ"],
            ["ヷ", "ワ\u{3099}"],
            ["Straße", "STRASSE"],
        ] {
            assert_eq!(fold(one), fold(other), "{one}");
        }
        assert_ne!(fold("皿"), fold("血"));
        assert_ne!(fold("はし"), fold("ばし"));
    }

    #[test]
    fn a_word_is_found_within_others_but_not_across_fields() {
        let text = searchable(["九谷焼の湯のみ", "Blue glaze", "春"]);
        for found in ["焼", "谷焼", "ゆ", "湯ノミ", "GLAZE", "lue 湯の", "春"] {
            let words = Words::of(found).unwrap();
            assert_eq!(words.are_in(&text), found != "ゆ", "{found}");
        }
        assert!(!Words::of("みblue").unwrap().are_in(&text));
        assert_eq!(Words::of(" \u{3000}"), None);
    }

    fn texts() -> impl Strategy<Value = String> {
        "[a-cA-C あいアイがガ皿箸青ｱｶﾞ゛Ａ]{0,12}"
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(text in "\\PC{0,20}|[ぁ-ヿｦ-ﾟ゛゜\u{3099}\u{309a}]{0,12}") {
            let once = fold(&text);
            prop_assert_eq!(fold(&once), once);
        }

        #[test]
        fn a_text_with_the_words_has_their_pairs(
            fields in prop::collection::vec(texts(), 1..4), keyword in texts(),
        ) {
            let text = searchable(fields.iter().map(String::as_str));
            let grams = grams(&text);
            if let Some(words) = Words::of(&keyword)
                && words.are_in(&text)
            {
                prop_assert!(words.grams().is_subset(&grams));
                for single in words.singles() {
                    prop_assert!(grams.iter().any(|(first, _)| *first == single));
                }
            }
        }
    }
}
