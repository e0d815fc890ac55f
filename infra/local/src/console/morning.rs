//! A morning of rooms: who sits with whom, who came, who of them had met before, and what the draw has avoided.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use enishi_rooms::{
    assign::{self, Draw},
    person::{self, person_key},
    seating::{Member, Room, read_rooms, read_seats, table},
    slot::{Slot, SlotId, Slots},
};
use enishi_shared::{
    App, Result, UserId,
    store::{Item, Key},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Answer, tables::partition};
use crate::stack::Stack;

/// Whose world it is read in: a function that reads slots.
const FUNCTION: &str = "RoomsAssign";
/// How many mornings are listed.
const LISTED: u32 = 60;
/// Of more people only those who sit together are compared.
const COMPARED: usize = 200;
/// Who comes so soon after the start is not late.
const PUNCTUAL: SignedDuration = SignedDuration::from_mins(1);

fn slots(stack: &Stack) -> std::result::Result<Vec<Value>, String> {
    let environment = stack.environment().get(FUNCTION);
    let table = environment.and_then(|environment| environment.get("ROOMS_TABLE"));
    partition(
        stack,
        table.map_or("RoomsTable", String::as_str),
        "SLOTS",
        LISTED,
    )
}

/// The slots that were drawn, the last first.
pub async fn mornings(State(stack): State<Stack>) -> Answer<Value> {
    let failed = |sentence: String| (StatusCode::BAD_GATEWAY, sentence);
    let slots = slots(&stack).map_err(failed)?;
    let shown = slots.iter().map(|slot| {
        json!({
            "slot": slot["sk"], "state": slot["state"], "enrolled": slot["enrolled"],
            "rooms": slot["rooms"], "opened": slot["opened"],
            "closed": slot["closed"],
        })
    });
    Ok(Json(shown.collect()))
}

/// One of them.
pub async fn morning(State(stack): State<Stack>, Path(slot): Path<String>) -> Answer<Value> {
    let failed = |sentence: String| (StatusCode::BAD_GATEWAY, sentence);
    let slots = slots(&stack).map_err(failed)?;
    let draw = slots.iter().find(|one| one["sk"] == *slot);
    let (Some(draw), Ok(id)) = (draw, slot.parse::<SlotId>()) else {
        return Err((StatusCode::NOT_FOUND, "nothing was drawn then".to_owned()));
    };
    let app = stack.app(FUNCTION).map_err(failed)?;
    let shown = picture(&app, id, draw).await;
    shown.map(Json).map_err(|error| failed(error.to_string()))
}

async fn picture(app: &App, id: SlotId, draw: &Value) -> Result<Value> {
    let slot = app.config::<Slots>()?.by_id(id);
    let drawn = assign::read(app, id).await?;
    // Who walked in when nothing was left has a room behind the drawn ones.
    let most = drawn.as_ref().map_or(0, Draw::all_rooms);
    let rooms = read_rooms(app, &slot, most).await?;
    let people: Vec<UserId> = rooms.iter().flat_map(ids).collect();
    let keys: Vec<_> = people.iter().map(|user| person_key(*user)).collect();
    let persons = table(app)?.batch_get_all(&keys).await?;
    let morning = Morning {
        in_time: drawn.is_none_or(|draw| draw.was_in_time(&slot)),
        over: slot.end <= app.now(),
        slot: &slot,
        rooms: &rooms,
    };
    let shown = morning.shown(&persons)?;
    let met = met(app, &people, draw).await?;

    let mut room_of = HashMap::new();
    for (number, room) in rooms.iter().enumerate() {
        room_of.extend(ids(room).map(|id| (id, number)));
    }
    let together = |(a, b): &(UserId, UserId)| room_of.get(a) == room_of.get(b);
    let here = met.keys().filter(|pair| together(pair)).count();
    Ok(json!({
        "slot": id.to_string(), "state": draw["state"], "room_size": draw["room_size"],
        "walk_ins": rooms.iter().map(|room| room.walk_ins().count()).sum::<usize>(),
        "closed": draw["closed"],
        "looked_back_on": draw["history"].as_array().map_or(0, Vec::len),
        "rooms": shown,
        "met": met.iter().map(|((a, b), slots)| json!({"a": a, "b": b, "slots": slots})).collect::<Vec<_>>(),
        "known_pairs": met.len(),
        "together_again": here,
        "by_chance": by_chance(&rooms, met.len()),
        "compared": people.len() <= COMPARED,
    }))
}

fn ids(room: &Room) -> impl Iterator<Item = UserId> {
    room.members.iter().map(|member| member.user_id)
}

