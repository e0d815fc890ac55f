//! The search for employees: what each combination of company, job, department and position reads,
//! beside what it answers, on the first page and on later ones.

use clap::Args;
use enishi_local::{aws::Exchange, import};
use enishi_shared::UserId;
use enishi_visits::{
    availability::Availability,
    card::rows_of,
    choice::{Choice, ChoiceKind},
    profile::{DocumentState, Documents, Job, Profile, Shown, VisitorId, VisitorType, profile_key},
};
use jiff::{Timestamp, civil::Date};
use serde_json::Value;
use tokio::sync::mpsc::UnboundedReceiver;
use uuid::Builder;

use crate::{
    client::Client,
    exchange::{cost, drain},
    random::Random,
    report::{short, table, thousands, verdict},
    world::{World, at, people, sentence},
};

/// How many can be found.
#[derive(Args)]
pub struct Options {
    /// Speakers who can be found.
    #[arg(long, default_value_t = 20_000)]
    speakers: usize,
}

const COMPANIES: usize = 8;
const DEPARTMENTS: [&str; 4] = ["開発部", "人事部", "営業部", "研究所"];
const POSITIONS: [&str; 4] = ["主任", "課長", "部長", "Staff Engineer"];
/// Of ten speakers so many show their department, and so many their position.
const SHOWN: usize = 8;
/// Cards on a page, and pages read of each search.
const LIMIT: usize = 20;
const PAGES: usize = 10;
/// Items read for each that is answered, at the most.
const MOST: f64 = 1.2;
/// Speakers brought in at once.
const CHUNK: usize = 2_000;

/// Measures and prints; whether the limit is kept.
pub async fn run(options: &Options) -> Result<bool, String> {
    let now = at("08:50")?;
    let world = World::start(now, |_| {}).await?;
    eprintln!("{} speakers …", thousands(options.speakers as u64));
    let mut random = Random(1);
    let members = people(options.speakers + 1);
    let (student, speakers) = members.split_last().ok_or("nobody")?;
    let mut visitor = |user_id| {
        let mut bytes = [0; 16];
        bytes.fill_with(|| random.below(256) as u8);
        let id = Builder::from_random_bytes(bytes).into_uuid().to_string();
        let visitor_id: VisitorId = id.parse().map_err(sentence)?;
        speaker(user_id, visitor_id, now, &mut random)
    };
    let asking = Profile {
        visitor_type: VisitorType::Student,
        ..visitor(student.user_id)?
    };
    import::items(
        &world.stack,
        "VisitsTable",
        [(profile_key(student.user_id), asking)],
    )?;
    for chunk in speakers.chunks(CHUNK) {
        let profiles = chunk.iter().map(|member| visitor(member.user_id));
        let profiles: Vec<Profile> = profiles.collect::<Result<_, String>>()?;
        let cards = profiles.iter().flat_map(rows_of);
        import::items(&world.stack, "VisitsTable", cards)?;
    }
    let token = world.token(student).await?;
    let mut bench = Bench {
        watch: world.stack.aws().watch(),
        client: Client::new(world.stack.url()),
        token,
    };

    let mut rows = Vec::new();
    let mut all_kept = true;
    for named in 0..16 {
        let (name, query) = search(named);
        let Measured { first, later } = bench.pages(&query).await?;
        let kept = first.ratio() <= MOST && later.ratio() <= MOST && first.answered > 0;
        all_kept &= kept;
        rows.push(vec![
            name,
            (first.pages + later.pages).to_string(),
            (first.answered + later.answered).to_string(),
            short(first.ratio()),
            short(later.ratio()),
            short((first.units + later.units) / (first.pages + later.pages) as f64),
            format!("≤ {MOST}"),
            verdict(kept),
        ]);
    }
    let head = [
        "a search names",
        "pages",
        "cards",
        "items read a card, first page",
        "later pages",
        "read units a page",
        "limit",
        "",
    ];
    table(&head, &rows);
    println!(
        "\n{} speakers, {LIMIT} cards a page, at most {PAGES} pages a search. What is read is all that the \
         function reads: the student's\nprofile, whom they do not meet (nobody), and the cards. Units as \
         DynamoDB reckons them for consistent reads.",
        thousands(options.speakers as u64)
    );
    Ok(all_kept)
}

