//! Typed identifiers of parties. A citizen's number is never one of them.

use std::fmt;

/// What kind of identifier it is.
#[derive(
    Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum IdentifierKind {
    /// Sundhedsvæsenets Organisationsregister (DK).
    Sor,
    /// GS1 global location number, also called EAN (DK).
    Gln,
    /// Ydernummer of a practice (DK).
    Yder,
    /// SKS hospital department number (DK).
    Sks,
    /// Municipality number (DK, NO, SE).
    Municipality,
    /// HER-id (NO).
    HerId,
    /// HSA-id (SE).
    HsaId,
    /// Organisation number.
    Organisation,
}

impl IdentifierKind {
    /// All kinds.
    pub const ALL: [IdentifierKind; 8] = [
        IdentifierKind::Sor,
        IdentifierKind::Gln,
        IdentifierKind::Yder,
        IdentifierKind::Sks,
        IdentifierKind::Municipality,
        IdentifierKind::HerId,
        IdentifierKind::HsaId,
        IdentifierKind::Organisation,
    ];

    /// The kind that is spelled like this.
    pub fn named(word: &str) -> Option<IdentifierKind> {
        IdentifierKind::ALL.into_iter().find(|kind| kind.word() == word)
    }

    /// How it is spelled.
    pub fn word(self) -> &'static str {
        match self {
            IdentifierKind::Sor => "sor",
            IdentifierKind::Gln => "gln",
            IdentifierKind::Yder => "yder",
            IdentifierKind::Sks => "sks",
            IdentifierKind::Municipality => "municipality",
            IdentifierKind::HerId => "her-id",
            IdentifierKind::HsaId => "hsa-id",
            IdentifierKind::Organisation => "organisation",
        }
    }
}

/// An identifier of a party whose form was checked.
#[derive(
    Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug, serde::Serialize, serde::Deserialize,
)]
pub struct Identifier {
    /// Its kind.
    pub kind: IdentifierKind,
    /// Its value.
    pub value: Box<str>,
}

impl Identifier {
    /// Parses an identifier of a kind; says what is wrong with it.
    ///
    /// Source of the check digits: GS1 General Specifications 7.9.1 (GLN, modulus 10).
    pub fn parse(kind: IdentifierKind, value: &str) -> Result<Identifier, &'static str> {
        let digits = !value.is_empty() && value.bytes().all(|b| b.is_ascii_digit());
        match kind {
            IdentifierKind::Gln if !(digits && value.len() == 13) => Err("a GLN has 13 digits"),
            IdentifierKind::Gln if !gs1_check(value) => Err("the GLN's check digit is wrong"),
            IdentifierKind::Sor if !digits => Err("a SOR code is made of digits"),
            IdentifierKind::HerId if !digits => Err("a HER-id is made of digits"),
            _ if value.is_empty() || value.len() > 64 => {
                Err("an identifier has 1 to 64 characters")
            }
            _ => Ok(Identifier { kind, value: value.into() }),
        }
    }
}

fn gs1_check(value: &str) -> bool {
    let weighted = value.bytes().rev().enumerate().map(|(i, b)| {
        let digit = u32::from(b - b'0');
        if i % 2 == 0 { digit } else { 3 * digit }
    });
    weighted.sum::<u32>() % 10 == 0
}

impl fmt::Display for IdentifierKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.word())
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.kind, self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gln_has_its_check_digit() {
        assert!(Identifier::parse(IdentifierKind::Gln, "5790000120406").is_ok());
        assert!(Identifier::parse(IdentifierKind::Gln, "5790000120401").is_err());
        assert!(Identifier::parse(IdentifierKind::Gln, "579000012040").is_err());
    }
}
