//! Its flows under faults.

use enishi_local::client::declared;
use http::{Request, header};
use serde_json::{Value, json};

use super::{
    closing::{mentions, order},
    cup,
    customers::address,
    index::is_rebuilt,
    items,
    money::{told, updated},
    notice, onboard,
    pictures::{JPEG, objects, send},
    stored,
};
use crate::{
    crash::{Flow, Scene, flows},
    identity::later,
    support::text,
};

flows!(
    market: become_maker, change_maker, onboard_maker, account, add, change, take_away, put, index, show_picture,
    take_picture, sweep_pictures, tell, forget, erase, sweep,
);

async fn become_maker(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketBecomeMaker",
        two_meet: true,
    };
    flow.survives(
        person,
        // Whoever asks again is one already.
        async |scene| matches!(becomes_maker(scene).await, 201 | 409),
        async |scene| counted(scene, [("MAKER#", 1)]),
    )
    .await;
}

async fn change_maker(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketUpdateMaker",
        two_meet: true,
    };
    flow.survives(
        maker,
        async |scene| {
            let body = json!({"maker_name": "青山窯", "notice": notice()});
            let answer = scene.call(0, "PATCH", "/api/makers/me", Some(body));
            answer.await.0 == 200
        },
        async |scene| {
            let (_, me) = scene.call(0, "GET", "/api/makers/me", None).await;
            match me["maker_name"] == "青山窯" && me["shipping_fee"] == 500 {
                true => Ok(()),
                false => Err(me.to_string()),
            }
        },
    )
    .await;
}

async fn onboard_maker(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketOnboard",
        two_meet: true,
    };
    flow.survives(
        maker,
        async |scene| {
            let path = "/api/stripe/create";
            scene.call(0, "GET", path, None).await.0 == 200
        },
        async |scene| {
            let maker = stored(&scene.world, &scene.people[0]).await;
            let account = maker.stripe_account_id.ok_or("no account")?;
            // One at Stripe too.
            counted(scene, [("STRIPE#", 1), (&format!("STRIPE#{account}"), 1)])
        },
    )
    .await;
}

async fn account(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketAccount",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let (maker, account) = told(&scene.world, "hana").await;
            scene.world.stack.stripe().onboard(&account, true).unwrap();
            scene.people[0] = maker.id;
            scene.token = account;
        },
        async |scene| {
            let told = updated(&scene.token);
            let lambda = scene.world.stack.lambda();
            lambda.invoke("MarketAccount", told).await.is_ok()
        },
        async |scene| match stored(&scene.world, &scene.people[0]).await.onboarded {
            true => Ok(()),
            false => Err("not onboarded".to_owned()),
        },
    )
    .await;
}

async fn add(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketAddProduct",
        two_meet: true,
    };
    flow.survives(
        maker,
        async |scene| keyed(scene, "POST", "/api/products", cup()).await == 201,
        async |scene| {
            let mine = mine(scene).await;
            if mine.len() != 1 || mine[0]["stock"]["free"] != 2 {
                return Err(format!("{mine:?}"));
            }
            counted(scene, [("ITEM#", 1), ("NEXT", 1)])
        },
    )
    .await;
}

async fn change(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketUpdateProduct",
        two_meet: true,
    };
    flow.survives(
        item,
        async |scene| {
            let path = format!("/api/products/{}", scene.token);
            // More than a bucket has.
            let body = json!({"price": 3_200, "stock_delta": -3});
            keyed(scene, "PATCH", &path, body).await == 200
        },
        async |scene| {
            let mine = mine(scene).await;
            match mine[0]["price"] == 3_200 && mine[0]["stock"]["free"] == 0 {
                true => Ok(()),
                false => Err(format!("{mine:?}")),
            }
        },
    )
    .await;
}

async fn take_away(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketDeleteProduct",
        two_meet: true,
    };
    flow.survives(
        item,
        async |scene| {
            let path = format!("/api/products/{}", scene.token);
            matches!(scene.call(0, "DELETE", &path, None).await.0, 204 | 404)
        },
        async |scene| {
            scene.world.stack.settle().await;
            counted(
                scene,
                [("ITEM#", 0), ("STOCK#", 0), ("LIST#", 0), ("DOCUMENT#", 0)],
            )
        },
    )
    .await;
}

