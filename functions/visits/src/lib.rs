//! visits: students find employees of companies and meet them.
//!
//! | function | endpoint or event | what |
//! |---|---|---|
//! | [`register`] | `POST /api/users` | makes an account, or adds the profile to one |
//! | [`universities`], [`companies`] | `GET /api/universities`, `/api/companies` | choices |
//! | [`departments`], [`jobs`] | `GET /api/departments`, `/api/jobs` | choices |
//! | [`me`], [`update_me`] | `GET`, `PATCH /api/visits/me` | my profile |
//! | [`search`] | `GET /api/users` | students look for employees |
//! | [`slots`] | `GET /api/users/{speaker_id}/slots` | when a visit to one can begin |
//! | [`messages`], [`send_message`] | `GET`, `POST /api/messages` | what the two of a matching write |
//! | [`deliver`] | the table's stream | new messages to everybody's connections |
//! | [`notifications`], [`read_notifications`] | `GET`, `PUT /api/notifications` | what one was told |
//! | [`blocks`], [`block_visitor`] | `GET`, `POST /api/visits/blocks` | keeps two people apart |
//! | [`unblock_visitor`] | `DELETE /api/visits/blocks/{speaker_id}` | lifts one's own block |
//! | [`report`] | `POST /api/visits/reports` | tells the operators |
//! | [`reports`], [`decide_report`] | `GET`, `PUT /api/visits/operator/reports` | what they were told, and what they make of it |
//! | [`certificates`] | `POST /api/certificates` | where to send the pictures that show who one is |
//! | [`submit_certificates`] | `POST /api/certificates/submit` | hands them in |
//! | [`certificate_queue`] | `GET /api/operator/certificates` | whose wait for an operator |
//! | [`view_certificate`] | `POST /api/operator/certificates/{user_id}/view` | shows an operator somebody's |
//! | [`decide_certificate`] | `PUT /api/operator/certificates/{user_id}` | decides on them, and deletes them |
//! | [`request_matching`], [`matchings`] | `POST`, `GET /api/matching` | a student asks an employee; my matchings |
//! | [`find_matching`], [`update_matching`] | `GET`, `PUT /api/matching/{matching_id}` | one; accept, decline, cancel, propose |
//! | [`book_meeting`] | `POST /api/meeting` | books what was agreed |
//! | [`join`] | `GET /api/meeting/{matching_id}/join` | into the meeting of a paid visit |
//! | [`attendance`] | Chime's events | who is there, which meeting ended |
//! | [`pay`] | `POST /api/payment` | the student pays for what is booked |
//! | [`settle`] | `payment.settled` of appointments | the visit takes place, or the money goes back |
//! | [`refund`] | `visits.refund_owed` | gives back what is owed |
//! | [`consent`] | `PUT /api/meeting/{matching_id}/recording` | consents to being recorded, or withdraws |
//! | [`withdraw`] | `visits.withdrawn` | ends the matchings of who is taken out |
//! | [`erase`] | `account.deleted` | what is kept of somebody who left |
//! | [`sweep`] | each minute | ends matchings that wait for too long, reminds of visits and ends them, deletes messages that have ended; erases the documents of who left once more, in case one was still on its way |
//!
//! [`profile`], [`choice`] and [`card`] hold what is stored, [`contact`] what a text must not tell,
//! [`state`] the states of a matching, [`matching`] and [`busy`] how it and its time are stored, [`advance`] how a
//! step of it is committed, [`meeting`] and [`end`] what becomes of its meeting, [`recording`] how it
//! is recorded, [`letters`] what is written about it, [`availability`] when somebody has time. The
//! messages of a matching are a conversation of [`enishi_shared::conversation`].
//!
//! The table, `VISITS_TABLE` (keys `pk` / `sk`; all reads are consistent but those of the index
//! `due`, which has nothing but keys):
//!
//! | access pattern | key | requests | capacity units |
//! |---|---|---|---|
//! | sign up | profile, the id that others know, choices nobody made before, and ¹ account, e-mail, session, outbox (and idempotency) | 1 batch get, 1 transaction | 2 R, 12–16 W (14–18) |
//! | add the profile to an account | the same without e-mail and outbox | 1 batch get, 1 transaction | 2 R, 8–12 W (10–14) |
//! | a choice, by its id or by its name, of which the id is made | `CHOICE#<kind>#<id>` / `CHOICE` | 1 batch get | 1 R each |
//! | the choices that begin with something | `CHOICES#<kind>` / `<folded name>` | 1 query | 0.5–2 R |
//! | somebody's profile | `USER#<user>` / `PROFILE` | 1 get | 1 R |
//! | a place in the queue of operators | `REVIEWS` / `<time>#<user>` | with the profile; 1 query | 1 W; 0.5–2 R |
//! | that an operator looked at or decided on documents | `AUDIT#<month>` / `<time>#<id>` | 1 transaction | 2 W, with what was decided on from 8 W |
//! | documents to be erased again | `ERASURES` / `<time>#<user>` | 1 put; 1 query, 1 delete each | 1 W; 1 R, 1 W each |
//! | count an upload, message, block or report | `THROTTLE#<what>#<user>` / `<window>` | 1 update | 1 W |
//! | change the profile | profile, choices nobody made before, cards, outbox | 1 transaction | 2–6 W, and 2 for each KB of each card |
//! | whose the id is that others know | `VISITOR#<visitor_id>` / `VISITOR` | 1 get | 1 R |
//! | whom a student finds ³ | `FIND#<company>#<job>#<department>#<position>` / `<visitor_id>` | 1 query | 1 R for each 4 KB of cards |
//! | when a visit can begin | both profiles, `VISITOR#<visitor_id>`, a block, and `BUSY#<user>` / `<start of a quarter of an hour>` of both | 2 batch gets, 2 queries | 5–40 R |
//! | the messages of a matching | `CHAT#<matching>` / `MESSAGE#<seq>`, with the chat, the profile, a block | 1 get, 1 batch get, 1 query | 4 R and 1 a 4 KB |
//! | send a message | the chat, the message, its client id, both memberships; the profile and a block stand | 1 get, 1 update, 1 batch get, 1 transaction | 5 R, 15 W |
//! | what somebody was told, newest first | `NOTICES#<user>` / `<uuidv7>`, with the profile | 1 get, 1 query | 2 R |
//! | mark up to 50 notices as read | these, and the profile | 1 batch get, 1 transaction | 1 R, 2 W each |
//! | block, lift a block | both rows; both profiles stand | 1–2 gets, 1 batch get, 1 transaction | 3 R, 4–8 W |
//! | reports that wait, the oldest first | `REPORTS` / `<uuidv7>` | 1 put; 1 query | 2 W; 0.5–2 R |
//! | decide on a report | that, `REPORTS#<month>` / `<uuidv7>`, the audit, the profile, cards, outbox | 1 batch get, 1 get, 1 transaction | 3 R, 6–50 W |
//! | whom somebody does not meet | `BLOCKS#<user>` / `<other user>` | 1 query | 1 R |
//! | ask for a visit | matching, record, its places below, chat, both profiles, notice, outbox (and idempotency) | 2 batch gets, 1 update, 1 transaction | 4 R, from 33 W |
//! | a matching | `MATCHING#<id>` / `MATCHING` | 1 get | 1–2 R |
//! | what was done to it | `MATCHING#<id>` / `STEP#<version>` | with the matching; 1 get | 2 W; 1 R |
//! | somebody's matchings, the newest first | `USER#<user>` / `MATCHING#<id>` | 1 query, 1 batch get, and 1 for names | 1 R and 1–2 each |
//! | those that are not over | `OPEN#<user>` / `<id>` | 1 query | 1 R |
//! | those that are due, meetings to be looked at, and conversations that have ended | `due` of index `due`: `MATCHING`, `MEETING`, `CONVERSATION`, by `due_at` | 1 query a hundred | 1 R |
//! | join a meeting | the matching, its meeting's record `MATCHING#<id>` / `MEETING`, and `MATCHING#<id>` / `PRESENCE` | 1 batch get; to open it 3 updates | 3–4 R; 4–6 W |
//! | that somebody was there | `MATCHING#<id>` / `PRESENCE`, with the matching and its meeting's record | 1 get, 2 updates | 1–2 R, 3–4 W |
//! | the end of a visit | both, and a step | 1 batch get, 1–2 transactions, and the step's | 3–4 R, from 10 W |
//! | a step of one | matching, record, profiles, notices, outbox | 1 get, 1 transaction | 1–2 R, from 8 W |
//! | book, move or free | with the step: cells, ¹ accounts, chat | | from 26 W |
//! | pay | the matching, record, ² the payment | 1 get, 1 transaction, and 2 of ² | 1–2 R, 9 W |
//! | the recording of a meeting: consents, captures, file ⁴ | `MATCHING#<id>` / `RECORDING` | with the matching and its meeting: 1 batch get, 1–2 puts | 3–4 R, 1–2 W, and 1–2 for `due` |
//! | recordings with something to do | `due` of index `due`: `RECORDING`, by `due_at` | 1 query a hundred | 1 R |
//! | when somebody is booked | `BUSY#<user>` / `<start of a quarter of an hour>` | 1 query | 1 R |
//!
//! ¹ in `IDENTITY_TABLE`: `enishi_shared::accounts`.
//! ² in `PAYMENTS_TABLE`: `enishi_shared::payments`.
//! ³ ids, the job's name, and `*` for what may be anything: up to 16 cards a speaker ([`card`]).
//! ⁴ what is heard lies in `RECORDINGS_BUCKET`: `captures/<id>/<Chime's id>/audio/`, five seconds a file, and
//! `recordings/<id>/audio/`.

