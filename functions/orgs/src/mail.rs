//! `orgs-mail`: mails an invitation with its token, which is made when it is sent and lies nowhere else.
//!
//! Each event's letter goes out once (see [`enishi_shared::mail`]), or now and then twice, each with a token
//! that works until one of them is used.

use enishi_shared::{
    App, Function, Result,
    events::Event,
    frontend::FrontendUrl,
    function::on,
    mail::Mailing,
    store::{Outcome, Transaction, decode, when},
};

use crate::{
    events::Invited,
    invitation::{Invitation, Token, invitation_key, token_key, token_text},
    letters,
    organization::{Organization, organization_key, table},
};

/// `orgs-mail`
///
/// Budget: the receipt with the invitation and its organisation, the token, the receipt; 1 or 2 if there is
/// nothing to send.
pub const FUNCTION: Function =
    Function::event("orgs-mail", |app, event| on(app, event, mail)).budget(3);

/// Mails the invitation, unless that was done before or it is not open any more.
///
/// # Errors
/// Whatever keeps the letter from being sent; the event comes again.
pub async fn mail(app: App, Event { detail }: Event<Invited>) -> Result<()> {
    let Invited {
        organization_id,
        invitation_id,
    } = detail.data;
    let orgs = table(&app)?;
    let mailing = Mailing::new(&app, &orgs, &detail.id);
    let invitation = invitation_key(organization_id, invitation_id);
    let organization = organization_key(organization_id);
    let places = [invitation.clone(), organization.clone()];
    let Some(mut found) = mailing.unless_sent(&places).await? else {
        return Ok(());
    };
    let (Some(open), Some(to)) = (found.remove(&invitation), found.remove(&organization)) else {
        return Ok(());
    };
    let (open, to): (Invitation, Organization) = (decode(open)?, decode(to)?);
    if !to.invites(invitation_id, app.now()) {
        return Ok(());
    }
    let secret: [u8; 32] = app.random();
    let token = Token {
        invitation_id,
        ttl: open.ttl,
    };
    let mut tx = Transaction::new(&app);
    tx.check(&orgs, invitation, when().exists("pk"));
    tx.create(&orgs, token_key(organization_id, &secret), &token)?;
    if let Outcome::Refused(_) = tx.commit().await? {
        return Ok(());
    }
    let frontend = &app.config::<FrontendUrl>()?.0;
    let token = token_text(organization_id, &secret);
    let letter = letters::invitation(&to.company_name, frontend, &token);
    mailing.send(&open.email, &letter).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/orgs-mail.json");
        assert!(serde_json::from_str::<Event<Invited>>(sample).is_ok());
    }
}
