//! `docs/formats.md`, made of what the project has: the models of its definitions, the maps under mappings/, what they
//! declare to drop, and the lists of losses beside them. Nothing of it is typed twice.

use crate::support;
use libtest_mimic::Failed;
use stafett::definitions::{edifact, hl7v2};
use stafett::format::charset::Charset;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "# Formats

Made by the tests from the models, the maps and what lies beside them (`UPDATE=1 cargo test --test it -- mapsets` writes it
anew). How a format is written in a map: [wire.md](wire.md); codes that have no translation: [CODES.md](../mappings/CODES.md).

";

/// Formats: what a `uses` of theirs begins with, what they are called, their charsets, what each keeps.
const FORMATS: &[(&str, &str, &[Charset], &str)] = &[
    (
        "http://hl7.org/v2/",
        "HL7 v2",
        &[Charset::Utf8, Charset::Latin1, Charset::Latin9, Charset::Windows1252],
        "delimited form; byte for byte when nothing is changed; a batch is refused",
    ),
    (
        "https://stafett.example/models/edifact/",
        "EDIFACT",
        &[Charset::Latin1],
        "MedCom's subset; byte for byte when nothing is changed; counts and references are checked",
    ),
    (
        "https://stafett.example/models/oioxml-",
        "OIOXML",
        &[Charset::Utf8, Charset::Latin1, Charset::Latin9, Charset::Windows1252],
        "comments and processing instructions are dropped and said",
    ),
    (
        "https://stafett.example/models/kith-",
        "KITH",
        &[Charset::Utf8, Charset::Latin1, Charset::Latin9, Charset::Windows1252],
        "MsgHead with its payload, by namespace; comments are dropped and said",
    ),
    (
        "http://hl7.org/fhir/",
        "FHIR R4",
        &[Charset::Utf8],
        "JSON and XML; XML is read in any of the charsets above",
    ),
];

/// What the models of HL7 v2 must hold.
const SEGMENTS: &str = "MSH EVN PID PD1 NK1 PV1 PV2 AL1 DG1 PR1 OBR OBX NTE TXA RF1 PRD CTD AUT IN1 ORC SCH AIL AIP \
                        MRG MSA ERR";
const MESSAGES: &str = "ADT^A01 ADT^A02 ADT^A03 ADT^A04 ADT^A08 ADT^A11 ADT^A13 ADT^A16 ADT^A21 ADT^A22 ADT^A25 \
                        ADT^A40 REF^I12 ORM^O01 ORU^R01 MDM^T02 SIU^S12 ACK^";

/// A map's text, and the folder that it is in.
struct Map {
    folder: String,
    title: String,
    from: String,
    to: String,
    imports: Vec<String>,
    /// Reasons, with the elements that are dropped for each.
    drops: BTreeMap<String, BTreeSet<String>>,
}

fn quoted(line: &str) -> String {
    line.split(['\'', '"']).nth(1).unwrap_or_default().to_owned()
}

fn map(folder: &str, text: &str) -> (String, Map) {
    let (mut name, mut uses) = (String::new(), BTreeMap::new());
    let mut map = Map {
        folder: folder.to_owned(),
        title: String::new(),
        from: String::new(),
        to: String::new(),
        imports: Vec::new(),
        drops: BTreeMap::new(),
    };
    for line in text.lines() {
        let words = line.trim();
        if line.starts_with("/// url") {
            name = quoted(line);
        } else if line.starts_with("/// title") {
            let title = line.split_once('=').map_or("", |(_, title)| title.trim());
            map.title = title.trim_matches('\'').to_owned();
        } else if line.starts_with("uses ") {
            let alias = line.split(" alias ").nth(1).and_then(|rest| rest.split(' ').next());
            uses.insert(alias.unwrap_or_default(), quoted(line));
        } else if line.starts_with("group ") && map.from.is_empty() {
            // the first group's first parameter is the message, the others are earlier ones
            let of = |mode: &str| {
                let alias = line.split(mode).nth(1)?.split(" : ").nth(1)?;
                uses.get(alias.split([',', ')']).next()?).cloned()
            };
            (map.from, map.to) =
                (of("source ").unwrap_or_default(), of("target ").unwrap_or_default());
        } else if line.starts_with("imports ") {
            map.imports.push(quoted(line));
        } else if let Some((source, rest)) = words.split_once(" log ('dropped: ") {
            let reason = rest.split("')").next().unwrap_or_default().to_owned();
            let source = source.split(" as ").next().unwrap_or_default();
            let source = source.split(" where ").next().unwrap_or_default().trim();
            map.drops.entry(reason).or_default().insert(source.to_owned());
        }
    }
    (name, map)
}

