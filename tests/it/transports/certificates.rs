//! An authority of the trial's own, by `openssl`: certificates for servers and clients, and lists of revoked ones.

use libtest_mimic::Failed;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

const CONFIG: &str = "[ca]\ndefault_ca = own\n[own]\ndatabase = index\ncrlnumber = number\n\
    default_md = sha256\n[req]\ndistinguished_name = name\nprompt = no\n[name]\n[authority]\n\
    basicConstraints = critical,CA:TRUE\nkeyUsage = critical,keyCertSign,cRLSign\n";

/// An authority in a folder of its own.
pub struct Authority {
    folder: TempDir,
}

impl Authority {
    /// A new one, which nobody trusts yet.
    pub fn new() -> Result<Authority, Failed> {
        let authority = Authority { folder: TempDir::new()? };
        std::fs::write(authority.path("index"), "")?;
        std::fs::write(authority.path("number"), "01\n")?;
        std::fs::write(authority.path("config"), CONFIG)?;
        authority.request("authority", "/CN=An authority", "authority", &[])?;
        Ok(authority)
    }

    /// A file in its folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Makes `NAME.pem` and `NAME.key`; `alternative` is a subject's alternative name.
    pub fn certify(&self, name: &str, subject: &str, alternative: &str) -> Result<(), Failed> {
        let more = format!("{CONFIG}[leaf]\nsubjectAltName = {alternative}\n");
        std::fs::write(self.path("config"), more)?;
        self.request(name, subject, "leaf", &["-CA", "authority.pem", "-CAkey", "authority.key"])
    }

    fn request(
        &self,
        name: &str,
        subject: &str,
        section: &str,
        more: &[&str],
    ) -> Result<(), Failed> {
        let fixed =
            "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -config config";
        let (key, out) = (format!("{name}.key"), format!("{name}.pem"));
        let own = ["-subj", subject, "-extensions", section, "-keyout", &key, "-out", &out];
        let all: Vec<&str> = fixed.split(' ').chain(own).chain(more.iter().copied()).collect();
        openssl(self.folder.path(), &all).map(drop)
    }

    /// Writes `FILE`, a list of these revoked certificates, in force or run out.
    pub fn list(&self, file: &str, revoked: &[&str], in_force: bool) -> Result<(), Failed> {
        let mut index = String::new();
        for name in revoked {
            let pem = format!("{name}.pem");
            let asked = ["x509", "-in", &pem, "-noout", "-serial"];
            let serial = openssl(self.folder.path(), &asked)?;
            let serial = serial.trim().trim_start_matches("serial=");
            index += &format!("R\t400101000000Z\t260101000000Z\t{serial}\tunknown\t/CN={name}\n");
        }
        std::fs::write(self.path("index"), index)?;
        let next = if in_force { "20400101000000Z" } else { "20260102000000Z" };
        let fixed = "ca -config config -gencrl -cert authority.pem -keyfile authority.key \
                     -crl_lastupdate 20260101000000Z -crl_nextupdate";
        let own = [next, "-out", file];
        let all: Vec<&str> = fixed.split_whitespace().chain(own).collect();
        openssl(self.folder.path(), &all).map(drop)
    }

    /// Bytes of a file in its folder.
    pub fn read(&self, name: &str) -> Result<Vec<u8>, Failed> {
        Ok(std::fs::read(self.path(name))?)
    }
}

fn openssl(folder: &Path, arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new("openssl").args(arguments).current_dir(folder).output()?;
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}
