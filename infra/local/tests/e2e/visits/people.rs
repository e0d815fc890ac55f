//! People who are verified, brought in past sign-up and review; and what is between them.

use std::collections::BTreeSet;

use enishi_local::import;
use enishi_shared::{
    UserId,
    accounts::{Account, Status, account_key},
    language::Language,
    payments::PaymentId,
    store::Key,
    token::{Subject, issue},
};
use enishi_visits::{
    matching::{
        BegunPayment, Card, MatchingId, Mine, StoredMatching, matching_key, mine_key, open_key,
    },
    profile::{Profile, Visitor, VisitorId, profile_key},
    state::{Matching, Party, Proposal, State, Terms},
};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::items;
use crate::support::{Answer, Person, World, text};

/// A date that can be asked for, five days ahead.
pub const DATE: &str = "2026-11-25T10:00:00Z";

/// The payment of what is paid for already, of which the ledger knows nothing.
pub const PAYMENT: &str = "019aa2b4-7c1e-7d33-9f0a-5b1c2d3e4f51";

/// Somebody's id, by their number.
pub fn user_id(number: usize) -> UserId {
    let id = format!("019aa2b4-7c1e-7d33-9f0a-1{number:011x}");
    id.parse().unwrap()
}

/// What others know them by.
pub fn visitor_id(user_id: UserId) -> VisitorId {
    let id = user_id.to_string();
    format!("9b2f6c1d-4e5a-4b7c-8d9e-{}", &id[24..])
        .parse()
        .unwrap()
}

/// Somebody's profile.
pub fn profile(user_id: UserId, name: &str, kind: &str) -> Profile {
    let (affiliation, department) = match kind {
        "student" => ("縁大学", "工学部"),
        _ => ("縁製作所", "開発部"),
    };
    let choice = |name: &str| json!({"id": user_id.to_string(), "name": name});
    let profile = json!({
        "user_id": user_id, "visitor_id": visitor_id(user_id), "name": name,
        "date_of_birth": "2000-04-02", "phone_number": "090-1234-5678", "type": kind,
        "affiliation": choice(affiliation), "job": "エンジニア",
        "department": choice(department), "position": "主任", "comment": format!("{kind}です"),
        "time_zone": "Asia/Tokyo", "is_authenticated": true,
        "documents": {"state": "approved"}, "notifications": 0,
        "shown": {"department": false, "position": true}, "listed": true,
        "is_suspended": false, "open_requests": 0, "created_at": "2026-11-20T10:00:00Z",
    });
    serde_json::from_value(profile).unwrap()
}

/// Puts a profile, what leads to it, and its account into the tables.
pub fn bring_in(world: &World, profiles: &[Profile]) {
    let stack = &world.stack;
    let rows = profiles.iter();
    let rows = rows.map(|profile| (profile_key(profile.user_id), profile));
    import::items(stack, "VisitsTable", rows).unwrap();
    let rows = profiles.iter().map(|profile| {
        let user_id = profile.user_id;
        (profile.visitor_id.key(), Visitor { user_id })
    });
    import::items(stack, "VisitsTable", rows).unwrap();
    let accounts = profiles.iter().map(|profile| {
        let account = Account {
            user_id: profile.user_id,
            username: None,
            name: Some(profile.name.clone()),
            email: format!("{}@example.com", profile.name),
            language: Language::Japanese,
            email_verified_at: Some(profile.created_at),
            password_hash: None,
            firebase_uid: None,
            status: Status::Active,
            epoch: 0,
            products: vec!["visits".to_owned()],
            holds: BTreeSet::new(),
            unwanted: BTreeSet::new(),
            created_at: profile.created_at,
        };
        (account_key(profile.user_id), account)
    });
    import::items(stack, "IdentityTable", accounts).unwrap();
}

/// Somebody verified, logged in.
pub async fn verified(world: &World, number: usize, kind: &str) -> Person {
    let user_id = user_id(number);
    let name = format!("{kind}{number}");
    bring_in(world, &[profile(user_id, &name, kind)]);
    logged_in(world, user_id, &name).await
}

/// Somebody who is there already, logged in now.
pub async fn logged_in(world: &World, user_id: UserId, name: &str) -> Person {
    let email = format!("{name}@example.com");
    let subject = Subject {
        user_id: &user_id.to_string(),
        session_id: import::SESSION,
        name,
        email: &email,
        operator: false,
    };
    let issuer = world.app("IdentityLogin", |_| {});
    let access_token = issue(&issuer, subject).await.unwrap();
    Person {
        id: user_id.to_string(),
        name: name.to_owned(),
        email,
        password: String::new(),
        access_token,
        refresh_token: String::new(),
    }
}

/// A new access token.
pub async fn again(world: &World, person: &mut Person) {
    *person = logged_in(world, person.id.parse().unwrap(), &person.name).await;
}

/// A matching between two as it stands in a state, with what the listener, or who else is named, proposes.
pub fn standing(
    (speaker, listener): (&Profile, &Profile),
    id: MatchingId,
    matching: Matching,
) -> StoredMatching {
    StoredMatching {
        matching_id: id,
        speaker: speaker.user_id,
        listener: listener.user_id,
        speaker_card: Card::of(speaker),
        listener_card: Card::of(listener),
        asked_date: None,
        asked_minutes: 60,
        message: None,
        matching,
        payments: matching
            .payment
            .into_iter()
            .map(|payment_id| begun(payment_id, &matching))
            .collect(),
        version: 1,
        created_at: matching.since,
    }
}

