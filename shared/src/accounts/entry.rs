//! Coming with a Firebase ID token: whose account it is.
//!
//! A Firebase identity is known by its uid. Its first token makes the account, or joins the one that
//! has its e-mail, but only where both sides have proved that the address is theirs: or somebody
//! could sign up with another's address, here or at Firebase, and wait for them. With each such proof
//! the account begins anew: older sessions end (and with them their WebSocket connections), and an
//! older password is good no more.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::{
    Account, Owner, Status, account_key, active, claim, create, email_key, firebase_key, normalised,
};
use crate::{
    Error, Result, UserId,
    events::{AccountVerified, Ended, SessionEnded, announce},
    firebase::FirebaseUser,
    language::Language,
    store::{Change, Part, Table, Transaction, decode, when},
    validate,
};

/// The longest name that is taken over, in characters.
const LONGEST_NAME: usize = 150;

/// The account that the caller comes to, with a profile of `product`, as it will be once `tx` has made
/// it so; `table` is that of accounts. A new one is written to in `language`. Two requests, one if there
/// is none yet.
///
/// # Errors
/// `access_token_invalid` where it may not be used, `conflict` (`already_exists` on `email`) where the
/// e-mail has an account and one of the two is not verified, `invalid_parameter` on `id_token` without an
/// e-mail.
pub async fn enter(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    product: &str,
    language: Language,
) -> Result<Account> {
    let uid = firebase_key(&caller.uid);
    let email = caller.email.as_deref();
    let email = email.filter(|email| validate::email(email, &()).is_ok());
    let named = email.map(email_key);
    let keys: Vec<_> = [Some(uid.clone()), named.clone()]
        .into_iter()
        .flatten()
        .collect();
    let mut found = table.batch_get(&keys).await?;
    if let Some(owner) = found.remove(&uid) {
        let account = account_of(table, decode(owner)?)
            .await?
            .filter(|account| account.firebase_uid.as_deref() == Some(&caller.uid))
            .ok_or_else(Error::token_invalid)?;
        return known(tx, table, caller, product, account);
    }
    let (Some(email), Some(named)) = (email, named) else {
        return Err(Error::invalid(
            "id_token",
            "the Firebase account needs an e-mail address",
        ));
    };
    match found.remove(&named) {
        Some(owner) => {
            let account = account_of(table, decode(owner)?).await?;
            join(tx, table, caller, product, account)
        }
        None => begin(tx, table, caller, product, email, language),
    }
}

/// Takes the profile of `product` off an account, as it was read. Refused when it has changed meanwhile.
pub fn leave(
    tx: &mut Transaction,
    table: &Table,
    account: &Account,
    product: &str,
) -> Part<Account> {
    let mut products = account.products.clone();
    products.retain(|other| other != product);
    let change = Change::new().set("products", products);
    let change = change.when(when().exists("pk").eq("products", &account.products));
    tx.update(table, account_key(account.user_id), change).of()
}

async fn account_of(table: &Table, owner: Owner) -> Result<Option<Account>> {
    let account = table.get::<Account>(&account_key(owner.user_id)).await?;
    Ok(account.filter(Account::is_active))
}

/// Somebody who was here before. They get a profile of the product if they have none, and their address is
/// verified once it is at Firebase.
fn known(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    product: &str,
    account: Account,
) -> Result<Account> {
    let is_same = |email: &String| normalised(email) == normalised(&account.email);
    let verified = caller.email_verified && caller.email.as_ref().is_some_and(is_same);
    let mut after = Account {
        products: with(&account, product),
        ..account.clone()
    };
    if verified && account.email_verified_at.is_none() {
        after = begun_anew(after, tx.app().now());
    }
    if after.epoch != account.epoch || after.products != account.products {
        change(tx, table, caller, &account, &after)?;
    }
    Ok(after)
}

