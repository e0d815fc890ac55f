//! What is recorded of meetings, and who hears it for how long.

use std::io::Cursor;

use enishi_local::import;
use enishi_shared::{
    App, UserId,
    app::{Env, Parts},
    chime::{Venue, present_meeting},
    conversation::Expiry,
    store::{Key, Outcome, Table, Transaction},
};
use enishi_visits::{
    chat::chats,
    matching::{MatchingId, StoredMatching, matching_key},
    recording::{finish, follow},
    state::State,
};
use http::Request;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use symphonia::core::{
    codecs::DecoderOptions,
    formats::{FormatOptions, FormatReader},
    io::MediaSourceStream,
    meta::MetadataOptions,
    probe::Hint,
};

use super::{
    items,
    people::{
        again, at, bring_in, bring_matchings_in, logged_in, profile, seen, standing, user_id,
    },
};
use crate::{
    crash::Scene,
    support::{Answer, Person, World},
};

/// When the meetings begin that last for half an hour.
pub const START: &str = "2026-11-25T10:00:00Z";

/// Sets the clock to so many minutes after the start, or before it.
pub fn at_minute(world: &World, minutes: i64) {
    let start: Timestamp = START.parse().unwrap();
    let time = start + SignedDuration::from_mins(minutes);
    world.stack.clock().set(Some(time));
    world.stack.chime().tick();
}

/// Half an hour of a speaker and a listener, as often as asked for, paid for. Answers the ids.
pub fn paid(world: &World, [speaker, listener]: [UserId; 2], meetings: usize) -> Vec<String> {
    let [speaker, listener] = [
        profile(speaker, "speaker", "company"),
        profile(listener, "listener", "student"),
    ];
    bring_in(world, &[speaker.clone(), listener.clone()]);
    let app = world.stack.app("VisitsErase").unwrap();
    let paid = at(State::Paid, app.now(), START.parse().unwrap(), None);
    let ids: Vec<MatchingId> = (0..meetings).map(|_| MatchingId::new(&app)).collect();
    let matchings = ids
        .iter()
        .map(|id| standing((&speaker, &listener), *id, paid));
    bring_matchings_in(world, &matchings.collect::<Vec<_>>());
    ids.iter().map(MatchingId::to_string).collect()
}

/// A paid meeting of a student's. Answers its id.
pub fn of(world: &World, student: &Person) -> String {
    let speaker = profile(user_id(1), "sora", "company");
    let student = profile(student.id.parse().unwrap(), &student.name, "student");
    super::matching::paid(world, (&speaker, &student))
}

/// A speaker and a listener, and meetings of theirs.
pub async fn two(world: &World, meetings: usize) -> (Person, Person, Vec<String>) {
    let ids = paid(world, [user_id(1), user_id(2)], meetings);
    let speaker = logged_in(world, user_id(1), "speaker").await;
    let listener = logged_in(world, user_id(2), "listener").await;
    (speaker, listener, ids)
}

/// `PUT /api/meeting/{id}/recording`.
pub async fn consent(world: &World, by: &mut Person, id: &str, consents: bool) -> Answer {
    again(world, by).await;
    let path = format!("/api/meeting/{id}/recording");
    let body = json!({"consent": consents});
    let token = Some(by.access_token.as_str());
    world.call("PUT", &path, token, Some(body)).await
}

/// The messages of a matching are in the lists of both.
async fn list(world: &World, id: &str, both: [&Person; 2]) {
    let app = opener(world);
    let id: MatchingId = id.parse().unwrap();
    let chats = chats(&app).unwrap();
    chats.table().delete(chats.key(id)).await.unwrap();
    let both = both.map(|person| person.id.parse().unwrap());
    let mut tx = Transaction::new(&app);
    let month = Expiry::Idle(SignedDuration::from_hours(30 * 24));
    chats.begin(&mut tx, id, &both, month).unwrap();
    assert!(matches!(tx.commit().await.unwrap(), Outcome::Done));
}

/// What opens and closes meetings.
fn opener(world: &World) -> App {
    let mut environment = world.stack.environment()["RoomsJoin"].clone();
    environment.insert("AWS_ACCESS_KEY_ID".into(), "developer".into());
    environment.insert("VISITS_TABLE".into(), "VisitsTable".into());
    let parts = world.stack.parts("RoomsJoin").unwrap();
    App::new(Parts {
        env: environment.into_iter().collect::<Env>(),
        ..parts
    })
    .unwrap()
}

