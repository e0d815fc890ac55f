//! What is found when something is missing or differs.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::template::DEFAULT_ROUTE;

/// What is found when the template or the handlers are changed so.
fn found(change: impl FnOnce(&mut System, &mut Vec<Handler>)) -> Vec<String> {
    let (mut system, mut handlers) = (system().unwrap(), Handler::registered().unwrap());
    change(&mut system, &mut handlers);
    findings(&system, &handlers).unwrap()
}

fn function<'a>(system: &'a mut System, logical_id: &str) -> &'a mut Function {
    let mut functions = system.functions.iter_mut();
    functions.find(|f| f.logical_id == logical_id).unwrap()
}

#[track_caller]
fn assert_found(findings: &[String], expected: &[&str]) {
    assert_eq!(findings.len(), expected.len(), "{findings:#?}");
    for (finding, expected) in findings.iter().zip(expected) {
        assert!(finding.contains(expected), "{finding}");
    }
}

#[test]
fn a_function_stands_in_the_template_among_the_handlers_and_in_what_follows_from_them() {
    let gone = found(|system, _| system.functions.retain(|f| f.name != "payments-ledger"));
    let lacks = "template.yaml lacks `payments-ledger`: add the function PaymentsLedger";
    assert_found(&gone, &[lacks, "functions/payments/Cargo.toml is not what"]);
    let nested = found(|system, _| system.functions.retain(|f| f.name != "market-index"));
    let lacks = "functions/market/template.yaml lacks `market-index`: add the function MarketIndex with \
                 `CodeUri: ../../target/lambda/market-index/`";
    assert_found(&nested, &[lacks, "functions/market/Cargo.toml is not what"]);
    let unknown = found(|_, handlers| handlers.retain(|h| h.name != "rooms-join"));
    assert!(unknown[0].contains("a route leads to RoomsJoin, but `rooms-join` takes events"));
    assert!(
        unknown
            .iter()
            .any(|it| it.contains("`rooms-join` is registered 0 times"))
    );
    let new = found(|_, handlers| {
        handlers.push(Handler {
            name: "rooms-new".into(),
            operations: None,
        });
    });
    assert_found(
        &new,
        &["lacks `rooms-new`", "events/rooms-new.json is missing"],
    );
    let other = found(|system, _| function(system, "RoomsErase").logical_id = "RoomsEraser".into());
    assert_found(&other, &["rename RoomsEraser to RoomsErase"]);
}

#[test]
fn a_documented_path_has_its_route_and_a_route_its_document() {
    let elsewhere = found(|system, _| {
        let mut routes = system.routes.iter_mut();
        let route = routes.find(|route| route.path == "/me/rooms").unwrap();
        route.path = "/me/room".into();
    });
    let no_route = "lead get /me/rooms under Api, DefinitionBody, paths to RoomsHistory";
    let no_document = "leads GET /me/room to `rooms-history`, which documents no such path";
    assert_found(&elsewhere, &[no_route, no_document]);
    let wrong = found(|system, _| {
        let mut routes = system.routes.iter_mut();
        let route = routes.find(|route| route.path == "/me/rooms").unwrap();
        route.function = "RoomsJoin".into();
    });
    let leads = "it leads to `rooms-join`";
    assert_found(&wrong, &["no route leads to RoomsHistory", leads]);
    let without = found(|system, _| system.routes.retain(|route| route.path != DEFAULT_ROUTE));
    assert!(without[0].contains("no route leads to PlatformFallback"));
    assert!(without[1].contains("lead /$default to PlatformFallback"));
}

#[test]
fn dead_letters_have_a_place_and_equal_policies_one_role() {
    let lost = found(|system, _| {
        function(system, "PaymentsLedger").rules[0].dead_letters = None;
    });
    assert_found(&lost, &["give PaymentsLedger a `DeadLetterQueue`"]);
    let idle = found(|system, _| function(system, "PaymentsLedger").rules.clear());
    assert_found(&idle, &["nothing starts PaymentsLedger"]);
    let alike = found(|system, _| {
        let policy = function(system, "SajuAccept").policy.clone();
        function(system, "SajuDecline").policy = policy;
    });
    let role = "SajuDecline may do what SajuAccept may; write `Role: !GetAtt SajuAcceptRole.Arn`";
    assert_found(&alike, &[role]);
}
