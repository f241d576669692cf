//! The names in a client's certificate, and when one ends.
//!
//! Promises: only looks for names; that the certificate holds was judged before, by the TLS library. What is
//! not shaped as expected has no names. Never: trusts a name on its own.

use crate::message::{CertificateField as Field, CertificateName};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OID: u8 = 0x06;
const OCTETS: u8 = 0x04;
const EXTENSIONS: u8 = 0xa3;
const DNS: u8 = 0x82;
const URI: u8 = 0x86;

/// 2.5.29.17, the subject's alternative names.
const ALTERNATIVE_NAMES: &[u8] = &[0x55, 0x1d, 0x11];
/// Attributes of a subject, 2.5.4.x.
const ATTRIBUTES: [(&[u8], Field); 3] = [
    (&[0x55, 0x04, 0x03], Field::CommonName),
    (&[0x55, 0x04, 0x05], Field::SerialNumber),
    (&[0x55, 0x04, 0x61], Field::OrganizationIdentifier),
];

/// The names that a certificate (DER, RFC 5280) gives its owner.
pub fn names(certificate: &[u8]) -> Vec<CertificateName> {
    let mut names = Vec::new();
    // What breaks off gives no names at all: half of them might mean somebody else.
    match collect(certificate, &mut names) {
        Some(()) => names,
        None => Vec::new(),
    }
}

/// When a certificate ends.
pub fn ends(certificate: &[u8]) -> Option<Timestamp> {
    let whole = Values(certificate).expect(SEQUENCE)?;
    let mut fields = Values(Values(whole).expect(SEQUENCE)?);
    let (tag, _) = fields.next()?;
    // The version is optional; serial number, algorithm and issuer come before the validity.
    for _ in 0..if tag == 0xa0 { 3 } else { 2 } {
        fields.next()?;
    }
    let mut validity = Values(fields.expect(SEQUENCE)?);
    validity.next()?;
    let (tag, time) = validity.next()?;
    let time = std::str::from_utf8(time).ok()?;
    // RFC 5280, 4.1.2.5: of a UTCTime, a year from 50 on is of the last century.
    let whole = match (tag, time.get(..2)?.parse::<u32>().ok()?) {
        (UTC_TIME, 50..) => format!("19{time}"),
        (UTC_TIME, _) => format!("20{time}"),
        (GENERALIZED_TIME, _) => time.to_owned(),
        _ => return None,
    };
    let at = DateTime::strptime("%Y%m%d%H%M%SZ", whole).ok()?;
    TimeZone::UTC.to_timestamp(at).ok()
}

fn collect(certificate: &[u8], names: &mut Vec<CertificateName>) -> Option<()> {
    let whole = Values(certificate).expect(SEQUENCE)?;
    let signed = Values(whole).expect(SEQUENCE)?;
    let mut fields = Values(signed);
    // The version is optional; serial number, algorithm, issuer and validity come before the subject.
    let (tag, _) = fields.next()?;
    for _ in 0..if tag == 0xa0 { 4 } else { 3 } {
        fields.next()?;
    }
    subject(fields.expect(SEQUENCE)?, names)?;
    fields.next()?;
    for (tag, value) in fields {
        if tag == EXTENSIONS {
            let all = Values(value).expect(SEQUENCE)?;
            for (_, extension) in Values(all) {
                alternative(extension, names)?;
            }
        }
    }
    Some(())
}

fn subject(subject: &[u8], names: &mut Vec<CertificateName>) -> Option<()> {
    for (tag, set) in Values(subject) {
        if tag != SET {
            return None;
        }
        for (_, attribute) in Values(set) {
            let mut parts = Values(attribute);
            let oid = parts.expect(OID)?;
            let (_, value) = parts.next()?;
            let known = ATTRIBUTES.iter().find(|(own, _)| *own == oid);
            if let (Some((_, field)), Ok(text)) = (known, std::str::from_utf8(value)) {
                names.push(CertificateName::new(*field, text));
            }
        }
    }
    Some(())
}

fn alternative(extension: &[u8], names: &mut Vec<CertificateName>) -> Option<()> {
    let mut parts = Values(extension);
    if parts.expect(OID)? != ALTERNATIVE_NAMES {
        return Some(());
    }
    let content = parts.find(|(tag, _)| *tag == OCTETS)?.1;
    for (tag, value) in Values(Values(content).expect(SEQUENCE)?) {
        let field = match tag {
            DNS => Field::Dns,
            URI => Field::Uri,
            _ => continue,
        };
        names.push(CertificateName::new(field, std::str::from_utf8(value).ok()?));
    }
    Some(())
}

/// The values of a DER content, one after the other: tag and content.
struct Values<'a>(&'a [u8]);

