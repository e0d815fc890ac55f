//! Closing an account takes away what saju holds of it, whatever comes between.

use aws_lc_rs::digest::{SHA256, digest};
use futures_util::future::join_all;
use http::Request;
use serde_json::{Value, json};

use super::{
    register,
    requests::{act, ask, block, check, dump, list, match_id, matched, people},
};
use crate::{
    crash::{Fault, Faults},
    support::{Person, World, text},
};

/// `DELETE /api/users/me`, and what follows from it.
async fn close(world: &World, person: &Person) {
    let token = Some(person.access_token.as_str());
    world
        .call("DELETE", "/api/users/me", token, None)
        .await
        .expect(204);
    world.stack.settle().await;
}

/// The event alone.
async fn erase(world: &World, person: &Person) -> Result<Value, String> {
    world.account_deleted("SajuFollowAccount", &person.id).await
}

async fn say(world: &World, by: &Person, chat_id: &str, content: &str) {
    let body = json!({"content": content, "client_msg_id": content});
    let path = format!("/api/chats/{chat_id}/messages");
    world.post(by, &path, body).await.expect(201);
}

/// The keys of the items that speak of somebody, but for the note that their pictures are to be erased
/// once more.
fn mentions(world: &World, person: &Person) -> Vec<String> {
    let items = dump(world).into_iter();
    let items = items.filter(|item| item["pk"]["S"] != "ERASURES");
    let about = items.filter(|item| item.to_string().contains(&person.id));
    about
        .map(|item| format!("{} {}", text(&item["pk"]["S"]), text(&item["sk"]["S"])))
        .collect()
}

#[tokio::test]
async fn who_closes_their_account_is_gone_and_their_partners_keep_what_was_said() {
    let world = World::new().await;
    let people = people(&world, 7).await;
    let [me, asked, asking, declining, partner, blocked, blocking] = &people[..] else {
        panic!()
    };
    ask(&world, me, asked).await.expect(201);
    ask(&world, asking, me).await.expect(201);
    let id = ask(&world, me, declining).await.expect(201);
    act(&world, declining, &id.text("match_id"), "decline")
        .await
        .expect(200);
    let chat = matched(&world, me, partner).await;
    say(&world, me, &chat, "안녕하세요").await;
    say(&world, partner, &chat, "반가워요").await;
    block(&world, me, blocked).await.expect(201);
    block(&world, blocking, me).await.expect(201);
    let body = json!({"user_id": me.id, "reason": "spam"});
    world.post(blocking, "/api/reports", body).await.expect(201);
    world
        .get(me, "/api/matches/recommendations")
        .await
        .expect(200);
    let photos = [upload(&world, me).await, upload(&world, partner).await];

    close(&world, me).await;
    assert!(world.stack.lambda().dead_letters().is_empty());
    check(&world, &[me]);
    let left = mentions(&world, me);
    let kept =
        |key: &&String| !key.starts_with(&format!("CHAT#{chat} ")) && !key.starts_with("REPORTS#");
    let row = format!("USER#{} WITH#{}", partner.id, me.id);
    assert_eq!(left.iter().filter(kept).collect::<Vec<_>>(), [&row]);
    assert!(left.iter().any(|key| key.starts_with("REPORTS#")));
    for (url, is_there) in photos.iter().zip([false, true]) {
        let get = Request::get(url).body(Default::default()).unwrap();
        let answer = world.send_anywhere(get).await;
        assert_eq!(answer.status == 200, is_there, "{}", answer.text);
    }

    for person in [asked, asking, declining, blocked, blocking] {
        assert!(list(&world, person).await.is_empty());
        let answer = ask(&world, person, me).await;
        answer.expect_error(404, "not_found", &[]);
    }
    let matches = list(&world, partner).await;
    assert_eq!(matches.len(), 1);
    assert_eq!(
        matches[0]["partner"],
        json!({"user_id": me.id, "name": null, "age": null, "profile_img_url": null})
    );
    let chats = world.get(partner, "/api/chats").await.expect(200);
    assert_eq!(chats.body[0]["partner"]["name"], Value::Null);
    let path = format!("/api/chats/{chat}/messages");
    let messages = world.get(partner, &path).await.expect(200);
    assert_eq!(messages.body.as_array().unwrap().len(), 2);

    // The partner can block them no more, but goes on undisturbed; then they go as well.
    let answer = block(&world, partner, me).await;
    answer.expect_error(404, "not_found", &[]);
    act(&world, partner, &chat, "accept").await.expect(200);
    close(&world, partner).await;
    check(&world, &[me, partner]);
    assert!(mentions(&world, partner).is_empty());
    let left = mentions(&world, me);
    assert!(
        left.iter().all(|key| key.starts_with("REPORTS#")),
        "{left:?}"
    );
}

