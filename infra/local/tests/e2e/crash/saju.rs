//! The flows of saju.

use enishi_local::import;
use serde_json::{Value, json};

use super::{Flow, Scene};
use crate::live::Socket;

pub const FLOWS: [Flow; 9] = [
    Flow {
        name: "register",
        function: "SajuRegister",
        prepare: |_| Box::pin(async {}),
        act: |scene| Box::pin(async { register(scene).await == 201 }),
        check: |scene| Box::pin(registered_once(scene)),
    },
    Flow {
        name: "the day's list",
        function: "SajuRecommendations",
        prepare: |scene| Box::pin(profiles(scene)),
        act: |scene| Box::pin(async { list(scene).await.0 == 200 }),
        check: |scene| Box::pin(one_list_counted_once(scene)),
    },
    Flow {
        name: "ask",
        function: "SajuRequest",
        prepare: |scene| Box::pin(profiles(scene)),
        // The request itself does not remember who made it: a repetition is told that it exists.
        act: |scene| Box::pin(async { matches!(ask(scene).await.0, 201 | 409) }),
        check: |scene| Box::pin(both_see(scene, "requested", 0)),
    },
    Flow {
        name: "accept",
        function: "SajuAccept",
        prepare: |scene| Box::pin(asked(scene)),
        act: |scene| Box::pin(async { accept(scene).await == 200 }),
        check: |scene| Box::pin(both_see(scene, "matched", 1)),
    },
    Flow {
        name: "block",
        function: "SajuBlock",
        prepare: |scene| Box::pin(matched(scene)),
        act: |scene| Box::pin(async { block(scene).await == 201 }),
        check: |scene| Box::pin(nobody_can_write(scene)),
    },
    Flow {
        name: "send",
        function: "SajuSendMessage",
        prepare: |scene| Box::pin(matched(scene)),
        act: |scene| Box::pin(async { send(scene, 0).await == 201 }),
        check: |scene| Box::pin(one_message(scene)),
    },
    Flow {
        name: "read",
        function: "SajuReadChat",
        prepare: |scene| {
            Box::pin(async {
                matched(scene).await;
                assert_eq!(send(scene, 0).await, 201);
            })
        },
        act: |scene| Box::pin(async { read(scene).await == 200 }),
        check: |scene| Box::pin(unread(scene, 1, 0)),
    },
    Flow {
        name: "deliver",
        function: "SajuDeliver",
        prepare: |scene| Box::pin(listening(scene)),
        act: |scene| {
            Box::pin(async {
                scene.world.stack.settle().await;
                true
            })
        },
        check: |scene| Box::pin(pushed(scene)),
    },
    Flow {
        name: "erase",
        function: "SajuErase",
        prepare: |scene| Box::pin(matched(scene)),
        act: |scene| {
            Box::pin(async {
                let erased = scene
                    .world
                    .account_deleted("SajuErase", &scene.people[0].id);
                erased.await.is_ok()
            })
        },
        check: |scene| Box::pin(only_the_partner_knows(scene)),
    },
];

async fn register(scene: &Scene) -> u16 {
    let body = json!({
        "email": "hana@example.com", "password": "correct horse", "name": "hana",
        "birth_date": "1995-03-02", "gender": "female",
    });
    scene.post_keyed("/api/users/register", &body).await.0
}

/// The guests get profiles: men and women in turn.
async fn profiles(scene: &mut Scene) {
    let now = scene.world.stack.clock().now();
    let mut people = import::invent(scene.people.len(), 3, now).unwrap();
    for (profile, guest) in people.iter_mut().zip(&scene.people) {
        profile.candidate.user_id = guest.id.parse().unwrap();
    }
    import::people(&scene.world.stack, &people).unwrap();
}

async fn asked(scene: &mut Scene) {
    profiles(scene).await;
    assert_eq!(ask(scene).await.0, 201);
}

async fn matched(scene: &mut Scene) {
    asked(scene).await;
    assert_eq!(accept(scene).await, 200);
}

async fn list(scene: &Scene) -> (u16, Value) {
    let path = "/api/matches/recommendations";
    scene.call(0, "GET", path, None).await
}

/// The first asks the second.
async fn ask(scene: &Scene) -> (u16, Value) {
    let body = json!({"receiver_id": scene.people[1].id});
    let path = "/api/matches/request";
    scene.call(0, "POST", path, Some(body)).await
}

fn pair(scene: &Scene) -> String {
    let id = |person: usize| scene.people[person].id.parse().unwrap();
    let pair = enishi_saju::pair::PairId::of(id(0), id(1));
    pair.unwrap().to_string()
}

async fn accept(scene: &Scene) -> u16 {
    let path = format!("/api/matches/{}/accept", pair(scene));
    scene.call(1, "POST", &path, None).await.0
}

async fn block(scene: &Scene) -> u16 {
    let body = json!({"user_id": scene.people[1].id});
    scene.call(0, "POST", "/api/blocks", Some(body)).await.0
}

async fn registered_once(scene: &Scene) -> Result<(), String> {
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

async fn one_list_counted_once(scene: &Scene) -> Result<(), String> {
    let (_, first) = list(scene).await;
    let (_, second) = list(scene).await;
    let listed = first.as_array().map_or(0, Vec::len);
    if first != second || listed == 0 {
        return Err(format!("two lists: {first} and {second}"));
    }
    let mut shown = 0;
    for item in crate::saju::requests::dump(&scene.world) {
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
async fn send(scene: &Scene, person: usize) -> u16 {
    let path = format!("/api/chats/{}/messages", pair(scene));
    let body = json!({"content": "hello", "client_msg_id": "1"});
    scene.call(person, "POST", &path, Some(body)).await.0
}

async fn read(scene: &Scene) -> u16 {
    let path = format!("/api/chats/{}/read", pair(scene));
    scene
        .call(1, "POST", &path, Some(json!({"seq": 1})))
        .await
        .0
}

/// One, in the sequence and for the other to read; and the next one follows it.
async fn one_message(scene: &Scene) -> Result<(), String> {
    unread(scene, 1, 1).await?;
    if send(scene, 1).await != 201 {
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
    let (status, answer) = scene
        .call(1, "POST", "/api/live/ticket", Some(json!({})))
        .await;
    assert_eq!(status, 201, "{answer}");
    let ticket = answer["ticket"].as_str().unwrap_or_default();
    let url = scene.world.stack.live_url();
    scene.socket = Some(Socket::connect(&url, ticket).await.unwrap());
    assert_eq!(send(scene, 0).await, 201);
}

async fn pushed(scene: &mut Scene) -> Result<(), String> {
    if !scene.world.stack.lambda().dead_letters().is_empty() {
        return Err("given up".into());
    }
    let socket = scene.socket.as_mut().ok_or("nobody waits")?;
    match socket.ask(json!({"action": "ping"})).await {
        frame if frame["type"] == "message" && frame["seq"] == 1 => Ok(()),
        other => Err(format!("not the message: {other}")),
    }
}

async fn only_the_partner_knows(scene: &Scene) -> Result<(), String> {
    let (gone, partner) = (&scene.people[0].id, &scene.people[1].id);
    for item in crate::saju::requests::dump(&scene.world) {
        let key = format!("{} {}", item["pk"]["S"], item["sk"]["S"]).replace('"', "");
        let theirs = format!("USER#{partner} WITH#{gone}");
        let chat = format!("CHAT#{} CHAT", pair(scene));
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

async fn nobody_can_write(scene: &Scene) -> Result<(), String> {
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
