//! Every function's budget of DynamoDB requests against what it takes.

use std::collections::BTreeMap;

use enishi_local::{aws::Call, lambda::registered};

use crate::{consistency::samples, support::World};

mod identity;
mod identity_sessions;
mod market;
mod market_orders;
mod market_parcels;
mod orgs_licenses;
mod orgs_members;
mod orgs_projects;
mod payments;
mod rooms;
mod saju;
mod visits;
mod visits_money;
mod visits_recording;
mod visits_talk;

/// Counts a function's requests to DynamoDB since the last count.
fn count(world: &World, name: &str) -> usize {
    let function = world.stack.lambda().find(name).map(|f| &f.logical_id);
    let mut calls = world.stack.aws().calls();
    world.stack.aws().forget_calls();
    calls.retain(|call| Some(&call.function) == function);
    to_dynamodb(&calls)
}

fn to_dynamodb(calls: &[Call]) -> usize {
    let requests = calls.iter().map(|call| &call.request);
    requests
        .filter(|request| request.starts_with("dynamodb:"))
        .count()
}

/// The most that each function was seen to take.
#[derive(Default)]
struct Measured(BTreeMap<&'static str, usize>);

impl Measured {
    /// Counts the requests of one call.
    fn count(&mut self, world: &World, name: &'static str) -> usize {
        let taken = count(world, name);
        let most = self.0.entry(name).or_default();
        *most = taken.max(*most);
        taken
    }

    /// Counts the requests of a call that has worked through `items` and needed `own` beside them, or
    /// of one that seldom takes as much as it may.
    #[track_caller]
    fn within(&mut self, world: &World, name: &'static str, own: usize, items: usize) -> usize {
        let taken = count(world, name);
        let budget = budget(name);
        assert!(taken <= own + items * budget, "{name}: {taken}");
        self.0.insert(name, budget);
        taken
    }
}

fn budget(name: &str) -> usize {
    let functions = registered();
    let function = functions.iter().find(|function| function.name == name);
    function.unwrap_or_else(|| panic!("{name}")).budget
}

/// What is not measured here takes what its sample event takes.
#[tokio::test]
async fn every_function_states_as_its_budget_the_most_that_it_takes() {
    let mut measured = Measured::default();
    identity::measure(&World::new().await, &mut measured).await;
    rooms::measure(&World::new().await, &mut measured).await;
    saju::measure(&World::new().await, &mut measured).await;
    visits::measure(&World::new().await, &mut measured).await;
    visits_talk::measure(&World::new().await, &mut measured).await;
    visits_money::measure(&World::new().await, &mut measured).await;
    visits_recording::measure(&World::new().await, &mut measured).await;
    market::measure(&World::new().await, &mut measured).await;
    orgs_members::measure(&crate::orgs::world(9, 600).await, &mut measured).await;
    orgs_projects::measure(&crate::orgs::world(1, 600).await, &mut measured).await;
    orgs_licenses::measure(&crate::orgs::world(1, 0).await, &mut measured).await;
    market_parcels::measure(&mut measured).await;
    market_orders::measure(&World::new().await, &mut measured).await;
    payments::measure(&World::new().await, &mut measured).await;
    identity_sessions::measure(&World::new().await, &mut measured).await;

    let world = World::new().await;
    let samples = samples::play(&world).await;
    world.call("GET", "/nothing", None, None).await.expect(404);
    measured.count(&world, "platform-fallback");
    for function in registered() {
        let name = function.name;
        let taken = measured.0.get(name).copied().unwrap_or_else(|| {
            let mut samples = samples.iter();
            let sample = samples.find(|played| played.function.name == name).unwrap();
            assert!(
                sample.succeeded(),
                "{name} is not measured, for {} is answered {:?}: call it in \
                 infra/local/tests/e2e/budgets.rs and count",
                sample.file,
                sample.answer
            );
            to_dynamodb(&sample.calls)
        });
        assert_eq!(
            taken, function.budget,
            "{name}: taken, stated (`.budget({})`); where another call takes more, count it in \
             infra/local/tests/e2e/budgets.rs",
            function.budget
        );
    }
}
