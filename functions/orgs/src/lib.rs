//! orgs: organisations and those who belong to them.
//!
//! | function | endpoint or event | what |
//! |---|---|---|
//! | [`ping`] | `GET /v1/service/connection/ping` | whether it is there |
//! | [`create_user`] | `POST /v1/service/users` | signs up, with an organisation or by an invitation |
//! | [`users`] | `GET /v1/service/users` | my organisation's users, or me |
//! | [`find_user`], [`update_user`], [`delete_user`] | `GET`, `PUT`, `DELETE /v1/service/users/{user_id}` | one |
//! | [`invite`], [`invitations`] | `POST`, `GET /v1/service/invitations` | invites an address; whom we have invited |
//! | [`withdraw_invitation`] | `DELETE /v1/service/invitations/{invitation_id}` | takes it back |
//! | [`mail`] | `orgs.invited` | the invitation's letter |
//! | [`accept`] | `POST /v1/service/invitations/accept` | comes to an organisation |
//! | [`find_organization`], [`update_organization`] | `GET`, `PUT /v1/service/organizations/{organization_id}` | my organisation |
//! | [`close_organization`] | `DELETE /v1/service/organizations/{organization_id}` | closes it |
//! | [`close`] | `orgs.closed` | erases what it leaves |
//! | [`members`] | `GET /v1/service/organization_members` | who belongs to it |
//! | [`change_role`], [`remove_member`] | `PUT`, `DELETE /v1/service/organization_members/{user_id}` | as what, or no more |
//! | [`erase`] | `account.deleted` | takes out who has closed their account |
//! | [`create_project`], [`projects`] | `POST`, `GET /v1/service/projects` | makes a project; my projects, or my organisation's |
//! | [`find_project`], [`update_project`], [`delete_project`] | `GET`, `PUT`, `DELETE /v1/service/projects/{project_id}` | one |
//! | [`create_export`] | `POST /v1/service/exports` | notes that a video was exported |
//! | [`usage`] | `GET /v1/service/usage` | the seconds that are spent and left |
//! | [`create_license`], [`licenses`] | `POST`, `GET /v1/service/licenses` | opens a licence's Checkout; my organisation's licence |
//! | [`update_license`] | `PUT`, `POST /v1/service/licenses/{license_id}` | more seats, fewer, its end, that it goes on |
//! | [`portal`](mod@portal) | `POST /v1/service/portal` | Stripe's pages for the card and the invoices |
//! | [`payments`](mod@payments) | `GET /v1/service/payments` | the organisation's invoices |
//! | [`license`](mod@license) | `payment.*` of licences, `stripe.customer.subscription.*`, `stripe.invoice.*` | makes licence, seats, seconds and invoices what Stripe says |
//! | [`disable`] | `orgs.user_deleted` | disables the Firebase account of who was deleted |
//! | [`sweep`] | every five minutes | does what could not be done then |
//!
//! [`caller`] finds who calls, [`organization`], [`member`], [`invitation`], [`seconds`], [`licensing`], [`invoices`]
//! and [`project`] hold what is stored, [`membership`] how somebody comes and goes, [`join`] how with an invitation, [`user`] what is
//! shown of a member, [`list`] lists, [`letters`] what is written, [`time`](mod@time) how times are, [`events`]
//! what is announced, [`audit`] who did what, [`plans`] what can be bought, [`follow`] how a licence follows Stripe,
//! [`grants`] which seconds an invoice grants, [`disabling`] which Firebase accounts are to be disabled.
//!
//! The table, `ORGS_TABLE` (keys `pk` / `sk`, stream of new images; all reads are consistent):
//!
//! | access pattern | key | requests | capacity units |
//! |---|---|---|---|
//! | who calls | `CALLER#<user>` or `CALLER#<uid>` / `CALLER`, with the account ² | 1 batch get | 2 R |
//! | note a log-in | both, and the member | 1 transaction | 6 W |
//! | an organisation, with what its rules need ¹ | `ORG#<org>` / `ORG` | with others | 1–8 R |
//! | a member | `ORG#<org>` / `MEMBER#<user>` | with it | 1 R |
//! | an organisation's members | the same | 1 query | 1 R for each 4 KB |
//! | sign up, come, leave, get another role | ¹, the member, where they stand (2), audit; ² account, names, a hold | 1 transaction | 12–30 W |
//! | invite, take an invitation back | ¹, `ORG#<org>` / `INVITATION#<invitation>`, `EMAIL#<address>` / `<org>`, audit, outbox | 1 transaction | 10–14 W |
//! | whom an address is invited by | `EMAIL#<address>`, then the organisations | 1 query, 1 batch get | 2 R |
//! | which invitation a token is good for | `ORG#<org>` / `TOKEN#<sha256>`, then that with ¹ | 2 batch gets | 3 R |
//! | count invitations | `THROTTLE#<what>#<whose>` / `<window>` | 1 update | 1 W |
//! | seconds of detection that are left | `SECONDS#<org>#<period>#<bucket>` / `SECONDS` | 1 batch get | 10 R |
//! | what admins were told to be spent | `SECONDS#<org>#<period>` / `TOLD#<granted>` | with these, 1 transaction | 1 R, 4 W and 2 W a letter |
//! | what a member has spent of them | `SPENT#<org>#<period>` / `<user>` | 1 query | 1 R for each 4 KB |
//! | make a project | both of the next row, a bucket, what its maker has spent; they still belong; a throttle, ¹; what is left then | 1 update, 2 batch gets, 1 transaction | 1 W, from 12 R, from 10 W |
//! | ask for a licence, change it | ¹, `LICENSES` / `<due>#<org>`, audit; its payment | 1 transaction | 6–10 W |
//! | follow Stripe | ¹, `LICENSES` / `<due>#<org>`, the next row's; with a grant the buckets of one or two periods | 2 batch gets, 1 transaction | 2 R, 4–50 W |
//! | an organisation's invoices | `INVOICES#<org>` / `<payment>` | 1 query | 1 R for each 4 KB |
//! | licences that are due | `LICENSES` / `<due>#<org>` | 1 query | 1 R for each 4 KB |
//! | a project, in two lists | `ORG#<org>`, `MINE#<org>#<user>` / `PROJECT#<project>` | 1 get, 1 query, 1 transaction | 1 R, 1 R for each 4 KB, 4 W |
//! | an export | `EXPORTS#<org>` / `<export>`; the project is there, its maker still belongs | 1 get, 1 transaction | 1 R, 6 W |
//! | Firebase accounts to be disabled | `DISABLINGS` / `<uid>` | 1 query | 1 R for each 4 KB |
//! | who did what to whom | `AUDIT#<month>` / `<time>#<id>` | with it | 2 W |
//!
//! ¹ seats, how many members, which admins, the invitations with their ends, the licence, what was granted, a version: each change of who
//! belongs to it is a transaction with this item and its version as a condition.
//! ² in `IDENTITY_TABLE`: `enishi_shared::accounts`.
//!
//! A function's budget is that of somebody whose log-in was noted; the first token of another one takes a
//! request more, whichever function sees it.

