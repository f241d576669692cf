//! The demo's table, and the lines to copy.

use super::Stage;
use super::play::Row;
use crate::config::ListenerKind;
use std::fmt::Write;

const HEAD: [&str; 6] = ["message", "verdict", "translated to", "delivered to", "receipt", "ms"];

/// The table as text.
pub fn render(rows: &[Row]) -> String {
    let cells: Vec<[String; 6]> = rows
        .iter()
        .map(|row| {
            [
                row.name.clone(),
                row.verdict.clone(),
                row.translated.clone(),
                row.delivered.clone(),
                row.receipt.clone(),
                format!("{:.1}", row.took.as_secs_f64() * 1e3),
            ]
        })
        .collect();
    let width = |column: usize| {
        let longest = cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        longest.max(HEAD[column].len())
    };
    let widths: Vec<usize> = (0..HEAD.len()).map(width).collect();
    let mut out = String::new();
    line(&HEAD.map(str::to_owned), &widths, &mut out);
    line(&widths.iter().map(|n| "-".repeat(*n)).collect::<Vec<_>>(), &widths, &mut out);
    for (row, cells) in rows.iter().zip(&cells) {
        line(cells, &widths, &mut out);
        for fault in &row.faults {
            let _ = writeln!(out, "  NOT AS EXPECTED: {fault}");
        }
    }
    out
}

fn line(cells: &[String], widths: &[usize], out: &mut String) {
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        let _ = write!(text, "{cell:width$}  ");
    }
    let _ = writeln!(out, "{}", text.trim_end());
}

/// Lines to copy into a shell.
pub fn hints(stage: &Stage) -> String {
    let mut out = String::from("\nStill up; end it with Ctrl-C. To copy:\n\n");
    if let Some(address) = stage.running.address(ListenerKind::Messages) {
        for message in stage.expected.messages.iter().take(3) {
            let fhir = message.content_type.starts_with("application/fhir");
            let path = if fhir { "/fhir/\\$process-message" } else { "/messages" };
            let token = stage.tokens.get(&message.from).map_or("", |token| token);
            let _ = writeln!(
                out,
                "curl -s -H 'Authorization: Bearer {token}' -H 'Content-Type: {}' \\\n  \
                 --data-binary @{} \"http://{address}{path}\"",
                message.content_type,
                stage.folder.join(&*message.file).display(),
            );
        }
        let _ = writeln!(out, "curl -s http://{address}/fhir/metadata");
    }
    if let Some(address) = stage.running.address(ListenerKind::Operations) {
        let _ = writeln!(out, "curl -s http://{address}/metrics");
        let _ = writeln!(out, "curl -s http://{address}/health/ready");
    }
    out
}
