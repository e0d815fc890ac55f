//! What the end-to-end tests share: a stack in memory, people, and requests over real HTTP.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use bytes::Bytes;
use enishi_local::{Options, Stack, places, stack::root, template::TEMPLATE};
use enishi_shared::{
    App,
    app::{Parts, Random, TimeLimits},
    password::Cost,
};
use http::{HeaderMap, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};

/// The evening before the first morning, Asia/Tokyo.
pub const EVENING: &str = "2026-11-20T20:00";
/// The first morning.
pub const MORNING: &str = "2026-11-21";

/// A running system, moved on by hand.
pub struct World {
    pub stack: Stack,
    client: Client<hyper_util::client::legacy::connect::HttpConnector, Full<Bytes>>,
}

/// Somebody with an account.
#[derive(Clone, Debug)]
pub struct Person {
    pub id: String,
    pub name: String,
    pub email: String,
    pub password: String,
    pub access_token: String,
    pub refresh_token: String,
}

impl Person {
    /// Somebody called `name`, as a sign-up or a log-in answered them.
    pub fn new(name: &str, email: &str, password: &str, answer: &Answer) -> Self {
        Self {
            id: answer.text("user_id"),
            name: name.to_owned(),
            email: email.to_owned(),
            password: password.to_owned(),
            access_token: answer.text("access_token"),
            refresh_token: answer.text("refresh_token"),
        }
    }
}

/// What was answered.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
    /// The body as JSON, null where it is none.
    pub body: Value,
}

impl Answer {
    /// The answer, if its status is `status`; else the test fails with what came.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    /// That this is the error body with `status` and `code`, naming exactly `fields` (as
    /// `field: code`).
    #[track_caller]
    pub fn expect_error(self, status: u16, code: &str, fields: &[&str]) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.body["status"], status, "{}", answer.text);
        assert_eq!(answer.body["code"], code, "{}", answer.text);
        assert!(answer.body["message"].is_string(), "{}", answer.text);
        let named: Vec<String> = answer.body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|error| format!("{}: {}", text(&error["field"]), text(&error["code"])))
            .collect();
        assert_eq!(named, fields, "{}", answer.text);
        answer
    }

    /// A string field of the body.
    #[track_caller]
    pub fn text(&self, field: &str) -> String {
        assert!(self.body[field].is_string(), "{field} in {}", self.text);
        text(&self.body[field])
    }
}

/// A JSON string's text.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// A moment in Tokyo, `2026-11-21T08:50`.
pub fn tokyo(time: &str) -> Timestamp {
    let time: DateTime = time.parse().unwrap();
    TimeZone::get("Asia/Tokyo")
        .unwrap()
        .to_timestamp(time)
        .unwrap()
}

impl Drop for World {
    fn drop(&mut self) {
        self.stack.stop();
    }
}

