//! The index of the stream's records is there, and is what dynoxide's questions go by.

use super::*;
use crate::clock::LocalClock;

/// What dynoxide asks at each write, and for what follows a record.
const ASKED: [&str; 2] = [
    "SELECT COALESCE(MAX(CAST(sequence_number AS INTEGER)), 0) + 1 FROM _stream_records \
     WHERE table_name = ?1",
    "SELECT event_name FROM _stream_records \
     WHERE table_name = ?1 AND shard_id = ?2 AND CAST(sequence_number AS INTEGER) > ?3 \
     ORDER BY CAST(sequence_number AS INTEGER) ASC LIMIT ?4",
];

#[test]
fn a_write_and_a_reader_find_their_place_in_a_stream_by_an_index() {
    let directory = tempfile::tempdir().unwrap();
    let clock = LocalClock::still("2026-11-20T11:00:00Z".parse().unwrap());
    let kept = directory.path().join("kept.sqlite");
    let _database = open(&kept).unwrap();
    let copy = directory.path().join("copy.sqlite");
    let in_memory = in_memory(&clock, None).unwrap();
    in_memory.vacuum_into(&copy.to_string_lossy()).unwrap();
    for file in [kept, copy] {
        let connection = Connection::open(file).unwrap();
        for asked in ASKED {
            let mut plan = connection
                .prepare(&format!("EXPLAIN QUERY PLAN {asked}"))
                .unwrap();
            let mut steps = plan.raw_query();
            let step: String = steps.next().unwrap().unwrap().get(3).unwrap();
            assert!(
                step.starts_with("SEARCH _stream_records"),
                "{asked}: {step}"
            );
            assert!(
                step.contains("INDEX stream_records_by_number"),
                "{asked}: {step}"
            );
            assert!(steps.next().unwrap().is_none(), "{asked}");
        }
    }
}
