//! Least privilege: every function is denied what its policy does not name, and uses all that it
//! names.

use std::collections::BTreeSet;

use enishi_local::demo::mailed_token;
use http::{Request, header};
use serde_json::{Value, json};

use crate::{
    consistency::samples,
    mail::{announce, requested},
    orgs,
    support::{MORNING, Person, World, tokyo},
};

mod identity_sessions;
mod live;
mod market;
mod market_orders;
mod market_parcels;
mod orgs_licenses;
mod orgs_members;
mod orgs_projects;
mod payments;
mod rooms;
mod saju;
mod visits;
mod visits_money;
mod visits_recording;
mod visits_talk;

/// Lambda itself reads streams, with the function's role; no request of the function's own.
const OF_THE_STREAM_READER: [&str; 4] = [
    "dynamodb:DescribeStream",
    "dynamodb:GetRecords",
    "dynamodb:GetShardIterator",
    "dynamodb:ListStreams",
];

/// The emulator wants no service account's proof.
const OF_GOOGLE: [(&str, &str); 2] = [
    ("OrgsDisable", "secretsmanager:GetSecretValue"),
    ("OrgsSweep", "secretsmanager:GetSecretValue"),
];

/// A request to a service, signed as `function`; answers the status and the kind of error.
async fn ask(world: &World, function: &str, request: &Asked) -> (u16, String) {
    let body = request.body.to_string();
    let builder = Request::builder()
        .method(request.method)
        .uri(format!("{}{}", world.stack.aws_url(), request.path))
        .header(
            header::AUTHORIZATION,
            format!(
                "AWS4-HMAC-SHA256 Credential={function}/20261120/ap-northeast-1/{}/aws4_request, \
                 SignedHeaders=host, Signature=0",
                request.service
            ),
        )
        .header("x-amz-date", "20261120T110000Z")
        .header("x-amz-target", request.target)
        .header(header::CONTENT_TYPE, "application/x-amz-json-1.0");
    let answer = world
        .send_anywhere(builder.body(body.into()).unwrap())
        .await;
    let kind = answer.headers.get("x-amzn-errortype").map_or_else(
        || {
            answer.body["__type"]
                .as_str()
                .unwrap_or_default()
                .to_owned()
        },
        |kind| kind.to_str().unwrap().to_owned(),
    );
    (answer.status.as_u16(), kind)
}

struct Asked {
    action: &'static str,
    service: &'static str,
    method: &'static str,
    path: &'static str,
    target: &'static str,
    body: Value,
}

fn dynamodb(action: &'static str, target: &'static str, table: &str, more: Value) -> Asked {
    let mut body = json!({"TableName": table});
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    Asked {
        action,
        service: "dynamodb",
        method: "POST",
        path: "/",
        target,
        body,
    }
}