/// Opens the meeting of a matching, and a browser of each of these people joins it, of which Chime tells.
pub async fn open(world: &World, id: &str, people: &[&str]) -> String {
    let meeting_id = open_unnoticed(world, id, people).await;
    followed(world, id).await;
    meeting_id
}

/// [`open`], of which Chime tells nothing.
pub async fn open_unnoticed(world: &World, id: &str, people: &[&str]) -> String {
    let app = opener(world);
    let table = Table::named(&app, "VISITS_TABLE").unwrap();
    let key = Key::new(format!("MATCHING#{id}"), "MEETING");
    let stored = table.batch_get(std::slice::from_ref(&key)).await.unwrap();
    let name = format!("v-{}", id.replace('-', ""));
    let venue = Venue::new(&app, table, key.clone(), &name).await.unwrap();
    let people: Vec<UserId> = people.iter().map(|id| id.parse().unwrap()).collect();
    let open = venue
        .open(stored.get(&key).cloned(), &people)
        .await
        .unwrap();
    let meeting_id = open.meeting.meeting_id.clone();
    for person in people {
        let attendee = venue.attendee(&open, person).await.unwrap();
        let chime = world.stack.chime();
        chime
            .join(&meeting_id, &attendee.attendee_id, &attendee.join_token)
            .unwrap();
    }
    meeting_id
}

/// The recording follows what has happened.
async fn followed(world: &World, id: &str) {
    let app = world.stack.app("VisitsConsent").unwrap();
    follow(&app, id.parse().unwrap()).await.unwrap();
}

/// Ends a meeting as it is ended five minutes after the visit.
pub async fn end(world: &World, id: &str) {
    let app = opener(world);
    let table = Table::named(&app, "VISITS_TABLE").unwrap();
    let key = Key::new(format!("MATCHING#{id}"), "MEETING");
    let mut stored = table.batch_get(std::slice::from_ref(&key)).await.unwrap();
    let stored = stored.remove(&key);
    if present_meeting(&app, stored.clone()).unwrap().is_some() {
        enishi_shared::chime::delete(&app, &table, &key, stored)
            .await
            .unwrap();
    }
    let app = world.stack.app("VisitsSweep").unwrap();
    finish(&app, id.parse().unwrap()).await.unwrap();
    let place = matching_key(id.parse().unwrap());
    let found: Option<StoredMatching> = table.get(&place).await.unwrap();
    let mut done = found.unwrap();
    done.matching.state = State::Done;
    import::items(&world.stack, "VisitsTable", [(place, done.row())]).unwrap();
}

/// What the schedule does each minute, for so many minutes.
pub async fn sweep(world: &World, minutes: i64) {
    for _ in 0..minutes {
        world.stack.chime().tick();
        let clock = world.stack.clock();
        let tick = json!({"scheduled_time": clock.now()});
        let lambda = world.stack.lambda();
        lambda.invoke("VisitsSweep", tick).await.unwrap();
        clock.set(Some(clock.now() + SignedDuration::from_mins(1)));
    }
}

/// How the recording stands, as somebody sees it.
async fn stands(world: &World, by: &mut Person, id: &str) -> String {
    again(world, by).await;
    crate::support::text(&seen(world, by, id).await["recording"])
}

/// The recorded objects.
pub async fn objects(world: &World) -> Vec<String> {
    let app = world.app("VisitsErase", |_| {});
    let bucket = world.stack.environment()["VisitsErase"]["RECORDINGS_BUCKET"].clone();
    let listed = app.s3().list_objects_v2().bucket(bucket).send().await;
    let listed = listed.unwrap();
    let keys = listed.contents().iter();
    keys.map(|object| object.key().unwrap().to_owned())
        .collect()
}

/// GETs a link: the status, and the file.
pub async fn hear(url: &str) -> (u16, Vec<u8>) {
    let client = hyper_util::client::legacy::Client::builder(hyper_util::rt::TokioExecutor::new());
    let get = Request::get(url).body(http_body_util::Empty::<bytes::Bytes>::new());
    let answer = client.build_http().request(get.unwrap()).await.unwrap();
    let status = answer.status().as_u16();
    let body = http_body_util::BodyExt::collect(answer.into_body()).await;
    (status, body.unwrap().to_bytes().to_vec())
}

