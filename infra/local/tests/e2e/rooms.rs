//! `rooms`, from the enrollment to the rate: every endpoint, schedule and event, over HTTP and
//! through the template's schedules and rules.

mod attendance;
mod avoid;
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
mod racing;
mod schedule;
mod together;
pub mod told;
mod walk_in;
mod weekly;
