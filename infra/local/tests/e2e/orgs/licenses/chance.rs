//! Whatever an organisation does in whatever order: what it is told that it paid is what Stripe was paid.

use enishi_local::stripe::Order;
use enishi_shared::{app::Random, stripe::Invoice};

use super::*;

const STEPS: usize = 300;

/// All that Stripe has sent somebody, the oldest first.
async fn sent(world: &World, customer: &str) -> Vec<Invoice> {
    let app = world.app("OrgsLicense", |_| {});
    let stripe = stripe::client(&app);
    let mut all: Vec<Invoice> = Vec::new();
    loop {
        let after = all.last().map(|invoice| invoice.id.clone());
        let page = stripe.invoices(customer, 100, after.as_deref()).await;
        let page = page.unwrap();
        all.extend(page.data);
        if !page.has_more {
            break;
        }
    }
    all.retain(|invoice| invoice.status.as_str() != "draft");
    all.reverse();
    all
}

/// All of an organisation's payments, the oldest first: what each comes to, and how it stands.
fn kept(world: &World, admin: &Member) -> Vec<(i64, String)> {
    let mut kept = items(world, &format!("INVOICES#{}", admin.organization_id));
    kept.sort_by_key(|item| text(&item["sk"]["S"]));
    let shown = |item: &Value| {
        let amount = text(&item["amount"]["N"]).parse().unwrap();
        (amount, text(&item["status"]["S"]))
    };
    kept.iter().map(shown).collect()
}

#[tokio::test]
async fn three_hundred_random_steps_agree_with_stripe_to_the_yen() {
    let world = selling().await;
    world.stack.at(moment("2027-01-31T08:00:00Z")).await;
    world.stack.stripe().deliver_order(Order {
        copies: 1,
        shuffle: Some(17),
        ..Order::default()
    });
    let random = Random::from_seed(300);
    let draw = |below: u64| u64::from_le_bytes(random.bytes()) % below;
    let mut hana = admin(&world, "hana").await;
    for _ in 0..STEPS {
        let license = license(&world, &hana).await;
        if !matches!(
            license["status"].as_str(),
            Some("active" | "past_due" | "unpaid")
        ) {
            buy(&world, &hana, 1 + u32::try_from(draw(20)).unwrap()).await;
            continue;
        }
        let path = format!("{LICENSES}/{}", text(&license["id"]));
        let its = subscription(&world, &hana);
        let stripe = world.stack.stripe();
        match draw(10) {
            0..4 => {
                let body = json!({"quantity": 1 + draw(30)});
                let answer = put(&world, &hana, &path, body).await;
                assert!(
                    matches!(answer.status.as_u16(), 200 | 409),
                    "{}",
                    answer.text
                );
            }
            4 => drop(stripe.decline(&its, draw(2) == 0)),
            5 => drop(stripe.call_off(&its, draw(3) == 0)),
            6 => {
                let at = match draw(4) {
                    0 => json!(world.stack.clock().now()),
                    _ => Value::Null,
                };
                let body = json!({"cancel_applied_at": at});
                put(&world, &hana, &path, body).await.expect(200);
            }
            7 => {
                if let Some(url) = license["pending"]["url"].as_str() {
                    let _ = stripe.pay_invoice(url.rsplit('/').next().unwrap());
                }
            }
            _ => {
                let passes = SignedDuration::from_secs(i64::try_from(draw(12 * 86_400)).unwrap());
                world.stack.at(world.stack.clock().now() + passes).await;
                hana = logged_in(&world, hana).await;
            }
        }
        world.stack.settle().await;
    }
    // What is under way comes to its end.
    world
        .stack
        .at(world.stack.clock().now() + SignedDuration::from_hours(2))
        .await;
    sweep(&world).await;
    let organization = items(&world, &format!("ORG#{}", hana.organization_id));
    let mut customers = organization.iter().map(|item| &item["customer"]["S"]);
    let customer = text(customers.find(|it| it.is_string()).unwrap());
    let sent = sent(&world, &customer).await;
    let mut expected: Vec<(i64, String)> = sent
        .iter()
        .map(|it| (it.amount_due, it.status.as_str().to_owned()))
        .collect();
    let mut kept = kept(&world, &hana);
    let paid = |all: &[(i64, String)]| -> i64 {
        all.iter()
            .filter(|(_, status)| status == "paid")
            .map(|(amount, _)| amount)
            .sum()
    };
    assert_eq!(paid(&kept), paid(&expected));
    assert_eq!(paid(&kept), world.stack.stripe().balance().paid);
    expected.sort();
    kept.sort();
    assert_eq!(kept, expected);
    assert!(kept.len() > 20, "{}", kept.len());
    world.nothing_given_up();
}