/// A file, and how many seconds it says that it sounds.
fn read(file: Vec<u8>) -> (Box<dyn FormatReader>, u64) {
    let stream = MediaSourceStream::new(Box::new(Cursor::new(file)), Default::default());
    let (format, meta) = (FormatOptions::default(), MetadataOptions::default());
    let probed = symphonia::default::get_probe().format(&Hint::new(), stream, &format, &meta);
    let file = probed.unwrap().format;
    let parameters = &file.default_track().unwrap().codec_params;
    let rate = u64::from(parameters.sample_rate.unwrap());
    let seconds = parameters.n_frames.unwrap() / rate;
    (file, seconds)
}

/// How many seconds a file sounds: what it says, which is what comes out of a decoder.
pub fn seconds(file: Vec<u8>) -> u64 {
    let (mut file, seconds) = read(file);
    let parameters = file.default_track().unwrap().codec_params.clone();
    let codecs = symphonia::default::get_codecs();
    let decoder = codecs.make(&parameters, &DecoderOptions::default());
    let (mut decoder, mut decoded) = (decoder.unwrap(), 0);
    while let Ok(packet) = file.next_packet() {
        decoded += decoder.decode(&packet).unwrap().frames() as u64;
    }
    let told = parameters.n_frames.unwrap();
    assert!(
        told <= decoded && decoded < told + 1_024,
        "{told} {decoded}"
    );
    seconds
}

/// The recording that somebody can hear, in seconds.
async fn heard(world: &World, by: &mut Person, id: &str) -> u64 {
    again(world, by).await;
    let shown = seen(world, by, id).await;
    assert_eq!(shown["recording"], "ready", "{shown}");
    let (status, file) = hear(shown["audio_url"].as_str().unwrap()).await;
    assert_eq!(status, 200);
    seconds(file)
}

#[tokio::test]
async fn what_both_consent_to_is_recorded_until_one_withdraws_and_then_heard_by_both() {
    let world = World::new().await;
    let (mut sora, mut hana, ids) = two(&world, 1).await;
    let id = &ids[0];
    assert_eq!(stands(&world, &mut hana, id).await, "off");
    let answer = consent(&world, &mut hana, id, true).await.expect(200).body;
    let one = json!({"consent": {"speaker": false, "listener": true}, "recording": "off"});
    assert_eq!(answer, one);

    // Five minutes before: nobody is recorded whom the other alone consents to.
    at_minute(&world, -5);
    let meeting = open(&world, id, &[&sora.id, &hana.id]).await;
    assert_eq!(world.stack.chime().active_pipelines(), 0);
    at_minute(&world, 1);
    for _ in 0..2 {
        let answer = consent(&world, &mut sora, id, true).await.expect(200).body;
        let both = json!({"consent": {"speaker": true, "listener": true}, "recording": "running"});
        assert_eq!(answer, both);
    }
    assert_eq!(world.stack.chime().active_pipelines(), 1);
    assert_eq!(stands(&world, &mut hana, id).await, "running");

    at_minute(&world, 11);
    for _ in 0..2 {
        let answer = consent(&world, &mut sora, id, false).await.expect(200).body;
        let gone = json!({"consent": {"speaker": false, "listener": true}, "recording": "stopped"});
        assert_eq!(answer, gone);
    }
    assert_eq!(world.stack.chime().active_pipelines(), 0);
    let living = world.stack.chime().live_meetings();
    assert_eq!(living[0].meeting_id, meeting);
    assert_eq!(living[0].present.len(), 2, "the meeting goes on");
    for person in [&mut sora, &mut hana] {
        let refused = consent(&world, person, id, true).await;
        refused.expect_error(409, "conflict", &[]);
    }

    at_minute(&world, 35);
    end(&world, id).await;
    assert_eq!(stands(&world, &mut hana, id).await, "processing");
    sweep(&world, 3).await;
    for person in [&mut sora, &mut hana] {
        assert_eq!(heard(&world, person, id).await, 10 * 60);
    }
    let left = objects(&world).await;
    assert!(left.len() == 1 && left[0].starts_with(&format!("recordings/{id}/audio/")));

    // The link ends; in the list there is another.
    again(&world, &mut hana).await;
    let link = seen(&world, &hana, id).await["audio_url"].clone();
    let link = link.as_str().unwrap();
    let clock = world.stack.clock();
    let signed = clock.now();
    clock.set(Some(signed + SignedDuration::from_secs(599)));
    assert_eq!(hear(link).await.0, 200);
    clock.set(Some(signed + SignedDuration::from_secs(600)));
    assert_eq!(hear(link).await.0, 403);
    again(&world, &mut hana).await;
    let list = world.get(&hana, "/api/matching").await.expect(200).body;
    assert_eq!(hear(list[0]["audio_url"].as_str().unwrap()).await.0, 200);

    // It is kept for ninety days.
    clock.set(Some(signed + SignedDuration::from_hours(24 * 90)));
    again(&world, &mut hana).await;
    let kept = seen(&world, &hana, id).await;
    assert_eq!(
        (&kept["recording"], &kept["audio_url"]),
        (&json!("deleted"), &Value::Null)
    );
    assert!(world.stack.lambda().dead_letters().is_empty());
}

