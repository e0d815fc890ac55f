//! What stands in several places stands there alike: template.yaml, the registered functions, their
//! binaries, cargo-lambda's routes and access keys, the OpenAPI document and the sample events.
//! Each failure says what to write where.

use std::{fmt::Display, fs};

use enishi_local::{
    lambda::registered,
    places::{self, Handler, service, template_of},
    stack::root,
};
use enishi_shared::metric;

mod document;
pub mod examples;
pub mod samples;

/// What was found, all of it at once.
#[derive(Default)]
struct Findings(Vec<String>);

impl Findings {
    fn note(&mut self, finding: impl Display) {
        self.0.push(finding.to_string());
    }

    fn unless(&mut self, holds: bool, finding: impl Display) {
        if !holds {
            self.note(finding);
        }
    }

    #[track_caller]
    fn none(self) {
        assert!(self.0.is_empty(), "\n\n{}\n", self.0.join("\n\n"));
    }
}

#[test]
fn every_function_and_every_path_stands_in_all_its_places() {
    let system = places::system().unwrap();
    let handlers = Handler::registered().unwrap();
    Findings(places::findings(&system, &handlers).unwrap()).none();
}

#[test]
fn every_services_alarm_reads_the_failures_that_its_functions_count() {
    let system = places::system().unwrap();
    let mut findings = Findings::default();
    for function in registered() {
        let name = metric::failures(function.name);
        let file = template_of(&system, service(function.name));
        let template = fs::read_to_string(root().join(file)).unwrap();
        findings.unless(
            template.contains(&format!("MetricName: {name}\n")),
            format!(
                "{file} has no alarm on {name}, which {} counts.",
                function.name
            ),
        );
    }
    findings.none();
}
