//! A bulk import: people and items brought straight into the embedded tables, in the form the
//! services themselves write, past the wire. For the demo, the tests and the benchmarks; thousands
//! of sign-ups would hash thousands of passwords.

use std::collections::{BTreeMap, BTreeSet};

use dynoxide::ImportOptions;
use enishi_saju::{
    profile::{Candidate, Gender, PRODUCT, Preferences, Profile, occupied_key, profile_key, today},
    standing::{self, Standing},
};
use enishi_shared::accounts::{
    Account, Owner, Status, account_key, email_key, session_key, username_key,
};
use enishi_shared::{
    UserId,
    app::Random,
    language::Language,
    password,
    store::{AttributeValue, Item, Key, encode},
    token::{self, Subject},
};
use jiff::{Timestamp, ToSpan as _};
use serde::Serialize;
use serde_json::json;

use crate::{
    database::from_json,
    stack::{OPERATOR_PASSWORD, Stack},
};

const OPERATOR_NAME: &str = "operator";

/// The session that everybody imported is logged in with.
pub const SESSION: &str = "imported";

/// Brings items into a table, by its logical id.
///
/// # Errors
/// A sentence that says what cannot be imported.
pub fn items<T: Serialize>(
    stack: &Stack,
    table: &str,
    items: impl IntoIterator<Item = (Key, T)>,
) -> Result<(), String> {
    let items = items
        .into_iter()
        .map(|(key, item)| stored(encode(&key, &item).map_err(sentence)?))
        .collect::<Result<_, _>>()?;
    stack
        .database()
        .import_items(table_name(stack, table)?, items, ImportOptions::default())
        .map_err(sentence)?;
    Ok(())
}

/// What a table is called in the database.
fn table_name<'a>(stack: &'a Stack, logical_id: &str) -> Result<&'a str, String> {
    let tables = &stack.system().tables;
    let table = tables.iter().find(|table| table.logical_id == logical_id);
    let table = table.ok_or_else(|| format!("there is no table {logical_id}"))?;
    Ok(&table.name)
}

/// Brings the operator of a local stack in, the first of `OperatorEmails`, unless the address has an
/// account: verified, and past the sign-up, which counts its attempts. Answers the address; none where
/// nobody is to be one.
///
/// # Errors
/// A sentence that says what cannot be imported.
pub fn operator(stack: &Stack) -> Result<Option<&str>, String> {
    let emails = stack.system().parameters.get("OperatorEmails");
    let emails = emails.map_or("", |parameter| &parameter.value);
    let Some(address) = emails.split(',').map(str::trim).find(|one| !one.is_empty()) else {
        return Ok(None);
    };
    let email = email_key(address);
    if is_there(stack, "IdentityTable", &email)? {
        return Ok(Some(address));
    }
    let app = stack.app("IdentitySignup")?;
    let user_id = UserId::new(&app);
    let username = username_key(OPERATOR_NAME);
    let is_free = !is_there(stack, "IdentityTable", &username)?;
    let account = Account {
        user_id,
        username: is_free.then(|| OPERATOR_NAME.to_owned()),
        name: None,
        email: address.to_owned(),
        language: Language::English,
        email_verified_at: Some(app.now()),
        password_hash: Some(password::hash(&app, OPERATOR_PASSWORD).map_err(sentence)?),
        firebase_uid: None,
        status: Status::Active,
        epoch: 0,
        products: vec!["rooms".to_owned()],
        holds: BTreeSet::new(),
        unwanted: BTreeSet::new(),
        created_at: app.now(),
    };
    items(stack, "IdentityTable", [(account_key(user_id), account)])?;
    let names = [Some(email), is_free.then_some(username)];
    let names = names.into_iter().flatten();
    items(
        stack,
        "IdentityTable",
        names.map(|name| (name, Owner { user_id })),
    )?;
    Ok(Some(address))
}

fn is_there(stack: &Stack, table: &str, key: &Key) -> Result<bool, String> {
    let request = from_json(json!({
        "TableName": table_name(stack, table)?,
        "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}},
    }))?;
    let found = stack.database().get_item(request).map_err(sentence)?;
    Ok(found.item.is_some())
}

/// Brings people in: their accounts, verified, without a password and logged in, their profiles, and
/// the marks that say where the pool is occupied, beside those that are there.
///
/// # Errors
/// A sentence that says what cannot be imported.
pub fn people(stack: &Stack, people: &[Profile]) -> Result<(), String> {
    let (mut accounts, mut owners, mut sessions) = (Vec::new(), Vec::new(), Vec::new());
    let mut occupied: BTreeMap<(Gender, _, i16), BTreeSet<u16>> = BTreeMap::new();
    for profile in people {
        let candidate = &profile.candidate;
        let user_id = candidate.user_id;
        let email = email(user_id);
        let account = Account {
            user_id,
            username: None,
            name: Some(profile.name.clone()),
            email: email.clone(),
            language: Language::Korean,
            email_verified_at: Some(profile.created_at),
            password_hash: None,
            firebase_uid: None,
            status: Status::Active,
            epoch: 0,
            products: vec![PRODUCT.to_owned()],
            holds: BTreeSet::new(),
            unwanted: BTreeSet::new(),
            created_at: profile.created_at,
        };
        accounts.push((account_key(user_id), account));
        owners.push((email_key(&email), Owner { user_id }));
        let lasts = json!({"epoch": 0, "ttl": i64::from(u32::MAX)});
        sessions.push((session_key(user_id, SESSION), lasts));
        let bucket = candidate.birth().map_err(sentence)?.bucket();
        let year = (candidate.gender, candidate.wanted(), bucket.date().year());
        occupied.entry(year).or_default().insert(bucket.code());
    }
    for ((gender, wanted, year), codes) in occupied {
        let key = occupied_key(gender, wanted, year);
        let codes: Vec<String> = codes.iter().map(u16::to_string).collect();
        let mark = from_json(json!({
            "TableName": table_name(stack, "SajuTable")?,
            "Key": {"pk": {"S": key.pk}, "sk": {"S": key.sk}},
            "UpdateExpression": "ADD codes :codes",
            "ExpressionAttributeValues": {":codes": {"NS": codes}},
        }))?;
        stack.database().update_item(mark).map_err(sentence)?;
    }
    items(stack, "IdentityTable", accounts)?;
    items(stack, "IdentityTable", owners)?;
    items(stack, "IdentityTable", sessions)?;
    let seen = people
        .iter()
        .map(|profile| standing::seen(profile.candidate.user_id, today(profile.created_at)));
    items(stack, "SajuTable", seen)?;
    let profiles = people
        .iter()
        .map(|profile| (profile_key(profile.candidate.user_id), profile));
    items(stack, "SajuTable", profiles)
}