pub mod advance;
pub mod attendance;
pub mod audit;
pub mod availability;
pub mod block;
pub mod block_visitor;
pub mod blocks;
pub mod book_meeting;
pub mod busy;
pub mod card;
pub mod certificate;
pub mod certificate_queue;
pub mod certificates;
pub mod chat;
pub mod choice;
pub mod choices;
pub mod companies;
pub mod consent;
pub mod contact;
pub mod decide_certificate;
pub mod decide_report;
pub mod deliver;
pub mod departments;
pub mod end;
pub mod erase;
pub mod events;
pub mod find_matching;
pub mod jobs;
pub mod join;
pub mod letters;
pub mod matching;
pub mod matchings;
pub mod me;
pub mod meeting;
pub mod message;
pub mod messages;
pub mod notice;
pub mod notifications;
pub mod pay;
pub mod profile;
pub mod read_notifications;
pub mod recording;
pub mod refund;
pub mod register;
pub mod report;
pub mod reports;
pub mod request_matching;
pub mod search;
pub mod send_message;
pub mod settle;
pub mod shown_matching;
pub mod slots;
pub mod state;
pub mod submit_certificates;
pub mod sweep;
pub mod unblock_visitor;
pub mod universities;
pub mod update_matching;
pub mod update_me;
pub mod view_certificate;
pub mod withdraw;

