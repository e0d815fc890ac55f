//! A person's profile: what they said of themselves, and what an operator found of it.

use derive_more::{Display, FromStr};
use enishi_shared::{
    App, Error, Result, UserId,
    store::{Change, Condition, Key, Table, when},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::{Builder, Uuid};

use crate::{
    availability::Availability,
    certificate::Upload,
    choice::{Choice, ChoiceKind},
};

/// What the product is called among those that an account has a profile of.
pub const PRODUCT: &str = "visits";
/// Where people are who do not say.
pub const TIME_ZONE: &str = "Asia/Tokyo";
/// The first day that somebody can have been born on.
const EARLIEST: Date = Date::constant(1900, 1, 1);

/// Who somebody is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum VisitorType {
    /// A student, who listens.
    Student,
    /// An employee of a company, who speaks.
    Company,
}

impl VisitorType {
    /// What their affiliation is.
    pub fn affiliation(self) -> ChoiceKind {
        match self {
            Self::Student => ChoiceKind::University,
            Self::Company => ChoiceKind::Company,
        }
    }
}

/// What somebody does; there are no others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum Job {
    /// Engineer.
    #[serde(rename = "エンジニア")]
    Engineer,
    /// On the career track of no one field.
    #[serde(rename = "総合職")]
    Generalist,
    /// Researcher.
    #[serde(rename = "研究職")]
    Researcher,
}

impl Job {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Engineer, Self::Generalist, Self::Researcher];

    /// As it is stored and shown.
    pub fn text(self) -> &'static str {
        match self {
            Self::Engineer => "エンジニア",
            Self::Generalist => "総合職",
            Self::Researcher => "研究職",
        }
    }
}

/// Where the check of somebody's documents stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DocumentState {
    /// There are none, or none of the person that the profile tells of now.
    #[default]
    None,
    /// An operator has yet to look at them.
    Submitted,
    /// They show what the profile says.
    Approved,
    /// They do not; others may be sent.
    Rejected,
}

/// The check of somebody's documents.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Documents {
    /// Where it stands.
    pub state: DocumentState,
    /// Why they were rejected.
    #[serde(default)]
    #[schema(required, example = "生年月日が読めません。")]
    pub reason: Option<String>,
}

impl Documents {
    /// Why no others can be sent now.
    pub fn conflict(&self) -> Error {
        Error::conflict(match self.state {
            DocumentState::Approved => "your documents were approved",
            _ => "an operator has yet to look at your documents",
        })
    }
}

/// What an employee shows of what would tell who they are: company, department and position together are
/// often one person.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Shown {
    /// Whether the department is shown, and found by.
    pub department: bool,
    /// Whether the position is shown, and found by.
    pub position: bool,
}

/// What others know somebody by: random, so that it tells neither the account nor when it was made.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    ToSchema,
    Display,
    FromStr,
)]
#[serde(transparent)]
#[schema(value_type = String, format = "uuid", example = "9b2f6c1d-4e5a-4b7c-8d9e-0f1a2b3c4d5e")]
pub struct VisitorId(Uuid);

impl VisitorId {
    /// A new one.
    pub fn new(app: &App) -> Self {
        Self(Builder::from_random_bytes(app.random()).into_uuid())
    }

    /// Where it says whose it is.
    pub fn key(self) -> Key {
        Key::new(format!("VISITOR#{self}"), "VISITOR")
    }
}

/// Whose a [`VisitorId`] is.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Visitor {
    /// The account.
    pub user_id: UserId,
}

/// Somebody's profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// The account.
    pub user_id: UserId,
    /// What others know them by.
    pub visitor_id: VisitorId,
    /// Their name, which nobody sees before a visit is paid for.
    pub name: String,
    /// When they were born.
    pub date_of_birth: Date,
    /// Seen by nobody else.
    pub phone_number: String,
    /// Who they are; it never changes.
    #[serde(rename = "type")]
    pub visitor_type: VisitorType,
    /// Their university or company.
    pub affiliation: Choice,
    /// What they do; employees have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<Job>,
    /// Where in it they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub department: Option<Choice>,
    /// What they are there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<String>,
    /// About themselves, without contact data.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub comment: Option<String>,
    /// Its IANA name.
    pub time_zone: String,
    /// Whether an operator has found in their documents what the profile says.
    pub is_authenticated: bool,
    /// The check of these.
    pub documents: Documents,
    /// The pictures that they may upload, or have, until an operator has decided on them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub upload: Option<Upload>,
    /// Since when these wait for an operator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_at: Option<Timestamp>,
    /// How many notices they have not read.
    pub notifications: u32,
    /// What they show of themselves.
    pub shown: Shown,
    /// Whether they want to be found.
    pub listed: bool,
    /// When they have time.
    #[serde(default)]
    pub availability: Availability,
    /// Whether an operator keeps them from meeting anybody.
    #[serde(default)]
    pub is_suspended: bool,
    /// How often it was changed by whoever had read it ([`Self::change`]).
    #[serde(default)]
    pub revision: u32,
    /// How many requests of theirs wait for an answer.
    #[serde(default)]
    pub open_requests: u32,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Profile {
    /// A change of what was read, refused where somebody else has changed it since: what follows from it,
    /// such as [cards](crate::card), would be another's.
    pub fn change(&self) -> Change {
        Change::new()
            .set("revision", self.revision + 1)
            .when(self.as_read())
    }

    /// The condition that nobody has changed it since it was read, nor handed documents in.
    pub fn as_read(&self) -> Condition {
        when()
            .eq("revision", self.revision)
            .same("submitted_at", self.submitted_at)
    }

    /// Whether what an operator has verified of one is not what the other says.
    pub fn is_other_person_than(&self, other: &Self) -> bool {
        self.name != other.name
            || self.date_of_birth != other.date_of_birth
            || self.affiliation.id != other.affiliation.id
    }
}

