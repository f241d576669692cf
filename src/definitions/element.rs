//! JSON of an ElementDefinition -> the model's struct.
//!
//! Promises: `fixed[x]`, `pattern[x]`, `minValue[x]` and `maxValue[x]` keep the text they were written with.
//! Never: merges, checks or completes anything.

use super::decode::Extension;
use super::model::*;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// An element as it is read.
pub(super) struct Element(pub ElementDefinition);

impl<'de> Deserialize<'de> for Element {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Element, D::Error> {
        from.deserialize_map(Fields)
    }
}

#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Element;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("an ElementDefinition")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Element, A::Error> {
        let mut one = ElementDefinition::default();
        let mut wanted: Option<Constraint> = None;
        while let Some(Key(key)) = map.next_key::<Key<'de>>()? {
            match &*key {
                "id" => one.id = map.next_value()?,
                "path" => one.path = map.next_value()?,
                "sliceName" => one.slice_name = map.next_value()?,
                "min" => one.min = map.next_value()?,
                "max" => one.max = map.next_value::<Max>()?.0,
                "base" => {
                    let base: Base = map.next_value()?;
                    (one.base_min, one.base_max) = (base.min, base.max.and_then(|m| m.0));
                }
                "contentReference" => one.content_reference = map.next_value()?,
                "type" => {
                    one.types = map.next_value::<Vec<Type>>()?.into_iter().map(type_ref).collect()
                }
                "maxLength" => one.max_length = map.next_value()?,
                "constraint" => {
                    let list: Vec<Rule> = map.next_value()?;
                    one.constraints = list.into_iter().map(constraint).collect();
                }
                "slicing" => one.slicing = Some(slicing(map.next_value()?)),
                "binding" => one.binding = Some(binding(map.next_value()?)),
                "isModifier" => one.is_modifier = map.next_value()?,
                "isSummary" => one.is_summary = map.next_value()?,
                "mustSupport" => one.must_support = map.next_value()?,
                "representation" => one.representation = map.next_value()?,
                "extension" => {
                    let list: Vec<Extension> = map.next_value()?;
                    one.xml_namespace = Extension::text(&list, "elementdefinition-namespace")
                        .or_else(|| Extension::text(&list, "xml-namespace"));
                    one.xml_name = Extension::text(&list, "elementdefinition-xml-name")
                        .or_else(|| Extension::text(&list, "xml-name"));
                    wanted = value_wanted(&list);
                }
                key => match literal_place(&mut one, key) {
                    Some((place, type_name)) => {
                        let raw: &RawValue = map.next_value()?;
                        *place = Some(Literal { type_name, json: raw.get().into() });
                    }
                    None => {
                        map.next_value::<IgnoredAny>()?;
                    }
                },
            }
        }
        one.constraints.extend(wanted);
        Ok(Element(one))
    }
}

/// R5's `mustHaveValue` and `valueAlternatives`, which R4 writes as extensions, as the invariants that they are.
fn value_wanted(list: &[Extension]) -> Option<Constraint> {
    const OF: &str = "extension-ElementDefinition";
    let others = Extension::texts(list, &format!("{OF}.valueAlternatives"));
    let must = Extension::is_true(list, &format!("{OF}.mustHaveValue"));
    let (key, human) = match (must, others.is_empty()) {
        (true, _) => ("must-have-value", "the profile wants a value here, not only extensions"),
        (_, false) => (
            "value-alternatives",
            "the profile wants a value here, or one of the extensions that may stand for it",
        ),
        _ => return None,
    };
    let others = others.iter().filter(|_| !must);
    let others: String = others.map(|url| format!(" or extension('{url}').exists()")).collect();
    Some(Constraint {
        key: key.into(),
        is_error: true,
        human: human.into(),
        expression: Some(format!("hasValue(){others}").into()),
        best_practice: false,
        source: None,
    })
}

/// Where a `fixedUri`, `patternCoding`, ... is kept, and the name of its type.
fn literal_place<'a>(
    one: &'a mut ElementDefinition,
    key: &str,
) -> Option<(&'a mut Option<Literal>, Box<str>)> {
    let (place, suffix) = if let Some(suffix) = key.strip_prefix("fixed") {
        (&mut one.fixed, suffix)
    } else if let Some(suffix) = key.strip_prefix("pattern") {
        (&mut one.pattern, suffix)
    } else if let Some(suffix) = key.strip_prefix("minValue") {
        (&mut one.min_value, suffix)
    } else {
        (&mut one.max_value, key.strip_prefix("maxValue")?)
    };
    suffix.starts_with(|c: char| c.is_ascii_uppercase()).then(|| (place, type_of_suffix(suffix)))
}

