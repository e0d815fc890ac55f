//! Its flows under faults.

use enishi_local::import;
use serde_json::{Value, json};

use crate::{
    crash::{Flow, Scene, flows},
    identity::later,
    live::Socket,
};

flows!(saju: register, recalendar, list, verified, hide, ask, accept, unmatch, block, unblock, send, read, deliver,
    notify, erase, sweep);

async fn register(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuRegister",
        two_meet: true,
    };
    flow.survives(
        async |_| {},
        async |scene| registers(scene).await == 201,
        registered_once,
    )
    .await;
}

/// Says that the birthday was by the lunar calendar.
async fn recalendar(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuUpdateMe",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let now = scene.world.stack.clock().now();
            let mut people = import::invent(1, 3, now).unwrap();
            people[0].candidate.user_id = scene.people[0].parse().unwrap();
            // A date that either calendar has; its place in the pool follows with the change.
            people[0].candidate.birth_date = "1995-03-02".parse().unwrap();
            import::people(&scene.world.stack, &people).unwrap();
            assert_eq!(calendar(scene, "solar").await, 200);
        },
        async |scene| calendar(scene, "lunar").await == 200,
        async |scene| {
            let (_, me) = scene.call(0, "GET", "/api/users/me", None).await;
            let (_, chart) = scene.call(0, "GET", "/api/saju/me", None).await;
            let pool = super::requests::dump(&scene.world)
                .into_iter()
                .find(|item| {
                    item["pk"]["S"] == format!("USER#{}", scene.people[0])
                        && item["sk"]["S"] == "PROFILE"
                });
            let pool = pool.unwrap_or_default()["listing_key"]["S"].to_string();
            let solar = me["solar_birth_date"].as_str().unwrap_or_default();
            let right = me["calendar"] == "lunar"
                && me["birth_date"] != me["solar_birth_date"]
                && chart["solar_birth_date"] == solar
                && pool.contains(&format!("#{solar}"));
            match right {
                true => Ok(()),
                false => Err(format!("{me} stands in {pool}")),
            }
        },
    )
    .await;
}

async fn calendar(scene: &Scene, calendar: &str) -> u16 {
    let body = json!({"calendar": calendar});
    scene.call(0, "PUT", "/api/users/me", Some(body)).await.0
}

async fn list(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuRecommendations",
        two_meet: true,
    };
    flow.survives(
        profiles,
        async |scene| lists(scene).await.0 == 200,
        one_list_counted_once,
    )
    .await;
}

/// An address is verified.
async fn verified(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuFollowAccount",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            let now = scene.world.stack.clock().now();
            let mut people = import::invent(2, 3, now).unwrap();
            for (profile, guest) in people.iter_mut().zip(&scene.people) {
                profile.candidate.user_id = guest.parse().unwrap();
            }
            people[1].standing.unverified = true;
            people[1].candidate.listing_key = None;
            import::people(&scene.world.stack, &people).unwrap();
        },
        async |scene| {
            let event = json!({
                "source": "enishi.identity", "detail-type": "account.verified",
                "detail": {
                    "id": "019aa2b4-7c1f-7a02-8d11-3c4b5a697887", "time": "2026-11-20T11:00:00Z",
                    "data": {"user_id": scene.people[1]},
                },
            });
            let lambda = scene.world.stack.lambda();
            lambda.invoke("SajuFollowAccount", event).await.is_ok()
        },
        async |scene| match lists(scene).await.1 {
            list if list[0]["user_id"] == scene.people[1].as_str() => Ok(()),
            list => Err(format!("not recommended: {list}")),
        },
    )
    .await;
}

async fn hide(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuUpdateMe",
        two_meet: true,
    };
    flow.survives(
        profiles,
        async |scene| {
            let body = json!({"listed": false, "preferences": {"gender": "any"}});
            let changed = scene.call(1, "PUT", "/api/users/me", Some(body)).await;
            changed.0 == 200
        },
        async |scene| {
            let (_, me) = scene.call(1, "GET", "/api/users/me", None).await;
            let (_, list) = lists(scene).await;
            let is_listed = list.to_string().contains(&scene.people[1]);
            match me["preferences"]["gender"] == "any" && me["listed"] == false && !is_listed {
                true => Ok(()),
                false => Err(format!("{me} and {list}")),
            }
        },
    )
    .await;
}

