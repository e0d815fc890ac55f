//! The tables' streams, read for the template's event-source mappings: filtered, in batches, with
//! partial failures, halving, a bounded number of attempts and dead letters, as Lambda does it.
//!
//! How far each mapping has read is kept, so that a restart goes on there.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::Arc,
};

use dynoxide::{
    Database,
    actions::{
        get_records::GetRecordsRequest, get_shard_iterator::GetShardIteratorRequest,
        list_streams::ListStreamsRequest,
    },
};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::{
    database::from_json,
    directory::replace,
    journal::{self, Cause, Kind},
    lambda::Lambda,
    pattern,
    template::{StreamMapping, System},
};

/// Lambda's `MaximumRetryAttempts` may be a thousand; a developer waits for fewer.
const MOST_ATTEMPTS: u32 = 3;

/// The readers of all mappings. Clones share their positions.
#[derive(Clone)]
pub struct Streams(Arc<Inner>);

struct Inner {
    database: Database,
    lambda: Lambda,
    mappings: Vec<Mapping>,
    file: Option<PathBuf>,
    /// Mapping to the last sequence number it is done with. Held while reading: one reader a time.
    positions: Mutex<BTreeMap<String, String>>,
}

struct Mapping {
    function: String,
    mapping: StreamMapping,
    shard: Shard,
    table: String,
    keys: (String, Option<String>),
}

/// A table's stream has one shard here, which never ends.
struct Shard {
    stream: String,
    id: String,
}

impl Shard {
    /// The shard of a table's stream; to be asked once, for the answer looks through the whole stream.
    fn of(database: &Database, table: &str) -> Result<Self, String> {
        let failed = |error: dynoxide::DynoxideError| error.to_string();
        let streams = database.list_streams(ListStreamsRequest {
            table_name: Some(table.to_owned()),
            ..ListStreamsRequest::default()
        });
        let streams = streams.map_err(failed)?.streams;
        let stream = streams.first();
        let stream = stream.ok_or_else(|| format!("the table {table} has no stream"))?;
        let stream = stream.stream_arn.clone();
        let described = database.describe_stream(from_json(json!({"StreamArn": stream}))?);
        let described = serde_json::to_value(described.map_err(failed)?).unwrap_or_default();
        let id = described["StreamDescription"]["Shards"][0]["ShardId"].as_str();
        let id = id.ok_or_else(|| format!("the stream of {table} has no shard"))?;
        let id = id.to_owned();
        Ok(Self { stream, id })
    }
}

impl Streams {
    /// The readers of the template's mappings; `file` remembers how far they have read.
    ///
    /// # Errors
    /// A sentence, when a mapping's table has no stream.
    pub fn new(
        system: &System,
        database: Database,
        lambda: Lambda,
        file: Option<PathBuf>,
    ) -> Result<Self, String> {
        let mut mappings = Vec::new();
        for function in &system.functions {
            for mapping in &function.mappings {
                let mut tables = system.tables.iter();
                let table = tables.find(|table| table.logical_id == mapping.table);
                let table = table.ok_or_else(|| format!("there is no table {}", mapping.table))?;
                mappings.push(Mapping {
                    function: function.logical_id.clone(),
                    mapping: mapping.clone(),
                    shard: Shard::of(&database, &table.name)?,
                    table: table.name.clone(),
                    keys: (table.keys.partition.clone(), table.keys.sort.clone()),
                });
            }
        }
        let positions = file
            .as_ref()
            .and_then(|file| std::fs::read(file).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        Ok(Self(Arc::new(Inner {
            database,
            lambda,
            mappings,
            file,
            positions: Mutex::new(positions),
        })))
    }

    /// Hands over everything that was written since the last time; answers whether there was
    /// anything.
    ///
    /// # Errors
    /// The database's sentence.
    pub async fn poll(&self) -> Result<bool, String> {
        let mut positions = self.0.positions.lock().await;
        let mut any = false;
        for mapping in &self.0.mappings {
            let name = &mapping.mapping.name;
            loop {
                let position = positions.get(name).cloned();
                let (records, last) = self.0.read(mapping, position.as_deref())?;
                let Some(last) = last else {
                    break;
                };
                any |= !records.is_empty();
                let batches = records
                    .chunks(mapping.mapping.batch_size.max(1) as usize)
                    .map(<[Value]>::to_vec);
                for batch in batches {
                    self.0.hand_over(mapping, batch).await;
                }
                positions.insert(name.clone(), last);
                self.0.remember(&positions);
            }
        }
        Ok(any)
    }
}

impl Inner {
    /// The records after `position` that meet the filters, and the last one read.
    fn read(
        &self,
        mapping: &Mapping,
        position: Option<&str>,
    ) -> Result<(Vec<Value>, Option<String>), String> {
        let failed = |error: dynoxide::DynoxideError| error.to_string();
        let shard = &mapping.shard;
        let iterator = self
            .database
            .get_shard_iterator(GetShardIteratorRequest {
                stream_arn: shard.stream.clone(),
                shard_id: shard.id.clone(),
                shard_iterator_type: match position {
                    Some(_) => "AFTER_SEQUENCE_NUMBER".into(),
                    None => "TRIM_HORIZON".into(),
                },
                sequence_number: position.map(str::to_owned),
            })
            .map_err(failed)?;
        let Some(iterator) = iterator.shard_iterator else {
            return Ok((Vec::new(), None));
        };
        let read = self
            .database
            .get_records(GetRecordsRequest {
                shard_iterator: iterator,
                limit: Some(1_000),
            })
            .map_err(failed)?;
        let last = read
            .records
            .last()
            .map(|record| record.dynamodb.sequence_number.clone());
        let records = read
            .records
            .into_iter()
            .filter_map(|record| serde_json::to_value(record).ok())
            .map(|mut record| {
                record["eventSourceARN"] = shard.stream.clone().into();
                record
            })
            .filter(|record| {
                let filters = &mapping.mapping.filters;
                filters.is_empty()
                    || filters
                        .iter()
                        .any(|filter| pattern::matches(filter, record))
            })
            .collect();
        Ok((records, last))
    }

