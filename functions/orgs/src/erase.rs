//! `orgs-erase`: takes somebody who has closed their account out of their organisation, or closes it with
//! them. An only admin of others cannot close their account; but the only two can at the same moment, and
//! then whoever has been there longest becomes an admin.

use enishi_shared::{
    App, Function, Result, UserId,
    events::{AccountDeleted, Event},
    function::on,
    store::{Outcome, Race, Table, Transaction, decode},
};

use crate::{
    audit::{self, Action},
    caller::{Standing, caller_key},
    member::{self, Member, members_of},
    membership::{self, Going},
    organization::{OrganizationId, Role, read, table},
};

/// `orgs-erase`
///
/// Budget: where they stood, them with their organisation, the change; with a new admin the members, 100 a
/// request.
pub const FUNCTION: Function =
    Function::event("orgs-erase", |app, event| on(app, event, erase)).budget(4);

/// Takes them out, if they belong to an organisation still. Once more does no harm.
///
/// # Errors
/// Whatever keeps them from being taken out; the event comes again.
pub async fn erase(app: App, Event { detail }: Event<AccountDeleted>) -> Result<()> {
    let user_id = detail.data.user_id;
    let orgs = table(&app)?;
    let caller = caller_key(user_id);
    let mut held = true;
    let mut race = Race::new(&app);
    loop {
        let Some(Standing::Member {
            organization_id, ..
        }) = read(&orgs, &caller).await?
        else {
            return Ok(());
        };
        let found = member::look_up(&orgs, organization_id, user_id).await?;
        if let Some((before, member)) = found {
            let mut tx = Transaction::new(&app);
            let changed = if before.members <= 1 {
                membership::close(&mut tx, &orgs, &before, &member, Going::Deleted)?;
                None
            } else {
                membership::remove(&mut tx, &orgs, &member, Going::Deleted)?;
                let mut after = before.clone();
                after.members -= 1;
                after.admins.remove(&user_id);
                if after.admins.is_empty()
                    && let Some(next) = longest(&orgs, organization_id, user_id).await?
                {
                    membership::give_role(&mut tx, &orgs, &next, Role::Admin);
                    after.admins.insert(next.user_id);
                }
                match held {
                    true => Some(membership::change(&mut tx, &orgs, &before, after)?),
                    false => {
                        after.replace(&mut tx, &orgs, &before)?;
                        None
                    }
                }
            };
            let (action, whom) = (Action::DeleteUser, user_id.to_string());
            audit::write_down(
                &mut tx,
                &orgs,
                user_id,
                organization_id,
                action,
                Some(&whom),
            )?;
            match tx.commit().await? {
                Outcome::Done => return Ok(()),
                // Who would be the only admin has closed their account too: their own event sees to it.
                Outcome::Refused(refused) => {
                    held = !changed.is_some_and(|changed| changed.holder_is_gone(&refused));
                }
            }
        }
        race.lost().await?;
    }
}

/// Who has been a member longest, but for one. One request a hundred members.
async fn longest(
    orgs: &Table,
    organization_id: OrganizationId,
    but: UserId,
) -> Result<Option<Member>> {
    let members = members_of(organization_id).query(orgs);
    let members = members.all().await?.into_iter().map(decode::<Member>);
    let members: Vec<Member> = members.collect::<Result<_>>()?;
    let others = members.into_iter().filter(|member| member.user_id != but);
    Ok(others.min_by_key(|member| (member.created_at, member.user_id)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_event_is_one_of_ours() {
        let sample = include_str!("../../../events/orgs-erase.json");
        assert!(serde_json::from_str::<Event<AccountDeleted>>(sample).is_ok());
    }
}
