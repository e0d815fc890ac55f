//! Writes a new endpoint, wherever it stands: handler, registration, template, sample event, story, and
//! what follows from these. It answers 200 with nothing in it at once; what it is for is then filled in.
//! The texts lie in `new/`: `@name@` is replaced, and a line that holds nothing else may be left out.

use std::{collections::BTreeMap, fs, process::Command};

use http::Method;
use serde_json::Value;

use crate::{
    openapi,
    places::{self, Handler, module, operations, pascal_case, read, service, template_of, write},
    stack::root,
    template::{System, TEMPLATE, code_folder},
};

#[cfg(test)]
mod tests;

/// Writes the endpoint `name`; answers the files that somebody has to fill in.
///
/// # Errors
/// A sentence that says what is in the way, before anything is written; or what is missing afterwards.
pub fn endpoint(name: &str, method: &str, path: &str) -> Result<Vec<String>, String> {
    let system = places::system()?;
    let endpoint = Endpoint::new(name, method, path, &system)?;
    let texts = endpoint.texts(&system);
    let (service, module) = (service(name), module(name));
    let handler = format!("functions/{service}/src/{module}.rs");
    let library = format!("functions/{service}/src/lib.rs");
    let mut files = vec![
        (
            handler.clone(),
            fill(include_str!("new/handler.txt"), &texts),
        ),
        (library.clone(), endpoint.registered(&read(&library)?)?),
        (
            format!("events/{name}.json"),
            fill(include_str!("new/sample.txt"), &texts),
        ),
    ];
    files.extend(endpoint.declared(&system, &texts)?);
    let template = template_of(&system, service);
    let mut to_fill_in = vec![handler, format!("{template} ({})", pascal_case(name))];
    let stories = format!("infra/local/tests/e2e/{service}.rs");
    if let Ok(text) = read(&stories) {
        let story = format!("infra/local/tests/e2e/{service}/{module}.rs");
        files.push((stories, with_module(&text, "mod ", &module)?));
        files.push((story.clone(), fill(include_str!("new/story.txt"), &texts)));
        to_fill_in.push(story);
    }
    for (file, text) in &files {
        write(file, text)?;
    }
    break_lines(files.iter().map(|(file, _)| file));

    // As they are once the new one is compiled.
    let mut handlers = Handler::registered()?;
    handlers.push(Handler {
        name: name.to_owned(),
        operations: Some([(path.to_owned(), endpoint.method.to_string())].into()),
    });
    let system = places::system()?;
    places::derive(&system, &handlers)?;
    match places::findings(&system, &handlers)?.as_slice() {
        [] => Ok(to_fill_in),
        findings => Err(findings.join("\n\n")),
    }
}

/// What is to be written.
struct Endpoint<'a> {
    /// `rooms-notes`
    name: &'a str,
    method: Method,
    /// `/rooms/{room_id}/notes`
    path: &'a str,
    /// The path's variables, each with the value that the sample event and the story give it.
    variables: Vec<(&'a str, String)>,
    /// `notes`, or `rooms_notes` where another handler has that name.
    handler: String,
}

/// What stands for each `@name@`.
type Texts = BTreeMap<&'static str, String>;

