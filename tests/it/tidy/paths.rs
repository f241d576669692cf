//! Every path that a file names: in `use` trees, in types and expressions, and inside macro calls.

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// A path as its segments; paths into this crate start with `crate`.
pub struct Named {
    /// `["crate", "tree", "Tree"]`, `["std", "fs", "read"]`.
    pub segments: Vec<String>,
    /// The line it stands on.
    pub line: usize,
}

/// The paths of a file whose items live in `module`.
pub fn of(file: &syn::File, module: &[String]) -> Vec<Named> {
    let mut finder = Finder { module: module.to_vec(), found: Vec::new() };
    finder.visit_file(file);
    finder.found
}

struct Finder {
    module: Vec<String>,
    found: Vec<Named>,
}

impl Finder {
    fn name(&mut self, segments: Vec<String>, line: usize) {
        let resolved = self.resolve(segments);
        if resolved.len() > 1 {
            self.found.push(Named { segments: resolved, line });
        }
    }

    /// Turns `super::x` and `self::x` into `crate::...`; the binary's `stafett::x` too.
    fn resolve(&self, segments: Vec<String>) -> Vec<String> {
        let ups = segments.iter().take_while(|s| *s == "super").count();
        let here = segments.first().is_some_and(|s| s == "self");
        if ups == 0 && !here {
            let own = segments.first().is_some_and(|s| s == "stafett");
            let first = own.then(|| "crate".to_owned());
            return first.into_iter().chain(segments.into_iter().skip(usize::from(own))).collect();
        }
        let kept = self.module.len().saturating_sub(ups);
        let rest = segments.into_iter().skip(ups + usize::from(here));
        let above = self.module[..kept].iter().cloned();
        std::iter::once("crate".to_owned()).chain(above).chain(rest).collect()
    }

    fn tree(&mut self, tree: &syn::UseTree, before: &[String]) {
        let with = |ident: &proc_macro2::Ident| {
            let mut all = before.to_vec();
            all.push(ident.to_string());
            all
        };
        match tree {
            syn::UseTree::Path(path) => self.tree(&path.tree, &with(&path.ident)),
            syn::UseTree::Name(name) => {
                self.name(with(&name.ident), name.ident.span().start().line);
            }
            syn::UseTree::Rename(name) => {
                self.name(with(&name.ident), name.ident.span().start().line);
            }
            syn::UseTree::Glob(glob) => {
                self.name(before.to_vec(), glob.star_token.spans[0].start().line);
            }
            syn::UseTree::Group(group) => {
                for item in &group.items {
                    self.tree(item, before);
                }
            }
        }
    }

    fn tokens(&mut self, tokens: TokenStream) {
        let mut run: Vec<String> = Vec::new();
        let mut line = 0;
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Punct(p) if p.as_char() == ':' => colons += 1,
                TokenTree::Ident(ident) => {
                    if colons != 2 {
                        self.name(std::mem::take(&mut run), line);
                    }
                    line = ident.span().start().line;
                    run.push(ident.to_string());
                    colons = 0;
                }
                other => {
                    self.name(std::mem::take(&mut run), line);
                    colons = 0;
                    if let TokenTree::Group(group) = other {
                        self.tokens(group.stream());
                    }
                }
            }
        }
        self.name(run, line);
    }
}

impl<'a> Visit<'a> for Finder {
    fn visit_item_mod(&mut self, item: &'a syn::ItemMod) {
        if is_test(&item.attrs) {
            return;
        }
        self.module.push(item.ident.to_string());
        visit::visit_item_mod(self, item);
        self.module.pop();
    }

    fn visit_item_fn(&mut self, item: &'a syn::ItemFn) {
        if !is_test(&item.attrs) {
            visit::visit_item_fn(self, item);
        }
    }

    fn visit_item_use(&mut self, item: &'a syn::ItemUse) {
        if !is_test(&item.attrs) {
            self.tree(&item.tree, &[]);
        }
    }

    fn visit_path(&mut self, path: &'a syn::Path) {
        let segments: Vec<String> = path.segments.iter().map(|s| s.ident.to_string()).collect();
        let line = path.segments.first().map_or(0, |s| s.ident.span().start().line);
        self.name(segments, line);
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, item: &'a syn::Macro) {
        self.tokens(item.tokens.clone());
        visit::visit_macro(self, item);
    }
}

fn is_test(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("cfg")
            && attribute.parse_args::<syn::Path>().is_ok_and(|path| path.is_ident("test"))
    })
}
