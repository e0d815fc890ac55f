//! Those who play, and what each of them does first.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::{Client, connect, mailed_token, text};
use crate::{client::declared, stack::Stack};

/// Who is listed as operator.
pub const OPERATOR: &str = "operator@example.com";
const PASSWORD: &str = "the path to the shrine";
/// The least that is a JPEG.
const PICTURE: &[u8] = b"\xff\xd8\xff\xe0\0\x10JFIF\0\x01\x01\0\0\x01\0\x01\0\0\xff\xd9";

/// Somebody who plays.
pub struct Visitor {
    /// What they are called.
    pub name: &'static str,
    email: &'static str,
    access_token: String,
}

impl Visitor {
    fn of(name: &'static str, email: &'static str, tokens: &Value) -> Self {
        Self {
            name,
            email,
            access_token: text(tokens, "access_token"),
        }
    }
}

/// Where it is played.
pub struct Play {
    /// The system.
    pub stack: Stack,
    client: Client,
}

impl Play {
    /// In this stack.
    pub fn new(stack: Stack) -> Self {
        let client = Client::new(stack.url());
        Self { stack, client }
    }

    /// Sends what somebody wants; what could not be done just now is asked for again, as a front end does.
    ///
    /// # Errors
    /// When nobody answers.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        who: &Visitor,
        body: Option<Value>,
    ) -> Result<(u16, Value), String> {
        let token = Some(who.access_token.as_str()).filter(|token| !token.is_empty());
        let mut answer = self.client.send(method, path, token, body.clone()).await?;
        for _ in 0..5 {
            if !matches!(answer.0, 408 | 503) {
                break;
            }
            answer = self.client.send(method, path, token, body.clone()).await?;
        }
        Ok(answer)
    }

    /// Sends what is expected to succeed.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn expect(
        &self,
        method: &str,
        path: &str,
        who: &Visitor,
        body: Option<Value>,
    ) -> Result<Value, String> {
        match self.send(method, path, who, body).await? {
            (200..300, answer) => Ok(answer),
            (status, answer) => Err(format!("{method} {path} answered {status}: {answer}")),
        }
    }

    /// Moves the clock on.
    pub async fn at(&self, time: Timestamp) {
        self.stack.at(time).await;
    }

    /// Logs in anew: an access token lives for fifteen minutes.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn log_in(&self, who: &mut Visitor) -> Result<(), String> {
        let login = json!({"email": who.email, "password": PASSWORD});
        let tokens = self.expect("POST", "/login", who, Some(login)).await?;
        *who = Visitor::of(who.name, who.email, &tokens);
        Ok(())
    }

    /// Signs up, and verifies the address with the mail's link.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn register(
        &self,
        name: &'static str,
        email: &'static str,
        kind: &str,
        affiliation: &str,
    ) -> Result<Visitor, String> {
        let body = json!({
            "name": name, "date_of_birth": "2000-04-02", "phone_number": "090-1234-5678",
            "email": email, "password": PASSWORD, "type": kind,
            "affiliation": affiliation, "department": "開発部", "job": "エンジニア",
        });
        let stranger = Visitor::of(name, email, &Value::Null);
        let tokens = self
            .expect("POST", "/api/users", &stranger, Some(body))
            .await?;
        let visitor = Visitor::of(name, email, &tokens);
        self.prove(&visitor).await?;
        Ok(visitor)
    }

    async fn prove(&self, who: &Visitor) -> Result<(), String> {
        self.stack.settle().await;
        let token = mailed_token(&self.stack, who.email).ok_or("there should be a mail")?;
        let body = json!({"token": token});
        self.expect("POST", "/api/auth/email/verify", who, Some(body))
            .await?;
        Ok(())
    }

    /// The listed address, verified: only then a log-in has the scope.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn operator(&self) -> Result<Visitor, String> {
        let account = json!({"username": "operator", "email": OPERATOR, "password": PASSWORD});
        let stranger = Visitor::of("operator", OPERATOR, &Value::Null);
        let tokens = self
            .expect("POST", "/signup", &stranger, Some(account))
            .await?;
        let mut operator = Visitor::of("operator", OPERATOR, &tokens);
        self.prove(&operator).await?;
        self.log_in(&mut operator).await?;
        Ok(operator)
    }

    /// Uploads both documents, hands them in, and has the operator approve them; answers how they stand.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn verify(&self, who: &Visitor, operator: &Visitor) -> Result<String, String> {
        let card = declared("image/jpeg", PICTURE);
        let cards = json!({"type_card": card, "identity_card": card});
        let allowed = self
            .expect("POST", "/api/certificates", who, Some(cards))
            .await?;
        for card in ["type_card", "identity_card"] {
            self.client.upload(&allowed[card], PICTURE).await?;
        }
        self.expect("POST", "/api/certificates/submit", who, None)
            .await?;
        let me = self.expect("GET", "/api/visits/me", who, None).await?;
        let path = format!("/api/operator/certificates/{}", text(&me, "user_id"));
        self.expect("POST", &format!("{path}/view"), operator, None)
            .await?;
        let body = json!({"decision": "approve"});
        let decided = self.expect("PUT", &path, operator, Some(body)).await?;
        Ok(text(&decided, "state"))
    }

    /// The subject of somebody's latest mail.
    pub fn last_mail(&self, who: &Visitor) -> Option<String> {
        let mails = self.stack.mailbox().mails();
        let mut mails = mails.into_iter().rev();
        let mail = mails.find(|mail| mail.to.iter().any(|to| to == who.email))?;
        Some(mail.subject)
    }

    /// Joins a meeting as the front end does: fetches one's credentials, and connects the audio.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn join(&self, who: &Visitor, matching: &str) -> Result<(), String> {
        let path = format!("/api/meeting/{matching}/join");
        let join = self.expect("GET", &path, who, None).await?;
        connect(&self.stack.aws_url(), &join).await?;
        self.stack.settle().await;
        Ok(())
    }

    /// Pays on Stripe's page.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn pay(&self, who: &Visitor, matching: &str) -> Result<u64, String> {
        let body = json!({"matching_id": matching});
        let checkout = self.expect("POST", "/api/payment", who, Some(body)).await?;
        let session = text(&checkout, "checkout_url");
        let session = session.rsplit('/').next().unwrap_or_default();
        self.stack.stripe().pay(session)?;
        self.stack.settle().await;
        checkout["amount"]
            .as_u64()
            .ok_or_else(|| "there should be an amount".to_owned())
    }

    /// The file at a presigned address.
    ///
    /// # Errors
    /// When it cannot be had.
    pub async fn download(&self, url: &str) -> Result<bytes::Bytes, String> {
        self.client.download(url).await
    }
}
