//! Times as this service's objects show them.

use jiff::{Timestamp, tz::TimeZone};
use serde::Serializer;

/// `YYYY-MM-DD HH:MM:SS` at universal time.
pub fn shown(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// [`shown`] for `#[serde(serialize_with = …)]`, whose schema is
/// `#[schema(value_type = String, pattern = r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", example = "2026-11-20 14:00:00")]`.
///
/// # Errors
/// The serialiser's.
pub fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&shown(*at))
}

/// [`serialize`] of what may not be there.
///
/// # Errors
/// The serialiser's.
pub fn serialize_option<S: Serializer>(
    at: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => serialize(at, serializer),
        None => serializer.serialize_none(),
    }
}

/// A time in the form of this service's objects, at universal time, or in that of RFC 3339.
///
/// # Errors
/// `jiff`'s, when it is in neither.
pub fn read(text: &str) -> Result<Timestamp, jiff::Error> {
    match jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M:%S", text) {
        Ok(at) => Ok(at.to_zoned(TimeZone::UTC)?.timestamp()),
        Err(_) => text.parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_at_universal_time_to_the_second() -> Result<(), jiff::Error> {
        let at: Timestamp = "2026-11-20T09:05:07.999+09:00".parse()?;
        assert_eq!(shown(at), "2026-11-20 00:05:07");
        Ok(())
    }

    #[test]
    fn a_time_is_read_in_either_form() -> Result<(), jiff::Error> {
        let at: Timestamp = "2020-04-01T14:12:34Z".parse()?;
        for text in [
            "2020-04-01 14:12:34",
            "2020-04-01T14:12:34Z",
            "2020-04-01T23:12:34+09:00",
        ] {
            assert_eq!(read(text)?, at, "{text}");
        }
        for wrong in [
            "",
            "2020-04-01",
            "2020-04-01T14:12:34",
            "2020-13-01 14:12:34",
            "soon",
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
        Ok(())
    }
}
