//! `rooms-erase`: erases somebody who has closed their account: attendance, enrollments, schedule, their
//! name in the rooms they were in, and whom they avoid or who avoids them.
//!
//! First their attendance becomes the mark that they have gone, and their calendar feed's address is
//! revoked. An enrollment, a schedule, a wish and a new address check in their transactions that the mark is
//! not there, and a close that no morning is entered over it; so nothing
//! new comes after. Then each enrollment leads to its room, and is deleted when the name is out of it;
//! so the event may come twice, and a run that was cut off is finished by the next.
//!
//! Before the draw nothing else speaks of them, and the enrollment is withdrawn. Afterwards the room
//! is other people's too: the seat stays, so that nothing of theirs is drawn or counted anew, but it has
//! no name. In a room to come they are not shown and cannot join, in a history they are somebody
//! without a name. While the draw runs the enrollments must stand still; that slot is left to its
//! close, which takes out the names of all that have the mark. Sealed join tokens go with the
//! meeting, at the close.
//!
//! Letters about a room that were announced name who was in it, in the outbox, for a week.
//!
//! What stays is an opaque id, which leads to nobody any more: in the mark for forty days, where they
//! withdrew until a day after that slot, in a room's seats until the slot's items expire.

use std::collections::HashMap;

use enishi_shared::{
    App, Function, Result, UserId,
    events::{AccountDeleted, Event},
    function::on,
    store::{Item, Key, Race, Transaction, Written, decode, s, when},
};
use futures_util::{TryStreamExt as _, stream};

use crate::{
    assign::Draw,
    calendar::calendar_key,
    enrollment::{BY_USER, EnrollmentItem, by_user, room_of},
    person,
    seating::{
        draw_key, enrollment_key, find_seat, gate_key, roster_key, state_key, table, unname,
    },
    slot::{RoomId, SlotId, Slots},
    weekly::weekly_key,
    wishes,
};

/// `rooms-erase`
///
/// Budget: of each enrollment whose room is drawn, 1 of the others and of each person whom they named or
/// who named them; 5 beside these, and 2 for each 50 enrollments.
pub const FUNCTION: Function =
    Function::event("rooms-erase", |app, event| on(app, event, erase)).budget(4);

/// Enrollments at once.
const AT_ONCE: usize = 8;
/// Enrollments read at once.
const PAGE: i32 = 50;

/// Erases what there is of the account.
///
/// # Errors
/// Whatever keeps something from being erased; the event comes again.
pub async fn erase(app: App, Event { detail }: Event<AccountDeleted>) -> Result<()> {
    let (app, user_id) = (&app, detail.data.user_id);
    let table = table(app)?;
    person::go(app, user_id).await?;
    table.delete(calendar_key(user_id)).await?;
    wishes::erase(app, user_id).await?;
    table.delete(weekly_key(user_id)).await?;
    let mut after = None;
    loop {
        let page = table
            .query("gsi_pk = :user")
            .index(BY_USER)
            .value(":user", s(by_user(user_id)))
            .limit(PAGE)
            .after(after)
            .page::<EnrollmentItem>()
            .await?;
        let slots: Vec<Key> = (page.items.iter())
            .map(|enrollment| draw_key(enrollment.slot_id()))
            .collect();
        let draws = &table.batch_get(&slots).await?;
        stream::iter(page.items.into_iter().map(Ok))
            .try_for_each_concurrent(AT_ONCE, |enrollment| end(app, draws, enrollment))
            .await?;
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// Ends an enrollment.
async fn end(app: &App, draws: &HashMap<Key, Item>, enrollment: EnrollmentItem) -> Result<()> {
    let table = table(app)?;
    let draw = draws.get(&draw_key(enrollment.slot_id())).cloned();
    let draw: Option<Draw> = draw.map(decode).transpose()?;
    if draw.is_some_and(|draw| draw.is_drawn()) {
        return match room_of(app, &enrollment).await? {
            Some(room) => leave(app, enrollment.slot_id(), room, enrollment.user_id).await,
            None => table.delete(enrollment.key()).await,
        };
    }
    let slot = app.config::<Slots>()?.by_id(enrollment.slot_id());
    // What is over and was not drawn never will be.
    if slot.end <= app.now() {
        return table.delete(enrollment.key()).await;
    }
    let mut tx = Transaction::new(app);
    let gate = gate_key(enrollment.slot_id(), enrollment.user_id);
    tx.check(&table, gate, when().absent("pk"));
    tx.delete(&table, enrollment.key());
    // Refused: the draw is running.
    tx.commit().await?;
    Ok(())
}

/// Takes somebody's name out of the room they were drawn into, or walked into, and then their
/// enrollment, which leads there. Who was moved has it where they were drawn too. Three requests; up to six for
/// who walked in or was moved, three when it was done before.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn leave(app: &App, slot_id: SlotId, room: RoomId, user_id: UserId) -> Result<()> {
    let was_drawn_here = unname_in(app, room, user_id).await?;
    if !was_drawn_here
        && let Some(drawn) = find_seat(app, slot_id, user_id).await?
        && drawn != room
    {
        unname_in(app, drawn, user_id).await?;
    }
    table(app)?.delete(enrollment_key(slot_id, user_id)).await
}

/// Takes somebody's name out of a room. Answers whether it stood among those who were drawn into it.
async fn unname_in(app: &App, room: RoomId, user_id: UserId) -> Result<bool> {
    let table = table(app)?;
    // Others may walk in at the same moment.
    let mut race = Race::new(app);
    loop {
        let items = table
            .batch_get(&[roster_key(room), state_key(room)])
            .await?;
        let Some((key, change)) = unname(room, user_id, &items)? else {
            return Ok(false);
        };
        let was_drawn_here = key == roster_key(room);
        match table.update(key, change).await? {
            Written::Done => return Ok(was_drawn_here),
            Written::Refused(_) => race.lost().await?,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/rooms-erase.json");
        assert!(serde_json::from_str::<Event<AccountDeleted>>(sample).is_ok());
    }
}
