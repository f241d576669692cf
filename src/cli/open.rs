//! Opens the store of a configuration.

use crate::config::Config;
use crate::message::Error;
use crate::store::{self, Options, Store, journal};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// What a message needs in a segment beyond its bodies.
const BESIDE: u64 = 16 << 10;

/// Opens (or makes) the store in `folder`; refuses a second engine on the same data.
pub fn store(folder: &Path, config: &Config) -> Result<Arc<dyn Store>, Error> {
    let least = config.limits.body.0.saturating_mul(3).saturating_add(BESIDE);
    let segment_bytes = config.store.segment.0.max(least);
    let journal = journal::Settings { segment_bytes, ..journal::Settings::default() };
    Ok(Arc::new(store::open(folder, Options { journal }, Timestamp::now())?))
}
