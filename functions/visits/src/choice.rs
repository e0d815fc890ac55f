//! Choices: the universities, companies and departments that people are of. There is one of each name,
//! whatever its case and the width of its characters: its id is made of its name, so that both lead to
//! it. It is made by whoever is the first to name it, and stands in the list of its kind
//! ([`listed_key`]) only once an operator has verified somebody of it, since anybody can name anything.

use caseless::Caseless as _;
use enishi_shared::{
    Error, FieldCode, Result,
    error::FieldError,
    seal::sha256,
    store::{Change, Key, Table, Transaction, decode},
    validate,
};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization as _;
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

/// The longest name as it is compared, in bytes: what fits into a cursor.
const LONGEST: usize = 384;

/// What a choice is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChoiceKind {
    /// Students are of one.
    University,
    /// Employees are of one.
    Company,
    /// A part of either.
    Department,
}

impl ChoiceKind {
    /// The id of what somebody means: it, or its name.
    pub fn meant(self, text: &str) -> Uuid {
        Uuid::try_parse(text).unwrap_or_else(|_| id(self.text(), text))
    }

    /// As it is stored.
    fn text(self) -> &'static str {
        match self {
            Self::University => "university",
            Self::Company => "company",
            Self::Department => "department",
        }
    }
}

/// One of the choices.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    /// Its id, made of its name.
    #[schema(
        value_type = String,
        format = "uuid",
        example = "3f0c9a4e-6f1b-8c55-8a1b-2c3d4e5f6071"
    )]
    pub id: Uuid,
    /// Its name, as it was first written.
    #[schema(example = "縁大学")]
    pub name: String,
}

impl Choice {
    /// The choice of a name.
    pub fn named(kind: ChoiceKind, name: &str) -> Self {
        Self {
            id: id(kind.text(), name),
            name: shown(name),
        }
    }
}

/// The id that is made of a name of some kind, whatever its case and width.
pub fn id(kind: &str, name: &str) -> Uuid {
    let digest = sha256(format!("{kind}\n{}", folded(name)).as_bytes());
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    Builder::from_custom_bytes(id).into_uuid()
}

/// A name as it is shown: composed, all characters in their usual width (NFKC), no space around it.
pub fn shown(name: &str) -> String {
    name.nfkc().collect::<String>().trim().to_owned()
}

/// The form in which a name is one, and by which the lists are ordered and searched: as it is shown, and
/// its case folded.
pub fn folded(name: &str) -> String {
    let folded: String = shown(name).chars().default_case_fold().nfkc().collect();
    folded.trim().to_owned()
}

/// A choice's name or id, for `#[garde(custom(…))]`: one visible line.
///
/// # Errors
/// Says that it is none, or too long.
pub fn nameable<C>(value: &str, context: &C) -> garde::Result {
    validate::line(value, context)?;
    let folded = folded(value);
    match folded.is_empty() || folded.len() > LONGEST {
        true => Err(garde::Error::new("a name of at most 120 characters")),
        false => Ok(()),
    }
}

/// Where a choice lies.
pub fn choice_key(kind: ChoiceKind, id: Uuid) -> Key {
    Key::new(format!("CHOICE#{}#{id}", kind.text()), "CHOICE")
}

/// The partition of the choices of a kind that everybody sees, in the order of their folded names.
pub fn list(kind: ChoiceKind) -> String {
    format!("CHOICES#{}", kind.text())
}

/// Where a choice stands in the list of its kind.
pub fn listed_key(kind: ChoiceKind, name: &str) -> Key {
    Key::new(list(kind), folded(name))
}

/// What somebody says they are of, by its name or by its id.
pub struct Said {
    field: &'static str,
    kind: ChoiceKind,
    id: Uuid,
    /// Without one there has to be such a choice already.
    name: Option<String>,
}

impl Said {
    /// `text`, of the request's `field`: an id, or a name.
    pub fn new(field: &'static str, kind: ChoiceKind, text: &str) -> Self {
        let (id, name) = match Uuid::try_parse(text) {
            Ok(id) => (id, None),
            Err(_) => {
                let Choice { id, name } = Choice::named(kind, text);
                (id, Some(name))
            }
        };
        Self {
            field,
            kind,
            id,
            name,
        }
    }
}

