//! orgs: organisations and those who belong to them.
//!
//! | function | endpoint or event | what |
//! |---|---|---|
//! | [`create_project`], [`projects`] | `POST`, `GET /v1/service/projects` | makes a project; my projects, or my organisation's |
//! | [`find_project`], [`update_project`], [`delete_project`] | `GET`, `PUT`, `DELETE /v1/service/projects/{project_id}` | one |
//! | [`create_export`] | `POST /v1/service/exports` | notes that a video was exported |
//! | [`usage`] | `GET /v1/service/usage` | the seconds that are spent and left |
//! | [`disable`] | `orgs.user.deleted` | disables the Firebase account of who was deleted |
//! | [`sweep`] | every five minutes | does what could not be done then |
//!
//! [`caller`] finds who calls, [`organization`], [`member`], [`invitation`] and [`seconds`] hold what is
//! stored, [`project`] what of a project, [`list`] how both are listed, [`user`] what is shown of a member, [`time`](mod@time) how times are, [`audit`] who did what,
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
//! | seconds of detection that were granted, and that are left | `SECONDS#<org>#<period>` / `GRANT`, `SECONDS#<org>#<period>#<bucket>` / `SECONDS` |
//! | what a member has spent of them | `SPENT#<org>#<period>` / `<user>` |
//! | a project | `ORG#<org>` / `PROJECT#<project>`, for its creator's list `MINE#<org>#<user>` / `PROJECT#<project>` |
//! | an export | `EXPORTS#<org>` / `<export>` |
//! | a Firebase account to be disabled | `DISABLINGS` / `<uid>` |
//! | who did what to whom | `AUDIT#<month>` / `<time>#<id>` |
//!
//! ¹ seats, how many members, which admins, the invitations with their ends, a version: each change of who
//! belongs to it is a transaction with this item and its version as a condition.
//! ² read by each request, beside whether the account is still there (in `IDENTITY_TABLE`:
//! `enishi_shared::accounts`).

pub mod audit;
pub mod caller;
pub mod create_export;
pub mod create_project;
pub mod create_user;
pub mod delete_project;
pub mod disable;
pub mod disabling;
pub mod events;
pub mod find_project;
pub mod invitation;
pub mod join;
pub mod list;
pub mod member;
pub mod membership;
pub mod organization;
pub mod project;
pub mod projects;
pub mod seconds;
pub mod sweep;
pub mod time;
pub mod update_project;
pub mod usage;
pub mod user;

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
    create_user::FUNCTION,
    create_project::FUNCTION,
    projects::FUNCTION,
    find_project::FUNCTION,
    update_project::FUNCTION,
    delete_project::FUNCTION,
    create_export::FUNCTION,
    usage::FUNCTION,
    disable::FUNCTION,
    sweep::FUNCTION,
];
