//! Tables in text: comma-separated values (RFC 4180), each field with its place.
//!
//! Never: judges what a field says.

use crate::message::Origin;

/// A field, with its place.
pub(super) struct Cell {
    pub text: String,
    pub line: u32,
    pub column: u32,
}

impl Cell {
    pub fn origin(&self, file: &str) -> Origin {
        origin(file, self.line, self.column)
    }
}

/// A place in a file.
pub(super) fn origin(file: &str, line: u32, column: u32) -> Origin {
    Origin { file: file.into(), line, column }
}

/// The rows of a CSV text (RFC 4180); a quoted field may span lines.
pub(super) fn rows(text: &str) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    let mut row: Vec<Cell> = Vec::new();
    let (mut line, mut column) = (1, 1);
    let mut cell = Cell { text: String::new(), line, column };
    let mut quoted = false;
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    while let Some(c) = chars.next() {
        column += 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                column += 1;
                cell.text.push('"');
            }
            '"' if quoted || cell.text.is_empty() => quoted = !quoted,
            ',' if !quoted => {
                row.push(std::mem::replace(&mut cell, Cell { text: String::new(), line, column }));
            }
            '\r' if !quoted => {}
            '\n' => {
                (line, column) = (line + 1, 1);
                if quoted {
                    cell.text.push('\n');
                } else {
                    let next = Cell { text: String::new(), line, column };
                    row.push(std::mem::replace(&mut cell, next));
                    rows.push(std::mem::take(&mut row));
                }
            }
            c => cell.text.push(c),
        }
    }
    if !cell.text.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    for cell in rows.iter_mut().flatten() {
        cell.text = cell.text.trim().to_owned();
    }
    rows
}
