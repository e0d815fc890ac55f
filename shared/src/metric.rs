//! Metrics, in CloudWatch's embedded metric format: a log line that becomes a metric by itself,
//! without a request and without a permission. `template.yaml` has the alarms on them.

use serde_json::json;

/// Counts `count` of the metric `name` (namespace `Enishi`). Zero is worth a
/// line too: an alarm tells "none" from "nothing ran".
#[allow(clippy::print_stdout)]
pub fn count(name: &str, count: u32) {
    let line = json!({
        "_aws": {
            "Timestamp": jiff::Timestamp::now().as_millisecond(),
            "CloudWatchMetrics": [{
                "Namespace": "Enishi",
                "Dimensions": [[]],
                "Metrics": [{"Name": name, "Unit": "Count"}],
            }],
        },
        name: count,
    });
    // Lambda takes what is printed as the log. Elsewhere nobody would read it.
    if std::env::var_os("AWS_LAMBDA_RUNTIME_API").is_some() {
        println!("{line}");
    }
}