use enishi_shared::{
    Function,
    app::{Check, check},
};

/// The configurations that can be of a wrong form.
pub const CHECKS: &[Check] = &[
    check::<request_matching::OpenRequests>,
    check::<meeting::Grace>,
    check::<pay::YenPerMinute>,
];

/// Every function of this service.
pub const FUNCTIONS: &[Function] = &[
    register::FUNCTION,
    universities::FUNCTION,
    companies::FUNCTION,
    departments::FUNCTION,
    jobs::FUNCTION,
    me::FUNCTION,
    update_me::FUNCTION,
    search::FUNCTION,
    certificates::FUNCTION,
    submit_certificates::FUNCTION,
    certificate_queue::FUNCTION,
    view_certificate::FUNCTION,
    decide_certificate::FUNCTION,
    request_matching::FUNCTION,
    matchings::FUNCTION,
    find_matching::FUNCTION,
    update_matching::FUNCTION,
    book_meeting::FUNCTION,
    join::FUNCTION,
    attendance::FUNCTION,
    pay::FUNCTION,
    settle::FUNCTION,
    refund::FUNCTION,
    consent::FUNCTION,
    withdraw::FUNCTION,
    erase::FUNCTION,
    sweep::FUNCTION,
    slots::FUNCTION,
    messages::FUNCTION,
    send_message::FUNCTION,
    deliver::FUNCTION,
    notifications::FUNCTION,
    read_notifications::FUNCTION,
    blocks::FUNCTION,
    block_visitor::FUNCTION,
    unblock_visitor::FUNCTION,
    report::FUNCTION,
    reports::FUNCTION,
    decide_report::FUNCTION,
];
