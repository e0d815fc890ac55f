//! Every state with every action of everybody, as the table in ARCHITECTURE.md says.

use std::collections::BTreeMap;

use enishi_visits::{
    matching::MatchingId,
    profile::Profile,
    state::{Party, Proposal, State},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::super::people::{
    DATE, at, bring_in, bring_matchings_in, logged_in, profile, standing, user_id,
};
use crate::support::World;

/// What the table says a party may do in a state, and the state that follows.
fn documented(state: State, party: Party) -> BTreeMap<String, String> {
    let document = include_str!("../../../../../../ARCHITECTURE.md");
    let head = format!("| `{}` |", state.text());
    let row = document
        .lines()
        .find(|line| line.starts_with(&head))
        .unwrap();
    let cells: Vec<_> = row.split('|').map(str::trim).collect();
    let cell = match party {
        Party::Speaker => cells[2],
        Party::Listener => cells[3],
    };
    let entries = cell.split("; ").filter(|entry| !entry.is_empty());
    entries
        .filter(|entry| !entry.contains("within"))
        .map(|entry| {
            let plain = entry.replace('`', "");
            let plain = plain.split(", ").next().unwrap();
            match plain.split_once(" → ") {
                Some((action, follows)) => (action.to_owned(), follows.to_owned()),
                None => (plain.to_owned(), state.text().to_owned()),
            }
        })
        .collect()
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Caller {
    Party(Party),
    Stranger,
    Operator,
}

#[tokio::test]
async fn everybody_may_do_in_each_state_what_the_table_says_and_nothing_else() {
    let world = World::new().await;
    let listener = Profile {
        open_requests: 1000,
        ..profile(user_id(2), "hana", "student")
    };
    let [speaker, stranger] = [
        profile(user_id(1), "sora", "company"),
        profile(user_id(3), "kei", "student"),
    ];
    bring_in(&world, &[speaker.clone(), listener.clone(), stranger]);
    let operator = world.operator().await;
    let people = [
        (
            Caller::Party(Party::Speaker),
            logged_in(&world, user_id(1), "sora").await,
        ),
        (
            Caller::Party(Party::Listener),
            logged_in(&world, user_id(2), "hana").await,
        ),
        (Caller::Stranger, logged_in(&world, user_id(3), "kei").await),
        (Caller::Operator, operator),
    ];
    let actions = ["accept", "propose", "decline", "cancel", "book"];
    let app = world.app("VisitsErase", |_| {});
    let now = world.stack.clock().now();
    let first: Timestamp = DATE.parse().unwrap();
    let minutes = SignedDuration::from_mins;

    // Each case has a matching of its own, in an hour of its own.
    let mut cases = Vec::new();
    for state in State::ALL {
        for (caller, person) in &people {
            for action in actions {
                let date = first + SignedDuration::from_hours(cases.len() as i64);
                let proposal = Proposal {
                    by: match caller {
                        Caller::Party(party) => party.other(),
                        _ => Party::Listener,
                    },
                    date: Some(date + minutes(30)),
                    minutes: 30,
                };
                let matching = at(state, now, date, Some(proposal));
                let id = MatchingId::new(&app);
                let stored = standing((&speaker, &listener), id, matching);
                cases.push((stored, state, *caller, person, action, date));
            }
        }
    }
    let matchings: Vec<_> = cases.iter().map(|(stored, ..)| stored.clone()).collect();
    bring_matchings_in(&world, &matchings);
    for (stored, state, caller, person, action, date) in &cases {
        let id = stored.matching_id;
        let path = format!("/api/matching/{id}");
        let case = format!("{state:?} {action} by {caller:?}");
        let token = Some(person.access_token.as_str());
        let answer = match *action {
            "book" => {
                let body = json!({"matching_id": id, "date": date, "meeting_length": 30});
                world.call("POST", "/api/meeting", token, Some(body)).await
            }
            "propose" => {
                let other = *date + minutes(15);
                let body = json!({"action": "propose", "date": other});
                world.call("PUT", &path, token, Some(body)).await
            }
            _ => {
                let body = json!({"action": action});
                world.call("PUT", &path, token, Some(body)).await
            }
        };
        let found = world.get(person, &path).await;
        let Caller::Party(party) = caller else {
            for answer in [answer, found] {
                assert_eq!(answer.status, 404, "{case}: {}", answer.text);
            }
            continue;
        };
        let follows = documented(*state, *party).get(*action).cloned();
        let message = answer.body["message"].as_str().unwrap_or_default();
        match &follows {
            Some(_) => assert_eq!(answer.status, 200, "{case}: {}", answer.text),
            None => {
                assert_eq!(answer.status, 409, "{case}: {}", answer.text);
                let named = format!("the matching is {}", state.text());
                assert_eq!(message, named, "{case}");
            }
        }
        let stands = follows.unwrap_or_else(|| state.text().to_owned());
        assert_eq!(found.body["state"], Value::from(stands), "{case}");
    }
    assert_eq!(cases.len(), State::ALL.len() * people.len() * actions.len());
}
