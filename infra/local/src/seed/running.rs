//! The running stack, as the seed reaches it: the API, from an address for each person, and the developer's own
//! endpoints.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, TcpListener},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, Instant},
};

use jiff::{Timestamp, Unit, tz::TimeZone};
use serde_json::{Value, json};

use super::people::{PASSWORD, Person};
use crate::client::{Client, text, token_in};

/// The longest that one request may take: a settling stack answers when all that is under way has ended.
const PATIENCE: Duration = Duration::from_mins(5);

/// A stack that runs.
pub struct Running {
    /// Where the API is.
    api: String,
    /// Where the AWS stand-ins are, Stripe's pages and Firebase.
    pub aws: String,
    admin: Client,
    /// Which people: the same number makes the same again.
    pub number: u64,
    started: Instant,
    /// Whether this machine has all addresses that begin with 127, as Linux does; else people share one.
    has_addresses: bool,
    addresses: AtomicU32,
}

impl Running {
    /// The stack whose API is at the port `api`, and whose AWS stand-ins are at the port `aws`.
    pub fn new(api: u16, aws: u16, number: u64) -> Self {
        let aws = format!("http://127.0.0.1:{aws}");
        Self {
            api: format!("http://127.0.0.1:{api}"),
            admin: Client::new(aws.clone()),
            aws,
            number,
            started: Instant::now(),
            has_addresses: TcpListener::bind((Ipv4Addr::new(127, 1, 1, 1), 0)).is_ok(),
            addresses: AtomicU32::new(0),
        }
    }

    /// A client of the API with an address of its own: throttles count by address, and people have one each.
    pub fn client(&self) -> Client {
        if !self.has_addresses {
            return Client::new(self.api.clone());
        }
        let many = self.addresses.fetch_add(1, Ordering::Relaxed);
        let [_, high, middle, low] = (1_000 * (self.number as u32 % 10_000) + many).to_be_bytes();
        // Never 127.0.0.1, which is everybody else's.
        let address = Ipv4Addr::new(127, high.wrapping_add(1).max(1), middle, low);
        Client::from_address(self.api.clone(), IpAddr::V4(address))
    }

    /// A client of Firebase.
    pub fn firebase(&self) -> Client {
        Client::of_firebase(&self.aws)
    }

    /// What to do where sign-ups or log-ins are throttled.
    pub fn hint(&self, error: &str) -> &'static str {
        match error.contains(" answered 429") && !self.has_addresses {
            true => {
                "\nThis system gives people no address each, and throttles count by address. Start the stack with \
                 `--parameter RegisterRate=1000/1h --parameter LoginAddressRate=1000/5m`."
            }
            false => "",
        }
    }

    /// Asks the API as nobody.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn get(&self, path: &str) -> Result<Value, String> {
        let client = Client::new(self.api.clone());
        let answer = patiently(client.expect("GET", path, None, None)).await;
        answer.map_err(|error| format!("the API at {} is asked (`--port`): {error}", self.api))
    }

    async fn admin(&self, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
        let path = format!("/_enishi/{path}");
        patiently(self.admin.expect(method, &path, None, body)).await
    }

    /// The stack's time.
    ///
    /// # Errors
    /// A sentence, when no stack answers.
    pub async fn now(&self) -> Result<Timestamp, String> {
        let clock = self.admin("GET", "clock", None).await;
        let clock = clock.map_err(|_| {
            let port = self.aws.rsplit(':').next().unwrap_or_default();
            format!(
                "no stack answers on port {port}; start one with `cargo run`, and seed it from another terminal"
            )
        })?;
        let time = text(&clock, "time").parse();
        time.map_err(|_| format!("the stack's clock answered {clock}"))
    }

    /// Sets the clock, `None` to the system's time.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn set_clock(&self, time: Option<Timestamp>) -> Result<(), String> {
        self.admin("PUT", "clock", Some(json!({"time": time})))
            .await?;
        Ok(())
    }

    /// Fires what is due, and waits until nothing is under way any more.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn settle(&self) -> Result<(), String> {
        self.admin("POST", "settle", None).await?;
        Ok(())
    }

    /// Sets the clock, and waits for what follows.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn at(&self, time: Timestamp) -> Result<(), String> {
        self.set_clock(Some(time)).await?;
        self.settle().await
    }

    /// The dates of the slots that there is a record of, in no order.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn mornings(&self) -> Result<Vec<String>, String> {
        let mornings = self.admin("GET", "mornings", None).await?;
        let slots = mornings.as_array().into_iter().flatten();
        Ok(slots
            .map(|one| text(one, "slot").chars().take(10).collect())
            .collect())
    }

    /// The tokens of the links in the latest mails, by the address that they were sent to.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn proofs(&self) -> Result<HashMap<String, String>, String> {
        let mails = self.admin("GET", "mails", None).await?;
        let mails = mails.as_array().into_iter().flatten();
        let proof = |mail: &Value| {
            let to = mail["to"][0].as_str()?.to_owned();
            Some((to, token_in(mail["text"].as_str()?)?))
        };
        Ok(mails.filter_map(proof).collect())
    }

    /// Logs in somebody who is there.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn log_in(&self, name: &str, email: &str) -> Result<Person, String> {
        self.log_in_with(name, email, PASSWORD).await
    }

    /// … with a password of their own.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn log_in_with(
        &self,
        name: &str,
        email: &str,
        password: &str,
    ) -> Result<Person, String> {
        let client = self.client();
        let login = json!({"email": email, "password": password});
        let answer = patiently(client.expect("POST", "/login", None, Some(login))).await?;
        Ok(Person::new(client, name, email, &answer))
    }

    /// Presses a button of one of Stripe's pages.
    ///
    /// # Errors
    /// When the page does not lead on.
    pub async fn press(&self, page: &str, button: &str) -> Result<(), String> {
        patiently(self.admin.press(page, button)).await
    }

    /// Says what was done, and how long all has taken until then.
    #[allow(clippy::print_stdout)]
    pub fn tell(&self, when: Timestamp, chapter: &str, what: &str) {
        let when = when.round(Unit::Minute).unwrap_or(when);
        let tokyo = TimeZone::get("Asia/Tokyo").unwrap_or(TimeZone::UTC);
        let when = when.to_zoned(tokyo).strftime("%m-%d %H:%M").to_string();
        println!(
            "{:>6.1} s  {when}  {chapter:<7} {what}",
            self.started.elapsed().as_secs_f32()
        );
    }

    /// How long it has taken until now, in seconds.
    pub fn seconds(&self) -> f32 {
        self.started.elapsed().as_secs_f32()
    }
}

/// What is asked for, or a sentence when nobody answers.
///
/// # Errors
/// What was asked for is not there, or does not come.
pub async fn patiently<T>(asking: impl Future<Output = Result<T, String>>) -> Result<T, String> {
    let answer = tokio::time::timeout(PATIENCE, asking).await;
    answer.map_err(|_| format!("nothing was answered in {} s", PATIENCE.as_secs()))?
}
