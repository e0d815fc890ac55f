//! orgs: organisations and those who belong to them.
//!
//! [`caller`] finds who calls, [`organization`], [`member`], [`invitation`] and [`seconds`] hold what is
//! stored, [`user`] what is shown of a member, [`time`](mod@time) how times are, [`audit`] who did what,
//! [`disabling`] which Firebase accounts are to be disabled.
//!
//! The table, `ORGS_TABLE` (keys `pk` / `sk`, stream of new images; all reads are consistent):
//!
//! | what | key |
//! |---|---|
//! | an organisation, with what its rules need ¹ | `ORG#<org>` / `ORG` |
//! | a member | `ORG#<org>` / `MEMBER#<user>` |
//! | where somebody stands ², with the membership | `CALLER#<user>`, `CALLER#<uid>` / `CALLER` |
//! | an invitation, twice | `ORG#<org>` / `INVITATION#<invitation>`, `EMAIL#<address>` / `<org>` |
//! | its token's digest | `ORG#<org>` / `TOKEN#<sha256>` |
//! | seconds of detection that are left | `SECONDS#<org>#<period>#<bucket>` / `SECONDS` |
//! | a project | `ORG#<org>` / `PROJECT#<project>`, for its creator's list `MINE#<org>#<user>` / `PROJECT#<project>` |
//! | an export | `PROJECT#<project>` / `EXPORT#<export>` |
//! | a Firebase account to be disabled | `DISABLINGS` / `<uid>` |
//! | who did what to whom | `AUDIT#<month>` / `<time>#<id>` |
//!
//! ¹ seats, how many members, which admins, the invitations with their ends, a version: each change of who
//! belongs to it is a transaction with this item and its version as a condition.
//! ² read by each request, beside whether the account is still there (in `IDENTITY_TABLE`:
//! `enishi_shared::accounts`).

pub mod accept;
pub mod audit;
pub mod caller;
pub mod change_role;
pub mod close;
pub mod close_organization;
pub mod create_user;
pub mod delete_user;
pub mod disabling;
pub mod erase;
pub mod events;
pub mod find_organization;
pub mod find_user;
pub mod invitation;
pub mod invitations;
pub mod invite;
pub mod join;
pub mod letters;
pub mod list;
pub mod mail;
pub mod member;
pub mod members;
pub mod membership;
pub mod organization;
pub mod ping;
pub mod remove_member;
pub mod seconds;
pub mod time;
pub mod update_organization;
pub mod update_user;
pub mod user;
pub mod users;
pub mod withdraw_invitation;

use enishi_shared::{
    Function,
    app::{Check, check},
};

/// The configurations that can be of a wrong form.
pub const CHECKS: &[Check] = &[
    check::<organization::FreeSeats>,
    check::<seconds::FreeSeconds>,
];

/// Every function of this service.
pub const FUNCTIONS: &[Function] = &[
    ping::FUNCTION,
    create_user::FUNCTION,
    users::FUNCTION,
    find_user::FUNCTION,
    update_user::FUNCTION,
    delete_user::FUNCTION,
    invite::FUNCTION,
    invitations::FUNCTION,
    withdraw_invitation::FUNCTION,
    accept::FUNCTION,
    mail::FUNCTION,
    find_organization::FUNCTION,
    update_organization::FUNCTION,
    close_organization::FUNCTION,
    close::FUNCTION,
    members::FUNCTION,
    change_role::FUNCTION,
    remove_member::FUNCTION,
    erase::FUNCTION,
];