#[tokio::test]
async fn nobody_consents_to_what_is_not_paid_for_or_over_nor_for_somebody_else() {
    let world = World::new().await;
    let (mut sora, mut hana, ids) = two(&world, 2).await;
    bring_in(&world, &[profile(user_id(3), "other", "student")]);
    let mut other = logged_in(&world, user_id(3), "other").await;
    let stranger = consent(&world, &mut other, &ids[0], true).await;
    stranger.expect_error(404, "not_found", &[]);
    let place = matching_key(ids[1].parse().unwrap());
    let app = world.app("VisitsFindMatching", |_| {});
    let table = Table::named(&app, "VISITS_TABLE").unwrap();
    let stored: Option<StoredMatching> = table.get(&place).await.unwrap();
    let mut stored = stored.unwrap();
    stored.matching.state = State::Scheduled;
    import::items(&world.stack, "VisitsTable", [(place, stored.row())]).unwrap();
    let unpaid = consent(&world, &mut hana, &ids[1], true).await;
    let unpaid = unpaid.expect_error(409, "conflict", &[]);
    assert_eq!(unpaid.text("message"), "the matching is scheduled");
    // Not to consent, and to say so once more, is nothing.
    consent(&world, &mut sora, &ids[0], false).await.expect(200);
    assert!(items(&world, &format!("MATCHING#{}", ids[0])).len() == 1);
    at_minute(&world, 30);
    let late = consent(&world, &mut sora, &ids[0], true).await;
    late.expect_error(409, "conflict", &[]);
}

#[tokio::test]
async fn beyond_the_quota_a_meeting_goes_on_unrecorded_says_so_and_is_recorded_once_there_is_a_place()
 {
    let world = World::new().await;
    let (mut sora, mut hana, ids) = two(&world, 11).await;
    for id in &ids {
        for (person, stands) in [(&mut sora, "off"), (&mut hana, "waiting")] {
            let answer = consent(&world, person, id, true).await.expect(200);
            assert_eq!(answer.body["recording"], stands);
        }
    }
    at_minute(&world, 0);
    for id in &ids {
        open(&world, id, &[&sora.id, &hana.id]).await;
    }
    assert_eq!(world.stack.chime().active_pipelines(), 10);
    for id in &ids[..10] {
        assert_eq!(stands(&world, &mut hana, id).await, "running");
    }
    let last = &ids[10];
    assert_eq!(stands(&world, &mut hana, last).await, "unrecorded");
    assert_eq!(world.stack.chime().live_meetings().len(), 11);

    // There is still none, then there is one, and a minute later it is taken.
    at_minute(&world, 2);
    sweep(&world, 1).await;
    assert_eq!(stands(&world, &mut hana, last).await, "unrecorded");
    consent(&world, &mut sora, &ids[0], false).await.expect(200);
    at_minute(&world, 4);
    sweep(&world, 1).await;
    assert_eq!(stands(&world, &mut hana, last).await, "running");

    // When they end, the files wait for places too, and all are made. They join and part at once.
    at_minute(&world, 35);
    for id in &ids {
        end(&world, id).await;
    }
    assert_eq!(stands(&world, &mut hana, last).await, "processing");
    sweep(&world, 8).await;
    let mut lengths = Vec::new();
    for id in &ids {
        let shown = seen(&world, &hana, id).await;
        let (_, file) = hear(shown["audio_url"].as_str().unwrap()).await;
        lengths.push(read(file).1 / 60);
    }
    let mut expected = vec![35; 11];
    (expected[0], expected[10]) = (3, 31);
    assert_eq!(lengths, expected);
    assert_eq!(objects(&world).await.len(), 11);
}