impl World {
    /// The evening before the first morning. Throttles count by address, and all tests have one, or
    /// by person, and tests write faster than people: they are out of the way.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    /// [`World::new`] with other options.
    pub async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let mut options = Options::in_memory(tokyo(EVENING));
        for rate in [
            "RegisterRate",
            "LoginAddressRate",
            "ForgotAddressRate",
            "ResetAddressRate",
            "MessageRate",
            "VisitsMessageRate",
            "MatchRequestRate",
            "VisitRequestRate",
            "TicketRate",
        ] {
            options.parameters.insert(rate.into(), "10000/1h".into());
        }
        // However busy the machine is.
        options.limits = TimeLimits::all(Duration::from_mins(5));
        // The least that argon2 takes: most of what a test's people would cost is this.
        options.password_cost = Cost {
            memory: 8,
            passes: 1,
        };
        change(&mut options);
        Self {
            stack: Stack::start(options).await.unwrap(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    /// The world of a function, by its logical id, with its randomness from a seed.
    pub fn app(&self, function: &str, change: impl FnOnce(&mut Parts)) -> App {
        let mut parts = self.stack.parts(function).unwrap();
        parts.random = Random::from_seed(1);
        change(&mut parts);
        App::new(parts).unwrap()
    }

    /// How many requests of an operation Chime got.
    pub fn asked(&self, operation: &str) -> u64 {
        let requests = self.stack.chime().requests();
        requests.get(operation).copied().unwrap_or_default()
    }

    /// That no event was given up.
    #[track_caller]
    pub fn nothing_given_up(&self) {
        let letters = self.stack.lambda().dead_letters();
        assert!(letters.is_empty(), "{letters:?}");
    }

    /// Moves the clock to this time in Tokyo, fires what is due and settles.
    pub async fn at(&self, time: &str) {
        self.stack.at(tokyo(time)).await;
    }

    /// Sends any request to the API; `path` starts with a slash.
    pub async fn send(&self, mut request: Request<Bytes>) -> Answer {
        let uri = format!("{}{}", self.stack.url(), request.uri());
        *request.uri_mut() = uri.parse().unwrap();
        self.send_anywhere(request).await
    }

    /// Sends a request to where its address says.
    pub async fn send_anywhere(&self, request: Request<Bytes>) -> Answer {
        let response = self.client.request(request.map(Full::new)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status,
            headers: parts.headers,
            body: serde_json::from_slice(&body).unwrap_or_default(),
            text: String::from_utf8_lossy(&body).into_owned(),
        }
    }

    /// Sends a request with an optional token and an optional JSON body.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        token: Option<&str>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder().method(method).uri(path);
        if let Some(token) = token {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        self.send(request.body(body.into()).unwrap()).await
    }

    /// `GET` as somebody.
    pub async fn get(&self, person: &Person, path: &str) -> Answer {
        self.call("GET", path, Some(&person.access_token), None)
            .await
    }

    /// `POST` as somebody.
    pub async fn post(&self, person: &Person, path: &str, body: Value) -> Answer {
        self.call("POST", path, Some(&person.access_token), Some(body))
            .await
    }

    /// Somebody new, called `name`.
    pub async fn sign_up(&self, name: &str) -> Person {
        let email = format!("{name}@example.com");
        let password = format!("correct horse {name}");
        let body = json!({"username": name, "email": email, "password": password});
        let answer = self
            .call("POST", "/signup", None, Some(body))
            .await
            .expect(201);
        Person::new(name, &email, &password, &answer)
    }

    /// `count` people, `p0`, `p1` and so on.
    pub async fn people(&self, count: usize) -> Vec<Person> {
        let mut people = Vec::new();
        for number in 0..count {
            people.push(self.sign_up(&format!("p{number}")).await);
        }
        people
    }

    /// Fresh tokens: an access token lives for fifteen minutes, and these tests travel in time.
    pub async fn refresh(&self, person: &mut Person) {
        let body = json!({"refresh_token": person.refresh_token});
        let answer = self
            .call("POST", "/api/auth/refresh", None, Some(body))
            .await
            .expect(200);
        person.access_token = answer.text("access_token");
        person.refresh_token = answer.text("refresh_token");
    }

    /// Fresh tokens for everybody.
    pub async fn refresh_all(&self, people: &mut [Person]) {
        for person in people {
            self.refresh(person).await;
        }
    }

    /// The seeded operator of a local stack, verified and logged in.
    pub async fn operator(&self) -> Person {
        use enishi_local::stack::{OPERATOR_EMAIL, OPERATOR_PASSWORD};
        enishi_local::import::operator(&self.stack).unwrap();
        let body = json!({"email": OPERATOR_EMAIL, "password": OPERATOR_PASSWORD});
        let answer = self
            .call("POST", "/login", None, Some(body))
            .await
            .expect(200);
        Person::new("operator", OPERATOR_EMAIL, OPERATOR_PASSWORD, &answer)
    }

    /// All that lies in a table, by its logical id, but for throttles: in DynamoDB's JSON, in the order
    /// of the keys.
    pub fn items(&self, table: &str) -> Vec<Value> {
        let mut items = Vec::new();
        let mut request = json!({"TableName": table});
        loop {
            let page = enishi_local::database::from_json(request.clone()).unwrap();
            let page = self.stack.database().scan(page).unwrap();
            let page = serde_json::to_value(page).unwrap();
            items.extend(page["Items"].as_array().unwrap().clone());
            if page["LastEvaluatedKey"].is_null() {
                break;
            }
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"].clone();
        }
        items.retain(|item| !text(&item["pk"]["S"]).starts_with("THROTTLE#"));
        items.sort_by_key(|item| (item["pk"].to_string(), item["sk"].to_string()));
        items
    }

    /// `account.deleted` of somebody, to one function alone.
    ///
    /// # Errors
    /// The function's own.
    pub async fn account_deleted(&self, function: &str, user_id: &str) -> Result<Value, String> {
        let event = json!({
            "source": "enishi.identity",
            "detail-type": "account.deleted",
            "detail": {
                "id": "019aa2b4-7c1f-7a02-8d11-3c4b5a697887",
                "time": "2026-11-20T11:00:00Z",
                "data": {"user_id": user_id},
            },
        });
        self.stack.lambda().invoke(function, event).await
    }
}

/// The text of the project's template.
pub fn template() -> String {
    fs::read_to_string(root().join(TEMPLATE)).unwrap()
}

/// Writes `text` as a template into a folder, with those of its nested stacks as they are.
pub fn write_template(folder: &Path, text: &str) -> PathBuf {
    for file in places::system().unwrap().nested.keys() {
        let copy = folder.join(file);
        fs::create_dir_all(copy.parent().unwrap()).unwrap();
        fs::copy(root().join(file), copy).unwrap();
    }
    let template = folder.join(TEMPLATE);
    fs::write(&template, text).unwrap();
    template
}

/// Every order of `count` things.
pub fn permutations(count: usize) -> Vec<Vec<usize>> {
    let Some(last) = count.checked_sub(1) else {
        return vec![Vec::new()];
    };
    let mut all = Vec::new();
    for shorter in permutations(last) {
        for place in 0..count {
            let mut longer = shorter.clone();
            longer.insert(place, last);
            all.push(longer);
        }
    }
    all
}
