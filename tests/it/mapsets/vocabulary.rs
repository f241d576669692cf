//! Concept maps against the code lists of the published schemas: every code has a translation, or is said to
//! have none.

use super::mapping;
use crate::support::{self, Needs, trial};
use libtest_mimic::{Failed, Trial};
use std::collections::BTreeSet;

pub fn trials() -> Vec<Trial> {
    let legacy = || Needs::Data("data/medcom-legacy");
    vec![
        trial("mapsets: every code of a list is in its concept map", legacy(), every_code),
        trial("mapsets: the page of codes without a translation", Needs::Nothing, page),
    ]
}

/// A concept map's file, and the code list that it translates: a file below the schemas and a type's name; no file
/// where FHIR's side is translated, and no name where nobody published the list.
type Listed = (&'static str, &'static str, &'static str);

const LISTS: &[Listed] = &[
    (
        "notification-parts/concept-maps/admission-encounter-status.json",
        "2005/08/07/ValueLists.xsd",
        "EpisodeOfCareStatusCodeType",
    ),
    (
        "notification-parts/concept-maps/discharge-encounter-status.json",
        "2005/08/07/ValueLists.xsd",
        "EpisodeOfCareStatusCodeType",
    ),
    (
        "notification-parts/concept-maps/admission-activity.json",
        "2005/08/07/LetterType.xsd",
        "StatusCodeType1",
    ),
    (
        "notification-parts/concept-maps/discharge-activity.json",
        "2005/08/07/LetterType.xsd",
        "StatusCodeType1",
    ),
    ("hospitalnotification-to-oioxml/concept-maps/activity-letter.json", "", ACTIVITIES),
    ("hospitalnotification-to-oioxml/concept-maps/activity-letter-status.json", "", ACTIVITIES),
    ("edifact-parts/concept-maps/speciality-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/speciality-to-edifact.json",
        "2005/08/07/ValueLists.xsd",
        "MedicalSpecialityCodeType",
    ),
    ("edifact-parts/concept-maps/number-kind-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/number-kind-to-edifact.json",
        "2005/08/07/ValueLists.xsd",
        "IdentifierCodeType",
    ),
    ("edifact-parts/concept-maps/letter-status-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/letter-status-to-edifact.json",
        "2005/08/07/LetterType.xsd",
        "StatusCodeType1",
    ),
    ("edifact-parts/concept-maps/notification-status-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/notification-status-to-edifact.json",
        "2005/08/07/LetterType.xsd",
        "StatusCodeType1",
    ),
    ("edifact-parts/concept-maps/patient-status-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/patient-status-to-edifact.json",
        "2005/08/07/ValueLists.xsd",
        "EpisodeOfCareStatusCodeType",
    ),
    ("edifact-parts/concept-maps/admission-status-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/admission-status-to-edifact.json",
        "2005/08/07/ValueLists.xsd",
        "EpisodeOfCareStatusCodeType",
    ),
    ("edifact-parts/concept-maps/discharge-status-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/discharge-status-to-edifact.json",
        "2005/08/07/ValueLists.xsd",
        "EpisodeOfCareStatusCodeType",
    ),
    ("edifact-parts/concept-maps/relation-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/relation-to-edifact.json",
        "2005/08/07/ValueLists.xsd",
        "RelationCodeType",
    ),
    ("edifact-parts/concept-maps/diagnose-role-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/diagnose-role-to-edifact.json",
        "2005/08/07/ValueLists.xsd",
        "DiagnoseDescriptionCodeType",
    ),
    ("edifact-parts/concept-maps/diagnose-kind-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/diagnose-kind-to-edifact.json",
        "2005/08/07/ValueLists.xsd",
        "DiagnoseTypeCodeType",
    ),
    ("edifact-parts/concept-maps/letter-type.json", "", ""),
    ("edifact-parts/concept-maps/phone-of-edifact.json", "", ""),
    ("edifact-parts/concept-maps/phone-to-edifact.json", "", ""),
    ("edifact-parts/concept-maps/transport-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/transport-to-edifact.json",
        "2013/09/02/ValueLists.xsd",
        "TransportType",
    ),
    ("edifact-parts/concept-maps/referral-role-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/referral-role-to-edifact.json",
        "2013/09/02/ValueLists.xsd",
        "DiagnoseDescriptionCodeType",
    ),
    ("edifact-parts/concept-maps/specialist-diagnose-kind-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/specialist-diagnose-kind-to-edifact.json",
        "2007/02/01/ValueLists.xsd",
        "DiagnoseTypeCodeType",
    ),
    ("edifact-parts/concept-maps/physiotherapy-diagnose-kind-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/physiotherapy-diagnose-kind-to-edifact.json",
        "2013/09/02/ValueLists.xsd",
        "DiagnoseTypeCodeType",
    ),
    ("edifact-parts/concept-maps/physiotherapy-diagnose-text.json", "", ""),
    ("edifact-parts/concept-maps/email-priority-of-edifact.json", "", ""),
    ("edifact-parts/concept-maps/email-priority-to-edifact.json", "", ""),
    ("edifact-parts/concept-maps/refusal-of-edifact.json", "", ""),
    ("edifact-parts/concept-maps/refusal-to-edifact.json", "", ""),
    ("edifact-parts/concept-maps/priority-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/priority-to-edifact.json",
        "2005/08/07/ValueLists.xsd",
        "PriorityCodeType",
    ),
    ("edifact-parts/concept-maps/referral-status-of-edifact.json", "", ""),
    (
        "edifact-parts/concept-maps/referral-status-to-edifact.json",
        "2013/09/02/ValueLists.xsd",
        "ReferralStatusType",
    ),
    (
        "edifact-parts/concept-maps/number-agency.json",
        "2005/08/07/ValueLists.xsd",
        "IdentifierCodeType",
    ),
    (
        "referral-parts/concept-maps/referral-number-system.json",
        "2013/09/02/ValueLists.xsd",
        "IdentifierCodeType",
    ),
    ("referral-parts/concept-maps/referral-number-system-of-fhir.json", "", ""),
    ("referral-parts/concept-maps/referral-phone-use.json", "", ""),
    ("referral-parts/concept-maps/referral-phone-use-of-fhir.json", "", ""),
    (
        "referral-parts/concept-maps/referral-priority.json",
        "2005/08/07/ValueLists.xsd",
        "PriorityCodeType",
    ),
    ("referral-parts/concept-maps/referral-priority-of-fhir.json", "", ""),
    (
        "referral-parts/concept-maps/referral-class.json",
        "2013/09/02/ValueLists.xsd",
        "ReferralStatusType",
    ),
    ("referral-parts/concept-maps/referral-class-of-fhir.json", "", ""),
    (
        "referral-parts/concept-maps/referral-relation.json",
        "2005/08/07/ValueLists.xsd",
        "RelationCodeType",
    ),
    ("referral-parts/concept-maps/referral-relation-of-fhir.json", "", ""),
    (
        "referral-parts/concept-maps/referral-diagnose-system.json",
        "2013/09/02/ValueLists.xsd",
        "DiagnoseTypeCodeType",
    ),
    ("referral-parts/concept-maps/referral-diagnose-system-of-fhir.json", "", ""),
    (
        "referral-parts/concept-maps/referral-activity.json",
        "2005/08/07/LetterType.xsd",
        "StatusCodeType",
    ),
    ("referral-parts/concept-maps/referral-activity-of-fhir.json", "", ""),
];

/// Concept maps of lists that no schema and no value set has: they are on the page only.
const OTHERS: &[&str] = &[
    "adt-parts/concept-maps/adt-class.json",
    "adt-parts/concept-maps/adt-encounter-status.json",
    "adt-parts/concept-maps/adt-activity.json",
    "hl7v2-parts/concept-maps/hl7v2-gender.json",
    "hl7v2-parts/concept-maps/hl7v2-code-system.json",
    "mdm-t02-to-fhir/concept-maps/hl7v2-completion.json",
    "mdm-t02-to-fhir/concept-maps/hl7v2-completion-of-changes.json",
    "discharge-letter-to-mdm-t02/concept-maps/hl7v2-completion-of-fhir.json",
    "discharge-letter-to-mdm-t02/concept-maps/hl7v2-patient-class-of-fhir.json",
    "oru-r01-to-fhir/concept-maps/hl7v2-result-status.json",
    "oru-r01-to-fhir/concept-maps/hl7v2-observation-status.json",
    "receipt-parts/concept-maps/apprec-status.json",
    "receipt-parts/concept-maps/apprec-error.json",
    "receipt-parts/concept-maps/apprec-error-of-acknowledgement.json",
    "receipt-parts/concept-maps/apprec-error-of-issue-type.json",
    "receipt-parts/concept-maps/hl7v2-error.json",
    "receipt-parts/concept-maps/hl7v2-error-kind.json",
    "receipt-parts/concept-maps/hl7v2-error-of-acknowledgement.json",
    "receipt-parts/concept-maps/hl7v2-error-of-issue-type.json",
    "receipt-parts/concept-maps/hl7v2-severity.json",
    "receipt-parts/concept-maps/hl7v2-severity-of-issue.json",
    "receipt-parts/concept-maps/refuse-code.json",
    "receipt-parts/concept-maps/refuse-code-of-acknowledgement.json",
    "referral-parts/concept-maps/hl7v2-allergen-type-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-allergen-type.json",
    "referral-parts/concept-maps/hl7v2-allergy-severity-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-allergy-severity.json",
    "referral-parts/concept-maps/hl7v2-code-system-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-diagnosis-type-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-diagnosis-type.json",
    "referral-parts/concept-maps/hl7v2-gender-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-observation-status-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-phone-use-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-provider-number-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-provider-number.json",
    "referral-parts/concept-maps/hl7v2-referral-priority-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-referral-priority.json",
    "referral-parts/concept-maps/hl7v2-relation-of-fhir.json",
    "referral-parts/concept-maps/hl7v2-relation.json",
    "referral-parts/concept-maps/referral-status.json",
    "referral-parts/concept-maps/referral-trigger-of-fhir.json",
    "referral-parts/concept-maps/referral-trigger.json",
];

/// The value set of what a notification may say happened.
const ACTIVITIES: &str = "ValueSet-hospital-notification-activities.json";

/// A code and what it becomes; nothing, and why.
struct Line {
    code: String,
    becomes: Option<String>,
    why: String,
}

/// The lines of a concept map, and its title.
fn read(file: &str) -> Result<(String, Vec<Line>), Failed> {
    let map: serde_json::Value = serde_json::from_slice(&std::fs::read(mapping(file))?)?;
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let groups = map["group"].as_array().cloned().unwrap_or_default();
    let elements = groups.iter().flat_map(|group| group["element"].as_array().cloned());
    let line = |element: serde_json::Value| {
        let target = &element["target"][0];
        Line {
            code: text(&element["code"]),
            becomes: target["code"].as_str().map(Into::into),
            why: text(&target["comment"]),
        }
    };
    Ok((text(&map["title"]), elements.flatten().map(line).collect()))
}

fn every_code() -> Result<(), Failed> {
    let mut wrong = Vec::new();
    for (file, schema, name) in LISTS.iter().filter(|(_, _, name)| !name.is_empty()) {
        let path = support::shared().join("data/medcom-legacy/schemas").join(schema);
        let listed = match schema.is_empty() {
            true => of_value_set(name)?,
            false => enumerated(&std::fs::read_to_string(path)?, name),
        };
        let (_, lines) = read(file)?;
        let known: BTreeSet<String> = lines.iter().map(|line| line.code.clone()).collect();
        if listed.is_empty() || listed != known {
            wrong.push(format!("{file}: {known:?} instead of {listed:?}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(Failed::from(wrong.join("\n"))) }
}

/// The codes of a value set of our own.
fn of_value_set(file: &str) -> Result<BTreeSet<String>, Failed> {
    let file = support::root().join("fixtures/packages/stafett.fhir.messages").join(file);
    let set: serde_json::Value = serde_json::from_slice(&std::fs::read(file)?)?;
    let included = set["compose"]["include"].as_array().cloned().unwrap_or_default();
    let concepts = included.iter().flat_map(|one| one["concept"].as_array().cloned()).flatten();
    Ok(concepts.filter_map(|one| one["code"].as_str().map(Into::into)).collect())
}

/// The values of a simple type.
fn enumerated(schema: &str, name: &str) -> BTreeSet<String> {
    let from = format!("simpleType name=\"{name}\"");
    let body = schema.split_once(&from).and_then(|(_, rest)| rest.split("</xs:simpleType>").next());
    let values = body.unwrap_or_default().split("enumeration value=\"").skip(1);
    values.filter_map(|rest| rest.split('"').next()).map(Into::into).collect()
}

/// `mappings/CODES.md`, as the concept maps are.
fn page() -> Result<(), Failed> {
    let mut page = String::from(
        "# Codes without a translation\n\n\
         Made from the concept maps by `UPDATE=1 cargo test --test it -- mapsets`. A message with one of these codes is refused\n\
         (`map-no-translation`) or, where the map asks for it as optional, goes on without.\n",
    );
    let files = LISTS.iter().map(|(file, ..)| *file).chain(OTHERS.iter().copied());
    for file in files {
        let (title, lines) = read(file)?;
        let translated = lines.iter().filter(|line| line.becomes.is_some()).count();
        page.push_str(&format!(
            "\n## {title}\n\n`{file}`: {translated} of {} codes are translated.\n",
            lines.len()
        ));
        let without: Vec<&Line> = lines.iter().filter(|line| line.becomes.is_none()).collect();
        if !without.is_empty() {
            page.push_str("\n| code | why not |\n|---|---|\n");
        }
        for line in without {
            page.push_str(&format!("| `{}` | {} |\n", line.code, line.why));
        }
    }
    support::golden(&mapping("CODES.md"), &page)
}
