//! The files, or parts of them, that follow from the template and the handlers.

use std::{collections::BTreeMap, fmt::Write as _};

use super::{Handler, Operation, pascal_case, paths, read, service};
use crate::template::System;

/// What stands above the part of a Cargo.toml that is written here.
const MARK: &str =
    "# From here on written by `cargo run -- generate`, from template.yaml and the handlers.\n";

/// Each file with its text.
pub(super) fn files(
    system: &System,
    handlers: &[Handler],
) -> Result<BTreeMap<String, String>, String> {
    let mut files = BTreeMap::new();
    let mut services: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for function in &system.functions {
        let name = &*function.name;
        services.entry(service(name)).or_default().push(name);
        let file = format!("functions/{}/src/bin/{name}.rs", service(name));
        files.insert(file, binary(name));
    }
    let routes = paths::watched(handlers);
    for (service, names) in services {
        let file = format!("functions/{service}/Cargo.toml");
        let text = read(&file)?;
        let own = text.find(MARK).map_or(&*text, |end| &text[..end]);
        let text = format!("{own}{MARK}{}", manifest(service, &names, &routes));
        files.insert(file, text);
    }
    Ok(files)
}

/// The whole of a binary.
fn binary(name: &str) -> String {
    let service = service(name);
    let module = format!("enishi_{service}::{}", module(name));
    format!(
        "//! `{name}`: see [`{module}`].\n\n\
         fn main() -> Result<(), enishi_shared::function::BoxError> {{\n    \
         enishi_shared::function::run(&{module}::FUNCTION)\n\
         }}\n"
    )
}

/// `meeting_url` of `rooms-meeting-url`
pub(crate) fn module(name: &str) -> String {
    let use_case = name.split_once('-').map_or(name, |(_, use_case)| use_case);
    use_case.replace('-', "_")
}

/// What a service's Cargo.toml says of its functions.
fn manifest(service: &str, names: &[&str], routes: &BTreeMap<Operation, &str>) -> String {
    let mut text = String::new();
    for name in names {
        // Found by cargo itself, `cargo test` would build them.
        let _ = writeln!(
            text,
            "\n[[bin]]\nname = \"{name}\"\npath = \"src/bin/{name}.rs\"\ntest = false"
        );
    }
    let mut router: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((path, method), name) in routes
        .iter()
        .filter(|(_, name)| super::service(name) == service)
    {
        router.entry(path).or_default().push(format!(
            "{{ method = \"{method}\", function = \"{name}\" }}"
        ));
    }
    let _ = writeln!(
        text,
        "\n# `cargo lambda watch -p enishi-{service}`: the paths of the API that this service serves.\n\
         [package.metadata.lambda.watch.router]"
    );
    for (path, entries) in router {
        let _ = writeln!(text, "\"{path}\" = [{}]", entries.join(", "));
    }
    text.push_str(
        "\n# Each function's logical id: with it as access key, the local stack applies the function's \
         policies.\n[package.metadata.lambda.bin]\n",
    );
    for name in names {
        let _ = writeln!(
            text,
            "{name}.env.AWS_ACCESS_KEY_ID = \"{}\"",
            pascal_case(name)
        );
    }
    text
}
