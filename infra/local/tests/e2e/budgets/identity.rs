//! What accounts, log-ins and mails take.

use serde_json::json;

use super::Measured;
use crate::{
    identity::{log_in, mailed, newcomer, post, post_with, prove, refresh},
    saju::register,
    support::World,
};

/// Calls each endpoint in the case that takes the most, and in others that its doc speaks of.
pub async fn measure(world: &World, measured: &mut Measured) {
    let hana = world.sign_up("hana").await;
    assert_eq!(measured.count(world, "identity-signup"), 3);
    let token = mailed(world, &hana.email).await;
    assert_eq!(measured.count(world, "identity-mail"), 3);
    let path = "/api/auth/email/verify";
    let proof = json!({"token": token, "password": hana.password});
    post(world, path, proof).await.expect(204);
    assert_eq!(measured.count(world, "identity-verify-email"), 5);
    let proof = json!({"token": token});
    world.post(&hana, path, proof).await.expect(204);
    assert_eq!(measured.count(world, "identity-verify-email"), 2);
    let email = json!({"email": hana.email});
    post(world, "/api/auth/password/forgot", email)
        .await
        .expect(202);
    measured.count(world, "identity-forgot-password");
    let token = mailed(world, &hana.email).await;
    measured.count(world, "identity-mail");
    let body = json!({"token": token, "password": "battery staple"});
    post(world, "/api/auth/password/reset", body.clone())
        .await
        .expect(204);
    measured.count(world, "identity-reset-password");
    post(world, "/api/auth/password/reset", body)
        .await
        .expect(204);
    assert_eq!(measured.count(world, "identity-reset-password"), 3);

    let body = json!({"email": hana.email, "password": "battery staple"});
    post(world, "/api/users/login", body).await.expect(200);
    measured.count(world, "identity-login");
    let answer = log_in(world, &hana.email, "battery staple")
        .await
        .expect(200);
    assert_eq!(measured.count(world, "identity-login"), 6);
    for requests in [3, 2] {
        refresh(world, &answer.text("refresh_token"))
            .await
            .expect(200);
        assert_eq!(measured.count(world, "identity-refresh"), requests);
    }
    let token = Some(answer.text("access_token"));
    world
        .call("POST", "/api/auth/logout", token.as_deref(), None)
        .await
        .expect(204);
    measured.count(world, "identity-logout");
    joins(world, measured).await;
}

/// People with one profile join with the other, and do so again.
async fn joins(world: &World, measured: &mut Measured) {
    let saju = register(world, "ha", "1993-04-05", "female").await;
    assert_eq!(measured.count(world, "saju-register"), 3);
    let authorization = format!("Bearer {}", saju.access_token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("idempotency-key", "1"),
    ];
    let body = newcomer("ha", &saju.email, &saju.password);
    for requests in [4, 6] {
        post_with(world, "/signup", &headers, body.clone())
            .await
            .expect(201);
        assert_eq!(measured.count(world, "identity-signup"), requests);
    }

    let rooms = world.sign_up("na").await;
    prove(world, &rooms).await;
    let authorization = format!("Bearer {}", rooms.access_token);
    let headers = [
        ("authorization", authorization.as_str()),
        ("idempotency-key", "2"),
    ];
    let body = json!({
        "email": rooms.email, "password": rooms.password, "name": "나",
        "birth_date": "1994-06-07", "gender": "male",
    });
    for _ in 0..2 {
        post_with(world, "/api/users/register", &headers, body.clone())
            .await
            .expect(201);
        assert_eq!(measured.count(world, "saju-register"), 6);
    }
}
