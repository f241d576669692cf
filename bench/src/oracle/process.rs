//! The oracle as a process: a request a line, an answer a line; started again when it dies.

use crate::inputs::root;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// How to get one.
pub const HOW: &str = "`cargo build --release --manifest-path bench/oracle/Cargo.toml` builds it in about \
                       ten minutes; STAFETT_ORACLE names its binary when it lies elsewhere";

/// A running oracle.
pub struct Oracle {
    binary: PathBuf,
    running: Option<(Child, BufReader<ChildStdout>)>,
}

impl Oracle {
    /// The one that was built, if one was.
    pub fn find() -> Result<Option<Oracle>, String> {
        let named = std::env::var_os("STAFETT_ORACLE").map(PathBuf::from);
        let built = root().join("bench/oracle/target/release/stafett-oracle");
        let binary = named.unwrap_or(built);
        Ok(binary.is_file().then_some(Oracle { binary, running: None }))
    }

    /// What it says of a file; none when it died of it.
    pub fn ask(&mut self, what: &str, path: &Path, times: u32) -> Result<Option<Value>, String> {
        let request = json!({"do": what, "path": path.to_string_lossy(), "times": times});
        if self.running.is_none() {
            let mut child = Command::new(&self.binary)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|e| format!("{}: {e}", self.binary.display()))?;
            let out = child.stdout.take().ok_or("the oracle has no output")?;
            self.running = Some((child, BufReader::new(out)));
        }
        let (child, out) = self.running.as_mut().ok_or("the oracle is not running")?;
        let mut line = String::new();
        let input = child.stdin.as_mut().ok_or("the oracle has no input")?;
        let sent = writeln!(input, "{request}").and_then(|()| input.flush());
        let read = sent.and_then(|()| out.read_line(&mut line));
        if matches!(read, Ok(0) | Err(_)) {
            self.stop();
            return Ok(None);
        }
        serde_json::from_str(&line).map(Some).map_err(|e| format!("the oracle's answer: {e}"))
    }

    fn stop(&mut self) {
        if let Some((mut child, _)) = self.running.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.stop();
    }
}
