//! TLS of what goes out: whom a server must be able to prove to be, and what we show of ourselves.
//!
//! Promises: a certificate that no named authority vouches for is no connection; TLS 1.2 at least; one crypto
//! provider, named here. Never: a switch that lets a certificate pass unchecked; opens a file.

use crate::message::{Error, ErrorKind};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

/// A stream of bytes both ways, by TLS or in the clear.
pub trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

/// The files of an endpoint's TLS, as PEM.
#[derive(Clone, Copy, Debug, Default)]
pub struct Material<'a> {
    /// The authorities that servers are judged by; none: those that browsers trust.
    pub authorities: Option<&'a [u8]>,
    /// Our certificate with its intermediates, and its private key; none: nothing is shown.
    pub own: Option<(&'a [u8], &'a [u8])>,
}

/// How we speak TLS to somebody.
#[derive(Clone, Debug)]
pub struct Secure(Arc<ClientConfig>);

impl Secure {
    /// From its files.
    pub fn new(material: Material<'_>) -> Result<Secure, Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|e| fault("the crypto provider lacks TLS 1.2").cause(e))?
            .with_root_certificates(roots(material.authorities)?);
        let config = match material.own {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let chain: Result<Vec<_>, _> =
                    CertificateDer::pem_slice_iter(certificate).collect();
                let chain = chain.map_err(|e| fault("our certificate is no PEM").cause(e))?;
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|_| fault("the key's file holds no private key"))?;
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|e| fault("our certificate and its key cannot be used").cause(e))?
            }
        };
        Ok(Secure(Arc::new(config)))
    }

    /// A connection on which the other side has proved to be `host`.
    pub(super) async fn connect(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> io::Result<Box<dyn Stream>> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
        let stream = TlsConnector::from(Arc::clone(&self.0)).connect(name, stream).await?;
        Ok(Box::new(stream))
    }

    /// A connector for both schemes.
    pub(super) fn connector(&self, mut plain: HttpConnector) -> HttpsConnector<HttpConnector> {
        plain.enforce_http(false);
        let config = (*self.0).clone();
        let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
        builder.enable_http1().wrap_connector(plain)
    }
}

fn roots(authorities: Option<&[u8]>) -> Result<RootCertStore, Error> {
    let mut roots = RootCertStore::empty();
    let Some(pem) = authorities else {
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        return Ok(roots);
    };
    for one in CertificateDer::pem_slice_iter(pem) {
        let one = one.map_err(|e| fault("the authorities are no PEM").cause(e))?;
        roots.add(one).map_err(|e| fault("an authority cannot be used").cause(e))?;
    }
    match roots.is_empty() {
        true => Err(fault("the file of authorities holds no certificate")),
        false => Ok(roots),
    }
}

fn fault(note: &str) -> Error {
    Error::new(ErrorKind::Configuration, note)
}