/// All maps below mappings/ by their canonical.
fn maps() -> Result<BTreeMap<String, Map>, Failed> {
    let mut all = BTreeMap::new();
    for folder in std::fs::read_dir(support::root().join("mappings"))? {
        let folder = folder?.path();
        if !folder.is_dir() {
            continue;
        }
        let name = folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        for file in std::fs::read_dir(&folder)? {
            let file = file?.path();
            if file.extension().is_some_and(|e| e == "map") {
                let (url, one) = map(&name, &std::fs::read_to_string(&file)?);
                all.insert(url, one);
            }
        }
    }
    Ok(all)
}

/// What a map imports, at any depth, itself first.
fn whole<'a>(url: &'a str, maps: &'a BTreeMap<String, Map>, all: &mut Vec<&'a str>) {
    if all.contains(&url) || !maps.contains_key(url) {
        return;
    }
    all.push(url);
    maps[url].imports.iter().for_each(|import| whole(import, maps, all));
}

fn format(url: &str) -> Option<usize> {
    FORMATS.iter().position(|(begins, ..)| url.starts_with(begins))
}

fn readme(folder: &str) -> String {
    let path = support::root().join("mappings").join(folder).join("README.md");
    std::fs::read_to_string(path).unwrap_or_default()
}

/// What its README says that a map's output is valid by.
fn valid(text: &str) -> Option<String> {
    let paragraphs = text.split("\n\n").map(|one| one.replace('\n', " "));
    let mut sentences = paragraphs.flat_map(|one| {
        one.split(". ").map(|s| s.trim_end_matches('.').to_owned()).collect::<Vec<_>>()
    });
    let found = sentences.find(|s| s.contains(" valid ") || s.contains("valid by"))?;
    // links are relative to the map's folder
    let mut plain = String::new();
    let mut rest = found.as_str();
    while let Some((before, after)) = rest.split_once("](") {
        plain.push_str(&before.replacen('[', "", 1));
        rest = after.split_once(')').map_or("", |(_, rest)| rest);
    }
    plain.push_str(rest);
    Some(plain)
}

/// The list of what a message loses on the way and back, as the README keeps it.
fn trip(text: &str) -> Option<Vec<&str>> {
    let list = text.split("## There and back").nth(1)?;
    let list = list.split("```text\n").nth(1)?.split("```").next()?;
    Some(list.lines().filter(|line| !line.trim().is_empty()).collect())
}

fn cases(folder: &str) -> usize {
    let path = support::root().join("mappings").join(folder).join("tests");
    let entries = std::fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter(|entry| entry.path().is_dir()).count()
}

/// A map's section.
fn section(out: &mut String, url: &str, maps: &BTreeMap<String, Map>) -> Result<(), Failed> {
    let one = &maps[url];
    let folder = &one.folder;
    writeln!(out, "### {}\n", one.title)?;
    writeln!(
        out,
        "[{folder}](../mappings/{folder}/README.md), {} cases: `{}` to `{}`.",
        cases(folder),
        short(&one.from),
        short(&one.to)
    )?;
    let mut parts = Vec::new();
    whole(url, maps, &mut parts);
    let folders = parts.iter().map(|part| &maps[*part].folder);
    if let Some(sentence) = folders.into_iter().find_map(|folder| valid(&readme(folder))) {
        writeln!(out, "\n> {sentence}.")?;
    }
    let mut drops: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for part in &parts {
        for (reason, elements) in &maps[*part].drops {
            drops.entry(reason).or_default().extend(elements.iter().map(String::as_str));
        }
    }
    if !drops.is_empty() {
        writeln!(out, "\nDropped on purpose:\n")?;
    }
    for (reason, elements) in drops {
        let elements: Vec<String> = elements.iter().map(|e| format!("``{e}``")).collect();
        writeln!(out, "- {reason}: {}", elements.join(", "))?;
    }
    match trip(&readme(folder)).as_deref() {
        Some([]) => writeln!(out, "\nThere and back: nothing is lost by the cases.")?,
        Some(lines) => writeln!(
            out,
            "\nThere and back, {} places differ by the cases:\n\n```text\n{}\n```",
            lines.len(),
            lines.join("\n")
        )?,
        None => {}
    }
    out.push('\n');
    Ok(())
}

/// A model's canonical as people say it.
fn short(url: &str) -> String {
    for (begins, name, ..) in FORMATS {
        if let Some(rest) = url.strip_prefix(begins) {
            return format!("{name} {}", rest.trim_start_matches("StructureDefinition/"));
        }
    }
    url.to_owned()
}

