//! Archives made for a test.

use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{Builder, Header};

/// A package: what it says about itself, and a profile under a canonical of its own.
pub fn package(name: &str, version: &str, dependencies: &str) -> Vec<u8> {
    let about =
        format!(r#"{{"name":"{name}","version":"{version}","dependencies":{{{dependencies}}}}}"#);
    let set = format!(
        r#"{{"resourceType":"ValueSet","url":"http://example.org/{name}","version":"{version}"}}"#
    );
    of(&[("package/package.json", about.as_bytes()), ("package/ValueSet-a.json", set.as_bytes())])
}

/// An archive of these members.
pub fn of(members: &[(&str, &[u8])]) -> Vec<u8> {
    let zipped = GzEncoder::new(Vec::new(), Compression::fast());
    let mut tar = Builder::new(zipped);
    for (name, content) in members {
        let mut header = Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        tar.append_data(&mut header, name, *content).expect("memory takes every write");
    }
    let zipped = tar.into_inner().expect("memory takes every write");
    zipped.finish().expect("memory takes every write")
}
