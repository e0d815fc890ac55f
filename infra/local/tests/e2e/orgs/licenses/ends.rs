//! How a licence ends: with its period, by what is not paid, with its organisation; each by the clock.

use super::*;

const START: &str = "2027-06-01T08:00:00Z";

async fn five(world: &World) -> (Member, Value) {
    world.stack.at(moment(START)).await;
    let hana = admin(world, "hana").await;
    let license = buy(world, &hana, 5).await;
    (hana, license)
}

/// That nobody can be invited any more, and what was made is there still.
async fn is_over(world: &World, hana: &Member, project: &str) {
    assert_eq!(license(world, hana).await["status"], "canceled");
    assert_eq!(usage(world, hana).await.1, 0);
    let invitation = json!({
        "email": "riku@example.com", "role": "member", "organization_id": hana.organization_id,
    });
    post(world, hana, "/v1/service/invitations", invitation)
        .await
        .expect_error(409, "conflict", &[]);
    let path = format!("/v1/service/projects/{project}");
    get(world, hana, &path).await.expect(200);
    let export = json!({"project_id": project, "is_timerecord": 0});
    post(world, hana, "/v1/service/exports", export)
        .await
        .expect(200);
    let more = json!({"name": "b", "video_length": 1});
    post(world, hana, "/v1/service/projects", more)
        .await
        .expect_error(403, "quota_exceeded", &[]);
    assert!(items(world, "LICENSES").is_empty());
}

#[tokio::test]
async fn called_off_it_ends_with_its_period_to_the_second() {
    let world = selling().await;
    let (hana, license) = five(&world).await;
    let project = project(&world, &hana, "a", 100).await;
    invited(&world, &hana, "sora", "member").await;
    let off = json!({"cancel_applied_at": "2027-06-01 09:10:11"});
    let off = change(&world, &hana, &license, off).await;
    assert_eq!(off["cancel_applied_at"], "2027-06-01 09:10:11");
    assert_eq!(off["status"], "active");
    let on = change(&world, &hana, &license, json!({"cancel_applied_at": null})).await;
    assert_eq!(on["cancel_applied_at"], Value::Null);
    let later = json!({"cancel_applied_at": "2027-08-01T00:00:00+09:00"});
    let off = change(&world, &hana, &license, later).await;
    assert_eq!(off["cancel_applied_at"], "2027-07-31 15:00:00");

    let hana = at(&world, "2027-07-01T07:59:59Z", hana).await;
    assert_eq!(self::license(&world, &hana).await["status"], "active");
    assert_eq!(usage(&world, &hana).await, (100, 179_900));
    let hana = at(&world, "2027-07-01T08:00:00Z", hana).await;
    is_over(&world, &hana, &project).await;
    assert_eq!(
        get(&world, &hana, "/v1/service/users")
            .await
            .expect(200)
            .body["users"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    // Another one begins anew.
    assert_eq!(buy(&world, &hana, 2).await["status"], "active");
    assert_eq!(usage(&world, &hana).await, (0, 72_000));
    world.nothing_given_up();
}

#[tokio::test]
async fn it_can_be_called_off_in_stripes_portal() {
    let world = selling().await;
    let (hana, license) = five(&world).await;
    let its = subscription(&world, &hana);
    world.stack.stripe().call_off(&its, true).unwrap();
    world.stack.settle().await;
    let off = self::license(&world, &hana).await;
    assert_eq!(off["cancel_applied_at"], "2027-06-01 08:00:00");
    let on = change(&world, &hana, &license, json!({"cancel_applied_at": null})).await;
    assert_eq!(on["cancel_applied_at"], Value::Null);
    let hana = at(&world, "2027-07-01T09:05:00Z", hana).await;
    assert_eq!(self::license(&world, &hana).await["status"], "active");
}

#[tokio::test]
async fn what_is_past_due_goes_on_until_stripe_gives_up() {
    let world = selling().await;
    let (hana, license) = five(&world).await;
    let project = project(&world, &hana, "a", 100).await;
    let its = subscription(&world, &hana);
    world.stack.stripe().decline(&its, true).unwrap();
    let hana = at(&world, "2027-07-01T09:05:00Z", hana).await;
    assert_eq!(self::license(&world, &hana).await["status"], "past_due");
    // What was left is there still, nothing new is.
    assert_eq!(usage(&world, &hana).await, (100, 179_900));
    invited(&world, &hana, "sora", "member").await;
    let path = format!("{LICENSES}/{}", text(&license["id"]));
    put(&world, &hana, &path, json!({"quantity": 6}))
        .await
        .expect_error(409, "conflict", &[]);
    let hana = at(&world, "2027-07-10T09:05:00Z", hana).await;
    assert_eq!(self::license(&world, &hana).await["status"], "past_due");
    let hana = at(&world, "2027-07-25T09:05:00Z", hana).await;
    is_over(&world, &hana, &project).await;
    world.nothing_given_up();
}

#[tokio::test]
async fn what_is_paid_late_is_granted_then() {
    let world = selling().await;
    let (hana, _) = five(&world).await;
    let its = subscription(&world, &hana);
    world.stack.stripe().decline(&its, true).unwrap();
    let hana = at(&world, "2027-07-01T09:05:00Z", hana).await;
    assert_eq!(usage(&world, &hana).await, (0, 180_000));
    project(&world, &hana, "a", 100).await;
    world.stack.stripe().decline(&its, false).unwrap();
    let hana = at(&world, "2027-07-03T09:05:00Z", hana).await;
    assert_eq!(license(&world, &hana).await["status"], "active");
    assert_eq!(usage(&world, &hana).await, (0, 180_000));
}

#[tokio::test]
async fn a_closed_organisation_ends_its_licence_at_once_and_keeps_its_invoices() {
    let world = selling().await;
    let (hana, _) = five(&world).await;
    project(&world, &hana, "a", 100).await;
    let its = subscription(&world, &hana);
    let path = format!("/v1/service/organizations/{}", hana.organization_id);
    delete(&world, &hana, &path).await.expect(200);
    world.stack.settle().await;
    let ended = world.stack.stripe().object(&its).unwrap();
    assert_eq!(ended["status"], "canceled");
    assert_eq!(world.stack.stripe().balance().refunded, 0);
    let id = &hana.organization_id;
    assert_eq!(items(&world, &format!("INVOICES#{id}")).len(), 1);
    for gone in ["ORG#", "SECONDS#", "SPENT#"] {
        assert!(items(&world, &format!("{gone}{id}")).is_empty(), "{gone}");
    }
    assert!(items(&world, "LICENSES").is_empty());
    world.nothing_given_up();
}

#[tokio::test]
async fn a_closed_organisation_can_pay_no_more_and_what_was_paid_goes_back() {
    let world = selling().await;
    let hana = admin(&world, "hana").await;
    let open = checkout(&world, &hana, 5).await;
    let path = format!("/v1/service/organizations/{}", hana.organization_id);
    delete(&world, &hana, &path).await.expect(200);
    world.stack.settle().await;
    assert!(world.stack.stripe().pay(&open).is_err());

    let sora = admin(&world, "sora").await;
    let open = checkout(&world, &sora, 5).await;
    world.stack.stripe().pay(&open).unwrap();
    // Nobody has been told of it yet.
    let path = format!("/v1/service/organizations/{}", sora.organization_id);
    delete(&world, &sora, &path).await.expect(200);
    world.stack.settle().await;
    let balance = world.stack.stripe().balance();
    assert_eq!((balance.paid, balance.refunded), (5_000, 5_000));
    world.nothing_given_up();
}
