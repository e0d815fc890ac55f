//! The statuses of Stripe's objects. They are matched positively: what a later version of Stripe
//! adds is `Unknown`, never mistaken for something settled.

use serde::Deserialize;

macro_rules! statuses {
    ($(#[$about:meta])* $name:ident { $($(#[$of:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
        #[serde(from = "Option<String>")]
        pub enum $name {
            $($(#[$of])* $variant,)+
            /// One that this version does not know, or none.
            Unknown(String),
        }

        impl From<Option<String>> for $name {
            fn from(text: Option<String>) -> Self {
                let text = text.unwrap_or_default();
                match text.as_str() {
                    $($text => Self::$variant,)+
                    _ => Self::Unknown(text),
                }
            }
        }

        impl $name {
            /// As Stripe writes it.
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }
    };
}

statuses! {
    /// Of a Checkout Session.
    SessionStatus {
        /// It can be paid.
        Open = "open",
        /// The customer is done; whether it is paid, [`PaymentStatus`] says.
        Complete = "complete",
        /// It can no longer be paid.
        Expired = "expired",
    }
}

statuses! {
    /// Whether a Checkout Session is paid.
    PaymentStatus {
        /// The money is there.
        Paid = "paid",
        /// Not yet, and with konbini or bank transfers perhaps in days.
        Unpaid = "unpaid",
        /// There was nothing to pay.
        NoPaymentRequired = "no_payment_required",
    }
}

statuses! {
    /// Of a PaymentIntent.
    PaymentIntentStatus {
        /// Nothing tried yet, or the last try failed.
        RequiresPaymentMethod = "requires_payment_method",
        /// To be confirmed.
        RequiresConfirmation = "requires_confirmation",
        /// The customer has something to do: to pay at the konbini, say.
        RequiresAction = "requires_action",
        /// On its way.
        Processing = "processing",
        /// Authorised, to be captured.
        RequiresCapture = "requires_capture",
        /// Given up.
        Canceled = "canceled",
        /// The money is there.
        Succeeded = "succeeded",
    }
}

statuses! {
    /// Of a refund.
    RefundStatus {
        /// On its way.
        Pending = "pending",
        /// The customer has to name a bank account.
        RequiresAction = "requires_action",
        /// Given back.
        Succeeded = "succeeded",
        /// It came back.
        Failed = "failed",
        /// Called off.
        Canceled = "canceled",
    }
}

statuses! {
    /// Of a dispute. A warning is an inquiry: no money has moved.
    DisputeStatus {
        /// The bank asks, and has taken no money.
        WarningNeedsResponse = "warning_needs_response",
        /// It thinks about the answer.
        WarningUnderReview = "warning_under_review",
        /// It takes none.
        WarningClosed = "warning_closed",
        /// The bank has taken the money and waits for evidence.
        NeedsResponse = "needs_response",
        /// It looks at the evidence.
        UnderReview = "under_review",
        /// Decided for us.
        Won = "won",
        /// Decided for the payer.
        Lost = "lost",
        /// Settled before it began.
        Prevented = "prevented",
    }
}

statuses! {
    /// Of a subscription.
    SubscriptionStatus {
        /// The first payment is under way.
        Incomplete = "incomplete",
        /// The first payment failed; final.
        IncompleteExpired = "incomplete_expired",
        /// Free for now.
        Trialing = "trialing",
        /// Paid.
        Active = "active",
        /// The last payment failed and is tried again.
        PastDue = "past_due",
        /// Ended; final.
        Canceled = "canceled",
        /// The last payment failed for good.
        Unpaid = "unpaid",
        /// A trial ended without a payment method.
        Paused = "paused",
    }
}

impl SubscriptionStatus {
    /// Whether it has ended, and will never be anything else.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::IncompleteExpired | Self::Canceled)
    }
}

statuses! {
    /// Of an invoice.
    InvoiceStatus {
        /// Not final yet.
        Draft = "draft",
        /// To be paid.
        Open = "open",
        /// Paid.
        Paid = "paid",
        /// Given up.
        Uncollectible = "uncollectible",
        /// Withdrawn.
        Void = "void",
    }
}

statuses! {
    /// What an invoice was made for.
    InvoiceReason {
        /// A subscription's first period.
        Create = "subscription_create",
        /// A further period.
        Cycle = "subscription_cycle",
        /// A change within a period.
        Update = "subscription_update",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_is_never_taken_for_something_settled() {
        for (text, expected) in [
            (r#""paid""#, PaymentStatus::Paid),
            (r#""Paid""#, PaymentStatus::Unknown("Paid".into())),
            (
                r#""partly_paid""#,
                PaymentStatus::Unknown("partly_paid".into()),
            ),
            ("null", PaymentStatus::Unknown(String::new())),
        ] {
            let parsed: PaymentStatus = serde_json::from_str(text).unwrap();
            assert_eq!(parsed, expected, "{text}");
        }
        assert!(serde_json::from_str::<PaymentStatus>("1").is_err());
        assert_eq!(SubscriptionStatus::PastDue.as_str(), "past_due");
    }
}
