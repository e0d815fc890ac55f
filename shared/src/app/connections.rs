//! The pooled connections over which everything outside is called, AWS, Stripe and Google alike.
//!
//! Whom TLS trusts is part of the binary: Mozilla's roots. To read a system's certificates takes longer
//! than all else of a function's start. `SSL_CERT_FILE` and `SSL_CERT_DIR`, where one is set, name
//! those that are trusted instead.

use std::sync::{Arc, LazyLock};

use aws_smithy_http_client::{
    Builder,
    tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode},
};
use aws_smithy_runtime_api::client::{
    connector_metadata::ConnectorMetadata,
    http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient,
        SharedHttpConnector,
    },
    orchestrator::HttpRequest,
    runtime_components::RuntimeComponents,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use webpki_root_certs::TLS_SERVER_ROOT_CERTS;

/// Pooled connections, to be shared by all clients. TLS is set up when an `https` address is first
/// called.
pub fn http_client() -> SharedHttpClient {
    SharedHttpClient::new(Connections {
        plain: client(TrustStore::empty()),
        secure: Arc::new(LazyLock::new(|| client(trusted()))),
    })
}

#[derive(Clone, Debug)]
struct Connections {
    plain: SharedHttpClient,
    secure: Arc<LazyLock<SharedHttpClient>>,
}

/// aws-lc is the one crypto provider.
fn client(trusted: TrustStore) -> SharedHttpClient {
    let context = TlsContext::builder().with_trust_store(trusted).build();
    Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .tls_context(context.unwrap_or_default())
        .build_https()
}

fn trusted() -> TrustStore {
    if ["SSL_CERT_FILE", "SSL_CERT_DIR"]
        .iter()
        .any(|name| std::env::var_os(name).is_some())
    {
        return TrustStore::empty().with_native_roots(true);
    }
    let mut pem = String::new();
    for certificate in TLS_SERVER_ROOT_CERTS {
        pem.push_str("-----BEGIN CERTIFICATE-----\n");
        STANDARD.encode_string(certificate, &mut pem);
        pem.push_str("\n-----END CERTIFICATE-----\n");
    }
    TrustStore::empty().with_pem_certificate(pem)
}

impl HttpClient for Connections {
    fn http_connector(
        &self,
        settings: &HttpConnectorSettings,
        components: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(ByScheme {
            connections: self.clone(),
            settings: settings.clone(),
            components: components.clone(),
        })
    }

    fn connector_metadata(&self) -> Option<ConnectorMetadata> {
        self.plain.connector_metadata()
    }
}

/// The connector of an attempt, chosen when its address is known.
#[derive(Debug)]
struct ByScheme {
    connections: Connections,
    settings: HttpConnectorSettings,
    components: RuntimeComponents,
}

impl HttpConnector for ByScheme {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let client = match request.uri().starts_with("https:") {
            true => &**self.connections.secure,
            false => &self.connections.plain,
        };
        client
            .http_connector(&self.settings, &self.components)
            .call(request)
    }
}

#[cfg(test)]
mod tests;
