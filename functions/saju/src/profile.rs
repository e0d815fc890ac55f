//! A person's profile, and the place it gives them in the pool that recommendations are drawn
//! from.

use enishi_shared::{
    App, Error, Result, UserId,
    store::{Change, Key, Part, Table, Transaction, when},
};
use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, Time},
    tz::{Offset, TimeZone},
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    birthday::{Birthday, Calendar, Lunar},
    pillars::{Birth, Bucket},
    score::Side,
    standing::Standing,
};

/// What the product is called among those that an account has a profile of.
pub const PRODUCT: &str = "saju";
/// How old one must be, in completed years at Korean time.
pub const MIN_AGE: u8 = 19;

/// A person's gender.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// 남성
    Male,
    /// 여성
    Female,
    /// Neither.
    Other,
}

/// Whom somebody looks for.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// Men.
    Male,
    /// Women.
    Female,
    /// People who are neither.
    Other,
    /// Everyone.
    Any,
}

impl Gender {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Male, Self::Female, Self::Other];

    /// Whom people look for who do not say: the opposite gender, for `other` everyone.
    pub fn default_wanted(self) -> Wanted {
        match self {
            Self::Male => Wanted::Female,
            Self::Female => Wanted::Male,
            Self::Other => Wanted::Any,
        }
    }

    /// The wish that names this gender and no other.
    pub fn as_wanted(self) -> Wanted {
        match self {
            Self::Male => Wanted::Male,
            Self::Female => Wanted::Female,
            Self::Other => Wanted::Other,
        }
    }

    /// As it is stored and shown.
    pub fn text(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Other => "other",
        }
    }
}

impl Wanted {
    /// Whether somebody of this gender is meant.
    pub fn includes(self, gender: Gender) -> bool {
        self == Self::Any || self == gender.as_wanted()
    }

    /// As it is stored and shown.
    pub fn text(self) -> &'static str {
        match self {
            Self::Male => "male",
            Self::Female => "female",
            Self::Other => "other",
            Self::Any => "any",
        }
    }
}

/// Whom to recommend. What is absent does not restrict; without `gender` the default counts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Preferences {
    /// Whom they look for; see [`Gender::default_wanted`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gender: Option<Wanted>,
    /// Completed years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_age: Option<u8>,
    /// Completed years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_age: Option<u8>,
    /// The candidate's `location`, letter by letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
}

/// What decides whether and where somebody stands in the pool; the index carries it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Candidate {
    /// The person.
    pub user_id: UserId,
    /// 1920–2050, of the solar calendar: what a lunar birthday was converted to.
    pub birth_date: Date,
    /// Korean time, if they told it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub birth_time: Option<Time>,
    /// Their gender.
    pub gender: Gender,
    /// Where they live, in their own words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whom they look for.
    #[serde(default)]
    pub preferences: Preferences,
    /// `POOL#<gender>#<wanted>#<bucket>`: the partition of the index `listing`; absent while they are
    /// not in the pool.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listing_key: Option<String>,
    /// How often they were recommended: the order in that partition, rarest first.
    pub listing_order: u64,
}

/// Somebody's profile.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Profile {
    /// What the pool needs of it.
    #[serde(flatten)]
    pub candidate: Candidate,
    /// The birthday as it was given, where that was by the lunar calendar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lunar_birth: Option<Lunar>,
    /// Whether they are in it.
    #[serde(flatten)]
    pub standing: Standing,
    /// The name others see.
    pub name: String,
    /// What they do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// About themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bio: Option<String>,
    /// Their picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile_img_url: Option<String>,
    /// Whether others see how far they have read, and they how far others have who say so too.
    #[serde(default)]
    pub read_receipts: bool,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Profile {
    /// The profile of somebody new, who has told no more than this and whose address is not verified:
    /// they are not in the pool yet.
    pub fn new(user_id: UserId, name: &str, birth: Birth, gender: Gender, now: Timestamp) -> Self {
        let candidate = Candidate {
            user_id,
            birth_date: birth.date(),
            birth_time: birth.time(),
            gender,
            location: None,
            preferences: Preferences::default(),
            listing_key: None,
            listing_order: 0,
        };
        Self {
            candidate,
            lunar_birth: None,
            standing: Standing::new(false, today(now)),
            name: name.to_owned(),
            job: None,
            bio: None,
            profile_img_url: None,
            read_receipts: false,
            created_at: now,
        }
    }

    /// The birthday as it was given.
    pub fn birthday(&self) -> Birthday {
        match self.lunar_birth {
            Some(Lunar { date, leap_month }) => Birthday {
                date,
                calendar: Calendar::Lunar,
                leap_month,
            },
            None => Birthday::of(self.candidate.birth_date),
        }
    }

    /// Puts it where gender, wish and birth belong, or nowhere while they are not in the pool.
    ///
    /// # Errors
    /// As [`Candidate::birth`].
    pub fn place(&mut self, today: Date) -> Result<()> {
        let place = self.candidate.place()?;
        self.candidate.listing_key = self.standing.is_in_pool(today).then_some(place);
        Ok(())
    }
}

