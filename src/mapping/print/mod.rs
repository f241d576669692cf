//! A map as canonical text: what `map fmt` writes, and how a StructureMap resource becomes text.
//!
//! Promises: what is printed reads back as the same map, and prints as the same text again; every comment is
//! kept, before or behind what it stood at. Never: changes an expression, beyond putting it in parentheses.

mod comments;
mod rules;
mod words;

use super::ast::{ConceptMap, Group, Map, TypeMode, Use, Uses};
use comments::Comments;
use words::{double, ident, single, type_word};

/// Longest line that a rule is kept on.
const WIDTH: usize = 100;

/// A map as text.
pub fn print(map: &Map) -> String {
    let mut printer =
        Printer { map, comments: Comments::new(map), out: String::new(), indent: 0, fresh: true };
    printer.head();
    printer.declarations();
    printer.comments_before(u32::MAX);
    printer.out
}

struct Printer<'m> {
    map: &'m Map,
    comments: Comments<'m>,
    out: String,
    indent: usize,
    /// Nothing stands in this block yet, so no empty line is wanted.
    fresh: bool,
}

/// What stands at the top level, by its place.
enum Declaration<'m> {
    Concepts(&'m ConceptMap),
    Uses(&'m Uses),
    Imports(&'m super::ast::Name),
    Constant(&'m super::ast::Constant),
    Group(&'m Group),
}

impl Declaration<'_> {
    fn at(&self) -> u32 {
        match self {
            Declaration::Concepts(one) => one.id.at,
            Declaration::Uses(one) => one.url.at,
            Declaration::Imports(one) => one.at,
            Declaration::Constant(one) => one.name.at,
            Declaration::Group(one) => one.name.at,
        }
    }

    fn rank(&self) -> u32 {
        match self {
            Declaration::Concepts(_) => 0,
            Declaration::Uses(_) => 1,
            Declaration::Imports(_) => 2,
            Declaration::Constant(_) => 3,
            Declaration::Group(_) => 4,
        }
    }

    /// Whether an empty line stands before it, whatever came before.
    fn apart(&self) -> bool {
        matches!(self, Declaration::Concepts(_) | Declaration::Group(_))
    }
}

impl<'m> Printer<'m> {
    fn head(&mut self) {
        for (key, value) in &self.map.metadata {
            self.begin(key.at, key.at, false);
            let value = match value.contains('\n') {
                true => format!("\"\"\"\n{}\n\"\"\"", &**value),
                false => single(value),
            };
            self.line(&format!("/// {} = {value}", &**key));
        }
        let named = self.map.metadata.iter().any(|(key, _)| &**key == "url");
        if !named && !self.map.url.is_empty() {
            self.begin(self.map.url.at, self.map.url.at, false);
            let (url, name) = (double(&self.map.url), double(&self.map.name));
            self.line(&format!("map {url} = {name}"));
        }
    }

    fn declarations(&mut self) {
        let map = self.map;
        let mut all: Vec<Declaration<'m>> = Vec::new();
        all.extend(map.concept_maps.iter().map(Declaration::Concepts));
        all.extend(map.uses.iter().map(Declaration::Uses));
        all.extend(map.imports.iter().map(Declaration::Imports));
        all.extend(map.constants.iter().map(Declaration::Constant));
        all.extend(map.groups.iter().map(Declaration::Group));
        // A resource keeps its parts in any order; in text they have one.
        all.sort_by_key(|one| (if map.is_resource { one.rank() } else { 0 }, one.at()));
        let mut before = u32::MAX;
        for one in &all {
            let apart = one.apart() || one.rank() != before;
            before = one.rank();
            match one {
                Declaration::Concepts(map) => self.concepts(map),
                Declaration::Uses(uses) => {
                    self.begin(uses.url.at, uses.url.at, apart);
                    self.uses(uses);
                }
                Declaration::Imports(url) => {
                    self.begin(url.at, url.at, apart);
                    self.line(&format!("imports {}", double(url)));
                }
                Declaration::Constant(constant) => {
                    let name = &constant.name;
                    self.begin(name.at, constant.value.at, apart);
                    let value = words::tidy(&constant.value.text);
                    self.line(&format!("let {} = {value};", ident(name)));
                }
                Declaration::Group(group) => self.group(group),
            }
        }
    }

    fn uses(&mut self, uses: &Uses) {
        let alias = uses.alias.as_ref().map(|a| format!(" alias {}", ident(a)));
        let mode = match uses.mode {
            Use::Source => "source",
            Use::Queried => "queried",
            Use::Target => "target",
            Use::Produced => "produced",
        };
        self.line(&format!("uses {}{} as {mode}", double(&uses.url), alias.unwrap_or_default()));
    }

    fn concepts(&mut self, map: &ConceptMap) {
        self.begin(map.id.at, map.braces.0, true);
        self.open(&format!("conceptmap {} {{", double(&map.id)));
        for (scope, url) in &map.scopes {
            self.begin(scope.at, scope.at, false);
            self.line(&format!("{} {}", &**scope, double(url)));
        }
        for (prefix, system) in &map.prefixes {
            self.begin(prefix.at, prefix.at, false);
            self.line(&format!("prefix {} = {}", ident(prefix), double(system)));
        }
        let mut lines: Vec<(u32, String)> = Vec::new();
        for prefix in &map.provided {
            lines.push((prefix.at, format!("unmapped for {} = provided", ident(prefix))));
        }
        let code = |(prefix, code): &(super::ast::Name, super::ast::Name)| {
            format!("{}:{}", ident(prefix), words::code(code))
        };
        for line in &map.lines {
            let target = line.target.as_ref().map(|t| format!(" {}", code(t)));
            let text =
                format!("{} {}{}", code(&line.source), &*line.relation, target.unwrap_or_default());
            lines.push((line.source.0.at, text));
        }
        lines.sort_by_key(|(at, _)| *at);
        for (place, (at, line)) in lines.iter().enumerate() {
            self.begin(*at, *at, place == 0 && !map.prefixes.is_empty());
            self.line(line);
        }
        self.close(map.braces.1, "}");
    }

    fn group(&mut self, group: &Group) {
        self.begin(group.name.at, group.braces.0, true);
        let parameters: Vec<String> = group
            .parameters
            .iter()
            .map(|one| {
                let mode = if one.is_target { "target" } else { "source" };
                let type_name = one.type_name.as_ref().map(|t| format!(" : {}", type_word(t)));
                format!("{mode} {}{}", ident(&one.name), type_name.unwrap_or_default())
            })
            .collect();
        let extends = group.extends.as_ref().map(|e| format!(" extends {}", ident(e)));
        let types = match group.type_mode {
            TypeMode::None => "",
            TypeMode::Types => " <<types>>",
            TypeMode::TypePlus => " <<type+>>",
        };
        let head = format!("group {}({})", ident(&group.name), parameters.join(", "));
        self.open(&format!("{head}{}{types} {{", extends.unwrap_or_default()));
        self.rules(&group.rules);
        self.close(group.braces.1, "}");
    }

    // Lines.

    /// What stands before an item that begins at `at`: comments, an empty line. Comments up to `inside`, which
    /// stood in the item's own text, come directly before it.
    fn begin(&mut self, at: u32, inside: u32, apart: bool) {
        let at = self.comments.line_start(at);
        self.trailing(at);
        let mut apart = apart;
        while let Some(comment) = self.comments.next_before(at) {
            self.empty_line(apart || self.comments.blank_before(comment.at));
            apart = false;
            self.comment(&comment.text);
        }
        self.empty_line(apart || self.comments.blank_before(at));
        while let Some(comment) = self.comments.next_before(inside) {
            self.comment(&comment.text);
        }
    }

    fn comments_before(&mut self, at: u32) {
        self.trailing(at);
        while let Some(comment) = self.comments.next_before(at) {
            self.empty_line(self.comments.blank_before(comment.at));
            self.comment(&comment.text);
        }
    }

    /// Comments behind what was printed last, on its line.
    fn trailing(&mut self, at: u32) {
        while let Some(comment) = self.comments.trailing_before(at) {
            if self.out.ends_with('\n') {
                self.out.pop();
                self.out.push(' ');
            }
            self.out.push_str(&words::tidy(&comment.text));
            self.out.push('\n');
        }
    }

    fn comment(&mut self, text: &str) {
        self.line(&words::tidy(text));
    }

    fn empty_line(&mut self, wanted: bool) {
        if wanted && !self.fresh && !self.out.is_empty() && !self.out.ends_with("\n\n") {
            self.out.push('\n');
        }
        self.fresh = false;
    }

    fn line(&mut self, text: &str) {
        self.out.extend(std::iter::repeat_n(' ', self.indent));
        self.out.push_str(text);
        self.out.push('\n');
        self.fresh = false;
    }

    fn open(&mut self, text: &str) {
        self.line(text);
        self.indent += 2;
        self.fresh = true;
    }

    fn close(&mut self, at: u32, text: &str) {
        self.comments_before(at);
        self.indent -= 2;
        self.line(text);
    }
}

#[cfg(test)]
mod tests;
