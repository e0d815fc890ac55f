//! While a meeting goes on: its captures begin and end as the consents and the meeting ask for it.

use enishi_shared::{
    App, Error, Result, UserId,
    chime::present_meeting,
    metric,
    store::{Race, Table, decode},
};
use jiff::{SignedDuration, Timestamp};

use super::{
    Capture, Ended, Recording,
    pipelines::{self, Asked, Pipeline},
    recording_key,
};
use crate::{
    matching::{MatchingId, StoredMatching, matching_key},
    meeting::meeting_key,
    profile,
    state::{ENDS_AFTER, Matching, State},
};

/// How soon what could not be done is tried again.
pub(super) const SOON: SignedDuration = SignedDuration::from_mins(1);
/// How often a meeting that is recorded is looked at: Chime need not say that it has ended.
const LOOKED_AT: SignedDuration = SignedDuration::from_mins(5);

/// A recording, and what it depends on.
pub(super) struct Scene {
    id: MatchingId,
    pub(super) matching: Matching,
    /// Chime's id of the meeting that is open as far as is known.
    meeting: Option<String>,
    /// Whether the meeting is over for good.
    ends: bool,
    /// Whether there was no place a moment ago.
    is_full: bool,
    pub(super) recording: Recording,
    stored: Recording,
}

enum Task {
    Stop(usize, Pipeline),
    Begin(usize, String),
}

/// Starts or stops the recording of a matching's meeting, as the consents and the meeting ask for it now.
/// 1 request where there is nothing to do, 3 to start or 2 to stop, and one to Chime.
///
/// # Errors
/// `service_unavailable` when somebody does not answer.
pub async fn follow(app: &App, id: MatchingId) -> Result<()> {
    advance(app, id, false, |_, _| Ok(())).await.map(drop)
}

/// Ends the recording of a meeting that is over, and has its file made: [`collect`](super::collect) does, from
/// now on. 1 request where there is nothing to do, 2 where there is no capture to stop, or 3.
///
/// # Errors
/// `service_unavailable` when somebody does not answer.
pub async fn finish(app: &App, id: MatchingId) -> Result<()> {
    advance(app, id, true, |_, _| Ok(())).await.map(drop)
}

/// One of the two consents to being recorded, or withdraws; answers the matching's state and the recording.
/// 2 requests, 3 to start or stop, and one to Chime.
///
/// # Errors
/// `not_found` for a stranger; `conflict` once somebody has withdrawn, once the meeting is over, and before it
/// is paid for.
pub async fn consent(
    app: &App,
    me: UserId,
    id: MatchingId,
    consents: bool,
) -> Result<(State, Recording)> {
    let answered = advance(app, id, false, |scene, stored| {
        let party = stored.party(me);
        let party = party.ok_or_else(|| Error::not_found("matching"))?;
        let (matching, recording) = (scene.matching, &mut scene.recording);
        recording.answered(party, consents, &matching, app.now())
    });
    let scene = answered.await?;
    let scene = scene.ok_or_else(|| Error::not_found("matching"))?;
    Ok((scene.matching.state, scene.recording))
}

/// Changes a recording, and does what follows; `None` without a matching.
async fn advance<F>(app: &App, id: MatchingId, ends: bool, change: F) -> Result<Option<Scene>>
where
    F: Fn(&mut Scene, &StoredMatching) -> Result<()>,
{
    let table = profile::table(app)?;
    let mut race = Race::new(app);
    let mut begun = None;
    loop {
        let Some((mut scene, stored)) = Scene::read(app, &table, id, ends).await? else {
            return Ok(None);
        };
        // It was begun while somebody else decided otherwise.
        if let Some(pipeline) = begun.take().filter(|pipeline| !scene.knows(pipeline)) {
            pipelines::stop(app, &pipeline).await?;
        }
        change(&mut scene, &stored)?;
        if scene.settle(app, &table, &mut begun).await? {
            return Ok(Some(scene));
        }
        race.lost().await?;
    }
}

impl Scene {
    /// One request.
    async fn read(
        app: &App,
        table: &Table,
        id: MatchingId,
        ends: bool,
    ) -> Result<Option<(Self, StoredMatching)>> {
        let keys = [matching_key(id), meeting_key(id), recording_key(id)];
        let mut found = table.batch_get(&keys).await?;
        let [matching, meeting, recording] = keys.map(|key| found.remove(&key));
        let Some(stored) = matching.map(decode::<StoredMatching>).transpose()? else {
            return Ok(None);
        };
        let recording: Recording = recording.map(decode).transpose()?.unwrap_or_default();
        let meeting = present_meeting(app, meeting)?;
        let scene = Self {
            id,
            matching: stored.matching,
            meeting: meeting.map(|meeting| meeting.meeting_id),
            ends,
            is_full: false,
            stored: recording.clone(),
            recording,
        };
        Ok(Some((scene, stored)))
    }

    fn knows(&self, pipeline: &Pipeline) -> bool {
        let mut captures = self.recording.captures.iter();
        captures.any(|capture| capture.pipeline.as_ref() == Some(pipeline))
    }

