//! Requests, and what ends them, in the same moment.

use futures_util::future::{join, join_all};

use super::{act, ask, check, list, match_id, people};
use crate::support::{World, text};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_requests_at_once_exactly_one_is_made() {
    let world = World::new().await;
    let people = people(&world, 7).await;
    let pairs = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    for (one, other) in pairs.take(20) {
        let (one, other) = (&people[one], &people[other]);
        let asked = [(one, other), (other, one), (one, other), (other, one)];
        let answers = join_all(asked.map(|(by, whom)| ask(&world, by, whom))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|it| it.status.as_u16()).collect();
        let requester = asked[statuses.iter().position(|it| *it == 201).unwrap()].0;
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
        let id = match_id(one, other);
        for person in [one, other] {
            let list = list(&world, person).await;
            let found = list.iter().find(|item| item["match_id"] == id.as_str());
            let direction = match person.id == requester.id {
                true => "sent",
                false => "received",
            };
            assert_eq!(found.unwrap()["direction"], direction);
        }
    }
    check(&world, &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_request_has_one_end_however_many_are_tried_at_once() {
    let world = World::new().await;
    let people = people(&world, 9).await;
    let pairs = (0..people.len()).flat_map(|one| (0..one).map(move |other| (one, other)));
    for (number, (one, other)) in pairs.take(36).enumerate() {
        let (requester, receiver) = (&people[one], &people[other]);
        let id = ask(&world, requester, receiver).await.expect(201);
        let id = id.text("match_id");
        let rivals = [
            [(receiver, "accept"), (receiver, "accept")],
            [(receiver, "accept"), (requester, "cancel")],
            [(requester, "cancel"), (receiver, "accept")],
            [(receiver, "accept"), (receiver, "decline")],
            [(requester, "cancel"), (receiver, "decline")],
            [(requester, "cancel"), (requester, "cancel")],
        ];
        let [first, second] = rivals[number % rivals.len()];
        let (one, two) = join(
            act(&world, first.0, &id, first.1),
            act(&world, second.0, &id, second.1),
        )
        .await;
        let mut done = vec![(first.1, one.status), (second.1, two.status)];
        done.retain(|(_, status)| status.is_success());
        let shown = list(&world, requester).await;
        let shown = shown.iter().find(|item| item["match_id"] == id.as_str());
        let status = shown.map_or_else(|| "gone".into(), |item| text(&item["status"]));
        if first.1 == "accept" && second.1 == "accept" {
            assert_eq!((done.len(), status.as_str()), (2, "matched"));
        } else {
            assert_eq!(done.len(), 1, "{first:?} {second:?}");
            let expected = match done[0].0 {
                "accept" => "matched",
                "decline" => "declined",
                _ => "gone",
            };
            assert_eq!(status, expected);
        }
    }
    check(&world, &[]);
}
