//! What every Enishi service stands on: one `App`, one error body, one store, one identity,
//! one way to announce events, to converse, to open meetings and to send mail.
//!
//! The services' own rules live in `functions/`; nothing here knows a product.

pub mod accounts;
pub mod app;
pub mod audit;
pub mod auth;
pub mod chime;
pub mod civil;
pub mod conversation;
pub mod email;
pub mod erasure;
pub mod error;
pub mod events;
pub mod firebase;
pub mod frontend;
pub mod function;
pub mod http;
pub mod idempotency;
pub mod language;
pub mod listing;
pub mod live;
pub mod mail;
pub mod media;
pub mod metric;
pub mod outbound;
pub mod page;
pub mod password;
pub mod patch;
pub mod payments;
pub mod reserve;
pub mod seal;
pub mod secrets;
pub mod session;
pub mod store;
pub mod stream;
pub mod stripe;
pub mod throttle;
pub mod token;
pub mod user_id;
pub mod username;
pub mod validate;

pub use app::App;
pub use error::{Error, FieldCode};
pub use function::Function;
pub use user_id::UserId;

/// The configurations that can be of a wrong form.
pub const CHECKS: &[app::Check] = &[
    app::check::<chime::ChimeQuota>,
    app::check::<token::TokenConfig>,
];

/// What a handler answers: its response, or the error body.
pub type Result<T, E = Error> = std::result::Result<T, E>;
