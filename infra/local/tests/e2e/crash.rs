//! Safe to repeat: for every flow, a fault at each outside call in turn, then the retry, and what must
//! hold afterwards. Alone, and with the same request made twice at once where two callers can meet.
//!
//! The flows stand beside their stories, in `rooms/crash.rs` for instance, a test each. A dry run counts
//! the calls; exactly these are tried. With the last flow the table of all is printed.

pub mod faults;
mod scene;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{Write as _, stderr},
    sync::Mutex,
};

use futures_util::{StreamExt as _, stream};

use crate::{identity, live, mail, market, orgs, payments, rooms, saju, visits};
use faults::{Calls, FAULTS, FAULTS_OF_TWO};
pub use faults::{Fault, Faults};
use scene::Prepared;
pub use scene::Scene;

/// How many stacks of a flow run beside each other: while one waits before a retry, another works.
const AT_ONCE: usize = 4;

/// A test for each of a service's flows, and their names; a flow that is not among them is dead code.
macro_rules! flows {
    ($service:ident: $($flow:ident),* $(,)?) => {
        /// The flows of this service.
        pub const FLOWS: &[&str] = &[$(concat!(stringify!($service), "::", stringify!($flow))),*];

        mod survives {
            $(
                #[tokio::test]
                async fn $flow() {
                    super::$flow(concat!(stringify!($service), "::", stringify!($flow))).await;
                }
            )*
        }
    };
}
pub(crate) use flows;

/// Every flow that there is.
fn all_flows() -> Vec<&'static str> {
    let services = [
        identity::crash::FLOWS,
        mail::crash::FLOWS,
        rooms::crash::FLOWS,
        rooms::crash_wishes::FLOWS,
        payments::crash::FLOWS,
        payments::crash_subscriptions::FLOWS,
        saju::crash::FLOWS,
        visits::crash::FLOWS,
        visits::crash_money::FLOWS,
        visits::crash_talk::FLOWS,
        visits::crash_meeting::FLOWS,
        visits::crash_recording::FLOWS,
        market::crash::FLOWS,
        orgs::crash::FLOWS,
        orgs::crash_projects::FLOWS,
        orgs::crash_licenses::FLOWS,
        market::crash_parcels::FLOWS,
        market::crash_orders::FLOWS,
        live::crash::FLOWS,
    ];
    services.concat()
}

/// What was tried so far.
static TABLE: Mutex<BTreeMap<&str, Row>> = Mutex::new(BTreeMap::new());

struct Row {
    calls: Calls,
    cases: usize,
    passed: usize,
}

/// A flow.
pub struct Flow {
    /// Its name in the table.
    pub name: &'static str,
    /// The logical id of the function whose calls fail.
    pub function: &'static str,
    /// Whether two callers can meet in it.
    pub two_meet: bool,
}

impl Flow {
    /// Tries every case: `prepare`, then `act` with a fault, which answers whether it succeeded, then
    /// `act` once more as the retry, which must succeed, then `check`.
    pub async fn survives(
        self,
        prepare: impl AsyncFn(&mut Scene),
        act: impl AsyncFn(&Scene) -> bool,
        check: impl AsyncFn(&mut Scene) -> Result<(), String>,
    ) {
        let prepared = Prepared::by(&prepare).await;
        let case = async |twice: bool, planned: Option<(Fault, usize)>| {
            let seed = planned.map_or(0, |(_, nth)| nth as u64);
            let mut scene = match prepared.copy(seed).await {
                Some(scene) => scene,
                None => {
                    let mut scene = Scene::new(seed, |_| {}).await;
                    prepare(&mut scene).await;
                    scene
                }
            };
            scene.faults.watch(self.function, planned);
            if twice {
                futures_util::join!(act(&scene), act(&scene));
            } else {
                act(&scene).await;
            }
            let (calls, met) = scene.faults.end();
            // Of two at once the later one may need fewer calls than in the dry run.
            if planned.is_some() && !met && !twice {
                return Err("there was no such call".into());
            }
            // The retry of a client, a schedule or a rule, whether it was needed or not.
            if !act(&scene).await {
                return Err("the retry failed".into());
            }
            check(&mut scene).await.map(|()| calls)
        };
        let mut row = Row {
            calls: Calls::default(),
            cases: 0,
            passed: 0,
        };
        let mut failures = Vec::new();
        for twice in [false, true] {
            if twice && !self.two_meet {
                continue;
            }
            let calls = case(twice, None).await.unwrap();
            assert!(calls.all > 0, "{} calls nobody", self.function);
            if !twice {
                row.calls = calls;
            }
            let all = |fault| (0..calls.all).map(move |nth| (fault, nth));
            let conflicts = (0..calls.transactions).map(|nth| (Fault::Conflict, nth));
            let faults = match twice {
                false => &FAULTS[..],
                true => &FAULTS_OF_TWO,
            };
            let planned = faults.iter().copied().flat_map(all).chain(conflicts);
            let outcomes: Vec<_> = stream::iter(planned)
                .map(|planned| async move { (planned, case(twice, Some(planned)).await) })
                .buffer_unordered(AT_ONCE)
                .collect()
                .await;
            row.cases += outcomes.len();
            for ((fault, nth), outcome) in outcomes {
                match outcome {
                    Ok(_) => row.passed += 1,
                    Err(error) => failures.push(format!(
                        "{fault:?} at call {nth}, {}: {error}",
                        if twice { "two at once" } else { "alone" },
                    )),
                }
            }
        }
        note(self.name, row);
        assert!(
            failures.is_empty(),
            "{}:\n{}",
            self.name,
            failures.join("\n")
        );
    }
}

/// Puts a flow's row into the table; prints it when it is complete.
fn note(name: &'static str, row: Row) {
    let flows = all_flows();
    assert!(flows.contains(&name), "{name} is none of the flows");
    let mut table = TABLE.lock().unwrap();
    table.insert(name, row);
    if table.len() < flows.len() {
        return;
    }
    let mut text = String::from("\n flow                     calls  transactions  cases  passed\n");
    for name in flows {
        let Row {
            calls,
            cases,
            passed,
        } = &table[name];
        let (all, transactions) = (calls.all, calls.transactions);
        writeln!(
            text,
            " {name:24} {all:5} {transactions:13} {cases:6} {passed:7}"
        )
        .unwrap();
    }
    let (cases, passed) = table.values().fold((0, 0), |(cases, passed), row| {
        (cases + row.cases, passed + row.passed)
    });
    writeln!(text, " {:43} {cases:6} {passed:7}", "").unwrap();
    // The harness shows what a test that passes prints to nobody.
    stderr().write_all(text.as_bytes()).unwrap();
}
