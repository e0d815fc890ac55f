//! What people do, on Stripe's pages or at a konbini, and what happens to their cards.

use serde_json::json;

use super::{Stripe, checkout, connect, money, state::Price};

impl Stripe {
    /// The customer pays a Checkout by card. Answers where the browser goes then.
    ///
    /// # Errors
    /// One sentence; the Checkout is not open, say. So for the others.
    pub fn pay(&self, session: &str) -> Result<String, String> {
        checkout::pay(&mut self.lock(), session)
    }

    /// The customer's card is declined; the Checkout stays open.
    ///
    /// # Errors
    /// The Checkout is not open.
    pub fn fail(&self, session: &str) -> Result<(), String> {
        checkout::fail(&mut self.lock(), session)
    }

    /// The customer gives up; the Checkout stays open. Answers where the browser goes then.
    ///
    /// # Errors
    /// There is no such Checkout.
    pub fn cancel(&self, session: &str) -> Result<String, String> {
        checkout::cancel(&self.lock(), session)
    }

    /// The customer takes a slip to pay at a konbini within three days: the Checkout is complete and
    /// unpaid. Answers where the browser goes then.
    ///
    /// # Errors
    /// The Checkout is not open, or not one that a konbini takes.
    pub fn konbini(&self, session: &str) -> Result<String, String> {
        checkout::konbini(&mut self.lock(), session)
    }

    /// The customer pays by card, and the bank takes its time: the Checkout is complete and unpaid. Answers
    /// where the browser goes then.
    ///
    /// # Errors
    /// The Checkout is not open.
    pub fn pay_slowly(&self, session: &str) -> Result<String, String> {
        checkout::pay_slowly(&mut self.lock(), session)
    }

    /// The customer pays the slip, or the bank the card's payment; or never does.
    ///
    /// # Errors
    /// No slip is out, and no bank takes its time.
    pub fn settle_late(&self, session: &str, paid: bool) -> Result<(), String> {
        checkout::settle_late(&mut self.lock(), session, paid)
    }

    /// The refund of a konbini payment arrives at the customer's bank; or comes back.
    ///
    /// # Errors
    /// The refund waits for nothing.
    pub fn settle_refund(&self, refund: &str, arrives: bool) -> Result<(), String> {
        money::settle_refund(&mut self.lock(), refund, arrives).map_err(|refusal| refusal.message)
    }

    /// A connected account has told Stripe enough about itself to be passed money; or, later, too
    /// little.
    ///
    /// # Errors
    /// There is no such account.
    pub fn onboard(&self, account: &str, enough: bool) -> Result<(), String> {
        connect::onboard(&mut self.lock(), account, enough).map_err(|refusal| refusal.message)
    }

    /// Makes a monthly price, or changes it for subscriptions to come.
    pub fn set_price(&self, id: &str, currency: &str, unit_amount: i64) {
        let price = Price {
            currency: currency.to_owned(),
            unit_amount,
        };
        let mut state = self.lock();
        state.changed = true;
        state.prices.insert(id.to_owned(), price);
    }

    /// From now on a subscription's card is declined, or works again.
    ///
    /// # Errors
    /// There is no such subscription.
    pub fn decline(&self, subscription: &str, declines: bool) -> Result<(), String> {
        let fields = json!({"_declines": declines});
        self.lock()
            .change("subscription", subscription, fields)
            .map(drop)
            .map_err(|refusal| refusal.message)
    }
}
