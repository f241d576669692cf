//! A package registry behind an address.
//!
//! Promises: every request goes to the host that was configured: an archive that a document places elsewhere
//! is asked for under `{base}/{name}/{version}`, where FHIR registries have it. Never: follows a redirect.

use crate::config::Url;
use crate::definitions::archive::ARCHIVE_BYTES;
use crate::definitions::packages::{Dist, Registry, Versions};
use crate::deliver::fetch::Fetcher;
use crate::message::{Error, ErrorKind};
use bytes::Bytes;
use std::path::Path;
use tokio::runtime::{Builder, Runtime};

/// The largest document about a package's versions: 16 MB.
const DOCUMENT_BYTES: usize = 16 << 20;

/// A registry.
pub struct Online {
    base: Url,
    fetcher: Fetcher,
    runtime: Runtime,
}

impl Online {
    /// The registry at a base address; nothing is asked yet. `authorities` is a file.
    pub fn at(base: Url, authorities: Option<&Path>) -> Result<Online, Error> {
        let read = |path: &Path| {
            let note = path.display().to_string();
            std::fs::read(path).map_err(|e| Error::new(ErrorKind::Configuration, note).cause(e))
        };
        let pem = authorities.map(read).transpose()?;
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime =
            runtime.map_err(|e| Error::new(ErrorKind::Internal, "no runtime").cause(e))?;
        Ok(Online { base, fetcher: Fetcher::new(pem.as_deref())?, runtime })
    }

    fn below(&self, steps: &[&str]) -> Url {
        let mut url = self.base.clone();
        let path = url.path.trim_end_matches('/');
        url.path = steps.iter().fold(path.to_owned(), |path, step| format!("{path}/{step}")).into();
        url
    }

    fn get(&self, url: &Url, accept: &'static str, most: usize) -> Result<Option<Bytes>, Error> {
        self.runtime.block_on(self.fetcher.get(url, accept, most))
    }
}

impl Registry for Online {
    fn versions(&mut self, name: &str) -> Result<Option<Versions>, Error> {
        let url = self.below(&[name]);
        let Some(document) = self.get(&url, "application/json", DOCUMENT_BYTES)? else {
            return Ok(None);
        };
        let versions = Versions::parse(&document);
        versions.map(Some).map_err(|e| Error { note: format!("{url}: {}", e.note), ..e })
    }

    fn archive(
        &mut self,
        name: &str,
        version: &str,
        dist: &Dist,
    ) -> Result<Option<(Vec<u8>, String)>, Error> {
        let same = |url: &Url| {
            (url.secure, &url.host, url.port) == (self.base.secure, &self.base.host, self.base.port)
        };
        let given = dist.tarball.as_deref().and_then(|text| Url::parse(text).ok()).filter(same);
        let url = given.unwrap_or_else(|| self.below(&[name, version]));
        let found = self.get(&url, "application/gzip, application/octet-stream", ARCHIVE_BYTES)?;
        Ok(found.map(|bytes| (bytes.to_vec(), url.to_string())))
    }
}
