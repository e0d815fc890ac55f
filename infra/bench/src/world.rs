//! What the benchmarks share: a stack in memory, people in it with tokens, and items brought in
//! the way the service itself writes them, but in bulk.

use std::collections::BTreeMap;

use enishi_local::{Options, Stack, import};
use enishi_rooms::{
    enrollment::EnrollmentItem,
    seating::Member,
    slot::{Slot, Slots},
};
use enishi_shared::{
    App, UserId,
    auth::User,
    store::Key,
    token::{self, Claims, Subject},
};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::Serialize;
use uuid::Uuid;

use crate::random::Random;

/// The day of the slot that is measured, Asia/Tokyo.
pub const MORNING: &str = "2026-11-21";

/// A moment of that day, `08:50`.
pub fn at(time: &str) -> Result<Timestamp, String> {
    let time: DateTime = format!("{MORNING}T{time}").parse().map_err(sentence)?;
    let zone = TimeZone::get("Asia/Tokyo").map_err(sentence)?;
    zone.to_timestamp(time).map_err(sentence)
}

/// An error as its sentence.
pub fn sentence(error: impl std::fmt::Display) -> String {
    error.to_string()
}

/// A running system.
pub struct World {
    /// The stack.
    pub stack: Stack,
    issuer: App,
    slots: App,
}

impl World {
    /// A stack in memory at `time`, moved on by hand, with other options where `change` says so.
    pub async fn start(time: Timestamp, change: impl FnOnce(&mut Options)) -> Result<Self, String> {
        let mut options = Options::in_memory(time);
        // Letters keep no measurement waiting.
        let rate = ("MailsPerSecond".to_owned(), "1000".to_owned());
        options.parameters.extend([rate]);
        change(&mut options);
        let stack = Stack::start(options).await?;
        Ok(Self {
            issuer: stack.app("IdentityLogin")?,
            slots: stack.app("RoomsAssign")?,
            stack,
        })
    }

    /// The App of a function, by its logical id.
    pub fn app(&self, function: &str) -> Result<App, String> {
        self.stack.app(function)
    }

    /// The slots' configuration.
    pub fn slots(&self) -> Result<std::sync::Arc<Slots>, String> {
        self.slots.config().map_err(sentence)
    }

    /// The slot of [`MORNING`], or another day's.
    pub fn slot(&self, day: &str) -> Result<Slot, String> {
        let id = format!("{day}T09:00").parse().map_err(sentence)?;
        Ok(self.slots()?.by_id(id))
    }

    /// A fresh access token.
    pub async fn token(&self, member: &Member) -> Result<String, String> {
        let subject = Subject {
            user_id: &member.user_id.to_string(),
            session_id: "imported",
            name: member.username.as_deref().unwrap_or_default(),
            email: "somebody@example.com",
            operator: false,
        };
        token::issue(&self.issuer, subject).await.map_err(sentence)
    }

    /// Somebody's enrollment for a slot, and where it lies.
    pub fn enrollment(&self, member: &Member, slot: &Slot) -> (Key, EnrollmentItem) {
        let user = User {
            id: member.user_id,
            claims: Claims {
                iss: String::new(),
                aud: String::new(),
                sub: member.user_id.to_string(),
                sid: String::new(),
                name: member.username.clone().unwrap_or_default(),
                email: String::new(),
                scope: String::new(),
                iat: 0,
                exp: 0,
            },
        };
        let item = EnrollmentItem::new(&self.slots, &user, slot);
        (item.key(), item)
    }

    /// Brings items into the rooms service's table, past the wire.
    pub fn import<T: Serialize>(
        &self,
        items: impl IntoIterator<Item = (Key, T)>,
    ) -> Result<(), String> {
        import::items(&self.stack, "RoomsTable", items)
    }
}

/// A function's environment, by its logical id.
pub fn environment<'a>(
    stack: &'a Stack,
    function: &str,
) -> Result<&'a BTreeMap<String, String>, String> {
    let environment = stack.environment().get(function);
    environment.ok_or_else(|| format!("there is no function {function}"))
}

/// So many people.
pub fn people(count: usize) -> Vec<Member> {
    let mut random = Random(count as u64);
    (0..count)
        .map(|number| {
            let mut bytes = [0; 10];
            bytes.fill_with(|| random.below(256) as u8);
            let id: Uuid =
                uuid::Builder::from_unix_timestamp_millis(1_790_000_000_000, &bytes).into_uuid();
            Member {
                user_id: UserId::from_bytes(id.into_bytes()),
                username: Some(format!("person-{number}")),
            }
        })
        .collect()
}

/// They in rooms of `size`, by chance.
pub fn at_random(people: &[Member], size: usize, random: &mut Random) -> Vec<Vec<Member>> {
    let mut people = people.to_vec();
    random.shuffle(&mut people);
    people.chunks(size).map(<[Member]>::to_vec).collect()
}
