//! What the terminal tells of a running stack: a line for whatever happens, coloured where somebody looks
//! on (unless `NO_COLOR` is set), with the stack's time.

use std::{
    fmt::{self, Debug, Write as _},
    io::IsTerminal as _,
};

use enishi_shared::function::log_filter;
use jiff::tz::TimeZone;
use serde_json::Value;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
};
use tracing_subscriber::{
    fmt::{FmtContext, FormatEvent, FormatFields, FormattedFields, format::Writer},
    layer::SubscriberExt as _,
    registry::LookupSpan,
    util::SubscriberInitExt as _,
};

use crate::clock::LocalClock;

/// The span of a function's invocation; its one field is the function's name.
const INVOCATION: &str = "invocation";
/// The longest [`summary`], in characters.
const LONGEST: usize = 200;

/// From now on tells what is at least of level `least`, or what `RUST_LOG` says.
pub fn tell(least: LevelFilter, clock: LocalClock) {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|terminal| terminal == "dumb");
    let coloured = std::io::stderr().is_terminal() && !is_set("NO_COLOR") && !is_dumb;
    // The gateway tells of requests, with their paths.
    let filter = log_filter(least).with_target("enishi_shared::http", LevelFilter::WARN);
    tracing_subscriber::fmt()
        .event_format(Lines { clock, coloured })
        .with_writer(std::io::stderr)
        .with_max_level(LevelFilter::TRACE)
        .finish()
        .with(filter)
        .init();
}

/// How a line is written.
struct Lines {
    clock: LocalClock,
    coloured: bool,
}

/// What an event says.
#[derive(Default)]
struct Told {
    message: String,
    /// An HTTP status.
    status: Option<u64>,
    milliseconds: Option<u64>,
    others: String,
}

impl Visit for Told {
    fn record_u64(&mut self, field: &Field, value: u64) {
        match field.name() {
            "status" => self.status = Some(value),
            "milliseconds" => self.milliseconds = Some(value),
            _ => self.record_debug(field, &value),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.record_debug(field, &format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        // Writing to a text cannot fail.
        let _ = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.others, "  {name} {value:?}"),
        };
    }
}

impl<S, N> FormatEvent<S, N> for Lines
where
    S: Subscriber + for<'span> LookupSpan<'span>,
    N: for<'writer> FormatFields<'writer> + 'static,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, N>,
        mut writer: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        let mut told = Told::default();
        event.record(&mut told);
        let mut spans = context.event_scope().into_iter().flatten();
        let function = spans.find(|span| span.name() == INVOCATION).map(|span| {
            let extensions = span.extensions();
            let fields = extensions.get::<FormattedFields<N>>();
            let fields = fields.map_or("", |fields| fields.fields.as_str());
            fields
                .strip_prefix("function=")
                .unwrap_or(fields)
                .to_owned()
        });

        let time = self.clock.now().to_zoned(TimeZone::system());
        let time = time.strftime("%H:%M:%S").to_string();
        write!(writer, "{}  ", self.painted("2", &time))?;
        if let Some(function) = function {
            write!(writer, "{}: ", self.painted("36", &function))?;
        }
        let (message, others) = (in_one_line(&told.message), in_one_line(&told.others));
        match *event.metadata().level() {
            Level::ERROR => write!(writer, "{}", self.painted("31", &message))?,
            Level::WARN => write!(writer, "{}", self.painted("33", &message))?,
            _ => write!(writer, "{message}")?,
        }
        if let Some(status) = told.status {
            let colour = match status {
                500.. => "31",
                400.. => "33",
                _ => "32",
            };
            write!(writer, "  {}", self.painted(colour, &status.to_string()))?;
        }
        if let Some(milliseconds) = told.milliseconds {
            let time = format!("{milliseconds} ms");
            write!(writer, "  {}", self.painted("2", &time))?;
        }
        writeln!(writer, "{}", self.painted("2", &others))
    }
}

impl Lines {
    /// In a colour of ANSI's (SGR).
    fn painted(&self, colour: &str, text: &str) -> String {
        match self.coloured && !text.is_empty() {
            true => format!("\x1b[{colour}m{text}\x1b[0m"),
            false => text.to_owned(),
        }
    }
}

/// What somebody sent neither breaks the line nor speaks to the terminal.
fn in_one_line(text: &str) -> String {
    let shown = |char: char| if char.is_control() { ' ' } else { char };
    text.trim_end().chars().map(shown).collect()
}

/// What a function answered or announced, for a line; empty where it says that there was nothing to do.
pub(crate) fn summary(value: &Value) -> String {
    let joined = |parts: Vec<String>, separator| {
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(separator)
    };
    let whole = match value {
        Value::Null | Value::Bool(false) => String::new(),
        Value::Number(number) if number.as_f64() == Some(0.0) => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => joined(items.iter().map(summary).collect(), "; "),
        Value::Object(members) => {
            let member = |(name, value): (&String, &Value)| match summary(value) {
                nothing if nothing.is_empty() => nothing,
                text => format!("{name} {text}"),
            };
            joined(members.iter().map(member).collect(), ", ")
        }
        other => other.to_string(),
    };
    match whole.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &whole[..end]),
        None => whole,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::json;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// What is told without its time.
    fn told(coloured: bool, tell: impl FnOnce()) -> Vec<String> {
        let clock = LocalClock::still("2026-11-21T08:50:00+09:00".parse().unwrap());
        let written = Written::default();
        let writer = written.clone();
        let subscriber = tracing_subscriber::fmt()
            .event_format(Lines { clock, coloured })
            .with_writer(move || writer.clone())
            .finish();
        tracing::subscriber::with_default(subscriber, tell);
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| line.split_once("  ").unwrap().1);
        lines.map(str::to_owned).collect()
    }

    fn story() {
        tracing::info!(status = 201_u16, milliseconds = 38_u64, "POST /signup");
        let invocation = tracing::info_span!("invocation", function = %"rooms-enroll");
        invocation.in_scope(|| tracing::warn!(code = "x", "an AWS call failed"));
        tracing::error!("mail to a@example.com: \u{1b}[2J\nhello");
    }

    #[test]
    fn an_event_is_a_line() {
        assert_eq!(
            told(false, story),
            [
                "POST /signup  201  38 ms",
                "rooms-enroll: an AWS call failed  code x",
                "mail to a@example.com:  [2J hello",
            ]
        );
    }

    #[test]
    fn what_went_wrong_stands_out_where_there_are_colours() {
        assert_eq!(
            told(true, story),
            [
                "POST /signup  \u{1b}[32m201\u{1b}[0m  \u{1b}[2m38 ms\u{1b}[0m",
                "\u{1b}[36mrooms-enroll\u{1b}[0m: \u{1b}[33man AWS call failed\u{1b}[0m\u{1b}[2m  code x\u{1b}[0m",
                "\u{1b}[31mmail to a@example.com:  [2J hello\u{1b}[0m",
            ]
        );
    }

    #[test]
    fn a_summary_says_what_was_done_and_nothing_of_what_was_not() {
        let drawn = json!([{"date": "2026-11-21", "time": "09:00", "enrolled": 12, "rooms": 3}]);
        assert_eq!(
            summary(&drawn),
            "date 2026-11-21, enrolled 12, rooms 3, time 09:00"
        );
        for nothing in [
            json!(null),
            json!([]),
            json!({"asked": 0, "moved": [], "late": false}),
        ] {
            assert_eq!(summary(&nothing), "", "{nothing}");
        }
        assert_eq!(
            summary(&json!(["가".repeat(300)])).chars().count(),
            LONGEST + 1
        );
    }
}
