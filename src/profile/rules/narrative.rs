// size: what a narrative may hold is listed here, beside the one pass that reads it
//! txt-1 and txt-2: what a narrative may hold, by allow-list; what may run or load is a security issue.
//!
//! Promises: one pass over the markup, no allocation beyond a reused list of open elements. Never: rewrites.

use crate::tree::{Decoded, Escape, entity};

/// What is wrong with a narrative.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// Something that may run or load, by our own word for it.
    Security(&'static str),
    /// Something else that is not allowed.
    NotAllowed(&'static str),
    /// No text and no image.
    Blank,
}

/// What may run or load.
const DANGEROUS: &[&str] = &[
    "applet", "audio", "base", "body", "button", "embed", "form", "frame", "frameset", "head",
    "html", "iframe", "input", "link", "meta", "object", "script", "select", "svg", "textarea",
    "video",
];

/// What a narrative may hold, but for names too long for a [`key`].
const ALLOWED: [&str; 60] = [
    "a", "abbr", "acronym", "address", "b", "big", "br", "caption", "center", "cite", "code",
    "col", "colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figure", "font", "h1", "h2",
    "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "map", "ol", "p", "pre", "q",
    "s", "samp", "small", "span", "strike", "strong", "style", "sub", "sup", "table", "tbody",
    "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var", "area",
];

/// The same as numbers, each in its [`slot`] or the next free one; a quarter of them is used.
static KEYS: [u64; 256] = table();

/// A name of at most eight bytes as a number.
const fn key(name: &[u8]) -> u64 {
    let (mut key, mut at) = (0, 0);
    while at < name.len() {
        key = key << 8 | name[at] as u64;
        at += 1;
    }
    key
}

const fn slot(key: u64) -> usize {
    (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 56) as usize
}

const fn table() -> [u64; 256] {
    let (mut keys, mut next) = ([0; 256], 0);
    while next < ALLOWED.len() {
        let new = key(ALLOWED[next].as_bytes());
        let mut at = slot(new);
        while keys[at] != 0 {
            at = (at + 1) % 256;
        }
        keys[at] = new;
        next += 1;
    }
    keys
}

/// Whether a narrative may hold an element.
#[inline]
fn is_allowed(name: &[u8]) -> bool {
    match name {
        b"blockquote" | b"figcaption" => true,
        [first, ..] if *first != 0 && name.len() <= 8 => is_known(key(name)),
        _ => false,
    }
}

/// The same of the [`key`] of a name.
#[inline]
fn is_known(key: u64) -> bool {
    let mut at = slot(key);
    while KEYS[at] != key && KEYS[at] != 0 {
        at = (at + 1) % 256;
    }
    KEYS[at] == key && key != 0
}

/// What an element may carry.
fn is_attribute(name: &str) -> bool {
    matches!(
        name,
        "title"
            | "style"
            | "class"
            | "id"
            | "idref"
            | "lang"
            | "xml:lang"
            | "xml:space"
            | "dir"
            | "accesskey"
            | "tabindex"
            | "span"
            | "width"
            | "align"
            | "valign"
            | "char"
            | "charoff"
            | "abbr"
            | "axis"
            | "headers"
            | "scope"
            | "rowspan"
            | "colspan"
            | "xmlns"
            | "name"
            | "href"
            | "rel"
            | "rev"
            | "charset"
            | "coords"
            | "shape"
            | "src"
            | "alt"
            | "height"
            | "ismap"
            | "usemap"
            | "longdesc"
            | "cellpadding"
            | "cellspacing"
            | "border"
            | "frame"
            | "rules"
            | "summary"
            | "bgcolor"
            | "cite"
            | "datetime"
            | "start"
            | "type"
            | "value"
            | "color"
            | "face"
            | "size"
            | "nowrap"
            | "compact"
            | "clear"
            | "noshade"
            | "hreflang"
            | "target"
            | "hspace"
            | "vspace"
    )
}

/// The tag that a narrative usually begins with; the same as JSON writes it.
const DIV: &str = "<div xmlns=\"http://www.w3.org/1999/xhtml\">";
const IN_JSON: &str = r#"<div xmlns=\"http://www.w3.org/1999/xhtml\">"#;

/// Checks the markup of a whole `<div>`; `open` is scratch space (offsets of open elements' names). `links`
/// is set if an attribute names a fragment.
pub fn check(markup: &str, open: &mut Vec<(usize, usize)>, links: &mut bool) -> Result<(), Fault> {
    open.clear();
    // how nearly all begin
    if markup.starts_with(DIV) {
        open.push((1, 4));
        return check_from(markup, DIV.len(), open, links);
    }
    check_from(markup, 0, open, links)
}

/// The same of what JSON wrote, undecoded; none: it must be decoded first.
pub fn check_undecoded(
    raw: &str,
    open: &mut Vec<(usize, usize)>,
    links: &mut bool,
) -> Option<Result<(), Fault>> {
    let rest = raw.strip_prefix(IN_JSON)?;
    if memchr::memchr(b'\\', rest.as_bytes()).is_some() {
        return None;
    }
    open.clear();
    open.push((1, 4));
    Some(check_from(raw, IN_JSON.len(), open, links))
}

/// Checks the markup from a place on, where these elements are open.
fn check_from(
    markup: &str,
    mut at: usize,
    open: &mut Vec<(usize, usize)>,
    links: &mut bool,
) -> Result<(), Fault> {
    let bytes = markup.as_bytes();
    let (mut says, mut closed) = (false, false);
    loop {
        let last = at;
        if bytes.get(at) != Some(&b'<') {
            at = text(markup, at, &mut says)?;
        }
        if at == bytes.len() {
            return match (closed && markup[last..].trim().is_empty(), says) {
                (false, _) => Err(Fault::NotAllowed("something other than one div")),
                (true, false) => Err(Fault::Blank),
                (true, true) => Ok(()),
            };
        }
        if closed {
            return Err(Fault::NotAllowed("text or markup after the div"));
        }
        let Some((start, end, name)) = plain_tag(bytes, at).filter(|_| !open.is_empty()) else {
            at += tag(markup, at, (open, &mut says, &mut closed), links)?;
            continue;
        };
        if start > at + 1 {
            // what may be opened may be closed
            let opened = open.pop().and_then(|(start, end)| bytes.get(start..end));
            if opened.filter(|opened| opened.len() <= 8).map(key) != Some(name) {
                return Err(Fault::NotAllowed("elements that do not nest"));
            }
            closed = open.is_empty();
        } else if is_known(name) {
            open.push((start, end));
            says |= name == key(b"img");
        } else {
            at += tag(markup, at, (open, &mut says, &mut closed), links)?;
            continue;
        }
        at = end + 1;
    }
}

/// Where the name begins and ends in a tag that is nothing but `<name>` or `</name>`, and its [`key`]; of names
/// that have one.
#[inline]
fn plain_tag(bytes: &[u8], at: usize) -> Option<(usize, usize, u64)> {
    let start = if bytes.get(at + 1) == Some(&b'/') { at + 2 } else { at + 1 };
    let (mut end, mut key) = (start, 0);
    loop {
        match bytes.get(end)? {
            byte @ (b'a'..=b'z' | b'0'..=b'9') if key >> 56 == 0 => {
                key = key << 8 | u64::from(*byte);
                end += 1;
            }
            b'>' => return Some((start, end, key)),
            _ => return None,
        }
    }
}

/// A tag of any other form, a comment or a CDATA section; gives its length.
fn tag(
    markup: &str,
    at: usize,
    (open, says, closed): (&mut Vec<(usize, usize)>, &mut bool, &mut bool),
    links: &mut bool,
) -> Result<usize, Fault> {
    let tail = &markup[at..];
    let length = match tail {
        t if t.starts_with("<!--") => t[4..].find("-->").map(|n| n + 7),
        t if t.starts_with("<![CDATA[") => t.find("]]>").map(|n| n + 3),
        t if t.starts_with("<!") || t.starts_with("<?") => {
            return Err(Fault::Security("a declaration or processing instruction"));
        }
        t => tag_length(t),
    };
    let length = length.ok_or(Fault::NotAllowed("markup that does not end"))?;
    let tag = &tail[..length];
    if let Some(name) = tag.strip_prefix("</") {
        let name = name[..name.len() - 1].trim_end();
        let opened = open.pop().map(|(start, end)| &markup[start..end]);
        if opened != Some(name) {
            return Err(Fault::NotAllowed("elements that do not nest"));
        }
    } else if !tag.starts_with("<!") {
        let name = element(tag, open.is_empty(), links)?;
        *says |= name == "img";
        if !tag.ends_with("/>") {
            open.push((at + 1, at + 1 + name.len()));
        }
    }
    *closed = open.is_empty() && !tag.starts_with("<!");
    Ok(length)
}

/// The length of a tag, attribute values being skipped.
fn tag_length(tail: &str) -> Option<usize> {
    let bytes = tail.as_bytes();
    let mut at = 1;
    loop {
        at += bytes.get(at..)?.iter().position(|b| matches!(b, b'>' | b'"' | b'\''))?;
        match bytes[at] {
            b'>' => return Some(at + 1),
            quote => at += memchr::memchr(quote, &bytes[at + 1..])? + 2,
        }
    }
}

/// Where the text that begins at a place ends; whether it says something. Entities must be XML's own or
/// numeric, as XHTML in FHIR has no DTD.
#[inline]
fn text(markup: &str, from: usize, says: &mut bool) -> Result<usize, Fault> {
    let bytes = markup.as_bytes();
    let mut at = from;
    if bytes.get(at) == Some(&b'<') {
        return Ok(at);
    }
    loop {
        at = match memchr::memchr2(b'<', b'&', &bytes[at..]) {
            None => bytes.len(),
            Some(more) => at + more,
        };
        if bytes.get(at) != Some(&b'&') {
            break;
        }
        let end = memchr::memchr2(b';', b'<', &bytes[at..]).unwrap_or(0);
        if bytes[at + end] != b';' || entity(&markup[at + 1..at + end]).is_none() {
            return Err(Fault::NotAllowed("an entity"));
        }
        at += end + 1;
    }
    // what XML calls white space: a space that does not break is there to be seen
    *says = *says || !markup.as_bytes()[from..at].iter().all(u8::is_ascii_whitespace);
    Ok(at)
}

fn element<'a>(tag: &'a str, first: bool, links: &mut bool) -> Result<&'a str, Fault> {
    let inner = tag[1..tag.len() - 1].trim_end_matches('/');
    let end = inner.bytes().position(|b| !b.is_ascii_graphic()).unwrap_or(inner.len());
    let name = &inner[..end];
    if first && name != "div" {
        return Err(Fault::NotAllowed("something other than one div"));
    }
    if !is_allowed(name.as_bytes()) {
        return Err(match DANGEROUS.iter().any(|d| name.eq_ignore_ascii_case(d)) {
            true => Fault::Security("an element that may run or load"),
            false => Fault::NotAllowed("an element"),
        });
    }
    attributes(name, &inner[end..], links)?;
    Ok(name)
}

