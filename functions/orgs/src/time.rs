//! Times as this service's objects show them.

use jiff::Timestamp;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_shown_at_universal_time_to_the_second() -> Result<(), jiff::Error> {
        let at: Timestamp = "2026-11-20T09:05:07.999+09:00".parse()?;
        assert_eq!(shown(at), "2026-11-20 00:05:07");
        Ok(())
    }
}
