//! The files of TLS: read, tried, and what is wrong with them said at their place in the configuration.
//!
//! Promises: `check` finds every certificate and key that `run` could not use. Never: prints what is in a file.

use crate::config::{At, Config, Endpoint, EndpointTls, Listener, ListenerKind, ListenerTls, Url};
use crate::deliver::tls::{Material, Secure};
use crate::message::{Diagnostic, Error};
use crate::pipeline::Secured;
use crate::receive::tls;
use std::path::Path;

/// Every listener's TLS, by its name.
pub fn listeners(folder: &Path, config: &Config, found: &mut Vec<Diagnostic>) -> Secured {
    let mut all = Secured::new();
    for listener in &config.listeners {
        let Some(settings) = &listener.tls else { continue };
        match one(folder, listener, settings) {
            Ok(secured) => drop(all.insert((*listener.name).into(), secured)),
            Err(diagnostic) => found.push(*diagnostic),
        }
    }
    all
}

fn one(
    folder: &Path,
    listener: &Listener,
    settings: &ListenerTls,
) -> Result<tls::Secured, Box<Diagnostic>> {
    let authorities = settings.client_authorities.as_ref();
    let revoked: Result<_, _> = settings.revoked.iter().map(|at| file(folder, at)).collect();
    let material = tls::Material {
        certificate: file(folder, &settings.certificate)?,
        key: file(folder, &settings.key)?,
        authorities: authorities.map(|at| file(folder, at)).transpose()?,
        revoked: revoked?,
    };
    let protocols: &[&str] = match listener.kind {
        ListenerKind::Messages => &["http/1.1"],
        ListenerKind::Mllp | ListenerKind::Operations => &[],
    };
    tls::Secured::new(&material, settings.clients, protocols)
        .map_err(|error| unusable(&settings.certificate, &error))
}

/// How an endpoint is reached by TLS; none: in the clear.
pub fn endpoint(folder: &Path, endpoint: &Endpoint) -> Result<Option<Secure>, Box<Diagnostic>> {
    reached(folder, &endpoint.url, endpoint.tls.as_ref())
}

/// How a URL is reached by TLS.
pub fn reached(
    folder: &Path,
    url: &At<Url>,
    tls: Option<&EndpointTls>,
) -> Result<Option<Secure>, Box<Diagnostic>> {
    if !url.secure {
        return Ok(None);
    }
    let Some(settings) = tls else {
        let secure = Secure::new(Material::default());
        return secure.map(Some).map_err(|error| unusable(url, &error));
    };
    let read = |at: &Option<At<Box<str>>>| at.as_ref().map(|at| file(folder, at)).transpose();
    let authorities = read(&settings.authorities)?;
    let (certificate, key) = (read(&settings.certificate)?, read(&settings.key)?);
    let material = Material {
        authorities: authorities.as_deref(),
        own: certificate.as_deref().zip(key.as_deref()),
    };
    let place = settings.certificate.as_ref().or(settings.authorities.as_ref());
    Secure::new(material).map(Some).map_err(|error| match place {
        Some(place) => unusable(place, &error),
        None => unusable(url, &error),
    })
}

fn file(folder: &Path, at: &At<Box<str>>) -> Result<Vec<u8>, Box<Diagnostic>> {
    std::fs::read(folder.join(&*at.value)).map_err(|error| {
        let text = format!("`{}` from the configuration's folder: {error}", at.value);
        Box::new(Diagnostic::error(at.origin.clone(), "config-no-such-file", text))
    })
}

fn unusable<T>(at: &At<T>, error: &Error) -> Box<Diagnostic> {
    Box::new(Diagnostic::error(at.origin.clone(), "config-bad-certificate", error.to_string()))
}

/// Notes when the certificates end that the configuration names; one that cannot be read is found elsewhere.
pub fn expiries(folder: &Path, config: &mut Config) {
    let listeners = config.listeners.iter().filter_map(|one| one.tls.as_ref());
    let own = listeners.map(|tls| &tls.certificate);
    let shown = config.endpoints.iter().filter_map(|one| one.tls.as_ref()?.certificate.as_ref());
    let mut ends: Vec<(Box<str>, jiff::Timestamp)> = own
        .chain(shown)
        .filter_map(|at| {
            let pem = std::fs::read(folder.join(&*at.value)).ok()?;
            Some((at.value.clone(), tls::ends(&pem)?))
        })
        .collect();
    ends.sort();
    ends.dedup();
    config.expiries = ends;
}
