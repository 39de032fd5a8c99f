//! TLS 1.3 in front of the router: client certificates are verified if offered, and named to the handlers.

use std::{fs, path::Path, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Extension, Router};
use egate_types::LaneId;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use rustls::{RootCertStore, ServerConfig, crypto::ring, server::WebPkiClientVerifier};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use x509_cert::{
    Certificate,
    der::{
        Decode as _,
        asn1::{PrintableStringRef, Utf8StringRef},
        oid::ObjectIdentifier,
    },
};

use crate::{
    api::Peer,
    config::Tls,
    limits::{CONNECTIONS_MAX, HANDSHAKE_MS_MAX},
};

/// id-at-commonName (RFC 5280 §A.1).
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// Reads the server's identity. TLS 1.3 alone; a client certificate is optional here, because officers come
/// without, and demanded by the gates' handlers.
pub fn tls_config(files: &Tls) -> anyhow::Result<Arc<ServerConfig>> {
    let provider = Arc::new(ring::default_provider());
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&files.ca)? {
        roots
            .add(certificate)
            .context("the CA certificate is not usable")?;
    }
    let verifier =
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider))
            .allow_unauthenticated()
            .build()
            .context("the CA certificate is not usable for client certificates")?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .with_context(|| format!("cannot read the key {}", files.key.display()))?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13])
        .context("TLS 1.3 is not available")?
        .with_client_cert_verifier(verifier)
        .with_single_cert(certificates(&files.certificate)?, key)
        .context("server certificate and key do not fit")?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(Arc::new(config))
}

/// Serves connections until the task is dropped. A connection that fails harms no other.
pub async fn serve(listener: TcpListener, tls: Arc<ServerConfig>, router: Router) {
    let acceptor = TlsAcceptor::from(tls);
    let slots = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    loop {
        let Ok(slot) = Arc::clone(&slots).acquire_owned().await else {
            return;
        };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file handles, or the peer is already gone: give others time to close.
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
                continue;
            }
        };
        let (acceptor, router) = (acceptor.clone(), router.clone());
        tokio::spawn(async move {
            if let Err(error) = connection(stream, acceptor, router).await {
                tracing::debug!(%error, "connection ended");
            }
            drop(slot);
        });
    }
}

async fn connection(
    stream: TcpStream,
    acceptor: TlsAcceptor,
    router: Router,
) -> anyhow::Result<()> {
    stream.set_nodelay(true)?;
    let limit = Duration::from_millis(HANDSHAKE_MS_MAX);
    let stream = tokio::time::timeout(limit, acceptor.accept(stream))
        .await
        .context("TLS handshake took too long")?
        .context("TLS handshake failed")?;
    let presented = stream
        .get_ref()
        .1
        .peer_certificates()
        .and_then(|chain| chain.first());
    let router = router.layer(Extension(Peer(presented.and_then(lane_of))));
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limit)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router))
        .await?;
    Ok(())
}

/// The lane a verified certificate was issued to: its only common name.
fn lane_of(certificate: &CertificateDer<'_>) -> Option<LaneId> {
    let certificate = Certificate::from_der(certificate).ok()?;
    let subject = &certificate.tbs_certificate.subject;
    let mut names = subject
        .0
        .iter()
        .flat_map(|rdn| rdn.0.iter())
        .filter(|attribute| attribute.oid == COMMON_NAME)
        .map(|attribute| {
            let value = &attribute.value;
            let utf8 = value
                .decode_as::<Utf8StringRef<'_>>()
                .map(|s| s.as_str().to_owned());
            utf8.or_else(|_| {
                value
                    .decode_as::<PrintableStringRef<'_>>()
                    .map(|s| s.as_str().to_owned())
            })
        });
    let name = names.next()?.ok()?;
    if names.next().is_some() {
        return None;
    }
    LaneId::parse(&name).ok()
}

fn certificates(path: &Path) -> anyhow::Result<Vec<CertificateDer<'static>>> {
    let pem = fs::read(path).with_context(|| {
        format!(
            "cannot read {}; create it with `central pki`",
            path.display()
        )
    })?;
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
    all.with_context(|| format!("{} is not a PEM certificate", path.display()))
}