    /// Whether it is to be recorded, if and as soon as it is open.
    fn is_wanted(&self, now: Timestamp) -> bool {
        let mut terms = self.matching.terms.into_iter();
        let is_to_come = terms.any(|terms| now < terms.end() + ENDS_AFTER);
        let is_paid = self.matching.state == State::Paid;
        is_paid && is_to_come && !self.ends && self.recording.have_both_consented()
    }

    /// The meeting that is to be recorded now.
    fn wanted(&self, now: Timestamp) -> Option<&str> {
        self.meeting.as_deref().filter(|_| self.is_wanted(now))
    }

    /// Brings the recording to where it is to be; false where somebody else has changed it meanwhile, and
    /// then `begun` is what was begun in vain.
    async fn settle(
        &mut self,
        app: &App,
        table: &Table,
        begun: &mut Option<Pipeline>,
    ) -> Result<bool> {
        loop {
            self.plan(app.now());
            if self.recording != self.stored {
                if !self.recording.keep(table, self.id).await? {
                    return Ok(false);
                }
                self.stored = self.recording.clone();
            }
            *begun = None;
            match self.task(app.now()) {
                None => return Ok(true),
                Some(Task::Stop(nth, pipeline)) => {
                    pipelines::stop(app, &pipeline).await?;
                    self.recording.captures[nth].is_stopped = true;
                }
                Some(Task::Begin(nth, meeting_id)) => {
                    match pipelines::capture(app, self.id, &meeting_id).await? {
                        Asked::Made(pipeline) => {
                            *begun = Some(pipeline.clone());
                            self.recording.captures[nth].pipeline = Some(pipeline);
                            self.recording.is_refused = false;
                        }
                        Asked::NoPlace if self.wanted(app.now()) == Some(&meeting_id) => {
                            let was_refused = self.recording.is_refused;
                            metric::count("RecordingsBeyondQuota", u32::from(!was_refused));
                            self.recording.is_refused = true;
                            self.is_full = true;
                        }
                        // It was never begun, and is not wanted any more or cannot be had.
                        Asked::NoPlace | Asked::Gone => {
                            self.recording.captures.remove(nth);
                            self.meeting = self.meeting.take().filter(|open| *open != meeting_id);
                        }
                    }
                }
            }
        }
    }

    /// What follows without asking anybody: what is to be captured, that all is over, and when to look again.
    fn plan(&mut self, now: Timestamp) {
        let wanted = self.wanted(now).map(str::to_owned);
        let recording = &mut self.recording;
        if recording.ended.is_some() {
            return;
        }
        if let Some(meeting_id) = wanted
            && !(recording.captures.iter()).any(|capture| capture.meeting_id == meeting_id)
        {
            recording.captures.push(Capture {
                meeting_id,
                pipeline: None,
                is_stopped: false,
            });
        }
        let is_stopped = |capture: &Capture| capture.is_stopped;
        if self.ends && recording.version > 0 && recording.captures.iter().all(is_stopped) {
            recording.ended = Some(match recording.captures.is_empty() {
                true => Ended::Nothing,
                false => Ended::Making {
                    since: now,
                    attempt: 0,
                    concatenation: None,
                },
            });
        }
        let due = self.due(now).map(Timestamp::as_second);
        let due_at = &mut self.recording.due_at;
        // What is looked at soon enough need not be written anew.
        let is_soon = |at: i64| now.as_second() < at && due.is_some_and(|due| at <= due);
        if !due_at.is_some_and(is_soon) {
            *due_at = due;
        }
    }

    /// When to look again.
    fn due(&self, now: Timestamp) -> Option<Timestamp> {
        let wanted = self.wanted(now);
        let mut captures = self.recording.captures.iter();
        let is_unfinished = |capture: &Capture| {
            let is_wanted = wanted == Some(capture.meeting_id.as_str());
            !capture.is_stopped && (capture.pipeline.is_none() || !is_wanted)
        };
        match &self.recording.ended {
            Some(Ended::Making { .. }) => Some(now),
            Some(_) => None,
            None if captures.any(is_unfinished) => Some(now + SOON),
            None if !self.is_wanted(now) => None,
            None if wanted.is_some() => Some(now + LOOKED_AT),
            // Whoever joins says so; should that be lost, the meeting is looked for from its start on.
            None => Some(self.matching.terms?.date.max(now + SOON)),
        }
    }

    /// What is to be asked of Chime next.
    fn task(&self, now: Timestamp) -> Option<Task> {
        let wanted = self.wanted(now);
        let captures = self.recording.captures.iter().enumerate();
        let mut captures = captures.filter(|(_, capture)| !capture.is_stopped);
        let stop = |(nth, capture): (usize, &Capture)| {
            let pipeline = capture.pipeline.clone()?;
            let is_wanted = wanted == Some(capture.meeting_id.as_str());
            (!is_wanted).then_some(Task::Stop(nth, pipeline))
        };
        let begin = |(nth, capture): (usize, &Capture)| {
            let is_open = capture.pipeline.is_none() && !self.is_full;
            is_open.then(|| Task::Begin(nth, capture.meeting_id.clone()))
        };
        captures
            .clone()
            .find_map(stop)
            .or_else(|| captures.find_map(begin))
    }
}