/// Somebody whose e-mail has an account.
fn join(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    product: &str,
    account: Option<Account>,
) -> Result<Account> {
    let taken = || {
        Error::conflict(
            "there is an account with this e-mail; they become one when it is verified there and \
             at Firebase, and no other Firebase account belongs to it",
        )
        .and_already_exists("email")
    };
    let account = account.ok_or_else(taken)?;
    if account.firebase_uid.as_deref() == Some(&caller.uid) {
        // It was made or joined by another token of theirs between the two reads.
        return known(tx, table, caller, product, account);
    }
    let both = account.email_verified_at.is_some() && caller.email_verified;
    if !both || account.firebase_uid.is_some() {
        return Err(taken());
    }
    let after = Account {
        firebase_uid: Some(caller.uid.clone()),
        products: with(&account, product),
        ..begun_anew(account.clone(), tx.app().now())
    };
    claim(tx, table, firebase_key(&caller.uid), account.user_id)?;
    change(tx, table, caller, &account, &after)?;
    Ok(after)
}

/// The account once its owner has come with the proof that its address is theirs: whoever was in it
/// before, or knows its password, need not be them.
fn begun_anew(account: Account, now: Timestamp) -> Account {
    Account {
        email_verified_at: account.email_verified_at.or(Some(now)),
        password_hash: None,
        epoch: account.epoch.wrapping_add(1),
        ..account
    }
}

/// Somebody new.
fn begin(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    product: &str,
    email: &str,
    language: Language,
) -> Result<Account> {
    let user_id = UserId::new(tx.app());
    let account = Account {
        user_id,
        username: None,
        name: caller.name.as_deref().and_then(shortened),
        email: email.to_owned(),
        language,
        email_verified_at: caller.email_verified.then(|| tx.app().now()),
        password_hash: None,
        firebase_uid: Some(caller.uid.clone()),
        status: Status::Active,
        epoch: 0,
        products: vec![product.to_owned()],
        holds: BTreeSet::new(),
        unwanted: BTreeSet::new(),
        created_at: tx.app().now(),
    };
    claim(tx, table, firebase_key(&caller.uid), user_id)?;
    create(tx, table, &account)?;
    Ok(account)
}

fn with(account: &Account, product: &str) -> Vec<String> {
    let mut products = account.products.clone();
    if !products.iter().any(|other| other == product) {
        products.push(product.to_owned());
    }
    products
}

/// A name as it may stand in mails and tokens; `None` when nothing is left of it.
fn shortened(name: &str) -> Option<String> {
    let name = name.chars().filter(|char| !validate::is_hidden(*char));
    let name: String = name.take(LONGEST_NAME).collect();
    let name = name.trim();
    (!validate::is_blank(name)).then(|| name.to_owned())
}

/// Makes `before` what `after` is, unless it has become something else.
fn change(
    tx: &mut Transaction,
    table: &Table,
    caller: &FirebaseUser,
    before: &Account,
    after: &Account,
) -> Result<()> {
    let user_id = before.user_id;
    let unchanged = active()
        .eq("email", &before.email)
        .eq("epoch", before.epoch)
        .eq("products", &before.products)
        .same("email_verified_at", before.email_verified_at)
        .same("firebase_uid", before.firebase_uid.as_ref());
    let mut change = Change::new()
        .set("products", &after.products)
        .set("firebase_uid", &caller.uid)
        .when(unchanged);
    if after.epoch != before.epoch {
        change = change
            .set("epoch", after.epoch)
            .set("email_verified_at", after.email_verified_at)
            .remove("password_hash");
        let ended = Ended::BeforeEpoch(after.epoch);
        announce(tx, table, SessionEnded { user_id, ended })?;
        if before.email_verified_at.is_none() {
            announce(tx, table, AccountVerified { user_id })?;
        }
    }
    tx.update(table, account_key(user_id), change);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_name_is_short_and_shows_no_tricks(name in "\\PC{0,200}|[\\x00-\\x7f]{0,200}") {
            if let Some(short) = shortened(&name) {
                prop_assert!(validate::line(&short, &()).is_ok());
                prop_assert!(short.chars().count() <= LONGEST_NAME);
                prop_assert_eq!(shortened(&short), Some(short.clone()));
            }
        }
    }
}
