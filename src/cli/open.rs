//! Opens the store of a data folder.

use crate::message::Error;
use crate::store::{self, Options, Store};
use jiff::Timestamp;
use std::path::Path;
use std::sync::Arc;

/// Opens (or makes) the store in `folder`; refuses a second engine on the same data.
pub fn store(folder: &Path) -> Result<Arc<dyn Store>, Error> {
    Ok(Arc::new(store::open(folder, Options::default(), Timestamp::now())?))
}
