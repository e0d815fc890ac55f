//! Tokens: how refresh tokens are spent, what lies in the table of them, and which access tokens
//! the verifying functions take.

mod access;
mod at_rest;
mod refresh;
