//! payments: what people pay, whatever for, and what Stripe tells of it.
//!
//! | function | endpoint or event | what |
//! |---|---|---|
//! | `payments-webhook` | `POST /webhook/stripe` | keeps what Stripe tells, for the bus |
//! | `payments-ledger` | `stripe.checkout.session.*`, `stripe.refund.*`, `stripe.charge.dispute.*`, `stripe.invoice.*` | moves the payment to what Stripe says of it now |
//! | `payments-sweep` | every five minutes | asks about payments that wait for too long |
//! | `payments-list` | `GET /api/payments` | my payments |
//!
//! Payments are begun, called off, given back, passed on and taken back by the services they are for, with
//! [`enishi_shared::payments`], which also says how a payment moves. One way leads through it all:
//! webhook → outbox → relay → bus → ledger → outbox → relay → bus → the service.
//!
//! The table, `PAYMENTS_TABLE` (keys `pk` / `sk`; reads are consistent but for the index):
//!
//! | access pattern | key | requests | capacity units |
//! |---|---|---|---|
//! | keep an event of Stripe's, once | `OUTBOX#<evt_…>` / `OUTBOX` | 1 put | 1 W for each KB, mostly 3–5 |
//! | keep what cannot be read | `UNREADABLE#<sha256>` / `UNREADABLE` | 1 put | 1 W for each KB |
//! | a payment | `PAYER#<user_id>` / `PAYMENT#<payment_id>` | 1 get | 1 R |
//! | make or move a payment | the same; index `due` | 1 put | 2–4 W |
//! | … and announce it | and `OUTBOX#<event id>` / `OUTBOX` | 1 transaction | 6–8 W |
//! | somebody's payments, newest first | `PAYER#<user_id>` | 1 query | 1 R for each 4 KB, some 6 payments |
//! | payments that wait | index `due`: `due` = `PAYMENT`, by `due_at` | 1 query for each 100 | 0.5 R for each 4 KB |
//!
//! When an account is closed, nothing is erased here: the books must be kept for ten years (Japan's
//! Companies Act, article 432), what belongs to them for seven at least (Regulation for Enforcement
//! of the Corporation Tax Act, article 59). A payment holds the payer's id, which leads to nobody any
//! more, the service's reference, the lines, the sums and the names that Stripe has for it; no name,
//! no address, no card: those are at Stripe. What Stripe told is kept for thirty days as it came, and
//! may say what Stripe knows of the customer.

pub mod ledger;
pub mod list;
pub mod sweep;
pub mod webhook;

use enishi_shared::Function;

/// Every function of this service.
pub const FUNCTIONS: &[Function] = &[
    webhook::FUNCTION,
    ledger::FUNCTION,
    sweep::FUNCTION,
    list::FUNCTION,
];