impl<'a> Endpoint<'a> {
    fn new(name: &'a str, method: &str, path: &'a str, system: &System) -> Result<Self, String> {
        let is_word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && (word.chars()).all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        };
        if !name.contains('-') || !name.split('-').all(is_word) {
            return Err(format!(
                "`{name}` is no name like rooms-notes: service, use case."
            ));
        }
        if system.functions.iter().any(|f| f.name == name) {
            return Err(format!("there is a function `{name}` already."));
        }
        let method = match method.to_uppercase().as_str() {
            "GET" => Method::GET,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            _ => return Err(format!("`{method}` is no method that is used here.")),
        };
        if !path.starts_with('/') || path.ends_with('/') || path.contains(['+', '*', ' ']) {
            return Err(format!(
                "`{path}` is no path like /rooms/{{room_id}}/notes."
            ));
        }
        let document: Value = openapi::document()
            .and_then(|text| serde_json::from_str(&text))
            .map_err(|error| error.to_string())?;
        let operations = operations(&document);
        if operations.contains_key(&(path.to_owned(), method.to_string())) {
            return Err(format!("{method} {path} is there already."));
        }
        let handler = module(name);
        let schemas = &document["components"]["schemas"];
        let is_taken = schemas[format!("{}Request", pascal_case(&handler))].is_object()
            || schemas[format!("{}Response", pascal_case(&handler))].is_object();
        let samples = samples(system);
        let variables = (path.split('/')).filter_map(|it| it.strip_prefix('{')?.strip_suffix('}'));
        let with_value = |name| {
            let value = samples.get(name).cloned();
            (name, value.unwrap_or_else(|| "1".to_owned()))
        };
        Ok(Self {
            name,
            method,
            path,
            variables: variables.map(with_value).collect(),
            handler: match is_taken {
                true => name.replace('-', "_"),
                false => handler,
            },
        })
    }

    /// `getRoomsNotes`
    fn operation_id(&self) -> String {
        let verb = match self.method {
            Method::GET => "get",
            Method::POST => "create",
            Method::DELETE => "delete",
            _ => "update",
        };
        verb.to_owned() + &pascal_case(self.name)
    }

    fn texts(&self, system: &System) -> Texts {
        let service = service(self.name);
        let handler = pascal_case(&self.handler);
        let title = module(self.name).replace('_', " ");
        let table = format!("{}Table", pascal_case(service));
        let has_table = system.tables.iter().any(|it| it.logical_id == table);
        let filled = (self.variables.iter()).fold(self.path.to_owned(), |path, (name, value)| {
            path.replace(&format!("{{{name}}}"), value)
        });
        let mut texts = Texts::from([
            ("name", self.name.to_owned()),
            ("Name", pascal_case(self.name)),
            ("arn", format!("{}.Arn", pascal_case(self.name))),
            (
                "code",
                code_folder(template_of(system, service)) + self.name,
            ),
            ("method", self.method.as_str().to_lowercase()),
            ("METHOD", self.method.to_string()),
            ("path", self.path.to_owned()),
            ("filled", filled),
            ("service", service.to_owned()),
            ("Service", pascal_case(service)),
            ("operation_id", self.operation_id()),
            ("handler", self.handler.clone()),
            ("Handler", handler.clone()),
            ("title", title[..1].to_uppercase() + &title[1..]),
            ("serde", "Serialize".to_owned()),
            ("test_body", "None".to_owned()),
        ]);
        if has_table {
            let variable = format!("{}_TABLE", service.to_uppercase());
            let environment = format!("Environment: {{Variables: {{{variable}: !Ref {table}}}}}");
            texts.insert("environment", environment);
        }
        // A service whose error bodies differ has a constructor of its own.
        let library = read(&format!("functions/{service}/src/lib.rs")).unwrap_or_default();
        let constructor = match library.contains("const fn http(") {
            true => "crate::http",
            false => "Function::http",
        };
        texts.insert("constructor", constructor.to_owned());
        let mut http = Vec::new();
        if [Method::POST, Method::PUT, Method::PATCH].contains(&self.method) {
            http.push("Json");
            texts.extend([
                ("garde", "use garde::Validate;".to_owned()),
                ("serde", "{Deserialize, Serialize}".to_owned()),
                (
                    "request",
                    format!(
                        "/// What is asked for.\n#[derive(Debug, Deserialize, Validate, ToSchema)]\n\
                         #[serde(deny_unknown_fields)]\npub struct {handler}Request {{}}\n"
                    ),
                ),
                ("request_body", format!("request_body = {handler}Request,")),
                (
                    "bad_request",
                    "(status = 400, description = \"A value is missing or wrong\", body = ErrorBody),"
                        .to_owned(),
                ),
                (
                    "body_extractor",
                    format!("Json(_body): Json<{handler}Request>,"),
                ),
                ("content_length", "\"content-length\": \"2\",".to_owned()),
                (
                    "content_type",
                    "\"content-type\": \"application/json\",".to_owned(),
                ),
                ("body", "\"body\": \"{}\",".to_owned()),
                ("test_body", "Some(serde_json::json!({}))".to_owned()),
            ]);
        }
        if !self.variables.is_empty() {
            http.push("Path");
            let each = |text: fn(&str, &str) -> String, between: &str| {
                let texts = self.variables.iter().map(|(name, value)| text(name, value));
                texts.collect::<Vec<_>>().join(between)
            };
            let params = each(
                |name, value| {
                    let what = name.trim_end_matches("_id").replace('_', " ");
                    format!(
                        "(\"{name}\" = String, Path, description = \"The {what}\", example = \"{value}\")"
                    )
                },
                ", ",
            );
            let names = each(|name, _| format!("_{name}"), ", ");
            let strings = each(|_, _| "String".to_owned(), ", ");
            let extractor = match self.variables.as_slice() {
                [_] => format!("Path({names}): Path<{strings}>,"),
                _ => format!("Path(({names})): Path<({strings})>,"),
            };
            let parameters = each(
                |name, _| {
                    format!("{{name: {name}, in: path, required: true, schema: {{type: string}}}}")
                },
                ", ",
            );
            let values = each(|name, value| format!("    \"{name}\": \"{value}\""), ",\n");
            texts.extend([
                ("params", format!("params({params}),")),
                ("path_extractor", extractor),
                ("parameters", format!("parameters: [{parameters}]")),
                (
                    "path_parameters",
                    format!("\"pathParameters\": {{\n{values}\n  }},"),
                ),
            ]);
        }
        if !http.is_empty() {
            texts.insert("http", format!(", http::{{{}}}", http.join(", ")));
        }
        texts
    }

    /// The service's `lib.rs` with the endpoint in it: in its list, as a module, among its functions.
    fn registered(&self, library: &str) -> Result<String, String> {
        let module = module(self.name);
        let text = with_module(library, "pub mod ", &module)?;
        let mut lines: Vec<&str> = text.lines().collect();
        let what = module.replace('_', " ");
        let row = format!(
            "//! | [`{module}`] | `{} {}` | {what} |",
            self.method, self.path
        );
        if let Some(first) = lines.iter().position(|line| line.starts_with("//! | [`")) {
            let rows = lines[first..].iter();
            let rows = rows.take_while(|line| line.starts_with("//! | "));
            lines.insert(first + rows.count(), &row);
        }
        let function = format!("    {module}::FUNCTION,");
        let list = (lines.iter()).position(|line| line.starts_with("pub const FUNCTIONS"));
        let end = list.and_then(|list| {
            let end = lines[list..].iter().position(|line| *line == "];")?;
            Some(list + end)
        });
        lines.insert(
            end.ok_or("the service's lib.rs has no list `FUNCTIONS`.")?,
            &function,
        );
        Ok(lines.join("\n") + "\n")
    }

    /// The templates with the function after the last one of its service, and with its route beside the
    /// others of its path or after the last one of its service. A function of a nested stack is found by its
    /// route as an output.
    fn declared(&self, system: &System, texts: &Texts) -> Result<BTreeMap<String, String>, String> {
        let own = |name: &str| service(name) == service(self.name);
        let functions = system.functions.iter().filter(|f| own(&f.name));
        let last = functions.max_by_key(|function| function.line);
        let last = last.ok_or("the service has no function yet: write the first by hand.")?;
        let siblings = system.routes.iter().filter(|route| route.path == self.path);
        let neighbours =
            (system.routes.iter()).filter(|route| own(places::name_of(system, &route.function)));
        let mut texts = texts.clone();
        let (after, depth) = match siblings.map(|route| route.line).max() {
            Some(line) => (line, 12),
            None => {
                texts.insert("new_path", format!("{}:", self.path));
                let line = neighbours.map(|route| route.line).max();
                let line = line.ok_or("the service has no route yet: write the first by hand.")?;
                (line, 10)
            }
        };
        let mut blocks = vec![
            (&*last.file, last.line, 2, include_str!("new/stanza.txt")),
            (TEMPLATE, after, depth, include_str!("new/route.txt")),
        ];
        if let Some(stack) = system.nested.get(&last.file) {
            texts.insert("arn", format!("{stack}.Outputs.{}Arn", texts["Name"]));
            let outputs = line_of(&read(&last.file)?, "Outputs:")?;
            blocks.push((&last.file, outputs, 0, include_str!("new/output.txt")));
        }
        let mut files: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (file, line, depth, text) in blocks {
            let block = (line, depth, fill(text, &texts));
            files.entry(file.to_owned()).or_default().push(block);
        }
        let files = files.into_iter().map(|(file, blocks)| {
            let text = with_blocks(&read(&file)?, &blocks);
            Ok((file, text))
        });
        files.collect()
    }
}

