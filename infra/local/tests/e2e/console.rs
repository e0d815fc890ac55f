//! The console: who gets in, and what it shows of a stack that something happened in.

use bytes::Bytes;
use http::{Request, header};
use serde_json::{Value, json};

use crate::support::{Answer, World, text};

mod browser;
mod doors;
mod story;
mod views;

/// A stack with a console.
struct Console {
    world: World,
    base: String,
    token: String,
}

impl Console {
    async fn new() -> Self {
        Self::of(World::with(|options| options.console_port = Some(0)).await)
    }

    fn of(world: World) -> Self {
        let url = world.stack.console_url().unwrap();
        let (base, token) = url.split_once("/#").unwrap();
        let (base, token) = (base.to_owned(), token.to_owned());
        Self { world, base, token }
    }

    /// What is answered to a page of the console's own, or to one that is not: `change` makes it so.
    async fn asked(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
        change: &[(&str, &str)],
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        let token = format!("Bearer {}", self.token);
        let usual = [(header::AUTHORIZATION.as_str(), token.as_str())];
        let changed = |name: &str| change.iter().any(|(other, _)| *other == name);
        for (name, value) in usual
            .iter()
            .filter(|(name, _)| !changed(name))
            .chain(change)
        {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let request = request.body(Bytes::from(body)).unwrap();
        self.world.send_anywhere(request).await
    }

    async fn get(&self, path: &str) -> Value {
        self.asked("GET", path, None, &[]).await.expect(200).body
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let answer = self.asked("POST", path, Some(body), &[]).await;
        answer.expect(200).body
    }

    /// All lines so far, as a page that connects now is told of them.
    fn lines(&self) -> Vec<Value> {
        self.world.stack.journal().unwrap().follow(usize::MAX).0
    }

    /// The one line of this kind and title.
    #[track_caller]
    fn line(&self, kind: &str, title: &str) -> Value {
        let lines = self.lines();
        let mut found = lines
            .iter()
            .filter(|line| line["kind"] == kind && text(&line["title"]).starts_with(title));
        let line = found.next();
        let line = line.unwrap_or_else(|| panic!("no {kind} {title} in {lines:#?}"));
        assert_eq!(found.next(), None);
        line.clone()
    }

    /// The titles of all that an entry is a part of, each behind its kind.
    async fn story(&self, line: &Value) -> Vec<String> {
        let story = self.get(&format!("/api/entries/{}", line["id"])).await;
        let story = story["story"].as_array().unwrap().iter();
        story
            .map(|line| format!("{} {}", text(&line["kind"]), text(&line["title"])))
            .collect()
    }
}
