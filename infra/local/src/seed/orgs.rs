//! Organisations: who has made one, whom they invite, what they make, and the licence that pays for it.

use std::collections::HashMap;

use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use jiff::Timestamp;
use serde_json::json;

use super::{
    Timeline,
    people::{Dice, Name, PASSWORD, Person},
    running::{Running, patiently},
};
use crate::client::text;

/// How many do something at once.
const AT_ONCE: usize = 8;
/// Who works in an organisation, beside its admin.
const MEMBERS: usize = 3;
/// Seats that are bought: one is for somebody who has not answered yet.
const SEATS: usize = MEMBERS + 3;

const COMPANIES: [(&str, &str, &str); 4] = [
    ("はるかぜ映像株式会社", "150-0001", "東京都渋谷区桜台2-4-1"),
    ("学校法人若葉学園", "220-0001", "神奈川県横浜市西区緑丘7-3"),
    (
        "あけぼの不動産株式会社",
        "530-0001",
        "大阪府大阪市北区柳町1-8",
    ),
    (
        "一般社団法人まちの記録",
        "980-0001",
        "宮城県仙台市青葉区若草5-2",
    ),
];
const VIDEOS: [&str; 12] = [
    "入社式.mp4",
    "会社説明会_春.mp4",
    "展示会の様子.mp4",
    "社長インタビュー.mp4",
    "新製品発表.mp4",
    "安全講習_第1回.mp4",
    "安全講習_第2回.mp4",
    "運動会_午前.mp4",
    "工場見学.mp4",
    "お客様の声.mp4",
    "街頭インタビュー.mp4",
    "文化祭ダイジェスト.mp4",
];

/// One of them: its admin stands first.
struct Organisation {
    people: Vec<Person>,
    id: String,
    invited: String,
}

/// All of them.
pub struct Orgs {
    organisations: Vec<Organisation>,
    dice: Dice,
    projects: usize,
    exports: usize,
}

impl Orgs {
    /// All sign up at Firebase; the admins make their organisations and buy a licence.
    ///
    /// # Errors
    /// A sentence with what was answered instead of what should be; so do all of these.
    pub async fn begin(
        running: &Running,
        evening: Timestamp,
        names: &[Name],
    ) -> Result<Self, String> {
        let dice = Dice::new(running.number, "orgs");
        let companies = dice.shuffled(COMPANIES.to_vec());
        let making = names.chunks(MEMBERS + 2).zip(companies).take(2);
        let making = making.map(|(names, company)| Organisation::make(running, names, company));
        let organisations = try_join_all(making).await?;
        let what = format!(
            "{} organisations with {SEATS} seats each",
            organisations.len()
        );
        running.tell(evening, "orgs", &what);
        Ok(Self {
            organisations,
            dice,
            projects: 0,
            exports: 0,
        })
    }

    /// Once the licences are paid for, the admins invite people.
    pub async fn invite(&self) -> Result<(), String> {
        for Organisation {
            people,
            id,
            invited,
        } in &self.organisations
        {
            let emails = people[1..].iter().map(|person| person.email.as_str());
            for email in emails.chain([invited.as_str()]) {
                let body = json!({"email": email, "role": "member", "organization_id": id});
                people[0].post("/v1/service/invitations", body).await?;
            }
        }
        Ok(())
    }

    /// All but one accept.
    pub async fn accept(&self, proofs: &HashMap<String, String>) -> Result<(), String> {
        for person in self.organisations.iter().flat_map(|one| &one.people[1..]) {
            let token = proofs.get(&person.email);
            let token = token.ok_or_else(|| format!("no invitation came to {}", person.email))?;
            let body = json!({"token": token});
            person.post("/v1/service/invitations/accept", body).await?;
        }
        Ok(())
    }

    /// Everybody makes something, and exports some of it.
    pub async fn day(
        &mut self,
        running: &Running,
        timeline: &Timeline,
        day: usize,
    ) -> Result<(), String> {
        self.make(running, timeline.start(day)).await
    }