/// `count` invented people of 19 to 45, every other a woman; the same for the same `seed`.
///
/// # Errors
/// A sentence, when a birth is out of the table's range.
pub fn invent(count: usize, seed: u64, now: Timestamp) -> Result<Vec<Profile>, String> {
    const FAMILY: [&str; 10] = ["김", "이", "박", "최", "정", "강", "조", "윤", "장", "임"];
    const GIVEN: [&str; 16] = [
        "서연", "민준", "지우", "도윤", "하은", "시우", "수아", "예준", "유진", "지훈", "채원",
        "현우", "다은", "준서", "소율", "건우",
    ];
    const PLACES: [&str; 6] = ["서울", "부산", "대구", "인천", "광주", "대전"];
    const JOBS: [&str; 6] = ["교사", "간호사", "개발자", "디자이너", "요리사", "연구원"];
    let random = Random::from_seed(seed);
    let below = |most: u32| u32::from_le_bytes(random.bytes::<4>()) % most;
    let pick = |list: &[&str]| list[below(list.len() as u32) as usize].to_owned();
    let oldest = today(now).saturating_sub(46.years());
    let days = today(now)
        .saturating_sub(19.years())
        .since(oldest)
        .map_err(sentence)?
        .get_days();
    (0..count)
        .map(|number| {
            let millis = u64::try_from(now.as_millisecond()).unwrap_or_default();
            let id = uuid::Builder::from_unix_timestamp_millis(millis, &random.bytes());
            let gender = [Gender::Female, Gender::Male][number % 2];
            let day = i64::from(below(days.unsigned_abs().max(1)));
            let candidate = Candidate {
                user_id: UserId::from_bytes(id.into_uuid().into_bytes()),
                birth_date: oldest.saturating_add((day + 1).days()),
                birth_time: None,
                gender,
                location: Some(pick(&PLACES)),
                preferences: Preferences::default(),
                listing_key: None,
                listing_order: 0,
            };
            let mut profile = Profile {
                candidate,
                lunar_birth: None,
                standing: Standing::new(true, today(now)),
                // Women's and men's given names stand in turn.
                name: format!(
                    "{}{}",
                    pick(&FAMILY),
                    GIVEN[2 * below(8) as usize + number % 2]
                ),
                job: Some(pick(&JOBS)),
                bio: None,
                profile_img_url: None,
                read_receipts: false,
                created_at: now,
            };
            profile.place(today(now)).map_err(sentence)?;
            Ok(profile)
        })
        .collect()
}

/// The address of somebody imported.
pub fn email(user_id: UserId) -> String {
    format!("{user_id}@people.example")
}

/// A fresh access token of somebody imported, as a log-in would issue it.
///
/// # Errors
/// A sentence, when the stack has no key to sign with.
pub async fn access_token(stack: &Stack, profile: &Profile) -> Result<String, String> {
    let user_id = profile.candidate.user_id;
    let app = stack.app("IdentityLogin")?;
    let subject = Subject {
        user_id: &user_id.to_string(),
        session_id: SESSION,
        name: &profile.name,
        email: &email(user_id),
        operator: false,
    };
    token::issue(&app, subject).await.map_err(sentence)
}

fn sentence(error: impl std::fmt::Display) -> String {
    error.to_string()
}

fn stored(item: Item) -> Result<dynoxide::Item, String> {
    item.into_iter()
        .map(|(name, value)| Ok((name, stored_value(value)?)))
        .collect()
}

fn stored_value(value: AttributeValue) -> Result<dynoxide::AttributeValue, String> {
    use dynoxide::AttributeValue as Stored;
    Ok(match value {
        AttributeValue::S(text) => Stored::S(text),
        AttributeValue::N(number) => Stored::N(number),
        AttributeValue::Bool(flag) => Stored::BOOL(flag),
        AttributeValue::Null(null) => Stored::NULL(null),
        AttributeValue::B(bytes) => Stored::B(bytes.into_inner()),
        AttributeValue::Ss(texts) => Stored::SS(texts),
        AttributeValue::Ns(numbers) => Stored::NS(numbers),
        AttributeValue::L(values) => Stored::L(
            values
                .into_iter()
                .map(stored_value)
                .collect::<Result<_, _>>()?,
        ),
        AttributeValue::M(values) => Stored::M(stored(values)?),
        _ => return Err("an attribute of another kind".into()),
    })
}