impl Candidate {
    /// The birth that the pillars are reckoned from.
    ///
    /// # Errors
    /// `internal_server_error`: what is stored was checked before.
    pub fn birth(&self) -> Result<Birth> {
        Birth::new(self.birth_date, self.birth_time)
            .map_err(|_| Error::internal("a stored birth date is out of range"))
    }

    /// What a score with this person depends on.
    ///
    /// # Errors
    /// As [`Candidate::birth`].
    pub fn side(&self) -> Result<Side> {
        Ok(Side {
            pillars: self.birth()?.pillars(),
            gender: self.gender,
        })
    }

    /// Whom they look for.
    pub fn wanted(&self) -> Wanted {
        self.preferences
            .gender
            .unwrap_or_else(|| self.gender.default_wanted())
    }

    /// Completed years on a day.
    pub fn age(&self, today: Date) -> u8 {
        age(self.birth_date, today)
    }

    /// Where they belong in the pool by gender, wish and birth.
    ///
    /// # Errors
    /// As [`Candidate::birth`].
    pub fn place(&self) -> Result<String> {
        Ok(pool(self.gender, self.wanted(), self.birth()?.bucket()))
    }

    /// Whether this person wants to see `other`, for all that is not decided by the pool's key.
    pub fn accepts(&self, other: &Self, today: Date) -> bool {
        let age = other.age(today);
        let Preferences {
            min_age,
            max_age,
            location,
            ..
        } = &self.preferences;
        self.wanted().includes(other.gender)
            && min_age.is_none_or(|least| age >= least)
            && max_age.is_none_or(|most| age <= most)
            && (location.is_none() || *location == other.location)
    }
}

/// The partition of the index in which people of one gender, wish and birth stand.
pub fn pool(gender: Gender, wanted: Wanted, bucket: Bucket) -> String {
    format!("POOL#{}#{}#{bucket}", gender.text(), wanted.text())
}

/// Where the occupied buckets of a year lie: item `<year>` with the number set `codes` of
/// [`Bucket::code`]s. A mark is never taken back, so a bucket that was left costs a query that
/// finds nobody.
pub fn occupied_key(gender: Gender, wanted: Wanted, year: i16) -> Key {
    Key::new(
        format!("OCCUPIED#{}#{}", gender.text(), wanted.text()),
        format!("{year}"),
    )
}

/// Marks the bucket of somebody as occupied, before they come into the pool or their place in it
/// changes. Reads first: once a pool is large every bucket is
/// marked, and a year's item would else be written by everybody who joins. 1 request, 2 for the
/// first one of a bucket. It comes before the profile: a mark without anybody does no harm.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn occupy(table: &Table, candidate: &Candidate) -> Result<()> {
    #[derive(Deserialize)]
    struct Year {
        #[serde(default)]
        codes: Vec<u16>,
    }
    let bucket = candidate.birth()?.bucket();
    let key = occupied_key(candidate.gender, candidate.wanted(), bucket.date().year());
    let code = bucket.code();
    let year = table.get::<Year>(&key).await?;
    if year.is_some_and(|year| year.codes.contains(&code)) {
        return Ok(());
    }
    table
        .update(key, Change::new().insert("codes", code))
        .await?;
    Ok(())
}

/// Counts one more recommendation of somebody, in the transaction that stores the list they stand on;
/// refused when they have gone.
pub fn shown_once_more(tx: &mut Transaction, table: &Table, user_id: UserId) -> Part {
    let change = Change::new()
        .add("listing_order", 1)
        .when(when().exists("pk"));
    tx.update(table, profile_key(user_id), change)
}

/// Where a profile lies.
pub fn profile_key(user_id: UserId) -> Key {
    Key::new(partition(user_id), "PROFILE")
}

/// The partition of a person.
pub fn partition(user_id: UserId) -> String {
    format!("USER#{user_id}")
}

/// That somebody may act: refused without a profile.
pub fn check_exists(tx: &mut Transaction, table: &Table, user_id: UserId) -> Part {
    tx.check(table, profile_key(user_id), when().exists("pk"))
}

/// Of whoever has an account but no profile here.
pub fn profile_missing() -> Error {
    Error::profile_missing(PRODUCT)
}

/// The day in Korea, which has had no summer time since 1988.
pub fn today(now: Timestamp) -> Date {
    korea().to_datetime(now).date()
}

/// Korean time, UTC+9.
pub fn korea() -> TimeZone {
    TimeZone::fixed(Offset::constant(9))
}

/// When the next day begins in Korea.
pub fn tomorrow(now: Timestamp) -> Timestamp {
    let day = 24 * 60 * 60;
    let since = (now.as_second() + 9 * 60 * 60).rem_euclid(day);
    now + SignedDuration::from_secs(day - since)
}

/// Completed years; somebody born on 29 February completes them on 1 March.
pub fn age(birth_date: Date, today: Date) -> u8 {
    let had = (today.month(), today.day()) >= (birth_date.month(), birth_date.day());
    let years = today.year() - birth_date.year() - i16::from(!had);
    u8::try_from(years).unwrap_or(0)
}

/// `SAJU_TABLE`: this service's table.
///
/// # Errors
/// `internal_server_error` when it is not configured.
pub fn table(app: &App) -> Result<Table> {
    Table::named(app, "SAJU_TABLE")
}
