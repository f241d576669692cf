//! What a transport must know of a message of HL7 v2: its control id, which acknowledgements it asks for, and what
//! an acknowledgement says about which message.
//!
//! Promises: a few fields of `MSH` and `MSA`, as they are on the wire; none where they cannot be read for certain.
//! Never: a whole message; that is the reader's in `hl7v2`.

/// When an acknowledgement is wanted (`MSH-15` and `MSH-16`, table 0155).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Asked {
    /// The field is empty: as the original mode has it.
    #[default]
    Silent,
    /// Always.
    Always,
    /// Never.
    Never,
    /// Only when there is something wrong.
    Error,
    /// Only when all is well.
    Success,
}

impl Asked {
    /// Whether an acknowledgement of this sign is wanted; `silent` is what an empty field means.
    pub fn wants(self, positive: bool, silent: bool) -> bool {
        match self {
            Asked::Silent => silent,
            Asked::Always => true,
            Asked::Never => false,
            Asked::Error => !positive,
            Asked::Success => positive,
        }
    }
}

/// The head of a message.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Head<'a> {
    /// `MSH-1`.
    pub field: u8,
    /// `MSH-2`, as it is.
    pub encoding: &'a [u8],
    /// `MSH-3` to `MSH-6`: who sends, to whom.
    pub parties: [&'a [u8]; 4],
    /// `MSH-9`.
    pub kind: &'a [u8],
    /// `MSH-10`.
    pub control: &'a [u8],
    /// `MSH-11`.
    pub processing: &'a [u8],
    /// `MSH-12`.
    pub version: &'a [u8],
    /// `MSH-15`.
    pub accept: Asked,
    /// `MSH-16`.
    pub application: Asked,
    /// `MSH-18`.
    pub charset: &'a [u8],
}

impl Head<'_> {
    /// Whether the sender knows acknowledgements at two levels (chapter 2.9.3): either field is there.
    pub fn enhanced(&self) -> bool {
        self.accept != Asked::Silent || self.application != Asked::Silent
    }
}

/// What an acknowledgement says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Acknowledged<'a> {
    /// `MSA-1`.
    pub code: &'a [u8],
    /// `MSA-2`: the control id of the message that it is about.
    pub control: &'a [u8],
    /// The codes of what is wrong: `ERR-3.1` of each `ERR`, or the fourth component of `ERR-1` before version 2.5.
    pub errors: Vec<&'a [u8]>,
}

/// The head of a message; none: it does not begin with one.
pub fn head(message: &[u8]) -> Option<Head<'_>> {
    let line = segments(message).next()?;
    let rest = line.strip_prefix(b"MSH")?;
    let (&field, rest) = rest.split_first()?;
    if field.is_ascii_alphanumeric() || field.is_ascii_whitespace() {
        return None;
    }
    // MSH-1 is the separator itself: what is split first is MSH-2.
    let mut fields = rest.split(|byte| *byte == field);
    let mut at = [&[][..]; 17];
    at.iter_mut().zip(&mut fields).for_each(|(place, value)| *place = value);
    let [encoding, from, place, to, other, _, _, kind, control, processing, version] = at[..11]
    else {
        return None;
    };
    Some(Head {
        field,
        encoding,
        parties: [from, place, to, other],
        kind,
        control,
        processing,
        version,
        accept: asked(at[13]),
        application: asked(at[14]),
        charset: at[16],
    })
}

fn asked(field: &[u8]) -> Asked {
    match field {
        b"" | b"\"\"" => Asked::Silent,
        b"NE" => Asked::Never,
        b"ER" => Asked::Error,
        b"SU" => Asked::Success,
        // A word that there is not asks for something: to be told more does less harm than to be told less.
        _ => Asked::Always,
    }
}

