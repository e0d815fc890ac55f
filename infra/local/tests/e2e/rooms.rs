//! `rooms`, from the enrollment to the rate: every endpoint, schedule and event, over HTTP and
//! through the template's schedules and rules.

mod attendance;
mod close;
pub mod crash;
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
