//! HTTPS in front of the AWS stand-ins: in the cloud, a function's first call is mostly the
//! handshake and the reading of the system's certificates.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::aws_lc_rs::default_provider,
        pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    },
};

use crate::world::sentence;

/// Where a Linux system keeps whom it trusts: Amazon Linux, then Debian.
const TRUSTED: [&str; 2] = [
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/certs/ca-certificates.crt",
];

/// A server that hands on to a plain one.
pub struct Front {
    /// `https://localhost:…`
    pub url: String,
    /// All certificates to be trusted: the system's and this server's.
    pub trusted: PathBuf,
}

impl Front {
    /// Serves until the process ends; the certificates go into `directory`.
    pub async fn start(behind: SocketAddr, directory: &Path) -> Result<Self, String> {
        let made =
            rcgen::generate_simple_self_signed(["localhost".to_owned()]).map_err(sentence)?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(sentence)?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], PrivateKeyDer::Pkcs8(key))
            .map_err(sentence)?;
        let mut certificates = TRUSTED
            .iter()
            .find_map(|file| std::fs::read_to_string(file).ok())
            .unwrap_or_default();
        certificates.push_str(&made.cert.pem());
        let trusted = directory.join("trusted.pem");
        std::fs::write(&trusted, certificates).map_err(sentence)?;

        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(sentence)?;
        let port = listener.local_addr().map_err(sentence)?.port();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    // Whoever breaks off is no concern of ours.
                    let _ = stream.set_nodelay(true);
                    if let Ok(mut stream) = acceptor.accept(stream).await
                        && let Ok(mut behind) = TcpStream::connect(behind).await
                    {
                        let _ = behind.set_nodelay(true);
                        let _ = tokio::io::copy_bidirectional(&mut stream, &mut behind).await;
                    }
                });
            }
        });
        Ok(Self {
            url: format!("https://localhost:{port}"),
            trusted,
        })
    }
}