/// A choice that somebody has made.
pub struct Chosen {
    /// Which.
    pub choice: Choice,
    kind: ChoiceKind,
    is_new: bool,
}

impl Chosen {
    /// Makes the choice, where nobody has made it before. Once more does no harm.
    pub fn keep(&self, tx: &mut Transaction, table: &Table) {
        if self.is_new {
            let Choice { id, name } = &self.choice;
            let change = Change::new()
                .set_if_absent("id", id)
                .set_if_absent("name", name);
            tx.update(table, choice_key(self.kind, *id), change);
        }
    }
}

/// The choices that are meant, in the same order. One request; none where nothing was said.
///
/// # Errors
/// `invalid_parameter`, `missing` on the field whose id names nothing.
pub async fn choose(table: &Table, said: Vec<Said>) -> Result<Vec<Chosen>> {
    let keys: Vec<Key> = said.iter().map(|it| choice_key(it.kind, it.id)).collect();
    let mut found = table.batch_get(&keys).await?;
    let mut chosen = Vec::with_capacity(said.len());
    let mut unknown = Vec::new();
    for (said, key) in said.into_iter().zip(&keys) {
        let (choice, is_new) = match (found.remove(key), said.name) {
            (Some(item), _) => (decode(item)?, false),
            (None, Some(name)) => (Choice { id: said.id, name }, true),
            (None, None) => {
                unknown.push(FieldError {
                    field: said.field.to_owned(),
                    code: FieldCode::Missing,
                    rule: None,
                });
                continue;
            }
        };
        chosen.push(Chosen {
            choice,
            kind: said.kind,
            is_new,
        });
    }
    match unknown.is_empty() {
        true => Ok(chosen),
        false => Err(Error::invalid_fields(unknown)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(name: &str) -> Uuid {
        super::id("company", name)
    }

    #[test]
    fn a_name_is_one_whatever_its_case_width_and_composition() {
        for [one, other] in [
            ["Enishi", "ENISHI"],
            ["ｴﾆｼ", "エニシ"],
            ["Ｅｎｉｓｈｉ　株式会社", "enishi 株式会社"],
            [" 縁 ", "縁"],
            ["\u{3000}縁", "縁"],
            ["㈱縁", "(株)縁"],
            ["Straße", "STRASSE"],
            ["ΟΔΟΣ", "οδος"],
            ["e\u{301}cole", "École"],
        ] {
            assert_eq!(folded(one), folded(other), "{one}");
            assert_eq!(id(one), id(other), "{one}");
        }
        assert_ne!(id("縁"), id("緑"));
        assert_ne!(id("a b"), id("ab"));
        let of = |kind| Choice::named(kind, "縁").id;
        assert_ne!(of(ChoiceKind::University), of(ChoiceKind::Company));
        assert_eq!(shown(" Ｅｎｉｓｈｉ "), "Enishi");
        assert_eq!(id("縁").get_version_num(), 8);
    }

    #[test]
    fn what_is_no_line_or_too_long_is_no_name() {
        for right in ["縁", " 縁 ", &"字".repeat(120)] {
            assert!(nameable(right, &()).is_ok(), "{right}");
        }
        // One character of eighteen.
        for wrong in [
            "",
            " ",
            "\u{3000}",
            "a\nb",
            "a\u{200b}",
            &"\u{fdfa}".repeat(20),
        ] {
            assert!(nameable(wrong, &()).is_err(), "{wrong:?}");
        }
    }

    proptest! {
        #[test]
        fn folding_again_changes_nothing(name in "[ -~ぁ-んァ-ヶ一-龠ｦ-ﾟ！-～À-ÿΑ-ω]{0,20}") {
            let once = folded(&name);
            prop_assert_eq!(folded(&once), once.clone());
            prop_assert_eq!(folded(&shown(&name)), once);
        }
    }
}
