//! A folder that messages are put into, one a file.
//!
//! Promises: a file appears whole, under a temporary name first, and is on disk before it counts as delivered; its
//! name is the same at every attempt, and in the order of commit among others. Never: makes the folder, for a share
//! that is not mounted is no place to put messages.

use super::send::{Reply, Sending};
use crate::message::{AttemptOutcome, Syntax};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Puts one message there.
pub(super) async fn send(folder: &Path, sending: Sending) -> Reply {
    let folder = folder.to_owned();
    let put = tokio::task::spawn_blocking(move || put(&folder, &sending)).await;
    match put {
        Ok(Ok(_)) => Reply::Judged(AttemptOutcome::Sent { receipt: None }),
        Ok(Err(error)) if error.kind() == io::ErrorKind::NotFound => {
            Reply::Unreachable("no-such-folder")
        }
        Ok(Err(error)) if error.kind() == io::ErrorKind::StorageFull => {
            Reply::Unreachable("folder-full")
        }
        Ok(Err(_)) | Err(_) => Reply::Unreachable("folder-not-writable"),
    }
}

fn put(folder: &Path, sending: &Sending) -> io::Result<PathBuf> {
    let name = name(sending);
    let temporary = folder.join(format!(".{name}.tmp"));
    let whole = folder.join(name);
    let written = File::create(&temporary).and_then(|mut file| {
        file.write_all(&sending.bytes)?;
        file.sync_all()
    });
    if let Err(error) = written {
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    fs::rename(&temporary, &whole)?;
    File::open(folder)?.sync_all()?;
    Ok(whole)
}

/// `000000000042-0-MESSAGE.json`: place in the journal, which of its deliveries, and the message's id as far as it
/// can stand in a name.
fn name(sending: &Sending) -> String {
    let id = &*sending.message.0;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let mut shown: String = id.chars().take(64).map(|c| if fits(c) { c } else { '_' }).collect();
    if shown != id {
        // Two ids that look alike here are two files.
        shown = format!("{shown}-{}", &blake3::hash(id.as_bytes()).to_hex()[..8]);
    }
    let extension = match sending.syntax {
        Syntax::FhirJson => "json",
        Syntax::FhirXml | Syntax::Xml => "xml",
        Syntax::Hl7v2 => "hl7",
        Syntax::Edifact => "edi",
    };
    let unit = sending.delivery.unit;
    let partition = match unit.partition {
        0 => String::new(),
        n => format!("{n}-"),
    };
    let index = sending.delivery.index;
    format!("{partition}{:012}-{index}-{shown}.{extension}", unit.sequence)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::{DeliveryId, MessageId, Position};
    use bytes::Bytes;

    fn sending(id: &str) -> Sending {
        let unit = Position { partition: 0, sequence: 42 };
        Sending {
            delivery: DeliveryId { unit, index: 1 },
            message: MessageId(id.into()),
            syntax: Syntax::Edifact,
            bytes: Bytes::from_static(b"UNB"),
            possible_duplicate: false,
        }
    }

    #[test]
    fn names_are_names_and_nothing_else() {
        assert_eq!(name(&sending("a-1")), "000000000042-1-a-1.edi");
        let (one, two) = (name(&sending("../../etc/x y")), name(&sending("../../etc/x_y")));
        assert_ne!(one, two);
        assert!(!one.contains('/') && one.starts_with("000000000042-1-.._.._etc_x_y-"), "{one}");
        assert!(name(&sending(&"x".repeat(500))).len() < 100);
    }

    #[test]
    fn whole_or_not_at_all() {
        let folder = tempfile::TempDir::new().unwrap();
        let put_at = put(folder.path(), &sending("a")).unwrap();
        assert_eq!(put(folder.path(), &sending("a")).unwrap(), put_at, "a retry is the same file");
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!((names.len(), fs::read(put_at).unwrap()), (1, b"UNB".to_vec()));
        let missing = put(&folder.path().join("none"), &sending("a"));
        assert_eq!(missing.unwrap_err().kind(), io::ErrorKind::NotFound);
    }
}
