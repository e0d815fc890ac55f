//! What Stripe tells, as it travels on the bus. Other services listen to it where it is not about a
//! payment, such as `stripe.account.updated`.

use serde::{Deserialize, Serialize};

/// EventBridge's `source` of everything here.
pub const SOURCE: &str = "enishi.payments";

/// Something happened to an object of Stripe's; `detail-type` is `stripe.` and Stripe's own type. A
/// hint, no more: whoever takes it asks Stripe for the object's present state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StripeEvent {
    /// Stripe's type, `checkout.session.completed`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What the object is, `checkout.session`.
    pub object: String,
    /// The object's id.
    pub object_id: String,
    /// The connected account it belongs to; none is our own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
}
