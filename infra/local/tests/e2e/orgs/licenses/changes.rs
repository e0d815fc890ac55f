//! More seats and fewer, within a period.

use super::*;

/// A month of thirty days, at its beginning.
const START: &str = "2027-06-01T08:00:00Z";
const MIDDLE: &str = "2027-06-16T08:00:00Z";

/// An organisation of five seats since [`START`].
async fn five(world: &World) -> (Member, Value) {
    world.stack.at(moment(START)).await;
    let hana = admin(world, "hana").await;
    let license = buy(world, &hana, 5).await;
    assert_eq!(license["current_period_end"], "2027-07-01 08:00:00");
    (hana, license)
}

#[tokio::test]
async fn more_seats_are_paid_and_grant_seconds_for_the_rest_of_the_period() {
    let world = selling().await;
    let (hana, license) = five(&world).await;
    let hana = at(&world, MIDDLE, hana).await;
    let more = change(&world, &hana, &license, json!({"quantity": 8})).await;
    assert_eq!(more["quantity"], 8);
    assert!(more.get("pending").is_none());
    assert_eq!(seats(&world, &hana).await, 8);
    let added = 3 * 36_000 / 2;
    assert_eq!(usage(&world, &hana).await, (0, 180_000 + added));
    let payments = paid(&world, &hana).await;
    assert_eq!(payments.last(), Some(&(1_500, "paid".to_owned())));
    // The same once more, as after a lost answer.
    change(&world, &hana, &license, json!({"quantity": 8})).await;
    assert_eq!(paid(&world, &hana).await, payments);
    // The period's turn grants the whole of eight, and what was left is gone.
    let hana = at(&world, "2027-07-01T09:05:00Z", hana).await;
    assert_eq!(usage(&world, &hana).await, (0, 8 * 36_000));
    let payments = paid(&world, &hana).await;
    assert_eq!(payments.last(), Some(&(8_000, "paid".to_owned())));
    world.nothing_given_up();
}

#[tokio::test]
async fn ten_seats_five_and_ten_again_are_paid_once() {
    let world = selling().await;
    world.stack.at(moment(START)).await;
    let hana = admin(&world, "hana").await;
    let license = buy(&world, &hana, 10).await;
    let hana = at(&world, MIDDLE, hana).await;
    for quantity in [5, 10, 7, 9, 5] {
        let now = change(&world, &hana, &license, json!({"quantity": quantity})).await;
        assert_eq!(now["quantity"], quantity);
        assert_eq!(seats(&world, &hana).await, quantity);
        assert_eq!(usage(&world, &hana).await, (0, 360_000));
        assert_eq!(paid(&world, &hana).await, [(10_000, "paid".to_owned())]);
    }
    let hana = at(&world, "2027-07-01T09:05:00Z", hana).await;
    assert_eq!(usage(&world, &hana).await, (0, 180_000));
    let payments = paid(&world, &hana).await;
    assert_eq!(payments.last(), Some(&(5_000, "paid".to_owned())));
}

#[tokio::test]
async fn a_declined_card_leaves_the_seats_and_says_where_they_are_paid() {
    let world = selling().await;
    let (hana, license) = five(&world).await;
    let its = subscription(&world, &hana);
    world.stack.stripe().decline(&its, true).unwrap();
    let hana = at(&world, MIDDLE, hana).await;
    let declined = change(&world, &hana, &license, json!({"quantity": 10})).await;
    assert_eq!(declined["quantity"], 5);
    let pending = &declined["pending"];
    assert_eq!(pending["quantity"], 10);
    assert_eq!(pending["expires_at"], "2027-06-17 07:00:00");
    assert_eq!(seats(&world, &hana).await, 5);
    assert_eq!(usage(&world, &hana).await, (0, 180_000));
    assert_eq!(self::license(&world, &hana).await, declined);

    // Asked again it is the same offer.
    let again = change(&world, &hana, &license, json!({"quantity": 10})).await;
    assert_eq!(again, declined);
    let url = text(&pending["url"]);
    let invoice = url.rsplit('/').next().unwrap();
    world.stack.stripe().pay_invoice(invoice).unwrap();
    world.stack.settle().await;
    let now = self::license(&world, &hana).await;
    assert_eq!(now["quantity"], 10);
    assert!(now.get("pending").is_none());
    assert_eq!(seats(&world, &hana).await, 10);
    assert_eq!(usage(&world, &hana).await, (0, 180_000 + 90_000));
    world.nothing_given_up();
}