pub mod accept;
pub mod audit;
pub mod caller;
pub mod change_role;
pub mod close;
pub mod close_organization;
pub mod create_export;
pub mod create_license;
pub mod create_project;
pub mod create_user;
pub mod delete_project;
pub mod delete_user;
pub mod disable;
pub mod disabling;
pub mod erase;
pub mod events;
pub mod find_organization;
pub mod find_project;
pub mod find_user;
pub mod follow;
pub mod grants;
pub mod invitation;
pub mod invitations;
pub mod invite;
pub mod invoices;
pub mod join;
pub mod letters;
pub mod license;
pub mod licenses;
pub mod licensing;
pub mod list;
pub mod mail;
pub mod member;
pub mod members;
pub mod membership;
pub mod organization;
pub mod payments;
pub mod ping;
pub mod plans;
pub mod portal;
pub mod project;
pub mod projects;
pub mod remove_member;
pub mod seconds;
pub mod sweep;
pub mod time;
pub mod update_license;
pub mod update_organization;
pub mod update_project;
pub mod update_user;
pub mod usage;
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
    check::<plans::Plans>,
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
    create_project::FUNCTION,
    projects::FUNCTION,
    find_project::FUNCTION,
    update_project::FUNCTION,
    delete_project::FUNCTION,
    create_export::FUNCTION,
    usage::FUNCTION,
    create_license::FUNCTION,
    licenses::FUNCTION,
    update_license::FUNCTION,
    portal::FUNCTION,
    payments::FUNCTION,
    license::FUNCTION,
    disable::FUNCTION,
    sweep::FUNCTION,
];
