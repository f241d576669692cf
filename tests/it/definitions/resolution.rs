//! Which definition a canonical means when many versions of it are loaded at once.

use super::{builder, check, library};
use crate::support::{Needs, shared, trial};
use libtest_mimic::{Failed, Trial};
use stafett::definitions::core::Kind;
use stafett::definitions::{Library, LibraryBuilder, PackageId, Scope};
use stafett::message::Severity;
use stafett::tree::types::Representation;
use std::collections::BTreeMap;

const PATIENT: &str = "http://medcomfhir.dk/ig/core/StructureDefinition/medcom-core-patient";
const NOTIFICATION: &str = "http://medcomfhir.dk/ig/hospitalnotification/StructureDefinition/medcom-hospitalNotification-message";
const COMMUNICATION: &str = "http://medcomfhir.dk/ig/carecommunication/StructureDefinition/medcom-careCommunication-message";

pub fn trials() -> Vec<Trial> {
    let data = || Needs::Data("data/packages");
    vec![
        trial("definitions: every package at hand loads", data(), everything),
        trial("definitions: two messages mean two versions of core", data(), two_versions),
        trial("definitions: a root is found by version, else the newest", data(), roots),
        trial("definitions: a version that is not loaded is stood in for", data(), stand_ins),
        trial("definitions: what is missing is listed once", data(), missing),
        trial("definitions: every element's types are known", data(), types_are_known),
        trial("definitions: support files and aliases", Needs::Nothing, support),
        trial(
            "definitions: models written as XML load and have types",
            Needs::Data("data/fhir-test-cases/structure-mapping/cda-models"),
            models,
        ),
        trial("definitions: what cannot be read says where", Needs::Nothing, unreadable),
    ]
}

fn name(library: &Library, id: PackageId) -> String {
    let one = library.package(id);
    format!("{} {}", one.name, one.version)
}

fn everything() -> Result<(), Failed> {
    let (library, diagnostics) = library(&[""])?;
    let errors: Vec<_> =
        diagnostics.iter().filter(|d| d.refuses()).map(|d| d.to_string()).collect();
    check(errors.is_empty(), errors.join("\n"))?;
    // the core and the support files are packages too
    check(library.packages().len() == 52, format!("{} packages", library.packages().len()))?;
    let mut versions: BTreeMap<(u8, &str), Vec<&str>> = BTreeMap::new();
    for kind in [Kind::Structure, Kind::ValueSet, Kind::CodeSystem] {
        for one in library.list(kind).filter(|l| l.package != PackageId::CORE) {
            versions.entry((kind as u8, one.url)).or_default().push(one.version);
        }
    }
    for list in versions.values_mut() {
        list.sort();
        list.dedup();
    }
    let several = versions.values().filter(|v| v.len() > 1).count();
    check(several >= 136, format!("{several} canonicals in more than one version"))
}

fn two_versions() -> Result<(), Failed> {
    let (library, _) = library(&[""])?;
    for (profile, version) in [(NOTIFICATION, "2.0.0"), (COMMUNICATION, "3.0.1")] {
        let root = library.root_of(profile, None).ok_or(profile)?;
        let found = library.structure(PATIENT, Scope::of(root)).ok_or("no patient")?;
        let is = name(&library, found.package);
        check(is == format!("medcom.fhir.dk.core {version}"), format!("{profile}: {is}"))?;
    }
    // an explicit version comes before every package
    let root = library.root_of(NOTIFICATION, None).ok_or("no root")?;
    let asked = format!("{PATIENT}|2.3.0");
    let found = library.structure(&asked, Scope::of(root)).ok_or("no patient 2.3.0")?;
    check(found.definition.version.as_deref() == Some("2.3.0"), "the version was not heeded")?;
    // what a package names itself it defines itself, whatever the root depends on
    let core = library.find_package("medcom.fhir.dk.core", "3.0.0").ok_or("no core 3.0.0")?;
    let found = library.structure(PATIENT, Scope { root, from: core }).ok_or("no patient")?;
    check(found.package == core, "the package that names it comes first")
}

fn roots() -> Result<(), Failed> {
    let (library, _) = library(&[""])?;
    let cases = [
        (COMMUNICATION, None, "5.0.2"),
        (COMMUNICATION, Some("4.0"), "4.0.3"),
        (COMMUNICATION, Some("9.9"), "5.0.2"),
    ];
    for (profile, hint, version) in cases {
        let root = library.root_of(profile, hint).ok_or(profile)?;
        let is = &library.package(root).version;
        check(**is == *version, format!("{profile} {hint:?}: {is}"))?;
    }
    let explicit = format!("{COMMUNICATION}|4.0.3");
    let root = library.root_of(&explicit, Some("5.0")).ok_or("no root")?;
    check(&*library.package(root).version == "4.0.3", "an explicit version beats a hint")?;
    check(library.root_of("http://example.org/nothing", None).is_none(), "a root of nothing")
}

fn stand_ins() -> Result<(), Failed> {
    let some = [
        "medcom.fhir.dk.carecommunication-5",
        "medcom.fhir.dk.core-2.4",
        "medcom.fhir.dk.core-4.0",
    ];
    let (loaded, diagnostics) = library(&some)?;
    let root = loaded.root_of(COMMUNICATION, None).ok_or("no root")?;
    let found = loaded.structure(PATIENT, Scope::of(root)).ok_or("no patient")?;
    // 3.0.1 is asked for: no 3, so the highest lower one
    let is = name(&loaded, found.package);
    check(is == "medcom.fhir.dk.core 2.4.0", is)?;
    let said: Vec<_> = diagnostics
        .iter()
        .filter(|d| d.id == "definitions-other-version" && d.text.contains("medcom.fhir.dk.core "))
        .collect();
    check(said.len() == 1 && said[0].severity == Severity::Warning, format!("{said:?}"))?;
    let (_, diagnostics) = builder(&some)?.strict(true).build();
    let refused = diagnostics.iter().any(|d| d.refuses() && d.text.contains("2.4.0 stands in"));
    check(refused, "strict lets a stand-in pass")
}