/// The payment that paid for a matching.
fn begun(payment_id: PaymentId, matching: &Matching) -> BegunPayment {
    BegunPayment {
        payment_id,
        amount: matching.paid,
        minutes: 30,
        expires_at: matching.since,
        settled_at: Some(matching.since),
        refund: 0,
    }
}

/// How a matching stands that was agreed on, or more, for half an hour at `date`, with another proposal.
pub fn at(state: State, since: Timestamp, date: Timestamp, proposal: Option<Proposal>) -> Matching {
    Matching {
        state,
        since,
        changed_at: since,
        terms: (state != State::Requested).then_some(Terms { date, minutes: 30 }),
        proposal: proposal.filter(|_| !state.is_final()),
        paid: u64::from(state.is_paid_for()) * 3001,
        payment: (state.is_paid_for()).then(|| PAYMENT.parse().unwrap()),
        reminded_at: since,
    }
}

/// Puts matchings into the table, with their places in the lists and chats without a message.
pub fn bring_matchings_in(world: &World, matchings: &[StoredMatching]) {
    let rows = matchings.iter();
    let rows = rows.map(|stored| (matching_key(stored.matching_id), stored.row()));
    import::items(&world.stack, "VisitsTable", rows).unwrap();
    let chats = matchings.iter().map(|stored| {
        let id = stored.matching_id;
        let chat = json!({
            "chat_id": id, "last_seq": 0, "created_at": stored.created_at,
            "read": {stored.speaker.to_string(): 0, stored.listener.to_string(): 0},
        });
        (Key::new(format!("CHAT#{id}"), "CHAT"), chat)
    });
    import::items(&world.stack, "VisitsTable", chats).unwrap();
    let places = matchings.iter().flat_map(|stored| {
        let id = stored.matching_id;
        let is_open = !stored.matching.state.is_final();
        Party::ALL.into_iter().flat_map(move |party| {
            let user_id = stored.user(party);
            let open = is_open.then(|| open_key(user_id, id));
            let keys = std::iter::once(mine_key(user_id, id)).chain(open);
            keys.map(move |key| (key, Mine { matching_id: id }))
        })
    });
    import::items(&world.stack, "VisitsTable", places).unwrap();
}

/// `by` asks the employee for an hour at [`DATE`].
pub async fn ask(world: &World, by: &Person, speaker: &Person) -> Answer {
    ask_so(world, by, speaker, json!({"date": DATE})).await
}

/// [`ask`] with other values.
pub async fn ask_so(world: &World, by: &Person, speaker: &Person, values: Value) -> Answer {
    let mut body = json!({
        "speaker_id": visitor_id(speaker.id.parse().unwrap()),
        "message": "配属についてお聞きしたいです。", "meeting_length": 60,
    });
    for (field, value) in values.as_object().unwrap() {
        body[field] = value.clone();
    }
    world.post(by, "/api/matching", body).await
}

/// `PUT /api/matching/{id}` with this body.
pub async fn act(world: &World, by: &Person, id: &str, body: Value) -> Answer {
    let path = format!("/api/matching/{id}");
    let token = Some(by.access_token.as_str());
    world.call("PUT", &path, token, Some(body)).await
}

/// `POST /api/meeting`.
pub async fn book(world: &World, by: &Person, id: &str, date: &str, minutes: u16) -> Answer {
    let body = json!({"matching_id": id, "date": date, "meeting_length": minutes});
    world.post(by, "/api/meeting", body).await
}

/// How a matching stands, as somebody sees it.
pub async fn seen(world: &World, by: &Person, id: &str) -> Value {
    let path = format!("/api/matching/{id}");
    world.get(by, &path).await.expect(200).body
}

/// Asked for, accepted and booked by the employee, for an hour at [`DATE`]. Answers its id.
pub async fn booked(world: &World, student: &Person, speaker: &Person) -> String {
    let id = ask(world, student, speaker).await.expect(201).text("id");
    let accept = json!({"action": "accept"});
    act(world, speaker, &id, accept).await.expect(200);
    book(world, speaker, &id, DATE, 60).await.expect(200);
    id
}

/// Somebody's item.
pub fn stored_profile(world: &World, person: &Person) -> Value {
    let mut items = items(world, &format!("USER#{}", person.id));
    items.retain(|item| item["sk"]["S"] == "PROFILE");
    items.pop().unwrap_or_default()
}

/// A number of somebody's profile.
pub fn counted(world: &World, person: &Person, field: &str) -> i64 {
    let profile = stored_profile(world, person);
    text(&profile[field]["N"]).parse().unwrap()
}

/// The cells in which somebody is booked.
pub fn cells(world: &World, person: &Person) -> Vec<String> {
    let items = items(world, &format!("BUSY#{}", person.id));
    items.iter().map(|item| text(&item["sk"]["S"])).collect()
}

/// What keeps somebody from closing their account.
pub fn holds(world: &World, person: &Person) -> Vec<String> {
    let accounts = world.items("IdentityTable").into_iter();
    let key = format!("ACCOUNT#{}", person.id);
    let mut accounts =
        accounts.filter(|item| item["pk"]["S"] == key && item["sk"]["S"] == "ACCOUNT");
    let holds = accounts.next().unwrap_or_default()["holds"]["SS"].clone();
    holds.as_array().into_iter().flatten().map(text).collect()
}
