//! A map as it was written: every node knows where it stands, comments are kept.
//!
//! Promises: nothing is resolved here; what the parser accepted is what a formatter would print.
//! Never: holds a type, an index or a compiled expression.

use crate::message::Origin;
use crate::tree::Lines;
use std::sync::Arc;

/// A word or a text, unescaped, and where it starts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// The text.
    pub text: Box<str>,
    /// Byte offset in the map's text.
    pub at: u32,
}

impl std::ops::Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}

/// FHIRPath inside a map, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fragment {
    /// The expression's text.
    pub text: Box<str>,
    /// Byte offset in the map's text.
    pub at: u32,
}

/// A comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment {
    /// With its slashes.
    pub text: Box<str>,
    /// Byte offset in the map's text.
    pub at: u32,
}

/// A map.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// The file it was read from.
    pub file: Arc<str>,
    /// Whether it was a StructureMap resource; then `text` is JSON or XML.
    pub is_resource: bool,
    /// Its whole text, for lines, columns and carets.
    pub text: Box<str>,
    /// Its canonical.
    pub url: Name,
    /// Its name.
    pub name: Name,
    /// `/// key = value`, in order, `url` and `name` included.
    pub metadata: Vec<(Name, Name)>,
    /// Embedded concept maps.
    pub concept_maps: Vec<ConceptMap>,
    /// The models it speaks of.
    pub uses: Vec<Uses>,
    /// The maps whose groups it may call; a `*` stands for anything.
    pub imports: Vec<Name>,
    /// `let name = expression`: names for expressions, known in every group.
    pub constants: Vec<Constant>,
    /// Its groups; the first is where it starts.
    pub groups: Vec<Group>,
    /// Its comments, in order.
    pub comments: Vec<Comment>,
}

impl Map {
    /// The file, line and column of an offset.
    pub fn origin(&self, at: u32) -> Origin {
        let place = Lines::new(&self.text).at(at);
        Origin { file: (*self.file).into(), line: place.line, column: place.column }
    }
}

/// What a map uses a model for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the language's own words")]
pub enum Use {
    Source,
    Queried,
    Target,
    Produced,
}

/// `uses "url" alias Name as source`.
#[derive(Clone, Debug)]
pub struct Uses {
    /// The model's canonical.
    pub url: Name,
    /// What the map calls it.
    pub alias: Option<Name>,
    /// What for.
    pub mode: Use,
}

/// `let name = expression;`.
#[derive(Clone, Debug)]
pub struct Constant {
    /// Its name.
    pub name: Name,
    /// What it stands for.
    pub value: Fragment,
}

/// Which pairs of types a group is the rule for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum TypeMode {
    /// None.
    #[default]
    None,
    /// Its parameters' types: `<<types>>`.
    Types,
    /// Those, and its source's type alone: `<<type+>>`.
    TypePlus,
}

/// A group.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name.
    pub name: Name,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// The group whose rules come first.
    pub extends: Option<Name>,
    /// Whether it is chosen by type.
    pub type_mode: TypeMode,
    /// Its rules.
    pub rules: Vec<Rule>,
    /// Where its rules begin and end in the text.
    pub braces: (u32, u32),
}

/// A parameter of a group.
#[derive(Clone, Debug)]
pub struct Parameter {
    /// Whether it is a target.
    pub is_target: bool,
    /// Its name.
    pub name: Name,
    /// Its type: an alias, or a type's name.
    pub type_name: Option<Name>,
}

/// A rule.
#[derive(Clone, Debug, Default)]
pub struct Rule {
    /// Where it starts.
    pub at: u32,
    /// Its name.
    pub name: Option<Name>,
    /// What it reads; at least one.
    pub sources: Vec<Source>,
    /// What it writes.
    pub targets: Vec<Target>,
    /// The groups it calls.
    pub calls: Vec<Call>,
    /// The rules inside it.
    pub rules: Vec<Rule>,
    /// Where the rules inside it begin, or it ends; where it ends.
    pub braces: (u32, u32),
}

