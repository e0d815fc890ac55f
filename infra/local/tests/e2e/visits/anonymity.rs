//! What the two of a matching learn of each other: before it is paid for nothing that tells who they are,
//! afterwards the name.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{change, register, verify};
use crate::{
    live::Socket,
    support::{Person, World, text},
};

/// Operations that concern one person and the operators alone, or nobody.
const OF_NOBODY_ELSE: [&str; 14] = [
    "POST /api/users",
    "GET /api/universities",
    "GET /api/companies",
    "GET /api/departments",
    "GET /api/jobs",
    "GET /api/visits/me",
    "PATCH /api/visits/me",
    "POST /api/certificates",
    "POST /api/certificates/submit",
    "GET /api/operator/certificates",
    "POST /api/operator/certificates/{user_id}/view",
    "PUT /api/operator/certificates/{user_id}",
    "GET /api/visits/operator/reports",
    "PUT /api/visits/operator/reports",
];

/// One of the two, and all that reached them.
struct Side {
    person: Person,
    socket: Socket,
    heard: Vec<(String, String)>,
    /// What the other must not learn.
    secrets: Vec<String>,
}

impl Side {
    /// Somebody whose every value stands nowhere else. Neither shows department and position.
    async fn new(world: &World, name: &str, kind: &str, born: &str, phone: &str) -> Self {
        let person = register(world, name, kind).await;
        let hidden = [format!("{kind}第七部"), format!("{kind}第七席")];
        let told = json!({
            "date_of_birth": born, "phone_number": phone,
            "department": hidden[0], "position": hidden[1],
        });
        change(world, &person, told).await.expect(200);
        verify(world, &person).await;
        let mut secrets = vec![
            name.to_owned(),
            person.email.clone(),
            person.id.clone(),
            born.to_owned(),
            phone.to_owned(),
        ];
        // Of a student these tell no one person.
        if kind == "company" {
            secrets.extend(hidden);
        }
        let socket = Socket::open(world, &person).await;
        Self {
            person,
            socket,
            heard: Vec::new(),
            secrets,
        }
    }

    fn hears(&mut self, what: impl Into<String>, text: impl Into<String>) {
        self.heard.push((what.into(), text.into()));
    }

    /// The first of what this side heard that tells one of these.
    fn leak(&self, secrets: &[String]) -> Option<String> {
        let heard = self.heard.iter();
        let mut found = heard.filter_map(|(what, text)| {
            let secret = secrets.iter().find(|secret| text.contains(*secret))?;
            Some(format!(
                "{what} tells {} {secret}: {text}",
                self.person.name
            ))
        });
        found.next()
    }
}

struct Play {
    world: World,
    called: BTreeSet<String>,
}

impl Play {
    /// Calls an operation as one side, which hears the answer; `to` is the path as it is sent.
    async fn call(
        &mut self,
        side: &mut Side,
        operation: &str,
        to: &str,
        body: Option<Value>,
        status: u16,
    ) -> Value {
        let method = operation.split(' ').next().unwrap();
        let token = Some(side.person.access_token.as_str());
        let answer = self
            .world
            .call(method, to, token, body)
            .await
            .expect(status);
        self.called.insert(operation.to_owned());
        side.hears(operation, format!("{:?} {}", answer.headers, answer.text));
        answer.body
    }

    /// What reached both by mail, as an event and over their connections.
    async fn deliver(&mut self, sides: [&mut Side; 2]) {
        self.world.stack.settle().await;
        for side in sides {
            for mail in self.world.stack.mailbox().mails() {
                if mail.to == [side.person.email.clone()] {
                    side.hears("a mail", format!("{mail:?}"));
                }
            }
            for row in self.world.items("VisitsTable") {
                let detail = text(&row["detail"]["S"]);
                if detail.contains(&format!("\"user_id\":\"{}\"", side.person.id)) {
                    side.hears("an event", detail);
                }
            }
            side.socket.send(json!({"action": "ping"})).await;
            loop {
                let frame = side.socket.next().await;
                if frame == json!({"type": "pong"}) {
                    break;
                }
                side.hears("a frame", frame.to_string());
            }
        }
    }
}

