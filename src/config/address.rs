//! Socket addresses and URLs, as far as the configuration judges them: form, loopback or not.
//!
//! Promises: what was read has its form. Never: resolves a name, opens a socket.

use super::read::{Field, Reader};
use super::value::parsed;
use std::fmt;
use toml::Spanned;
use toml::de::DeValue;

/// `host:port`, the host an IPv4 address, an IPv6 address in brackets, or `localhost`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Address {
    /// The host, an IPv6 address without its brackets; `localhost` is read as `127.0.0.1`.
    pub host: Box<str>,
    /// The port; 0: the system chooses.
    pub port: u16,
}

impl Address {
    /// Parses one.
    pub fn parse(text: &str) -> Result<Address, String> {
        let wrong = || format!("`{text}` is no address: expected `127.0.0.1:8080` or `[::1]:8080`");
        let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse().map_err(|_| wrong())?;
        let host = match host {
            "localhost" => "127.0.0.1",
            _ => host,
        };
        let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        match inner {
            Some(six) if is_six(six) => Ok(Address { host: six.into(), port }),
            None if octets(host).is_some() => Ok(Address { host: host.into(), port }),
            _ => Err(wrong()),
        }
    }

    /// Whether only this machine can reach it.
    pub fn is_loopback(&self) -> bool {
        is_loopback(&self.host)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.contains(':') {
            true => write!(out, "[{}]:{}", self.host, self.port),
            false => write!(out, "{}:{}", self.host, self.port),
        }
    }
}

fn octets(host: &str) -> Option<[u8; 4]> {
    let mut parts = host.split('.').map(|part| part.parse::<u8>().ok());
    let four = [parts.next()??, parts.next()??, parts.next()??, parts.next()??];
    parts.next().is_none().then_some(four)
}

/// The form of an IPv6 address, loosely: the socket itself will say no to what is left.
fn is_six(host: &str) -> bool {
    host.contains(':') && host.chars().all(|c| c.is_ascii_hexdigit() || ":.".contains(c))
}

fn is_loopback(host: &str) -> bool {
    matches!(host, "::1" | "localhost") || octets(host).is_some_and(|four| four[0] == 127)
}

/// How something is sent to a URL.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scheme {
    /// By HTTP: `http`, `https`.
    Http,
    /// By MLLP: `mllp`, `mllps`.
    Mllp,
    /// As a file in a folder: `folder:out/town`, whose path is the URL's.
    Folder,
}

/// A URL to send to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Url {
    /// By what.
    pub scheme: Scheme,
    /// Whether it is by TLS: `https`, `mllps`.
    pub secure: bool,
    /// The host, an IPv6 address without its brackets.
    pub host: Box<str>,
    /// The port.
    pub port: u16,
    /// The path with its query, from `/` on.
    pub path: Box<str>,
}

