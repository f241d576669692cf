//! TLS as a configuration describes it: whose certificates are shown, whose are believed.
//!
//! Promises: names files, and never holds a key. Never: opens a file.

use super::read::{Field, Reader, section, words};
use super::value::{At, parsed};
use crate::message::CertificateName;
use toml::Spanned;
use toml::de::DeValue;

words! {
    /// What a listener asks of the certificates of clients.
    ClientCertificates {
        /// one must be shown, and the party is the one that is named in it.
        Required = "required",
        /// one may be shown; without it a bearer token is needed.
        Optional = "optional",
        /// none is asked for.
        None = "none",
    }
}

section! {
    /// How a listener speaks TLS (1.2 or 1.3). Its files are read again at a reload, and hold from the next handshake on.
    ListenerTls as "listener tls" {
        /// A file with the listener's certificate and its intermediates (PEM), from the configuration's folder.
        certificate: At<Box<str>>,
        /// A file with its private key (PEM); kept out of the configuration's folder, or readable by the engine alone.
        key: At<Box<str>>,
        /// What is asked of clients.
        clients: ClientCertificates = "'required'",
        /// A file with the certificates (PEM) of the authorities that clients' certificates are judged by.
        client_authorities: Option<At<Box<str>>>,
        /// Files with lists of revoked certificates (CRL, PEM). Where there are any, a client whose authority has no list here
        /// is refused, and so is every client once a list has run out: load a new one in time.
        revoked: Vec<At<Box<str>>>,
    }
}

section! {
    /// How an endpoint is reached by TLS: `https:` and `mllps:`.
    EndpointTls as "endpoint tls" {
        /// A file with the certificates (PEM) of the authorities that the receiver's own is judged by, from the configuration's
        /// folder. Not set: those that browsers trust.
        authorities: Option<At<Box<str>>>,
        /// A file with the certificate that we show, with its intermediates (PEM). Not set: none is shown.
        certificate: Option<At<Box<str>>>,
        /// A file with its private key (PEM).
        key: Option<At<Box<str>>>,
    }
}

impl Field for CertificateName {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<CertificateName> {
        parsed(value, reader, &Self::form(), |text| {
            CertificateName::parse(text).ok_or_else(|| {
                format!("`{text}` is no name in a certificate: expected {}", Self::form())
            })
        })
    }

    fn form() -> String {
        "`\"dns:NAME\"`, `\"uri:NAME\"`, `\"cn:NAME\"`, `\"serial-number:NAME\"` or `\"organization-identifier:NAME\"`".to_owned()
    }
}
