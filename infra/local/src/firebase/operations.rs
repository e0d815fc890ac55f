//! What can be done with accounts, as Identity Toolkit names it and refuses it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Failure,
    accounts::{Account, Accounts, new_id},
    requests::{Attribute, Delete, LookUp, SignIn, SignUp, Update, given, parse},
    server::claims,
    shapes::{found, updated},
    tokens::{LIFETIME, Session},
};

const SHORTEST_PASSWORD: usize = 6;

/// The project at one moment.
pub struct Project<'a> {
    pub id: &'a str,
    pub now: Timestamp,
    pub accounts: &'a mut Accounts,
    /// Where the emulator was asked, and where its links lead.
    pub host: &'a str,
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
            "accounts:signUp" => self.sign_up(parse(body, &["returnSecureToken"])?),
            "accounts:signInWithPassword" => self.sign_in(parse(body, &["returnSecureToken"])?),
            "accounts:lookup" => {
                let (account, _) = self.of_id_token(parse::<LookUp>(body, &[])?.id_token)?;
                Ok(found(&[&account]))
            }
            "accounts:update" => self.update_own(parse(body, &[])?),
            "accounts:delete" => {
                let (account, _) = self.of_id_token(parse::<Delete>(body, &[])?.id_token)?;
                self.delete(&account)
            }
            "accounts:sendOobCode" => self.send_oob_code(parse(body, &[])?, false),
            "accounts:resetPassword" => self.reset_password(parse(body, &[])?),
            // Whether the account exists, and how it logs in, is not told.
            "accounts:createAuthUri" => Ok(json!({
                "kind": "identitytoolkit#CreateAuthUriResponse",
                "sessionId": new_id(),
            })),
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

    fn sign_up(&mut self, asked: SignUp) -> Result<Value, Failure> {
        if asked.local_id.is_some() {
            return Err(Failure::code("UNEXPECTED_PARAMETER : User ID"));
        }
        if asked.email_verified.is_some() || asked.disabled.is_some() {
            return Err(Failure::code("OPERATION_NOT_ALLOWED"));
        }
        if asked.email.is_none() && asked.password.is_none() {
            // Nobody is anonymous here.
            return Err(Failure::code("ADMIN_ONLY_OPERATION"));
        }
        let email = given(asked.email, "MISSING_EMAIL")?;
        let password = given(asked.password, "MISSING_PASSWORD")?;
        let email = self.free(&email, None)?;
        let account = Account {
            password: Some(strong(password)?),
            display_name: asked.display_name.filter(|name| !name.is_empty()),
            photo_url: asked.photo_url.filter(|url| !url.is_empty()),
            ..Account::new(new_id(), Some(email), self.now)
        };
        self.put(&account);
        let answer = json!({
            "kind": "identitytoolkit#SignupNewUserResponse",
            "localId": account.local_id,
            "email": account.email,
        });
        Ok(self.with_tokens(answer, &account, &Session::begin(&account, self.now)))
    }

    fn sign_in(&mut self, asked: SignIn) -> Result<Value, Failure> {
        let email = canonical(&given(asked.email, "MISSING_EMAIL")?)?;
        let password = given(asked.password, "MISSING_PASSWORD")?;
        let invalid = || Failure::code("INVALID_LOGIN_CREDENTIALS");
        let account = self.accounts.by_email(&email).ok_or_else(invalid)?;
        if account.disabled {
            return Err(Failure::code("USER_DISABLED"));
        }
        if account.password.as_ref() != Some(&password) {
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
        if asked.custom_attributes.is_some() {
            return Err(Failure::code("INSUFFICIENT_PERMISSION"));
        }
        if asked.disable_user.is_some()
            || asked.email_verified.is_some()
            || asked.valid_since.is_some()
        {
            return Err(Failure::code("OPERATION_NOT_ALLOWED"));
        }
        if asked.id_token.is_none() {
            return Err(Failure::code(
                "INVALID_REQ_TYPE : Unsupported request parameters.",
            ));
        }
        let (account, session) = self.of_id_token(asked.id_token.clone())?;
        let wanted = asked.return_secure_token;
        let (account, revoked) = self.update(account, asked)?;
        let answer = updated(&account);
        if wanted || revoked {
            return Ok(self.with_tokens(answer, &account, &session));
        }
        Ok(answer)
    }

    /// Changes what is given. Answers whether earlier tokens are revoked by it.
    pub fn update(
        &mut self,
        mut account: Account,
        asked: Update,
    ) -> Result<(Account, bool), Failure> {
        let mut revoked = false;
        if let Some(email) = asked.email {
            let email = Some(self.free(&email, Some(&account.local_id))?);
            if email != account.email {
                account.email = email;
                account.email_verified = false;
                revoked = true;
            }
        }
        if let Some(password) = asked.password {
            account.password = Some(strong(password)?);
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
        if let Some(since) = asked.valid_since {
            let seconds = since
                .as_i64()
                .or_else(|| since.as_str().and_then(|text| text.parse().ok()));
            let since = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
            account.valid_since =
                since.ok_or_else(|| Failure::code("Invalid value at 'valid_since'"))?;
        }
        if let Some(text) = asked.custom_attributes {
            account.claims = claims(&text)?;
        }
        for attribute in asked.delete_attribute {
            match attribute {
                Attribute::UserAttributeNameUnspecified => {}
                Attribute::Email => {
                    account.email = None;
                    account.email_verified = false;
                }
                Attribute::DisplayName => account.display_name = None,
                Attribute::PhotoUrl => account.photo_url = None,
                Attribute::Password => account.password = None,
            }
        }
        self.put(&account);
        Ok((account, revoked))
    }

    pub fn delete(&mut self, account: &Account) -> Result<Value, Failure> {
        self.accounts
            .change(|accounts| accounts.remove(&account.local_id));
        Ok(json!({"kind": "identitytoolkit#DeleteAccountResponse"}))
    }

    pub fn put(&mut self, account: &Account) {
        self.accounts
            .change(|accounts| accounts.put(account.clone()));
    }

    pub fn by_id(&self, local_id: Option<String>) -> Result<Account, Failure> {
        let local_id = given(local_id, "MISSING_LOCAL_ID")?;
        let account = self.accounts.get(&local_id).cloned();
        account.ok_or_else(|| Failure::code("USER_NOT_FOUND"))
    }

    /// Whose ID token it is, and of which log-in.
    pub fn of_id_token(&self, token: Option<String>) -> Result<(Account, Session), Failure> {
        let token = given(token, "MISSING_ID_TOKEN")?;
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
    pub fn free(&self, email: &str, local_id: Option<&str>) -> Result<String, Failure> {
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

/// The form in which an address is kept.
///
/// # Errors
/// `INVALID_EMAIL`.
pub fn canonical(email: &str) -> Result<String, Failure> {
    match email.split_once('@') {
        Some((name, domain)) if !name.is_empty() && !domain.is_empty() && !domain.contains('@') => {
            Ok(email.to_lowercase())
        }
        _ => Err(Failure::code("INVALID_EMAIL")),
    }
}

/// A password that may be one.
///
/// # Errors
/// `WEAK_PASSWORD`.
pub fn strong(password: String) -> Result<String, Failure> {
    if password.chars().count() < SHORTEST_PASSWORD {
        let code = "WEAK_PASSWORD : Password should be at least 6 characters";
        return Err(Failure::code(code));
    }
    Ok(password)
}
