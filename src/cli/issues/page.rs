//! The page of all issues, made from the rooms' catalogues.
//!
//! Promises: every id is on it, once. Never: says anything that the catalogues do not.

use super::{AT_LOAD, rooms, shown, word};

const OPENING: &str = "# Every issue, and what to do about it

This page is made from the source; `UPDATE=1 cargo test` writes it anew. `stafett explain-issue ID` prints one of these
paragraphs, `stafett explain-issue --list` one line for each.

An **issue** is about a message: `validate`, receipts (`OperationOutcome`, Acknowledgement) and the store name it by its id. Its
severity is the usual one; configuration may make some of them milder or stricter. Errors refuse a message. No text ever holds
what an element of the message says; `…` stands for a name, a key, a canonical or a number. A **finding at load** is about
something that a person wrote for the engine: configuration, packages, profiles, models, maps.

";

/// The page, as Markdown.
pub fn page() -> String {
    let mut page = String::from(OPENING);
    for (room, kinds) in rooms() {
        page.push_str(&format!("## {room}\n\n"));
        for kind in kinds {
            page.push_str(&format!(
                "### `{}`\n\n{}, issue type `{}`: *{}*\n\n{}\n\n",
                kind.id,
                word(kind.severity),
                kind.code.code(),
                shown(kind.text).replace('*', "\\*"),
                kind.help
            ));
        }
    }
    page.push_str("## At load\n\n");
    for (id, help) in AT_LOAD {
        page.push_str(&format!("### `{id}`\n\n{help}\n\n"));
    }
    page.truncate(page.trim_end().len());
    page.push('\n');
    page
}
