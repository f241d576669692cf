//! A small package registry on loopback, made of closures' worth of packages that exist only here.

use super::archive::package;
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

/// An answer: its status line, further header lines, its body.
#[derive(Clone, Default)]
pub struct Answer {
    pub status: &'static str,
    pub headers: String,
    pub body: Vec<u8>,
}

type Pages = Arc<Mutex<BTreeMap<String, Answer>>>;

/// A running registry; it ends with the process.
pub struct Registry {
    pub base: String,
    pages: Pages,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    pub fn start() -> std::io::Result<Registry> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let base = format!("http://{}/r4", listener.local_addr()?);
        let registry = Registry { base, pages: Pages::default(), asked: Arc::default() };
        let (pages, asked) = (Arc::clone(&registry.pages), Arc::clone(&registry.asked));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (pages, asked) = (Arc::clone(&pages), Arc::clone(&asked));
                thread::spawn(move || serve(stream, &pages, &asked));
            }
        });
        Ok(registry)
    }

    /// Puts a page at a path below the base.
    pub fn page(&self, path: &str, answer: Answer) {
        let mut pages = self.pages.lock().expect("no holder panics");
        pages.insert(format!("/r4/{path}"), answer);
    }

    /// Publishes archives of one package, oldest first; the last is `latest`. `dist` says what stands in
    /// the document about an archive.
    pub fn publish(&self, name: &str, versions: &[(&str, Vec<u8>)], dist: impl Fn(&str) -> String) {
        let mut all = Vec::new();
        for (version, archive) in versions {
            all.push(format!(r#""{version}":{{"name":"{name}","dist":{{{}}}}}"#, dist(version)));
            self.page(&format!("{name}/{version}"), ok(archive.clone()));
        }
        let latest = versions.last().map_or("", |(version, _)| version);
        let document = format!(
            r#"{{"name":"{name}","dist-tags":{{"latest":"{latest}"}},"versions":{{{}}}}}"#,
            all.join(",")
        );
        self.page(name, ok(document.into_bytes()));
    }

    /// Publishes one version that depends on others, without sums.
    pub fn plain(&self, name: &str, version: &str, dependencies: &str) {
        self.publish(name, &[(version, package(name, version, dependencies))], |_| String::new());
    }

    /// The paths that were asked for since the last time.
    pub fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no holder panics"))
    }
}

/// 200 with a body.
pub fn ok(body: Vec<u8>) -> Answer {
    Answer { status: "200 OK", headers: String::new(), body }
}

fn serve(stream: TcpStream, pages: &Mutex<BTreeMap<String, Answer>>, asked: &Mutex<Vec<String>>) {
    let Ok(clone) = stream.try_clone() else { return };
    let (mut reader, mut out) = (BufReader::new(clone), stream);
    loop {
        let mut first = String::new();
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        let mut line = String::new();
        while reader.read_line(&mut line).unwrap_or(0) > 2 {
            line.clear();
        }
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let found = pages.lock().expect("no holder panics").get(&path).cloned();
        asked.lock().expect("no holder panics").push(path);
        let answer = found.unwrap_or(Answer { status: "404 Not Found", ..Answer::default() });
        let length = match answer.headers.contains("content-length") {
            true => String::new(),
            false => format!("content-length: {}\r\n", answer.body.len()),
        };
        let head = format!("HTTP/1.1 {}\r\n{length}{}\r\n", answer.status, answer.headers);
        let sent = out.write_all(head.as_bytes()).and_then(|()| out.write_all(&answer.body));
        if sent.is_err() {
            return;
        }
    }
}
