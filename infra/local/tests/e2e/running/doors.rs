//! What a stack keeps from others: its keys, and its ports from pages of other hosts.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::*;

/// The status of the answer to a request as it goes over the wire, and the whole of it.
async fn raw(port: &str, request: &str) -> (u16, String) {
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}"))
        .await
        .unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
    (status, answer)
}

fn port(url: &str) -> String {
    url.rsplit(':').next().unwrap().to_owned()
}

#[cfg(unix)]
#[test]
fn keys_are_their_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let parent = tempfile::tempdir().unwrap();
    let directory = parent.path().join("kept");
    let mode = |name: &str| {
        let found = std::fs::metadata(directory.join(name)).unwrap();
        found.permissions().mode() & 0o777
    };
    drop(Program::start(&directory, &[]));
    assert_eq!(mode("keys.json"), 0o600);
    assert_eq!(mode(""), 0o700);
    // Keys of an earlier version.
    let open = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(directory.join("keys.json"), open).unwrap();
    drop(Program::start(&directory, &[]));
    assert_eq!(mode("keys.json"), 0o600);
}

#[tokio::test]
async fn the_aws_port_answers_to_this_machines_own_names_only() {
    let world = World::new().await;
    let port = port(&world.stack.aws_url());
    for path in [
        "/_enishi/mails",
        "/stripe/v1/customers",
        "/emulator/v1/projects/demo-enishi/oobCodes",
        "/photosbucket/photos/a",
        "/",
    ] {
        let with = |host: &str| format!("GET {path} HTTP/1.1\r\n{host}Connection: close\r\n\r\n");
        let answered = async |host: &str| raw(&port, &with(host)).await;
        for host in [
            format!("Host: rebound.example:{port}\r\n"),
            "Host: 127.0.0.1.evil.example\r\n".to_owned(),
            "Host: 192.168.0.2\r\n".to_owned(),
            "Host: \r\n".to_owned(),
            "Host: localhost@evil.example\r\n".to_owned(),
            String::new(),
        ] {
            let (status, answer) = answered(&host).await;
            assert_eq!(status, 403, "{host}{answer}");
            assert!(
                answer.contains("answers to 127.0.0.1 and localhost only"),
                "{answer}"
            );
        }
        for host in ["127.0.0.1", "localhost", "[::1]"] {
            let (_, answer) = answered(&format!("Host: {host}:{port}\r\n")).await;
            assert!(!answer.contains("localhost only"), "{host} {answer}");
        }
    }
}

#[tokio::test]
async fn a_request_target_that_is_no_path_is_a_bad_request() {
    let world = World::new().await;
    let port = port(&world.stack.url());
    for target in ["*", "signup", "localhost:3000", "?a=b"] {
        let request =
            format!("OPTIONS {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        let (status, answer) = raw(&port, &request).await;
        assert_eq!(status, 400, "{target}: {answer}");
    }
    let absolute = "GET http://localhost/openapi.json HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
    assert_eq!(raw(&port, absolute).await.0, 200);
}
