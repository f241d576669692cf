//! An engine as a process of its own, on a copy of the network with ports of the system's choice.

use crate::support;
use libtest_mimic::Failed;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The network that it runs.
pub const NETWORK: &str = "fixtures/networks/planomraade-syd";

/// The process, and where it listens.
pub struct Process {
    child: Child,
    /// The listener for messages.
    pub base: String,
    /// The operations listener.
    pub operations: String,
    /// Its folder; `log` in it is its standard error.
    pub folder: tempfile::TempDir,
}

impl Process {
    /// Starts one; `under` is a program that starts it, with its arguments.
    pub fn start(under: &[&str], log: &str) -> Result<Process, Failed> {
        let folder = tempfile::TempDir::new()?;
        for name in [NETWORK, "fixtures/packages", "mappings"] {
            copy(&support::root().join(name), &folder.path().join(name))?;
        }
        let file = folder.path().join(NETWORK).join("stafett.toml");
        let text = std::fs::read_to_string(&file)?;
        let text = text.replace(":7100", ":0").replace(":7199", ":0");
        let quota = "\n[limits]\nquota = { per_second = 10000, burst = 10000 }\n";
        std::fs::write(&file, format!("{text}{quota}"))?;
        // Nobody is at the endpoints: one attempt is made in each lane, and the next one not in this test's time.
        let routes = folder.path().join(NETWORK).join("routes.toml");
        let text = std::fs::read_to_string(&routes)?;
        let slow = text.replace("first = \"200 ms\", cap = \"2 s\"", "first = \"10 min\"");
        std::fs::write(&routes, slow)?;
        let errors = std::fs::File::create(folder.path().join("log"))?;
        let binary = env!("CARGO_BIN_EXE_stafett");
        let mut words = [under, &[binary, "run", NETWORK, "--log", log]].concat();
        let program = words.remove(0);
        let mut child = Command::new(program)
            .current_dir(folder.path())
            .args(words)
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().ok_or("no output")?).lines();
        let mut address = || -> Result<String, Failed> {
            let line = lines.next().ok_or("the engine ended")??;
            Ok(line.rsplit(' ').next().ok_or("no address")?.to_owned())
        };
        let (base, operations) = (address()?, address()?);
        Ok(Process { child, base, operations, folder })
    }

    /// Sends a file as the hospital; the answer's body.
    pub fn send(&self, file: &Path) -> Result<String, Failed> {
        let body = format!("@{}", file.display());
        let url = format!("{}/fhir/$process-message", self.base);
        curl(&[
            "-H",
            "Authorization: Bearer simulated-hospital-token",
            "-H",
            "Content-Type: application/fhir+json",
            "--data-binary",
            &body,
            &url,
        ])
    }

    /// Stops it as an operator would, and waits.
    pub fn stop(&mut self) -> Result<(), Failed> {
        self.signal("TERM")?;
        self.child.wait()?;
        Ok(())
    }

    /// Waits until it has ended by itself; its exit code.
    pub fn ended(&mut self) -> Result<Option<i32>, Failed> {
        Ok(self.child.wait()?.code())
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) -> Result<(), Failed> {
        let id = self.child.id().to_string();
        match Command::new("kill").args(["-s", name, &id]).status()?.success() {
            true => Ok(()),
            false => Err(format!("no signal {name} could be sent").into()),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What curl prints.
pub fn curl(arguments: &[&str]) -> Result<String, Failed> {
    let output = Command::new("curl").args(["-s", "--max-time", "20"]).args(arguments).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) -> Result<(), Failed> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        match entry.file_type()?.is_dir() {
            true => copy(&entry.path(), &target)?,
            false => {
                std::fs::copy(entry.path(), target)?;
            }
        }
    }
    Ok(())
}

/// How many messages the store of an engine that has ended holds; an error if it is not whole.
pub fn stored(folder: &Path) -> Result<usize, Failed> {
    use stafett::store::{MessageFilter, Options, Store, open};
    let data = folder.join(NETWORK).join("data");
    let store = open(&data, Options::default(), jiff::Timestamp::now())?;
    if store.status().bad_records > 0 {
        return Err(format!("{:?}", store.bad()).into());
    }
    Ok(store.messages(&MessageFilter { limit: 10_000, ..MessageFilter::default() })?.len())
}
