//! Coming to an organisation by an invitation, which the sign-up of a member and the accepting share.

use enishi_shared::{
    App, Result, UserId, accounts,
    idempotency::Creation,
    language::Language,
    store::{Outcome, Race, Table, Transaction},
};

use crate::{
    audit::{self, Action},
    caller::{Newcomer, Standing, belongs_already, caller_key},
    invitation,
    member::{self, Member},
    membership::{change, put_in},
    organization::{PRODUCT, Role, read, table},
    user::User,
};

/// How the invitation is known.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// By the token in its letter.
    Token(&'a str),
    /// By the address; the newest one then.
    Address,
}

/// Makes a member of who is invited. Two requests for the invitation, two for the account by its names and
/// itself, the joining, the seconds.
///
/// # Errors
/// `invalid_parameter` on `token`, or `forbidden`, where there is no such invitation; `forbidden` where it is
/// for another address; `conflict` where they belong somewhere, or all seats are taken.
pub async fn join(
    app: &App,
    newcomer: &Newcomer,
    by: By<'_>,
    language: Language,
    creation: Option<&Creation>,
) -> Result<User> {
    let (orgs, identity) = (table(app)?, accounts::table(app)?);
    let caller = &newcomer.user;
    let email = newcomer.verified_email()?;
    let mut race = Race::new(app);
    loop {
        let (invitation, before) = match by {
            By::Token(token) => invitation::of_token(app, &orgs, token, email).await?,
            By::Address => invitation::newest(app, &orgs, email).await?,
        };
        let mut after = before.clone();
        after.invitations.remove(&invitation.invitation_id);
        after.has_seat(app.now())?;

        let mut tx = Transaction::new(app);
        let account = accounts::enter(&mut tx, &identity, caller, PRODUCT, language).await?;
        let user_id = account.user_id;
        after.members = after.members.saturating_add(1);
        if invitation.role == Role::Admin {
            after.admins.insert(user_id);
        }
        let member = Member {
            user_id,
            organization_id: before.organization_id,
            uid: caller.uid.clone(),
            email: email.to_owned(),
            role: invitation.role,
            is_invited: true,
            is_app_download: false,
            last_signin_at: caller.auth_time,
            created_at: app.now(),
        };
        let changed = change(&mut tx, &orgs, &before, after)?;
        let standings = put_in(&mut tx, &orgs, &member, caller.issued_at.as_second())?;
        invitation.delete(&mut tx, &orgs);
        let whom = invitation.invitation_id.to_string();
        let organization_id = before.organization_id;
        audit::write_down(
            &mut tx,
            &orgs,
            user_id,
            organization_id,
            Action::Accept,
            Some(&whom),
        )?;
        match tx.commit_once(&orgs, creation, &user_id).await? {
            Outcome::Done => return User::show(app, member, &before).await,
            Outcome::Replayed { id, .. } => return shown_again(app, &orgs, id).await,
            Outcome::Refused(refused) if standings.iter().any(|part| refused.is(*part)) => {
                return Err(belongs_already());
            }
            Outcome::Refused(refused) => changed.after(&refused)?,
        }
        // Another accepts, an admin changes something: it is looked up again.
        race.lost().await?;
    }
}

/// What is answered to who belongs to an organisation already: the same once more, if it is the same request
/// that brought them there. Four requests.
///
/// # Errors
/// `conflict` otherwise.
pub async fn replayed(app: &App, creation: Option<&Creation>) -> Result<User> {
    let creation = creation.ok_or_else(belongs_already)?;
    let orgs = table(app)?;
    let user_id = creation.created(app, &orgs).await?;
    shown_again(app, &orgs, user_id.ok_or_else(belongs_already)?).await
}

/// A user whom the same request has made before. Three requests.
///
/// # Errors
/// `conflict` when they have gone since.
pub async fn shown_again(app: &App, orgs: &Table, user_id: UserId) -> Result<User> {
    let standing = read(orgs, &caller_key(user_id)).await?;
    let Some(Standing::Member {
        organization_id, ..
    }) = standing
    else {
        return Err(belongs_already());
    };
    let found = member::look_up(orgs, organization_id, user_id).await?;
    let (organization, member) = found.ok_or_else(belongs_already)?;
    User::show(app, member, &organization).await
}
