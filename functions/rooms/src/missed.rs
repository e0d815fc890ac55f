//! Slots that were over before they were drawn: their people are told, and nobody counts as absent.
//!
//! Every slot of the configuration has the record of a draw by the time it ends. One that has none, or
//! whose draw never finished, was missed. First it is settled that it will not be drawn any more
//! ([`miss`]); then each enrollment is marked, in one transaction with the letter that tells of it; at
//! last the record says that all are told. So a run that is cut off is finished by the next, and
//! nobody gets two letters.

use std::collections::HashSet;

use enishi_shared::{
    App, Error, Result,
    events::{MailRequested, Recipient, announce},
    language::Language,
    mail::{Letter, greeting},
    metric,
    store::{Change, Outcome, Transaction, decode, when},
};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use jiff::SignedDuration;

use crate::{
    assign::{EarlierSlot, miss},
    close::{AT_ONCE, LOOKS_BACK},
    enrollment::EnrollmentItem,
    open::mark,
    seating::{by_partition, table},
    slot::{Slot, SlotId, Slots},
};

/// A draw that began within the slot, and an enrollment, are over by then.
const AFTER_THE_END: SignedDuration = SignedDuration::from_mins(1);

/// The slots that were missed and not told of yet, oldest first. `latest` are the records of the latest
/// draws, newest first: as far back as they reach, and for a day where there are fewer than asked for.
pub fn find(app: &App, slots: &Slots, latest: &[EarlierSlot]) -> Vec<Slot> {
    let now = app.now();
    let oldest: Option<SlotId> = latest.last().map(|earlier| earlier.sk);
    let all = usize::try_from(LOOKS_BACK).is_ok_and(|most| latest.len() >= most);
    let done: HashSet<SlotId> = latest
        .iter()
        .filter(|earlier| earlier.draw.is_drawn() || earlier.draw.closed)
        .map(|earlier| earlier.sk)
        .collect();
    let yesterday = slots.today(now).yesterday();
    let yesterday = yesterday.unwrap_or_else(|_| slots.today(now));
    let since = oldest.map_or(yesterday, |oldest| {
        let oldest = oldest.date();
        if all { oldest } else { oldest.min(yesterday) }
    });
    let before = now.saturating_sub(AFTER_THE_END).unwrap_or(now);
    slots
        .over(since, before)
        .filter(|slot| !done.contains(&slot.id()))
        .filter(|slot| !all || oldest.is_none_or(|oldest| oldest <= slot.id()))
        .collect()
}

/// Tells everybody who was enrolled for a slot that it was missed; answers how many. Nine requests, one
/// for each person, and two or three more.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer; the next run tells the others.
pub async fn tell(app: &App, slot: &Slot) -> Result<usize> {
    if !miss(app, slot).await? {
        return Ok(0);
    }
    let enrollments = by_partition(app, slot.id(), "E#", "E$").await?;
    let enrollments: Vec<EnrollmentItem> =
        enrollments.into_iter().map(decode).collect::<Result<_>>()?;
    let missed = enrollments.len();
    stream::iter(enrollments)
        .map(|enrollment| tell_one(app, slot, enrollment))
        .buffer_unordered(AT_ONCE)
        .try_collect::<()>()
        .await?;
    metric::count("SlotMissed", u32::from(missed > 0));
    mark(app, slot, "closed").await?;
    Ok(missed)
}

async fn tell_one(app: &App, slot: &Slot, enrollment: EnrollmentItem) -> Result<()> {
    if enrollment.missed {
        return Ok(());
    }
    let table = table(app)?;
    let mut tx = Transaction::new(app);
    let missed = Change::new()
        .set("missed", true)
        .when(when().exists("pk").absent("missed"));
    tx.update(&table, enrollment.key(), missed);
    let letter = MailRequested {
        to: Recipient::UserId(enrollment.user_id),
        letter: Letter::in_each_language(|language| letter(language, slot, &enrollment.username)),
    };
    announce(&mut tx, &table, letter)?;
    match tx.commit().await? {
        // Refused: told by another run, or withdrawn since.
        Outcome::Done | Outcome::Refused(_) => Ok::<_, Error>(()),
    }
}

fn letter(language: Language, slot: &Slot, name: &str) -> Letter {
    let (date, time) = (slot.date(), slot.time());
    let (subject, text) = match language {
        Language::Japanese => (
            format!("{date} {time} のルームは開催されませんでした"),
            format!(
                "申し訳ございません。お申し込みいただいた {date} {time} の回は、当サービスの不具合により\
                 ルームをご用意できませんでした。\n欠席にはなりません。出席率は変わりません。\n\n\
                 またのご参加をお待ちしております。\n\nEnishi\n"
            ),
        ),
        Language::Korean => (
            format!("{date} {time} 룸이 열리지 못했습니다"),
            format!(
                "죄송합니다. 신청하신 {date} {time} 회차는 저희 서비스의 문제로 룸을 준비하지 \
                 못했습니다.\n결석으로 처리되지 않으며, 출석률은 그대로입니다.\n\n\
                 다음에 다시 뵙기를 바랍니다.\n\nEnishi\n"
            ),
        ),
        Language::English => (
            format!("There was no room on {date} at {time}"),
            format!(
                "We are sorry: for the slot of {date} at {time}, which you were enrolled for, we \
                 failed to prepare the rooms.\nIt does not count as an absence; your rate stays as \
                 it was.\n\nWe hope to see you again.\n\nEnishi\n"
            ),
        ),
    };
    Letter::new(subject, format!("{}{text}", greeting(language, name)))
}
