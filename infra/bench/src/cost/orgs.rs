//! Organisations: what somebody makes there.

use enishi_local::client::{Client, text};
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
    let mut meter = Meter::start(at("12:00")?, |options| {
        let seconds = ("OrgFreeSeconds".to_owned(), "600".to_owned());
        options.parameters.extend([seconds]);
    })
    .await?;
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
    let google = Client::of_firebase(&meter.world.stack.aws_url());
    let session = google.sign_up_at_firebase(EMAIL, PASSWORD, "花").await?;
    Ok((text(&session, "localId"), text(&session, "idToken")))
}
