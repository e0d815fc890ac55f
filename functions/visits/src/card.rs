//! Cards: what students find of an employee before they have paid, and by what they find it.
//!
//! A search names a company, a job, a department and a position, or leaves any of them open. An employee's
//! card lies in the partition of every such search that finds them, so that each reads what it answers and
//! nothing else: 16 partitions at the most, fewer where they do not show department or position. The cards
//! are written in the transaction that changes what they follow from.

use enishi_shared::{
    Result,
    store::{Key, Table, Transaction},
};
use uuid::Uuid;

use crate::{
    choice,
    matching::Card,
    profile::{Job, Profile, VisitorType},
};

/// What a student looks for; what is left out may be anything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    /// The company's id.
    pub company: Option<Uuid>,
    /// The job.
    pub job: Option<Job>,
    /// The department's id.
    pub department: Option<Uuid>,
    /// The position, whatever its case and width.
    pub position: Option<&'a str>,
}

impl Wanted<'_> {
    /// The partition of the cards that it finds, in the order of what the employees are known by. A position
    /// can be longer than a key: an id made of it stands for it.
    pub fn partition(&self) -> String {
        let any = || "*".to_owned();
        let company = self.company.map_or_else(any, |id| id.to_string());
        let job = self.job.map_or("*", Job::text);
        let department = self.department.map_or_else(any, |id| id.to_string());
        let position = self.position.map(|name| choice::id("position", name));
        let position = position.map_or_else(any, |id| id.to_string());
        format!("FIND#{company}#{job}#{department}#{position}")
    }
}

/// Somebody's cards, and where they lie.
pub type Rows = Vec<(Key, Card)>;

impl Card {
    /// What others are shown of somebody. A student's department and position tell no one person.
    pub fn of(profile: &Profile) -> Self {
        let is_student = profile.visitor_type == VisitorType::Student;
        let department = (is_student || profile.shown.department).then_some(&profile.department);
        let position = (is_student || profile.shown.position).then_some(&profile.position);
        Self {
            visitor_id: profile.visitor_id,
            affiliation: profile.affiliation.name.clone(),
            job: profile.job,
            department: department
                .and_then(Option::as_ref)
                .map(|department| department.name.clone()),
            position: position.cloned().flatten(),
            comment: profile.comment.clone(),
        }
    }
}

/// The cards by which somebody is found: none of who is a student, was not verified, was suspended, or does
/// not want to be found.
pub fn rows_of(profile: &Profile) -> Rows {
    let is_found = profile.visitor_type == VisitorType::Company
        && profile.is_authenticated
        && !profile.is_suspended
        && profile.listed;
    if !is_found {
        return Rows::new();
    }
    let card = Card::of(profile);
    let department = profile.department.as_ref().map(|department| department.id);
    let department = department.filter(|_| profile.shown.department);
    let mut rows = Rows::new();
    for company in open_or(Some(profile.affiliation.id)) {
        for job in open_or(profile.job) {
            for department in open_or(department) {
                for position in open_or(card.position.as_deref()) {
                    let wanted = Wanted {
                        company,
                        job,
                        department,
                        position,
                    };
                    let key = Key::new(wanted.partition(), card.visitor_id.to_string());
                    rows.push((key, card.clone()));
                }
            }
        }
    }
    rows
}

/// What finds a value: leaving it open, and naming it where there is one.
fn open_or<T>(value: Option<T>) -> impl Iterator<Item = Option<T>> {
    std::iter::once(None).chain(value.map(Some))
}

