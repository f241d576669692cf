//! The coverage page: one file, readable without scripts, with nothing from elsewhere.
//!
//! Promises: every text is escaped; the page's own policy forbids loading anything. Never: a clock, so that the same
//! files give the same page.

use super::report::{ElementReport, RanMessage, Report, percent};
use super::sources::{MapLines, RuleLine};
use crate::cli::excerpt::plural;
use crate::cli::map::folder::Mappings;
use crate::mapping::Became;
use crate::mapping::ast::Map;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Longest message that is shown.
const LONGEST: usize = 200_000;
/// Most messages that are shown.
const MOST: usize = 100;

/// The whole page.
pub fn page(report: &Report, mappings: &Mappings) -> String {
    let mut out = String::new();
    head(report, &mut out);
    out.push_str("<main>\n<section id=\"maps\" aria-label=\"Maps\">\n<h2>Maps</h2>\n");
    for (at, lines) in report.maps.iter().enumerate() {
        if let Some(map) = mappings.maps.iter().find(|map| *map.file == *lines.file) {
            source(at, map, lines, &mut out);
        }
    }
    out.push_str(
        "</section>\n<section id=\"elements\" aria-label=\"Elements\">\n<h2>Elements</h2>\n",
    );
    elements(report, &mut out);
    out.push_str(
        "</section>\n<section id=\"messages\" aria-label=\"Messages\">\n<h2>Messages</h2>\n",
    );
    report.messages.iter().take(MOST).for_each(|one| message(report, one, &mut out));
    if report.messages.len() > MOST {
        let _ = writeln!(out, "<p class=\"soft\">and {} more</p>", report.messages.len() - MOST);
    }
    out.push_str("</section>\n</main>\n");
    out.push_str(
        "<p class=\"keys\"><kbd>n</kbd> <kbd>p</kbd> next and previous that is open · <kbd>1</kbd> <kbd>2</kbd> \
         <kbd>3</kbd> maps, elements, messages · <kbd>/</kbd> filter · <kbd>o</kbd> only what is open · <kbd>t</kbd> \
         light or dark</p>\n",
    );
    let _ = write!(out, "<script>\n{}</script>\n</body>\n</html>\n", include_str!("page.js"));
    out
}

fn head(report: &Report, out: &mut String) {
    let totals = &report.totals;
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; \
         script-src 'unsafe-inline'\">\n<title>Map coverage: rules {} %, values {} %</title>\n<style>\n{}</style>\n\
         </head>\n<body>\n",
        totals.rules_percent(),
        totals.values_percent(),
        include_str!("page.css")
    );
    let refused = report.messages.iter().filter(|one| one.refused).count();
    let _ = writeln!(
        out,
        "<header><h1>Map coverage</h1><p>{} · {}{}</p><button id=\"theme\" title=\"light or dark (t)\">◐</button>\
         </header>",
        plural(report.maps.len(), "map"),
        plural(report.messages.len(), "message"),
        if refused > 0 { format!(", {refused} refused") } else { String::new() }
    );
    let rules = report.maps.iter().flat_map(|map| &map.rules);
    let asked = rules.filter(|rule| state(rule) == "asked").count() as u32;
    let never = totals.rules - totals.fired - asked;
    let parts = [("read", totals.fired), ("asked", asked), ("dropped", never)];
    card("Rules that fire", totals.rules_percent(), totals.rules, &parts, out);
    let parts = value_parts([totals.read, totals.tested, totals.declared, totals.dropped]);
    card("Values that are accounted for", totals.values_percent(), totals.values, &parts, out);
    out.push_str("</div>\n<nav><div role=\"tablist\">\n");
    for (name, title) in [("maps", "Maps"), ("elements", "Elements"), ("messages", "Messages")] {
        let _ = writeln!(out, "<button role=\"tab\" data-show=\"{name}\">{title}</button>");
    }
    out.push_str(
        "<div class=\"gap\"></div><span id=\"says\" class=\"soft\" role=\"status\"></span>\n\
         <button id=\"only\" aria-pressed=\"false\" title=\"only what is open (o)\">only open</button>\n\
         <input type=\"search\" placeholder=\"filter  /\" aria-label=\"filter\">\n</div></nav>\n",
    );
}

fn card(title: &str, value: u32, of: u32, parts: &[(&str, u32)], out: &mut String) {
    if title.starts_with("Rules") {
        out.push_str("<div class=\"cards\">\n");
    }
    let _ = writeln!(
        out,
        "<div class=\"card\"><h2>{title}</h2><div class=\"big\">{value} %<small>of {of}</small></div>"
    );
    bar(parts, out);
    out.push_str("<ul class=\"legend\">");
    for (class, count) in parts {
        let word = match (title.starts_with("Rules"), *class) {
            (true, "read") => "fired",
            (true, "asked") => "asked, never fired",
            (true, _) => "never reached",
            (_, "declared") => "dropped on purpose",
            (_, class) => class,
        };
        let _ = write!(out, "<li><span class=\"dot {class}\"></span><b>{count}</b> {word}</li>");
    }
    out.push_str("</ul></div>\n");
}