/// One request for each action, none of which changes anything that a test would miss.
fn catalogue(table: &str) -> Vec<Asked> {
    let key = json!({"pk": {"S": "NOTHING"}, "sk": {"S": "NOTHING"}});
    let rest = |action, method, path, body| Asked {
        action,
        service: if action == "ses:SendEmail" {
            "ses"
        } else {
            "chime"
        },
        method,
        path,
        target: "",
        body,
    };
    vec![
        dynamodb(
            "dynamodb:GetItem",
            "DynamoDB_20120810.GetItem",
            table,
            json!({"Key": key}),
        ),
        dynamodb(
            "dynamodb:PutItem",
            "DynamoDB_20120810.PutItem",
            table,
            json!({"Item": key}),
        ),
        dynamodb(
            "dynamodb:UpdateItem",
            "DynamoDB_20120810.UpdateItem",
            table,
            json!({"Key": key}),
        ),
        dynamodb(
            "dynamodb:DeleteItem",
            "DynamoDB_20120810.DeleteItem",
            table,
            json!({"Key": key}),
        ),
        dynamodb(
            "dynamodb:Query",
            "DynamoDB_20120810.Query",
            table,
            json!({"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "NOTHING"}}}),
        ),
        dynamodb("dynamodb:Scan", "DynamoDB_20120810.Scan", table, json!({})),
        dynamodb(
            "dynamodb:BatchGetItem",
            "DynamoDB_20120810.BatchGetItem",
            table,
            json!({"RequestItems": {table: {"Keys": [key]}}}),
        ),
        dynamodb(
            "dynamodb:BatchWriteItem",
            "DynamoDB_20120810.BatchWriteItem",
            table,
            json!({"RequestItems": {table: [{"PutRequest": {"Item": key}}]}}),
        ),
        dynamodb(
            "dynamodb:ConditionCheckItem",
            "DynamoDB_20120810.TransactWriteItems",
            table,
            json!({"TransactItems": [{"ConditionCheck": {
                "TableName": table, "Key": key, "ConditionExpression": "attribute_not_exists(pk)",
            }}]}),
        ),
        rest("chime:DeleteMeeting", "DELETE", "/meetings/none", json!({})),
        rest("chime:GetMeeting", "GET", "/meetings/none", json!({})),
        rest(
            "chime:CreateAttendee",
            "POST",
            "/meetings/none/attendees",
            json!({}),
        ),
        rest("chime:CreateMeeting", "POST", "/meetings", json!({})),
        rest(
            "ses:SendEmail",
            "POST",
            "/v2/email/outbound-emails",
            json!({"FromEmailAddress": "enishi@example.com"}),
        ),
        Asked {
            action: "secretsmanager:GetSecretValue",
            service: "secretsmanager",
            method: "POST",
            path: "/",
            target: "secretsmanager.GetSecretValue",
            body: json!({"SecretId": "enishi/none"}),
        },
        Asked {
            action: "events:PutEvents",
            service: "events",
            method: "POST",
            path: "/",
            target: "AWSEvents.PutEvents",
            body: json!({"Entries": [{"Source": "test", "DetailType": "test", "Detail": "{}"}]}),
        },
    ]
}

#[tokio::test]
async fn every_function_is_denied_what_its_policy_does_not_name() {
    let world = World::new().await;
    let mut denied = 0;
    for function in &world.stack.system().functions {
        for table in &world.stack.system().tables {
            for request in catalogue(&table.name) {
                // Read off the template anew, action by action: the stand-in must not decide.
                let named = function.policy.iter().any(|statement| {
                    statement
                        .actions
                        .iter()
                        .any(|action| action == request.action)
                        && (request.service != "dynamodb"
                            || statement.resources.contains(&table.arn))
                });
                if named {
                    continue;
                }
                let (status, kind) = ask(&world, &function.logical_id, &request).await;
                assert_eq!(
                    kind, "AccessDeniedException",
                    "{} may not {} on {} ({status})",
                    function.logical_id, request.action, table.name
                );
                denied += 1;
            }
        }
    }
    assert!(denied > 500, "{denied}");
    let stranger = &catalogue("RoomsTable")[0];
    assert_eq!(
        ask(&world, "Nobody", stranger).await.1,
        "UnrecognizedClientException"
    );
}

#[tokio::test]
async fn every_function_uses_all_that_its_policy_grants() {
    let world = World::with(|options| {
        // Rooms of twelve need more attendees than one request makes.
        let slots = json!({
            "times": ["09:00"], "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
            "minutes": 30, "room_size": 12, "time_zone": "Asia/Tokyo",
        });
        options.parameters.insert("Slots".into(), slots.to_string());
        orgs::allowance(9, 600)(options);
    })
    .await;
    identity_story(&world).await;
    identity_sessions::story(&world).await;
    saju::story(&world).await;
    visits::story(&world).await;
    visits_talk::story(&world).await;
    visits_money::story(&world).await;
    visits_recording::story(&world).await;
    market::story(&world).await;
    orgs_members::story(&world).await;
    orgs_projects::story(&world).await;
    market_orders::story(&world).await;
    live::story(&world).await;
    payments::story(&world).await;
    rooms_story(&world).await;
    let letter = requested("1", &json!({"address": "shop@example.com"}));
    announce(&world, "1", &letter).await;
    let mut calls = world.stack.aws().calls();
    calls.extend(rooms::told_and_brought_together().await);
    calls.extend(market_parcels::story().await);
    calls.extend(orgs_licenses::story().await);
    // Whoever has no part in these stories has a sample event.
    let samples = samples::play(&World::new().await).await;
    calls.extend(samples.into_iter().flat_map(|played| played.calls));

    let used: BTreeSet<(&str, &str)> = calls
        .iter()
        .flat_map(|call| {
            let actions = call.actions.iter();
            actions.map(|(action, _)| (&*call.function, &**action))
        })
        .collect();
    let mut unused = Vec::new();
    for function in &world.stack.system().functions {
        for action in function
            .policy
            .iter()
            .flat_map(|statement| &statement.actions)
        {
            let wanted = (&*function.logical_id, &**action);
            let elsewhere =
                OF_THE_STREAM_READER.contains(&action.as_str()) || OF_GOOGLE.contains(&wanted);
            if !used.contains(&wanted) && !elsewhere {
                unused.push(wanted);
            }
        }
    }
    assert!(
        unused.is_empty(),
        "granted in template.yaml and never used: {unused:?}"
    );
    let denied: Vec<_> = calls.iter().filter(|call| !call.allowed).collect();
    assert!(denied.is_empty(), "used and not granted: {denied:?}");
    assert!(world.stack.lambda().dead_letters().is_empty());
}

/// Every request that identity's functions can make.
async fn identity_story(world: &World) {
    let body = json!({"username": "key", "email": "key@example.com", "password": "correct horse"});
    for _ in 0..2 {
        let request = Request::post("/signup")
            .header(header::CONTENT_TYPE, "application/json")
            .header("idempotency-key", "one")
            .body(body.to_string().into())
            .unwrap();
        world.send(request).await.expect(201);
    }
    world.stack.settle().await;
    let token = mailed_token(&world.stack, "key@example.com").unwrap();
    world
        .call(
            "POST",
            "/api/auth/email/verify",
            None,
            Some(json!({"token": token, "password": "correct horse"})),
        )
        .await
        .expect(204);
    let body = json!({"email": "key@example.com"});
    world
        .call("POST", "/api/auth/password/forgot", None, Some(body))
        .await
        .expect(202);
    world.stack.settle().await;
    let token = mailed_token(&world.stack, "key@example.com").unwrap();
    let body = json!({"token": token, "password": "battery staple"});
    world
        .call("POST", "/api/auth/password/reset", None, Some(body))
        .await
        .expect(204);
    let body = json!({"username": "key", "password": "battery staple"});
    let answer = world
        .call("POST", "/login", None, Some(body))
        .await
        .expect(200);
    let access = answer.text("access_token");
    let spent = json!({"refresh_token": answer.text("refresh_token")});
    for status in [200, 401] {
        world
            .call("POST", "/api/auth/refresh", None, Some(spent.clone()))
            .await
            .expect(status);
        let later = world.stack.clock().now() + jiff::SignedDuration::from_secs(31);
        world.stack.clock().set(Some(later));
    }
    world
        .call("POST", "/api/auth/logout", Some(&access), None)
        .await
        .expect(204);
}

/// Every request that rooms' functions can make.
async fn rooms_story(world: &World) {
    let mut people = world.people(13).await;
    let mut operator = world.operator().await;
    let slot = json!({"date": MORNING});
    for person in &people[..12] {
        world
            .post(person, "/register/", slot.clone())
            .await
            .expect(201);
    }
    let path = format!("/register/{MORNING}");
    let person = &people[0];
    world
        .call("DELETE", &path, Some(&person.access_token), None)
        .await
        .expect(204);
    world
        .post(person, "/register/", slot.clone())
        .await
        .expect(201);
    world.get(person, "/register/").await.expect(200);
    let my_room = format!("/meeting_url/{}", person.id);
    assert_eq!(
        world.get(person, &my_room).await.expect(200).text("status"),
        "pending"
    );

    world.at(&format!("{MORNING}T08:50")).await;
    // Five minutes before, the first one opens the room; nobody else comes, and it ends.
    world
        .stack
        .clock()
        .set(Some(tokyo(&format!("{MORNING}T08:55"))));
    world.refresh_all(&mut people).await;
    let room = world
        .get(&people[0], &my_room)
        .await
        .expect(200)
        .text("room_id");
    let join = format!("/rooms/{room}/join");
    world.get(&people[0], &join).await.expect(200);
    rooms::keeps_a_calendar(world, &people[0]).await;
    rooms::withdraws(world, &people[3]).await;
    // The opening is late, does not hear of its end, finds it gone and opens it again.
    let late = tokyo(&format!("{MORNING}T09:01"));
    world.stack.clock().set(Some(late));
    let tick = json!({"scheduled_time": late});
    world
        .stack
        .lambda()
        .invoke("RoomsOpen", tick)
        .await
        .unwrap();
    world.stack.settle().await;

    let walk_in = &people[12];
    world
        .post(walk_in, "/register/", slot.clone())
        .await
        .expect(201);
    world.get(walk_in, &join).await.expect(200);
    world
        .post(walk_in, "/participated", json!({}))
        .await
        .expect(200);
    connect(world, &people[1], &join).await;
    world
        .post(&people[2], "/participated", json!({"room_id": room}))
        .await
        .expect(200);
    world.get(&people[2], "/me/rooms").await.expect(200);
    // Nobody is known to be there for a while: joining asks Chime whether the meeting lives.
    world.at(&format!("{MORNING}T09:08")).await;
    world.get(&people[1], &join).await.expect(200);

    rooms::went_while_drawn(world, &people[11]);
    world.at(&format!("{MORNING}T09:31")).await;
    world.refresh_all(&mut people).await;
    world.refresh(&mut operator).await;
    let next = json!({"date": "2026-11-22"});
    world
        .post(&people[0], "/register/", next.clone())
        .await
        .expect(201);
    world
        .post(&operator, "/assign_room/", rooms::confirmed(next))
        .await
        .expect(200);
    rooms::wishes(world, &people[0], &people[1]).await;
    world.refresh_all(&mut people).await;
    rooms::leaves(world, &people[0]).await;
}

/// What the browser does after joining.
async fn connect(world: &World, person: &Person, join: &str) {
    let joined = world.get(person, join).await.expect(200).body;
    let (meeting, attendee) = (&joined["Meeting"], &joined["Attendee"]);
    world
        .stack
        .chime()
        .join(
            meeting["MeetingId"].as_str().unwrap(),
            attendee["AttendeeId"].as_str().unwrap(),
            attendee["JoinToken"].as_str().unwrap(),
        )
        .unwrap();
    world.stack.settle().await;
}
