//! Temporary; being removed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(dead_code)]
mod identity;
mod support;
mod tokens;
