//! Buckets: people whose year, month and day pillars are the same and whose scores are therefore
//! the same. A date is one bucket, or two when a jie (절기 節) falls on it.

use std::{fmt, str::FromStr};

use jiff::civil::Date;

use super::{NOON, Pillars, in_range, is_past_term, pillars_without_hour, term_of_day};

/// The people born on one date, on one side of the jie that may fall on it.
///
/// Its text is the date, `1990-02-04`, for the side on which noon falls (that of everybody without
/// a birth time), and `1990-02-04~` for the other side of a jie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bucket {
    date: Date,
    side: Side,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Side {
    Noon,
    Other,
}

/// A text that is no bucket's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidBucket;

impl fmt::Display for InvalidBucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a bucket of births")
    }
}

impl std::error::Error for InvalidBucket {}

impl Bucket {
    /// The bucket of a date in range, before or after the jie of its civil month.
    pub(super) fn of(date: Date, past_term: bool) -> Self {
        let side = match past_term == is_past_term(date, NOON) {
            true => Side::Noon,
            false => Side::Other,
        };
        Self { date, side }
    }

    /// The buckets of a date: none outside the dates that are reckoned, two when a jie falls on
    /// it, else one. The side of noon comes first.
    pub fn all_of(date: Date) -> impl Iterator<Item = Self> {
        [Side::Noon, Side::Other]
            .into_iter()
            .filter_map(move |side| Self::existing(date, side))
    }

    fn existing(date: Date, side: Side) -> Option<Self> {
        let exists = in_range(date) && (side == Side::Noon || term_of_day(date).is_some());
        exists.then_some(Self { date, side })
    }

    /// The date of birth.
    pub fn date(&self) -> Date {
        self.date
    }

    /// The year, month and day pillars of everybody in the bucket; no hour.
    pub fn pillars(&self) -> Pillars {
        let noon = is_past_term(self.date, NOON);
        pillars_without_hour(self.date, noon == (self.side == Side::Noon))
    }

    /// A number within the year: twice the day of the year (1 to 366), one more for the other side
    /// of a jie: 2 to 733.
    pub fn code(&self) -> u16 {
        self.date.day_of_year() as u16 * 2 + u16::from(self.side == Side::Other)
    }

    /// The bucket of that year with that code; `None` when the year has none such.
    pub fn from_code(year: i16, code: u16) -> Option<Self> {
        let day = i16::try_from(code / 2).ok()?;
        let first = Date::new(year, 1, 1).ok()?;
        let date = first.with().day_of_year(day).build().ok()?;
        let side = match code % 2 {
            0 => Side::Noon,
            _ => Side::Other,
        };
        Self::existing(date, side)
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = match self.side {
            Side::Noon => "",
            Side::Other => "~",
        };
        write!(f, "{}{mark}", self.date)
    }
}

impl FromStr for Bucket {
    type Err = InvalidBucket;

    fn from_str(text: &str) -> Result<Self, InvalidBucket> {
        let (date, side) = match text.strip_suffix('~') {
            Some(date) => (date, Side::Other),
            None => (text, Side::Noon),
        };
        let date = date.parse().map_err(|_| InvalidBucket)?;
        let bucket = Self::existing(date, side).ok_or(InvalidBucket)?;
        // The one way to write it: the parser of dates knows several.
        match bucket.to_string() == text {
            true => Ok(bucket),
            false => Err(InvalidBucket),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::{
        ToSpan as _,
        civil::{date, time},
    };

    use super::*;
    use crate::pillars::{Birth, FIRST_DATE, LAST_DATE};

    fn dates() -> impl Iterator<Item = Date> {
        FIRST_DATE
            .series(1.day())
            .take_while(|date| *date <= LAST_DATE)
    }

    #[test]
    fn every_bucket_is_found_again_by_its_text_and_by_its_code() {
        let (mut all, mut two_sided) = (0, 0);
        for date in dates() {
            let buckets: Vec<Bucket> = Bucket::all_of(date).collect();
            all += buckets.len();
            two_sided += usize::from(buckets.len() == 2);
            for bucket in &buckets {
                assert_eq!(bucket.date(), date);
                assert_eq!(bucket.to_string().parse(), Ok(*bucket));
                assert!((2..=733).contains(&bucket.code()));
                assert_eq!(Bucket::from_code(date.year(), bucket.code()), Some(*bucket));
            }
            if let [noon, other] = buckets[..] {
                assert!(noon < other);
                assert_ne!(noon.pillars(), other.pillars());
                assert_eq!(noon.pillars().day, other.pillars().day);
            }
        }
        assert_eq!((all, two_sided), (47_848 + 12 * 131, 12 * 131));
    }

    #[test]
    fn every_minute_of_a_term_s_date_is_in_the_bucket_with_its_pillars() {
        for date in dates()
            .filter(|date| term_of_day(*date).is_some())
            .step_by(17)
        {
            let noon = Birth::new(date, None).unwrap();
            assert_eq!(noon.bucket().to_string(), date.to_string());
            let mut seen = std::collections::BTreeSet::new();
            for (hour, minute) in (0..24).flat_map(|hour| (0..60).map(move |it| (hour, it))) {
                let time = time(hour, minute, 0, 0);
                let birth = Birth::new(date, Some(time)).unwrap();
                let pillars = Pillars {
                    hour: None,
                    ..birth.pillars()
                };
                assert_eq!(birth.bucket().pillars(), pillars, "{date} {time}");
                seen.insert(birth.bucket());
            }
            assert!(seen.into_iter().eq(Bucket::all_of(date)), "{date}");
        }
    }

    #[test]
    fn ipchun_1990_parts_its_date() {
        // 1990-02-04 11:14 KST, shortly before noon.
        let texts: Vec<String> = Bucket::all_of(date(1990, 2, 4))
            .map(|it| it.to_string())
            .collect();
        assert_eq!(texts, ["1990-02-04", "1990-02-04~"]);
        let pillars = |text: &str| text.parse::<Bucket>().unwrap().pillars().to_string();
        assert_eq!(pillars("1990-02-04"), "경오(庚午) 무인(戊寅) 경자(庚子)");
        assert_eq!(pillars("1990-02-04~"), "기사(己巳) 정축(丁丑) 경자(庚子)");
    }

    #[test]
    fn what_is_no_bucket_is_refused() {
        for text in [
            "",
            "~",
            "1990-02-05~",
            "1990-02-04~~",
            "1990-02-30",
            "1919-12-31",
            "2051-01-01",
            "19900204",
            "1990-02-04 ",
            "+001990-02-04",
            "1990-02-04T10:00",
        ] {
            assert_eq!(text.parse::<Bucket>(), Err(InvalidBucket), "{text}");
        }
        for (year, code) in [
            (1990, 0),
            (1990, 1),
            (1990, 73),
            (1991, 732),
            (1919, 2),
            (2051, 2),
            (1990, u16::MAX),
        ] {
            assert_eq!(Bucket::from_code(year, code), None, "{year} {code}");
        }
        assert_eq!(Bucket::all_of(date(1919, 12, 31)).count(), 0);
    }
}
