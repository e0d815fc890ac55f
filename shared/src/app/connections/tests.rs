#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::{
    path::Path,
    process::Command,
    sync::{Arc, Mutex},
};

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::{
    app::{App, Clock, Env, Parts, Random, TimeLimits, http_client},
    outbound,
};

fn certificate() -> CertifiedKey<KeyPair> {
    generate_simple_self_signed(["localhost".to_owned()]).unwrap()
}

/// A server over TLS that answers every request; its address, and why handshakes failed.
async fn serve(own: &CertifiedKey<KeyPair>) -> (String, Arc<Mutex<Vec<String>>>) {
    let key = PrivatePkcs8KeyDer::from(own.signing_key.serialize_der());
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![own.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let failures = Arc::new(Mutex::new(Vec::new()));
    let failed = Arc::clone(&failures);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            match acceptor.accept(connection).await {
                Ok(mut connection) => {
                    let _ = connection.read(&mut [0; 1024]).await;
                    let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 7\r\n\r\ntrusted";
                    let _ = connection.write_all(answer).await;
                }
                Err(error) => failed.lock().unwrap().push(error.to_string()),
            }
        }
    });
    (format!("https://localhost:{port}/"), failures)
}

/// What a process of its own says, in whose environment `trusted` is as given, of a call to `url`.
async fn call(url: &str, trusted: Option<(&str, &Path)>) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "--ignored", "--nocapture"])
        .arg("app::connections::tests::what_is_answered_at_the_address")
        .env("ADDRESS", url)
        .env_remove("SSL_CERT_FILE")
        .env_remove("SSL_CERT_DIR")
        .envs(trusted);
    let output = tokio::task::spawn_blocking(move || command.output());
    let output = output.await.unwrap().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// That nothing was answered, because the server's certificate was not to be trusted.
fn refused(said: &str, failures: &Mutex<Vec<String>>) {
    assert!(said.contains("answer: ServiceUnavailable"), "{said}");
    let failures = failures.lock().unwrap();
    assert!(!failures.is_empty());
    for failure in failures.iter() {
        // Of another root with the same name, its signature is what does not fit.
        let untrusted = ["UnknownCA", "DecryptError"];
        assert!(
            untrusted.iter().any(|alert| failure.contains(alert)),
            "{failure}"
        );
    }
}

#[tokio::test]
#[ignore = "the process that the others start"]
async fn what_is_answered_at_the_address() {
    // Run with all the ignored tests, nobody has given it an address.
    let Ok(address) = std::env::var("ADDRESS") else {
        return;
    };
    let environment = ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
    let app = App::new(Parts {
        env: environment
            .map(|name| (name.to_owned(), "none".to_owned()))
            .into_iter()
            .collect::<Env>(),
        clock: Clock::system(),
        random: Random::from_seed(1),
        http: http_client(),
        limits: TimeLimits::default(),
        password_cost: crate::password::Cost::default(),
    })
    .unwrap();
    let request = http::Request::get(address);
    let request = request.body(bytes::Bytes::new()).unwrap();
    match outbound::send(&app, request).await {
        Ok(answer) => println!("answer: {}", String::from_utf8_lossy(answer.body())),
        Err(error) => println!("answer: {:?}", error.code()),
    }
}

#[tokio::test]
async fn whom_the_environment_names_is_trusted_and_nobody_else() {
    let (own, other) = (certificate(), certificate());
    let (url, failures) = serve(&own).await;
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, certificate: &CertifiedKey<KeyPair>| {
        let file = directory.path().join(name);
        std::fs::write(&file, certificate.cert.pem()).unwrap();
        file
    };
    let (own, other) = (write("own.pem", &own), write("other.pem", &other));
    let said = call(&url, Some(("SSL_CERT_FILE", &own))).await;
    assert!(said.contains("answer: trusted"), "{said}");
    assert_eq!(*failures.lock().unwrap(), [""; 0]);
    let said = call(&url, Some(("SSL_CERT_FILE", &other))).await;
    refused(&said, &failures);
}

#[tokio::test]
async fn without_a_word_in_the_environment_an_unknown_root_is_refused() {
    let (url, failures) = serve(&certificate()).await;
    let said = call(&url, None).await;
    refused(&said, &failures);
}
