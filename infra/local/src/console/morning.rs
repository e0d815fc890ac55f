//! A morning of rooms: who sits with whom, who of them had met before, and what the draw has avoided.

use std::collections::{BTreeMap, HashMap};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
};
use enishi_rooms::{
    assign,
    seating::{Room, read_rooms, read_seats},
    slot::{SlotId, Slots},
};
use enishi_shared::{App, Result, UserId};
use serde_json::{Value, json};

use super::{Answer, tables::partition};
use crate::stack::Stack;

/// Whose world it is read in: a function that reads slots.
const FUNCTION: &str = "RoomsAssign";
/// How many mornings are listed.
const LISTED: u32 = 60;
/// Of more people only those who sit together are compared.
const COMPARED: usize = 200;

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
    // Who walked in when nothing was left has a room behind the drawn ones.
    let most = assign::read(app, id)
        .await?
        .map_or(0, |draw| draw.all_rooms());
    let rooms = read_rooms(app, &slot, most).await?;
    let people: Vec<UserId> = rooms.iter().flat_map(ids).collect();
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
        "rooms": rooms.iter().map(shown).collect::<Vec<_>>(),
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

fn shown(room: &Room) -> Value {
    let walked_in: Vec<UserId> = room.walk_ins().map(|member| member.user_id).collect();
    let members = room.members.iter().map(|member| {
        json!({
            "user_id": member.user_id, "name": member.username,
            "walked_in": walked_in.contains(&member.user_id),
            "was_there": room.participants.contains(&member.user_id),
        })
    });
    json!({
        "room_id": room.id.to_string(), "meeting": room.meeting.is_some(),
        "members": members.collect::<Vec<_>>(),
    })
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
