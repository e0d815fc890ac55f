//! The console in a browser: every view is walked through, and looked at with axe.

use std::path::PathBuf;

use enishi_local::firebase::PROJECT;

use super::*;
use crate::{
    market::shop::Shop,
    node::Package,
    saju,
    support::{EVENING, MORNING, Person},
};

/// Debian's Chromium, or the one that `CHROMIUM` names.
fn chromium() -> String {
    let named = std::env::var("CHROMIUM").ok();
    let usual = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let usual = usual.into_iter().find(|path| PathBuf::from(path).exists());
    named
        .or(usual.map(str::to_owned))
        .expect("this test needs Chromium; CHROMIUM names it")
}

/// Two mornings of the same eight people.
async fn mornings(world: &World) -> Vec<Person> {
    let mut people = world.people(8).await;
    for (day, before) in [(MORNING, EVENING), ("2026-11-22", "2026-11-21T20:00")] {
        world.at(before).await;
        world.refresh_all(&mut people).await;
        for person in &people {
            let body = json!({"date": day});
            world.post(person, "/register/", body).await.expect(201);
        }
        world.at(&format!("{day}T08:50")).await;
    }
    people
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs Node.js and Chromium, and the npm registry the first time"]
async fn every_view_is_walked_through_and_has_nothing_that_axe_minds() {
    let walk = Package::install("console", &["walk.mjs"]).await;
    let world = World::with(|options| {
        options.console_port = Some(0);
        options.automatic = true;
    });
    let world = world.await;
    let people = mornings(&world).await;
    let jieun = saju::register(&world, "jieun", "1996-02-04", "female").await;
    for (number, born) in ["1995-05-05", "1993-08-19", "1990-01-01", "1988-12-12"]
        .iter()
        .enumerate()
    {
        saju::register(&world, &format!("minjun{number}"), born, "male").await;
    }
    world
        .get(&jieun, "/api/matches/recommendations")
        .await
        .expect(200);
    let shop = Shop::of(world, 2).await;
    let order = shop.paid(&[(0, 1), (1, 2)]).await.id;
    shop.ship(&order, 0).await.expect(200);
    shop.says("received", &order, 0).await.expect(200);
    shop.refund(&order, 1).await.expect(200);
    let console = Console::of(shop.world);
    let world = &console.world;
    let up = format!(
        "{}/identitytoolkit.googleapis.com/v1/accounts:signUp?key=any",
        world.stack.aws_url()
    );
    let body = json!({"email": "fire@example.com", "password": "secret"}).to_string();
    let request = Request::post(up).body(Bytes::from(body)).unwrap();
    world.send_anywhere(request).await.expect(200);
    let (queue, event) = (
        "arn:aws:sqs:ap-northeast-1:000000000000:IdentityDeadLetters",
        json!({"detail-type": PROJECT}),
    );
    world.stack.lambda().give_up(
        queue,
        "IdentityMail",
        "the event has an unknown form",
        event,
    );
    let asked = json!({"user_id": people[0].id, "amount": 3000});
    console.post("/_enishi/checkout", asked).await;
    world.stack.settle().await;

    let found = json!({
        "console": world.stack.console_url(), "api": world.stack.url(), "user": people[0].id,
        "guest": people[0].name, "saju": jieun.name, "sajuId": jieun.id, "order": order,
    });
    let said = walk
        .run("walk.mjs", &[&chromium(), &found.to_string()])
        .await;
    let said: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(said["wrong"], json!([]), "{said:#}");
}
