//! What a map asks of the world: profiles, value sets, organisations and persons by their day.

use super::{Site, admission, decide, map};
use crate::support::{Needs, trial};
use libtest_mimic::{Failed, Trial};

pub fn trials() -> Vec<Trial> {
    vec![
        trial("maps: profiles, value sets and references are asked", Needs::Nothing, checks),
        trial("maps: persons and organisations are those of the day", Needs::Nothing, books),
        trial("maps: names that mean nothing never become active", Needs::Nothing, unknown),
    ]
}

fn is<T: PartialEq + std::fmt::Debug>(what: &str, got: T, expected: T) -> Result<(), Failed> {
    match got == expected {
        true => Ok(()),
        false => Err(format!("{what}: expected {expected:?}, got {got:?}").into()),
    }
}

fn checks() -> Result<(), Failed> {
    let profile = "https://stafett.example/fhir/StructureDefinition/hospital-notification-message";
    let gender = "http://hl7.org/fhir/ValueSet/administrative-gender";
    let rules = format!(
        "src where src.conformsTo('{profile}') log('conforms');\n\
         src where src.conformsTo('http://hl7.org/fhir/StructureDefinition/vitalsigns') log('vital');\n\
         src.entry as e then {{\n\
           e.resource : Patient as p then {{\n\
             p where 'female'.memberOf('{gender}') log('a gender');\n\
             p where p.id.memberOf('{gender}') log('no gender');\n\
           }};\n\
           e.resource : MessageHeader as h where h.focus.resolve().exists() log('resolved');\n\
         }};"
    );
    let engine = Site::new(&map(&rules, ""), "")?.engine()?;
    let good = admission()?;
    let decided = decide(&engine, &good, "2027-01-01")?;
    is("errors", decided.errors(), Vec::<&str>::new())?;
    is("a valid one", decided.logged(), vec!["conforms", "resolved", "a gender"])
}

fn books() -> Result<(), Failed> {
    let rules = "src.entry as e then { e.resource : Patient as p then {\n\
         p.identifier as i then { i.value as cpr then {\n\
           cpr -> translate(cpr, 'urn:stafett:person/cpr-to-family', 'string') as family then {\n\
             cpr where family = 'Testesen' log('named'); };\n\
           cpr -> translate(cpr, 'urn:stafett:person/cpr-to-gp', 'string') as gp then {\n\
             cpr where gp = 'old' log('old gp'); cpr where gp = 'new' log('new gp'); };\n\
         }; };\n\
         p -> translate('770', 'urn:stafett:directory/municipality-to-ean', 'code') as ean then {\n\
           p where ean = '9520000000073' log('old town'); p where ean = '9520000000080' log('new town'); };\n\
         }; };";
    let site = Site::new(&map(rules, ""), "[persons]\nfile = 'persons.csv'\n")?;
    let text = admission()?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    let patient = value["entry"].as_array().into_iter().flatten();
    let patient = patient.map(|e| &e["resource"]).find(|r| r["resourceType"] == "Patient");
    let cpr = patient.and_then(|p| p["identifier"][0]["value"].as_str()).ok_or("no number")?;
    site.write(
        "persons.csv",
        &format!(
            "cpr,family,gp,from,to\n{cpr},Testesen,old,,2027-05-31\n{cpr},Testesen,new,2027-06-01,\n"
        ),
    )?;
    site.write(
        "directory.csv",
        "name,gln,municipality,from,to\nOld,9520000000073,770,,2027-05-31\n\
         New,9520000000080,770,2027-06-01,\n",
    )?;
    let engine = site.engine()?;
    let before = decide(&engine, &text, "2027-05-31")?;
    is("errors", before.errors(), Vec::<&str>::new())?;
    is("the last day", before.logged(), vec!["named", "old gp", "old town"])?;
    let after = decide(&engine, &text, "2027-06-01")?;
    is("the next day", after.logged(), vec!["named", "new gp", "new town"])?;
    let stranger = decide(&engine, &text.replace(cpr, "1310979995"), "2027-06-01")?;
    is("a person nobody knows", stranger.errors().contains(&"map-not-in-directory"), true)?;
    is(
        "is located",
        stranger
            .issues
            .iter()
            .any(|i| i.expression.as_deref().is_some_and(|text| text.contains("identifier"))),
        true,
    )
}

fn unknown() -> Result<(), Failed> {
    let rules = "src where src.conformsTo('urn:nothing') log('a');\n\
                 src where src.type.memberOf('urn:nothing-either') log('b');";
    let assembled = Site::new(&map(rules, ""), "")?.assembled()?;
    is("active", assembled.engine.is_some(), false)?;
    let told: Vec<String> = assembled.diagnostics.iter().map(ToString::to_string).collect();
    for wanted in ["test.map:7:11: error[map-unknown-profile]", "error[map-unknown-value-set]"] {
        is(wanted, told.iter().any(|one| one.contains(wanted)), true)
            .map_err(|_| format!("no {wanted} in {told:#?}"))?;
    }
    Ok(())
}