async fn ask(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuRequest",
        two_meet: true,
    };
    flow.survives(
        profiles,
        // The request itself does not remember who made it: a repetition is told that it exists.
        async |scene| matches!(asks(scene).await.0, 201 | 409),
        async |scene| both_see(scene, "requested", 0).await,
    )
    .await;
}

async fn accept(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuAccept",
        two_meet: true,
    };
    flow.survives(
        asked,
        async |scene| accepts(scene).await == 200,
        async |scene| both_see(scene, "matched", 1).await,
    )
    .await;
}

async fn block(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuBlock",
        two_meet: true,
    };
    flow.survives(
        matched,
        async |scene| blocks(scene).await == 201,
        nobody_can_write,
    )
    .await;
}

async fn unblock(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuUnblock",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            matched(scene).await;
            assert_eq!(blocks(scene).await, 201);
        },
        async |scene| {
            let path = format!("/api/blocks/{}", scene.people[1]);
            scene.call(0, "DELETE", &path, None).await.0 == 204
        },
        async |scene| {
            let (_, blocks) = scene.call(0, "GET", "/api/blocks", None).await;
            match blocks == json!([]) {
                true => both_see(scene, "matched", 1).await,
                false => Err(format!("still blocked: {blocks}")),
            }
        },
    )
    .await;
}

async fn unmatch(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuUnmatch",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            matched(scene).await;
            assert_eq!(sends(scene, 0).await, 201);
        },
        async |scene| {
            let path = format!("/api/chats/{}", pair(scene));
            scene.call(0, "DELETE", &path, None).await.0 == 204
        },
        async |scene| {
            nobody_can_write(scene).await?;
            for person in 0..2 {
                for path in ["/api/matches", "/api/chats"] {
                    let (_, list) = scene.call(person, "GET", path, None).await;
                    if list != json!([]) {
                        return Err(format!("{person} still has {list}"));
                    }
                }
            }
            let again = asks(scene).await;
            let ended = |item: &Value| item["status"]["S"] == "ended";
            let items = super::requests::dump(&scene.world);
            match (again.0, items.into_iter().filter(ended).count()) {
                (409, 2) => Ok(()),
                (status, rows) => Err(format!("{status}, and {rows} rows")),
            }
        },
    )
    .await;
}

async fn send(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuSendMessage",
        two_meet: true,
    };
    flow.survives(
        matched,
        async |scene| sends(scene, 0).await == 201,
        one_message,
    )
    .await;
}

async fn read(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuReadChat",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            matched(scene).await;
            for person in 0..2 {
                let body = json!({"read_receipts": true});
                let changed = scene.call(person, "PUT", "/api/users/me", Some(body)).await;
                assert_eq!(changed.0, 200);
            }
            assert_eq!(sends(scene, 0).await, 201);
        },
        async |scene| reads(scene).await == 200,
        async |scene| unread(scene, 1, 0).await,
    )
    .await;
}

async fn deliver(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuDeliver",
        two_meet: false,
    };
    flow.survives(
        listening,
        async |scene| {
            scene.world.stack.settle().await;
            true
        },
        pushed,
    )
    .await;
}

/// Both are told of a request and its acceptance.
async fn notify(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuDeliver",
        two_meet: false,
    };
    flow.survives(
        async |scene| {
            profiles(scene).await;
            connect(scene).await;
            assert_eq!(asks(scene).await.0, 201);
        },
        async |scene| {
            scene.world.stack.settle().await;
            true
        },
        async |scene| told(scene, "matchRequest").await,
    )
    .await;
}

async fn erase(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuFollowAccount",
        two_meet: true,
    };
    flow.survives(
        matched,
        async |scene| {
            let gone = &scene.people[0];
            let erased = scene.world.account_deleted("SajuFollowAccount", gone).await;
            erased.is_ok()
        },
        only_the_partner_knows,
    )
    .await;
}

