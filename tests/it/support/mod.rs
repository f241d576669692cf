//! What the trials share: where the test data lies, and how a trial says that it cannot run.

use libtest_mimic::{Failed, Trial};
use std::path::{Path, PathBuf};

/// The one name of the place of the test data.
pub const SHARED: &str = "STAFETT_SHARED";

/// Where the test data lies: `$STAFETT_SHARED`, by default `../shared` from the project's root.
pub fn shared() -> PathBuf {
    std::env::var_os(SHARED).map_or_else(|| root().join("../shared"), PathBuf::from)
}

/// The project's root.
pub fn root() -> &'static Path {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // bench/ runs some of these suites too; its folder lies in the project's.
    match here.parent() {
        Some(above) if here.ends_with("bench") => above,
        _ => here,
    }
}

/// What a trial needs beyond the project itself.
pub enum Needs {
    /// Nothing.
    Nothing,
    /// A folder of the test data, relative to it: `data/medcom-messages`.
    Data(&'static str),
    /// A program on the path.
    Tool(&'static str),
    /// Both.
    DataAndTool(&'static str, &'static str),
}

impl Needs {
    fn missing(&self) -> Option<String> {
        let data = |folder: &str| {
            (!shared().join(folder).exists()).then(|| format!("no {folder} below ${SHARED}"))
        };
        let tool = |name: &str| (!on_path(name)).then(|| format!("no {name} on the path"));
        match self {
            Needs::Nothing => None,
            Needs::Data(folder) => data(folder),
            Needs::Tool(name) => tool(name),
            Needs::DataAndTool(folder, name) => data(folder).or_else(|| tool(name)),
        }
    }
}

fn on_path(tool: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(tool).is_file())
}

/// A trial that is ignored, with the reason in its name, when what it needs is absent; with `CI=true` it
/// fails instead.
pub fn trial(
    name: &str,
    needs: Needs,
    run: impl FnOnce() -> Result<(), Failed> + Send + 'static,
) -> Trial {
    match needs.missing() {
        None => Trial::test(name, run),
        Some(reason) if std::env::var("CI").is_ok_and(|ci| ci == "true") => {
            Trial::test(name, move || Err(Failed::from(format!("CI must have it: {reason}"))))
        }
        Some(reason) => {
            Trial::test(format!("{name} (ignored: {reason})"), || Ok(())).with_ignored_flag(true)
        }
    }
}

/// Compares with a committed file, or rewrites it with `UPDATE=1`.
pub fn golden(file: &Path, now: &str) -> Result<(), Failed> {
    if std::env::var("UPDATE").is_ok_and(|update| update == "1") {
        std::fs::write(file, now)?;
        return Ok(());
    }
    let committed = std::fs::read_to_string(file).unwrap_or_default();
    match committed.lines().zip(now.lines()).position(|(a, b)| a != b) {
        None if committed == now => Ok(()),
        line => Err(Failed::from(format!(
            "{} is stale from line {}: look at the difference after UPDATE=1 cargo test",
            file.display(),
            line.map_or(committed.lines().count().min(now.lines().count()), |line| line) + 1
        ))),
    }
}

/// The harness itself: what is absent is seen to be absent, and what is there is not.
pub fn trials() -> Vec<Trial> {
    vec![trial("support: what is absent is said", Needs::Nothing, || {
        let absent = [
            Needs::Data("data/no-such-folder"),
            Needs::Tool("no-such-program"),
            Needs::DataAndTool("data/no-such-folder", "sh"),
        ];
        let silent = absent.iter().filter(|needs| needs.missing().is_none()).count();
        if silent > 0 || Needs::Tool("sh").missing().is_some() {
            return Err(Failed::from("a need that is absent was not seen"));
        }
        Ok(())
    })]
}
