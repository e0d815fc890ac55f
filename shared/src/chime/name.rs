//! What a meeting is called in the account, whose stacks share Chime's names and tokens.

use crate::{
    app::{App, ConfigError, Configure, Env},
    error::Error,
};

/// Leaves a venue 36 of the 64 characters of a `ClientRequestToken`, and three to its generation. Beyond
/// it CloudFormation shortens functions' names, and the API's role would no longer meet them.
const LONGEST_STACK_NAME: usize = 24;

/// `STACK_NAME` and an underscore, which no stack's name has: so no prefix begins with another.
pub(super) struct Prefix(String);

impl Configure for Prefix {
    fn configure(env: &Env) -> Result<Self, ConfigError> {
        let stack = env.required("STACK_NAME")?;
        match stack.len() {
            ..=LONGEST_STACK_NAME => Ok(Self(format!("{stack}_"))),
            _ => Err(ConfigError::Invalid("STACK_NAME")),
        }
    }
}

impl Prefix {
    /// The `ExternalMeetingId` of a venue's meetings.
    pub fn of(&self, venue: &str) -> String {
        format!("{}{venue}", self.0)
    }
}

/// The venue of a meeting, by its `ExternalMeetingId`; `None` for another stack's.
///
/// # Errors
/// `internal_server_error` where `STACK_NAME` is missing or longer than 24 characters.
pub(super) fn venue<'a>(app: &App, external_meeting_id: &'a str) -> Result<Option<&'a str>, Error> {
    let prefix = app.config::<Prefix>()?;
    Ok(external_meeting_id.strip_prefix(prefix.0.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(stack: &str) -> Option<Prefix> {
        let variable = ("STACK_NAME".to_owned(), stack.to_owned());
        Prefix::configure(&Env::from_iter([variable])).ok()
    }

    #[test]
    fn a_venue_called_by_an_id_fits_into_a_token_whatever_its_stack_is_called() {
        let id = uuid::Uuid::nil().to_string();
        let longest = prefix(&"e".repeat(LONGEST_STACK_NAME)).unwrap();
        assert_eq!(format!("{}-99", longest.of(&id)).len(), 64);
        assert!(prefix(&"e".repeat(LONGEST_STACK_NAME + 1)).is_none());
        assert_eq!(prefix("staging").unwrap().of("room-1"), "staging_room-1");
    }
}