async fn sweep(name: &'static str) {
    let flow = Flow {
        name,
        function: "SajuSweep",
        two_meet: true,
    };
    flow.survives(
        async |scene| {
            profiles(scene).await;
            for person in &scene.people[..2] {
                let erased = scene
                    .world
                    .account_deleted("SajuFollowAccount", person)
                    .await;
                erased.unwrap();
            }
            // So long that everybody else has gone quiet.
            later(&scene.world, 31 * 24 * 60 * 60);
        },
        async |scene| scene.fire("SajuSweep").await.is_ok(),
        async |scene| {
            let left = super::requests::dump(&scene.world);
            let is_left = |item: &&Value| {
                let is_in_pool = item["sk"]["S"] == "PROFILE" && !item["listing_key"].is_null();
                item["pk"]["S"] == "ERASURES" || item["sk"]["S"] == "SEEN" || is_in_pool
            };
            match left.iter().find(is_left) {
                None => Ok(()),
                Some(item) => Err(format!("left: {item}")),
            }
        },
    )
    .await;
}

async fn registers(scene: &Scene) -> u16 {
    let body = json!({
        "email": "hana@example.com", "password": "correct horse", "name": "hana",
        "birth_date": "1995-03-02", "gender": "female",
    });
    scene.post_keyed("/api/users/register", &body).await.0
}

/// The guests get profiles: men and women in turn.
pub async fn profiles(scene: &mut Scene) {
    let now = scene.world.stack.clock().now();
    let mut people = import::invent(scene.people.len(), 3, now).unwrap();
    for (profile, guest) in people.iter_mut().zip(&scene.people) {
        profile.candidate.user_id = guest.parse().unwrap();
    }
    import::people(&scene.world.stack, &people).unwrap();
}

async fn asked(scene: &mut Scene) {
    profiles(scene).await;
    assert_eq!(asks(scene).await.0, 201);
}

async fn matched(scene: &mut Scene) {
    asked(scene).await;
    assert_eq!(accepts(scene).await, 200);
}

async fn lists(scene: &Scene) -> (u16, Value) {
    let path = "/api/matches/recommendations";
    scene.call(0, "GET", path, None).await
}

/// The first asks the second.
async fn asks(scene: &Scene) -> (u16, Value) {
    let body = json!({"receiver_id": scene.people[1]});
    let path = "/api/matches/request";
    scene.call(0, "POST", path, Some(body)).await
}

fn pair(scene: &Scene) -> String {
    let id = |person: usize| scene.people[person].parse().unwrap();
    let pair = enishi_saju::pair::PairId::of(id(0), id(1));
    pair.unwrap().to_string()
}

async fn accepts(scene: &Scene) -> u16 {
    let path = format!("/api/matches/{}/accept", pair(scene));
    scene.call(1, "POST", &path, None).await.0
}

async fn blocks(scene: &Scene) -> u16 {
    let body = json!({"user_id": scene.people[1]});
    scene.call(0, "POST", "/api/blocks", Some(body)).await.0
}

async fn registered_once(scene: &mut Scene) -> Result<(), String> {
    let login = json!({"email": "hana@example.com", "password": "correct horse"});
    let login = scene
        .world
        .call("POST", "/api/users/login", None, Some(login))
        .await;
    let token = login.body["access_token"].as_str().map(str::to_owned);
    let me = scene
        .world
        .call("GET", "/api/users/me", token.as_deref(), None)
        .await;
    if me.body["birth_date"] == "1995-03-02" {
        Ok(())
    } else {
        Err(format!("the profile is not there: {}", me.text))
    }
}

async fn one_list_counted_once(scene: &mut Scene) -> Result<(), String> {
    let (_, first) = lists(scene).await;
    let (_, second) = lists(scene).await;
    let listed = first.as_array().map_or(0, Vec::len);
    if first != second || listed == 0 {
        return Err(format!("two lists: {first} and {second}"));
    }
    let mut shown = 0;
    for item in super::requests::dump(&scene.world) {
        if item["sk"]["S"] == "PROFILE" {
            let times = item["listing_order"]["N"].as_str().unwrap_or_default();
            shown += times.parse::<usize>().unwrap_or_default();
        }
    }
    if shown == listed {
        Ok(())
    } else {
        Err(format!("{listed} listed, {shown} counted"))
    }
}

async fn both_see(scene: &Scene, status: &str, chats: usize) -> Result<(), String> {
    for person in 0..2 {
        let (_, matches) = scene.call(person, "GET", "/api/matches", None).await;
        let (_, list) = scene.call(person, "GET", "/api/chats", None).await;
        let seen = matches.as_array().map_or(0, Vec::len);
        if seen != 1
            || matches[0]["status"] != status
            || list.as_array().map(Vec::len) != Some(chats)
        {
            return Err(format!("{person} sees {matches} and {list}"));
        }
    }
    Ok(())
}

