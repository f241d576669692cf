//! Code systems that are grammars or short public lists: languages, media types, currencies, time zones, units.
//!
//! Promises: what does not have the form is not in. Never: holds a registry's whole content; a language tag of
//! the right form is taken for one.

use super::{Membership, Reason, ucum};

/// A code system whose codes are recognised by their form.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Syntax {
    /// BCP 47 language tags.
    Language,
    /// BCP 13 media types.
    MediaType,
    /// ISO 4217 currencies.
    Currency,
    /// IANA time zones.
    TimeZone,
    /// UCUM units.
    Unit,
}

impl Syntax {
    /// The syntax of a code system.
    pub fn of(system: &str) -> Option<Syntax> {
        match system {
            "urn:ietf:bcp:47" => Some(Syntax::Language),
            "urn:ietf:bcp:13" | "http://hl7.org/fhir/ValueSet/mimetypes" => Some(Syntax::MediaType),
            "urn:iso:std:iso:4217" => Some(Syntax::Currency),
            "https://www.iana.org/time-zones" => Some(Syntax::TimeZone),
            "http://unitsofmeasure.org" => Some(Syntax::Unit),
            _ => None,
        }
    }

    /// Whether a code has the form.
    pub fn check(self, code: &str) -> Membership {
        let fits = match self {
            Syntax::Language => is_language(code),
            Syntax::MediaType => is_media_type(code),
            Syntax::Currency => is_currency(code),
            Syntax::TimeZone => is_time_zone(code),
            Syntax::Unit => {
                return match ucum::check(code) {
                    ucum::Verdict::Unit => Membership::In,
                    ucum::Verdict::Malformed => Membership::NotIn,
                    ucum::Verdict::UnknownAtom => Membership::Unknown(Reason::UnknownUnit),
                };
            }
        };
        if fits { Membership::In } else { Membership::NotIn }
    }
}

fn alphabetic(part: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphabetic())
}

fn alphanumeric(part: &str, lengths: std::ops::RangeInclusive<usize>) -> bool {
    lengths.contains(&part.len()) && part.bytes().all(|b| b.is_ascii_alphanumeric())
}

/// language[-extlang][-script][-region][-variant]*[-extension]*[-privateuse], or private use alone.
fn is_language(tag: &str) -> bool {
    let mut parts = tag.split('-').peekable();
    let Some(first) = parts.next() else { return false };
    if first.eq_ignore_ascii_case("x") {
        return parts.peek().is_some() && parts.all(|p| alphanumeric(p, 1..=8));
    }
    if first.eq_ignore_ascii_case("i") {
        return parts.peek().is_some() && parts.all(|p| alphabetic(p, 3..=8));
    }
    if !alphabetic(first, 2..=8) {
        return false;
    }
    let mut extended = 0;
    while extended < 3 && first.len() < 4 && parts.next_if(|p| alphabetic(p, 3..=3)).is_some() {
        extended += 1;
    }
    parts.next_if(|p| alphabetic(p, 4..=4));
    let number = |p: &str| p.len() == 3 && p.bytes().all(|b| b.is_ascii_digit());
    parts.next_if(|p| alphabetic(p, 2..=2) || number(p));
    let variant = |p: &str| {
        alphanumeric(p, 5..=8) || (alphanumeric(p, 4..=4) && p.as_bytes()[0].is_ascii_digit())
    };
    while parts.next_if(|p| variant(p)).is_some() {}
    while let Some(singleton) = parts.next_if(|p| alphanumeric(p, 1..=1)) {
        let private = singleton.eq_ignore_ascii_case("x");
        let lengths = if private { 1..=8 } else { 2..=8 };
        let mut count = 0;
        while parts.next_if(|p| alphanumeric(p, lengths.clone())).is_some() {
            count += 1;
        }
        if count == 0 {
            return false;
        }
    }
    parts.peek().is_none()
}

/// The top-level media types there are.
const TOP_LEVEL: [&str; 12] = [
    "application",
    "audio",
    "chemical",
    "example",
    "font",
    "haptics",
    "image",
    "message",
    "model",
    "multipart",
    "text",
    "video",
];