/// The number of the line that holds only `text`, counted from 1.
fn line_of(file: &str, text: &str) -> Result<usize, String> {
    let found = file.lines().position(|line| line == text);
    found
        .map(|line| line + 1)
        .ok_or_else(|| format!("there is no `{text}` to put something under."))
}

/// The text with each block after the one that begins on its line and is indented by more than its depth.
fn with_blocks(text: &str, blocks: &[(usize, usize, String)]) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let mut whole = String::new();
    for number in 0..=lines.len() {
        for (line, depth, block) in blocks {
            if end(&lines, *line, *depth) == number {
                whole.push_str(block);
            }
        }
        if let Some(line) = lines.get(number) {
            whole.push_str(line);
            whole.push('\n');
        }
    }
    whole
}

/// The text with what stands for each `@name@`; a line that held only that is left out where that is
/// nothing.
fn fill(text: &str, texts: &Texts) -> String {
    let mut filled = String::new();
    for line in text.lines() {
        let mut rest = line;
        let mut whole = String::new();
        while let Some((before, (name, after))) = rest
            .split_once('@')
            .and_then(|(before, after)| Some((before, after.split_once('@')?)))
        {
            whole.push_str(before);
            whole.push_str(texts.get(name).map_or("", String::as_str));
            rest = after;
        }
        whole.push_str(rest);
        if !whole.trim().is_empty() || line.is_empty() {
            filled.push_str(&whole);
            filled.push('\n');
        }
    }
    filled
}

