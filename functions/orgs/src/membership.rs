//! Who belongs to an organisation, and how that changes: each change is one transaction with the
//! organisation under its version, the member, and where they stand.
//!
//! The only admin of others holds their account (`enishi_shared::accounts`): they can leave by no way, not
//! even by closing it. The hold moves with the change that makes or ends such an admin, and that change is
//! refused where the account is closed already.

use enishi_shared::{
    Error, Result, UserId,
    accounts::{self, Account},
    events::announce,
    store::{Change, Condition, Part, Refused, Table, Transaction, when},
};

use crate::{
    caller::{Standing, caller_key, firebase_caller_key},
    events::{Closed, ClosedLicense},
    licensing,
    member::{Member, member_key},
    organization::{Organization, Role, organization_key},
    seconds,
};

/// A change of an organisation in a transaction.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    hold: Option<Part<Account>>,
}

impl Changed {
    /// Why the transaction was refused, if it was for an admin whose account is closed and who would
    /// become the only one. Anything else may have changed meanwhile, and is looked up again.
    ///
    /// # Errors
    /// `conflict`.
    pub fn after(self, refused: &Refused) -> Result<()> {
        match self.holder_is_gone(refused) {
            true => Err(last_admin()),
            false => Ok(()),
        }
    }

    /// Whether it was refused because the one who would become the only admin has closed their account.
    pub fn holder_is_gone(self, refused: &Refused) -> bool {
        self.hold.is_some_and(|hold| refused.is(hold))
    }
}

/// The 409 of what would leave an organisation without an admin.
pub fn last_admin() -> Error {
    Error::conflict("an organization with members needs an admin; make somebody else one first")
}

/// That somebody may stop being an admin, as far as the others are concerned.
///
/// # Errors
/// `conflict` to the only admin.
pub fn may_step_down(organization: &Organization, user_id: UserId) -> Result<()> {
    match organization.admins.len() == 1 && organization.admins.contains(&user_id) {
        true => Err(last_admin()),
        false => Ok(()),
    }
}

/// Makes an organisation what it is `after` a change, unless it is not `before` any more, and moves the
/// hold of its only admin.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn change(
    tx: &mut Transaction,
    table: &Table,
    before: &Organization,
    mut after: Organization,
) -> Result<Changed> {
    after.replace(tx, table, before)?;
    let name = format!("organization {}", before.organization_id);
    let (was, is) = (before.last_admin(), after.last_admin());
    // Who has gone although they were held has no account that could be released.
    if let Some(was) = was.filter(|was| is != Some(*was) && after.admins.contains(was)) {
        accounts::release(tx, was, &name)?;
    }
    let is = is.filter(|is| was != Some(*is));
    let hold = is.map(|is| accounts::hold(tx, is, &name)).transpose()?;
    Ok(Changed { hold })
}

/// Gives a member another role, wherever it stands. Beside it the organisation is to be changed.
pub fn give_role(tx: &mut Transaction, table: &Table, member: &Member, role: Role) {
    let Member {
        user_id,
        organization_id,
        uid,
        ..
    } = member;
    for key in [
        member_key(*organization_id, *user_id),
        caller_key(*user_id),
        firebase_caller_key(uid),
    ] {
        let here = when().eq("organization_id", organization_id);
        tx.update(table, key, Change::new().set("role", role).when(here));
    }
}

/// The condition that somebody may come: they belong nowhere, and were not deleted since their token was
/// issued (in seconds).
pub fn may_come(issued_at: i64) -> Condition {
    when()
        .absent("pk")
        .or(when().eq("standing", "deleted").lt("at", issued_at))
}

/// Puts a member into the table, and where they stand; the parts that are refused to who may not come.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn put_in(
    tx: &mut Transaction,
    table: &Table,
    member: &Member,
    issued_at: i64,
) -> Result<[Part<Standing>; 2]> {
    let key = member_key(member.organization_id, member.user_id);
    tx.create(table, key, member)?;
    let standing = Standing::of(member);
    standing.write(tx, table, member.user_id, &member.uid, &may_come(issued_at))
}

/// How somebody goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Going {
    /// They leave the organisation, and may come again as they are.
    Leaves,
    /// They are deleted: their tokens are good no more.
    Deleted,
}

/// Takes a member of others out of an organisation. The caller sees to it that they may go.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn take_out(
    tx: &mut Transaction,
    table: &Table,
    before: &Organization,
    member: &Member,
    going: Going,
) -> Result<Changed> {
    let mut after = before.clone();
    after.members = after.members.saturating_sub(1);
    after.admins.remove(&member.user_id);
    remove(tx, table, member, going)?;
    change(tx, table, before, after)
}

/// Closes an organisation with its only member. What lies under it is erased when the event comes; what
/// would write there is refused from now on.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn close(
    tx: &mut Transaction,
    table: &Table,
    organization: &Organization,
    member: &Member,
    going: Going,
) -> Result<()> {
    let organization_id = organization.organization_id;
    tx.delete_when(
        table,
        organization_key(organization_id),
        organization.as_read(),
    );
    remove(tx, table, member, going)?;
    seconds::reserve(tx.app(), organization)?.delete(tx);
    licensing::follow_due(tx, table, organization, None)?;
    let license = organization.license.as_ref();
    let closed = Closed {
        organization_id,
        period: organization.grant.period.clone(),
        license: license.map(ClosedLicense::of),
    };
    announce(tx, table, closed)
}

/// Removes a member and where they stand; beside it the organisation is to be changed or closed.
///
/// # Errors
/// `internal_server_error` when it cannot be stored.
pub fn remove(tx: &mut Transaction, table: &Table, member: &Member, going: Going) -> Result<()> {
    let Member {
        user_id,
        organization_id,
        uid,
        ..
    } = member;
    tx.delete_when(
        table,
        member_key(*organization_id, *user_id),
        when().exists("pk"),
    );
    let here = when().eq("organization_id", organization_id);
    match going {
        Going::Leaves => {
            tx.delete_when(table, caller_key(*user_id), here.clone());
            tx.delete_when(table, firebase_caller_key(uid), here);
        }
        Going::Deleted => {
            Standing::deleted(tx.app().now()).write(tx, table, *user_id, uid, &here)?;
        }
    }
    Ok(())
}
