//! The meeting of a matching: when it is open, who was there, and that no meeting is left behind.
//!
//! Chime's record of it is [`Venue`](enishi_shared::chime::Venue)'s. Beside it lies one row, [`Attendance`]:
//! since when each was there, as Chime tells, and when the sweep looks at the meeting next. A visit can be
//! cancelled with people inside already, until it begins, and somebody may be on their way in while a meeting
//! is ended: so it is looked at once more a minute after each.

use enishi_shared::{
    Error, Result,
    app::{ConfigError, Configure, Env},
    store::{Change, Key, Table, when},
};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use crate::{
    advance::refusal,
    matching::{MatchingId, matching_key},
    state::{ENDS_AFTER, Matching, Party, Presence, Refused, State, Terms},
};

/// What the rows of meetings that are to be looked at have in the index of what is due.
pub const OPENED: &str = "MEETING";
/// How long before the start one can join.
const OPENS_BEFORE: SignedDuration = SignedDuration::from_mins(5);
/// Whoever was let in is inside after this long, or never: a call ends much earlier.
const ON_THE_WAY: SignedDuration = SignedDuration::from_mins(1);

/// `VISIT_GRACE_MINUTES`: how long after the start one can come and was there all the same; 10 unless told.
pub struct Grace(SignedDuration);

impl Configure for Grace {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let minutes: u16 = env.parsed("VISIT_GRACE_MINUTES", 10)?;
        Ok(Self(SignedDuration::from_mins(minutes.into())))
    }
}

/// What is known of a meeting beside Chime's record of it.
#[derive(Debug, Default, Deserialize)]
pub struct Attendance {
    /// When the speaker first joined.
    #[serde(default, with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    speaker_at: Option<Timestamp>,
    /// When the listener did.
    #[serde(default, with = "jiff::fmt::serde::timestamp::millisecond::optional")]
    listener_at: Option<Timestamp>,
    /// When the meeting is looked at next, in seconds.
    due_at: Option<i64>,
}

impl Attendance {
    /// Who counts as having been there.
    pub fn presence(&self, terms: Terms, grace: &Grace) -> Presence {
        let in_time = |at: Option<Timestamp>| at.is_some_and(|at| at <= terms.date + grace.0);
        Presence {
            speaker: in_time(self.speaker_at),
            listener: in_time(self.listener_at),
        }
    }

    /// Whether the sweep looks at the meeting.
    pub fn is_watched(&self) -> bool {
        self.due_at.is_some()
    }
}

/// Where the record of a matching's meeting lies.
pub fn meeting_key(id: MatchingId) -> Key {
    Key::new(matching_key(id).pk, "MEETING")
}

/// Where its [`Attendance`] lies.
pub fn attendance_key(id: MatchingId) -> Key {
    Key::new(matching_key(id).pk, "PRESENCE")
}

/// When the meeting of a visit is ended.
pub fn ends(terms: Terms) -> Timestamp {
    terms.end() + ENDS_AFTER
}

/// What was agreed on, if one can join now: it is paid for, and it is not more than five minutes to the start
/// nor after the end.
///
/// # Errors
/// `conflict`, saying in which state it is, from when one can join, or that it is over.
pub fn require_open(matching: &Matching, now: Timestamp) -> Result<Terms> {
    let refused = || refusal(Refused::State(matching.seen(now)));
    let paid = matching.terms.filter(|_| matching.state == State::Paid);
    let terms = paid.ok_or_else(refused)?;
    let opens = terms.date - OPENS_BEFORE;
    match now {
        _ if now < opens => Err(Error::conflict(format!("the meeting opens at {opens}"))),
        _ if now < ends(terms) => Ok(terms),
        _ => Err(Error::conflict("the meeting is over")),
    }
}

/// When the sweep looks at the meeting of a paid visit next.
pub fn next_look(terms: Terms, now: Timestamp) -> Option<Timestamp> {
    let looks = [terms.date, ends(terms)].map(|time| time + ON_THE_WAY);
    looks.into_iter().find(|look| *look > now)
}

/// Has the sweep look at a meeting then, or never more. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn watch(table: &Table, id: MatchingId, look: Option<Timestamp>) -> Result<()> {
    let change = match look {
        Some(look) => Change::new()
            .set("due", OPENED)
            .set("due_at", look.as_second()),
        None => Change::new()
            .remove("due")
            .remove("due_at")
            .when(when().exists("pk")),
    };
    table.update(attendance_key(id), change).await?;
    Ok(())
}

/// Notes that somebody joined; of several times the first counts. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn note(table: &Table, id: MatchingId, party: Party, at: Timestamp) -> Result<()> {
    let (field, at) = match party {
        Party::Speaker => ("speaker_at", at.as_millisecond()),
        Party::Listener => ("listener_at", at.as_millisecond()),
    };
    let earlier = when().absent(field).or(when().gt(field, at));
    let noted = Change::new().set(field, at).when(earlier);
    table.update(attendance_key(id), noted).await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        format!("2026-11-25T{text}Z").parse().unwrap()
    }

    fn terms() -> Terms {
        Terms {
            date: at("10:00:00"),
            minutes: 30,
        }
    }

    fn grace(minutes: &str) -> Result<Grace, ConfigError> {
        let variable = ("VISIT_GRACE_MINUTES".to_owned(), minutes.to_owned());
        Grace::configure(&Env::from_iter([variable]))
    }

    #[test]
    fn who_comes_ten_minutes_late_was_there_and_who_comes_later_was_not() {
        for (minutes, joined, there) in [
            ("", "09:55:00", true),
            ("", "10:10:00", true),
            ("", "10:10:00.001", false),
            ("", "10:10:01", false),
            ("0", "10:00:00", true),
            ("0", "10:00:01", false),
        ] {
            let attendance = Attendance {
                speaker_at: Some(at(joined)),
                ..Attendance::default()
            };
            let presence = attendance.presence(terms(), &grace(minutes).unwrap());
            assert_eq!(presence.speaker, there, "{minutes} {joined}");
            assert!(!presence.listener);
        }
        assert!(grace("-1").is_err() && grace("ten").is_err());
    }

    #[test]
    fn a_meeting_is_looked_at_after_its_start_and_after_its_end() {
        for (now, look) in [
            ("09:55:00", Some("10:01:00")),
            ("10:00:59", Some("10:01:00")),
            ("10:01:00", Some("10:36:00")),
            ("10:35:59", Some("10:36:00")),
            ("10:36:00", None),
        ] {
            assert_eq!(next_look(terms(), at(now)), look.map(at), "{now}");
        }
    }
}
