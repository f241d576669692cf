//! The engine as a process of its own, alone or under a tracer that breaks one of its system calls.

use libtest_mimic::Failed;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

/// The process.
pub struct Engine {
    child: Child,
    out: BufReader<ChildStdout>,
    /// Where it listens; none when it ended before it did.
    pub base: Option<String>,
}

impl Engine {
    /// Starts it on a configuration's folder; `under` is a program that starts it, with its arguments.
    pub fn start(folder: &Path, under: &[String]) -> Result<Engine, Failed> {
        let binary = env!("CARGO_BIN_EXE_stafett").to_owned();
        let shown = folder.display().to_string();
        let own = [binary, "run".to_owned(), shown, "--one-thread".to_owned()];
        let words = [under, &own].concat();
        let errors = std::fs::File::create(folder.join("log"))?;
        // The tracer lets go of its output at once; a copy of it stays open for as long as it lives.
        let mut child = Command::new("sh")
            .args(["-c", "exec 9>&1; exec \"$@\"", "sh"])
            .args(words)
            .args(["--log", "warn"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()?;
        let mut out = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut line = String::new();
        out.read_line(&mut line)?;
        let address = line.trim_end().rsplit(' ').next().filter(|word| word.contains("://"));
        let base = address.map(str::to_owned);
        Ok(Engine { child, out, base })
    }

    /// Whether it has ended.
    pub fn has_ended(&mut self) -> Result<bool, Failed> {
        Ok(self.child.try_wait()?.is_some())
    }

    /// Stops it as an operator would, if it has not ended, and waits for it and for its tracer, which holds
    /// the same output open.
    pub fn stop(&mut self) -> Result<(), Failed> {
        if !self.has_ended()? {
            let id = self.child.id().to_string();
            let _ =
                Command::new("kill").args(["-s", "TERM", &id]).stderr(Stdio::null()).status()?;
        }
        self.child.wait()?;
        self.out.read_to_string(&mut String::new())?;
        Ok(())
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
