//! Conformance resources as checked structs: what the compilers read, and what the embedded core holds.
//!
//! Prose is left out. Literals keep their JSON text, so that `fixed[x]` and `pattern[x]` become trees.

use super::concepts::Concepts;
use serde::{Deserialize, Serialize};

/// A FHIR StructureDefinition: a type's definition, a profile on one, an extension, a logical model.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StructureDefinition {
    /// Its canonical, without a version.
    pub url: Box<str>,
    /// Its version.
    pub version: Option<Box<str>>,
    /// Its name.
    pub name: Box<str>,
    /// What it defines.
    pub kind: StructureKind,
    /// Whether no instance is of just this type.
    pub is_abstract: bool,
    /// The type it defines or constrains: `Patient`, or a model's canonical.
    pub type_name: Box<str>,
    /// The canonical it derives from.
    pub base: Option<Box<str>>,
    /// Whether it constrains its base (a profile) or specialises it (a type).
    pub constrains: bool,
    /// Where an extension may stand.
    pub contexts: Vec<ExtensionContext>,
    /// FHIRPath expressions that must hold where an extension stands.
    pub context_invariants: Vec<Box<str>>,
    /// The snapshot's elements, root first; empty when there is only a differential.
    pub snapshot: Vec<ElementDefinition>,
    /// The differential's elements; kept only when there is no snapshot.
    pub differential: Vec<ElementDefinition>,
    /// The XML namespace, where the xml-namespace extension says one for the root.
    pub xml_namespace: Option<Box<str>>,
    /// The root's XML name, where the xml-name extension says one.
    pub xml_name: Option<Box<str>>,
}

impl StructureDefinition {
    /// A logical model that is made in code: its root, to which its elements are added.
    pub fn logical(url: String, name: &str) -> StructureDefinition {
        StructureDefinition {
            type_name: url.as_str().into(),
            url: url.into(),
            version: None,
            name: name.into(),
            kind: StructureKind::Logical,
            is_abstract: false,
            base: Some("http://hl7.org/fhir/StructureDefinition/Base".into()),
            constrains: false,
            contexts: Vec::new(),
            context_invariants: Vec::new(),
            snapshot: vec![ElementDefinition::plain(name, 0, u32::MAX, None)],
            differential: Vec::new(),
            xml_namespace: None,
            xml_name: None,
        }
    }
}

impl ElementDefinition {
    /// An element of a model that is made in code.
    pub fn plain(path: &str, min: u32, max: u32, code: Option<&str>) -> ElementDefinition {
        let types = code.map(|code| TypeRef { code: code.into(), ..TypeRef::default() });
        ElementDefinition {
            id: path.into(),
            path: path.into(),
            min: Some(min),
            max: Some(max),
            base_min: Some(min),
            base_max: Some(max),
            types: types.into_iter().collect(),
            ..ElementDefinition::default()
        }
    }
}

/// What a StructureDefinition defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StructureKind {
    /// A primitive type.
    Primitive,
    /// A datatype.
    Complex,
    /// A resource.
    Resource,
    /// A logical model.
    Logical,
}

/// Where an extension may stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtensionContext {
    /// `element`, `extension` or `fhirpath`.
    pub kind: Box<str>,
    /// What it says.
    pub expression: Box<str>,
}

/// An ElementDefinition.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ElementDefinition {
    /// `Observation.value[x]:valueQuantity.code`.
    pub id: Box<str>,
    /// `Observation.value[x].code`.
    pub path: Box<str>,
    /// The slice it defines.
    pub slice_name: Option<Box<str>>,
    /// Fewest occurrences; none when a differential leaves it open.
    pub min: Option<u32>,
    /// Most occurrences, `u32::MAX` for `*`.
    pub max: Option<u32>,
    /// Fewest and most in the base definition.
    pub base_min: Option<u32>,
    /// See `base_min`.
    pub base_max: Option<u32>,
    /// `#Bundle.link` or a canonical with such a fragment.
    pub content_reference: Option<Box<str>>,
    /// The types it may have.
    pub types: Vec<TypeRef>,
    /// The value it must have, exactly.
    pub fixed: Option<Literal>,
    /// The value it must have at least.
    pub pattern: Option<Literal>,
    /// The smallest value.
    pub min_value: Option<Literal>,
    /// The largest value.
    pub max_value: Option<Literal>,
    /// The most characters.
    pub max_length: Option<u32>,
    /// Invariants.
    pub constraints: Vec<Constraint>,
    /// How it is sliced.
    pub slicing: Option<Slicing>,
    /// The value set its codes come from.
    pub binding: Option<Binding>,
    /// Whether it may change the meaning of its parent.
    pub is_modifier: bool,
    /// Whether it belongs to a summary.
    pub is_summary: bool,
    /// Whether the profile's implementers must support it.
    pub must_support: bool,
    /// `xmlAttr`, `xmlText`, `typeAttr`, `cdaText`, `xhtml`.
    pub representation: Vec<Box<str>>,
    /// The XML namespace, where the xml-namespace extension says one.
    pub xml_namespace: Option<Box<str>>,
    /// The XML name, where the xml-name extension says one.
    pub xml_name: Option<Box<str>>,
}