/// The text with a line `mod name;` in its place among those that begin alike.
fn with_module(text: &str, begin: &str, name: &str) -> Result<String, String> {
    let line = format!("{begin}{name};");
    let mut lines: Vec<&str> = text.lines().collect();
    let is_module = |other: &&str| other.starts_with(begin) && other.ends_with(';');
    let before = lines
        .iter()
        .rposition(|other| is_module(other) && **other < *line);
    let at = (before.map(|before| before + 1)).or_else(|| lines.iter().position(is_module));
    let at = at.ok_or_else(|| format!("there is no `{begin}…;` to put `{line}` beside."))?;
    lines.insert(at, &line);
    Ok(lines.join("\n") + "\n")
}

/// The number of the line after the block that begins on `line` (counted from 1) and is indented by more
/// than `depth`, blank lines at its end left out.
fn end(lines: &[&str], line: usize, depth: usize) -> usize {
    let is_deep =
        |text: &&&str| text.trim().is_empty() || text.len() - text.trim_start().len() > depth;
    let block: Vec<&&str> = lines.iter().skip(line).take_while(is_deep).collect();
    let blank = block.iter().rev().take_while(|text| text.trim().is_empty());
    line + block.len() - blank.count()
}

/// What the sample events say for each path variable.
fn samples(system: &System) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for function in &system.functions {
        let file = root().join(format!("events/{}.json", function.name));
        let sample: Value = (fs::read(file).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default();
        let parameters = sample["pathParameters"].as_object();
        for (name, value) in parameters.into_iter().flatten() {
            values.insert(name.clone(), value.as_str().unwrap_or_default().to_owned());
        }
    }
    values
}

/// Lines break where rustfmt breaks them; without it, `cargo fmt` does so later.
fn break_lines<'a>(files: impl Iterator<Item = &'a String>) {
    let rust = files.filter(|file| file.ends_with(".rs"));
    let _ = Command::new("rustfmt")
        .args(["--edition", "2024"])
        .args(rust.map(|file| root().join(file)))
        .status();
}
