//! `platform`: what belongs to no single product.
//!
//! | function | fired by | what |
//! |---|---|---|
//! | [`openapi`] | `GET /openapi.json`, `GET /asyncapi.json` | the API's description, and that of the WebSocket's messages |
//! | [`docs`] | `GET /docs` | leads to the documentation for people |
//! | [`fallback`] | any other request | 404, or 405 with what the path takes |
//! | [`relay`] | the tables' streams | puts announcements on the bus |
//! | [`mail`] | `mail.requested` | sends a letter that a service has written |
//! | [`unsubscribe`] | `GET`, `POST /letters/unsubscribe` | ends letters of a kind, in one click |
//!
//! It has no table of its own. What it asks of `IDENTITY_TABLE`:
//!
//! | access pattern | key | requests | capacity units |
//! |---|---|---|---|
//! | was an event's letter sent, and to whom | `MAIL#<event id>` / `MAIL`, `ACCOUNT#<user_id>` / `ACCOUNT` | 1 batch get | 2 R |
//! | the letter is on its way | `MAIL#<event id>` / `MAIL` | 1 put | 1 W |
//! | somebody wants no more letters of a kind | `ACCOUNT#<user_id>` / `ACCOUNT` | 1 update | 1 W |

pub mod allow;
pub mod docs;
pub mod fallback;
pub mod mail;
pub mod openapi;
pub mod relay;
pub mod subscription;
pub mod unsubscribe;

use enishi_shared::Function;

/// Every function of the service.
pub const FUNCTIONS: &[Function] = &[
    openapi::FUNCTION,
    docs::FUNCTION,
    fallback::FUNCTION,
    relay::FUNCTION,
    mail::FUNCTION,
    unsubscribe::FUNCTION,
];