/// The same message each time.
async fn sends(scene: &Scene, person: usize) -> u16 {
    let path = format!("/api/chats/{}/messages", pair(scene));
    let body = json!({"content": "hello", "client_msg_id": "1"});
    scene.call(person, "POST", &path, Some(body)).await.0
}

async fn reads(scene: &Scene) -> u16 {
    let path = format!("/api/chats/{}/read", pair(scene));
    scene
        .call(1, "POST", &path, Some(json!({"seq": 1})))
        .await
        .0
}

/// One, in the sequence and for the other to read; and the next one follows it.
async fn one_message(scene: &mut Scene) -> Result<(), String> {
    unread(scene, 1, 1).await?;
    if sends(scene, 1).await != 201 {
        return Err("nothing follows it".into());
    }
    let path = format!("/api/chats/{}/messages?after_seq=0", pair(scene));
    let (_, list) = scene.call(1, "GET", &path, None).await;
    if list.as_array().map(Vec::len) != Some(2) {
        return Err(format!("not two messages: {list}"));
    }
    unread(scene, 0, 1).await
}

async fn unread(scene: &Scene, person: usize, expected: usize) -> Result<(), String> {
    let (_, chats) = scene.call(person, "GET", "/api/chats", None).await;
    if chats[0]["unread_count"] == expected {
        Ok(())
    } else {
        Err(format!("{person} sees {chats}"))
    }
}

/// The second one waits for messages, and the first one has sent one.
async fn listening(scene: &mut Scene) {
    matched(scene).await;
    scene.world.stack.settle().await;
    connect(scene).await;
    assert_eq!(sends(scene, 0).await, 201);
}

/// The second one has a connection.
async fn connect(scene: &mut Scene) {
    let (status, answer) = scene
        .call(1, "POST", "/api/live/ticket", Some(json!({})))
        .await;
    assert_eq!(status, 201, "{answer}");
    let ticket = answer["ticket"].as_str().unwrap_or_default();
    let url = scene.world.stack.live_url();
    scene.socket = Some(Socket::connect(&url, ticket).await.unwrap());
}

async fn pushed(scene: &mut Scene) -> Result<(), String> {
    told(scene, "message").await
}

/// That the second one was told.
async fn told(scene: &mut Scene, what: &str) -> Result<(), String> {
    if !scene.world.stack.lambda().dead_letters().is_empty() {
        return Err("given up".into());
    }
    let socket = scene.socket.as_mut().ok_or("nobody waits")?;
    match socket.ask(json!({"action": "ping"})).await {
        frame if frame["type"] == what => Ok(()),
        other => Err(format!("not told: {other}")),
    }
}

async fn only_the_partner_knows(scene: &mut Scene) -> Result<(), String> {
    let (gone, partner) = (&scene.people[0], &scene.people[1]);
    for item in super::requests::dump(&scene.world) {
        let key = format!("{} {}", item["pk"]["S"], item["sk"]["S"]).replace('"', "");
        let theirs = format!("USER#{partner} WITH#{gone}");
        let chat = format!("CHAT#{} CHAT", pair(scene));
        if item["pk"]["S"] == "ERASURES" {
            continue;
        }
        if item.to_string().contains(gone.as_str()) && key != theirs && key != chat {
            return Err(format!("left: {item}"));
        }
    }
    let (_, matches) = scene.call(1, "GET", "/api/matches", None).await;
    let (_, chats) = scene.call(1, "GET", "/api/chats", None).await;
    if matches[0]["partner"]["name"].is_null() && chats[0]["chat_id"] == pair(scene) {
        Ok(())
    } else {
        Err(format!("the partner sees {matches} and {chats}"))
    }
}

async fn nobody_can_write(scene: &mut Scene) -> Result<(), String> {
    let path = format!("/api/chats/{}/messages", pair(scene));
    for person in 0..2 {
        let body = json!({"content": "hello", "client_msg_id": "1"});
        let (status, answer) = scene.call(person, "POST", &path, Some(body)).await;
        if status != 404 {
            return Err(format!("{person} writes: {answer}"));
        }
    }
    Ok(())
}
