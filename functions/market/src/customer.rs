//! A customer: what somebody has told the market of themselves. Whoever has an account is one; the row is made
//! when they first tell something, and each change asks in its transaction that the account is open.

use enishi_shared::{
    App, Error, Result, UserId,
    accounts::{self, Account, account_key, active},
    store::{Condition, Key, Outcome, Race, Transaction, when},
    validate,
};
use futures_util::future::try_join;
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{cart::cart_key, favourites::favourites_key, item, me::Me};

/// What the names of holds begin with that a paid order, which has not all come, has on its customer's account;
/// its id follows.
pub const HOLD: &str = "market-order#";

/// A customer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Customer {
    /// What they want to be called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
    /// Where parcels go; without it nothing can be bought.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// Raised by whoever changes it; 0 before it is stored.
    pub version: u32,
}

/// Where parcels go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Address {
    /// Who takes them: 1–100 characters, no space at either end.
    #[garde(
        length(chars, min = 1, max = 100),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^\S(.*\S)?$",
        example = "佐藤 空"
    )]
    pub name: String,
    /// The postal code.
    #[garde(skip)]
    pub zip_code: ZipCode,
    /// What follows the postal code: one line of at most 200 characters, no space at either end.
    #[garde(
        length(chars, min = 1, max = 200),
        custom(validate::line),
        custom(validate::trimmed)
    )]
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"^\S(.*\S)?$",
        example = "石川県金沢市広坂1-2-3"
    )]
    pub address: String,
    /// How whoever brings them reaches somebody: 10–15 digits from 0, or from + and a country's number; single
    /// hyphens may stand between.
    #[garde(custom(telephone))]
    #[schema(pattern = r"^(0|\+[1-9])(-?[0-9]){9,14}$", example = "076-123-4567")]
    pub phone_number: String,
}

/// A Japanese postal code: `920-0001`; without its hyphen it is taken too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String")]
#[schema(value_type = String, pattern = "^[0-9]{3}-?[0-9]{4}$", example = "920-0001")]
pub struct ZipCode(String);

impl TryFrom<String> for ZipCode {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let error = "a postal code is like 920-0001";
        let (area, town) = text
            .split_once('-')
            .or_else(|| text.split_at_checked(3))
            .ok_or(error)?;
        let is = |part: &str, length| part.len() == length && is_digits(part);
        match is(area, 3) && is(town, 4) {
            true => Ok(Self(format!("{area}-{town}"))),
            false => Err(error),
        }
    }
}

/// A telephone number as [`Address`] has it.
///
/// # Errors
/// Says that it is none.
pub fn telephone<C>(value: &str, _: &C) -> garde::Result {
    let rest = match value.strip_prefix('+') {
        Some(abroad) => abroad.strip_prefix(|first: char| matches!(first, '1'..='9')),
        None => value.strip_prefix('0'),
    };
    // A hyphen stands before a digit.
    let groups = rest.map(|rest| rest.strip_prefix('-').unwrap_or(rest).split('-'));
    let digits = groups.and_then(|mut groups| {
        groups.try_fold(0, |sum, group| {
            (!group.is_empty() && is_digits(group)).then_some(sum + group.len())
        })
    });
    match digits {
        Some(9..=14) => Ok(()),
        _ => Err(garde::Error::new("a telephone number like 076-123-4567")),
    }
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Where a customer lies.
pub fn customer_key(user_id: UserId) -> Key {
    Key::new(format!("USER#{user_id}"), "CUSTOMER")
}

impl Customer {
    fn as_read(&self) -> Condition {
        match self.version {
            0 => when().absent("pk"),
            version => when().eq("version", version),
        }
    }
}

/// Somebody's account. One request.
///
/// # Errors
/// 401 when it is closed.
pub async fn account(app: &App, user_id: UserId) -> Result<Account> {
    let (table, place) = (accounts::table(app)?, account_key(user_id));
    let account = table.get::<Account>(&place).await?;
    let account = account.filter(Account::is_active);
    account.ok_or_else(Error::token_invalid)
}

/// Somebody's account, and what they have told. Two requests, at once.
///
/// # Errors
/// As [`account`].
pub async fn read(app: &App, user_id: UserId) -> Result<(Account, Customer)> {
    let (table, place) = (item::table(app)?, customer_key(user_id));
    let (account, customer) = try_join(account(app, user_id), table.get(&place)).await?;
    Ok((account, customer.unwrap_or_default()))
}

/// Changes what somebody has told. Three requests.
///
/// # Errors
/// 401 when the account is closed; what `make` answers.
pub async fn change(
    app: &App,
    user_id: UserId,
    make: impl Fn(&mut Customer) -> Result<()>,
) -> Result<axum::Json<Me>> {
    let (accounts, customers) = (accounts::table(app)?, item::table(app)?);
    let mut race = Race::new(app);
    loop {
        let (account, before) = read(app, user_id).await?;
        let mut after = before.clone();
        make(&mut after)?;
        after.version += 1;
        let mut tx = Transaction::new(app);
        let place = customer_key(user_id);
        let changed = tx.replace(&customers, place, &after, before.as_read())?;
        tx.check(&accounts, account_key(user_id), active());
        match tx.commit().await? {
            Outcome::Done => return Ok(axum::Json(Me::of(account, after))),
            Outcome::Refused(refused) if refused.is(changed) => race.lost().await?,
            Outcome::Refused(_) => return Err(Error::token_invalid()),
        }
    }
}

/// Erases what somebody has told, their cart and what they like. One request; once more does no harm.
///
/// # Errors
/// `service_unavailable` when DynamoDB does not answer.
pub async fn erase(app: &App, user_id: UserId) -> Result<()> {
    let table = item::table(app)?;
    let mut tx = Transaction::new(app);
    for key in [
        customer_key(user_id),
        cart_key(user_id),
        favourites_key(user_id),
    ] {
        tx.delete(&table, key);
    }
    tx.commit().await.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_postal_code_is_three_and_four_digits_and_kept_in_one_form() {
        let code = |text: &str| ZipCode::try_from(text.to_owned()).map(|code| code.0);
        for text in ["920-0001", "9200001"] {
            assert_eq!(code(text).as_deref(), Ok("920-0001"));
        }
        for text in [
            "",
            "920",
            "92-00001",
            "920-001",
            "920-00011",
            "920--0001",
            "92000011",
            "９２０0001",
            "920 0001",
            "abc-defg",
            "-9200001",
            "+20-0001",
            "920-000ｱ",
        ] {
            assert!(code(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_telephone_number_is_one_of_this_country_or_of_another() {
        for right in [
            "076-123-4567",
            "0761234567",
            "090-1234-5678",
            "+81-76-123-4567",
            "+819012345678",
            "0-7-6-1-2-3-4-5-6-7",
        ] {
            assert!(telephone(right, &()).is_ok(), "{right}");
        }
        for wrong in [
            "",
            "0",
            "76-123-4567",
            "076-123-456",
            "076--123-4567",
            "076-123-4567-",
            "+0761234567",
            "+-81761234567",
            "076 123 4567",
            "０７６1234567",
            "+8190123456789012",
            "110",
        ] {
            assert!(telephone(wrong, &()).is_err(), "{wrong}");
        }
    }
}