/// One type that an element may have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypeRef {
    /// `Reference`; of a FHIRPath system type the name it stands for in FHIR (`string`, from the
    /// fhir-type extension), else `http://hl7.org/fhirpath/System.String`.
    pub code: Box<str>,
    /// Profiles, any one of which the element must meet.
    pub profiles: Vec<Box<str>>,
    /// Profiles, any one of which what it refers to must meet.
    pub target_profiles: Vec<Box<str>>,
    /// `contained`, `referenced`, `bundled`.
    pub aggregation: Vec<Box<str>>,
}

/// A value in a definition, as JSON text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Literal {
    /// Its type: `CodeableConcept`, `uri`.
    pub type_name: Box<str>,
    /// The JSON, as it was written: `{"coding":[...]}`, `"http://..."`, `1.0`.
    pub json: Box<str>,
}

/// An invariant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// `bdl-1`.
    pub key: Box<str>,
    /// Whether breaking it is an error.
    pub is_error: bool,
    /// Whether it is only best practice (the elementdefinition-bestpractice extension).
    pub best_practice: bool,
    /// What it says, for people.
    pub human: Box<str>,
    /// FHIRPath; none when it is words only.
    pub expression: Option<Box<str>>,
    /// The canonical of the definition that introduced it.
    pub source: Option<Box<str>>,
}

/// A binding to a value set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// How strictly.
    pub strength: Strength,
    /// The canonical, perhaps with `|version`.
    pub value_set: Option<Box<str>>,
    /// The largest set allowed under an extensible or preferred binding (the maxValueSet extension).
    pub max_value_set: Option<Box<str>>,
}

/// How strictly a binding is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are FHIR's own codes")]
pub enum Strength {
    Required,
    Extensible,
    Preferred,
    Example,
}

/// How an element is sliced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slicing {
    /// How slices are told apart.
    pub discriminators: Vec<Discriminator>,
    /// `open`, `closed` or `openAtEnd`.
    pub rules: SlicingRules,
    /// Whether items come in the order of the slices.
    pub ordered: bool,
}

/// What else may stand beside the slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are FHIR's own codes")]
pub enum SlicingRules {
    Open,
    Closed,
    OpenAtEnd,
}

/// One way to tell slices apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Discriminator {
    /// How the element at `path` decides.
    pub kind: DiscriminatorKind,
    /// A restricted FHIRPath: `url`, `$this`, `resolve().code`, `extension('x').value`.
    pub path: Box<str>,
}

/// How a discriminator's element decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are FHIR's own codes")]
pub enum DiscriminatorKind {
    Value,
    Exists,
    Pattern,
    Type,
    Profile,
}

/// A ValueSet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueSet {
    /// Its canonical.
    pub url: Box<str>,
    /// Its version.
    pub version: Option<Box<str>>,
    /// What is in it.
    pub include: Vec<Include>,
    /// What is not.
    pub exclude: Vec<Include>,
    /// An expansion that came with it: (system, code).
    pub expansion: Option<Vec<(Box<str>, Box<str>)>>,
}

/// A part of a value set's compose.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Include {
    /// The code system.
    pub system: Option<Box<str>>,
    /// Its version.
    pub version: Option<Box<str>>,
    /// The codes, listed; none listed and no filter means all.
    pub codes: Vec<Box<str>>,
    /// (property, operator, value).
    pub filters: Vec<(Box<str>, Box<str>, Box<str>)>,
    /// Other value sets, all of which a code must be in.
    pub value_sets: Vec<Box<str>>,
    /// What the listed codes are called here, where that is said: (its place among the codes, display or
    /// designation). Of the embedded core its code systems say it.
    pub words: Vec<(u32, Box<str>)>,
}

/// A CodeSystem.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSystem {
    /// Its canonical: the system of its codes.
    pub url: Box<str>,
    /// Its version.
    pub version: Option<Box<str>>,
    /// Whether all its concepts are here.
    pub complete: bool,
    /// Whether codes differ by case.
    pub case_sensitive: bool,
    /// Its concepts, parents before children.
    pub concepts: Concepts,
}

/// A ConceptMap.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConceptMap {
    /// Its canonical.
    pub url: Box<str>,
    /// Its version.
    pub version: Option<Box<str>>,
    /// (source system, target system, source code, target code, equivalence, target display).
    pub mappings: Vec<ConceptMapping>,
}

/// One line of a concept map.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConceptMapping {
    /// The source system.
    pub source_system: Box<str>,
    /// The source code; empty for all that are not listed, which then are passed on as they are.
    pub source_code: Box<str>,
    /// The target system.
    pub target_system: Box<str>,
    /// The target code; none for `unmatched`.
    pub target_code: Option<Box<str>>,
    /// The target's display.
    pub target_display: Option<Box<str>>,
}
