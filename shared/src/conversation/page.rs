//! Pages of a conversation's messages.

use futures_util::future::try_join;

use super::{Conversation, Conversations, Id, Message, message::message_key};
use crate::{error::Error, store::s};

/// The highest number that a message's key has room for.
pub const LAST_SEQ: u64 = 999_999_999_999;

/// Which messages of a conversation; [`Stretch::of`] a request's parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// All but this many of the newest, newest first.
    Older(u64),
    /// Those after this number, oldest first: what a client missed.
    After(u64),
    /// Those before this number, newest first.
    Before(u64),
}

impl Stretch {
    /// At most one of the three; without any, all messages.
    ///
    /// # Errors
    /// `invalid_parameter` on one of two.
    pub fn of(
        offset: Option<u64>,
        after_seq: Option<u64>,
        before_seq: Option<u64>,
    ) -> Result<Self, Error> {
        match (offset, after_seq, before_seq) {
            (offset, None, None) => Ok(Self::Older(offset.unwrap_or(0))),
            (None, Some(seq), None) => Ok(Self::After(seq)),
            (None, None, Some(seq)) => Ok(Self::Before(seq)),
            (offset, ..) => {
                let field = if offset.is_some() {
                    "offset"
                } else {
                    "before_seq"
                };
                let sentence = "offset, after_seq and before_seq exclude each other";
                Err(Error::invalid(field, sentence))
            }
        }
    }
}

/// The numbers from `first` to `last`.
struct Numbers {
    first: u64,
    last: u64,
    oldest_first: bool,
}

impl Numbers {
    fn newest_up_to(last: u64) -> Self {
        Self {
            first: 1,
            last,
            oldest_first: false,
        }
    }
}

impl<I: Id> Conversations<I> {
    /// The first `limit` messages of a stretch, for whom `entering` lets in: it is read at the same
    /// time. 1 request beside it, 2 where a page holds more than a megabyte.
    ///
    /// # Errors
    /// Those of `entering`; `service_unavailable` while a message is missing among them: a query may
    /// see a message before the one that was committed just before it, and nobody must go on past
    /// that.
    pub async fn messages(
        &self,
        id: I,
        stretch: Stretch,
        limit: i32,
        entering: impl Future<Output = Result<Conversation<I>, Error>>,
    ) -> Result<Vec<Message<I>>, Error> {
        let numbers = match stretch {
            Stretch::Older(0) => Numbers::newest_up_to(LAST_SEQ),
            Stretch::Older(offset) => {
                let last = entering.await?.last_seq.saturating_sub(offset);
                return self.stretch(id, Numbers::newest_up_to(last), limit).await;
            }
            Stretch::Before(seq) => Numbers::newest_up_to(seq.saturating_sub(1)),
            Stretch::After(seq) => Numbers {
                first: seq + 1,
                last: LAST_SEQ,
                oldest_first: true,
            },
        };
        let (_, messages) = try_join(entering, self.stretch(id, numbers, limit)).await?;
        Ok(messages)
    }

    async fn stretch(&self, id: I, numbers: Numbers, limit: i32) -> Result<Vec<Message<I>>, Error> {
        let mut messages: Vec<Message<I>> = Vec::new();
        if numbers.first > numbers.last {
            return Ok(messages);
        }
        let first = message_key(self.partition(id), numbers.first);
        let last = message_key(self.partition(id), numbers.last);
        let mut query = self
            .table
            .query("pk = :pk AND sk BETWEEN :first AND :last")
            .value(":pk", s(first.pk))
            .value(":first", s(first.sk))
            .value(":last", s(last.sk));
        if !numbers.oldest_first {
            query = query.descending();
        }
        let mut after = None;
        loop {
            let left = limit - messages.len() as i32;
            let page = query.clone().limit(left).after(after).page().await?;
            messages.extend(page.items);
            after = page.next;
            if after.is_none() || messages.len() >= limit as usize {
                break;
            }
        }
        let starts = messages
            .first()
            .is_none_or(|message| message.seq == numbers.first);
        let in_a_row = |pair: &[Message<I>]| match pair {
            [one, next] => one.seq.abs_diff(next.seq) == 1,
            _ => true,
        };
        if (numbers.oldest_first && !starts) || !messages.windows(2).all(in_a_row) {
            return Err(Error::unavailable(1));
        }
        Ok(messages)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_of_the_parameters_says_which_messages() {
        assert_eq!(Stretch::of(None, None, None).unwrap(), Stretch::Older(0));
        assert_eq!(Stretch::of(Some(3), None, None).unwrap(), Stretch::Older(3));
        assert_eq!(Stretch::of(None, Some(3), None).unwrap(), Stretch::After(3));
        assert_eq!(
            Stretch::of(None, None, Some(3)).unwrap(),
            Stretch::Before(3)
        );
        for (offset, after, before) in [
            (Some(0), Some(1), None),
            (Some(0), None, Some(1)),
            (None, Some(1), Some(1)),
            (Some(0), Some(1), Some(1)),
        ] {
            assert!(Stretch::of(offset, after, before).is_err());
        }
    }
}
