//! `platform`: what belongs to no single product.
//!
//! | function | fired by | what |
//! |---|---|---|
//! | [`openapi`] | `GET /openapi.json` | the API's description |
//! | [`docs`] | `GET /docs` | the same for people |
//! | [`fallback`] | any other request | 404, or 405 with what the path takes |
//! | [`relay`] | the tables' streams | puts announcements on the bus |
//!
//! None of them reads or writes a table.

pub mod allow;
pub mod docs;
pub mod fallback;
pub mod openapi;
pub mod relay;

use enishi_shared::Function;

/// Every function of the service.
pub const FUNCTIONS: &[Function] = &[
    openapi::FUNCTION,
    docs::FUNCTION,
    fallback::FUNCTION,
    relay::FUNCTION,
];