/// `Uri` is the primitive `uri`, `Coding` is `Coding`: only primitives' names begin in lower case.
fn type_of_suffix(suffix: &str) -> Box<str> {
    const PRIMITIVES: [&str; 19] = [
        "base64Binary",
        "boolean",
        "canonical",
        "code",
        "date",
        "dateTime",
        "decimal",
        "id",
        "instant",
        "integer",
        "markdown",
        "oid",
        "positiveInt",
        "string",
        "time",
        "unsignedInt",
        "uri",
        "url",
        "uuid",
    ];
    let primitive = PRIMITIVES.iter().find(|p| {
        p.len() == suffix.len()
            && p[1..] == suffix[1..]
            && p[..1].eq_ignore_ascii_case(&suffix[..1])
    });
    primitive.copied().unwrap_or(suffix).into()
}

/// `*` or a number, as text.
#[derive(Default)]
struct Max(Option<u32>);

impl<'de> Deserialize<'de> for Max {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Max, D::Error> {
        let Key(text) = Key::deserialize(from)?;
        Ok(Max(if text == "*" { Some(u32::MAX) } else { text.parse().ok() }))
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Base {
    min: Option<u32>,
    max: Option<Max>,
}

#[derive(serde::Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Type {
    extension: Vec<Extension>,
    code: Box<str>,
    profile: Vec<Box<str>>,
    #[serde(rename = "_profile")]
    of_profile: Vec<Option<OfProfile>>,
    target_profile: Vec<Box<str>>,
    aggregation: Vec<Box<str>>,
}

/// What is said of a profile beside its canonical.
#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct OfProfile {
    extension: Vec<Extension>,
}

/// Profiles; one that means an element of a definition only is written `canonical#element`.
fn profiles(names: Vec<Box<str>>, more: Vec<Option<OfProfile>>) -> Vec<Box<str>> {
    let mut more = more.into_iter();
    let whole = |name: Box<str>| {
        let extensions = more.next().flatten().unwrap_or_default().extension;
        match Extension::text(&extensions, "elementdefinition-profile-element") {
            Some(element) => format!("{name}#{element}").into(),
            None => name,
        }
    };
    names.into_iter().map(whole).collect()
}

fn type_ref(one: Type) -> TypeRef {
    let code = if one.code.is_empty() || one.code.starts_with("http://hl7.org/fhirpath/") {
        Extension::text(&one.extension, "structuredefinition-fhir-type").unwrap_or(one.code)
    } else {
        one.code
    };
    TypeRef {
        code,
        profiles: profiles(one.profile, one.of_profile),
        target_profiles: one.target_profile,
        aggregation: one.aggregation,
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Rule {
    extension: Vec<Extension>,
    key: Box<str>,
    severity: Box<str>,
    human: Box<str>,
    expression: Option<Box<str>>,
    source: Option<Box<str>>,
}

fn constraint(one: Rule) -> Constraint {
    Constraint {
        best_practice: Extension::is_true(&one.extension, "elementdefinition-bestpractice"),
        key: one.key,
        is_error: &*one.severity != "warning",
        human: one.human,
        expression: one.expression,
        source: one.source,
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Slices {
    discriminator: Vec<Discriminates>,
    rules: Box<str>,
    ordered: bool,
}

#[derive(serde::Deserialize, Default)]
#[serde(default)]
struct Discriminates {
    #[serde(rename = "type")]
    kind: Box<str>,
    path: Box<str>,
}

fn slicing(one: Slices) -> Slicing {
    let discriminator = |d: Discriminates| Discriminator {
        kind: match &*d.kind {
            "exists" => DiscriminatorKind::Exists,
            "pattern" => DiscriminatorKind::Pattern,
            "type" => DiscriminatorKind::Type,
            "profile" => DiscriminatorKind::Profile,
            _ => DiscriminatorKind::Value,
        },
        path: d.path,
    };
    Slicing {
        discriminators: one.discriminator.into_iter().map(discriminator).collect(),
        rules: match &*one.rules {
            "closed" => SlicingRules::Closed,
            "openAtEnd" => SlicingRules::OpenAtEnd,
            _ => SlicingRules::Open,
        },
        ordered: one.ordered,
    }
}

#[derive(serde::Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Bound {
    extension: Vec<Extension>,
    strength: Box<str>,
    value_set: Option<Box<str>>,
}

fn binding(one: Bound) -> Binding {
    Binding {
        strength: match &*one.strength {
            "required" => Strength::Required,
            "extensible" => Strength::Extensible,
            "preferred" => Strength::Preferred,
            _ => Strength::Example,
        },
        max_value_set: Extension::text(&one.extension, "elementdefinition-maxValueSet"),
        value_set: one.value_set,
    }
}
