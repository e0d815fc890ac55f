//! Who is there: names that nobody in particular has, made by chance from a number, and what all of them can do.

use enishi_shared::app::Random;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::{Value, json};

use super::running::{Running, patiently};
use crate::client::{Client, declared, text};

/// Everybody's password. The stack listens on this machine only.
pub const PASSWORD: &str = "enishi-seed";
/// How often what could not be done just now (408, 503) is asked for.
const ATTEMPTS: u32 = 5;
/// How many of them get new tokens at once.
const AT_ONCE: usize = 8;

const FAMILY: [(&str, &str); 24] = [
    ("佐藤", "sato"),
    ("鈴木", "suzuki"),
    ("高橋", "takahashi"),
    ("田中", "tanaka"),
    ("伊藤", "ito"),
    ("渡辺", "watanabe"),
    ("山本", "yamamoto"),
    ("中村", "nakamura"),
    ("小林", "kobayashi"),
    ("加藤", "kato"),
    ("吉田", "yoshida"),
    ("山田", "yamada"),
    ("松本", "matsumoto"),
    ("井上", "inoue"),
    ("木村", "kimura"),
    ("清水", "shimizu"),
    ("森", "mori"),
    ("池田", "ikeda"),
    ("橋本", "hashimoto"),
    ("石川", "ishikawa"),
    ("小川", "ogawa"),
    ("岡田", "okada"),
    ("長谷川", "hasegawa"),
    ("藤田", "fujita"),
];
const GIVEN: [(&str, &str); 32] = [
    ("葵", "aoi"),
    ("陽菜", "hina"),
    ("凛", "rin"),
    ("結衣", "yui"),
    ("紬", "tsumugi"),
    ("杏", "an"),
    ("さくら", "sakura"),
    ("美咲", "misaki"),
    ("千尋", "chihiro"),
    ("彩", "aya"),
    ("楓", "kaede"),
    ("琴音", "kotone"),
    ("真央", "mao"),
    ("遥", "haruka"),
    ("香織", "kaori"),
    ("恵", "megumi"),
    ("蓮", "ren"),
    ("湊", "minato"),
    ("樹", "itsuki"),
    ("颯太", "sota"),
    ("悠真", "yuma"),
    ("朝陽", "asahi"),
    ("大翔", "hiroto"),
    ("健", "ken"),
    ("拓海", "takumi"),
    ("直樹", "naoki"),
    ("亮", "ryo"),
    ("翼", "tsubasa"),
    ("隼人", "hayato"),
    ("陸", "riku"),
    ("誠", "makoto"),
    ("航", "wataru"),
];
const KOREAN_FAMILY: [(&str, &str); 16] = [
    ("김", "kim"),
    ("이", "lee"),
    ("박", "park"),
    ("최", "choi"),
    ("정", "jung"),
    ("강", "kang"),
    ("조", "cho"),
    ("윤", "yoon"),
    ("장", "jang"),
    ("임", "lim"),
    ("한", "han"),
    ("오", "oh"),
    ("서", "seo"),
    ("신", "shin"),
    ("권", "kwon"),
    ("황", "hwang"),
];
/// Women's and men's in turn.
const KOREAN_GIVEN: [(&str, &str); 28] = [
    ("서연", "seoyeon"),
    ("민준", "minjun"),
    ("지우", "jiwoo"),
    ("도윤", "doyun"),
    ("하은", "haeun"),
    ("시우", "siwoo"),
    ("수아", "sua"),
    ("예준", "yejun"),
    ("유진", "yujin"),
    ("지훈", "jihun"),
    ("채원", "chaewon"),
    ("현우", "hyunwoo"),
    ("다은", "daeun"),
    ("준서", "junseo"),
    ("소율", "soyul"),
    ("건우", "gunwoo"),
    ("은지", "eunji"),
    ("성민", "sungmin"),
    ("가영", "gayoung"),
    ("태현", "taehyun"),
    ("나연", "nayeon"),
    ("승호", "seungho"),
    ("보라", "bora"),
    ("재윤", "jaeyun"),
    ("미소", "miso"),
    ("동건", "donggun"),
    ("예린", "yerin"),
    ("상우", "sangwoo"),
];

/// Chance: the same for the same number and chapter.
pub struct Dice(Random);

impl Dice {
    /// The chapter's own, so that chapters that run side by side do not change one another.
    pub fn new(number: u64, chapter: &str) -> Self {
        let chapter = chapter
            .bytes()
            .fold(0, |sum: u64, byte| 257 * sum % (1 << 40) + u64::from(byte));
        Self(Random::from_seed(number.rotate_left(20) ^ chapter))
    }

    /// A number below `most`, which is not zero.
    pub fn below(&self, most: usize) -> usize {
        u64::from_le_bytes(self.0.bytes()) as usize % most.max(1)
    }

    /// Whether something happens that does so many times in a hundred.
    pub fn chance(&self, percent: usize) -> bool {
        self.below(100) < percent
    }

