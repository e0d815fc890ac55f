//! Writes `src/pillars/jie.rs`, the table of the twelve jie (절기 節) of every year:
//!
//! ```sh
//! cargo run -p enishi-saju --example jie_table > functions/saju/src/pillars/jie.rs
//! ```
//!
//! The instants come from the calendar library tyme4rs, which reckons in Beijing time (UTC+8);
//! Korean time is an hour later. A test of `pillars` holds the committed table to this output.

use std::fmt::Write as _;

use jiff::civil::{Date, date};
use tyme4rs::tyme::solar::SolarTerm;

/// The years of the table.
const YEARS: std::ops::RangeInclusive<i16> = 1919..=2051;
/// The Julian date of 1970-01-01T00:00.
const EPOCH: f64 = 2_440_587.5;
/// Korean time minus Beijing time, in seconds.
const KST_AHEAD: f64 = 3600.0;

const HEAD: &str = "\
//! The instants at which the twelve jie (절기 節) fall, in Korean time (UTC+9).
//! Written by `examples/jie_table.rs`; do not edit.

/// The year of the table's first row.
pub const FIRST_YEAR: i16 = 1919;

/// `JIE[year - FIRST_YEAR][month - 1]`: the instant of the one jie of that civil month, in seconds
/// since the month began. January holds 소한(小寒), then 입춘(立春), 경칩(驚蟄), 청명(淸明),
/// 입하(立夏), 망종(芒種), 소서(小暑), 입추(立秋), 백로(白露), 한로(寒露), 입동(立冬) and
/// December 대설(大雪).
#[rustfmt::skip]
pub static JIE: [[u32; 12]; 133] = [
";

/// The table's source text.
pub fn render() -> String {
    let mut text = String::from(HEAD);
    for year in YEARS {
        let row = (1..=12).map(|month| instant(year, month).to_string());
        let row = row.collect::<Vec<_>>().join(", ");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "    [{row}], // {year}");
    }
    text.push_str("];\n");
    text
}

/// The jie of a civil month: seconds, Korean time, since the month began.
fn instant(year: i16, month: i8) -> i64 {
    // Term 0 is the winter solstice (동지 冬至) before the year, term 1 its first jie.
    let term = SolarTerm::from_index(year.into(), 2 * isize::from(month) - 1);
    let beijing = (term.get_julian_day().get_day() - EPOCH) * 86_400.0;
    (beijing + KST_AHEAD).round() as i64 - seconds_since_epoch(date(year, month, 1))
}

fn seconds_since_epoch(day: Date) -> i64 {
    day.duration_since(date(1970, 1, 1)).as_secs()
}

#[allow(dead_code, reason = "the test includes this file as a module")]
fn main() -> std::io::Result<()> {
    std::io::Write::write_all(&mut std::io::stdout(), render().as_bytes())
}