fn missing() -> Result<(), Failed> {
    let (_, diagnostics) = library(&[""])?;
    let mut missing: Vec<&str> = diagnostics
        .iter()
        .filter(|d| d.id.starts_with("definitions-missing"))
        .map(|d| d.text.as_str())
        .collect();
    let all = missing.len();
    missing.sort();
    missing.dedup();
    check(all == missing.len(), "something is said twice")?;
    let old_base = "http://medcomfhir.dk/fhir/dk-medcom-terminology/ValueSet/";
    let old = missing.iter().filter(|text| text.contains(old_base)).count();
    check(old >= 2, format!("{old} value sets of the old base"))?;
    check(missing.iter().any(|t| t.contains("hl7.fhir.uv.ipa 1.0.0")), "a package that is absent")?;
    check(!missing.iter().any(|t| t.contains("hl7.terminology")), "terminology is the core's")
}

fn types_are_known() -> Result<(), Failed> {
    let (library, diagnostics) = library(&[""])?;
    let unknown: Vec<_> =
        diagnostics.iter().filter(|d| d.id == "definitions-missing-type").collect();
    check(unknown.is_empty(), format!("{unknown:?}"))?;
    let mut count = 0;
    for one in library.list(Kind::Structure) {
        let found = library.structure_of(one.id).ok_or("a listed structure")?;
        for element in &found.definition.snapshot {
            for code in element.types.iter().map(|t| &t.code) {
                count += 1;
                let known = library.table().find(code).is_some()
                    || code.starts_with("http://hl7.org/fhirpath/System.");
                check(known, format!("{}: {}: {code}", one.url, element.path))?;
            }
        }
    }
    check(count > 35_000, format!("only {count} types were looked at"))
}

const OWN: &str = r#"{"resourceType":"ValueSet","url":"http://example.org/vs","version":"1.0.0",
    "compose":{"include":[{"system":"http://example.org/cs"}]}}"#;

fn support() -> Result<(), Failed> {
    let mut builder =
        LibraryBuilder::new().alias("http://old.example.org/vs", "http://example.org/vs");
    builder.add_json("vs.json", OWN);
    builder.add_json(
        "cs.json",
        r#"{"resourceType":"CodeSystem","url":"http://example.org/cs","content":"complete",
            "concept":[{"code":"a"}]}"#,
    );
    let (library, diagnostics) = builder.build();
    check(diagnostics.is_empty(), format!("{diagnostics:?}"))?;
    let scope = Scope::of(PackageId::CORE);
    for canonical in
        ["http://example.org/vs", "http://old.example.org/vs", "http://old.example.org/vs|1.0"]
    {
        let set = library.value_set(canonical, scope).ok_or(canonical)?;
        let is = set.contains(Some("http://example.org/cs"), "a");
        check(is == stafett::definitions::terminology::Membership::In, canonical)?;
    }
    Ok(())
}

fn models() -> Result<(), Failed> {
    let mut builder = LibraryBuilder::new();
    let folder = shared().join("data/fhir-test-cases/structure-mapping/cda-models");
    for name in ["any", "cd", "cda", "ce", "ed", "ii", "st"] {
        let file = format!("{name}.xml");
        builder.add_resource(&file, &std::fs::read(folder.join(&file))?);
    }
    let broken = b"<ValueSet xmlns='http://hl7.org/fhir'>\n<urls value=''/></ValueSet>";
    builder.add_resource("broken.xml", broken);
    let (library, diagnostics) = builder.build();
    let refused: Vec<_> =
        diagnostics.iter().filter(|d| d.refuses()).map(|d| d.to_string()).collect();
    let there = "broken.xml:2:1: error[definitions-unreadable]";
    check(!refused.is_empty() && refused.iter().all(|r| r.starts_with(there)), refused.join("\n"))?;
    let table = library.table();
    let base = "http://hl7.org/fhir/cdatest/StructureDefinition/";
    let document = table.find(&format!("{base}ClinicalDocument")).ok_or("no ClinicalDocument")?;
    let namespace = table.names().find("urn:hl7-org:v3-test").ok_or("no namespace")?;
    let root = table.names().find("ClinicalDocument").and_then(|name| table.root(namespace, name));
    check(root == Some(document), "the model is not found by its root element")?;
    let text = table.find(&format!("{base}ST")).ok_or("no ST")?;
    check(*table.type_of(text).name == format!("{base}ED"), "ST is an ED with less in it")?;
    let identifier = table.find(&format!("{base}II")).ok_or("no II")?;
    let written = |name: &str| {
        let child = table.child(identifier, table.names().find(name)?)?;
        Some(table.element(child.element).representation)
    };
    check(written("root") == Some(Representation::Attribute), "II.root is an attribute")
}

fn unreadable() -> Result<(), Failed> {
    let mut builder = LibraryBuilder::new();
    builder.add_json("broken.json", "{\"resourceType\":\"ValueSet\",\n \"url\": 7}");
    let (_, diagnostics) = builder.build();
    let told: Vec<_> = diagnostics.iter().map(|d| d.to_string()).collect();
    let right =
        told.len() == 1 && told[0].starts_with("broken.json:2:9: error[definitions-unreadable]");
    check(right, format!("{told:?}"))
}
