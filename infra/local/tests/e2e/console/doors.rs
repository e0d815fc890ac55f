//! Who gets in.

use super::*;

/// What only the console's own pages may ask.
const ASKED: [(&str, &str); 4] = [
    ("GET", "/api/overview"),
    ("GET", "/api/live"),
    ("GET", "/_enishi/mails"),
    ("POST", "/_enishi/fire/rooms-assign"),
];

/// No token is said.
const UNSAID: [(&str, &str); 1] = [("authorization", "")];

#[tokio::test]
async fn nothing_is_told_without_the_token() {
    let console = Console::new().await;
    let longer = format!("Bearer {}x", console.token);
    for (method, path) in ASKED {
        for said in ["", "Bearer ", "Bearer x", &longer, &console.token] {
            let said = [("authorization", said)];
            let answer = console.asked(method, path, Some(json!({})), &said);
            answer.await.expect(401);
        }
        // An address is written into logs and histories.
        let path = format!("{path}?token={}", console.token);
        let answer = console.asked(method, &path, Some(json!({})), &UNSAID);
        answer.await.expect(401);
    }
    console.get("/api/overview").await;
}

#[tokio::test]
async fn a_page_of_another_origin_gets_nothing_even_with_the_token() {
    let console = Console::new().await;
    let port = console.base.rsplit(':').next().unwrap();
    let api = console.world.stack.url();
    let rebound = format!("rebound.example:{port}");
    let own = format!("http://localhost:{port}");
    for foreign in [
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", &api),
        ("origin", &format!("https://localhost:{port}")),
        ("origin", &format!("http://127.0.0.1:{port}")),
        ("host", &rebound),
        ("host", "localhost"),
        ("host", "localhost:1"),
        ("host", ""),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
    ] {
        for (method, path) in ASKED.into_iter().chain([("GET", "/app.js")]) {
            let answer = console
                .asked(method, path, Some(json!({})), &[foreign])
                .await;
            assert_eq!(answer.status, 403, "{foreign:?} {path}");
            for (name, _) in &answer.headers {
                assert!(!name.as_str().starts_with("access-control"), "{name}");
            }
        }
    }
    for own in [
        ("origin", own.as_str()),
        ("sec-fetch-site", "same-origin"),
        ("host", &format!("127.0.0.1:{port}")),
    ] {
        let answer = console.asked("GET", "/api/overview", None, &[own]).await;
        assert_eq!(answer.status, 200, "{own:?}");
    }
    // No other page may frame it, but a link of another page's leads to it.
    let link = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-mode", "navigate"),
    ];
    let page = console.asked("GET", "/", None, &link).await.expect(200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
}

#[tokio::test]
async fn the_page_loads_its_own_files_only_and_holds_no_secret() {
    let console = Console::new().await;
    let page = console.asked("GET", "/", None, &UNSAID);
    let page = page.await.expect(200);
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    assert_eq!(page.headers["referrer-policy"], "no-referrer");
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    let mut bytes = page.text.len();
    let mut files = vec!["/app.css".to_owned(), "/app.js".to_owned()];
    let mut at = 0;
    while let Some(path) = files.get(at).cloned() {
        at += 1;
        let file = console.asked("GET", &path, None, &UNSAID);
        let file = file.await.expect(200);
        assert!(!file.text.contains(&console.token));
        bytes += file.text.len();
        for import in file.text.split("from \"./").skip(1) {
            let name = format!("/{}", import.split('"').next().unwrap());
            if !files.contains(&name) {
                files.push(name);
            }
        }
    }
    assert!(files.len() > 4, "{files:?}");
    assert!(bytes < 150_000, "{bytes} bytes");
}

#[tokio::test]
async fn the_token_is_the_folders_and_its_owners_alone() {
    let folder = tempfile::tempdir().unwrap();
    let start = async || {
        let world = World::with(|options| {
            options.console_port = Some(0);
            options.directory = Some(folder.path().to_owned());
        });
        let console = Console::of(world.await);
        console.token.clone()
    };
    let (first, second) = (start().await, start().await);
    assert_eq!(first, second);
    assert!(first.len() >= 32);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let file = std::fs::metadata(folder.path().join("console-token")).unwrap();
        assert_eq!(file.permissions().mode() & 0o777, 0o600);
    }
    assert_ne!(first, Console::new().await.token);
}

#[tokio::test]
async fn a_stack_without_a_console_keeps_no_journal() {
    let world = World::new().await;
    assert!(world.stack.console_url().is_none());
    assert!(world.stack.journal().is_none());
}
