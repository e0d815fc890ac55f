//! Many at once, in several interleavings: operations start in a given order, eight of them under
//! way at any time on several threads, with the draw somewhere among them.

use std::{future::Future, pin::Pin};

use futures_util::{StreamExt as _, future::join_all, stream};
use serde_json::Value;
use tokio::sync::Semaphore;

use super::hall::{Guest, Hall, sizes};
use crate::support::{Answer, MORNING};

const AT_ONCE: usize = 8;

enum Done {
    Drawn(Value),
    /// The guest's last status, as an enrolled one (201) or not.
    Guest(usize, u16),
}

type Operation<'a> = Pin<Box<dyn Future<Output = Done> + 'a>>;

/// While the rooms are being drawn the answer is 503: the client asks again, here after the draw.
async fn insist(ended: &Semaphore, ask: impl AsyncFn() -> Answer) -> Answer {
    for _ in 0..20 {
        let answer = ask().await;
        if answer.status != 503 {
            return answer;
        }
        assert!(answer.headers.contains_key("retry-after"));
        drop(ended.acquire().await);
    }
    panic!("the draw never ends");
}

async fn enroll(hall: &Hall, guest: &Guest, ended: &Semaphore) -> Answer {
    insist(ended, async || hall.enroll(guest, MORNING).await).await
}

async fn race<'a>(
    hall: &'a Hall,
    ended: &'a Semaphore,
    mut operations: Vec<Operation<'a>>,
    draw_at: usize,
) -> Vec<Done> {
    let draw = async {
        let drawn = hall.draw(MORNING).await;
        ended.add_permits(100);
        Done::Drawn(drawn)
    };
    operations.insert(draw_at, Box::pin(draw));
    stream::iter(operations)
        .buffer_unordered(AT_ONCE)
        .collect()
        .await
}

fn drawn(done: &[Done]) -> Value {
    let mut drawn = done.iter().filter_map(|done| match done {
        Done::Drawn(drawn) => Some(drawn.clone()),
        Done::Guest(..) => None,
    });
    drawn.next().unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_enrolls_while_the_rooms_are_drawn_gets_one_seat() {
    for draw_at in [10, 45] {
        let (hall, ended) = (Hall::new().await, Semaphore::new(0));
        let guests = hall.guests(60);
        let operations = guests
            .iter()
            .enumerate()
            .map(|(index, guest)| -> Operation<'_> {
                let (hall, ended) = (&hall, &ended);
                Box::pin(async move {
                    let answer = enroll(hall, guest, ended).await.expect(201);
                    Done::Guest(index, answer.status.as_u16())
                })
            })
            .collect();
        let done = race(&hall, &ended, operations, draw_at).await;
        let drawn = drawn(&done);
        let seating = hall.seating(&guests, MORNING).await;
        let sizes = sizes(&seating);
        assert_eq!(sizes.iter().sum::<usize>(), 60, "{draw_at}");
        assert!(sizes.iter().all(|size| *size <= 6), "{draw_at}: {sizes:?}");
        let enrolled = drawn["enrolled"].as_u64().unwrap();
        let walked_in = hall
            .dump()
            .iter()
            .filter(|item| item["sk"]["S"].as_str().unwrap().starts_with("E#"))
            .filter(|item| !item["room_id"].is_null())
            .count();
        assert_eq!(enrolled + walked_in as u64, 60, "{draw_at}");
        // The list says so too, and the same enrollment is answered to who asks again.
        for guest in &guests {
            let again = hall.enroll(guest, MORNING).await.expect(200);
            assert_eq!(again.text("status"), "assigned", "{draw_at}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_withdraws_while_the_rooms_are_drawn_is_out_and_late_or_not() {
    for draw_at in [8, 30] {
        let (hall, ended) = (Hall::new().await, Semaphore::new(0));
        let guests = hall.guests(40);
        hall.enroll_all(&guests, MORNING).await;
        let operations = guests
            .iter()
            .enumerate()
            .map(|(index, guest)| -> Operation<'_> {
                let (hall, ended) = (&hall, &ended);
                Box::pin(async move {
                    let path = format!("/register/{MORNING}");
                    // In time or late, it is a withdrawal.
                    let answer = insist(ended, async || hall.delete(guest, &path).await).await;
                    let mut answer = answer.expect(204);
                    if index % 3 == 0 {
                        // Changed their mind: possible for those who were in time.
                        answer = enroll(hall, guest, ended).await;
                    }
                    Done::Guest(index, answer.status.as_u16())
                })
            })
            .collect();
        let done = race(&hall, &ended, operations, draw_at).await;
        let drawn = drawn(&done);
        let (mut inside, mut outside) = (Vec::new(), Vec::new());
        for done in &done {
            match done {
                Done::Drawn(_) => {}
                Done::Guest(index, 201) => inside.push(guests[*index].clone()),
                Done::Guest(index, _) => outside.push(guests[*index].clone()),
            }
        }
        assert_eq!(inside.len() + outside.len(), 40);
        let seating = hall.seating(&inside, MORNING).await;
        assert_eq!(
            sizes(&seating).iter().sum::<usize>(),
            inside.len(),
            "{draw_at}"
        );
        for answer in join_all(outside.iter().map(|guest| hall.meeting_url(guest, MORNING))).await {
            answer.expect_error(404, "not_found", &[]);
        }
        // Who was late was in the draw; so may be some who came back before it.
        let mut late = 0;
        for guest in &outside {
            let list = hall.get(guest, "/register/").await.expect(200);
            late += u64::from(list.body[0]["status"] == "withdrawn");
        }
        let enrolled = drawn["enrolled"].as_u64().unwrap();
        assert!(
            late <= enrolled && enrolled <= late + inside.len() as u64,
            "{draw_at}: {late} {drawn}"
        );
    }
}
