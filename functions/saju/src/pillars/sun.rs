//! An astronomical reference for the tests, independent of the library behind the table: the
//! sun's apparent longitude from the planetary theory VSOP87 (Bretagnon & Francou 1988), with the
//! corrections of Meeus, "Astronomical Algorithms", chapters 22 and 25, and ΔT by Espenak & Meeus
//! (NASA, "Polynomial Expressions for Delta T").
//!
//! The longitude is right to a few hundredths of an arc second, which is about a second of time.
//! ΔT is a fit to measurements up to 2005 and a forecast thereafter: that is where two reckonings
//! part, by some seconds in the past and some twenty by 2050.

use std::f64::consts::{PI, TAU};

use jiff::civil::{Date, date};

/// The jie of a civil month: seconds since 1970-01-01T00:00, Korean time.
pub fn jie(year: i16, month: i8) -> f64 {
    // January's 소한(小寒) is at 285°, February's 입춘(立春) at 315°, and so on.
    let target = (285.0 + 30.0 * f64::from(month - 1)).to_radians();
    let epoch = f64::from(days_since_epoch(date(year, month, 6))) + 2_440_587.5;
    let mut dynamical = epoch;
    // The sun moves by a turn in a year; each step gains two digits.
    for _ in 0..4 {
        let ahead = (target - apparent_longitude(dynamical) + PI).rem_euclid(TAU) - PI;
        dynamical += ahead / TAU * 365.2422;
    }
    let decimal_year = f64::from(year) + (f64::from(month) - 0.5) / 12.0;
    let universal = (dynamical - 2_440_587.5) * 86_400.0 - delta_t(decimal_year);
    universal + 9.0 * 3600.0
}

/// Days since 1970-01-01, by the Julian day number of Fliegel & Van Flandern (1968).
pub fn days_since_epoch(day: Date) -> i32 {
    julian_day_number(day) - 2_440_588
}

/// The Julian day number of a civil date, by the formula of Fliegel & Van Flandern (1968).
pub fn julian_day_number(day: Date) -> i32 {
    let (y, m, d) = (
        i32::from(day.year()),
        i32::from(day.month()),
        i32::from(day.day()),
    );
    let january = (m - 14) / 12;
    (1461 * (y + 4800 + january)) / 4 + (367 * (m - 2 - 12 * january)) / 12
        - (3 * ((y + 4900 + january) / 100)) / 4
        + d
        - 32_075
}

/// The sun's apparent geocentric longitude at a Julian date of dynamical time, in radians.
fn apparent_longitude(date: f64) -> f64 {
    let earth = vsop87::vsop87d::earth(date);
    // From VSOP87's frame to the FK5, and the light's 8.3 minutes on its way.
    let arc_seconds = -0.090_33 - 20.4898 / earth.distance() + nutation(date);
    earth.longitude() + PI + (arc_seconds / 3600.0).to_radians()
}

/// Nutation in longitude, in arc seconds: the IAU 1980 series to 0.001″ (Meeus, table 22.A).
fn nutation(date: f64) -> f64 {
    let t = (date - 2_451_545.0) / 36_525.0;
    // The moon's elongation, the sun's and the moon's anomaly, the moon's argument of latitude,
    // its node; degrees.
    let arguments = [
        297.850_36 + 445_267.111_480 * t - 0.001_914_2 * t * t,
        357.527_72 + 35_999.050_340 * t - 0.000_160_3 * t * t,
        134.962_98 + 477_198.867_398 * t + 0.008_697_2 * t * t,
        93.271_91 + 483_202.017_538 * t - 0.003_682_5 * t * t,
        125.044_52 - 1_934.136_261 * t + 0.002_070_8 * t * t,
    ];
    TERMS
        .iter()
        .map(|(multiples, constant, secular)| {
            let angle: f64 = multiples
                .iter()
                .zip(arguments)
                .map(|(multiple, argument)| f64::from(*multiple) * argument)
                .sum();
            (constant + secular * t) * angle.to_radians().sin() / 10_000.0
        })
        .sum()
}