#[tokio::test]
async fn an_offer_that_nobody_takes_is_over_after_a_day() {
    let world = selling().await;
    let (hana, license) = five(&world).await;
    let its = subscription(&world, &hana);
    world.stack.stripe().decline(&its, true).unwrap();
    change(&world, &hana, &license, json!({"quantity": 10})).await;
    let hana = at(&world, "2027-06-02T07:00:01Z", hana).await;
    sweep(&world).await;
    let now = self::license(&world, &hana).await;
    assert_eq!(now["quantity"], 5);
    assert!(now.get("pending").is_none());
    let payments = paid(&world, &hana).await;
    assert!(
        payments.iter().any(|(_, status)| status == "void"),
        "{payments:?}"
    );
    assert_eq!(usage(&world, &hana).await, (0, 180_000));
}

#[tokio::test]
async fn there_are_never_fewer_seats_than_members_and_invitations() {
    let world = selling().await;
    let (hana, license) = five(&world).await;
    invited(&world, &hana, "sora", "member").await;
    let invitation = json!({
        "email": "umi@example.com", "role": "member", "organization_id": hana.organization_id,
    });
    post(&world, &hana, "/v1/service/invitations", invitation)
        .await
        .expect(200);
    let path = format!("{LICENSES}/{}", text(&license["id"]));
    put(&world, &hana, &path, json!({"quantity": 2}))
        .await
        .expect_error(409, "conflict", &[]);
    change(&world, &hana, &license, json!({"quantity": 3})).await;
    let one_more = json!({
        "email": "riku@example.com", "role": "member", "organization_id": hana.organization_id,
    });
    post(&world, &hana, "/v1/service/invitations", one_more)
        .await
        .expect_error(409, "conflict", &[]);
}

/// Both at once: whoever is first, there are as many seats in the end as people.
#[tokio::test]
async fn an_invitation_and_fewer_seats_at_once_never_leave_too_few() {
    let world = selling().await;
    let (hana, license) = five(&world).await;
    for nth in 0..5 {
        change(&world, &hana, &license, json!({"quantity": 5})).await;
        let taken = 1 + nth;
        let invitation = json!({
            "email": format!("guest-{nth}@example.com"), "role": "member",
            "organization_id": hana.organization_id,
        });
        let path = format!("{LICENSES}/{}", text(&license["id"]));
        let (invited, lowered) = futures_util::join!(
            post(&world, &hana, "/v1/service/invitations", invitation),
            put(&world, &hana, &path, json!({"quantity": taken})),
        );
        world.stack.settle().await;
        let statuses = (invited.status.as_u16(), lowered.status.as_u16());
        assert!(matches!(statuses, (200, 409) | (409, 200)), "{statuses:?}");
        let taken = taken + u64::from(statuses.0 == 200);
        assert!(seats(&world, &hana).await >= taken);
        if statuses.0 != 200 {
            break;
        }
    }
}

#[tokio::test]
async fn a_thousand_seats_in_the_last_hour_grant_an_hours_seconds() {
    let world = selling().await;
    world.stack.at(moment(START)).await;
    let hana = admin(&world, "hana").await;
    let license = buy(&world, &hana, 1).await;
    let hana = at(&world, "2027-07-01T07:00:00Z", hana).await;
    change(&world, &hana, &license, json!({"quantity": 1_000})).await;
    let hour = 999 * 36_000 / (30 * 24);
    assert_eq!(usage(&world, &hana).await, (0, 36_000 + hour));
    assert_eq!(seats(&world, &hana).await, 1_000);
    assert_eq!(
        self::license(&world, &hana).await["current_period_end"],
        text(&license["current_period_end"])
    );
}
