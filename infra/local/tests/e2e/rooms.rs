//! `rooms`, from the enrollment to the rate: every endpoint, schedule and event, over HTTP and
//! through the template's schedules and rules.

mod attendance;
mod avoid;
mod calendar;
mod close;
pub mod crash;
pub mod crash_wishes;
mod demo;
mod draw;
mod enroll;
mod enrollments;
mod erase;
mod faults;
pub mod hall;
mod history;
mod join;
mod meeting_url;
mod missed;
mod night;
mod racing;
mod schedule;
mod slots;
mod together;
pub mod told;
mod walk_in;
mod weekly;
mod withdrawals;