/// type/subtype, perhaps with parameters.
fn is_media_type(code: &str) -> bool {
    let (essence, parameters) = match code.split_once(';') {
        Some((essence, parameters)) => (essence.trim_end(), Some(parameters)),
        None => (code, None),
    };
    let Some((top, sub)) = essence.split_once('/') else { return false };
    let known = TOP_LEVEL.iter().any(|t| t.eq_ignore_ascii_case(top));
    let experimental = top.get(..2).is_some_and(|x| x.eq_ignore_ascii_case("x-")) && token(top);
    let parameter = |p: &str| {
        p.trim().split_once('=').is_some_and(|(name, value)| {
            token(name)
                && (token(value)
                    || (value.len() > 1 && value.starts_with('"') && value.ends_with('"')))
        })
    };
    (known || experimental)
        && token(sub)
        && parameters.is_none_or(|all| all.split(';').all(parameter))
}

fn token(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(allowed)
}

/// ISO 4217's codes in use, funds and precious metals among them.
const CURRENCIES: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BOV BRL BSD \
    BTN BWP BYN BZD CAD CDF CHE CHF CHW CLF CLP CNY COP COU CRC CUC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR \
    FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR \
    KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN \
    NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE \
    SLL SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD USN UYI UYU UYW UZS VED VES \
    VND VUV WST XAF XAG XAU XBA XBB XBC XBD XCD XDR XOF XPD XPF XPT XSU XTS XUA XXX YER ZAR ZMW ZWL";

fn is_currency(code: &str) -> bool {
    code.len() == 3 && CURRENCIES.split_ascii_whitespace().any(|c| c == code)
}

/// The areas of time zones, and the zones that have none.
const AREAS: [&str; 17] = [
    "Africa",
    "America",
    "Antarctica",
    "Arctic",
    "Asia",
    "Atlantic",
    "Australia",
    "Brazil",
    "Canada",
    "Chile",
    "Etc",
    "Europe",
    "Indian",
    "Mexico",
    "Pacific",
    "US",
    "SystemV",
];
const ALONE: &str = "CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong \
    Iceland Iran Israel Jamaica Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal \
    ROC ROK Singapore Turkey UCT UTC Universal W-SU WET Zulu";

fn is_time_zone(code: &str) -> bool {
    let Some((area, place)) = code.split_once('/') else {
        return !code.is_empty() && ALONE.split_ascii_whitespace().any(|zone| zone == code);
    };
    let name = |part: &str| {
        !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-+".contains(&b))
    };
    AREAS.contains(&area) && place.split('/').count() <= 2 && place.split('/').all(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(syntax: Syntax, good: &[&str], bad: &[&str]) {
        for code in good {
            assert_eq!(syntax.check(code), Membership::In, "{code}");
        }
        for code in bad {
            assert_eq!(syntax.check(code), Membership::NotIn, "{code}");
        }
    }

    #[test]
    fn languages() {
        let good = [
            "da",
            "da-DK",
            "zh-Hant-TW",
            "de-CH-1901",
            "sl-rozaj",
            "en-a-bbb-x-a",
            "x-mine",
            "i-klingon",
        ];
        all(
            Syntax::Language,
            &good,
            &["", "d", "da_DK", "da-", "da-DKK-1", "en-a", "danish language"],
        );
    }

    #[test]
    fn media_types() {
        let good =
            ["text/plain", "application/fhir+json; fhirVersion=4.0", "image/svg+xml", "x-world/x"];
        all(
            Syntax::MediaType,
            &good,
            &["pdf", "text/", "foo/bar", "text/pl ain", "text/plain;charset"],
        );
    }

    #[test]
    fn currencies_and_time_zones() {
        all(Syntax::Currency, &["DKK", "NOK", "EUR"], &["dkk", "XYZ", "DK", ""]);
        let good = ["Europe/Copenhagen", "America/Argentina/Ushuaia", "UTC", "Etc/GMT+1"];
        all(Syntax::TimeZone, &good, &["Copenhagen", "Europe/", "+01:00", "", "Europe/Køge"]);
    }
}
