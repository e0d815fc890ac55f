//! Bringing people from one room into another while the slot runs.
//!
//! One transaction a room that they are brought into. What says where somebody is, is their enrollment: it names
//! the room of those who are not where they were drawn. It changes under the condition that it still names the
//! room they are taken from, so whatever runs twice or at once, nobody is in two rooms. In the new room they are
//! like somebody who walked in; the old one keeps that they were there, and what they did.

use enishi_shared::{
    App, Result, UserId,
    store::{Change, Condition, Outcome, Transaction, when},
};

use super::{Member, Room, enrollment_key, room::Texts, state_key, table};
use crate::slot::Slot;

/// Brings each of `people` from the room beside them into `to`, all or none, and answers whether it did: not
/// where somebody was faster, and not where `stays`, who is to be met there, is there no more. No two of them
/// come from the same room. One request.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn bring(
    app: &App,
    slot: &Slot,
    to: &Room,
    people: &[(&Room, &Member)],
    stays: Option<UserId>,
) -> Result<bool> {
    let table = table(app)?;
    let now = app.now().as_millisecond();
    let mut tx = Transaction::new(app);
    let (mut walk_ins, mut moved) = (to.walked_in.clone(), to.moved.clone());
    let mut arrivals = Change::new().set("ttl", super::ttl(slot));
    for (from, member) in people {
        let user_id = member.user_id;
        let was_drawn = to.drawn_here.contains(&user_id);
        let placed = match was_drawn {
            true => Change::new().remove("room_id"),
            false => Change::new().set("room_id", to.id.to_string()),
        };
        let enrollment = enrollment_key(slot.id(), user_id);
        tx.update(&table, enrollment, placed.when(is_in(from, user_id)));
        let left = Change::new()
            .set("ttl", super::ttl(slot))
            .insert("moved", user_id)
            .discard("walk_ins", member.entry());
        tx.update(&table, state_key(from.id), left);
        moved.0.remove(&user_id.to_string());
        if !was_drawn {
            walk_ins.0.insert(member.entry());
        }
        arrivals = arrivals.set(&*format!("moved#{user_id}"), now);
    }
    let unchanged = when()
        .same("walk_ins", to.walked_in.stored())
        .same("moved", to.moved.stored());
    for (name, after) in [("walk_ins", walk_ins), ("moved", moved)] {
        arrivals = match after.stored() {
            Some(after) => arrivals.set(name, after),
            None => arrivals.remove(name),
        };
    }
    tx.update(&table, state_key(to.id), arrivals.when(unchanged));
    if let Some(user_id) = stays {
        let enrollment = enrollment_key(slot.id(), user_id);
        tx.check(&table, enrollment, is_in(to, user_id));
    }
    Ok(matches!(tx.commit().await?, Outcome::Done))
}

/// That an enrollment's owner is still in the room that they were read in.
fn is_in(room: &Room, user_id: UserId) -> Condition {
    let drawn_here = room.drawn_here.contains(&user_id);
    let named = (!drawn_here).then(|| room.id.to_string());
    when().exists("pk").same("room_id", named)
}

impl Texts {
    /// As it lies in an item: an empty set is none.
    fn stored(&self) -> Option<&Self> {
        (!self.0.is_empty()).then_some(self)
    }
}
