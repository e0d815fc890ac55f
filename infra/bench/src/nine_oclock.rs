//! Nine o'clock: a thousand people go into 250 rooms within a second, over HTTP, with Chime's
//! quotas as a new account has them. Once after `rooms-open` has run, and once as if it never had:
//! then those who come open the rooms.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use enishi_local::clock::LocalClock;
use enishi_rooms::seating::{self, Member};
use futures_util::future::join_all;
use serde_json::json;

use crate::{
    client::Client,
    random::Random,
    report::{table, verdict},
    world::{MORNING, World, at, people, sentence},
};

const ROOMS: u32 = 250;
const PEOPLE: usize = 1_000;
/// What a new account may ask of Chime a second.
const A_SECOND: u32 = 10;
/// Who is not in by then gives up.
const PATIENCE: Duration = Duration::from_secs(180);

struct Measured {
    opened_before: usize,
    /// When each came in, after the first one set out.
    times: Vec<Duration>,
    answers: BTreeMap<u16, usize>,
    rooms: usize,
    meetings: usize,
    asked: u64,
}

/// Plays both mornings and prints the table; whether all limits are kept.
pub async fn run() -> Result<bool, String> {
    let opened = morning(true).await?;
    let closed = morning(false).await?;
    // Ten at once, then ten a second.
    let quota = f64::from(ROOMS - A_SECOND) / f64::from(A_SECOND);
    let row = |name: &str, measured: &Measured, most: f64| {
        let all = measured.times.len() == PEOPLE;
        let last = measured.times.last().map_or(0.0, Duration::as_secs_f64);
        let half = measured
            .times
            .get(PEOPLE / 2)
            .map_or(0.0, Duration::as_secs_f64);
        let answers: Vec<String> = measured
            .answers
            .iter()
            .map(|(status, count)| format!("{count} × {status}"))
            .collect();
        let fine = measured
            .answers
            .keys()
            .all(|status| [200, 503].contains(status));
        let once = measured.rooms == ROOMS as usize && measured.meetings == ROOMS as usize;
        let kept = all && fine && once && last <= most;
        let cells = vec![
            name.to_owned(),
            measured.opened_before.to_string(),
            measured.times.len().to_string(),
            format!("{half:.1} s"),
            format!("{last:.1} s"),
            format!("≤ {most:.0} s"),
            format!("{} of {}", measured.meetings, measured.rooms),
            answers.join(", "),
            measured.asked.to_string(),
            verdict(kept),
        ];
        (kept, cells)
    };
    let (before, first) = row("rooms-open ran", &opened, 5.0);
    let (without, second) = row("it did not", &closed, 2.0 * quota);
    table(
        &[
            "1,000 people, 250 rooms",
            "open before",
            "in",
            "half in",
            "all in",
            "limit",
            "meetings of rooms",
            "answers",
            "asked of Chime",
            "",
        ],
        &[first, second],
    );
    println!(
        "\nEverybody sets out within the first second and asks again when Retry-After says so. \
         Chime alone needs {quota:.0} s for 250\nrooms at {A_SECOND} a second; the limit is twice \
         that. Meetings of rooms: none twice, none missing. Only 200 and 503 may be answered."
    );
    Ok(before && without)
}

async fn morning(open: bool) -> Result<Measured, String> {
    let world = World::start(at("08:50")?, |options| {
        options.clock = LocalClock::system();
        options.clock.set(at("08:50").ok());
        // All of the quota is for rooms.
        let reserved = ("ChimeReservedPercent".to_owned(), "0".to_owned());
        options.parameters.extend([reserved]);
    })
    .await?;
    let slot = world.slot(MORNING)?;
    let people = people(PEOPLE);
    world.import(people.iter().map(|member| world.enrollment(member, &slot)))?;
    let lambda = world.stack.lambda();
    let tick = |time| json!({"scheduled_time": time});
    lambda.invoke("RoomsAssign", tick(at("08:50")?)).await?;
    if open {
        world.stack.clock().set(Some(at("08:56")?));
        lambda.invoke("RoomsOpen", tick(at("08:56")?)).await?;
    }
    let opened_before = world.stack.chime().live_meetings().len();
    let asked_before: u64 = world.stack.chime().requests().values().sum();
    world.stack.clock().set(Some(at("09:00")?));

    let app = world.app("RoomsOpen")?;
    let rooms = seating::read_rooms(&app, &slot, ROOMS)
        .await
        .map_err(sentence)?;
    let client = Client::new(world.stack.url());
    let mut random = Random(9);
    let mut comers = Vec::new();
    for room in &rooms {
        for member in &room.members {
            let delay = Duration::from_micros(random.below(1_000_000) as u64);
            let token = world.token(member).await?;
            comers.push((format!("/rooms/{}/join", room.id), token, delay, member));
        }
    }
    let begun = Instant::now();
    let came = join_all(comers.into_iter().map(|(path, token, delay, member)| {
        let client = client.clone();
        async move {
            tokio::time::sleep(delay).await;
            come(&client, &path, &token, member, begun).await
        }
    }))
    .await;

    let mut measured = Measured {
        opened_before,
        times: Vec::new(),
        answers: BTreeMap::new(),
        rooms: rooms.len(),
        meetings: 0,
        asked: world.stack.chime().requests().values().sum::<u64>() - asked_before,
    };
    let mut meetings = BTreeSet::new();
    for comer in came {
        let comer = comer?;
        for status in comer.answers {
            *measured.answers.entry(status).or_default() += 1;
        }
        if let Some((time, meeting)) = comer.arrived {
            measured.times.push(time);
            meetings.insert(meeting);
        }
    }
    measured.times.sort_unstable();
    // As many as Chime holds, and as those who came were told.
    let living = world.stack.chime().live_meetings();
    let of_rooms: BTreeSet<&String> = living.iter().map(|it| &it.external_meeting_id).collect();
    if of_rooms.len() != living.len() || meetings.len() != living.len() {
        return Err(format!(
            "{} meetings live, of {} rooms; people were told {}",
            living.len(),
            of_rooms.len(),
            meetings.len()
        ));
    }
    measured.meetings = living.len();
    Ok(measured)
}

struct Comer {
    answers: Vec<u16>,
    arrived: Option<(Duration, String)>,
}

/// Asks for the room's meeting until it is there.
async fn come(
    client: &Client,
    path: &str,
    token: &str,
    member: &Member,
    begun: Instant,
) -> Result<Comer, String> {
    let mut comer = Comer {
        answers: Vec::new(),
        arrived: None,
    };
    while begun.elapsed() < PATIENCE {
        let answer = client.send("GET", path, Some(token), None).await?;
        comer.answers.push(answer.status);
        if answer.status == 200 {
            let meeting = answer.body["Meeting"]["MeetingId"].as_str();
            let meeting = meeting.ok_or_else(|| format!("no meeting for {}", member.user_id))?;
            comer.arrived = Some((begun.elapsed(), meeting.to_owned()));
            break;
        }
        let Some(wait) = answer.retry_after() else {
            break;
        };
        tokio::time::sleep(wait).await;
    }
    Ok(comer)
}
