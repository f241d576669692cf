//! TLS for what goes out: whom a server must be able to prove to be.
//!
//! Promises: a certificate that no named authority vouches for is no connection; TLS 1.2 at least; one crypto
//! provider, named here. Never: a switch that lets a certificate pass unchecked.

use crate::message::{Error, ErrorKind};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use std::sync::Arc;

/// A connector for both schemes. `authorities` are certificates as PEM; none: those that browsers trust.
pub fn connector(
    mut plain: HttpConnector,
    authorities: Option<&[u8]>,
) -> Result<HttpsConnector<HttpConnector>, Error> {
    plain.enforce_http(false);
    let fault = |note: &str| Error::new(ErrorKind::Configuration, note);
    let mut roots = RootCertStore::empty();
    match authorities {
        None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(pem) => {
            for one in CertificateDer::pem_slice_iter(pem) {
                let one = one.map_err(|e| fault("the authorities are no PEM").cause(e))?;
                roots.add(one).map_err(|e| fault("an authority cannot be used").cause(e))?;
            }
            if roots.is_empty() {
                return Err(fault("the file of authorities holds no certificate"));
            }
        }
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| fault("the crypto provider lacks TLS 1.2").cause(e))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    let builder = HttpsConnectorBuilder::new().with_tls_config(config).https_or_http();
    Ok(builder.enable_http1().wrap_connector(plain))
}
