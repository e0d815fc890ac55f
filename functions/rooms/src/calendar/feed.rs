//! A calendar feed's text: iCalendar, RFC 5545.

use enishi_shared::language::Language;
use ics::{
    Event, ICalendar, Standard, TimeZone,
    components::Property,
    escape_text,
    properties::{Description, DtEnd, DtStart, Location, Sequence, Status, Summary, URL},
};
use jiff::Timestamp;

use crate::slot::{RoomId, Slot};

/// Who made the calendar (RFC 5545, 3.7.3).
const PRODUCT: &str = "-//Enishi//rooms//EN";
/// UTC, RFC 5545's form.
const UTC: &str = "%Y%m%dT%H%M%SZ";
/// How often a program may look for what is new: a room is drawn ten minutes before its slot.
const REFRESH: &str = "PT10M";

/// One enrollment as the feed shows it.
pub struct Entry {
    /// Its slot.
    pub slot: Slot,
    /// Its id.
    pub id: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// What has become of it.
    pub stage: Stage,
}

/// What has become of an enrollment, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Waiting for the draw.
    Enrolled,
    /// In a room.
    Drawn(RoomId),
    /// The slot is over.
    Over,
    /// Withdrawn after the draw.
    Withdrawn,
    /// The slot was over before it was drawn.
    Missed,
}

/// The feed of these enrollments.
pub fn feed(entries: &[Entry], language: Language, frontend: &str) -> String {
    let mut calendar = ICalendar::new("2.0", PRODUCT);
    let name = match language {
        Language::Japanese => "Enishi ルーム",
        Language::Korean => "Enishi 룸",
        Language::English => "Enishi rooms",
    };
    // The first is Apple's and Google's, the second Microsoft's; RFC 7986 has names for both.
    calendar.push(Property::new("X-WR-CALNAME", escape_text(name)));
    calendar.push(Property::new("X-PUBLISHED-TTL", REFRESH));
    for entry in entries {
        calendar.add_event(event(entry, language, frontend));
    }
    if entries.is_empty() {
        // A calendar has one component at least (RFC 5545, 3.6).
        let standard = Standard::new("19700101T000000", "+0000", "+0000");
        calendar.add_timezone(TimeZone::standard("UTC", standard));
    }
    calendar.to_string()
}

fn event<'a>(entry: &Entry, language: Language, frontend: &str) -> Event<'a> {
    let Entry {
        slot,
        id,
        created_at,
        stage,
    } = entry;
    let utc = |time: Timestamp| time.strftime(UTC).to_string();
    let (sequence, status) = match stage {
        Stage::Enrolled => ("0", Status::confirmed()),
        Stage::Drawn(_) => ("1", Status::confirmed()),
        Stage::Over => ("2", Status::confirmed()),
        Stage::Withdrawn | Stage::Missed => ("3", Status::cancelled()),
    };
    let mut event = Event::new(id.clone(), utc(*created_at));
    event.push(DtStart::new(utc(slot.start)));
    event.push(DtEnd::new(utc(slot.end)));
    event.push(Sequence::new(sequence));
    event.push(status);
    event.push(Summary::new(escape_text(match language {
        Language::Japanese => "Enishi ルーム",
        Language::Korean => "Enishi 룸",
        Language::English => "Enishi room",
    })));
    if let Some(about) = about(*stage, language) {
        event.push(Description::new(escape_text(about)));
    }
    if let Stage::Drawn(room) = stage {
        let page = format!("{frontend}/rooms/{room}");
        event.push(Location::new(escape_text(page.clone())));
        event.push(URL::new(page));
    }
    event
}