#[tokio::test]
async fn of_a_meeting_that_was_opened_anew_the_longest_part_is_heard() {
    let world = World::new().await;
    let (mut sora, mut hana, ids) = two(&world, 1).await;
    let id = &ids[0];
    for person in [&mut sora, &mut hana] {
        consent(&world, person, id, true).await.expect(200);
    }
    at_minute(&world, 0);
    let first = open(&world, id, &[&sora.id]).await;
    let chime = world.stack.chime();
    let meetings = chime.live_meetings();
    assert_eq!(meetings.len(), 1);
    // Somebody's connection is lost, and with it the meeting: nobody says so.
    at_minute(&world, 4);
    let attendee = chime.snapshot()["meetings"][&first]["present"].clone();
    for attendee in attendee.as_array().unwrap() {
        chime
            .disconnect(&first, attendee.as_str().unwrap())
            .unwrap();
    }
    at_minute(&world, 15);
    assert!(chime.live_meetings().is_empty());
    let second = open(&world, id, &[&sora.id, &hana.id]).await;
    assert_ne!(first, second);
    assert_eq!(stands(&world, &mut hana, id).await, "running");
    at_minute(&world, 35);
    end(&world, id).await;
    sweep(&world, 3).await;
    // The first lasted for nine minutes.
    assert_eq!(heard(&world, &mut hana, id).await, 20 * 60);
}

#[tokio::test]
async fn whoever_leaves_takes_the_recording_along_and_what_is_still_on_its_way() {
    let world = World::new().await;
    let (mut sora, mut hana, ids) = two(&world, 2).await;
    for id in &ids {
        list(&world, id, [&sora, &hana]).await;
        for person in [&mut sora, &mut hana] {
            consent(&world, person, id, true).await.expect(200);
        }
    }
    at_minute(&world, 0);
    for id in &ids {
        open(&world, id, &[&sora.id, &hana.id]).await;
    }
    at_minute(&world, 20);
    end(&world, &ids[0]).await;
    sweep(&world, 3).await;
    assert_eq!(heard(&world, &mut hana, &ids[0]).await, 20 * 60);
    at_minute(&world, 35);
    end(&world, &ids[1]).await;
    // The file is asked for, and not there.
    sweep(&world, 1).await;
    world
        .account_deleted("VisitsErase", &sora.id)
        .await
        .unwrap();
    assert!(objects(&world).await.is_empty());
    for id in &ids {
        assert_eq!(stands(&world, &mut hana, id).await, "deleted");
    }
    world.stack.chime().tick();
    assert_eq!(objects(&world).await.len(), 1, "it has come");
    sweep(&world, 62).await;
    assert!(objects(&world).await.is_empty());
    assert_eq!(stands(&world, &mut hana, &ids[0]).await, "deleted");

    // The other leaves too, and nothing is left but for an hour the note.
    world
        .account_deleted("VisitsErase", &hana.id)
        .await
        .unwrap();
    let left = items(&world, "MATCHING#");
    assert_eq!(left.len(), 2, "{left:?}");
    assert!(left.iter().all(|item| item["sk"]["S"] == "RECORDING"));
    sweep(&world, 62).await;
    assert!(items(&world, "MATCHING#").is_empty());
    assert!(world.stack.lambda().dead_letters().is_empty());
}

/// The first two of the people, of whom the second, the listener, consents to their meeting. The token is the
/// matching's.
pub async fn to_come(scene: &mut Scene) {
    let people = [0, 1].map(|nth: usize| scene.people[nth].parse().unwrap());
    scene.token = paid(&scene.world, people, 1).remove(0);
    assert!(answers(scene, 1, true).await);
}

/// [`to_come`], and the meeting goes on.
pub async fn going_on(scene: &mut Scene) {
    to_come(scene).await;
    opened(scene).await;
}

/// The meeting is open.
pub async fn opened(scene: &Scene) {
    at_minute(&scene.world, 1);
    let people = [scene.people[0].as_str(), scene.people[1].as_str()];
    open_unnoticed(&scene.world, &scene.token, &people).await;
    scene.world.stack.settle().await;
}

/// One of the people consents or withdraws.
pub async fn answers(scene: &Scene, person: usize, consents: bool) -> bool {
    let path = format!("/api/meeting/{}/recording", scene.token);
    let body = json!({"consent": consents});
    scene.call(person, "PUT", &path, Some(body)).await.0 == 200
}