async fn put(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketAddToCart",
        two_meet: true,
    };
    flow.survives(
        item,
        async |scene| {
            let body = json!({"item_id": scene.token, "quantity": 2});
            keyed(scene, "POST", "/api/cart", body).await == 200
        },
        async |scene| {
            let (_, cart) = scene.call(0, "GET", "/api/cart", None).await;
            match cart["items_amount"] == 6_000 {
                true => Ok(()),
                false => Err(cart.to_string()),
            }
        },
    )
    .await;
}

async fn index(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketIndex",
        two_meet: false,
    };
    flow.survives(
        item,
        async |scene| {
            let path = format!("/api/products/{}", scene.token);
            let body = json!({"item_name": "皿", "price": 500, "stock_delta": -3});
            let changed = keyed(scene, "PATCH", &path, body).await == 200;
            scene.world.stack.settle().await;
            changed
        },
        async |scene| {
            is_rebuilt(&scene.world).await?;
            counted(scene, [("LIST#", 12)])
        },
    )
    .await;
}

async fn show_picture(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketOrderImages",
        two_meet: true,
    };
    flow.survives(
        uploaded,
        async |scene| {
            let (item, image) = scene.token.split_once(' ').unwrap();
            let body = json!({"images": [image]});
            let path = format!("/images/{item}");
            scene.call(0, "PUT", &path, Some(body)).await.0 == 200
        },
        async |scene| {
            let mine = mine(scene).await;
            let images = mine[0]["images"].as_array().map(Vec::len);
            if images != Some(1) {
                return Err(format!("{images:?}"));
            }
            counted(scene, [("UPLOADS", 0)])
        },
    )
    .await;
}

async fn take_picture(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketDeleteImage",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            uploaded(scene).await;
            let (item, image) = scene.token.split_once(' ').unwrap();
            let body = json!({"images": [image]});
            let path = format!("/images/{item}");
            let (status, shown) = scene.call(0, "PUT", &path, Some(body)).await;
            assert_eq!(status, 200, "{shown}");
        },
        async |scene| {
            let (item, image) = scene.token.split_once(' ').unwrap();
            let path = format!("/images/{item}/{image}");
            // Once more finds it gone.
            matches!(scene.call(0, "DELETE", &path, None).await.0, 204 | 404)
        },
        async |scene| {
            let mine = mine(scene).await;
            if mine[0]["images"] != json!([]) {
                return Err(mine[0].to_string());
            }
            counted(scene, [("UPLOADS", 1)])
        },
    )
    .await;
}

async fn sweep_pictures(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketSweep",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            uploaded(scene).await;
            let due = scene.world.stack.clock().now() + jiff::SignedDuration::from_mins(75);
            scene.world.stack.clock().set(Some(due));
        },
        async |scene| scene.fire("MarketSweep").await.is_ok(),
        async |scene| {
            let left = objects(&scene.world).await;
            if !left.is_empty() {
                return Err(format!("{left:?}"));
            }
            counted(scene, [("UPLOADS", 0)])
        },
    )
    .await;
}

/// The first of them as a maker of an item with a picture that nobody sees yet: the ids of both.
async fn uploaded(scene: &mut Scene) {
    item(scene).await;
    let path = format!("/images/{}", scene.token);
    let body = declared("image/jpeg", JPEG);
    let (status, allowed) = scene.call(0, "POST", &path, Some(body)).await;
    assert_eq!(status, 200, "{allowed}");
    send(&scene.world, &allowed, JPEG).await.expect(200);
    scene.token = format!("{} {}", scene.token, text(&allowed["image_id"]));
}

/// The first of them with an account.
async fn person(scene: &mut Scene) {
    let person = scene.world.sign_up("hana").await;
    scene.people[0] = person.id;
}

async fn becomes_maker(scene: &Scene) -> u16 {
    let body = json!({"maker_name": "縁工房", "shipping_fee": 500, "notice": notice()});
    scene.call(0, "POST", "/api/makers", Some(body)).await.0
}

/// The first of them as a maker who may sell.
async fn maker(scene: &mut Scene) {
    person(scene).await;
    assert_eq!(becomes_maker(scene).await, 201);
    onboard(&scene.world, &scene.people[0], true).await;
    scene.world.stack.settle().await;
}

