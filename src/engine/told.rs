//! Issues as they are told and kept: text, expression and position are made here, and only here.

use crate::message::{Checked, Issue, IssueKind, Severity, ToldIssue};
use crate::tree::types::Table;
use crate::tree::{BufferId, Expression, Lines, Tree};

/// At most this many issues of a message are told and kept; the worst first, in document order.
pub const MOST_TOLD: usize = 100;

/// Tells the worst issues about a tree whose first buffer is its input.
pub fn tell(tree: &Tree, table: &Table, issues: &[Issue]) -> Vec<ToldIssue> {
    let mut order: Vec<&Issue> = issues.iter().collect();
    order.sort_by_key(|issue| std::cmp::Reverse(issue.severity));
    order.truncate(MOST_TOLD);
    tell_these(tree, table, order.into_iter())
}

/// Tells all issues, in the order they were found.
pub fn tell_all(tree: &Tree, table: &Table, issues: &[Issue]) -> Vec<ToldIssue> {
    tell_these(tree, table, issues.iter())
}

fn tell_these<'a>(
    tree: &Tree,
    table: &Table,
    issues: impl ExactSizeIterator<Item = &'a Issue>,
) -> Vec<ToldIssue> {
    if issues.len() == 0 {
        return Vec::new();
    }
    let input = if tree.has_input() { tree.buffer(BufferId(1)) } else { "" };
    let lines = Lines::new(input);
    issues.map(|issue| one(tree, table, &lines, issue)).collect()
}

fn one(tree: &Tree, table: &Table, lines: &Lines<'_>, issue: &Issue) -> ToldIssue {
    let node = issue.place.node;
    let offset = issue.place.offset.or_else(|| node.map(|node| tree.node(node).offset));
    let position = offset.filter(|_| tree.has_input()).map(|offset| {
        let at = lines.at(offset);
        (at.line, at.column)
    });
    let meant = super::suggest::suggestion(tree, table, issue);
    let said = meant.map_or_else(|| issue.text(), |meant| format!("{}; {meant}", issue.text()));
    let text = match issue.checked {
        Checked::Failed => said,
        Checked::NotChecked => format!("could not be checked: {said}"),
    };
    ToldIssue {
        severity: issue.severity,
        code: issue.kind.code,
        id: issue.kind.id.into(),
        expression: node.map(|node| {
            Expression::new(tree, table, node).list(issue.place.list).to_string().into()
        }),
        position,
        profile: issue.profile.as_deref().map(Into::into),
        text: text.into(),
    }
}

/// An issue about a message as a whole, with no place in it.
pub fn about(kind: &'static IssueKind) -> ToldIssue {
    ToldIssue {
        severity: kind.severity,
        code: kind.code,
        id: kind.id.into(),
        expression: None,
        position: None,
        profile: None,
        text: kind.text.into(),
    }
}

/// Whether issues refuse a message.
pub fn refuse(issues: &[Issue]) -> bool {
    issues.iter().any(Issue::refuses)
}

/// Those that a receipt tells: all but what is only worth knowing.
pub fn for_receipt(issues: &[ToldIssue]) -> Vec<ToldIssue> {
    issues.iter().filter(|issue| issue.severity > Severity::Information).cloned().collect()
}