/// Somebody who is found.
fn speaker(
    user_id: UserId,
    visitor_id: VisitorId,
    now: Timestamp,
    random: &mut Random,
) -> Result<Profile, String> {
    let company = random.below(COMPANIES);
    let job = Job::ALL.get(random.below(Job::ALL.len()));
    let department = DEPARTMENTS.get(random.below(DEPARTMENTS.len()));
    let position = POSITIONS.get(random.below(POSITIONS.len()));
    Ok(Profile {
        user_id,
        visitor_id,
        name: "山田 空".to_owned(),
        date_of_birth: Date::constant(1995, 4, 2),
        phone_number: "090-1234-5678".to_owned(),
        visitor_type: VisitorType::Company,
        affiliation: Choice::named(ChoiceKind::Company, &company_name(company)),
        job: job.copied(),
        department: department.map(|name| Choice::named(ChoiceKind::Department, name)),
        position: position.map(|name| (*name).to_owned()),
        comment: Some("配属や日々の仕事の話ができます。お気軽にどうぞ。".repeat(2)),
        time_zone: "Asia/Tokyo".to_owned(),
        is_authenticated: true,
        documents: Documents {
            state: DocumentState::Approved,
            reason: None,
        },
        upload: None,
        submitted_at: None,
        notifications: 0,
        shown: Shown {
            department: random.below(10) < SHOWN,
            position: random.below(10) < SHOWN,
        },
        listed: true,
        is_suspended: false,
        availability: Availability::default(),
        revision: 0,
        open_requests: 0,
        created_at: now,
    })
}

fn company_name(number: usize) -> String {
    format!("縁製作所{number}")
}

/// One of the sixteen searches: what it names, and its query.
fn search(named: u32) -> (String, String) {
    let company = Choice::named(ChoiceKind::Company, &company_name(0));
    let [department, ..] = DEPARTMENTS;
    let [position, ..] = POSITIONS;
    let parameters = [
        ("company", "company_id", company.id.to_string()),
        ("job", "job", Job::Engineer.text().to_owned()),
        ("department", "department", department.to_owned()),
        ("position", "position", position.to_owned()),
    ];
    let chosen = parameters.iter().enumerate();
    let chosen: Vec<_> = chosen
        .filter(|(bit, _)| named & (1 << bit) != 0)
        .map(|(_, parameter)| parameter)
        .collect();
    let names: Vec<&str> = chosen.iter().map(|(name, ..)| *name).collect();
    let query: String = (chosen.iter())
        .map(|(_, parameter, value)| format!("&{parameter}={}", encoded(value)))
        .collect();
    let name = match names.is_empty() {
        true => "nothing".to_owned(),
        false => names.join(", "),
    };
    (name, query)
}

fn encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// What some pages of a search took.
#[derive(Default)]
struct Pages {
    pages: usize,
    answered: usize,
    read: usize,
    units: f64,
}

impl Pages {
    /// Items read for each that was answered; 0 where there were no pages.
    fn ratio(&self) -> f64 {
        match self.pages {
            0 => 0.0,
            _ => self.read as f64 / self.answered as f64,
        }
    }
}

struct Measured {
    first: Pages,
    later: Pages,
}

struct Bench {
    watch: UnboundedReceiver<Exchange>,
    client: Client,
    token: String,
}

impl Bench {
    /// The first pages of a search.
    async fn pages(&mut self, query: &str) -> Result<Measured, String> {
        let (mut first, mut later) = (Pages::default(), Pages::default());
        let mut next = Some(format!("/api/users?limit={LIMIT}{query}"));
        for number in 0..PAGES {
            let Some(path) = next else { break };
            drain(&mut self.watch);
            let token = Some(self.token.as_str());
            let answer = self.client.send("GET", &path, token, None).await?;
            if answer.status != 200 {
                return Err(format!("{path} answered {}", answer.body));
            }
            let exchanges = drain(&mut self.watch);
            let pages = if number == 0 { &mut first } else { &mut later };
            pages.pages += 1;
            pages.answered += answer.body.as_array().map_or(0, Vec::len);
            pages.read += exchanges.iter().map(items_read).sum::<usize>();
            pages.units += cost(&exchanges).read;
            next = answer.next();
        }
        Ok(Measured { first, later })
    }
}

/// How many items a request has read, whether it answered them or not.
fn items_read(exchange: &Exchange) -> usize {
    let answer: Value = serde_json::from_slice(&exchange.answer).unwrap_or_default();
    match exchange.operation.as_str() {
        "Query" => answer["ScannedCount"].as_u64().unwrap_or_default() as usize,
        _ => usize::from(answer["Item"].is_object()),
    }
}
