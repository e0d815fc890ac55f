//! Chime's quota: what is kept of it for appointments.

use enishi_local::chime::Quotas;
use enishi_rooms::{enrollment::EnrollmentItem, seating::read_rooms, slot::Slots};
use enishi_shared::{auth::User, token::Claims};
use enishi_visits::state::{Party, State};
use futures_util::{StreamExt as _, stream};

use super::{join::try_again, *};
use crate::{rooms::hall::Hall, support::MORNING};

const ROOMS: u32 = 250;
const PEOPLE: usize = 1_000;
/// Of 250 meetings, 8 percent.
const KEPT: usize = 20;

/// Enrolls a thousand, past the API.
fn enroll(hall: &Hall) {
    let app = hall.world.stack.app("RoomsEnroll").unwrap();
    let slots = app.config::<Slots>().unwrap();
    let slot = slots.requested(app.now(), MORNING, None).unwrap();
    let rows = (0..PEOPLE).map(|number| {
        let id = app.new_id().to_string().parse().unwrap();
        let claims = Claims {
            iss: String::new(),
            aud: String::new(),
            sub: String::new(),
            sid: String::new(),
            name: format!("p{number}"),
            email: String::new(),
            scope: String::new(),
            iat: 0,
            exp: 0,
        };
        let item = EnrollmentItem::new(&app, &User { id, claims }, &slot);
        (item.key(), item)
    });
    enishi_local::import::items(&hall.world.stack, "RoomsTable", rows).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_who_come_to_two_hundred_and_fifty_rooms_leave_twenty_visits_their_meetings() {
    let hall = Hall::with(|options| {
        // How fast Chime takes them is another matter.
        options.quotas = Quotas {
            requests_per_second: None,
            ..Quotas::default()
        };
        let fast = ("ChimeRequestsPerSecond".to_owned(), "10000".to_owned());
        options.parameters.extend([fast]);
    })
    .await;
    enroll(&hall);
    hall.at("08:50").await;
    hall.at("08:56").await;
    let chime = hall.world.stack.chime();
    assert_eq!(chime.live_meetings().len(), ROOMS as usize - KEPT);

    // All of them come at once, those without a meeting too.
    let app = hall.world.stack.app("RoomsOpen").unwrap();
    let slot = app.config::<Slots>().unwrap().next(app.now()).unwrap();
    let rooms = read_rooms(&app, &slot, ROOMS).await.unwrap();
    assert_eq!(rooms.len(), ROOMS as usize);
    let comers: Vec<_> = rooms
        .iter()
        .flat_map(|room| room.members.iter().map(move |member| (room.id, member)))
        .collect();
    assert_eq!(comers.len(), PEOPLE);
    hall.set("08:58");
    let before = chime.requests();
    let answers: Vec<(u32, Answer)> = stream::iter(&comers)
        .map(async |(room, member)| {
            let mut guest = hall.guest(member.username.as_deref().unwrap());
            guest.id = member.user_id.to_string();
            (room.number, hall.join(&guest, &room.to_string()).await)
        })
        .buffer_unordered(64)
        .collect()
        .await;
    for (number, answer) in answers {
        match (number as usize) < ROOMS as usize - KEPT {
            true => hall.connected(&answer.expect(200)),
            false => try_again(answer),
        }
    }
    // Who came took nothing of what Chime allows, neither meetings nor requests.
    assert_eq!(chime.requests(), before);

    let [speaker, listener] = two();
    bring_in(&hall.world, &[speaker.clone(), listener.clone()]);
    let nine = tokyo(&format!("{MORNING}T09:00"));
    let mut visits = Vec::new();
    for _ in 0..=KEPT {
        visits.push(bring(&hall.world, &speaker, &listener, State::Paid, nine));
    }
    hall.set("09:00");
    let visits_of = Visits {
        world: hall.world,
        speaker,
        listener,
    };
    let (last, kept) = visits.split_last().unwrap();
    for id in kept {
        for party in Party::ALL {
            visits_of.connect(party, id).await;
        }
    }
    // That is all there is; and it is said so.
    try_again(visits_of.join(Party::Speaker, last).await);
    let chime = visits_of.world.stack.chime();
    assert_eq!(chime.live_meetings().len(), ROOMS as usize);
    visits_of.world.stack.settle().await;
    visits_of.world.nothing_given_up();
}
