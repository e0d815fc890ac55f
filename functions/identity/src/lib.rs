//! identity: accounts, sessions, and the access tokens that every other service trusts.
//!
//! Accounts themselves, and how they are made, are `enishi_shared::accounts`: each product has a
//! sign-up of its own.
//!
//! | function | endpoint or event | what |
//! |---|---|---|
//! | `identity-signup` | `POST /signup` | makes an account, or adds the rooms profile to one |
//! | `identity-delete-me` | `DELETE /api/users/me` | closes the account |
//! | `identity-login` | `POST /login`, `POST /api/users/login` | begins a session |
//! | `identity-refresh` | `POST /api/auth/refresh` | spends a refresh token for the next tokens |
//! | `identity-logout` | `POST /api/auth/logout` | ends the session |
//! | `identity-begin-session` | `POST /api/session` | begins a market session with a Firebase ID token |
//! | `identity-renew-session` | `PUT /api/session` | spends a session key for the next |
//! | `identity-end-session` | `DELETE /api/session` | ends the session |
//! | `identity-forgot-password` | `POST /api/auth/password/forgot` | asks for a mail |
//! | `identity-reset-password` | `POST /api/auth/password/reset` | sets a new password, ends all sessions |
//! | `identity-verify-email` | `POST /api/auth/email/verify` | proves the address |
//! | `identity-jwks` | `GET /.well-known/jwks.json` | the public keys |
//! | `identity-mail` | `account.created`, `password.forgotten` | mails the links |
//! | `identity-erase` | `account.deleted` | what is left of a closed account |
//!
//! The table, `IDENTITY_TABLE` (keys `pk` / `sk`; all reads are consistent, no index):
//!
//! | access pattern | key | requests | capacity units |
//! |---|---|---|---|
//! | the account of a user | `ACCOUNT#<user_id>` / `ACCOUNT` | 1 get | 1 R |
//! | who has an e-mail | `EMAIL#<canonical>` / `EMAIL` | 1 get | 1 R |
//! | who has a username | `USERNAME#<canonical>` / `USERNAME` | 1 get | 1 R |
//! | whose a Firebase identity is | `FIREBASE#<uid>` / `FIREBASE`, with its e-mail | 1 batch get | 2 R |
//! | begin a session | `ACCOUNT#<user_id>` / `SESSION#<session_id>` | 1 put | 1 W |
//! | begin, renew a market session | session, `ACCOUNT#<user_id>` / `LOGIN#<time>#<digest>` ¹ | 1 transaction | 4 W |
//! | log in with Firebase, the first time | account, uid, e-mail, outbox, market session | 1 transaction | 12 W |
//! | … to an account that is there | account, uid, outbox, market session | 1 transaction | 10 W |
//! | a session with its account | `ACCOUNT#<user_id>` / `ACCOUNT`, `SESSION#<session_id>` | 1 batch get | 2 R |
//! | spend a refresh token | `ACCOUNT#<user_id>` / `SESSION#<session_id>` | 1 update | 1 W |
//! | end a session | session, outbox | 1 transaction | 4 W |
//! | sign up | account, e-mail, username, session, outbox (and idempotency) | 1 transaction | 10 W (12) |
//! | close the account | account, e-mail, username, uid, outbox | 1 transaction | 10 W |
//! | erase what is left of it | `ACCOUNT#<user_id>` / `SESSION#…`, `TOKEN#…` | 2 queries, 1 delete each | 1 R, 1 W each |
//! | add a profile | account, username, session (and idempotency) | 1 transaction | 6 W (8) |
//! | the token of a mail | `ACCOUNT#<user_id>` / `TOKEN#<sha256>` | 1 get; made in 1 transaction with its account | 1 R, 4 W |
//! | set a new password | account, token, outbox (and uid) | 1 transaction | 6 W (8) |
//! | verify the address | `ACCOUNT#<user_id>` / `ACCOUNT` | 1 update | 1 W |
//! | was an event's mail sent | `MAIL#<event id>` / `MAIL`, with the account or the e-mail | 1 batch get, 1 put | 2 R, 1 W |
//! | announce a forgotten password | `OUTBOX#<event id>` / `OUTBOX` | 1 put | 1 W |
//! | count an attempt | `THROTTLE#<action>#<subject>` / `<window>` | 1 update | 1 W (one more for each 70 attempts) |
//! | recognise a repeated creation | `IDEMPOTENCY#<sha256>` / `IDEMPOTENCY` | within the sign-up | |
//!
//! ¹ the market's LogInLog: each session key as its digest, for a year. Nothing reads it
//! but people who look into what happened.
//!
//! Passwords and tokens are stored as hashes only, and nothing that holds one is `Debug`.

pub mod begin_session;
pub mod delete_me;
pub mod end_session;
pub mod erase;
pub mod events;
pub mod forgot_password;
pub mod jwks;
pub mod login;
pub mod logout;
pub mod mail;
pub mod refresh;
pub mod renew_session;
pub mod reset_password;
pub mod session_key;
pub mod signup;
pub mod verify_email;

mod letters;
mod login_log;
mod one_time;
mod renewal;

use enishi_shared::{
    Function,
    app::{Check, check},
};

/// The configurations that can be of a wrong form.
pub const CHECKS: &[Check] = &[check::<renewal::Grace>];

/// Every function of this service.
pub const FUNCTIONS: &[Function] = &[
    signup::FUNCTION,
    delete_me::FUNCTION,
    login::FUNCTION,
    refresh::FUNCTION,
    logout::FUNCTION,
    begin_session::FUNCTION,
    renew_session::FUNCTION,
    end_session::FUNCTION,
    forgot_password::FUNCTION,
    reset_password::FUNCTION,
    verify_email::FUNCTION,
    jwks::FUNCTION,
    mail::FUNCTION,
    erase::FUNCTION,
];
