//! An organisation, from its admin's sign-up at Firebase to a user who is deleted and disabled there, and its
//! licence from the payment to the end, played
//! through the public API of a stack in memory.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::{Client, mailed_token, text};
use crate::stack::{Options, Stack};

/// What an organisation has at first: seats, and seconds of detection.
const ALLOWANCE: [(&str, &str); 2] = [("OrgFreeSeats", "3"), ("OrgFreeSeconds", "600")];
const LICENSES: &str = "/v1/service/licenses";
const PASSWORD: &str = "the path to the shrine";

/// Plays it and shows it.
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn run() -> Result<(), String> {
    play(Stack::start(options()).await?).await
}

/// The stack it is played in.
pub fn options() -> Options {
    let mut options = Options::in_memory(Timestamp::now());
    let allowance = ALLOWANCE.map(|(name, value)| (name.to_owned(), value.to_owned()));
    options.parameters.extend(allowance);
    options
}

/// Plays it in a stack that was started with [`options`].
///
/// # Errors
/// A sentence with what went differently from what it should.
pub async fn play(stack: Stack) -> Result<(), String> {
    let play = Play {
        client: Client::new(stack.url()),
        google: Client::of_firebase(&stack.aws_url()),
        stack,
    };
    println!("花 signs up at Firebase and makes an organisation of three seats and 600 seconds.");
    let mut hana = play.at_firebase("花", "hana@example.com").await?;
    let body = json!({
        "uid": hana.uid, "email": hana.email, "role": "admin", "company_name": "いろは株式会社",
        "postal_code": "123-4567", "address": "東京都港区白銀高輪1-1-1",
    });
    let user = play
        .ask(&hana, "POST", "/v1/service/users", Some(body))
        .await?;
    hana.id = text(&user["user"], "id");
    let organization_id = text(&user["user"], "organization_id");

    println!("\nShe invites 空 and 海 by mail; both accept.");
    let mut others = Vec::new();
    for (name, email) in [("空", "sora@example.com"), ("海", "umi@example.com")] {
        let mut other = play.at_firebase(name, email).await?;
        let invited = json!({
            "email": email, "role": "member", "organization_id": organization_id,
        });
        play.ask(&hana, "POST", "/v1/service/invitations", Some(invited))
            .await?;
        play.stack.settle().await;
        let token = mailed_token(&play.stack, email).ok_or("there should be a letter")?;
        let accepted = json!({"token": token});
        let path = "/v1/service/invitations/accept";
        let user = play.ask(&other, "POST", path, Some(accepted)).await?;
        other.id = text(&user["user"], "id");
        println!("  {name} is a {}", text(&user["user"], "role"));
        others.push(other);
    }
    let [sora, umi] = others.as_slice() else {
        return Err("there should be two".into());
    };
    let full = json!({
        "email": "riku@example.com", "role": "member", "organization_id": organization_id,
    });
    let path = "/v1/service/invitations";
    play.refused(&hana, "POST", path, full, 409).await?;

    println!("\n空 and 海 make projects, and export one.");
    let mut projects = Vec::new();
    for (who, name, seconds) in [
        (sora, "入社式.mp4", 240),
        (umi, "展示会.mp4", 180),
        (sora, "面接.mp4", 120),
    ] {
        let body = json!({"name": name, "video_length": seconds});
        let made = play
            .ask(who, "POST", "/v1/service/projects", Some(body))
            .await?;
        println!("  {}: {name}, {seconds} s", who.name);
        projects.push(text(&made["project"], "id"));
    }
    let export = json!({"project_id": projects[0], "is_timerecord": 1});
    play.ask(sora, "POST", "/v1/service/exports", Some(export))
        .await?;
    let beyond = json!({"name": "株主総会.mp4", "video_length": 61});
    play.refused(umi, "POST", "/v1/service/projects", beyond, 403)
        .await?;
    let theirs = play.ask(umi, "GET", "/v1/service/projects", None).await?;
    let all = "/v1/service/projects?scope=organization";
    let all = play.ask(&hana, "GET", all, None).await?;
    let count = |list: &Value| list["projects"].as_array().map_or(0, Vec::len);
    println!(
        "  海 sees {} of them, 花 all {}",
        count(&theirs),
        count(&all)
    );
    if (count(&theirs), count(&all)) != (1, 3) {
        return Err("these should be one and three".into());
    }
    let usage = play.ask(&hana, "GET", "/v1/service/usage", None).await?;
    println!("  The seconds: {}", usage["usage"]);
    if usage["usage"]["left"] != 60 {
        return Err("60 seconds should be left".into());
    }

    println!("\n空 leaves; what they made stays. 海 is deleted.");
    let path = format!("/v1/service/organization_members/{}", sora.id);
    play.ask(sora, "DELETE", &path, None).await?;
    let path = format!("/v1/service/projects/{}", projects[0]);
    play.ask(&hana, "GET", &path, None).await?;
    let path = format!("/v1/service/users/{}", umi.id);
    play.ask(&hana, "DELETE", &path, None).await?;
    play.stack.settle().await;
    for (who, disabled) in [(&hana, false), (sora, false), (umi, true)] {
        let answer = play.log_in(&who.email).await?;
        let now = answer["error"]["message"].as_str().unwrap_or("may log in");
        println!("  At Firebase {}: {now}", who.name);
        if (now == "USER_DISABLED") != disabled {
            return Err(format!("{} should not stand so", who.name));
        }
    }
    play.license(hana).await
}

/// Somebody with an account at Firebase.
struct Person {
    name: &'static str,
    email: String,
    uid: String,
    id_token: String,
    /// Once they have a profile.
    id: String,
}

