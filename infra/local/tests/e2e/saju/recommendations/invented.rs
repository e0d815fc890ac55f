//! Invented people, brought straight into the tables.

use std::sync::atomic::{AtomicU64, Ordering};

use enishi_local::import;
use enishi_saju::{
    pillars::Birth,
    profile::{self, Gender, Profile, profile_key},
};
use enishi_shared::{UserId, store::Table};
use jiff::civil::Date;

use crate::support::{EVENING, World, tokyo};

/// The day in Korea on which the worlds begin.
pub fn today() -> Date {
    profile::today(tokyo(EVENING))
}

/// Somebody born then, whose address is verified, who wants what people want who do not say.
pub fn person(gender: Gender, birth_date: &str) -> Profile {
    static NUMBER: AtomicU64 = AtomicU64::new(1);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let user_id = UserId::from_bytes(u128::from(number).to_be_bytes());
    let birth = Birth::new(birth_date.parse().unwrap(), None).unwrap();
    let name = format!("person {number}");
    let mut person = Profile::new(user_id, &name, birth, gender, tokyo(EVENING));
    person.standing.unverified = false;
    person
}

/// Brings them in, each where birth, gender and wish belong.
pub fn bring_in(world: &World, people: &[Profile]) {
    let mut people = people.to_vec();
    for one in &mut people {
        one.place(today()).unwrap();
    }
    import::people(&world.stack, &people).unwrap();
}

/// The service's table as the function that recommends sees it.
pub fn table(world: &World) -> Table {
    profile::table(&world.stack.app(super::FUNCTION).unwrap()).unwrap()
}

/// Somebody's profile as it is now.
pub async fn profile_of(world: &World, one: &Profile) -> Profile {
    let key = profile_key(one.candidate.user_id);
    let mut items = table(world)
        .batch_get(std::slice::from_ref(&key))
        .await
        .unwrap();
    enishi_shared::store::decode(items.remove(&key).unwrap()).unwrap()
}
