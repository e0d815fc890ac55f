//! What can be done with accounts, as Identity Toolkit names it and refuses it.

use http::StatusCode;
use jiff::Timestamp;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

use super::{
    Failure,
    accounts::{Account, Accounts, OobCode, new_id},
    shapes::{found, updated},
    tokens::{LIFETIME, Session},
};

const SHORTEST_PASSWORD: usize = 6;

/// The project at one moment.
pub struct Project<'a> {
    pub id: &'a str,
    pub now: Timestamp,
    pub accounts: &'a mut Accounts,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Credentials {
    email: Option<String>,
    password: Option<String>,
    display_name: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfIdToken {
    id_token: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Update {
    id_token: Option<String>,
    oob_code: Option<String>,
    local_id: Option<String>,
    email: Option<String>,
    password: Option<String>,
    display_name: Option<String>,
    photo_url: Option<String>,
    email_verified: Option<bool>,
    disable_user: Option<bool>,
    return_secure_token: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct LookUp {
    local_id: Vec<String>,
    email: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SendOobCode {
    request_type: Option<String>,
    id_token: Option<String>,
    continue_url: Option<String>,
}

#[derive(Deserialize)]
struct OfLocalId {
    #[serde(rename = "localId")]
    local_id: Option<String>,
}

#[derive(Deserialize)]
struct Refresh {
    grant_type: Option<String>,
    refresh_token: Option<String>,
}

impl Project<'_> {
    /// What an app may do.
    pub fn of_an_app(&mut self, operation: &str, body: &[u8]) -> Result<Value, Failure> {
        match operation {
            "accounts:signUp" => self.sign_up(parse(body)?),
            "accounts:signInWithPassword" => self.sign_in(parse(body)?),
            "accounts:lookup" => {
                let (account, _) = self.of_id_token(parse(body)?)?;
                Ok(found(&[&account]))
            }
            "accounts:update" => self.update_own(parse(body)?),
            "accounts:delete" => {
                let (account, _) = self.of_id_token(parse(body)?)?;
                self.delete(&account)
            }
            "accounts:sendOobCode" => self.send_oob_code(parse(body)?),
            // Whether the account exists, and how it logs in, is not told.
            "accounts:createAuthUri" => Ok(json!({
                "kind": "identitytoolkit#CreateAuthUriResponse",
                "sessionId": new_id(),
            })),
            _ => Err(Failure::not_found()),
        }
    }

    /// What a server may do.
    pub fn of_a_server(&mut self, operation: &str, body: &[u8]) -> Result<Value, Failure> {
        match operation {
            "accounts:lookup" => {
                let asked: LookUp = parse(body)?;
                let by_id = asked.local_id.iter().filter_map(|id| self.accounts.get(id));
                let emails = asked.email.iter().map(|email| email.to_lowercase());
                let mut accounts: Vec<&Account> = by_id
                    .chain(emails.filter_map(|email| self.accounts.by_email(&email)))
                    .collect();
                accounts.sort_by_key(|account| &account.local_id);
                accounts.dedup_by_key(|account| &account.local_id);
                Ok(found(&accounts))
            }
            "accounts:update" => {
                let asked: Update = parse(body)?;
                let account = self.by_id(asked.local_id.clone())?;
                let (account, _) = self.update(account, asked)?;
                Ok(updated(&account))
            }
            "accounts:delete" => {
                let account = self.by_id(parse::<OfLocalId>(body)?.local_id)?;
                self.delete(&account)
            }
            _ => Err(Failure::not_found()),
        }
    }

    /// A new ID token, by `grant_type=refresh_token&refresh_token=…`.
    pub fn refresh(&mut self, body: &[u8]) -> Result<Value, Failure> {
        let form: Vec<(String, String)> = form_urlencoded::parse(body).into_owned().collect();
        let value = |name| {
            let found = form.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone())
        };
        // Google takes JSON as well.
        let asked = serde_json::from_slice(body).unwrap_or_else(|_| Refresh {
            grant_type: value("grant_type"),
            refresh_token: value("refresh_token"),
        });
        match asked.grant_type.as_deref() {
            None => return Err(Failure::code("MISSING_GRANT_TYPE")),
            Some("refresh_token") => {}
            Some(_) => return Err(Failure::code("INVALID_GRANT_TYPE")),
        }
        let token = given(asked.refresh_token, "MISSING_REFRESH_TOKEN")?;
        let session = Session::of_refresh_token(&token)
            .ok_or_else(|| Failure::code("INVALID_REFRESH_TOKEN"))?;
        let (account, session) = self.of(session)?;
        let id_token = session.id_token(self.id, &account, self.now);
        Ok(json!({
            "id_token": id_token,
            "access_token": id_token,
            "expires_in": LIFETIME.to_string(),
            "refresh_token": session.refresh_token(self.now),
            "token_type": "Bearer",
            "user_id": account.local_id,
            "project_id": self.id,
        }))
    }

    /// The mails that went nowhere; their links lead to `host`.
    pub fn oob_codes(&self, host: &str) -> Value {
        let shown = |one: &OobCode| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("mode", "verifyEmail");
            query.append_pair("lang", "en");
            query.append_pair("oobCode", &one.code);
            query.append_pair("apiKey", "fake-api-key");
            if let Some(url) = &one.continue_url {
                query.append_pair("continueUrl", url);
            }
            json!({
                "email": one.email,
                "oobCode": one.code,
                "oobLink": format!("http://{host}/emulator/action?{}", query.finish()),
                "requestType": "VERIFY_EMAIL",
            })
        };
        let codes: Vec<Value> = self.accounts.oob_codes().iter().map(shown).collect();
        json!({"oobCodes": codes})
    }

    /// Takes a mail's code, once.
    pub fn verify_email(&mut self, code: &str) -> Result<Value, Failure> {
        let invalid = || Failure::code("INVALID_OOB_CODE");
        let taken = self
            .accounts
            .change(|accounts| accounts.take_oob_code(code))
            .ok_or_else(invalid)?;
        let account = self.accounts.get(&taken.local_id);
        // The mail was for another address.
        let account = account.filter(|account| account.email == taken.email);
        let mut account = account.ok_or_else(invalid)?.clone();
        account.email_verified = true;
        self.put(&account);
        Ok(updated(&account))
    }

    fn sign_up(&mut self, asked: Credentials) -> Result<Value, Failure> {
        if asked.email.is_none() && asked.password.is_none() {
            // Nobody is anonymous here.
            return Err(Failure::code("ADMIN_ONLY_OPERATION"));
        }
        let email = given(asked.email, "MISSING_EMAIL")?;
        let password = given(asked.password, "MISSING_PASSWORD")?;
        let email = self.free(&email, None)?;
        let account = Account {
            local_id: new_id(),
            email,
            email_verified: false,
            password: strong(password)?,
            display_name: asked.display_name.filter(|name| !name.is_empty()),
            photo_url: None,
            disabled: false,
            created_at: self.now,
            last_login_at: self.now,
            password_updated_at: self.now,
            valid_since: self.now,
        };
        self.put(&account);
        let answer = json!({
            "kind": "identitytoolkit#SignupNewUserResponse",
            "localId": account.local_id,
            "email": account.email,
        });
        Ok(self.with_tokens(answer, &account, &Session::begin(&account, self.now)))
    }

    fn sign_in(&mut self, asked: Credentials) -> Result<Value, Failure> {
        let email = canonical(&given(asked.email, "MISSING_EMAIL")?)?;
        let password = given(asked.password, "MISSING_PASSWORD")?;
        let invalid = || Failure::code("INVALID_LOGIN_CREDENTIALS");
        let account = self.accounts.by_email(&email).ok_or_else(invalid)?;
        if account.disabled {
            return Err(Failure::code("USER_DISABLED"));
        }
        if account.password != password {
            return Err(invalid());
        }
        let mut account = account.clone();
        account.last_login_at = self.now;
        self.put(&account);
        let answer = json!({
            "kind": "identitytoolkit#VerifyPasswordResponse",
            "registered": true,
            "localId": account.local_id,
            "email": account.email,
            "displayName": account.display_name.clone().unwrap_or_default(),
        });
        Ok(self.with_tokens(answer, &account, &Session::begin(&account, self.now)))
    }

    fn update_own(&mut self, asked: Update) -> Result<Value, Failure> {
        if let Some(code) = &asked.oob_code {
            return self.verify_email(code);
        }
        if asked.disable_user.is_some() || asked.email_verified.is_some() {
            return Err(Failure::code("OPERATION_NOT_ALLOWED"));
        }
        let id_token = asked.id_token.clone();
        let (account, session) = self.of_id_token(OfIdToken { id_token })?;
        let wanted = asked.return_secure_token;
        let (account, revoked) = self.update(account, asked)?;
        let answer = updated(&account);
        if wanted || revoked {
            return Ok(self.with_tokens(answer, &account, &session));
        }
        Ok(answer)
    }

    /// Changes what is given. Answers whether earlier tokens are revoked by it.
    fn update(&mut self, mut account: Account, asked: Update) -> Result<(Account, bool), Failure> {
        let mut revoked = false;
        if let Some(email) = asked.email {
            let email = self.free(&email, Some(&account.local_id))?;
            if email != account.email {
                account.email = email;
                account.email_verified = false;
                revoked = true;
            }
        }
        if let Some(password) = asked.password {
            account.password = strong(password)?;
            account.password_updated_at = self.now;
            revoked = true;
        }
        if revoked {
            account.valid_since = self.now;
        }
        // An empty text takes it away.
        let text = |text: String| Some(text).filter(|text| !text.is_empty());
        if let Some(name) = asked.display_name {
            account.display_name = text(name);
        }
        if let Some(url) = asked.photo_url {
            account.photo_url = text(url);
        }
        if let Some(verified) = asked.email_verified {
            account.email_verified = verified;
        }
        if let Some(disabled) = asked.disable_user {
            account.disabled = disabled;
        }
        self.put(&account);
        Ok((account, revoked))
    }

    fn delete(&mut self, account: &Account) -> Result<Value, Failure> {
        self.accounts
            .change(|accounts| accounts.remove(&account.local_id));
        Ok(json!({"kind": "identitytoolkit#DeleteAccountResponse"}))
    }

    fn send_oob_code(&mut self, asked: SendOobCode) -> Result<Value, Failure> {
        match asked.request_type.as_deref() {
            None => return Err(Failure::code("MISSING_REQ_TYPE")),
            Some("VERIFY_EMAIL") => {}
            Some(other) => return Err(Failure::new(StatusCode::NOT_IMPLEMENTED, other)),
        }
        let (account, _) = self.of_id_token(OfIdToken {
            id_token: asked.id_token,
        })?;
        self.accounts
            .change(|accounts| accounts.add_oob_code(&account, asked.continue_url));
        Ok(json!({
            "kind": "identitytoolkit#GetOobConfirmationCodeResponse",
            "email": account.email,
        }))
    }

    fn put(&mut self, account: &Account) {
        self.accounts
            .change(|accounts| accounts.put(account.clone()));
    }

    fn by_id(&self, local_id: Option<String>) -> Result<Account, Failure> {
        let local_id = given(local_id, "MISSING_LOCAL_ID")?;
        let account = self.accounts.get(&local_id).cloned();
        account.ok_or_else(|| Failure::code("USER_NOT_FOUND"))
    }

    fn of_id_token(&self, asked: OfIdToken) -> Result<(Account, Session), Failure> {
        let token = given(asked.id_token, "MISSING_ID_TOKEN")?;
        self.of(Session::of_id_token(&token).ok_or_else(|| Failure::code("INVALID_ID_TOKEN"))?)
    }

    /// The account of a log-in that still counts.
    fn of(&self, session: Session) -> Result<(Account, Session), Failure> {
        let account = self.by_id(Some(session.local_id.clone()))?;
        if session.iat < account.valid_since.as_second() {
            return Err(Failure::code("TOKEN_EXPIRED"));
        }
        if account.disabled {
            return Err(Failure::code("USER_DISABLED"));
        }
        Ok((account, session))
    }

    /// The address as it is kept, if nobody but `local_id` has it.
    fn free(&self, email: &str, local_id: Option<&str>) -> Result<String, Failure> {
        let email = canonical(email)?;
        match self.accounts.by_email(&email) {
            Some(account) if local_id != Some(&account.local_id) => {
                Err(Failure::code("EMAIL_EXISTS"))
            }
            _ => Ok(email),
        }
    }

    fn with_tokens(&self, mut answer: Value, account: &Account, session: &Session) -> Value {
        answer["idToken"] = session.id_token(self.id, account, self.now).into();
        answer["refreshToken"] = session.refresh_token(self.now).into();
        answer["expiresIn"] = LIFETIME.to_string().into();
        answer
    }
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body)
        .map_err(|error| Failure::code(&format!("Invalid JSON payload received. {error}")))
}

fn given(value: Option<String>, code: &str) -> Result<String, Failure> {
    value
        .filter(|value| !value.is_empty())
        .ok_or_else(|| Failure::code(code))
}

fn canonical(email: &str) -> Result<String, Failure> {
    match email.split_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() && !domain.contains('@') => {
            Ok(email.to_lowercase())
        }
        _ => Err(Failure::code("INVALID_EMAIL")),
    }
}

fn strong(password: String) -> Result<String, Failure> {
    if password.chars().count() < SHORTEST_PASSWORD {
        let code = "WEAK_PASSWORD : Password should be at least 6 characters";
        return Err(Failure::code(code));
    }
    Ok(password)
}