    /// Invokes the function with a batch until every record is done with or given up.
    async fn hand_over(&self, mapping: &Mapping, batch: Vec<Value>) {
        let rules = &mapping.mapping;
        let attempts = rules
            .max_retry_attempts
            .unwrap_or(u32::MAX)
            .min(MOST_ATTEMPTS);
        // Batches still to be handed over, in order, with the attempts each has had.
        let mut waiting = vec![(batch, 0)];
        while let Some((batch, tried)) = waiting.pop() {
            if batch.is_empty() {
                continue;
            }
            let entry = self.entry(mapping, &batch);
            let invoked = self
                .lambda
                .invoke(&mapping.function, json!({"Records": batch}));
            let answer = journal::within(entry.clone(), invoked).await;
            let (failed_from, error) = match &answer {
                Ok(answer) if rules.report_batch_item_failures => {
                    (first_failure(&batch, answer), "the function reported it")
                }
                Ok(_) => (None, ""),
                Err(error) => (Some(0), error.as_str()),
            };
            let Some(failed_from) = failed_from else {
                continue;
            };
            let mut rest = batch;
            rest.drain(..failed_from);
            if tried >= attempts {
                if let Some(queue) = &rules.on_failure {
                    // AWS sends where the records lie in the stream; here they are shown.
                    let records = json!({"Records": rest});
                    journal::within_now(entry, || {
                        self.lambda
                            .give_up(queue, &mapping.function, error, records);
                    });
                }
            } else if rules.bisect && rest.len() > 1 {
                let second = rest.split_off(rest.len() / 2);
                waiting.push((second, tried));
                waiting.push((rest, tried));
            } else {
                tokio::time::sleep(std::time::Duration::from_millis(100 << tried)).await;
                waiting.push((rest, tried + 1));
            }
        }
    }

    /// The batch's entry, an effect of whatever wrote its rows.
    fn entry(&self, mapping: &Mapping, batch: &[Value]) -> Option<Cause> {
        let journal = journal::current()?.journal().clone();
        let mut causes = BTreeSet::new();
        for record in batch {
            let row = journal::row(
                mapping.keys.clone(),
                &mapping.table,
                &record["dynamodb"]["Keys"],
            );
            causes.extend(journal.writer(&row));
        }
        let function = self.lambda.function(&mapping.function);
        let name = function.map_or(&mapping.function, |function| &function.name);
        let title = format!("{name}: {} of {}", batch.len(), mapping.table);
        let entry = journal.begin(Kind::Stream, title, causes.into_iter().collect());
        Some(entry)
    }

    fn remember(&self, positions: &BTreeMap<String, String>) {
        if let Some(file) = &self.file
            && let Ok(text) = serde_json::to_vec(positions)
            && let Err(error) = replace(file, text)
        {
            tracing::warn!(%error, "the streams' positions could not be kept");
        }
    }
}

/// Where the batch has to go on from: the first record that the answer names.
fn first_failure(batch: &[Value], answer: &Value) -> Option<usize> {
    let failures = answer["batchItemFailures"].as_array()?;
    failures
        .iter()
        .map(|failure| {
            // A failure without a known identifier fails the whole batch.
            batch
                .iter()
                .position(|record| {
                    record["dynamodb"]["SequenceNumber"] == failure["itemIdentifier"]
                })
                .unwrap_or(0)
        })
        .min()
}
