//! `visits-attendance`: Chime's state changes of meetings: who joined was there, an ended meeting is retired,
//! and the recording follows both.
//!
//! Whatever is told, however often and in whichever order, only adds to what is known. What is told after the
//! end of the visit comes too late: by then it is decided who was there.

use enishi_shared::{
    App, Function, Result,
    chime::{Happening, StateChange, What, external_user_id, retire, seen},
    function::on,
};

use crate::{
    matching::{StoredMatching, matching_key, of_venue, venue_name},
    meeting::{meeting_key, note},
    profile::table,
    recording,
    state::{Party, State},
};

/// `visits-attendance`
///
/// Budget: when somebody joins a meeting that is to be recorded, with one to Chime; 4 where there is nothing to
/// begin, up to 3 when a meeting ends, 1 when somebody leaves.
pub const FUNCTION: Function =
    Function::event("visits-attendance", |app, event| on(app, event, attendance)).budget(6);

async fn attendance(app: App, change: StateChange) -> Result<()> {
    let Some(Happening {
        venue,
        meeting_id,
        at,
        what,
    }) = change.happening(&app)?
    else {
        return Ok(());
    };
    // Meetings that are of no visit have other names.
    let Some(id) = of_venue(&venue) else {
        return Ok(());
    };
    let table = table(&app)?;
    let record = meeting_key(id);
    match what {
        What::Joined(who) => {
            let found: Option<StoredMatching> = table.get(&matching_key(id)).await?;
            let Some(stored) = found.filter(|it| it.matching.state == State::Paid) else {
                return Ok(());
            };
            let name = venue_name(id);
            let mut parties = Party::ALL.into_iter();
            let joined = parties.find(|it| external_user_id(&name, stored.user(*it)) == who);
            if let Some(party) = joined {
                note(&table, id, party, at).await?;
            }
            seen(&table, &record, &meeting_id, at).await?;
            recording::follow(&app, id).await
        }
        What::Left(_) => seen(&table, &record, &meeting_id, at).await,
        What::Ended => {
            retire(&app, &table, &record, &meeting_id).await?;
            recording::follow(&app, id).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_of_a_visit() {
        let sample = include_str!("../../../events/visits-attendance.json");
        assert!(serde_json::from_str::<StateChange>(sample).is_ok());
        let sample: serde_json::Value = serde_json::from_str(sample).unwrap();
        let name = sample["detail"]["externalMeetingId"].as_str().unwrap();
        assert!(of_venue(name.strip_prefix("enishi_").unwrap()).is_some());
    }
}