/// A slot whose people are looked at.
struct Morning<'a> {
    slot: &'a Slot,
    rooms: &'a [Room],
    /// Whether it was drawn before it began: else nobody counts as absent.
    in_time: bool,
    over: bool,
}

impl Morning<'_> {
    /// Its rooms with their people, of whom `persons` holds the attendance of all mornings.
    fn shown(&self, persons: &HashMap<Key, Item>) -> Result<Vec<Value>> {
        let rooms = self.rooms.iter().map(|room| {
            let members = room.members.iter().map(|Member { user_id, username }| {
                let person = person::take(persons, *user_id)?;
                Ok(json!({
                    "user_id": user_id, "name": username,
                    "seated": self.seated(room, *user_id),
                    "attendance": self.attendance(room, *user_id),
                    "came": time(room.came(*user_id)), "left": time(room.left(*user_id)),
                    "rate": (!person.gone).then(|| person.rate()),
                }))
            });
            let members: Vec<Value> = members.collect::<Result<_>>()?;
            Ok(json!({
                "room_id": room.id.to_string(), "meeting": room.meeting.is_some(), "members": members,
            }))
        });
        rooms.collect()
    }

    /// How somebody came to sit in a room.
    fn seated(&self, room: &Room, user_id: UserId) -> &'static str {
        let is_them = |member: &Member| member.user_id == user_id;
        match room.walk_ins().any(is_them) {
            false => "drawn",
            true if self.rooms.iter().any(|room| room.has_moved(user_id)) => "brought here",
            true => "walked in",
        }
    }

    /// What has become of somebody's morning, so far.
    fn attendance(&self, room: &Room, user_id: UserId) -> &'static str {
        if room.withdrawn.contains(&user_id) {
            return "withdrew late";
        }
        match room.took_part(user_id) {
            true if self.is_late(user_id) => "late",
            true => "present",
            false if !self.over => "awaited",
            false if self.in_time => "absent",
            false => "not counted",
        }
    }

    /// Whether somebody came more than a minute after the start, in whichever rooms they were: of each it is known when they came
    /// last, and whether they had been there before that.
    fn is_late(&self, user_id: UserId) -> bool {
        let last = self
            .slot
            .start
            .saturating_add(PUNCTUAL)
            .unwrap_or(self.slot.start);
        let mut rooms = (self.rooms.iter()).filter(|room| room.participants.contains(&user_id));
        rooms.all(|room| {
            let (came, left) = (room.came(user_id), room.left(user_id));
            came > last.as_millisecond() && (left == 0 || left > came)
        })
    }
}

/// Of so many milliseconds since 1970; 0 is never.
fn time(milliseconds: i64) -> Option<Timestamp> {
    let time = Timestamp::from_millisecond(milliseconds).ok();
    time.filter(|_| milliseconds > 0)
}

/// The pairs of these people who sat together in one of the slots that the draw looked back on, with those
/// slots, the last first. The smaller id stands first.
async fn met(
    app: &App,
    people: &[UserId],
    draw: &Value,
) -> Result<BTreeMap<(UserId, UserId), Vec<String>>> {
    let mut met: BTreeMap<_, Vec<String>> = BTreeMap::new();
    if people.len() > COMPARED {
        return Ok(met);
    }
    let history = draw["history"].as_array().into_iter().flatten();
    for slot in history.filter_map(Value::as_str) {
        let Ok(id) = slot.parse::<SlotId>() else {
            continue;
        };
        let mut rooms: BTreeMap<u32, Vec<UserId>> = BTreeMap::new();
        for seats in read_seats(app, id, true).await? {
            for (user, room) in seats.iter().filter(|(user, _)| people.contains(user)) {
                rooms.entry(room).or_default().push(user);
            }
        }
        for mut room in rooms.into_values() {
            room.sort();
            for (at, a) in room.iter().enumerate() {
                for b in &room[at + 1..] {
                    met.entry((*a, *b)).or_default().push(slot.to_owned());
                }
            }
        }
    }
    Ok(met)
}

/// How many of so many pairs would sit together if rooms of these sizes were filled by chance.
fn by_chance(rooms: &[Room], pairs: usize) -> f64 {
    let pairs_of = |people: usize| (people * people.saturating_sub(1)) as f64 / 2.0;
    let sizes = || rooms.iter().map(|room| room.members.len());
    let all = pairs_of(sizes().sum());
    match all > 0.0 {
        true => pairs as f64 * sizes().map(pairs_of).sum::<f64>() / all,
        false => 0.0,
    }
}
