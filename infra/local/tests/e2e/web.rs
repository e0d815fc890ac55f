//! The front end as the stack serves it. `infra/web/test/walk.mjs` walks through its pages in a browser.

use bytes::Bytes;
use http::{Request, header};

use crate::support::{Answer, World};

async fn served() -> World {
    World::with(|options| options.web_port = Some(0)).await
}

async fn ask(world: &World, method: &str, path: &str) -> Answer {
    let web = world.stack.web_url().unwrap();
    let request = Request::builder()
        .method(method)
        .uri(format!("{web}{path}"))
        .body(Bytes::new())
        .unwrap();
    world.send_anywhere(request).await
}

#[tokio::test]
async fn every_address_leads_to_the_page_under_a_strict_policy() {
    let world = served().await;
    let page = ask(&world, "GET", "/").await.expect(200);
    for path in [
        "/verify-email?token=a",
        "/rooms/20261121T0900-0",
        "/transactions/1",
        "/docs/guides/rooms",
        "/../Cargo.toml",
        "/assets/../../package.json",
        "/%2e%2e/package.json",
    ] {
        let answer = ask(&world, "GET", path).await.expect(200);
        assert_eq!(answer.text, page.text, "{path}");
        assert_eq!(answer.headers[header::CACHE_CONTROL], "no-cache");
    }
    let policy = page.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"));
    let api = world.stack.url();
    assert!(
        policy.contains(&format!("connect-src 'self' {api} ")),
        "{policy}"
    );
    for missing in ["${", "unsafe", "*;"] {
        assert!(!policy.contains(missing), "{policy}");
    }
    assert_eq!(page.headers[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
    assert_eq!(page.headers[header::REFERRER_POLICY], "no-referrer");
    assert!(page.headers.contains_key("permissions-policy"));
    ask(&world, "POST", "/").await.expect(405);
}

#[tokio::test]
async fn what_the_page_names_is_there_and_kept_for_ever() {
    let world = served().await;
    let page = ask(&world, "GET", "/").await.expect(200).text;
    let assets = page.split('"').filter(|text| text.starts_with("/assets/"));
    let mut kinds = Vec::new();
    for asset in assets {
        let answer = ask(&world, "GET", asset).await.expect(200);
        assert_ne!(answer.text, page, "{asset}");
        assert_eq!(
            answer.headers[header::CACHE_CONTROL],
            "public, max-age=31536000, immutable"
        );
        kinds.push(
            answer.headers[header::CONTENT_TYPE]
                .to_str()
                .unwrap()
                .to_owned(),
        );
    }
    kinds.sort();
    // The documentation has a style of its own.
    assert_eq!(
        kinds,
        [
            "text/css; charset=utf-8",
            "text/css; charset=utf-8",
            "text/javascript; charset=utf-8"
        ]
    );
}

#[tokio::test]
async fn links_lead_there_and_its_origin_may_call_the_api() {
    let world = served().await;
    let web = world.stack.web_url().unwrap();
    let parameters = &world.stack.system().parameters;
    assert_eq!(parameters["FrontendUrl"].value, web);
    let configuration = ask(&world, "GET", "/config.json").await.expect(200);
    assert_eq!(configuration.text("api"), world.stack.url());
    let request = Request::builder()
        .uri("/api/item")
        .header(header::ORIGIN, &web)
        .body(Bytes::new())
        .unwrap();
    let answer = world.send(request).await.expect(200);
    assert_eq!(answer.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], *web);
}

#[tokio::test]
async fn a_page_has_the_session_of_a_password_as_the_cookie() {
    let world = served().await;
    let web = world.stack.web_url().unwrap();
    let hana = world.sign_up("hana").await;
    let renew = |body: serde_json::Value, cookie: String| {
        let request = Request::put("/api/session")
            .header(header::ORIGIN, &web)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::COOKIE, cookie)
            .body(Bytes::from(body.to_string()))
            .unwrap();
        world.send(request)
    };
    let spent = serde_json::json!({"session_key": hana.refresh_token});
    let first = renew(spent, String::new()).await.expect(200);
    assert_eq!(first.headers["access-control-allow-credentials"], "true");
    let cookie = first.headers[header::SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("; HttpOnly; Secure; SameSite=Strict; Path=/api/session;"));
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let second = renew(serde_json::json!({}), cookie).await.expect(200);
    let token = second.text("access_token");
    world
        .call("GET", "/register/", Some(&token), None)
        .await
        .expect(200);
    let none = renew(serde_json::json!({}), String::new()).await;
    none.expect(401);
}

#[tokio::test]
async fn a_page_learns_who_is_connected_to_its_own_meeting() {
    let world = served().await;
    let web = world.stack.web_url().unwrap();
    let mut hana = world.sign_up("hana").await;
    let mut sora = world.sign_up("sora").await;
    for person in [&hana, &sora] {
        let body = serde_json::json!({"date": crate::support::MORNING});
        world.post(person, "/register/", body).await.expect(201);
    }
    world.at("2026-11-21T08:50").await;
    world.at("2026-11-21T08:56").await;
    world.refresh(&mut hana).await;
    world.refresh(&mut sora).await;
    let room = format!("/meeting_url/{}?date={}", hana.id, crate::support::MORNING);
    let room = world.get(&hana, &room).await.expect(200).text("room_id");
    let join = format!("/rooms/{room}/join");
    let [hers, his] = [
        world.get(&hana, &join).await.expect(200).body,
        world.get(&sora, &join).await.expect(200).body,
    ];
    let tell = |join: &serde_json::Value, action: &str, token: &str| {
        let aws = world.stack.aws_url();
        let (meeting, attendee) = (&join["Meeting"], &join["Attendee"]);
        let path = [&meeting["MeetingId"], &attendee["AttendeeId"]].map(|id| id.as_str().unwrap());
        let body = serde_json::json!({"JoinToken": token}).to_string();
        let request = Request::post(format!(
            "{aws}/_enishi/meetings/{}/{}/{action}",
            path[0], path[1]
        ))
        .header(header::ORIGIN, &web)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Bytes::from(body))
        .unwrap();
        world.send_anywhere(request)
    };
    let token =
        |join: &serde_json::Value| join["Attendee"]["JoinToken"].as_str().unwrap().to_owned();
    tell(&hers, "join", &token(&hers)).await.expect(200);
    tell(&his, "join", &token(&his)).await.expect(200);
    let seen = tell(&hers, "present", &token(&hers)).await.expect(200);
    assert_eq!(seen.headers[header::ACCESS_CONTROL_ALLOW_ORIGIN], *web);
    assert_eq!(seen.body["present"].as_array().unwrap().len(), 2);
    tell(&his, "leave", &token(&his)).await.expect(200);
    let seen = tell(&hers, "present", &token(&hers)).await.expect(200);
    assert_eq!(
        seen.body["present"],
        serde_json::json!([hers["Attendee"]["ExternalUserId"]])
    );
    // Somebody else's token shows nothing.
    tell(&hers, "present", &token(&his)).await.expect(403);
}
