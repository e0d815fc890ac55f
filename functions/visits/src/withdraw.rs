//! `visits-withdraw`: ends what somebody has agreed on who does not meet anybody any more, as far as the
//! states say ([`state`](crate::state)): with a name that nobody has verified what is booked goes on, with a
//! suspension nothing does.
//!
//! Whatever begins a matching or takes it further asks for both to be verified in its own transaction:
//! so what is found after somebody was taken out is all there is.

use enishi_shared::{
    App, Function, Result, UserId,
    events::Event,
    function::on,
    store::{Change, Key, Path, s, when},
};
use serde::Deserialize;

use crate::{
    advance::follow,
    chat::{self, Chats},
    events::VisitorWithdrawn,
    matching::{MatchingId, Mine, PREFIX, StoredMatching, id_of, matching_key, mine_key, open},
    profile::{self, partition},
    recording::{self, recording_key},
    state::{Action, Actor, Party},
};

/// `visits-withdraw`
///
/// Budget: of each matching that is not over, 2 unless a Checkout is to end; 1 beside these for each hundred.
pub const FUNCTION: Function =
    Function::event("visits-withdraw", |app, event| on(app, event, withdraw)).budget(6);

/// Matchings read at once.
const PAGE: i32 = 100;

async fn withdraw(app: App, Event { detail }: Event<VisitorWithdrawn>) -> Result<()> {
    let VisitorWithdrawn { user_id, cause } = detail.data;
    all(&app, user_id, cause.action()).await
}

/// Does with all of somebody's matchings that are not over what the house does. One that fails does not
/// stop the others. It may come again, and a run that was cut off is finished by the next.
///
/// 2 requests each, 6 at the most where a Checkout is to end, 1 for each hundred.
///
/// # Errors
/// The last one's.
pub async fn all(app: &App, user_id: UserId, action: Action) -> Result<()> {
    let table = profile::table(app)?;
    let open_ones = table.query("pk = :open").value(":open", s(open(user_id)));
    open_ones
        .each(|Mine { matching_id }| follow(app, matching_id, Actor::House, action))
        .await?;
    Ok(())
}

/// A row of somebody's partition.
#[derive(Deserialize)]
struct Row {
    sk: String,
}

/// Takes somebody who has closed their account out of all their matchings: those that are not over end,
/// those that are show nothing of them any more, and what both have left goes, with its messages. It may
/// come again, and a run that was cut off is finished by the next.
///
/// 2 requests a matching that is not over, 6 a matching, 7 where there was a recording, 1 for each hundred.
///
/// # Errors
/// Whatever keeps something from being erased.
pub async fn leave(app: &App, user_id: UserId) -> Result<()> {
    // What is booked holds the account.
    all(app, user_id, Action::Unverify).await?;
    let chats = chat::chats(app)?;
    let mut after = None;
    loop {
        let page = chats
            .table()
            .query("pk = :me")
            .value(":me", s(partition(user_id)))
            .limit(PAGE)
            .after(after)
            .page::<Row>()
            .await?;
        // Their places in lists first: of two who go at once, one finds that the other has left.
        let (mine, rest): (Vec<_>, Vec<_>) =
            (page.items.into_iter()).partition(|row| row.sk.starts_with(PREFIX));
        for row in rest {
            let place = Key::new(partition(user_id), row.sk);
            chats.table().delete(place).await?;
        }
        for row in mine {
            let id = id_of(&row.sk)?;
            recording::erase(app, chats.table(), id).await?;
            part(&chats, user_id, id).await?;
        }
        after = page.next;
        if after.is_none() {
            return Ok(());
        }
    }
}

/// One matching of somebody who goes.
async fn part(chats: &Chats, user_id: UserId, id: MatchingId) -> Result<()> {
    let table = chats.table();
    if let Some(stored) = table.get::<StoredMatching>(&matching_key(id)).await?
        && let Some(party) = stored.party(user_id)
    {
        let card = Path::new(match party {
            Party::Speaker => "speaker_card",
            Party::Listener => "listener_card",
        });
        let forget = Change::new()
            .remove(card.clone().field("department"))
            .remove(card.clone().field("position"))
            .remove(card.field("comment"))
            .when(when().exists("pk"));
        table.update(matching_key(id), forget).await?;
        if !chats.is_listed(stored.user(party.other()), id).await? {
            chats.erase(id, &[]).await?;
            let all = table.query("pk = :matching");
            let all = all.value(":matching", s(matching_key(id).pk));
            // What is noted of the recording goes by itself, when no more of it can come; and what leads here
            // goes last.
            let (noted, matching) = (recording_key(id), matching_key(id));
            all.each(|Row { sk }| async {
                match [&noted.sk, &matching.sk].contains(&&sk) {
                    true => Ok(()),
                    false => table.delete(Key::new(&noted.pk, sk)).await,
                }
            })
            .await?;
            table.delete(matching).await?;
        }
    }
    table.delete(mine_key(user_id, id)).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/visits-withdraw.json");
        assert!(serde_json::from_str::<Event<VisitorWithdrawn>>(sample).is_ok());
    }
}
