//! The reference page, made from the declarations of the sections.
//!
//! Promises: every key is on it, with its form and default. Never: says anything that the doc comments
//! do not.

use super::Document;
use super::read::Section;

const OPENING: &str = "# Configuration reference

This page is made from the source; `UPDATE=1 cargo test` writes it anew.

A configuration is a folder, text only: `stafett.toml` and any of `parties.toml`, `endpoints.toml`, `routes.toml`
beside it, further `.toml` files in `parties/`, `endpoints/` and `routes/`, and the organisation directory in
`directory.csv`. Paths in it count from that folder. `stafett check FOLDER` reports every mistake at once, each with
its file, line and column; a configuration with an error never becomes active.

";

const DIRECTORY: &str = "## The organisation directory

`directory.csv` has a header line and one line for each organisation or department. Its columns, in any order:
`name`; identifiers, one column for each kind (`sor`, `gln`, `yder`, `sks`, `municipality`, `her-id`, `hsa-id`,
`organisation`); `party`, the party that sends for it and receives its messages; `from` and `to`, its first and
last day. An identifier means one organisation at a time.

## The persons' file

The file that `[persons]` names has a header line and one line for each person. Its first column is the number that
persons are looked up by, and is called as maps call it (`cpr`); `from` and `to` are the first and last day of a
line, so that a general practitioner may change; every other column is something that a map can ask for: `family`,
`given`, `gp`, or any name of the site's own. `urn:stafett:person/cpr-to-gp` is the column `gp` of whoever has that `cpr`.
A person has one line at a time. What is wrong with the file is told by its place, never by its values.
";

/// The page, as Markdown.
pub fn reference() -> String {
    let mut page = String::from(OPENING);
    let mut done = Vec::new();
    describe(Document::SECTION, &mut page, &mut done);
    page.push_str(DIRECTORY);
    page
}

fn describe(section: &'static Section, page: &mut String, done: &mut Vec<&'static str>) {
    done.push(section.name);
    page.push_str(&format!("## `{}`\n\n{}\n\n", section.name, paragraph(section.docs)));
    page.push_str("| key | value | default | |\n|---|---|---|---|\n");
    for key in section.keys {
        let default = match key.default {
            Some(default) => format!("`{}`", default.replace('\'', "\"")),
            None if (key.required)() => "required".to_owned(),
            None => String::new(),
        };
        let form = (key.form)().replace('|', "\\|");
        let docs = paragraph(key.docs).replace('|', "\\|");
        page.push_str(&format!("| `{}` | {form} | {default} | {docs} |\n", key.name));
    }
    page.push('\n');
    for inner in section.keys.iter().filter_map(|key| (key.section)()) {
        if !done.contains(&inner.name) {
            describe(inner, page, done);
        }
    }
}

fn paragraph(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_section_is_on_the_page() {
        let page = reference();
        for section in ["engine", "listener", "quota", "retry", "route", "identifier path"] {
            assert!(page.contains(&format!("\n## `{section}`\n")), "{section}");
        }
        assert!(page.contains("| `body` | a size"), "{page}");
    }
}