fn about(stage: Stage, language: Language) -> Option<&'static str> {
    Some(match (stage, language) {
        (Stage::Over, _) => return None,
        (Stage::Enrolled, Language::Japanese) => "ルームは開始10分前に決まります。",
        (Stage::Enrolled, Language::Korean) => "룸은 시작 10분 전에 정해집니다.",
        (Stage::Enrolled, Language::English) => "The rooms are drawn ten minutes before the start.",
        (Stage::Drawn(_), Language::Japanese) => {
            "ルームが決まりました。開始5分前から入室できます。"
        }
        (Stage::Drawn(_), Language::Korean) => {
            "룸이 정해졌습니다. 시작 5분 전부터 입장하실 수 있습니다."
        }
        (Stage::Drawn(_), Language::English) => {
            "Your room is drawn; it opens five minutes before the start."
        }
        (Stage::Withdrawn, Language::Japanese) => "参加を取り消しました。",
        (Stage::Withdrawn, Language::Korean) => "참가를 취소하셨습니다.",
        (Stage::Withdrawn, Language::English) => "You have withdrawn.",
        (Stage::Missed, Language::Japanese) => {
            "不具合によりルームをご用意できませんでした。欠席にはなりません。"
        }
        (Stage::Missed, Language::Korean) => {
            "저희 서비스의 문제로 룸을 준비하지 못했습니다. 결석으로 처리되지 않습니다."
        }
        (Stage::Missed, Language::English) => {
            "We failed to prepare the rooms. It does not count as an absence."
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use icalendar::{Calendar, CalendarDateTime, Component as _, DatePerhapsTime, EventLike as _};

    use super::*;
    use crate::slot::Slots;

    const FRONTEND: &str = "https://app.example.com";

    fn slot(id: &str) -> Slot {
        let slots = r#"{"times":["09:00"],"days":["mon"],"minutes":30,"room_size":4,"time_zone":"Asia/Tokyo"}"#;
        Slots::from_json(slots).unwrap().by_id(id.parse().unwrap())
    }

    fn entry(stage: Stage) -> Entry {
        Entry {
            slot: slot("2026-11-21T09:00"),
            id: "019a9f3e-7b1c-7000-8000-3f5e1b2c4d5e".to_owned(),
            created_at: "2026-11-20T11:00:00Z".parse().unwrap(),
            stage,
        }
    }

    fn stages() -> [Stage; 5] {
        [
            Stage::Enrolled,
            Stage::Drawn("20261121T0900-17".parse().unwrap()),
            Stage::Over,
            Stage::Withdrawn,
            Stage::Missed,
        ]
    }

    #[test]
    fn a_parser_of_calendars_reads_back_what_was_written() {
        for language in [Language::Japanese, Language::Korean, Language::English] {
            let text = feed(&stages().map(entry), language, FRONTEND);
            let calendar: Calendar = text.parse().unwrap();
            let events: Vec<_> = calendar.events().collect();
            assert_eq!(events.len(), 5);
            for (event, stage) in events.into_iter().zip(stages()) {
                let at = |time: Option<DatePerhapsTime>| match time.unwrap() {
                    DatePerhapsTime::DateTime(CalendarDateTime::Utc(at)) => at.to_rfc3339(),
                    other => panic!("{other:?}"),
                };
                assert_eq!(at(event.get_start()), "2026-11-21T00:00:00+00:00");
                assert_eq!(at(event.get_end()), "2026-11-21T00:30:00+00:00");
                assert_eq!(
                    event.get_uid(),
                    Some("019a9f3e-7b1c-7000-8000-3f5e1b2c4d5e")
                );
                assert_eq!(event.property_value("DTSTAMP"), Some("20261120T110000Z"));
                assert!(event.get_summary().unwrap().starts_with("Enishi "));
                assert_eq!(event.get_description(), about(stage, language));
                let page = "https://app.example.com/rooms/20261121T0900-17";
                let page = matches!(stage, Stage::Drawn(_)).then_some(page);
                assert_eq!(event.get_url(), page);
                assert_eq!(event.get_location(), page);
                let cancelled = matches!(stage, Stage::Withdrawn | Stage::Missed);
                let status = if cancelled { "CANCELLED" } else { "CONFIRMED" };
                assert_eq!(event.property_value("STATUS"), Some(status));
            }
        }
    }

    #[test]
    fn its_lines_are_as_the_standard_wants_them() {
        for entries in [Vec::new(), stages().map(entry).into()] {
            let text = feed(&entries, Language::Korean, FRONTEND);
            assert!(text.ends_with("END:VCALENDAR\r\n"));
            assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
            for line in text.split("\r\n") {
                assert!(line.len() <= 75, "{line}");
            }
            // At least one component.
            assert!(text.matches("BEGIN:").count() > 1, "{text}");
        }
    }

    #[test]
    fn what_an_enrollment_becomes_has_a_higher_number() {
        let numbers = stages().map(|stage| {
            let text = feed(&[entry(stage)], Language::English, FRONTEND);
            let number = text.split("SEQUENCE:").nth(1).unwrap();
            number[..1].to_owned()
        });
        assert!(numbers.is_sorted(), "{numbers:?}");
    }
}
