//! Every step in every state, by everybody.

use super::{act, ask, between, block, check, list, match_id, people, unblock, unmatch};
use crate::support::{Person, World};

/// What lies between two people, before something is tried.
#[derive(Clone, Copy, Debug)]
enum State {
    Nothing,
    Requested,
    Matched,
    Declined,
    Cancelled,
    /// A request, and a block by the receiver.
    RequestedBlocked,
    /// A request, and a block by the requester.
    RequestedBlocking,
    MatchedBlocked,
    /// A block by the receiver and no request.
    Blocked,
    /// A request, and a block that was lifted.
    Lifted,
    /// A match that was let go.
    Ended,
    /// The same, and a block by the receiver.
    EndedBlocked,
}

impl State {
    async fn reach(self, world: &World, requester: &Person, receiver: &Person) {
        if matches!(self, Self::Nothing | Self::Blocked) {
            if matches!(self, Self::Blocked) {
                block(world, receiver, requester).await.expect(201);
            }
            return;
        }
        let id = ask(world, requester, receiver).await.expect(201);
        let id = id.text("match_id");
        match self {
            Self::Matched | Self::MatchedBlocked | Self::Ended | Self::EndedBlocked => {
                act(world, receiver, &id, "accept").await.expect(200);
            }
            Self::Declined => drop(act(world, receiver, &id, "decline").await.expect(200)),
            Self::Cancelled => drop(act(world, requester, &id, "cancel").await.expect(204)),
            _ => {}
        }
        if matches!(self, Self::Ended | Self::EndedBlocked) {
            unmatch(world, requester, &id).await.expect(204);
        }
        match self {
            Self::RequestedBlocked | Self::MatchedBlocked | Self::EndedBlocked => {
                block(world, receiver, requester).await.expect(201);
            }
            Self::RequestedBlocking => drop(block(world, requester, receiver).await.expect(201)),
            Self::Lifted => {
                block(world, receiver, requester).await.expect(201);
                unblock(world, receiver, requester).await.expect(204);
            }
            _ => {}
        }
    }

    /// What is answered to request, accept, decline, cancel and the end of a match: to the requester, to
    /// the receiver.
    fn answers(self) -> [(u16, u16); 5] {
        let none = (404, 404);
        match self {
            Self::Nothing | Self::Cancelled => [(201, 201), none, none, none, none],
            Self::Requested | Self::Lifted => {
                [(409, 409), (403, 200), (403, 200), (204, 403), none]
            }
            Self::Matched => [(409, 409), (403, 200), (403, 409), (409, 403), (204, 204)],
            Self::Declined => [(409, 409), (403, 409), (403, 200), (409, 403), none],
            Self::Ended => [(409, 409), none, none, none, (204, 204)],
            Self::RequestedBlocked
            | Self::RequestedBlocking
            | Self::MatchedBlocked
            | Self::EndedBlocked
            | Self::Blocked => [none; 5],
        }
    }
}

const STATES: [State; 12] = [
    State::Nothing,
    State::Requested,
    State::Matched,
    State::Declined,
    State::Cancelled,
    State::RequestedBlocked,
    State::RequestedBlocking,
    State::MatchedBlocked,
    State::Blocked,
    State::Lifted,
    State::Ended,
    State::EndedBlocked,
];

#[tokio::test]
async fn every_step_in_every_state_by_everybody() {
    let world = World::new().await;
    // Each case has a pair of its own: 16 people make 120.
    let people = people(&world, 17).await;
    let (stranger, people) = people.split_last().unwrap();
    let mut pairs = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    for state in STATES {
        let steps = ["request", "accept", "decline", "cancel", "end"];
        for (step, (requesters, receivers)) in steps.into_iter().zip(state.answers()) {
            for (by_requester, status) in [(true, requesters), (false, receivers)] {
                let case = format!("{step} in {state:?}, by the requester: {by_requester}");
                let (one, other) = pairs.next().unwrap();
                let (requester, receiver) = (&people[one], &people[other]);
                state.reach(&world, requester, receiver).await;
                let id = match_id(requester, receiver);
                let before = between(&world, requester, receiver);
                if step != "request" {
                    let answer = match step {
                        "end" => unmatch(&world, stranger, &id).await,
                        step => act(&world, stranger, &id, step).await,
                    };
                    answer.expect_error(404, "not_found", &[]);
                }
                let (actor, partner) = match by_requester {
                    true => (requester, receiver),
                    false => (receiver, requester),
                };
                let answer = match step {
                    "request" => ask(&world, actor, partner).await,
                    "end" => unmatch(&world, actor, &id).await,
                    step => act(&world, actor, &id, step).await,
                };
                assert_eq!(answer.status, status, "{case}: {}", answer.text);
                let after = between(&world, requester, receiver);
                // Done before is done as well: nothing changes then.
                let repeated = matches!(
                    (state, step, status),
                    (State::Matched, "accept", 200)
                        | (State::Declined, "decline", 200)
                        | (State::Ended, "end", 204)
                );
                assert_eq!(before == after, status >= 400 || repeated, "{case}");
                if status >= 400 {
                    let code = match status {
                        403 => "forbidden",
                        404 => "not_found",
                        _ => "conflict",
                    };
                    let answer = answer.expect_error(status, code, &[]);
                    assert_eq!(answer.body["error"], answer.body["message"], "{case}");
                } else if status != 204 {
                    assert_eq!(answer.body["match_id"], id.as_str(), "{case}");
                    let found = list(&world, actor).await;
                    let found = found.iter().find(|item| item["match_id"] == id.as_str());
                    assert_eq!(found.unwrap()["status"], answer.body["status"], "{case}");
                }
                check(&world, &[]);
            }
        }
    }
}