/// Somebody's picture; its address.
async fn upload(world: &World, person: &Person) -> String {
    let file = b"not really a picture";
    let sha256 = digest(&SHA256, file);
    let sha256: String = (sha256.as_ref().iter())
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let body = json!({"content_type": "image/png", "size": file.len(), "sha256": sha256});
    let allowed = world.post(person, "/api/users/me/photo", body).await;
    let allowed = allowed.expect(200);
    let mut request = Request::put(allowed.text("upload_url"));
    for (name, value) in allowed.body["headers"].as_object().unwrap() {
        request = request.header(name, value.as_str().unwrap());
    }
    let request = request.body(file.as_slice().into()).unwrap();
    world.send_anywhere(request).await.expect(200);
    allowed.text("url")
}

#[tokio::test]
async fn a_block_on_somebody_who_has_gone_can_be_lifted() {
    let world = World::new().await;
    let both = people(&world, 2).await;
    let chat = matched(&world, &both[0], &both[1]).await;
    block(&world, &both[0], &both[1]).await.expect(201);
    close(&world, &both[1]).await;
    check(&world, &[&both[1]]);
    assert!(list(&world, &both[0]).await.is_empty());
    let answer = super::requests::unblock(&world, &both[0], &both[1]).await;
    answer.expect(204);
    check(&world, &[&both[1]]);
    assert_eq!(list(&world, &both[0]).await[0]["chat_id"], chat.as_str());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_who_go_at_once_leave_no_chat() {
    let world = World::new().await;
    let people = people(&world, 5).await;
    for (one, by) in people.iter().enumerate() {
        for whom in &people[..one] {
            let chat = matched(&world, by, whom).await;
            say(&world, by, &chat, "안녕하세요").await;
        }
    }
    let erased = join_all(people.iter().map(|person| erase(&world, person))).await;
    for result in erased {
        result.unwrap();
    }
    check(&world, &people.iter().collect::<Vec<_>>());
    for person in &people {
        assert_eq!(mentions(&world, person), Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn who_goes_while_others_ask_accept_and_block_is_gone() {
    let world = World::new().await;
    let mut others = people(&world, 6).await;
    let staying = others.remove(0);
    for (number, me) in others.iter().enumerate() {
        let id = match number % 2 {
            0 => match_id(me, &staying),
            _ => ask(&world, me, &staying).await.expect(201).text("match_id"),
        };
        let (asked, accepted, blocked, erased) = tokio::join!(
            ask(&world, &staying, me),
            act(&world, &staying, &id, "accept"),
            block(&world, me, &staying),
            erase(&world, me),
        );
        for answer in [asked, accepted, blocked] {
            assert_ne!(answer.status, 500, "{}", answer.text);
        }
        erased.unwrap();
        check(&world, &others[..=number].iter().collect::<Vec<_>>());
    }
}

#[tokio::test]
async fn an_erasure_that_was_cut_off_is_finished_by_the_next() {
    let faults = Faults::default();
    let world = World::with(|options| options.connections = faults.connections()).await;
    let friends = people(&world, 3).await;
    let mut gone = Vec::new();
    let mut cut = 0;
    for fault in [Fault::GoneBefore, Fault::GoneAfter, Fault::AfterCommit] {
        for nth in 0..60 {
            let name = |who: &str| format!("{who}{}", gone.len());
            let me = register(&world, &name("me"), "1996-05-05", "other").await;
            let gone_before = register(&world, &name("left"), "1996-05-06", "other").await;
            ask(&world, &me, &friends[0]).await.expect(201);
            ask(&world, &friends[1], &me).await.expect(201);
            let kept = matched(&world, &friends[2], &me).await;
            say(&world, &me, &kept, "안녕하세요").await;
            let emptied = matched(&world, &gone_before, &me).await;
            say(&world, &gone_before, &emptied, "안녕히").await;
            erase(&world, &gone_before).await.unwrap();

            faults.watch("SajuFollowAccount", Some((fault, nth)));
            let result = erase(&world, &me).await;
            let (_, hit) = faults.end();
            // The SDK itself tries again when an answer is lost.
            assert_eq!(result.is_err(), hit && fault != Fault::AfterCommit);
            erase(&world, &me).await.unwrap();

            assert!(mentions(&world, &gone_before).is_empty());
            for key in mentions(&world, &me) {
                let row = format!("USER#{} WITH#{}", friends[2].id, me.id);
                assert!(
                    key == row || key.starts_with(&format!("CHAT#{kept}")),
                    "{key}"
                );
            }
            gone.extend([me, gone_before]);
            check(&world, &gone.iter().collect::<Vec<_>>());
            if !hit {
                break;
            }
            cut += 1;
        }
    }
    assert!(cut > 30, "{cut}");
}
