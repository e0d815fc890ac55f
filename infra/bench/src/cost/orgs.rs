//! Organisations: what somebody makes there.

use enishi_local::{demo::Client, firebase::PROJECT};
use serde_json::json;

use super::{Meter, meter::Usage};
use crate::world::at;

/// What is counted.
pub const MONTH: &str = "Orgs: on twenty days the projects, one of them and the usage; twenty projects made and \
                         changed twice, ten exports. Tokens are Firebase's.";
const DAYS: f64 = 20.0;
const PROJECTS: f64 = 20.0;
const EXPORTS: f64 = 10.0;
const EMAIL: &str = "hana@example.com";
const PASSWORD: &str = "the path to the shrine";

/// A month of one user.
pub async fn month() -> Result<Usage, String> {
    let mut meter = Meter::start(at("12:00")?, |_| {}).await?;
    let (uid, token) = firebase(&meter).await?;
    let token = Some(token.as_str());
    let client = &meter.client;
    let user = json!({
        "uid": uid, "email": EMAIL, "role": "admin", "company_name": "いろは株式会社",
        "postal_code": "123-4567", "address": "東京都港区白銀高輪1-1-1",
    });
    client
        .expect("POST", "/v1/service/users", token, Some(user))
        .await?;
    let projects = "/v1/service/projects";
    for number in 0..20 {
        let project = json!({"name": format!("入社式{number}.mp4"), "video_length": 1});
        client
            .expect("POST", projects, token, Some(project))
            .await?;
    }
    meter.taken().await?;

    let client = &meter.client;
    let project = json!({"name": "展示会.mp4", "video_length": 1});
    let made = client
        .expect("POST", projects, token, Some(project))
        .await?;
    let made = &made["project"]["id"];
    let path = format!("{projects}/{}", made.as_str().unwrap_or_default());
    for status in ["detected", "exported"] {
        client
            .expect("PUT", &path, token, Some(json!({"status": status})))
            .await?;
    }
    let project = meter.taken().await?;
    let export = json!({"project_id": made, "is_timerecord": 1});
    meter
        .client
        .expect("POST", "/v1/service/exports", token, Some(export))
        .await?;
    let export = meter.taken().await?;
    for path in [projects, &path, "/v1/service/usage"] {
        meter.client.expect("GET", path, token, None).await?;
    }
    let day = meter.taken().await?;
    Ok(day * DAYS + project * PROJECTS + export * EXPORTS)
}

/// Signs somebody up at Firebase, with an address that is known to be theirs: their uid, and a token.
async fn firebase(meter: &Meter) -> Result<(String, String), String> {
    let google = Client::new(format!(
        "{}/identitytoolkit.googleapis.com/v1",
        meter.world.stack.aws_url()
    ));
    let account = json!({"email": EMAIL, "password": PASSWORD, "displayName": "花"});
    let up = google
        .expect(
            "POST",
            "/accounts:signUp?key=any",
            None,
            Some(account.clone()),
        )
        .await?;
    let verified = json!({"localId": up["localId"], "emailVerified": true});
    let path = format!("/projects/{PROJECT}/accounts:update");
    google
        .expect("POST", &path, Some("owner"), Some(verified))
        .await?;
    let path = "/accounts:signInWithPassword?key=any";
    let session = google.expect("POST", path, None, Some(account)).await?;
    let text = |value: &serde_json::Value| {
        value
            .as_str()
            .map(str::to_owned)
            .ok_or("Firebase told less")
    };
    Ok((text(&up["localId"])?, text(&session["idToken"])?))
}