/// Checks when somebody was born.
///
/// # Errors
/// `invalid_parameter` on `date_of_birth`, in the future of their zone or before 1900.
pub fn check_born(date: Date, time_zone: &str, now: Timestamp) -> Result<()> {
    let today = zone(time_zone)
        .unwrap_or(TimeZone::UTC)
        .to_datetime(now)
        .date();
    match (EARLIEST..=today).contains(&date) {
        true => Ok(()),
        false => Err(Error::invalid(
            "date_of_birth",
            "date_of_birth must be from 1900 on and not in the future",
        )),
    }
}

/// The zone of an IANA name, whatever its case.
pub fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok()
}

/// A zone's name as IANA writes it; what is none stays as it is.
pub fn canonical_zone(name: &str) -> String {
    let zone = zone(name);
    let canonical = zone.as_ref().and_then(TimeZone::iana_name);
    canonical.unwrap_or(name).to_owned()
}

/// The IANA name of a time zone, for `#[garde(custom(…))]`.
///
/// # Errors
/// Says that it is none.
pub fn time_zone<C>(name: &str, _: &C) -> garde::Result {
    let zone = zone(name);
    match zone.as_ref().and_then(TimeZone::iana_name) {
        Some(_) => Ok(()),
        None => Err(garde::Error::new("a time zone such as Asia/Tokyo")),
    }
}

/// A phone number, for `#[garde(custom(…))]`: 7–15 digits (ITU-T E.164), perhaps after a `+`, in groups
/// parted by hyphens.
///
/// # Errors
/// Says that it is none.
pub fn phone_number<C>(number: &str, _: &C) -> garde::Result {
    let mut groups = number.strip_prefix('+').unwrap_or(number).split('-');
    let is_group = |group: &str| !group.is_empty() && group.bytes().all(|it| it.is_ascii_digit());
    let digits = number.bytes().filter(u8::is_ascii_digit).count();
    match groups.all(is_group) && (7..=15).contains(&digits) {
        true => Ok(()),
        false => Err(garde::Error::new("a phone number such as 090-1234-5678")),
    }
}

/// The partition of what is somebody's.
pub fn partition(user_id: UserId) -> String {
    format!("USER#{user_id}")
}

/// Where a profile lies.
pub fn profile_key(user_id: UserId) -> Key {
    Key::new(partition(user_id), "PROFILE")
}

/// Of whoever has an account but no profile here.
pub fn profile_missing() -> Error {
    Error::profile_missing(PRODUCT)
}

/// That employees have a job.
///
/// # Errors
/// `invalid_parameter`, `missing_field` on `job`.
pub fn check_job(visitor_type: VisitorType, job: Option<Job>) -> Result<()> {
    match (visitor_type, job) {
        (VisitorType::Company, None) => Err(Error::missing("job")),
        _ => Ok(()),
    }
}

/// `VISITS_TABLE`: this service's table.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn table(app: &App) -> Result<Table> {
    Table::named(app, "VISITS_TABLE")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phone_number_is_digits_in_groups() {
        for right in [
            "090-1234-5678",
            "09012345678",
            "+81-90-1234-5678",
            "1234567",
        ] {
            assert!(phone_number(right, &()).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "+",
            "123456",
            "1234567890123456",
            "090 1234 5678",
            "090--1234-5678",
            "-0901234567",
            "090-1234-567x",
            "０９０-1234-5678",
            "++81901234567",
        ] {
            assert!(phone_number(wrong, &()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_zone_is_one_of_ianas_in_its_own_spelling() {
        assert!(time_zone("Asia/Tokyo", &()).is_ok());
        assert_eq!(canonical_zone("asia/tokyo"), "Asia/Tokyo");
        for wrong in ["", "Tokyo", "+09:00", "Asia/Tokyo ", "Mars/Olympus"] {
            assert!(time_zone(wrong, &()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_job_is_stored_as_it_is_shown() -> Result<(), serde_json::Error> {
        for job in Job::ALL {
            assert_eq!(serde_json::to_value(job)?, job.text());
        }
        Ok(())
    }
}