/// Makes of somebody's cards what they are now. The transaction is to be refused where their profile is not
/// as it was read ([`Profile::change`]). At most 32 parts.
///
/// # Errors
/// `internal_server_error` when a card cannot be stored.
pub fn replace(tx: &mut Transaction, table: &Table, before: &Rows, after: &Rows) -> Result<()> {
    for (key, _) in before {
        if after.iter().all(|(kept, _)| kept != key) {
            tx.delete(table, key.clone());
        }
    }
    for row @ (key, card) in after {
        if !before.contains(row) {
            tx.put(table, key.clone(), card)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use enishi_shared::store::{Key, encode};

    use super::*;
    use crate::choice::{Choice, ChoiceKind};

    /// An employee who shows everything.
    fn speaker() -> Profile {
        let profile = serde_json::json!({
            "user_id": "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f50",
            "visitor_id": "9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e",
            "name": "空", "date_of_birth": "2000-04-02", "phone_number": "090-1234-5678",
            "type": "company", "affiliation": Choice::named(ChoiceKind::Company, "縁製作所"),
            "job": "エンジニア", "department": Choice::named(ChoiceKind::Department, "開発部"),
            "position": "主任", "comment": "はじめまして", "time_zone": "Asia/Tokyo",
            "is_authenticated": true, "documents": {"state": "approved", "reason": null},
            "notifications": 0, "shown": {"department": true, "position": true}, "listed": true,
            "created_at": "2026-11-20T11:00:00Z",
        });
        serde_json::from_value(profile).unwrap()
    }

    #[test]
    fn whoever_shows_everything_is_found_by_every_search_that_names_no_other() {
        let speaker = speaker();
        let rows = rows_of(&speaker);
        let keys: HashSet<&Key> = rows.iter().map(|(key, _)| key).collect();
        assert_eq!(keys.len(), 16);
        let found = |wanted: Wanted| keys.iter().any(|key| key.pk == wanted.partition());
        assert!(found(Wanted::default()));
        let all = Wanted {
            company: Some(speaker.affiliation.id),
            job: Some(Job::Engineer),
            department: Some(ChoiceKind::Department.meant("開発部")),
            position: Some(" 主任 "),
        };
        assert!(found(all));
        let other = Wanted {
            job: Some(Job::Researcher),
            ..all
        };
        assert!(!found(other));
    }

    #[test]
    fn what_is_not_shown_is_neither_found_by_nor_told() {
        for (department, position, count) in [(false, false, 4), (true, false, 8), (false, true, 8)]
        {
            let mut speaker = speaker();
            speaker.shown.department = department;
            speaker.shown.position = position;
            let rows = rows_of(&speaker);
            assert_eq!(rows.len(), count);
            for (_, card) in rows {
                assert_eq!(card.department.is_some(), department);
                assert_eq!(card.position.is_some(), position);
            }
        }
        let mut nameless = speaker();
        (nameless.department, nameless.position) = (None, None);
        assert_eq!(rows_of(&nameless).len(), 4);
    }

    #[test]
    fn who_is_not_verified_not_listed_suspended_or_a_student_is_not_found() {
        for change in [
            (|profile| profile.is_authenticated = false) as fn(&mut Profile),
            |profile| profile.is_suspended = true,
            |profile| profile.listed = false,
            |profile| profile.visitor_type = VisitorType::Student,
        ] {
            let mut profile = speaker();
            change(&mut profile);
            assert!(rows_of(&profile).is_empty());
        }
    }

    #[test]
    fn a_card_tells_nothing_else() {
        let (key, card) = rows_of(&speaker()).remove(0);
        let mut told: Vec<String> = encode(&key, &card).unwrap().into_keys().collect();
        told.sort();
        let expected = [
            "affiliation",
            "comment",
            "department",
            "job",
            "pk",
            "position",
            "sk",
            "visitor_id",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn a_partition_fits_into_a_key_and_what_is_open_is_no_name() {
        // One character of eighteen.
        let long = "\u{fdfa}".repeat(100);
        let wanted = |position| Wanted {
            position: Some(position),
            ..Wanted::default()
        };
        assert!(wanted(&long).partition().len() < 2048);
        assert_ne!(wanted("*").partition(), Wanted::default().partition());
        assert_eq!(wanted("Ｌead").partition(), wanted("lead").partition());
    }
}