/// What an acknowledgement says about which message; none: it is no acknowledgement.
pub fn acknowledged(message: &[u8]) -> Option<Acknowledged<'_>> {
    let head = head(message)?;
    let component = head.encoding.first().copied().unwrap_or(b'^');
    let mut said: Option<Acknowledged<'_>> = None;
    let mut errors = Vec::new();
    for segment in segments(message) {
        let mut fields = segment.split(|byte| *byte == head.field);
        match fields.next() {
            Some(b"MSA") if said.is_some() => return None,
            Some(b"MSA") => {
                let (code, control) = (fields.next()?, fields.next().unwrap_or_default());
                said = Some(Acknowledged { code, control, errors: Vec::new() });
            }
            Some(b"ERR") => {
                let (old, new) = (fields.next().unwrap_or_default(), fields.nth(1));
                let part = |field: &'_ [u8], n: usize| -> Option<std::ops::Range<usize>> {
                    let mut start = 0;
                    for (at, one) in field.split(|byte| *byte == component).enumerate() {
                        if at == n {
                            return Some(start..start + one.len());
                        }
                        start += one.len() + 1;
                    }
                    None
                };
                let new = new.and_then(|field| Some(&field[part(field, 0)?]));
                let old = part(old, 3).map(|range| &old[range]);
                let found = new.filter(|code| !code.is_empty()).or(old);
                // The component of an older ERR-1 has subcomponents of its own.
                let sub = head.encoding.get(3).copied().unwrap_or(b'&');
                errors.extend(found.and_then(|code| code.split(|byte| *byte == sub).next()));
            }
            _ => {}
        }
    }
    said.map(|said| Acknowledged { errors, ..said })
}

/// The segments of a message; a line feed after a return, or instead of it, is let pass.
fn segments(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    message.split(|byte| matches!(byte, b'\r' | b'\n')).filter(|segment| !segment.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads() {
        let message =
            b"MSH|^~\\&|LAB|H|EHR|T|20260102||ORU^R01|42|P|2.5|||AL|NE||UNICODE UTF-8\rPID|1\r";
        let head = head(message).unwrap();
        assert_eq!((head.field, head.control, head.version), (b'|', &b"42"[..], &b"2.5"[..]));
        assert_eq!((head.accept, head.application), (Asked::Always, Asked::Never));
        assert_eq!((head.charset, head.parties[1]), (&b"UNICODE UTF-8"[..], &b"H"[..]));
        assert!(head.enhanced());
        assert!(!super::head(b"MSH|^~\\&|||||||A|1|P|2.3").unwrap().enhanced());
        for none in [&b""[..], b"MSH", b"MSA|AA|1", b"\nXSH|", b"MSHa^"] {
            assert_eq!(super::head(none), None, "{none:?}");
        }
        let odd = super::head(b"MSH|^~\\&|||||||A|1|P|2.5|||XX").unwrap();
        assert_eq!(odd.accept, Asked::Always);
        assert_eq!(super::head(b"MSH|^~\\&|A").unwrap().control, b"");
    }

    #[test]
    fn acknowledgements() {
        let of = |text: &'static str| acknowledged(text.as_bytes());
        let said =
            of("MSH|^~\\&|||||||ACK|9|P|2.5\rMSA|AE|42|text\rERR||PID^1|204^Unknown|E\r").unwrap();
        assert_eq!((said.code, said.control), (&b"AE"[..], &b"42"[..]));
        assert_eq!(said.errors, [&b"204"[..]]);
        let old = of("MSH|^~\\&|||||||ACK|9|P|2.3\nMSA|AR|42\nERR|PID^1^3^207&x\n").unwrap();
        assert_eq!(old.errors, [&b"207"[..]]);
        assert_eq!(of("MSH#$~\\&#######ACK#9#P#2.5\rMSA#AA#42").unwrap().control, b"42");
        assert_eq!(of("MSH|^~\\&|||||||ACK|9|P|2.5\r"), None);
        assert_eq!(of("MSA|AA|42"), None);
        let two = of("MSH|^~\\&|||||||ACK|9|P|2.5\rMSA|AA|42\rMSA|AE|43\r");
        assert_eq!(two, None, "two are none");
    }
}
