//! The end of a conversation.

use super::{
    Conversation, Conversations, Id,
    message::{FIRST_USES, MESSAGES},
};
use crate::{
    error::Error,
    store::{Change, Written, when},
    user_id::UserId,
};

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

    /// [`Self::erase`], of one that has ended; nothing where its end has moved meanwhile. A run that was
    /// cut off leaves its row, so that the next finds it.
    ///
    /// 4 requests, 1 for each member and each item, and 1 for each 200 items; 1 where it has not ended.
    ///
    /// # Errors
    /// Whatever keeps something from being removed.
    pub async fn erase_ended(&self, id: I) -> Result<(), Error> {
        let Some(conversation) = self.table.get::<Conversation<I>>(&self.key(id)).await? else {
            return Ok(());
        };
        let now = self.app.now();
        if conversation.expires_at.is_none_or(|end| now < end) {
            return Ok(());
        }
        // Nobody brings it back, or adds a message, while it goes.
        let gone = Change::new()
            .insert("blocked_by", UserId::NOBODY)
            .when(when().same("expires_at", conversation.expires_at));
        if let Written::Refused(_) = self.table.update(self.key(id), gone).await? {
            return Ok(());
        }
        let partition = self.partition(id);
        self.table.delete_all(&partition, MESSAGES).await?;
        self.table.delete_all(&partition, FIRST_USES).await?;
        for member in conversation.members() {
            self.table.delete(self.membership_key(member, id)).await?;
        }
        self.table.delete(self.key(id)).await
    }
}
