//! What people do, on Stripe's pages or at a konbini, and what happens to their cards.

use serde_json::json;

use super::{
    Stripe, billing, checkout, connect, disputes, money,
    state::{Price, State, text},
};

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

    /// The customer has their bank take a card's payment back: `amount` of it, all that was not given back
    /// where `None`. `reason` is Stripe's word for it, `fraudulent`. Answers the dispute's id.
    ///
    /// # Errors
    /// The Checkout is not paid by card, or less is left of it.
    pub fn dispute(
        &self,
        session: &str,
        amount: Option<i64>,
        reason: &str,
    ) -> Result<String, String> {
        let mut state = self.lock();
        let charge = charge(&state, session).ok_or("the Checkout is not paid")?;
        disputes::open(&mut state, &charge, amount, reason).map_err(|refusal| refusal.message)
    }

    /// The bank looks at the evidence.
    ///
    /// # Errors
    /// There is no such dispute, or it is decided.
    pub fn review_dispute(&self, dispute: &str) -> Result<(), String> {
        disputes::review(&mut self.lock(), dispute).map_err(|refusal| refusal.message)
    }

    /// The bank decides a dispute for us, or for the customer.
    ///
    /// # Errors
    /// There is no such dispute, or it is decided.
    pub fn decide_dispute(&self, dispute: &str, won: bool) -> Result<(), String> {
        disputes::decide(&mut self.lock(), dispute, won).map_err(|refusal| refusal.message)
    }

    /// All that a connected account has goes to its bank: none of it can be taken back then.
    ///
    /// # Errors
    /// There is no such account.
    pub fn pay_out(&self, account: &str) -> Result<(), String> {
        money::pay_out(&mut self.lock(), account).map_err(|refusal| refusal.message)
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

    /// The customer pays an open invoice on its page.
    ///
    /// # Errors
    /// There is no such invoice, or it is not open.
    pub fn pay_invoice(&self, invoice: &str) -> Result<(), String> {
        billing::pay_invoice(&mut self.lock(), invoice).map_err(|refusal| refusal.message)
    }

    /// The customer ends a subscription with its period in the billing portal, or lets it go on.
    ///
    /// # Errors
    /// There is no such subscription, or it has ended.
    pub fn call_off(&self, subscription: &str, ends: bool) -> Result<(), String> {
        billing::choose(&mut self.lock(), subscription, ends).map_err(|refusal| refusal.message)
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

/// The charge of a Checkout.
fn charge(state: &State, session: &str) -> Option<String> {
    let session = state.get("checkout.session", session).ok()?;
    let intent = state.get("payment_intent", text(session, "payment_intent"));
    intent.ok()?["latest_charge"].as_str().map(str::to_owned)
}
