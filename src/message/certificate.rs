//! Names that a certificate gives its owner, as far as a configuration can mean a party by them.
//!
//! Floor 0, so that the configuration can hold them and a transport can find them.

use std::fmt;

/// Where in a certificate a name stands.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum CertificateField {
    /// A DNS name among the subject's alternative names.
    Dns,
    /// A URI among the subject's alternative names.
    Uri,
    /// The subject's common name.
    CommonName,
    /// The subject's serial number: where organisation certificates keep their register number.
    SerialNumber,
    /// The subject's organisation identifier (ETSI EN 319 412-1).
    OrganizationIdentifier,
}

impl CertificateField {
    /// All of them.
    pub const ALL: [CertificateField; 5] = [
        CertificateField::Dns,
        CertificateField::Uri,
        CertificateField::CommonName,
        CertificateField::SerialNumber,
        CertificateField::OrganizationIdentifier,
    ];

    /// How it is spelled.
    pub fn word(self) -> &'static str {
        match self {
            CertificateField::Dns => "dns",
            CertificateField::Uri => "uri",
            CertificateField::CommonName => "cn",
            CertificateField::SerialNumber => "serial-number",
            CertificateField::OrganizationIdentifier => "organization-identifier",
        }
    }
}

/// A name in a certificate.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct CertificateName {
    /// Where it stands.
    pub field: CertificateField,
    /// The name; one of DNS in lower case.
    pub value: Box<str>,
}

impl CertificateName {
    /// A name as a certificate has it.
    pub fn new(field: CertificateField, value: &str) -> CertificateName {
        let value = match field {
            CertificateField::Dns => value.to_ascii_lowercase().into(),
            _ => value.into(),
        };
        CertificateName { field, value }
    }

    /// Parses `dns:hospital.example`, `cn:...`; nothing: it has no such form.
    pub fn parse(text: &str) -> Option<CertificateName> {
        let (word, value) = text.split_once(':')?;
        let field = CertificateField::ALL.into_iter().find(|field| field.word() == word)?;
        (!value.is_empty()).then(|| CertificateName::new(field, value))
    }
}

impl fmt::Display for CertificateName {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:{}", self.field.word(), self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spelled_and_read_back() {
        for field in CertificateField::ALL {
            let name = CertificateName::new(field, "A.example");
            assert_eq!(CertificateName::parse(&name.to_string()), Some(name));
        }
        let dns = CertificateName::parse("dns:Ward.Example");
        assert_eq!(dns.map(|name| name.to_string()).as_deref(), Some("dns:ward.example"));
        for wrong in ["", "dns", "dns:", "ip:1.2.3.4", "A"] {
            assert_eq!(CertificateName::parse(wrong), None, "{wrong}");
        }
    }
}
