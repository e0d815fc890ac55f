//! Connected accounts, and the money that is passed on to them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Deserialize;
use stripe_connect::{
    account::{
        CreateAccount, CreateAccountCapabilities, CreateAccountCapabilitiesTransfers,
        CreateAccountType, RetrieveAccount,
    },
    account_link::{CreateAccountLink, CreateAccountLinkType},
    login_link::CreateAccountLoginLink,
    transfer::{CreateTransfer, RetrieveTransfer},
    transfer_reversal::CreateIdTransferReversal,
};

use stripe_core::balance::RetrieveForMyAccountBalance;

use super::{Answer, Stripe, currency, id, or_default, owned};

/// A connected account.
#[derive(Clone, Debug, Deserialize)]
pub struct Account {
    /// `acct_…`.
    pub id: String,
    /// Whether Stripe has been told all it wants to know.
    #[serde(default, deserialize_with = "or_default")]
    pub details_submitted: bool,
    /// Whether money passed on to it reaches its bank.
    #[serde(default, deserialize_with = "or_default")]
    pub payouts_enabled: bool,
    /// What it may do.
    #[serde(default, deserialize_with = "or_default")]
    pub capabilities: Capabilities,
    /// Ours.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

impl Account {
    /// Whether money can be passed on to it.
    pub fn takes_transfers(&self) -> bool {
        self.capabilities.transfers.as_deref() == Some("active")
    }
}

/// A connected account's capabilities.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Capabilities {
    transfers: Option<String>,
}

/// Where a connected account tells Stripe about itself. For one visit.
#[derive(Clone, Debug, Deserialize)]
pub struct AccountLink {
    /// The address.
    pub url: String,
    /// When it no longer works.
    #[serde(with = "jiff::fmt::serde::timestamp::second::required")]
    pub expires_at: Timestamp,
}

/// Where a connected account sees its money. For one visit.
#[derive(Clone, Debug, Deserialize)]
pub struct LoginLink {
    /// The address.
    pub url: String,
}

/// Money to be passed on.
#[derive(Clone, Copy, Debug)]
pub struct NewTransfer<'a> {
    /// In minor units.
    pub amount: i64,
    /// ISO 4217, lower case.
    pub currency: &'a str,
    /// `acct_…`.
    pub destination: &'a str,
    /// The charge it comes from, `ch_…`: it goes when that charge's money is there, and all
    /// transfers from a charge together are no more than it. Without one it comes from the platform's
    /// available balance.
    pub source_transaction: Option<&'a str>,
    /// What ties it to its payment.
    pub transfer_group: &'a str,
    /// Ours.
    pub metadata: &'a [(&'a str, &'a str)],
}

/// Money passed on.
#[derive(Clone, Debug, Deserialize)]
pub struct Transfer {
    /// `tr_…`.
    pub id: String,
    /// In minor units.
    pub amount: i64,
    /// What of it was taken back.
    pub amount_reversed: i64,
    /// ISO 4217, lower case.
    pub currency: String,
    /// `acct_…`.
    pub destination: Option<String>,
    /// Ours.
    #[serde(default, deserialize_with = "or_default")]
    pub metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Balance {
    available: Vec<Funds>,
}

#[derive(Deserialize)]
struct Funds {
    amount: i64,
    currency: String,
}

/// Money taken back.
#[derive(Clone, Debug, Deserialize)]
pub struct Reversal {
    /// `trr_…`.
    pub id: String,
    /// In minor units.
    pub amount: i64,
    /// `tr_…`.
    pub transfer: String,
}

impl Stripe {
    /// Makes an Express account in `country` (ISO 3166, `JP`) that may be passed money.
    pub async fn create_account(
        &self,
        key: &str,
        country: &str,
        email: Option<&str>,
        metadata: &[(&str, &str)],
    ) -> Answer<Account> {
        let mut transfers = CreateAccountCapabilitiesTransfers::new();
        transfers.requested = Some(true);
        let mut capabilities = CreateAccountCapabilities::new();
        capabilities.transfers = Some(transfers);
        let mut request = CreateAccount::new()
            .type_(CreateAccountType::Express)
            .country(country)
            .capabilities(capabilities);
        if let Some(metadata) = owned(metadata) {
            request = request.metadata(metadata);
        }
        if let Some(email) = email {
            request = request.email(email);
        }
        self.write(key, request).await
    }

    /// A connected account's present state.
    pub async fn account(&self, account: &str) -> Answer<Account> {
        self.read(RetrieveAccount::new(id(account)?)).await
    }

    /// A link on which an account tells Stripe about itself; `refresh_url` makes another one.
    pub async fn create_account_link(
        &self,
        key: &str,
        account: &str,
        refresh_url: &str,
        return_url: &str,
    ) -> Answer<AccountLink> {
        let request = CreateAccountLink::new(account, CreateAccountLinkType::AccountOnboarding)
            .refresh_url(refresh_url)
            .return_url(return_url);
        self.write(key, request).await
    }

    /// A link to an account's dashboard. Refused with 400 before it has told Stripe about itself.
    pub async fn create_login_link(&self, key: &str, account: &str) -> Answer<LoginLink> {
        self.write(key, CreateAccountLoginLink::new(id(account)?))
            .await
    }

    /// Passes money on. Refused with 400 when the charge has less left, with `balance_insufficient`
    /// when without a charge the platform has less, with `insufficient_capabilities_for_transfer`
    /// while the account cannot be passed money.
    pub async fn create_transfer(&self, key: &str, transfer: &NewTransfer<'_>) -> Answer<Transfer> {
        let mut request = CreateTransfer::new(currency(transfer.currency), transfer.destination)
            .amount(transfer.amount)
            .transfer_group(transfer.transfer_group);
        if let Some(charge) = transfer.source_transaction {
            request = request.source_transaction(charge);
        }
        if let Some(metadata) = owned(transfer.metadata) {
            request = request.metadata(metadata);
        }
        self.write(key, request).await
    }

    /// A transfer's present state.
    pub async fn transfer(&self, transfer: &str) -> Answer<Transfer> {
        self.read(RetrieveTransfer::new(id(transfer)?)).await
    }

    /// What a connected account has, in minor units: what can be taken back of what was passed on to it.
    pub async fn available(&self, account: &str, currency: &str) -> Answer<i64> {
        let request = RetrieveForMyAccountBalance::new();
        let balance: Balance = self.read_as(id(account)?, request).await?;
        let of_currency = balance.available.iter();
        let of_currency = of_currency.filter(|it| it.currency.eq_ignore_ascii_case(currency));
        Ok(of_currency.map(|it| it.amount).sum())
    }

    /// Takes back `amount` minor units of a transfer, all that is left of it where `None`. Refused
    /// with 400 when less is left, or when the account that it went to has less
    /// (`balance_insufficient`).
    pub async fn reverse_transfer(
        &self,
        key: &str,
        transfer: &str,
        amount: Option<i64>,
        metadata: &[(&str, &str)],
    ) -> Answer<Reversal> {
        let mut request = CreateIdTransferReversal::new(id(transfer)?);
        if let Some(metadata) = owned(metadata) {
            request = request.metadata(metadata);
        }
        if let Some(amount) = amount {
            request = request.amount(amount);
        }
        self.write(key, request).await
    }
}
