//! A maker: whoever sells.

use enishi_shared::{
    Error, UserId,
    store::{Change, Key, when},
    validate,
};
use garde::Validate;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::item::ItemId;

/// The most that sending a parcel costs, in yen.
pub const MAX_FEE: u32 = 99_999;

/// A maker, who is known by their account's id.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Maker {
    /// Who.
    pub maker_id: UserId,
    /// What they are called as a maker.
    pub maker_name: String,
    /// About them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// What sending a parcel costs, in yen.
    pub shipping_fee: u32,
    /// What the law wants to be said of who sells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<Notice>,
    /// `acct_…`, where their money goes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stripe_account_id: Option<String>,
    /// Whether money can be passed on to it.
    #[serde(default)]
    pub onboarded: bool,
    /// Whether an operator keeps them from selling.
    #[serde(default)]
    pub suspended: bool,
    /// Raised by whoever changes it.
    pub version: u32,
    /// When they became one.
    pub created_at: Timestamp,
}

/// What the Act on Specified Commercial Transactions (特定商取引法, article 11) wants every seller to say.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Validate, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SellersNotice)]
pub struct Notice {
    /// Who sells: the name of the company or person.
    #[garde(length(chars, min = 1, max = 100), custom(validate::line))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "縁工房")]
    pub seller: String,
    /// Who answers for it.
    #[garde(length(chars, min = 1, max = 100), custom(validate::line))]
    #[schema(min_length = 1, max_length = 100, pattern = r"\S", example = "山田 花")]
    pub representative: String,
    /// Where they are.
    #[garde(length(chars, min = 1, max = 200), custom(validate::line))]
    #[schema(
        min_length = 1,
        max_length = 200,
        pattern = r"\S",
        example = "石川県金沢市広坂1-2-3"
    )]
    pub address: String,
    /// How they are reached.
    #[garde(length(chars, min = 1, max = 30), custom(validate::line))]
    #[schema(
        min_length = 1,
        max_length = 30,
        pattern = r"\S",
        example = "076-123-4567"
    )]
    pub phone_number: String,
    /// When what was bought comes.
    #[garde(length(chars, min = 1, max = 500), custom(validate::prose))]
    #[schema(
        min_length = 1,
        max_length = 500,
        pattern = r"\S",
        example = "ご注文から3日以内に発送します。"
    )]
    pub delivery: String,
    /// What may be sent back, until when and at whose cost.
    #[garde(length(chars, min = 1, max = 500), custom(validate::prose))]
    #[schema(
        min_length = 1,
        max_length = 500,
        pattern = r"\S",
        example = "破損のときは7日以内にお取り替えします。"
    )]
    pub returns: String,
}

impl Maker {
    /// Whether what they make may be sold: they have said who they are, money reaches them, and no operator
    /// minds.
    pub fn is_able(&self) -> bool {
        self.notice.is_some() && self.onboarded && !self.suspended
    }

    /// A change of what was read, refused where somebody else has changed it since.
    pub fn change(&self) -> Change {
        Change::new()
            .set("version", self.version + 1)
            .when(when().eq("version", self.version))
    }
}

/// The partition of a maker and of their items, in the order in which these were made.
pub fn partition(maker_id: UserId) -> String {
    format!("MAKER#{maker_id}")
}

/// The maker whose row has this partition key.
pub fn maker_of(pk: &str) -> Option<UserId> {
    pk.strip_prefix("MAKER#")?.parse().ok()
}

/// Where a maker lies.
pub fn maker_key(maker_id: UserId) -> Key {
    Key::new(partition(maker_id), "MAKER")
}

/// Where it lies whose an account of Stripe's is.
pub fn stripe_key(account: &str) -> Key {
    Key::new(format!("STRIPE#{account}"), "STRIPE")
}

/// Whose an account of Stripe's is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct OfStripe {
    /// The maker.
    pub maker_id: UserId,
}

/// Where it says that an item is a maker's.
pub fn made_key(maker_id: UserId, ordinal: u32) -> Key {
    Key::new(partition(maker_id), format!("{MADE}{ordinal:010}"))
}

/// What the sort keys of these begin with.
pub const MADE: &str = "ITEM#";

/// An item of a maker's.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Made {
    /// Which.
    pub item_id: ItemId,
}

/// Of whoever is no maker.
pub fn no_maker() -> Error {
    Error::forbidden()
}