/// The kinds of a format's messages.
fn kinds(out: &mut String, name: &str, maps: &BTreeMap<String, Map>) -> Result<(), Failed> {
    match name {
        "HL7 v2" => {
            writeln!(out, "| structure | messages |\n|---|---|")?;
            let mut structures: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for (code, trigger, structure) in hl7v2::structures() {
                let message = format!("{code} {trigger}").trim_end().to_owned();
                structures.entry(structure).or_default().push(message);
            }
            for (structure, messages) in structures {
                writeln!(out, "| `{structure}` | {} |", messages.join(", "))?;
            }
            let segments = hl7v2::models().into_iter().filter_map(|model| {
                let begin = format!("{}{}", hl7v2::BASE, hl7v2::SEGMENT);
                model.url.strip_prefix(&begin).map(str::to_owned)
            });
            let segments: Vec<String> = segments.collect();
            writeln!(
                out,
                "\nOne model for versions 2.1 to 2.8. Segments: {}; others pass by their numbers.\n",
                segments.join(" ")
            )?;
        }
        "EDIFACT" => {
            let names = edifact::models().into_iter().filter_map(|model| {
                let name = model.url.strip_prefix(edifact::BASE)?.to_owned();
                let kind = name.len() == 5 && name.ends_with(|c: char| c.is_ascii_digit());
                kind.then_some(name)
            });
            writeln!(out, "Letters: {}.\n", names.collect::<Vec<_>>().join(" "))?;
        }
        _ => {
            let mut used: BTreeSet<String> = BTreeSet::new();
            for one in maps.values() {
                let both = [&one.from, &one.to].into_iter();
                used.extend(both.map(|url| short(url)).filter(|one| one.starts_with(name)));
            }
            let used: Vec<String> = used.into_iter().map(|one| format!("`{one}`")).collect();
            writeln!(out, "Models that maps use: {}.\n", used.join(", "))?;
        }
    }
    Ok(())
}

fn written() -> Result<String, Failed> {
    let maps = maps()?;
    let is_message = |one: &&String| {
        let folder = &maps[*one].folder;
        support::root().join("mappings").join(folder).join("tests").is_dir()
    };
    let mut out = HEAD.to_owned();
    writeln!(out, "| format | charsets, read and written | | maps from it | maps to it |")?;
    writeln!(out, "|---|---|---|---|---|")?;
    let of = |place: usize, from: bool| {
        let url = move |one: &Map| if from { one.from.clone() } else { one.to.clone() };
        let maps = &maps;
        maps.keys().filter(is_message).filter(move |one| format(&url(&maps[*one])) == Some(place))
    };
    for (place, (_, name, charsets, keeps)) in FORMATS.iter().enumerate() {
        let charsets: Vec<&str> = charsets.iter().map(|one| one.name()).collect();
        let (from, to) = (of(place, true).count(), of(place, false).count());
        let charsets = charsets.join(", ");
        writeln!(out, "| {name} | {charsets} | {keeps} | {from} | {to} |")?;
    }
    for (place, (_, name, ..)) in FORMATS.iter().enumerate() {
        writeln!(out, "\n## {name}\n")?;
        kinds(&mut out, name, &maps)?;
        for url in of(place, true) {
            section(&mut out, url, &maps)?;
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    Ok(out)
}

/// The page is fresh.
pub fn page() -> Result<(), Failed> {
    let page: &Path = &support::root().join("docs/formats.md");
    support::golden(page, &written()?)
}

/// The models of HL7 v2 hold every segment and message that hospitals in these networks send.
pub fn models_hold() -> Result<(), Failed> {
    let urls: BTreeSet<String> =
        hl7v2::models().into_iter().map(|model| model.url.to_string()).collect();
    let mut missing: Vec<&str> = SEGMENTS.split_whitespace().collect();
    missing.retain(|one| !urls.contains(&format!("{}{}{one}", hl7v2::BASE, hl7v2::SEGMENT)));
    let structures = hl7v2::structures();
    missing.extend(MESSAGES.split_whitespace().filter(|one| {
        let (code, trigger) = one.split_once('^').unwrap_or((one, ""));
        let found = structures.iter().find(|(c, t, _)| *c == code && *t == trigger);
        found.is_none_or(|(.., name)| !urls.contains(&format!("{}{name}", hl7v2::BASE)))
    }));
    if missing.is_empty() { Ok(()) } else { Err(format!("not modelled: {missing:?}").into()) }
}