    /// One of them.
    pub fn pick<T: Copy>(&self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    /// All of them, in any order.
    pub fn shuffled<T>(&self, mut all: Vec<T>) -> Vec<T> {
        for last in (1..all.len()).rev() {
            all.swap(last, self.below(last + 1));
        }
        all
    }
}

/// What somebody is called, and their address.
#[derive(Clone)]
pub struct Name {
    /// Family name and given name.
    pub full: String,
    /// At example.com, with the seed's number.
    pub email: String,
}

/// People of Japan, each once; rooms take them from the front, others from the back.
pub fn japanese(number: u64) -> Vec<Name> {
    let all = FAMILY.iter().flat_map(|family| {
        let named = move |(given, latin): &(&str, &str)| Name {
            full: format!("{} {given}", family.0),
            email: format!("{latin}.{}.{number}@example.com", family.1),
        };
        GIVEN.iter().map(named)
    });
    Dice::new(number, "names").shuffled(all.collect())
}

/// People of Korea, each once, a woman and a man in turn.
pub fn korean(number: u64) -> Vec<Name> {
    let of = |gender: usize| {
        let given = || KOREAN_GIVEN.iter().skip(gender).step_by(2);
        let all = KOREAN_FAMILY.iter().flat_map(|family| {
            let named = move |(given, latin): &(&str, &str)| Name {
                full: format!("{}{given}", family.0),
                email: format!("{latin}.{}.{number}@example.com", family.1),
            };
            given().map(named)
        });
        Dice::new(number, ["women", "men"][gender]).shuffled(all.collect::<Vec<_>>())
    };
    of(0)
        .into_iter()
        .zip(of(1))
        .flat_map(<[Name; 2]>::from)
        .collect()
}

/// Somebody who is logged in.
pub struct Person {
    client: Client,
    /// What they are called.
    pub name: String,
    /// Their address.
    pub email: String,
    /// Their `user_id`.
    pub id: String,
    access_token: String,
    refresh_token: String,
}

impl Person {
    /// As a sign-up or a log-in answered them.
    pub fn new(client: Client, name: &str, email: &str, answer: &Value) -> Self {
        Self {
            client,
            name: name.to_owned(),
            email: email.to_owned(),
            id: text(answer, "user_id"),
            access_token: text(answer, "access_token"),
            refresh_token: text(answer, "refresh_token"),
        }
    }

    /// Signs up to be met in rooms and to buy. Who is called as somebody else is takes the seed's number to their
    /// name.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn sign_up(running: &Running, name: &Name) -> Result<Self, String> {
        let client = running.client();
        let mut called = name.full.clone();
        let account = |called: &str| {
            Some(json!({"username": called, "email": name.email, "password": PASSWORD}))
        };
        let first = client.send("POST", "/signup", None, account(&called));
        let answer = match patiently(first).await? {
            (409, _) => {
                called = format!("{called} {}", running.number);
                let again = client.expect("POST", "/signup", None, account(&called));
                patiently(again).await?
            }
            (200..300, answer) => answer,
            (status, answer) => return Err(format!("POST /signup answered {status}: {answer}")),
        };
        Ok(Self::new(client, &called, &name.email, &answer))
    }

    /// Asks for something, and again where it cannot be done just now, as a front end does.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn ask(
        &self,
        method: &str,
        path: &str,
        body: Option<Value>,
    ) -> Result<Value, String> {
        let token = Some(self.access_token.as_str()).filter(|token| !token.is_empty());
        let mut attempt = 1;
        loop {
            let asked = self.client.send(method, path, token, body.clone());
            match patiently(asked).await? {
                (200..300, answer) => return Ok(answer),
                (408 | 503, _) if attempt < ATTEMPTS => attempt += 1,
                (status, answer) => {
                    return Err(format!("{method} {path} answered {status}: {answer}"));
                }
            }
        }
    }

    /// `GET`.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn get(&self, path: &str) -> Result<Value, String> {
        self.ask("GET", path, None).await
    }

    /// `POST`.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn post(&self, path: &str, body: Value) -> Result<Value, String> {
        self.ask("POST", path, Some(body)).await
    }

    /// `PUT`.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn put(&self, path: &str, body: Value) -> Result<Value, String> {
        self.ask("PUT", path, Some(body)).await
    }

    /// New tokens: an access token lives for a quarter of an hour, and the clock makes leaps.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn refresh(&mut self) -> Result<(), String> {
        let body = json!({"refresh_token": self.refresh_token});
        let answer = self
            .client
            .expect("POST", "/api/auth/refresh", None, Some(body));
        let answer = patiently(answer).await?;
        self.access_token = text(&answer, "access_token");
        self.refresh_token = text(&answer, "refresh_token");
        Ok(())
    }

    /// New tokens for all of these.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn refresh_all(people: impl Iterator<Item = &mut Self>) -> Result<(), String> {
        stream::iter(people.map(Self::refresh))
            .buffer_unordered(AT_ONCE)
            .try_collect()
            .await
    }

    /// Another token in the place of the one that they have.
    pub fn takes(&mut self, access_token: &str) {
        self.access_token = access_token.to_owned();
    }

    /// Follows the link in the mail.
    ///
    /// # Errors
    /// A sentence, when no mail came or its link does not work.
    pub async fn verify(
        &self,
        proofs: &std::collections::HashMap<String, String>,
    ) -> Result<(), String> {
        let proof = proofs.get(&self.email);
        let proof = proof.ok_or_else(|| format!("no mail came to {}", self.email))?;
        self.post("/api/auth/email/verify", json!({"token": proof}))
            .await?;
        Ok(())
    }

    /// Uploads a picture, where `path` allows it; answers what that has said.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn upload(&self, path: &str, file: Vec<u8>) -> Result<Value, String> {
        let allowed = self.post(path, declared("image/png", &file)).await?;
        self.put_file(&allowed, file).await?;
        Ok(allowed)
    }

    /// Uploads a file where it is allowed to.
    ///
    /// # Errors
    /// A sentence with what was answered instead.
    pub async fn put_file(&self, allowed: &Value, file: Vec<u8>) -> Result<(), String> {
        patiently(self.client.upload(allowed, file)).await
    }
}
