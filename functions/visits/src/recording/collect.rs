//! After a meeting: one file of the longest part, and its deletion.

use enishi_shared::{
    App, Result,
    media::{UPLOADS_END, beginning, count, delete_prefix},
    store::{Race, Table},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Bucket, Ended, Recording, captures, delete_files,
    follow::{SOON, follow},
    pipelines::{Asked, concatenate, file},
    recording_key,
};
use crate::{
    matching::{MatchingId, StoredMatching, matching_key},
    profile,
};

/// For how long the last seconds of a capture may be on their way.
const ON_THEIR_WAY: SignedDuration = SignedDuration::from_mins(10);
/// How long a concatenation is waited for.
const PATIENCE: SignedDuration = SignedDuration::from_hours(1);
/// How many are.
const ATTEMPTS: u32 = 3;

/// Goes on with a recording that is due. Of one that is over 2 requests, of another those of
/// [`follow`](super::follow).
///
/// # Errors
/// `service_unavailable` when somebody does not answer; it stays due.
pub async fn collect(app: &App, id: MatchingId) -> Result<()> {
    let table = profile::table(app)?;
    let Some(mut recording) = table.get::<Recording>(&recording_key(id)).await? else {
        return Ok(());
    };
    match &recording.ended {
        None => return follow(app, id).await,
        Some(Ended::Making { .. }) => make(app, id, &mut recording).await?,
        Some(Ended::Erased) => {
            delete_files(app, id).await?;
            let matching = table.get::<StoredMatching>(&matching_key(id)).await?;
            if matching.is_none() {
                return table.delete(recording_key(id)).await;
            }
            recording.due_at = None;
        }
        Some(_) => recording.due_at = None,
    }
    // Whoever was faster has gone on with it.
    recording.keep(&table, id).await.map(drop)
}

/// Has the file made, or looks for it.
async fn make(app: &App, id: MatchingId, recording: &mut Recording) -> Result<()> {
    let now = app.now();
    let Some(Ended::Making {
        since,
        attempt,
        concatenation,
    }) = recording.ended.clone()
    else {
        return Ok(());
    };
    let again = |attempt, concatenation| Ended::Making {
        since,
        attempt,
        concatenation,
    };
    let bucket = &app.config::<Bucket>()?.0;
    let ended = match concatenation {
        Some((pipeline, begun)) => {
            let key = file(id, &pipeline);
            let found = beginning(app, bucket, &key, 1).await?;
            match found.is_some() {
                true => Ended::Ready { key, made_at: now },
                false if now < begun + PATIENCE => again(attempt, Some((pipeline, begun))),
                false => again(attempt + 1, None),
            }
        }
        None if attempt == ATTEMPTS => {
            tracing::error!(matching = %id, "no file could be made of a recording");
            Ended::Nothing
        }
        None => match longest(app, id, recording).await? {
            Some(nth) => {
                let capture = recording.captures.get(nth);
                let capture = capture.and_then(|capture| capture.pipeline.as_ref());
                match capture {
                    Some(capture) => match concatenate(app, id, capture, attempt).await? {
                        Asked::Made(pipeline) => again(attempt, Some((pipeline, now))),
                        // The meetings of others end too.
                        Asked::NoPlace => again(attempt, None),
                        Asked::Gone => again(attempt + 1, None),
                    },
                    None => Ended::Nothing,
                }
            }
            None if now < since + ON_THEIR_WAY => again(attempt, None),
            None => Ended::Nothing,
        },
    };
    recording.due_at = match ended {
        Ended::Making { .. } => Some((now + SOON).as_second()),
        _ => {
            delete_prefix(app, bucket, &captures(id)).await?;
            None
        }
    };
    recording.ended = Some(ended);
    Ok(())
}

/// Which capture has heard the most, if any has heard something.
async fn longest(app: &App, id: MatchingId, recording: &Recording) -> Result<Option<usize>> {
    let bucket = &app.config::<Bucket>()?.0;
    let mut longest = None;
    for (nth, capture) in recording.captures.iter().enumerate() {
        let folder = format!("{}{}/audio/", captures(id), capture.meeting_id);
        let parts = count(app, bucket, &folder).await?;
        if parts > 0 && longest.is_none_or(|(most, _)| parts > most) {
            longest = Some((parts, nth));
        }
    }
    Ok(longest.map(|(_, nth)| nth))
}

/// Deletes what was recorded of a matching, and once more in an hour: a file may be on its way. It may come
/// again. One request, 2 where there was a recording.
///
/// # Errors
/// Whatever keeps something from being deleted.
pub async fn erase(app: &App, table: &Table, id: MatchingId) -> Result<()> {
    let mut race = Race::new(app);
    while let Some(recording) = table.get::<Recording>(&recording_key(id)).await? {
        delete_files(app, id).await?;
        let mut erased = Recording {
            version: recording.version,
            ended: Some(Ended::Erased),
            due_at: Some(Timestamp::as_second(app.now() + UPLOADS_END)),
            ..Recording::default()
        };
        if erased.keep(table, id).await? {
            break;
        }
        race.lost().await?;
    }
    Ok(())
}
