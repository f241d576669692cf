//! The real program on a disk that breaks while it serves: no success after it, and the process ends.

use super::fail;
use crate::path::process::{Process, curl, stored};
use crate::support::{Needs, root, trial};
use libtest_mimic::{Failed, Trial};
use std::path::Path;

/// The trials.
pub fn trials() -> Vec<Trial> {
    vec![trial(
        "G3: after a failed sync nobody is acknowledged, and the process ends for a restart",
        Needs::Tool("strace"),
        broken,
    )]
}

/// The tracer that lets the syncs of the journal's segment fail from the sixth on: three are the measurement at the
/// start.
const TRACER: [&str; 7] = [
    "strace",
    "-f",
    "-o",
    "trace",
    "-e",
    "trace=fdatasync",
    "--inject=fdatasync:error=EIO:when=8+",
];

/// A message of the network's, with a number in its ids.
fn message(folder: &Path, n: usize) -> Result<std::path::PathBuf, Failed> {
    let name = "fixtures/networks/planomraade-syd/messages/hospital-notification-admission.json";
    let text = std::fs::read_to_string(root().join(name))?;
    let value: serde_json::Value = serde_json::from_str(&text)?;
    let known = |value: &serde_json::Value| value["id"].as_str().unwrap_or_default().to_owned();
    let (envelope, header) = (known(&value), known(&value["entry"][0]["resource"]));
    let id = |kind: u8| format!("{n:08x}-0000-4000-8000-00000000000{kind}");
    let file = folder.join(format!("{n}.json"));
    std::fs::write(&file, text.replace(&envelope, &id(1)).replace(&header, &id(2)))?;
    Ok(file)
}

fn broken() -> Result<(), Failed> {
    let mut engine = Process::start(&TRACER, "info")?;
    let mut told = Vec::new();
    for n in 0..20 {
        let file = message(engine.folder.path(), n)?;
        let status = curl(&[
            "-o",
            "/dev/null",
            "-w",
            "%{http_code}",
            "-H",
            "Authorization: Bearer simulated-hospital-token",
            "-H",
            "Content-Type: application/fhir+json",
            "--data-binary",
            &format!("@{}", file.display()),
            &format!("{}/fhir/$process-message", engine.base),
        ])?;
        told.push(status);
    }
    let code = engine.ended()?;
    let trace = std::fs::read_to_string(engine.folder.path().join("trace"))?;
    let bad = told.iter().position(|status| status != "200").unwrap_or(told.len());
    let after = &told[bad..];
    // No connection is "000": the process has ended, or is about to.
    let refused = after.iter().all(|status| status == "503" || status == "000");
    if bad == 0 || after.first().map(String::as_str) != Some("503") || !refused {
        return Err(fail(format!("{told:?}\n{trace}")));
    }
    assert_eq!(code, Some(2), "it ends with an error, so that it is started again");
    let log = std::fs::read_to_string(engine.folder.path().join("log"))?;
    assert!(log.contains("ALARM: the store takes no more"), "{log}");
    // What was acknowledged is there, and the directory is whole.
    let verified = stored(engine.folder.path())?;
    assert!(verified >= bad, "{verified} messages for {bad} acknowledgements");
    Ok(())
}