impl<'a> Values<'a> {
    fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        self.next().filter(|(found, _)| *found == tag).map(|(_, value)| value)
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = (u8, &'a [u8]);

    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&[tag, first], rest) = self.0.split_first_chunk::<2>()?;
        let (length, rest) = match first {
            0..=0x7f => (usize::from(first), rest),
            0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
                (digits.iter().fold(0, |n, digit| n << 8 | usize::from(*digit)), rest)
            }
            0x80 | 0x85.. => return None,
        };
        let (value, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((tag, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn der(tag: u8, parts: &[Vec<u8>]) -> Vec<u8> {
        let content = parts.concat();
        let length = content.len();
        let mut out = match length {
            0..0x80 => vec![tag, length as u8],
            _ => vec![tag, 0x82, (length >> 8) as u8, length as u8],
        };
        out.extend(content);
        out
    }

    fn certificate() -> Vec<u8> {
        let some = |text: &str| vec![text.as_bytes().to_vec()];
        let attribute = |oid: &[u8], text: &str| {
            let parts = [der(OID, &[oid.to_vec()]), der(0x0c, &some(text))];
            der(SET, &[der(SEQUENCE, &parts)])
        };
        let subject = [attribute(&[0x55, 4, 3], "Ward"), attribute(&[0x55, 4, 5], "998877")];
        let alternative = [
            der(DNS, &some("Ward.Example")),
            der(0x87, &[vec![127, 0, 0, 1]]),
            der(URI, &some("urn:x:1")),
            der(DNS, &some(&"long.".repeat(40))),
        ];
        let extension = [
            der(OID, &[ALTERNATIVE_NAMES.to_vec()]),
            der(0x01, &[vec![0xff]]),
            der(OCTETS, &[der(SEQUENCE, &alternative)]),
        ];
        let other = [der(OID, &[vec![0x55, 0x1d, 0x13]]), der(OCTETS, &[der(SEQUENCE, &[])])];
        let signed = [
            der(0xa0, &[der(0x02, &[vec![2]])]),
            der(0x02, &[vec![1]]),
            der(SEQUENCE, &[]),
            der(SEQUENCE, &[attribute(&[0x55, 4, 3], "Authority")]),
            der(SEQUENCE, &[]),
            der(SEQUENCE, &subject),
            der(SEQUENCE, &[]),
            der(EXTENSIONS, &[der(SEQUENCE, &[der(SEQUENCE, &other), der(SEQUENCE, &extension)])]),
        ];
        der(SEQUENCE, &[der(SEQUENCE, &signed), der(SEQUENCE, &[]), der(0x03, &[])])
    }

    #[test]
    fn of_the_owner_and_not_of_the_issuer() {
        let found: Vec<String> = names(&certificate()).iter().map(ToString::to_string).collect();
        let long = format!("dns:{}", "long.".repeat(40));
        let expected =
            ["cn:Ward", "serial-number:998877", "dns:ward.example", "uri:urn:x:1", &long];
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn what_is_no_certificate_has_no_names(bytes: Vec<u8>, cut in 0usize..700, flip in 0usize..700) {
            prop_assert!(names(&bytes).is_empty());
            let mut broken = certificate();
            if flip < broken.len() {
                broken[flip] ^= 0x40;
            }
            broken.truncate(cut);
            // Whatever comes of it, it ends.
            names(&broken);
        }
    }

    #[test]
    fn ends_when_it_says() {
        let time = |tag: u8, text: &str| der(tag, &[text.as_bytes().to_vec()]);
        let of = |version: bool, last: Vec<u8>| {
            let validity = der(SEQUENCE, &[time(UTC_TIME, "200101000000Z"), last]);
            let part = || der(SEQUENCE, &[]);
            let mut fields = vec![der(2, &[vec![1]]), part(), part(), validity, part()];
            if version {
                fields.insert(0, der(0xa0, &[der(2, &[vec![2]])]));
            }
            ends(&der(SEQUENCE, &[der(SEQUENCE, &fields)])).map(|at| at.to_string())
        };
        let short = time(UTC_TIME, "271231235959Z");
        assert_eq!(of(true, short.clone()).as_deref(), Some("2027-12-31T23:59:59Z"));
        assert_eq!(of(false, short).as_deref(), Some("2027-12-31T23:59:59Z"));
        let long = time(GENERALIZED_TIME, "20510203040506Z");
        assert_eq!(of(true, long).as_deref(), Some("2051-02-03T04:05:06Z"));
        assert_eq!(
            of(true, time(UTC_TIME, "990101000000Z")).as_deref(),
            Some("1999-01-01T00:00:00Z")
        );
        assert_eq!(of(true, time(UTC_TIME, "æ")), None);
        assert_eq!(of(true, time(SET, "271231235959Z")), None);
    }
}