/// With an item, of which there are three.
async fn item(scene: &mut Scene) {
    maker(scene).await;
    let mut body = cup();
    body["stock"] = json!(3);
    let (_, item) = scene.call(0, "POST", "/api/products", Some(body)).await;
    scene.token = text(&item["item_id"]);
    scene.world.stack.settle().await;
}

async fn mine(scene: &Scene) -> Vec<Value> {
    let (_, mine) = scene.call(0, "GET", "/api/products", None).await;
    mine.as_array().cloned().unwrap_or_default()
}

/// A request of the first one's, with an idempotency key.
async fn keyed(scene: &Scene, method: &str, path: &str, body: Value) -> u16 {
    let token = scene.access_token(0).await;
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .header(header::CONTENT_TYPE, "application/json")
        .header("idempotency-key", "the-same")
        .body(body.to_string().into())
        .unwrap();
    scene.world.send(request).await.status.as_u16()
}

/// That so many items have these beginnings.
fn counted<const N: usize>(scene: &Scene, expected: [(&str, usize); N]) -> Result<(), String> {
    for (pk, count) in expected {
        let found = items(&scene.world, pk).len();
        if found != count {
            return Err(format!("{found} of {pk}"));
        }
    }
    Ok(())
}

async fn tell(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketSetAddress",
        two_meet: true,
    };
    flow.survives(
        person,
        async |scene| tells(scene).await == 200,
        async |scene| {
            let (_, me) = scene.call(0, "GET", "/api/user", None).await;
            match me["is_registered"] == true && me["zip_code"] == "920-0001" {
                true => counted(scene, [("USER#", 1)]),
                false => Err(me.to_string()),
            }
        },
    )
    .await;
}

async fn forget(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketDeleteMe",
        two_meet: true,
    };
    flow.survives(
        known,
        async |scene| scene.call(0, "DELETE", "/api/user", None).await.0 == 204,
        async |scene| counted(scene, [("USER#", 0), ("MAKER#", 3), ("ITEM#", 2)]),
    )
    .await;
}

async fn erase(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketErase",
        two_meet: true,
    };
    flow.survives(
        known,
        async |scene| {
            let gone = &scene.people[0];
            let erased = scene.world.account_deleted("MarketErase", gone).await;
            erased.is_ok()
        },
        async |scene| {
            scene.world.stack.settle().await;
            is_rebuilt(&scene.world).await?;
            let left = mentions(&scene.world, &scene.people[0]);
            match left == [format!("ITEM#{} / ITEM", scene.token)] {
                true => counted(scene, [("ERASURES", 1), ("USER#", 0), ("LIST#", 0)]),
                false => Err(format!("{left:?}")),
            }
        },
    )
    .await;
}

async fn sweep(name: &'static str) {
    let flow = Flow {
        name,
        function: "MarketSweep",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            known(scene).await;
            let gone = &scene.people[0];
            let erased = scene.world.account_deleted("MarketErase", gone).await;
            erased.unwrap();
            tells(scene).await;
            later(&scene.world, 60 * 60 + 1);
        },
        async |scene| scene.fire("MarketSweep").await.is_ok(),
        async |scene| counted(scene, [("ERASURES", 0), ("USER#", 0)]),
    )
    .await;
}

async fn tells(scene: &Scene) -> u16 {
    let told = scene.call(0, "POST", "/api/address", Some(address()));
    told.await.0
}

/// The first of them as a maker with two items, of which one was ordered, and as a customer who has told all.
async fn known(scene: &mut Scene) {
    item(scene).await;
    order(&scene.world, &scene.token).await;
    let (status, other) = scene.call(0, "POST", "/api/products", Some(cup())).await;
    assert_eq!(status, 201);
    assert_eq!(tells(scene).await, 200);
    let line = json!({"item_id": other["item_id"], "quantity": 1});
    for (path, body, expected) in [
        ("/api/cart", line, 200),
        ("/api/favourites", json!({"item_id": scene.token}), 204),
    ] {
        let (status, _) = scene.call(0, "POST", path, Some(body)).await;
        assert_eq!(status, expected, "{path}");
    }
    scene.world.stack.settle().await;
}