fn value_parts(counts: [u32; 4]) -> [(&'static str, u32); 4] {
    let [read, tested, declared, dropped] = counts;
    [("read", read), ("tested", tested), ("declared", declared), ("dropped", dropped)]
}

fn bar(parts: &[(&str, u32)], out: &mut String) {
    out.push_str("<div class=\"bar\" aria-hidden=\"true\">");
    for (class, count) in parts.iter().filter(|(_, count)| *count > 0) {
        let _ = write!(out, "<i class=\"{class}\" style=\"flex:{count}\"></i>");
    }
    out.push_str("</div>");
}

/// What a rule's colour says.
fn state(rule: &RuleLine) -> &'static str {
    match (rule.fired, rule.passed + rule.absent) {
        (0, 0) => "never",
        (0, _) => "asked",
        _ => "fired",
    }
}

fn source(at: usize, map: &Map, lines: &MapLines, out: &mut String) {
    let count = |wanted: &str| lines.rules.iter().filter(|r| state(r) == wanted).count() as u32;
    let (fired, asked, never) = (count("fired"), count("asked"), count("never"));
    let share = percent(fired, lines.rules.len() as u32);
    let _ =
        write!(out, "<div class=\"file\"><h3><span class=\"name\">{}</span>", escaped(&map.file));
    bar(&[("read", fired), ("asked", asked), ("dropped", never)], out);
    let _ = write!(out, "<span class=\"soft\">{share} %</span></h3>\n<table class=\"code\">\n");
    let groups: BTreeSet<u32> = map.groups.iter().map(|g| map.origin(g.name.at).line).collect();
    let mut rules = lines.rules.iter().peekable();
    let mut current: Option<&RuleLine> = None;
    for (index, text) in map.text.lines().enumerate() {
        let line = index as u32 + 1;
        if groups.contains(&line) {
            current = None;
        }
        let mut first = None;
        while let Some(rule) = rules.next_if(|rule| rule.line <= line) {
            first = first.or(Some(rule));
            current = Some(rule);
        }
        let bare = text.trim().trim_end_matches(['"', ';', ' ', ',']);
        let own = !bare.is_empty() && !bare.starts_with("//") && !bare.starts_with('}');
        source_line(at, line, text, current.filter(|_| own), first, out);
    }
    out.push_str("</table></div>\n");
}

/// One line: the rule it belongs to gives its colour, the rule that starts on it its count.
fn source_line(
    at: usize,
    line: u32,
    text: &str,
    rule: Option<&RuleLine>,
    first: Option<&RuleLine>,
    out: &mut String,
) {
    let class = rule.map_or("", state);
    let open = first.is_some_and(|rule| rule.fired == 0);
    let title = rule.map(|rule| {
        let RuleLine { fired, passed, absent, .. } = rule;
        format!(
            " title=\"{}&#10;fired {fired} times, passed over {passed} items, {absent} times without a source\"",
            escaped(&rule.path)
        )
    });
    let count = first.map_or(String::new(), |rule| match state(rule) {
        "fired" => format!("{}×", rule.fired),
        "asked" => "0× asked".to_owned(),
        _ => "never".to_owned(),
    });
    let _ = writeln!(
        out,
        "<tr id=\"m{at}L{line}\" class=\"{class}\"{}{} data-text=\"{}\"><td class=\"n\"><a href=\"#m{at}L{line}\" tabindex=\"-1\">{line}\
         </a></td><td class=\"c\">{count}</td><td>{}</td></tr>",
        title.unwrap_or_default(),
        match rule.is_some_and(|rule| rule.fired == 0) {
            true if open => " data-open",
            true => " data-keep",
            false => "",
        },
        escaped(text.trim()),
        super::colours::line(text)
    );
}

