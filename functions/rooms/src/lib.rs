//! `rooms`: people enroll for tomorrow morning; a schedule draws them into small rooms and opens an
//! audio/video meeting for each.
//!
//! | function | fired by | what |
//! |---|---|---|
//! | [`enroll`] | `POST /register/` | enroll, or walk in after the draw |
//! | [`enrollments`] | `GET /register/` | my enrollments |
//! | [`withdraw`] | `DELETE /register/{date}` | withdraw: before the draw, and late until the start |
//! | [`meeting_url`] | `GET /meeting_url/{user_id}` | is my room drawn, and where is it |
//! | [`join`] | `GET /rooms/{room_id}/join` | into the room's meeting |
//! | [`participated`] | `POST /participated` | I am here |
//! | [`history`] | `GET /me/rooms` | my rooms and my rate |
//! | [`calendar`] | `POST` and `DELETE /me/calendar`, `GET /calendar/{token}` | my enrollments and rooms in my calendar |
//! | [`slots`] | `GET /slots` | when people meet |
//! | [`assign_room`] | `POST /assign_room/` | an operator draws |
//! | [`assign`] | each minute | draws the slots that are due: ten minutes before; once a night, enrolls those who come every week |
//! | [`open`] | each minute | reminds the evening before, tells who meets where after the draw, opens the meetings four minutes before, brings those together who are alone ([`tell`], [`gather`]) |
//! | [`close`] | each minute | attendance, rates, end of the meetings: after the slot; tells of what was [`missed`] |
//! | [`attendance`] | Chime's events | who is present, which meeting ended |
//! | [`erase`] | `account.deleted` | what is kept of somebody who left |
//! | [`schedule`] | `GET`, `PUT /me/schedule` | come every week, pause, or no more |
//! | [`avoid`] | `GET /me/avoid`, `PUT`, `DELETE /me/avoid/{user_id}` | never again with, and meet again |
//!
//! One table. A slot's items lie in eight partitions `SLOT#<slot>#P<0–7>`, people spread over them
//! by a hash of their id, rooms by their number; see [`seating`].
//!
//! | access pattern | key | requests | capacity units |
//! |---|---|---|---|
//! | enroll unless the gate is closed or they have gone | `…P` / `E#<user>` and `GATE#<n>`, `PERSON#<user>` | 1 | 4 read, 4 write |
//! | withdraw after the draw | `SLOTS` / `<slot>`, `…P` / `E#<user>` and `ROOM#<n>`, once their seat is found | 4 | 8 read, 6 write |
//! | one's enrollments | index `by-user`: `USER#<user>` / `<slot>` | 1 | 0.5 a 4 KB |
//! | everybody enrolled for a slot | `…P` / `E#…` | 8, or 1 a MB | 1 a 4 KB |
//! | somebody's room | `…P` / first `S#<hash>` not below theirs | 1 | 1 |
//! | a room with its people, state and meeting | `…P` / `R#<n>`, `ROOM#<n>`, `MEETING#<n>` | 1 | 3–8 |
//! | all rooms of a slot | `…P` / `MEETING#…` to `ROOM#…` | 8, or 1 a MB | 1 a 4 KB |
//! | a slot's draw | `SLOTS` / `<slot>` | 1 | 1 |
//! | the slots drawn before | `SLOTS` / `< <slot>` | 1 | 1–3 |
//! | who met in an earlier slot | `…P` / `S#…` | 8, or 1 a MB | 1 a 4 KB |
//! | somebody's attendance, or that they have gone | `PERSON#<user>` / `PERSON` | 1 | 1 |
//! | the wishes of those who are drawn, as first read | `…P` / `W#<n>` | 1 for 500 people | 1 a KB |
//! | whom somebody avoids, and who avoids them | `PERSON#<user>` / `PERSON` | 1 | 1 |
//! | an avoided person, and no more | both `PERSON#<user>` | 1 | 4 write |
//! | somebody's schedule | `WEEKLY#<0–7>` / `U#<user>` | 1 | 1 |
//! | … and the enrollments that follow from it | this, `…P` / `E#…`, `GATE#…`, `X#…` | 2 | 25 read, 30 write |
//! | all schedules, and how far a night's sweep came | `WEEKLY#<0–7>` / `U#…` and `NIGHT` | 2 for 100 | 4 read, 1 write |
//! | how far a slot's people were reminded | `…P0` / `TOLD` | 1 get, 1 put | 1 R, 1 W |
//! | people into another room | `E#<user>`, `ROOM#<n>` of both rooms | 1 | 8 write for one, 4 more each |
//! | a letter is announced | `OUTBOX#<what>-<slot>-<user>` / `OUTBOX` | 1 for 25 | 4 write each |
//! | who is told that a slot was missed | `…P` / `E#…`, then each and a letter to them | 9, and 1 a person | 1 a 4 KB, 4 write a person |
//! | the address of somebody's calendar feed | `PERSON#<user>` / `CALENDAR` | 1 | 1 read, 2 write |
//! | a name out of a room | `…P` / `R#<n>`, `ROOM#<n>`, then one of them | 2 | 3–10 read, 1–10 write |

pub mod assign;
pub mod assign_room;
pub mod attendance;
pub mod avoid;
pub mod calendar;
pub mod close;
pub mod company;
pub mod draw;
pub mod enroll;
pub mod enrollment;
pub mod enrollments;
pub mod erase;
pub mod gather;
pub mod history;
pub mod join;
pub mod letters;
pub mod meeting_url;
pub mod missed;
pub mod open;
pub mod participated;
pub mod person;
pub mod schedule;
pub mod seating;
pub mod slot;
pub mod slots;
pub mod tell;
pub mod weekly;
pub mod wishes;
pub mod withdraw;

use enishi_shared::{
    Function,
    app::{Check, check},
};

/// The configurations that can be of a wrong form.
pub const CHECKS: &[Check] = &[check::<slot::Slots>];

/// Every function of the service.
pub const FUNCTIONS: &[Function] = &[
    enroll::FUNCTION,
    enrollments::FUNCTION,
    withdraw::FUNCTION,
    meeting_url::FUNCTION,
    join::FUNCTION,
    participated::FUNCTION,
    history::FUNCTION,
    calendar::FUNCTION,
    slots::FUNCTION,
    assign_room::FUNCTION,
    assign::FUNCTION,
    open::FUNCTION,
    close::FUNCTION,
    attendance::FUNCTION,
    erase::FUNCTION,
    schedule::FUNCTION,
    avoid::FUNCTION,
];