/// Which of a source's items a rule is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are the language's own words")]
pub enum SourceList {
    First,
    NotFirst,
    Last,
    NotLast,
    OnlyOne,
}

/// What a source's variable is called where it is a search.
pub const SEARCH: &str = "@search";

/// A source of a rule.
#[derive(Clone, Debug, Default)]
pub struct Source {
    /// The variable.
    pub context: Name,
    /// `search(expression)` instead of a variable.
    pub search: Option<Fragment>,
    /// The elements below it, outermost first; none for the variable itself. `*` is every one.
    pub elements: Vec<Name>,
    /// The type an item must have.
    pub type_name: Option<Name>,
    /// Fewest and most items.
    pub cardinality: Option<(u32, u32)>,
    /// What to take when there is none.
    pub default: Option<Fragment>,
    /// Which of the items.
    pub list: Option<SourceList>,
    /// The variable that an item is bound to.
    pub alias: Option<Name>,
    /// An item for which it is false is passed over.
    pub condition: Option<Fragment>,
    /// An item for which it is false is a fault.
    pub check: Option<Fragment>,
    /// What to log.
    pub log: Option<Fragment>,
}

/// Where among its alike a target is put.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetList {
    /// The first there is, or a new one.
    First,
    /// The last there is, or a new one.
    Last,
    /// The only one.
    Single,
    /// The one that other rules with this key share.
    Share(Name),
}

/// A target of a rule.
#[derive(Clone, Debug, Default)]
pub struct Target {
    /// Where it starts.
    pub at: u32,
    /// The variable; none when only a variable is made.
    pub context: Option<Name>,
    /// The elements between the variable and the element, which are made if they are not there.
    pub path: Vec<Name>,
    /// The element.
    pub element: Option<Name>,
    /// What is written.
    pub transform: Option<Transform>,
    /// The variable that the written element is bound to.
    pub alias: Option<Name>,
    /// Where it is put.
    pub list: Option<TargetList>,
}

/// What a target is made of.
#[derive(Clone, Debug)]
pub enum Transform {
    /// `x`, `'text'`, `(expression)`.
    Value(Argument),
    /// `evaluate(x, expression)`; without `x` it is evaluated on the rule's item.
    Evaluate(Option<Argument>, Fragment),
    /// Any other, by its name.
    Call(Call),
}

/// A group or a transform that is called.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its name.
    pub name: Name,
    /// Its arguments.
    pub arguments: Vec<Argument>,
}

/// An argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Argument {
    /// A variable.
    Variable(Name),
    /// A text.
    Text(Name),
    /// A number, as written.
    Number(Name),
    /// `true` or `false`.
    Boolean(Name),
    /// An expression in parentheses.
    Expression(Fragment),
}

impl Argument {
    /// Where it starts.
    pub fn at(&self) -> u32 {
        match self {
            Argument::Variable(name)
            | Argument::Text(name)
            | Argument::Number(name)
            | Argument::Boolean(name) => name.at,
            Argument::Expression(fragment) => fragment.at,
        }
    }
}

/// An embedded concept map.
#[derive(Clone, Debug, Default)]
pub struct ConceptMap {
    /// Its name, without `#`.
    pub id: Name,
    /// The value sets that it is between, as far as it says: `source`, `target`.
    pub scopes: Vec<(Name, Name)>,
    /// Prefix and system.
    pub prefixes: Vec<(Name, Name)>,
    /// Prefixes whose unmapped codes are passed on as they are.
    pub provided: Vec<Name>,
    /// Its lines.
    pub lines: Vec<ConceptLine>,
    /// Where its content begins and ends in the text.
    pub braces: (u32, u32),
}

/// `s:a == t:b`.
#[derive(Clone, Debug)]
pub struct ConceptLine {
    /// Prefix and code.
    pub source: (Name, Name),
    /// The relation, as written.
    pub relation: Name,
    /// Prefix and code; none where the relation says that there is no match.
    pub target: Option<(Name, Name)>,
}