fn elements(report: &Report, out: &mut String) {
    out.push_str(
        "<div class=\"file\"><table class=\"elements\"><tr><th>element</th><th></th><th class=\"num\">values</th>\
         <th class=\"num\">read</th><th class=\"num\">tested</th><th class=\"num\">declared</th>\
         <th class=\"num\">dropped</th><th class=\"rules\">rules</th></tr>\n",
    );
    let mut shown: Vec<&str> = Vec::new();
    for (at, one) in report.elements.iter().enumerate() {
        // Parents that hold no value of their own are rows without numbers.
        for (end, _) in one.path.match_indices('.') {
            let above = &one.path[..end];
            let known = report.elements.iter().any(|other| other.path == above);
            let typed = one.path[end..].starts_with(".ofType(");
            if !typed && !known && !shown.contains(&above) {
                shown.push(above);
                let _ = writeln!(
                    out,
                    "<tr class=\"none\" data-text=\"{}\"><td class=\"path\" style=\"padding-left:{}em\">{}</td>\
                     <td colspan=\"7\"></td></tr>",
                    escaped(above),
                    indent(above),
                    escaped(last(above))
                );
            }
        }
        element(at, one, report, out);
    }
    out.push_str("</table></div>\n");
}

fn indent(path: &str) -> usize {
    1 + 2 * path.matches('.').count() - path.matches(".ofType(").count()
}

fn last(path: &str) -> &str {
    let end = path.strip_suffix(')').and_then(|p| p.rsplit_once(".ofType(")).map(|(p, _)| p.len());
    let from = path[..end.unwrap_or(path.len())].rfind('.').map_or(0, |at| at + 1);
    &path[from..]
}

fn element(at: usize, one: &ElementReport, report: &Report, out: &mut String) {
    let dropped = one.dropped > 0;
    let (class, open) = if dropped { ("dropped", " data-open") } else { ("", "") };
    let path = escaped(&one.path);
    let _ = write!(
        out,
        "<tr id=\"e{at}\" class=\"{class}\"{open} data-text=\"{path}\"><td class=\"path\" title=\"{path}\" \
         style=\"padding-left:{}em\">{}</td><td>",
        indent(&one.path),
        escaped(last(&one.path))
    );
    bar(&value_parts([one.read, one.tested, one.declared, one.dropped]), out);
    let _ = write!(out, "</td><td class=\"num\">{}</td>", one.values());
    for (name, count) in value_parts([one.read, one.tested, one.declared, one.dropped]) {
        let mark = if name == "dropped" && count > 0 { " has-dropped" } else { "" };
        let text = if count == 0 { "·".to_owned() } else { count.to_string() };
        let _ = write!(out, "<td class=\"num{mark}\">{text}</td>");
    }
    out.push_str("<td class=\"rules\">");
    for place in one.rules.iter().take(8) {
        let Some((file, line)) = place.rsplit_once(':') else { continue };
        let map = report.maps.iter().position(|map| map.file == file);
        if let Some(map) = map {
            let _ =
                write!(out, "<a href=\"#m{map}L{line}\" title=\"{}\">{line}</a> ", escaped(place));
        }
    }
    if one.rules.len() > 8 {
        let _ = write!(out, "<span class=\"soft\">+{}</span>", one.rules.len() - 8);
    }
    out.push_str("</td></tr>\n");
}

fn message(report: &Report, one: &RanMessage, out: &mut String) {
    let crate::mapping::Losses { read, declared, dropped } = one.losses;
    let open = if dropped > 0 { " data-open" } else { "" };
    let file = escaped(&one.file);
    let _ = write!(
        out,
        "<details class=\"file\"{open} data-text=\"{file}\"><summary><span class=\"name\">{file}</span>"
    );
    if one.refused {
        out.push_str("<span class=\"soft\">refused</span>");
    }
    bar(&value_parts([read, 0, declared, dropped]), out);
    let _ = writeln!(out, "<span class=\"soft\">{dropped} dropped</span></summary>");
    let Some(text) = one.text.as_deref().filter(|text| text.len() <= LONGEST) else {
        out.push_str(
            "<p class=\"soft\" style=\"padding:0 1rem\">its text is not shown</p></details>\n",
        );
        return;
    };
    out.push_str("<pre class=\"message\">");
    let mut at = 0;
    for span in &one.spans {
        out.push_str(&escaped(&text[at..span.start]));
        let (class, word) = match span.became {
            Became::Read => ("read", "read"),
            Became::Tested => ("tested", "tested"),
            Became::Declared => ("declared", "dropped on purpose"),
            Became::Dropped => ("dropped", "dropped"),
        };
        let row = report.elements.binary_search_by(|row| row.path.cmp(&span.path));
        let link = row.map_or(String::new(), |row| format!(" href=\"#e{row}\""));
        let _ = write!(
            out,
            "<a class=\"{class}\"{link} title=\"{}: {word}\">{}</a>",
            escaped(&span.path),
            escaped(&text[span.start..span.end])
        );
        at = span.end;
    }
    out.push_str(&escaped(&text[at..]));
    out.push_str("</pre></details>\n");
}

/// Text as HTML takes it, in attributes too.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}