struct Play {
    stack: Stack,
    client: Client,
    google: Client,
}

impl Play {
    /// An admin buys five seats, uses up their seconds, buys more, has a card declined and calls it off.
    async fn license(&self, mut hana: Person) -> Result<(), String> {
        println!("\n花 buys five seats on Stripe's page.");
        let body = json!({"plan_id": 1, "quantity": 5});
        let bought = self.ask(&hana, "POST", LICENSES, Some(body)).await?;
        let page = text(&bought, "checkout_url");
        self.client.press(&page, "pay").await?;
        self.told().await;
        let license = self.shown(&hana).await?;
        let path = format!("{LICENSES}/{}", text(&license, "id"));
        let session = page.rsplit('/').next().unwrap_or_default();
        let session = self.stack.stripe().object(session).unwrap_or_default();
        let subscription = text(&session, "subscription");

        println!("\nAll of the period's seconds are used up.");
        let body = json!({"name": "社史.mp4", "video_length": 180_000});
        let projects = "/v1/service/projects";
        self.ask(&hana, "POST", projects, Some(body)).await?;
        let body = json!({"name": "一秒.mp4", "video_length": 1});
        self.refused(&hana, "POST", projects, body, 403).await?;

        println!("\nTen days later she raises it to eight, and pays for the rest of the period.");
        self.after(10, &mut hana).await?;
        let body = json!({"quantity": 8});
        self.ask(&hana, "PUT", &path, Some(body)).await?;
        self.told().await;
        self.shown(&hana).await?;

        println!("\nHer card is declined: twelve wait until they are paid.");
        self.stack.stripe().decline(&subscription, true)?;
        let body = json!({"quantity": 12});
        let declined = self.ask(&hana, "PUT", &path, Some(body)).await?;
        if declined["license"]["quantity"] != 8 || declined["license"]["pending"]["quantity"] != 12
        {
            return Err(format!("twelve should wait: {declined}"));
        }
        self.shown(&hana).await?;
        self.stack.stripe().decline(&subscription, false)?;

        println!("\nShe calls it off; it ends with its period.");
        self.after(2, &mut hana).await?;
        let now = self.stack.clock().now().to_string();
        let body = json!({"cancel_applied_at": now});
        self.ask(&hana, "PUT", &path, Some(body)).await?;
        self.shown(&hana).await?;
        self.after(20, &mut hana).await?;
        let over = self.shown(&hana).await?;
        if over["status"] != "canceled" {
            return Err("it should be over".into());
        }

        println!("\nThe invoices:");
        let path = "/v1/service/payments";
        let listed = self.ask(&hana, "GET", path, None).await?;
        let payments = listed["payments"].as_array().cloned().unwrap_or_default();
        for payment in payments.iter().rev() {
            println!(
                "  {} ¥{} {}",
                text(payment, "created_at"),
                payment["amount"],
                text(payment, "status")
            );
        }
        match payments.len() {
            3 => Ok(()),
            other => Err(format!("there should be three invoices, not {other}")),
        }
    }

    /// Shows the licence, and the seconds.
    async fn shown(&self, person: &Person) -> Result<Value, String> {
        let listed = self.ask(person, "GET", LICENSES, None).await?;
        let path = "/v1/service/usage";
        let usage = self.ask(person, "GET", path, None).await?;
        let license = listed["licenses"][0].clone();
        println!(
            "  {} seats, {}, until {}; {} seconds used, {} left",
            license["quantity"],
            text(&license, "status"),
            text(&license, "current_period_end"),
            usage["usage"]["used"],
            usage["usage"]["left"]
        );
        Ok(license)
    }

    /// So many days pass, and somebody logs in again.
    async fn after(&self, days: i64, person: &mut Person) -> Result<(), String> {
        let later = SignedDuration::from_hours(24 * days);
        self.stack.at(self.stack.clock().now() + later).await;
        self.told().await;
        person.id_token = text(&self.log_in(&person.email).await?, "idToken");
        Ok(())
    }

    /// Lets everything hear of what has happened at Stripe.
    async fn told(&self) {
        self.stack.stripe().deliver().await;
        self.stack.settle().await;
    }

    /// Signs somebody up at Firebase, with an address that is known to be theirs.
    async fn at_firebase(&self, name: &'static str, email: &str) -> Result<Person, String> {
        let up = self.google.sign_up_at_firebase(email, PASSWORD, name);
        let up = up.await?;
        Ok(Person {
            name,
            email: email.to_owned(),
            uid: text(&up, "localId"),
            id_token: text(&up, "idToken"),
            id: String::new(),
        })
    }

    /// What Firebase answers to a log-in.
    async fn log_in(&self, email: &str) -> Result<Value, String> {
        let body = json!({"email": email, "password": PASSWORD});
        let path = "/accounts:signInWithPassword?key=any";
        let (_, answer) = self.google.send("POST", path, None, Some(body)).await?;
        Ok(answer)
    }

    async fn ask(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let token = Some(person.id_token.as_str());
        self.client.expect(method, path, token, body).await
    }

    /// Shows how something is refused.
    async fn refused(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        body: Value,
        status: u16,
    ) -> Result<(), String> {
        let token = Some(person.id_token.as_str());
        let (answered, answer) = self.client.send(method, path, token, Some(body)).await?;
        println!(
            "  {answered} {}: {}",
            text(&answer, "code"),
            text(&answer, "message")
        );
        match answered == status {
            true => Ok(()),
            false => Err(format!("{method} {path} answered {answered}: {answer}")),
        }
    }
}