/// Both sides through all that there is between two people, up to an appointment.
async fn meet(play: &mut Play, listener: &mut Side, speaker: &mut Side) -> String {
    let get = "GET /api/users";
    let cards = play.call(listener, get, "/api/users", None, 200).await;
    let speaker_id = text(&cards[0]["speaker_id"]);
    let path = format!(
        "/api/users/{speaker_id}/slots?from=2026-11-24T00:00:00Z&to=2026-11-26T00:00:00Z&meeting_length=30"
    );
    let slots = "GET /api/users/{speaker_id}/slots";
    play.call(listener, slots, &path, None, 200).await;

    // One that is agreed on and comes to nothing.
    for is_last in [false, true] {
        let body = json!({
            "speaker_id": speaker_id, "message": "お話を聞かせてください。",
            "meeting_length": 30, "date": "2026-11-24T10:00:00Z",
        });
        let asking = "POST /api/matching";
        let asked = play
            .call(listener, asking, "/api/matching", Some(body), 201)
            .await;
        let id = text(&asked["id"]);
        let path = format!("/api/matching/{id}");
        let (find, act) = (
            "GET /api/matching/{matching_id}",
            "PUT /api/matching/{matching_id}",
        );
        play.call(speaker, find, &path, None, 200).await;
        let other = json!({"action": "propose", "date": "2026-11-24T11:00:00Z"});
        play.call(speaker, act, &path, Some(other), 200).await;
        let yes = json!({"action": "accept"});
        play.call(listener, act, &path, Some(yes), 200).await;
        for side in [&mut *speaker, &mut *listener] {
            let words = json!({"matching_id": id, "text": "よろしくお願いします。"});
            play.call(
                side,
                "POST /api/messages",
                "/api/messages",
                Some(words),
                201,
            )
            .await;
        }
        if is_last {
            return id;
        }
        let no = json!({"action": "cancel"});
        play.call(speaker, act, &path, Some(no), 200).await;
        look(play, listener, &id).await;
        look(play, speaker, &id).await;
    }
    unreachable!()
}

/// All that one side can read.
async fn look(play: &mut Play, side: &mut Side, id: &str) {
    let one = format!("/api/matching/{id}");
    play.call(side, "GET /api/matching", "/api/matching", None, 200)
        .await;
    play.call(side, "GET /api/matching/{matching_id}", &one, None, 200)
        .await;
    let messages = format!("/api/messages?matching_id={id}");
    play.call(side, "GET /api/messages", &messages, None, 200)
        .await;
    let notices = "GET /api/notifications";
    play.call(side, notices, "/api/notifications", None, 200)
        .await;
    let blocks = "GET /api/visits/blocks";
    play.call(side, blocks, "/api/visits/blocks", None, 200)
        .await;
    play.call(side, "GET /api/visits/me", "/api/visits/me", None, 200)
        .await;
}

