//! Bundle.link: which relations a kind of Bundle may have, none of them twice, and style sheets that are there.
//!
//! From R4 (Bundle.link, HTTP paging, documents' style sheets), as the reference validator reads it: pages
//! belong to searches and histories; everywhere else only `self` and the like make sense.

use crate::message::{Arg, Issue};
use crate::profile::catalogue;
use crate::profile::index::Target;
use crate::profile::known::{child, child_is};
use crate::profile::run::Run;
use crate::tree::NodeId;

/// Relations between the pages of one result.
const PAGES: [&str; 4] = ["first", "previous", "next", "last"];

/// Which of the relations that may come once only; its place is the bit in [`Seen`].
const ONCE: [&str; 5] = ["self", "first", "previous", "next", "last"];

/// The bits of the relations seen so far.
type Seen = u8;

/// Checks the links of a Bundle.
pub(super) fn check(run: &mut Run<'_>, bundle: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let is = |kind| child_is(tree, bundle, known.type_, kind);
    let (paged, document) = (is("searchset") || is("history"), is("document"));
    let mut seen: Seen = 0;
    for link in tree.children(bundle).filter(|c| tree.node(*c).name == known.link) {
        let Some(relation) = child(tree, link, known.relation) else { continue };
        if !paged && PAGES.iter().any(|page| tree.text_is(relation, page)) {
            run.tell_base(&catalogue::BUNDLE_LINK_PAGE, relation, Arg::None);
        }
        let Some(at) = ONCE.iter().position(|one| tree.text_is(relation, one)) else {
            if document && tree.text_is(relation, "stylesheet") {
                style_sheet(run, link);
            }
            continue;
        };
        if seen & (1 << at) != 0 && (paged || at == 0) {
            // of a page the link is one too many; elsewhere it is the relation that is wrong
            let place = if paged { link } else { relation };
            run.push(Issue::on(&catalogue::BUNDLE_LINK_TWICE, place).arg(Arg::Static(ONCE[at])));
        }
        seen |= 1 << at;
    }
}

/// A style sheet that is named by a relative address is a resource of the document.
fn style_sheet(run: &mut Run<'_>, link: NodeId) {
    let (tree, known) = (run.tree, &run.validator.known);
    let Some(url) = child(tree, link, known.url) else { return };
    let Some(text) = tree.text(url).filter(|t| !t.contains(':')) else { return };
    if !matches!(run.memory.index.resolve(tree, url, &text), Target::Bundled(_)) {
        run.tell_base(&catalogue::BUNDLE_STYLE_SHEET, url, Arg::None);
    }
}