fn attributes(element: &str, mut rest: &str, links: &mut bool) -> Result<(), Fault> {
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(());
        }
        let (name, tail) = rest.split_once('=').ok_or(Fault::NotAllowed("an attribute"))?;
        let name = name.trim_end();
        let tail = tail.trim_start();
        let quote = tail.chars().next().filter(|c| matches!(c, '"' | '\''));
        let quote = quote.ok_or(Fault::NotAllowed("an attribute without quotes"))?;
        let end = tail[1..].find(quote).ok_or(Fault::NotAllowed("an attribute without an end"))?;
        *links |= tail[1..].starts_with('#') && matches!(name, "href" | "src");
        attribute(element, name, &tail[1..=end])?;
        rest = &tail[end + 2..];
    }
}

fn attribute(element: &str, name: &str, value: &str) -> Result<(), Fault> {
    if name.get(..2).is_some_and(|on| on.eq_ignore_ascii_case("on")) {
        return Err(Fault::Security("an event handler"));
    }
    if name.starts_with("xmlns:") {
        return Ok(());
    }
    if !is_attribute(name) {
        return Err(Fault::NotAllowed("an attribute"));
    }
    let addresses = matches!(name, "href" | "src" | "longdesc" | "cite" | "usemap");
    if addresses && runs(value) {
        return Err(Fault::Security("an address that runs"));
    }
    if name == "href" && element == "a" && !scheme_is_known(value) {
        return Err(Fault::NotAllowed("a link of a scheme that readers do not open"));
    }
    if name == "xmlns" && element == "div" && value != "http://www.w3.org/1999/xhtml" {
        return Err(Fault::NotAllowed("another namespace"));
    }
    let styles = name == "style" && (value.contains("expression(") || value.contains("url("));
    if styles { Err(Fault::Security("a style that loads")) } else { Ok(()) }
}

