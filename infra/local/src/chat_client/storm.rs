//! Two clients in a storm: both write without a pause while their connections are cut at random,
//! by themselves, by the server, and by the server without telling anybody. In the end each must
//! have every message once, in the one order, and the counts of unread messages must be right.

use std::{
    collections::BTreeSet,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use enishi_saju::{chat, pair::PairId, profile};
use enishi_shared::{App, app::Random, store::Transaction};
use futures_util::future::try_join_all;
use serde_json::Value;

use super::{ChatClient, Counts, Event, Message};
use crate::{client::Client, import, stack::Stack};

/// The clients connect again at once, or the storm would pass while they wait.
const PAUSE: Duration = Duration::from_millis(5);

/// How hard it blows.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Messages altogether; each of the two writes half of them.
    pub messages: usize,
    /// One message in this many has a connection cut when it arrives.
    pub cut_one_in: u32,
    /// What decides whose connection is cut, how and when.
    pub seed: u64,
    /// How long it may take.
    pub patience: Duration,
}

/// What a storm did.
#[derive(Debug)]
pub struct Outcome {
    /// From the first message to the last.
    pub took: Duration,
    /// Connections that were cut.
    pub cuts: u64,
    /// What it took each of the two.
    pub counts: [Counts; 2],
    /// What is wrong in the end: nothing.
    pub violations: Vec<String>,
}

async fn begin(app: &App, chat_id: PairId) -> enishi_shared::Result<()> {
    let mut tx = Transaction::new(app);
    chat::begin(&mut tx, &profile::table(app)?, chat_id)?;
    tx.commit().await?;
    Ok(())
}

/// Lets it blow over a stack that runs by itself.
///
/// # Errors
/// A sentence, when the clients do not come to an end.
pub async fn storm(stack: &Stack, options: Options) -> Result<Outcome, String> {
    let people = import::invent(2, options.seed, stack.clock().now())?;
    import::people(stack, &people)?;
    let [one, other] = [0, 1].map(|at| people[at].candidate.user_id);
    let chat_id = PairId::of(one, other).ok_or("one person twice")?;
    begin(&stack.app("SajuAccept")?, chat_id)
        .await
        .map_err(|error| error.to_string())?;

    let cuts = Arc::new(AtomicU64::new(0));
    let mut tokens = Vec::new();
    let mut runs = Vec::new();
    for (side, person) in people.iter().enumerate() {
        let token = import::access_token(stack, person).await?;
        let chat = chat_id.to_string();
        let mut client = ChatClient::new(stack.url(), token.clone(), chat, PAUSE);
        for number in 0..options.messages / 2 {
            client.say(format!("{side}/{number}"));
        }
        let (stack, cuts) = (stack.clone(), Arc::clone(&cuts));
        let random = Random::from_seed(options.seed * 2 + side as u64);
        runs.push(tokio::spawn(async move {
            weather(client, &stack, options, &random, &cuts).await
        }));
        tokens.push((token, person.candidate.user_id.to_string()));
    }
    let started = Instant::now();
    let done = tokio::time::timeout(options.patience, try_join_all(runs)).await;
    let took = started.elapsed();
    let clients = done
        .map_err(|_| format!("not at an end after {took:?}"))?
        .map_err(|error| error.to_string())?;
    let clients = clients.into_iter().collect::<Result<Vec<_>, _>>()?;
    let mut outcome = Outcome {
        took,
        cuts: cuts.load(Ordering::Relaxed),
        counts: [0, 1].map(|side| clients[side].counts()),
        violations: Vec::new(),
    };
    for (client, (token, user_id)) in clients.iter().zip(&tokens) {
        let wrong = faults(stack, client, token, user_id, options.messages).await?;
        outcome.violations.extend(wrong);
    }
    if clients[0].messages() != clients[1].messages() {
        let sentence = "the two have different messages".to_owned();
        outcome.violations.push(sentence);
    }
    Ok(outcome)
}

/// Runs a client until it has everything and all of its own is stored.
async fn weather(
    mut client: ChatClient,
    stack: &Stack,
    options: Options,
    random: &Random,
    cuts: &AtomicU64,
) -> Result<ChatClient, String> {
    let below = |most: usize| u32::from_le_bytes(random.bytes()) as usize % most.max(1);
    let all = options.messages / 2 * 2;
    while client.messages().len() < all || client.unsent() > 0 {
        match client.next().await? {
            Event::Message(_) if below(options.cut_one_in as usize) == 0 => {}
            Event::Refused { error, .. } => return Err(format!("refused: {error}")),
            _ => continue,
        }
        let open = stack.websocket().connections();
        let target = open.get(below(open.len()));
        let cut = match (below(3), target) {
            (0, Some(id)) => stack.websocket().cut(id),
            (1, Some(id)) => stack.websocket().cut_silently(id),
            _ => client.cut(),
        };
        cuts.fetch_add(u64::from(cut), Ordering::Relaxed);
    }
    Ok(client)
}

/// What is wrong with what a client has, and with what the server counts for it.
async fn faults(
    stack: &Stack,
    client: &ChatClient,
    token: &str,
    user_id: &str,
    messages: usize,
) -> Result<Vec<String>, String> {
    let mut wrong = Vec::new();
    let have = client.messages();
    let all = messages / 2 * 2;
    if have.len() != all || !have.iter().map(|message| message.seq).eq(1..=all as u64) {
        wrong.push(format!("{} messages with gaps or in disorder", have.len()));
    }
    let contents: BTreeSet<&str> = have
        .iter()
        .map(|message| message.content.as_str())
        .collect();
    let ids: BTreeSet<&str> = have
        .iter()
        .map(|message| message.message_id.as_str())
        .collect();
    if contents.len() != all || ids.len() != all {
        wrong.push(format!("{} texts, {} ids", contents.len(), ids.len()));
    }
    for side in 0..2 {
        let prefix = format!("{side}/");
        let numbers = have
            .iter()
            .filter_map(|message| message.content.strip_prefix(&prefix)?.parse::<usize>().ok());
        if !numbers.eq(0..messages / 2) {
            wrong.push(format!("those of {side} are not in the order of writing"));
        }
    }
    let http = Client::new(stack.url());
    let unread = async || {
        let list = http.expect("GET", "/api/chats", Some(token), None).await?;
        Ok::<Value, String>(list[0]["unread_count"].clone())
    };
    // Who writes has read what came before.
    let mine = |message: &&Message| message.sender_id == user_id;
    let last = have.iter().rfind(mine).map_or(0, |message| message.seq);
    let (expected, shown) = (all as u64 - last, unread().await?);
    if shown != expected {
        wrong.push(format!("{shown} unread instead of {expected}"));
    }
    if client.mark_read().await? != 0 || unread().await? != 0 {
        wrong.push("unread after all was read".to_owned());
    }
    Ok(wrong)
}
