//! The gate on writers' memory: with room for the output and the memory of the last message, writing letters and
//! HL7 v2 allocates nothing, as they came and anew, in every charset.

use super::files;
use crate::support;
use bytes::Bytes;
use libtest_mimic::Failed;
use stafett::definitions::{Library, LibraryBuilder};
use stafett::format::Scratch;
use stafett::format::charset::Charset;
use stafett::message::Syntax;
use stafett::tree::{Header, Tree};
use std::path::Path;
use std::sync::Arc;

fn read(library: &Library, syntax: Syntax, file: &Path) -> Result<Tree, Failed> {
    let bytes = Bytes::from(std::fs::read(file)?);
    let wire = library.wire();
    let decoded = wire.decode(syntax, &bytes, None);
    let decoded = decoded.map_err(|issue| format!("{}: {}", file.display(), issue.kind.id))?;
    let mut tree = Tree::new(Arc::clone(library.names()));
    let mut issues = Vec::new();
    match wire.read(syntax, decoded.text, &mut tree, &mut issues) {
        true => {
            wire.type_tree(syntax, &mut tree, &mut issues);
            Ok(tree)
        }
        false => Err(format!("{}: it cannot be read", file.display()).into()),
    }
}

/// What the third writing of a tree allocates, and how many bytes it makes.
fn third(
    library: &Library,
    tree: &Tree,
    (syntax, charset): (Syntax, Charset),
    scratch: &mut Scratch,
    out: &mut Vec<u8>,
) -> Result<(u64, usize), Failed> {
    let wire = library.wire();
    let mut once = || {
        out.clear();
        wire.write_with(tree, syntax, charset, scratch, out)
    };
    once()?;
    once()?;
    let mut written = Ok(());
    let counted = allocation_counter::measure(|| written = once());
    written?;
    Ok((counted.count_total, out.len()))
}

/// Every message of the cases, as it came and as if a map had made it.
pub fn warm() -> Result<(), Failed> {
    let mut builder = LibraryBuilder::new();
    builder.add_hl7v2();
    builder.add_edifact();
    let (library, _) = builder.build();
    let (mut scratch, mut out) = (Scratch::new(), Vec::new());
    let (mut wrong, mut written) = (String::new(), [0; 3]);
    let kinds = [("hl7", Syntax::Hl7v2), ("edi", Syntax::Edifact), ("xml", Syntax::Xml)];
    for (place, (extension, syntax)) in kinds.into_iter().enumerate() {
        for file in files(support::root().join("mappings"), extension)? {
            let Ok(mut tree) = read(&library, syntax, &file) else { continue };
            let charsets: &[Charset] = match syntax {
                Syntax::Xml => &[Charset::Utf8, Charset::Latin1, Charset::Windows1252],
                _ => &[Charset::Utf8],
            };
            for anew in [false, true] {
                if anew {
                    tree.header = Header::default();
                }
                for charset in charsets {
                    let how = (syntax, *charset);
                    // what a case refuses for its content may be what nobody can write anew
                    let Ok((count, length)) = third(&library, &tree, how, &mut scratch, &mut out)
                    else {
                        continue;
                    };
                    written[place] += usize::from(length > 0);
                    if count > 0 {
                        let name = file.display();
                        wrong += &format!("{name}, {}, anew {anew}: {count}\n", charset.name());
                    }
                }
            }
        }
    }
    match wrong.is_empty() && written.iter().all(|count| *count > 100) {
        true => Ok(()),
        false => Err(format!("{wrong}{written:?} written").into()),
    }
}
