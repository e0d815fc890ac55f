//! The template's parameters: what a function could not read is refused at the start.

use super::*;

/// Any text will do.
const FREE: [&str; 3] = ["TokenIssuer", "TokenAudience", "LogLevel"];

#[tokio::test]
async fn a_parameter_that_cannot_be_read_is_refused_at_the_start_by_its_name_with_an_example() {
    let world = World::new().await;
    let parameters = world.stack.system().parameters.clone();
    for (name, parameter) in &parameters {
        if FREE.contains(&name.as_str()) {
            continue;
        }
        let sentence = refusal(|options| {
            options.parameters.insert(name.clone(), "Viele!".into());
        })
        .await;
        let expected = format!(
            "template.yaml:{}: the parameter {name} cannot be `Viele!`. {}",
            parameter.line, parameter.description
        );
        assert!(sentence.starts_with(&expected), "{sentence}");
        if let Some(default) = parameter.default.as_ref().filter(|it| !it.is_empty()) {
            let example = format!(" For example `{default}`.");
            assert!(sentence.ends_with(&example), "{sentence}");
        }
    }
}

#[tokio::test]
async fn a_parameter_is_checked_by_what_it_means() {
    let slots = |times: &str, zone: &str| {
        json!({
            "times": [times], "days": ["mon"], "minutes": 30, "room_size": 4, "time_zone": zone,
        })
        .to_string()
    };
    let wrong = [
        ("RegisterRate", "0/1h".to_owned()),
        ("LoginRate", "10".to_owned()),
        ("Slots", "{}".to_owned()),
        ("Slots", slots("25:00", "Asia/Tokyo")),
        ("Slots", slots("09:00", "Asia/Edo")),
        ("RefreshGraceSeconds", "-1".to_owned()),
        ("RefreshGraceSeconds", "1.5".to_owned()),
        ("ChimeReservedPercent", "101".to_owned()),
        ("ChimeRequestsPerSecond", "0".to_owned()),
        ("LogRetentionDays", "8".to_owned()),
        ("FrontendUrl", "localhost:5173".to_owned()),
        ("FrontendUrl", String::new()),
        ("AllowedOrigins", "https://a.example, b.example".to_owned()),
        ("OperatorEmails", "a@example.com,b".to_owned()),
        ("TokenPublicKeys", "[]".to_owned()),
    ];
    for (name, value) in wrong {
        let sentence = refusal(|options| {
            options.parameters.insert(name.into(), value.clone());
        })
        .await;
        let expected = format!("the parameter {name} cannot be `{value}`. ");
        assert!(sentence.contains(&expected), "{sentence}");
    }
    let right = [
        ("AllowedOrigins", "https://a.example, http://localhost:5173"),
        ("OperatorEmails", "a@example.com, b@example.com"),
        ("FrontendUrl", "https://a.example/app"),
        ("AlarmEmail", ""),
    ];
    for (name, value) in right {
        let world = World::with(|options| {
            options.parameters.insert(name.into(), value.into());
        })
        .await;
        assert_eq!(world.stack.system().parameters[name].value, value);
    }
}
