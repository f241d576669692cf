//! A registry behind TLS: its certificate is judged by the authorities that configuration names.

use super::archive::package;
use super::{Site, check, expect, stafett};
use crate::support::{self, Needs};
use libtest_mimic::{Failed, Trial};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

pub fn trials() -> Vec<Trial> {
    let name = "registry: a certificate needs an authority that is named";
    vec![support::trial(name, Needs::Tool("openssl"), judged)]
}

const REQUEST: &str = "[req]\ndistinguished_name = name\nx509_extensions = more\nprompt = no\n\
                       [name]\nCN = localhost\n[more]\nsubjectAltName = IP:127.0.0.1\n";

/// A server of files, ended when it is dropped.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Serves a folder's files; the port.
fn serve(folder: &Path) -> Result<(Server, String), Failed> {
    fs::write(folder.join("request"), REQUEST)?;
    let arguments =
        "req -x509 -newkey rsa:2048 -nodes -days 2 -config request -keyout key -out own.pem";
    let made = Command::new("openssl").args(arguments.split(' ')).current_dir(folder).output()?;
    check(made.status.success(), String::from_utf8_lossy(&made.stderr))?;
    let arguments = "s_server -accept 127.0.0.1:0 -cert own.pem -key key -WWW";
    let mut command = Command::new("openssl");
    command.args(arguments.split(' ')).current_dir(folder);
    let child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let mut server = Server(child);
    let out = server.0.stdout.take().ok_or("no output")?;
    for line in BufReader::new(out).lines() {
        if let Some(port) = line?.strip_prefix("ACCEPT 127.0.0.1:") {
            return Ok((server, port.to_owned()));
        }
    }
    Err("the server did not say its port".into())
}

fn judged() -> Result<(), Failed> {
    let site = Site::new()?;
    let files = site.path("files");
    fs::create_dir_all(files.join("r4"))?;
    let (_server, port) = serve(&files)?;
    let base = format!("https://127.0.0.1:{port}/r4");
    let document = format!(
        r#"{{"versions":{{"1.0.0":{{"dist":{{"tarball":"https://127.0.0.1:{port}/a.tgz"}}}}}}}}"#
    );
    fs::write(files.join("r4/a"), document)?;
    fs::write(files.join("a.tgz"), package("a", "1.0.0", ""))?;
    let said = site.run(&["add", "a@1.0.0", "--registry", &base], 2)?;
    check(said.contains("UnknownIssuer"), said)?;
    let config = format!(
        "[engine]\nname = \"small\"\n[store]\nfolder = \"data\"\n[definitions]\n\
         registry = \"{base}\"\nregistry_authorities = \"files/own.pem\"\n"
    );
    fs::write(site.path("stafett.toml"), config)?;
    let here = site.path("").to_string_lossy().into_owned();
    expect(&stafett(&["package", "add", "a@1.0.0", "--config", &here])?, 0)?;
    check(site.archives() == ["a-1.0.0.tgz"], format!("{:?}", site.archives()))?;
    fs::write(files.join("own.pem"), "nothing")?;
    let said = expect(&stafett(&["package", "add", "a@1.0.0", "--config", &here])?, 2)?;
    check(said.contains("holds no certificate"), said)
}
