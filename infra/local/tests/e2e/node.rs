//! What Node.js runs against a stack.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use enishi_local::stack::root;

const MISSING: &str = "this test needs Node.js 20 or later with npm, see https://nodejs.org";

/// A package of this crate's tests, installed below `target/`.
pub struct Package(PathBuf);

impl Package {
    /// Installs `tests/<name>` with these files of it.
    pub async fn install(name: &str, files: &[&str]) -> Self {
        let from = root().join("infra/local/tests").join(name);
        let to = root().join("target").join(name);
        std::fs::create_dir_all(&to).unwrap();
        for file in files.iter().chain(&["package.json"]) {
            std::fs::copy(from.join(file), to.join(file)).unwrap();
        }
        let version = run(&to, "node", &["--version"], MISSING).await;
        let major = version.trim_start_matches('v').split('.').next().unwrap();
        assert!(
            major.parse::<u32>().unwrap() >= 20,
            "{MISSING}; this is {version}"
        );
        let arguments = [
            "install",
            "--prefer-offline",
            "--ignore-scripts",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
            "--loglevel=error",
        ];
        run(&to, "npm", &arguments, MISSING).await;
        Self(to)
    }

    /// Runs one of the files and answers what it printed.
    pub async fn run(&self, file: &str, arguments: &[&str]) -> String {
        run(&self.0, "node", &[&[file], arguments].concat(), "").await
    }
}

/// Runs a program in `directory` and answers what it printed.
async fn run(directory: &Path, program: &'static str, arguments: &[&str], missing: &str) -> String {
    let mut command = Command::new(program);
    command.args(arguments).current_dir(directory);
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .unwrap();
    let output =
        output.unwrap_or_else(|error| panic!("{program} cannot be run ({error}): {missing}"));
    assert!(
        output.status.success(),
        "{program} {arguments:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
