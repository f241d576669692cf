//! TLS of what comes in: our certificate, and which client certificates are believed.
//!
//! Promises: TLS 1.2 at least; a client's certificate is judged by the named authorities and, where there are
//! lists of revoked ones, by lists that are still valid, and unknown is no; what is read anew holds from the
//! next handshake on. Never: opens a file, or accepts in the clear what was configured with TLS.

use super::certificate;
use crate::config::ClientCertificates;
use crate::message::{CertificateName, Error, ErrorKind};
use arc_swap::ArcSwap;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use rustls::{RootCertStore, ServerConfig};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// The files of a listener's TLS, as PEM.
#[derive(Clone, Debug, Default)]
pub struct Material {
    /// The certificate with its intermediates.
    pub certificate: Vec<u8>,
    /// Its private key.
    pub key: Vec<u8>,
    /// The authorities of clients.
    pub authorities: Option<Vec<u8>>,
    /// Lists of revoked certificates.
    pub revoked: Vec<Vec<u8>>,
}

/// How one listener speaks TLS; read anew by replacing what it holds.
pub struct Secured(ArcSwap<ServerConfig>);

impl Secured {
    /// From its files. `protocols` are offered to clients that ask (ALPN).
    pub fn new(
        material: &Material,
        clients: ClientCertificates,
        protocols: &[&str],
    ) -> Result<Secured, Error> {
        let verifier = verifier(material, clients)?;
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|e| fault("the crypto provider lacks TLS 1.2").cause(e))?;
        let builder = match verifier {
            Some(verifier) => builder.with_client_cert_verifier(verifier),
            None => builder.with_no_client_auth(),
        };
        let chain = certificates(&material.certificate, "the certificate's file")?;
        let key = PrivateKeyDer::from_pem_slice(&material.key)
            .map_err(|_| fault("the key's file holds no private key"))?;
        let mut config = builder
            .with_single_cert(chain, key)
            .map_err(|e| fault("the certificate and its key cannot be used").cause(e))?;
        config.alpn_protocols = protocols.iter().map(|one| one.as_bytes().to_vec()).collect();
        Ok(Secured(ArcSwap::from_pointee(config)))
    }

    /// Takes over what another holds; connections that are open go on with what they began with.
    pub fn replace(&self, other: &Secured) {
        self.0.store(other.0.load_full());
    }

    /// The handshake, and the names of the client's certificate.
    pub(super) async fn accept(
        &self,
        stream: TcpStream,
    ) -> std::io::Result<(TlsStream<TcpStream>, Vec<CertificateName>)> {
        let stream = TlsAcceptor::from(self.0.load_full()).accept(stream).await?;
        let owner = stream.get_ref().1.peer_certificates().and_then(|chain| chain.first());
        let names = owner.map(|owner| certificate::names(owner)).unwrap_or_default();
        Ok((stream, names))
    }
}

fn verifier(
    material: &Material,
    clients: ClientCertificates,
) -> Result<Option<Arc<dyn ClientCertVerifier>>, Error> {
    let Some(authorities) = material.authorities.as_ref() else { return Ok(None) };
    if clients == ClientCertificates::None {
        return Ok(None);
    }
    let mut roots = RootCertStore::empty();
    for one in certificates(authorities, "the file of client authorities")? {
        roots.add(one).map_err(|e| fault("a client authority cannot be used").cause(e))?;
    }
    let mut builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider());
    let mut lists = Vec::new();
    for file in &material.revoked {
        let before = lists.len();
        for list in CertificateRevocationListDer::pem_slice_iter(file) {
            lists.push(list.map_err(|e| fault("a list of revoked ones is no PEM").cause(e))?);
        }
        if lists.len() == before {
            return Err(fault("a file of revoked certificates holds no list"));
        }
    }
    if !lists.is_empty() {
        // A list that has run out says nothing any more, and nothing said is a no.
        builder = builder.with_crls(lists).enforce_revocation_expiration();
    }
    if clients == ClientCertificates::Optional {
        builder = builder.allow_unauthenticated();
    }
    let verifier =
        builder.build().map_err(|e| fault("client authorities cannot be used").cause(e))?;
    Ok(Some(verifier))
}

/// When the first certificate of a file (PEM) ends, which is the owner's.
pub fn ends(pem: &[u8]) -> Option<jiff::Timestamp> {
    let first = CertificateDer::pem_slice_iter(pem).next()?.ok()?;
    certificate::ends(&first)
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, Error> {
    let all: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let all = all.map_err(|e| fault(&format!("{what} is no PEM")).cause(e))?;
    match all.is_empty() {
        true => Err(fault(&format!("{what} holds no certificate"))),
        false => Ok(all),
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn fault(note: &str) -> Error {
    Error::new(ErrorKind::Configuration, note)
}
