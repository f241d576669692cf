//! Archives into a library: from the cache of the last start where that fits, decoded where it does not.
//!
//! Promises: the same library either way; a cache that does not fit is made anew and said in the log, and one
//! that cannot be written stops nothing. Never: trusts a cache before its key and its sum.

use super::load::Blob;
use super::shelf::write_whole;
use crate::definitions::cache::{self, Key, Unfit};
use crate::definitions::{LibraryBuilder, Package};
use crate::message::Error;
use std::fs;
use std::io;
use std::path::Path;

/// More threads than these gain nothing.
const MOST_THREADS: usize = 8;

/// Adds archives to a library; what could not be added, by name. Without a path nothing is kept.
pub fn add(
    builder: &mut LibraryBuilder,
    archives: &[&Blob],
    cache: Option<&Path>,
) -> Vec<(String, Error)> {
    if archives.is_empty() {
        return Vec::new();
    }
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get().min(MOST_THREADS));
    let kept = cache.map(|path| (path, Key::of(archives.iter().map(|one| &*one.bytes))));
    let found = kept.and_then(|(path, key)| read(path, &key, threads));
    let decoded: Vec<Result<Package, Error>> = match found {
        Some(packages) if packages.len() == archives.len() => {
            packages.into_iter().map(Ok).collect()
        }
        _ => {
            let list: Vec<(&str, &[u8])> =
                archives.iter().map(|one| (&*one.name, &*one.bytes)).collect();
            let decoded = Package::decode_all(&list, threads);
            if let Some((path, key)) = kept {
                keep(path, &key, &decoded);
            }
            decoded
        }
    };
    let mut refused = Vec::new();
    for (blob, one) in archives.iter().zip(decoded) {
        if let Err(error) = one.and_then(|one| builder.add_decoded(&blob.name, one)) {
            refused.push((blob.name.clone(), error));
        }
    }
    refused
}

fn read(path: &Path, key: &Key, threads: usize) -> Option<Vec<Package>> {
    let shown = path.display();
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return None,
        Err(error) => {
            tracing::warn!(file = %shown, %error, "the cache of definitions cannot be read");
            return None;
        }
    };
    match cache::read(&bytes, key, threads) {
        Ok(packages) => Some(packages),
        Err(Unfit::Stale) => {
            tracing::info!(file = %shown, "the cache of definitions is stale and made anew");
            None
        }
        Err(unfit @ Unfit::Damaged) => {
            tracing::warn!(file = %shown, "the cache of definitions is {unfit} and made anew");
            None
        }
    }
}

/// Keeps what was decoded, unless a part of it was refused.
fn keep(path: &Path, key: &Key, decoded: &[Result<Package, Error>]) {
    let all: Option<Vec<&Package>> = decoded.iter().map(|one| one.as_ref().ok()).collect();
    let Some(bytes) = all.and_then(|all| cache::write(key, all)) else { return };
    if let Err(error) = write_whole(path, &bytes) {
        tracing::warn!(file = %path.display(), %error, "the cache of definitions cannot be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    fn archive(version: &str) -> Blob {
        let about = format!(r#"{{"name":"a","version":"{version}"}}"#);
        let set = r#"{"resourceType":"ValueSet","url":"v"}"#;
        let mut tar = tar::Builder::new(Vec::new());
        for (name, text) in [("package/package.json", &*about), ("package/v.json", set)] {
            let mut header = tar::Header::new_ustar();
            header.set_size(text.len() as u64);
            header.set_cksum();
            tar.append_data(&mut header, name, text.as_bytes()).unwrap();
        }
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(&tar.into_inner().unwrap()).unwrap();
        Blob { name: "a.tgz".into(), bytes: out.finish().unwrap() }
    }

    fn load(archives: &[&Blob], cache: &Path) -> (usize, usize) {
        let mut builder = LibraryBuilder::new();
        let refused = add(&mut builder, archives, Some(cache));
        (builder.build().0.packages().len() - 2, refused.len())
    }

    #[test]
    fn a_cache_is_used_replaced_and_mended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("definitions");
        let (one, two) = (archive("1.0.0"), archive("2.0.0"));
        assert_eq!(load(&[&one], &path), (1, 0));
        let first = fs::read(&path).unwrap();
        assert_eq!(load(&[&one], &path), (1, 0));
        assert_eq!(fs::read(&path).unwrap(), first);
        assert_eq!(load(&[&one, &two], &path), (2, 0));
        let both = fs::read(&path).unwrap();
        assert_ne!(both, first);
        // damaged, it is made anew; the same package twice is refused from the cache, too
        fs::write(&path, &both[..both.len() - 1]).unwrap();
        assert_eq!(load(&[&one, &two], &path), (2, 0));
        assert_eq!(fs::read(&path).unwrap(), both);
        assert_eq!(load(&[&one, &one], &path), (1, 1));
        assert_eq!(load(&[&one, &one], &path), (1, 1));
        // what is refused is not kept, and a place that cannot be written stops nothing
        let broken = Blob { name: "b.tgz".into(), bytes: b"no archive".to_vec() };
        let before = fs::read(&path).unwrap();
        assert_eq!(load(&[&one, &broken], &path), (1, 1));
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(load(&[&one], &folder.path().join("no/such/folder")), (1, 0));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