impl Url {
    /// Parses one: no user, no fragment, no relative form.
    pub fn parse(text: &str) -> Result<Url, String> {
        let wrong = |what: &str| {
            format!("`{text}` is no URL to send to: {what}, as in `http://host:1/path`")
        };
        if let Some(path) = text.strip_prefix("folder:").filter(|path| !path.is_empty()) {
            let (host, path) = (Box::default(), path.into());
            return Ok(Url { scheme: Scheme::Folder, secure: false, host, port: 0, path });
        }
        let (scheme, secure, rest) = match text.split_once("://") {
            Some(("http", rest)) => (Scheme::Http, false, rest),
            Some(("https", rest)) => (Scheme::Http, true, rest),
            Some(("mllp", rest)) => (Scheme::Mllp, false, rest),
            Some(("mllps", rest)) => (Scheme::Mllp, true, rest),
            _ => {
                return Err(wrong(
                    "it begins with http://, https://, mllp://, mllps:// or folder:",
                ));
            }
        };
        if !text.chars().all(|c| c.is_ascii_graphic()) || text.contains('#') || text.contains('"') {
            return Err(wrong("it has no blanks, quotes, fragments or letters beyond a to z"));
        }
        let (authority, path) = match rest.find(['/', '?']) {
            Some(at) => (&rest[..at], &rest[at..]),
            None => (rest, "/"),
        };
        if authority.contains('@') || !path.starts_with('/') {
            return Err(wrong("it names no user, and its path begins with /"));
        }
        let (host, port) = match authority.strip_prefix('[').and_then(|six| six.split_once(']')) {
            Some((six, rest)) if is_six(six) => (six, rest.strip_prefix(':')),
            Some(_) => return Err(wrong("its host is in order")),
            None => match authority.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        if host.is_empty() {
            return Err(wrong("it names a host"));
        }
        if scheme == Scheme::Mllp && (port.is_none() || path != "/") {
            return Err(wrong("MLLP has a port and no path"));
        }
        let port = match port {
            None => Ok(if secure { 443 } else { 80 }),
            Some(port) => port.parse(),
        };
        let port = port.map_err(|_| wrong("its port is a number"))?;
        Ok(Url { scheme, secure, host: host.into(), port, path: path.into() })
    }

    /// Whether only this machine is reached.
    pub fn is_loopback(&self) -> bool {
        self.scheme == Scheme::Folder || is_loopback(&self.host)
    }
}

impl fmt::Display for Url {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match (self.scheme, self.secure) {
            (Scheme::Http, false) => "http",
            (Scheme::Http, true) => "https",
            (Scheme::Mllp, false) => "mllp",
            (Scheme::Mllp, true) => "mllps",
            (Scheme::Folder, _) => return write!(out, "folder:{}", self.path),
        };
        let (open, close) = if self.host.contains(':') { ("[", "]") } else { ("", "") };
        write!(out, "{scheme}://{open}{}{close}:{}{}", self.host, self.port, self.path)
    }
}

impl Field for Address {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Address> {
        parsed(value, reader, "an address such as `\"127.0.0.1:8080\"`", Address::parse)
    }

    fn repair() -> Option<Address> {
        Address::parse("127.0.0.1:0").ok()
    }

    fn form() -> String {
        "an address such as `\"127.0.0.1:8080\"`".to_owned()
    }
}

impl Field for Url {
    fn read(value: &Spanned<DeValue<'_>>, reader: &mut Reader<'_>) -> Option<Url> {
        parsed(value, reader, "a URL such as `\"http://127.0.0.1:8080/messages\"`", Url::parse)
    }

    fn repair() -> Option<Url> {
        Url::parse("http://127.0.0.1:1/").ok()
    }

    fn form() -> String {
        "a URL such as `\"http://127.0.0.1:8080/messages\"`".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_loopback() {
        assert!(Address::parse("127.8.0.1:80").is_ok_and(|a| a.is_loopback()));
        assert!(Address::parse("[::1]:0").is_ok_and(|a| a.is_loopback()));
        assert!(Address::parse("localhost:1").is_ok_and(|a| a.is_loopback()));
        assert!(Address::parse("0.0.0.0:80").is_ok_and(|a| !a.is_loopback()));
        assert!(Address::parse("[::]:80").is_ok_and(|a| !a.is_loopback()));
        for wrong in ["127.0.0.1", ":80", "1.2.3:4", "1.2.3.4.5:6", "example.org:80", "::1:80"] {
            assert!(Address::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn urls() {
        let url = Url::parse("http://127.0.0.1:7101/fhir/$process-message?x=1").unwrap();
        assert_eq!((url.port, &*url.path), (7101, "/fhir/$process-message?x=1"));
        assert_eq!(Url::parse("https://[::1]").unwrap().to_string(), "https://[::1]:443/");
        let url = Url::parse("mllps://lab.example:2575").unwrap();
        assert_eq!((url.scheme, url.secure, url.port), (Scheme::Mllp, true, 2575));
        let url = Url::parse("folder:out/to town").unwrap();
        assert_eq!((url.scheme, &*url.path), (Scheme::Folder, "out/to town"));
        assert_eq!(url.to_string(), "folder:out/to town");
        assert!(Url::parse("folder:").is_err());
        for wrong in [
            "mllp://a",
            "mllp://a:1/b",
            "ftp://a/",
            "http://",
            "http://a:b/",
            "http://u@a/",
            "http://a/#f",
            "a/b",
        ] {
            assert!(Url::parse(wrong).is_err(), "{wrong}");
        }
    }
}
