//! The codes of mails that go nowhere: to verify an address, and for a new password.

use http::StatusCode;
use serde_json::{Value, json};

use super::{
    Failure,
    accounts::{Account, OobCode, Purpose},
    operations::{Project, canonical, strong},
    requests::{ResetPassword, SendOobCode, given},
    shapes::updated,
};

impl Purpose {
    /// As Google names it, and as its links do.
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::VerifyEmail => ("VERIFY_EMAIL", "verifyEmail"),
            Self::ResetPassword => ("PASSWORD_RESET", "resetPassword"),
        }
    }
}

impl Project<'_> {
    /// Sends a code; a server may have its link answered instead.
    pub fn send_oob_code(
        &mut self,
        asked: SendOobCode,
        privileged: bool,
    ) -> Result<Value, Failure> {
        if asked.return_oob_link && !privileged {
            return Err(Failure::code("INSUFFICIENT_PERMISSION"));
        }
        let (purpose, account) = match asked.request_type.as_deref() {
            None | Some("" | "OOB_REQ_TYPE_UNSPECIFIED") => {
                return Err(Failure::code("MISSING_REQ_TYPE"));
            }
            Some("PASSWORD_RESET") => {
                let email = canonical(&given(asked.email, "MISSING_EMAIL")?)?;
                let Some(account) = self.accounts.by_email(&email).cloned() else {
                    // An app does not learn whether the account exists.
                    return match privileged {
                        true => Err(Failure::code("EMAIL_NOT_FOUND")),
                        false => Ok(sent(&email)),
                    };
                };
                (Purpose::ResetPassword, account)
            }
            Some("VERIFY_EMAIL") if asked.return_oob_link && asked.id_token.is_none() => {
                let email = canonical(&given(asked.email, "MISSING_EMAIL")?)?;
                let account = self.accounts.by_email(&email).cloned();
                let account = account.ok_or_else(|| Failure::code("USER_NOT_FOUND"))?;
                (Purpose::VerifyEmail, account)
            }
            Some("VERIFY_EMAIL") => (Purpose::VerifyEmail, self.of_id_token(asked.id_token)?.0),
            Some(other) => {
                let message = format!("{other} is not offered here");
                return Err(Failure::new(StatusCode::NOT_IMPLEMENTED, message));
            }
        };
        let email = account.email.clone();
        let email = email.ok_or_else(|| Failure::code("MISSING_EMAIL"))?;
        let code = OobCode::new(purpose, &account, &email, asked.continue_url);
        let mut answer = sent(&email);
        if asked.return_oob_link {
            answer["oobCode"] = code.code.as_str().into();
            answer["oobLink"] = self.link(&code).into();
        }
        self.accounts.change(|accounts| accounts.add_oob_code(code));
        Ok(answer)
    }

    /// All codes that nobody has used.
    pub fn oob_codes(&self) -> Value {
        let shown = |one: &OobCode| {
            json!({
                "email": one.email,
                "oobCode": one.code,
                "oobLink": self.link(one),
                "requestType": one.purpose.names().0,
            })
        };
        let codes: Vec<Value> = self.accounts.oob_codes().iter().map(shown).collect();
        json!({"oobCodes": codes})
    }

    /// Where the mail's link leads.
    fn link(&self, code: &OobCode) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("mode", code.purpose.names().1);
        query.append_pair("lang", "en");
        query.append_pair("oobCode", &code.code);
        query.append_pair("apiKey", "fake-api-key");
        if let Some(url) = &code.continue_url {
            query.append_pair("continueUrl", url);
        }
        format!("http://{}/emulator/action?{}", self.host, query.finish())
    }

    /// Takes a mail's code, once.
    pub fn verify_email(&mut self, code: &str) -> Result<Value, Failure> {
        let found = self.of_code(code, Some(Purpose::VerifyEmail));
        // One for an address that was changed is spent as well.
        self.accounts
            .change(|accounts| accounts.take_oob_code(code, Purpose::VerifyEmail));
        let (mut account, _) = found?;
        account.email_verified = true;
        self.put(&account);
        Ok(updated(&account))
    }

    /// Sets a new password with a mail's code, once; without one, says what the code is for.
    pub fn reset_password(&mut self, asked: ResetPassword) -> Result<Value, Failure> {
        let code = given(asked.oob_code, "MISSING_OOB_CODE")?;
        let wanted = asked.new_password.as_ref().map(|_| Purpose::ResetPassword);
        let (mut account, purpose) = self.of_code(&code, wanted)?;
        if let Some(password) = asked.new_password {
            account.password = Some(strong(password)?);
            account.password_updated_at = self.now;
            account.valid_since = self.now;
            // Whoever has the code has read the mail.
            account.email_verified = true;
            self.accounts
                .change(|accounts| accounts.take_oob_code(&code, Purpose::ResetPassword));
            self.put(&account);
        }
        Ok(json!({
            "kind": "identitytoolkit#ResetPasswordResponse",
            "email": account.email,
            "requestType": purpose.names().0,
        }))
    }

    /// The account that a code is for, and what the code is for; of `wanted` alone if that is given.
    fn of_code(&self, code: &str, wanted: Option<Purpose>) -> Result<(Account, Purpose), Failure> {
        let mut codes = self.accounts.oob_codes().iter();
        let code = codes.find(|one| one.code == code);
        let code = code.filter(|one| wanted.is_none_or(|wanted| one.purpose == wanted));
        let account = code.and_then(|code| {
            let account = self.accounts.get(&code.local_id)?;
            // The mail was for another address.
            (account.email.as_ref() == Some(&code.email)).then(|| (account.clone(), code.purpose))
        });
        account.ok_or_else(|| Failure::code("INVALID_OOB_CODE"))
    }
}

fn sent(email: &str) -> Value {
    json!({"kind": "identitytoolkit#GetOobConfirmationCodeResponse", "email": email})
}
