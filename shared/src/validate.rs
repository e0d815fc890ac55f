//! Checks that several services share, for `#[garde(custom(…))]`.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, GeneralCategory},
};

use crate::{email, username};

/// An e-mail address, as [`email`](mod@crate::email) has them. Whether it exists only a mail can tell.
///
/// # Errors
/// Says that it is none.
pub fn email<C>(value: &str, _: &C) -> garde::Result {
    match email::is_valid(value) {
        true => Ok(()),
        false => Err(garde::Error::new("an e-mail address")),
    }
}

/// A username, as [`username`](mod@crate::username) has them.
///
/// # Errors
/// Says that it is none.
pub fn username<C>(value: &str, _: &C) -> garde::Result {
    match username::shown(value) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new("not a username")),
    }
}

/// A line of text for people: not blank, and all of it visible: no control characters, no line
/// breaks, nothing that is not drawn or turns the direction of what is around it.
///
/// # Errors
/// Says that it is none.
pub fn line<C>(value: &str, _: &C) -> garde::Result {
    if is_blank(value) || value.chars().any(is_hidden) {
        return Err(garde::Error::new("not blank, no invisible characters"));
    }
    Ok(())
}

/// Text of several lines: not blank, no other control characters than tabs and line breaks.
///
/// # Errors
/// Says that it is none.
pub fn prose<C>(value: &str, _: &C) -> garde::Result {
    let odd = |char: char| char.is_control() && !matches!(char, '\n' | '\r' | '\t');
    if is_blank(value) || value.chars().any(odd) {
        return Err(garde::Error::new("not blank, no control characters"));
    }
    Ok(())
}

/// Whether nothing of a text is drawn.
pub fn is_blank(text: &str) -> bool {
    // A braille cell without a dot is the one symbol that is not drawn.
    let draws = |char: char| !char.is_whitespace() && !is_hidden(char) && char != '\u{2800}';
    !text.chars().any(draws)
}

/// Whether a character of a line is not drawn itself: a control character, a line break, what Unicode
/// says is ignored where a font does not know it (all that turns the direction of text is among it), and
/// the marks of annotations.
pub fn is_hidden(char: char) -> bool {
    let breaks = matches!(
        CodePointMapData::<GeneralCategory>::new().get(char),
        GeneralCategory::Control
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
    );
    breaks
        || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(char)
        || matches!(char, '\u{fff9}'..='\u{fffb}')
}

/// Text without spaces around it.
///
/// # Errors
/// Says that it has some.
pub fn trimmed<C>(value: &str, _: &C) -> garde::Result {
    if value.trim() == value {
        Ok(())
    } else {
        Err(garde::Error::new("no space at either end"))
    }
}

#[cfg(test)]
mod tests {
    use icu_properties::props::BidiControl;

    use super::*;

    #[test]
    fn a_line_is_drawn() {
        for right in [
            "a", "花 子", "서연", "café", "e\u{301}", "شمس", "🌸", "a\u{a0}b",
        ] {
            assert!(line(right, &()).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "  ",
            "\u{3000}",
            "\u{2800}",
            "a\nb",
            "a\u{2028}b",
            "a\u{85}b",
            "a\u{200b}b",
            "a\u{200d}b",
            "a\u{ad}b",
            "a\u{feff}",
            "\u{3164}",
            "\u{115f}\u{1160}",
            "a\u{fff9}b",
            "a\u{e0041}b",
            "a\u{fe0f}",
        ] {
            assert!(line(wrong, &()).is_err(), "{wrong:?}");
        }
        let turns = CodePointSetData::new::<BidiControl>();
        let turns: Vec<char> = (char::MIN..=char::MAX)
            .filter(|char| turns.contains(*char))
            .collect();
        assert_eq!(turns.len(), 12);
        for char in turns {
            assert!(is_hidden(char), "{char:?}");
        }
    }
}
