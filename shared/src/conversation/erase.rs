//! The end of a conversation.

use super::{Conversations, Id};
use crate::{error::Error, user_id::UserId};

impl<I: Id> Conversations<I> {
    /// Removes a conversation with all its messages, from the lists of `listed` too. It may come
    /// again, and a run that was cut off is finished by the next.
    ///
    /// 1 request for each of `listed` and each item, and 1 for each 200 items.
    ///
    /// # Errors
    /// Whatever keeps something from being removed.
    pub async fn erase(&self, id: I, listed: &[UserId]) -> Result<(), Error> {
        for member in listed {
            self.table.delete(self.membership_key(*member, id)).await?;
        }
        // Without its row nobody adds a message any more: what is found after that is all there is.
        self.table.delete(self.key(id)).await?;
        self.table.delete_all(&self.partition(id), "").await
    }
}