#[tokio::test]
async fn who_the_other_is_shows_once_it_is_paid_for_and_then_by_name_alone() {
    let world = World::new().await;
    let mut listener = Side::new(
        &world,
        "hanabishi",
        "student",
        "2003-03-17",
        "090-1111-2222",
    )
    .await;
    let mut speaker = Side::new(&world, "sorahata", "company", "1991-09-23", "090-3333-4444").await;
    let [of_listener, of_speaker] = [&listener, &speaker].map(|side| side.secrets.clone());
    let mut play = Play {
        world,
        called: BTreeSet::new(),
    };
    let (hers, theirs) = (&mut listener, &mut speaker);
    let id = meet(&mut play, hers, theirs).await;

    let booking = json!({"matching_id": id, "date": "2026-11-24T11:00:00Z", "meeting_length": 30});
    let book = "POST /api/meeting";
    play.call(theirs, book, "/api/meeting", Some(booking), 200)
        .await;
    let recording = format!("/api/meeting/{id}/recording");
    let recorded = "PUT /api/meeting/{matching_id}/recording";
    let yes = json!({"consent": true});
    play.call(theirs, recorded, &recording, Some(yes.clone()), 409)
        .await;
    let body = json!({"matching_id": id});
    let pays = "POST /api/payment";
    let opened = play.call(hers, pays, "/api/payment", Some(body), 200).await;
    let report = json!({"matching_id": id, "reason": "しつこい勧誘"});
    let reports = "POST /api/visits/reports";
    play.call(theirs, reports, "/api/visits/reports", Some(report), 201)
        .await;
    let block = json!({"matching_id": id});
    let blocks = "POST /api/visits/blocks";
    let blocked = play
        .call(theirs, blocks, "/api/visits/blocks", Some(block), 201)
        .await;
    look_at_blocks(&mut play, theirs, &text(&blocked["speaker_id"])).await;
    for side in [&mut *hers, &mut *theirs] {
        look(&mut play, side, &id).await;
        let listing = "GET /api/notifications";
        let notices = play
            .call(side, listing, "/api/notifications", None, 200)
            .await;
        let ids = json!({"notice_ids": [notices["items"][0]["notice_id"]]});
        let read = "PUT /api/notifications";
        play.call(side, read, "/api/notifications", Some(ids), 200)
            .await;
    }
    play.deliver([&mut *hers, &mut *theirs]).await;

    let heard = |side: &Side, what: &str| side.heard.iter().filter(|(it, _)| it == what).count();
    for side in [&*hers, &*theirs] {
        assert!(
            heard(side, "a mail") >= 3
                && heard(side, "a frame") >= 4
                && heard(side, "an event") >= 3
        );
    }
    assert_eq!(hers.leak(&theirs.secrets), None);
    assert_eq!(theirs.leak(&hers.secrets), None);
    // What this finds would be found.
    assert!(
        hers.leak(std::slice::from_ref(&hers.person.email))
            .is_some()
    );

    // Paid: the name, and nothing else.
    for side in [&mut listener, &mut speaker] {
        side.heard.clear();
    }
    let stripe = play.world.stack.stripe();
    stripe.pay(&super::money::session(&opened)).unwrap();
    play.deliver([&mut listener, &mut speaker]).await;
    let before = "2026-11-24T10:56:00Z".parse().unwrap();
    play.world.stack.clock().set(Some(before));
    for (me, other) in [(&mut listener, &of_speaker), (&mut speaker, &of_listener)] {
        play.world.refresh(&mut me.person).await;
        let (join, path) = (
            "GET /api/meeting/{matching_id}/join",
            format!("/api/meeting/{id}/join"),
        );
        play.call(me, join, &path, None, 200).await;
        assert_eq!(me.leak(other), None);
        me.heard.clear();
        play.call(me, recorded, &recording, Some(yes.clone()), 200)
            .await;
        look(&mut play, me, &id).await;
        let (name, rest) = other.split_first().unwrap();
        assert!(me.leak(std::slice::from_ref(name)).is_some());
        assert_eq!(me.leak(rest), None);
    }
    expect_all_called(&play).await;
}

/// Lists the blocks, and takes one back: the other is to be met again.
async fn look_at_blocks(play: &mut Play, side: &mut Side, visitor_id: &str) {
    let listing = "GET /api/visits/blocks";
    play.call(side, listing, "/api/visits/blocks", None, 200)
        .await;
    let path = format!("/api/visits/blocks/{visitor_id}");
    let back = "DELETE /api/visits/blocks/{speaker_id}";
    play.call(side, back, &path, None, 204).await;
}

/// That no operation between two people was left out.
async fn expect_all_called(play: &Play) {
    let document = play.world.call("GET", "/openapi.json", None, None).await;
    let paths = document.expect(200).body["paths"].clone();
    let mut missing = Vec::new();
    for (path, operations) in paths.as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let name = format!("{} {path}", method.to_uppercase());
            let is_ours = operation["tags"] == json!(["visits"]);
            if is_ours && !OF_NOBODY_ELSE.contains(&name.as_str()) && !play.called.contains(&name) {
                missing.push(name);
            }
        }
    }
    assert!(missing.is_empty(), "{missing:?}");
}