    /// The same today.
    pub async fn today(&mut self, running: &Running, now: Timestamp) -> Result<(), String> {
        self.make(running, now).await
    }

    async fn make(&mut self, running: &Running, now: Timestamp) -> Result<(), String> {
        let all = self
            .organisations
            .iter_mut()
            .flat_map(|one| &mut one.people);
        let all = all.map(|person| person.log_in_at_firebase(running));
        stream::iter(all)
            .buffer_unordered(AT_ONCE)
            .try_collect::<()>()
            .await?;
        let people = self.organisations.iter().flat_map(|one| &one.people);
        let making = people.filter(|_| self.dice.chance(60)).map(|person| {
            let name = self.dice.pick(&VIDEOS);
            let (seconds, exported) = (45 + self.dice.below(1_500), self.dice.chance(60));
            let is_timerecord = self.dice.below(2);
            async move {
                let body = json!({"name": name, "video_length": seconds});
                let made = person.post("/v1/service/projects", body).await?;
                let id = text(&made["project"], "id");
                if exported {
                    let export = json!({"project_id": id, "is_timerecord": is_timerecord});
                    person.post("/v1/service/exports", export).await?;
                    let status = json!({"status": "exported"});
                    person
                        .put(&format!("/v1/service/projects/{id}"), status)
                        .await?;
                }
                Ok::<_, String>(exported)
            }
        });
        let making: Vec<_> = making.collect();
        let made: Vec<bool> = stream::iter(making).buffered(AT_ONCE).try_collect().await?;
        let exports = made.iter().filter(|exported| **exported).count();
        self.projects += made.len();
        self.exports += exports;
        let what = format!("{} projects, {exports} exports", made.len());
        running.tell(now, "orgs", &what);
        Ok(())
    }

    /// What is there.
    pub fn summary(&self) -> String {
        let people: usize = self.organisations.iter().map(|one| one.people.len()).sum();
        format!(
            "{} organisations with {people} people and a licence each, {} projects, {} exports, open invitations",
            self.organisations.len(),
            self.projects,
            self.exports
        )
    }
}

impl Organisation {
    async fn make(
        running: &Running,
        names: &[Name],
        (company, postal_code, address): (&str, &str, &str),
    ) -> Result<Self, String> {
        let Some((invited, names)) = names.split_last() else {
            return Err("nobody is left to make an organisation".into());
        };
        let signing = names.iter().map(|name| Person::at_firebase(running, name));
        let people = try_join_all(signing).await?;
        let admin = &people[0];
        let body = json!({
            "uid": admin.id, "email": admin.email, "role": "admin", "company_name": company,
            "postal_code": postal_code, "address": address,
        });
        let made = admin.post("/v1/service/users", body).await?;
        let plan = json!({"plan_id": 1, "quantity": SEATS});
        let bought = admin.post("/v1/service/licenses", plan).await?;
        running.press(&text(&bought, "checkout_url"), "pay").await?;
        Ok(Self {
            id: text(&made["user"], "organization_id"),
            invited: invited.email.clone(),
            people,
        })
    }
}

impl Person {
    /// Signs up at Firebase; their id is the one there.
    async fn at_firebase(running: &Running, name: &Name) -> Result<Self, String> {
        let firebase = running.firebase();
        let up = patiently(firebase.sign_up_at_firebase(&name.email, PASSWORD, &name.full)).await?;
        let tokens = json!({"user_id": up["localId"], "access_token": up["idToken"]});
        Ok(Self::new(
            running.client(),
            &name.full,
            &name.email,
            &tokens,
        ))
    }

    /// Logs in there anew: an ID token lives for an hour.
    async fn log_in_at_firebase(&mut self, running: &Running) -> Result<(), String> {
        let firebase = running.firebase();
        let up = patiently(firebase.log_in_at_firebase(&self.email, PASSWORD)).await?;
        self.takes(&text(&up, "idToken"));
        Ok(())
    }
}