/// Whether the first tag says its namespace.
pub fn says_namespace(markup: &str) -> bool {
    if markup.starts_with(DIV) {
        return true;
    }
    let tag = markup.split('>').next().unwrap_or_default();
    tag.contains("xmlns")
}

/// Relative, or of a scheme that a reader can be expected to open.
fn scheme_is_known(value: &str) -> bool {
    const KNOWN: &[&str] = &["http", "https", "mailto", "tel", "ftp", "data", "sms", "fax", "cid"];
    let end = value.find([':', '/', '?', '#']).filter(|at| value[*at..].starts_with(':'));
    end.is_none_or(|end| KNOWN.iter().any(|k| value[..end].eq_ignore_ascii_case(k)))
}

/// `javascript:` and the like, however it is spelled: white space and entities are how it hides.
fn runs(value: &str) -> bool {
    let decoded = Decoded::new(value, Escape::XmlAttribute);
    let letters = decoded.filter(|c| !c.is_whitespace() && !c.is_control());
    let mut scheme = [0u8; 12];
    let mut length = 0;
    for c in letters {
        if length == scheme.len() || c == ':' || !c.is_ascii() {
            break;
        }
        scheme[length] = c.to_ascii_lowercase() as u8;
        length += 1;
    }
    let rest_is_scheme = value.contains(':') || value.contains("&#") || value.contains("&colon");
    rest_is_scheme && matches!(&scheme[..length], b"javascript" | b"vbscript")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(inner: &str) -> Option<Fault> {
        let markup = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\">{inner}</div>");
        check(&markup, &mut Vec::new(), &mut false).err()
    }

    #[test]
    fn ordinary_narratives_pass() {
        for inner in
            ["hej", "<p>a<br/>b &lt; &#230;</p>", "<img src=\"#a\" alt=\"\"/>", "<!-- c -->x"]
        {
            assert_eq!(fault(inner), None, "{inner}");
        }
    }

    #[test]
    fn what_runs_or_loads_is_a_security_fault() {
        for inner in [
            "<script>x</script>",
            "<p onclick=\"x\">a</p>",
            "<iframe src='x'/>",
            "<a href=\" java&#115;cript:x\">a</a>",
            "<a href='JavaScript:x'>a</a>",
            "<?php x ?>",
        ] {
            assert!(matches!(fault(inner), Some(Fault::Security(_))), "{inner}");
        }
    }

    #[test]
    fn names_are_looked_up_as_they_are_written() {
        for name in ALLOWED.iter().chain(&["blockquote", "figcaption"]) {
            assert!(is_allowed(name.as_bytes()), "{name}");
        }
        for name in ["", "P", "\0p", "pp", "blockquot", "tablex", "strongly", "figcaptions"] {
            assert!(!is_allowed(name.as_bytes()), "{name}");
        }
    }

    #[test]
    fn the_rest_is_not_allowed_or_blank() {
        assert_eq!(fault(" \n<p> </p>"), Some(Fault::Blank));
        for inner in ["<blink>a</blink>", "<p>a", "a</p>", "<p x=1>a</p>", "a & b"] {
            assert!(matches!(fault(inner), Some(Fault::NotAllowed(_))), "{inner}");
        }
        assert!(check("<p>a</p>", &mut Vec::new(), &mut false).is_err());
        for whole in [DIV, "<div xmlns=\"http://www.w3.org/1999/xhtml\"></div>", "<div>a</div>b"] {
            assert!(check(whole, &mut Vec::new(), &mut false).is_err(), "{whole}");
        }
        for whole in ["<div>a</div>", "<div xmlns='http://www.w3.org/1999/xhtml' lang='da'>a</div>"]
        {
            assert!(check(whole, &mut Vec::new(), &mut false).is_ok(), "{whole}");
        }
    }
}