/// Multiples of the five arguments; coefficient in 0.0001″, and its change a century.
#[rustfmt::skip]
const TERMS: [([i8; 5], f64, f64); 35] = [
    ([ 0,  0,  0,  0, 1], -171_996.0, -174.2),
    ([-2,  0,  0,  2, 2],  -13_187.0,   -1.6),
    ([ 0,  0,  0,  2, 2],   -2_274.0,   -0.2),
    ([ 0,  0,  0,  0, 2],    2_062.0,    0.2),
    ([ 0,  1,  0,  0, 0],    1_426.0,   -3.4),
    ([ 0,  0,  1,  0, 0],      712.0,    0.1),
    ([-2,  1,  0,  2, 2],     -517.0,    1.2),
    ([ 0,  0,  0,  2, 1],     -386.0,   -0.4),
    ([ 0,  0,  1,  2, 2],     -301.0,    0.0),
    ([-2, -1,  0,  2, 2],      217.0,   -0.5),
    ([-2,  0,  1,  0, 0],     -158.0,    0.0),
    ([-2,  0,  0,  2, 1],      129.0,    0.1),
    ([ 0,  0, -1,  2, 2],      123.0,    0.0),
    ([ 2,  0,  0,  0, 0],       63.0,    0.0),
    ([ 0,  0,  1,  0, 1],       63.0,    0.1),
    ([ 2,  0, -1,  2, 2],      -59.0,    0.0),
    ([ 0,  0, -1,  0, 1],      -58.0,   -0.1),
    ([ 0,  0,  1,  2, 1],      -51.0,    0.0),
    ([-2,  0,  2,  0, 0],       48.0,    0.0),
    ([ 0,  0, -2,  2, 1],       46.0,    0.0),
    ([ 2,  0,  0,  2, 2],      -38.0,    0.0),
    ([ 0,  0,  2,  2, 2],      -31.0,    0.0),
    ([ 0,  0,  2,  0, 0],       29.0,    0.0),
    ([-2,  0,  1,  2, 2],       29.0,    0.0),
    ([ 0,  0,  0,  2, 0],       26.0,    0.0),
    ([-2,  0,  0,  2, 0],      -22.0,    0.0),
    ([ 0,  0, -1,  2, 1],       21.0,    0.0),
    ([ 0,  2,  0,  0, 0],       17.0,   -0.1),
    ([ 2,  0, -1,  0, 1],       16.0,    0.0),
    ([-2,  2,  0,  2, 2],      -16.0,    0.1),
    ([ 0,  1,  0,  0, 1],      -15.0,    0.0),
    ([-2,  0,  1,  0, 1],      -13.0,    0.0),
    ([ 0, -1,  0,  0, 1],      -12.0,    0.0),
    ([ 0,  0,  2, -2, 0],       11.0,    0.0),
    ([ 2,  0, -1,  2, 1],      -10.0,    0.0),
];

/// ΔT, dynamical minus universal time, in seconds, for a decimal year from 1900 to 2150.
fn delta_t(year: f64) -> f64 {
    let polynomial = |zero: f64, coefficients: &[f64]| {
        let t = year - zero;
        coefficients
            .iter()
            .rev()
            .fold(0.0, |sum, next| sum * t + next)
    };
    match year {
        ..1920.0 => polynomial(1900.0, &[-2.79, 1.494119, -0.0598939, 0.0061966, -0.000197]),
        ..1941.0 => polynomial(1920.0, &[21.20, 0.84493, -0.076100, 0.0020936]),
        ..1961.0 => polynomial(1950.0, &[29.07, 0.407, -1.0 / 233.0, 1.0 / 2547.0]),
        ..1986.0 => polynomial(1975.0, &[45.45, 1.067, -1.0 / 260.0, -1.0 / 718.0]),
        ..2005.0 => polynomial(
            2000.0,
            &[
                63.86,
                0.3345,
                -0.060374,
                0.0017275,
                0.000651814,
                0.00002373599,
            ],
        ),
        ..2050.0 => polynomial(2000.0, &[62.92, 0.32217, 0.005589]),
        _ => -20.0 + 32.0 * ((year - 1820.0) / 100.0).powi(2) - 0.5628 * (2150.0 - year),
    }
}

/// The examples that the sources print.
#[test]
fn the_reference_reproduces_the_examples_of_its_sources() {
    // Meeus, example 25.b, by the complete theory: 1992 October 13, 0h: 199°54′21.56″.
    let longitude = apparent_longitude(2_448_908.5)
        .to_degrees()
        .rem_euclid(360.0);
    assert!(
        (longitude - 199.905_989).abs() * 3600.0 < 0.05,
        "{longitude}"
    );
    // Meeus, example 22.a: 1987 April 10: −3.788″.
    assert!((nutation(2_446_895.5) + 3.788).abs() < 0.005);
    // NASA's table of measured values.
    for (year, seconds) in [
        (1950.0, 29.07),
        (1980.0, 50.54),
        (1990.0, 56.86),
        (2000.0, 63.83),
    ] {
        assert!((delta_t(year) - seconds).abs() < 0.3, "{year}");
    }
    assert_eq!(julian_day_number(date(2000, 1, 1)), 2_451_545);
    assert_eq!(julian_day_number(date(1957, 10, 4)), 2_436_116);
}
