//! What is asked, read strictly: a parameter either means something here or is refused.

use http::StatusCode;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::Failure;

/// Parameters that say where somebody asks from, and how a mail's link is opened there: without meaning
/// where mails go nowhere.
const MEANINGLESS: [&str; 14] = [
    "androidInstallApp",
    "androidMinimumVersion",
    "androidPackageName",
    "canHandleCodeInApp",
    "captchaChallenge",
    "captchaResponse",
    "clientType",
    "dynamicLinkDomain",
    "iOSBundleId",
    "instanceId",
    "linkDomain",
    "recaptchaVersion",
    "targetProjectId",
    "userIp",
];

/// Parameters of the API that are refused where they are not taken; any other name is none of its.
const KNOWN: [&str; 33] = [
    "createdAt",
    "customAttributes",
    "deleteAttribute",
    "deleteProvider",
    "disableUser",
    "disabled",
    "displayName",
    "email",
    "emailVerified",
    "federatedUserId",
    "idToken",
    "initialEmail",
    "lastLoginAt",
    "linkProviderUserInfo",
    "localId",
    "mfa",
    "mfaInfo",
    "newEmail",
    "newPassword",
    "oldPassword",
    "oobCode",
    "password",
    "pendingIdToken",
    "phoneNumber",
    "photoUrl",
    "provider",
    "providerId",
    "returnOobLink",
    "returnSecureToken",
    "sessionId",
    "tenantId",
    "upgradeToFederatedLogin",
    "validSince",
];

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SignUp {
    pub local_id: Option<String>,
    pub email: Option<String>,
    pub password: Option<String>,
    pub display_name: Option<String>,
    pub photo_url: Option<String>,
    pub email_verified: Option<bool>,
    pub disabled: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SignIn {
    pub email: Option<String>,
    pub password: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LookUp {
    pub id_token: Option<String>,
    pub local_id: Vec<String>,
    pub email: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Update {
    pub id_token: Option<String>,
    pub oob_code: Option<String>,
    pub local_id: Option<String>,
    pub email: Option<String>,
    pub password: Option<String>,
    pub display_name: Option<String>,
    pub photo_url: Option<String>,
    pub email_verified: Option<bool>,
    pub disable_user: Option<bool>,
    /// Seconds, as a number or, like every 64-bit number of Google's, as text.
    pub valid_since: Option<Value>,
    /// Claims, as the text of a JSON object.
    pub custom_attributes: Option<String>,
    pub delete_attribute: Vec<Attribute>,
    pub return_secure_token: bool,
}

/// What can be taken away from an account.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Attribute {
    UserAttributeNameUnspecified,
    Email,
    DisplayName,
    PhotoUrl,
    Password,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Delete {
    pub id_token: Option<String>,
    pub local_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct BatchDelete {
    pub local_ids: Vec<String>,
    pub force: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct SendOobCode {
    pub request_type: Option<String>,
    pub id_token: Option<String>,
    pub email: Option<String>,
    pub continue_url: Option<String>,
    pub return_oob_link: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct ResetPassword {
    pub oob_code: Option<String>,
    pub new_password: Option<String>,
}

/// Reads a request's JSON; `ignored` are parameters without effect in this one.
///
/// # Errors
/// 400 for what is no such request, 501 for what Google would do and this does not.
pub fn parse<T: DeserializeOwned>(body: &[u8], ignored: &[&str]) -> Result<T, Failure> {
    let invalid = |error: serde_json::Error| {
        Failure::code(&format!("Invalid JSON payload received. {error}"))
    };
    let mut asked: Map<String, Value> = serde_json::from_slice(body).map_err(invalid)?;
    // What is null or an empty list is as good as absent.
    asked.retain(|name, value| {
        let is_empty = value.is_null() || value.as_array().is_some_and(Vec::is_empty);
        !is_empty && !MEANINGLESS.contains(&&**name) && !ignored.contains(&&**name)
    });
    serde_json::from_value(Value::Object(asked)).map_err(|error| {
        let text = error.to_string();
        let unknown = text.strip_prefix("unknown field `");
        match unknown.and_then(|rest| rest.split('`').next()) {
            Some(name) if KNOWN.contains(&name) => Failure::new(
                StatusCode::NOT_IMPLEMENTED,
                format!("{name} is not offered here"),
            ),
            Some(name) => Failure::code(&format!(
                "Invalid JSON payload received. Unknown name \"{name}\": Cannot find field."
            )),
            None => invalid(error),
        }
    })
}

/// A parameter that must be there.
///
/// # Errors
/// 400 with `code`.
pub fn given(value: Option<String>, code: &str) -> Result<String, Failure> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::code(code))
}
