//! From process start to the first verdict: time and peak memory of a process of its own.
//!
//! The process is this very program, which takes stafett's command line when it is started under that name: the
//! same library, built the same way. What it is held against is the goal itself.

use crate::measure::Measured;
use crate::support::shared;
use crate::table::{Better, Line};
use stafett::definitions::LibraryBuilder;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

/// The first argument that makes this program stafett.
const NAME: &str = "stafett";
/// Before the peak memory, in kB, that such a process says last.
const PEAK: &str = "peak kB: ";
/// How often each case is run; odd, so that there is a median.
const RUNS: usize = 11;
/// The message's package.
const PACKAGE: (&str, &str) = ("medcom.fhir.dk.hospitalnotification", "3.0.2");

/// Runs stafett's command line, if that is what this process was started for.
pub fn as_stafett() -> Option<ExitCode> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if arguments.first()? != NAME {
        return None;
    }
    let code = stafett::cli::main_with(arguments);
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let peak = peak.and_then(|rest| rest.trim().split(' ').next());
    eprintln!("{PEAK}{}", peak.unwrap_or("0"));
    Some(code)
}

/// The cases.
pub fn all() -> Vec<Line> {
    match Place::new() {
        Ok(place) => place.cases(),
        Err(why) => vec![line("first verdict after start", "s", 0.15, Err(why), String::new())],
    }
}

/// What the cases work on.
struct Place {
    folder: tempfile::TempDir,
    every: PathBuf,
    message: PathBuf,
}

impl Place {
    fn new() -> Result<Place, String> {
        let data = shared().join("data");
        let every = data.join("packages");
        let messages = data.join(format!("medcom-messages/hospitalnotification-{}", PACKAGE.1));
        let message = files(&messages)?.into_iter().next().ok_or("no message to judge")?;
        let folder = tempfile::TempDir::new().map_err(|e| e.to_string())?;
        closure(&every, &folder.path().join("closure"))?;
        Ok(Place { folder, every, message })
    }

    fn cases(&self) -> Vec<Line> {
        let closure = self.folder.path().join("closure");
        let cache = self.folder.path().join("definitions");
        let one = self.measure(&closure, None);
        let every = self.measure(&self.every, None);
        // the first run of these makes the cache, and is not counted
        let cached = self.measure(&self.every, Some(&cache));
        let size = std::fs::metadata(&cache).map_or(0, |m| m.len() / 1_000);
        let note = |run: &Result<Run, String>| match run {
            Ok(run) => format!("peak {:.0} MB", run.peak),
            Err(_) => String::new(),
        };
        let seconds =
            |run: &Result<Run, String>| run.as_ref().map(|r| r.seconds).map_err(Clone::clone);
        let peak = one.as_ref().map(|r| r.peak).map_err(Clone::clone);
        let cache_note = format!("{}; cache {size} kB", note(&cached));
        vec![
            line(
                "first verdict, R4 and a closure's archives",
                "s",
                0.15,
                seconds(&one),
                String::new(),
            ),
            line("peak memory of that", "MB", 60.0, peak, String::new()),
            line("first verdict, 50 archives at hand", "s", 0.5, seconds(&every), note(&every)),
            line("first verdict, the same from the cache", "s", 0.15, seconds(&cached), cache_note),
        ]
    }

    fn measure(&self, packages: &Path, cache: Option<&Path>) -> Result<Run, String> {
        let mut runs = Vec::with_capacity(RUNS);
        for turn in 0..=RUNS {
            let run = self.run(packages, cache)?;
            if turn > 0 {
                runs.push(run);
            }
        }
        let mut seconds: Vec<f64> = runs.iter().map(|run| run.seconds).collect();
        seconds.sort_by(f64::total_cmp);
        let peak = runs.iter().map(|run| run.peak).fold(0.0, f64::max);
        Ok(Run { seconds: seconds[RUNS / 2], peak })
    }

    fn run(&self, packages: &Path, cache: Option<&Path>) -> Result<Run, String> {
        let program = std::env::current_exe().map_err(|e| e.to_string())?;
        let mut command = Command::new(program);
        command.arg(NAME).arg("validate").arg(&self.message).arg("--package").arg(packages);
        if let Some(cache) = cache {
            command.arg("--cache").arg(cache);
        }
        command.stdin(Stdio::null());
        let start = Instant::now();
        let output = command.output().map_err(|e| e.to_string())?;
        let seconds = start.elapsed().as_secs_f64();
        let said = String::from_utf8_lossy(&output.stderr);
        let peak = said.lines().find_map(|line| line.strip_prefix(PEAK)?.parse::<f64>().ok());
        let verdict = String::from_utf8_lossy(&output.stdout);
        match (output.status.code(), peak) {
            (Some(0), Some(peak)) if verdict.contains(PACKAGE.0) => {
                Ok(Run { seconds, peak: peak / 1_000.0 })
            }
            _ => Err(format!("no verdict: {verdict}{said}")),
        }
    }
}

/// One run, or the median of some.
struct Run {
    seconds: f64,
    /// MB.
    peak: f64,
}

fn line(
    case: &'static str,
    unit: &'static str,
    goal: f64,
    value: Result<f64, String>,
    note: String,
) -> Line {
    let measured = value.map(|value| Measured {
        value,
        yardstick: goal,
        ratio: value / goal,
        allocations: None,
    });
    Line { case, against: "the goal", unit, goal: 1.0, better: Better::AtMost, measured, note }
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    Ok(files)
}

/// Copies the archives that the message's package reaches.
fn closure(from: &Path, to: &Path) -> Result<(), String> {
    let mut builder = LibraryBuilder::new();
    for file in files(from)? {
        let bytes = std::fs::read(&file).map_err(|e| e.to_string())?;
        // R4 core is embedded, and refused: that is right
        let _ = builder.add_package(&file.to_string_lossy(), &bytes);
    }
    let (library, _) = builder.build();
    let root = library.find_package(PACKAGE.0, PACKAGE.1).ok_or("no package of the message")?;
    std::fs::create_dir_all(to).map_err(|e| e.to_string())?;
    for id in library.closure(root) {
        let package = library.package(*id);
        let name = format!("{}-{}.tgz", package.name, package.version);
        if from.join(&name).is_file() && !name.starts_with("hl7.fhir.r4.core") {
            std::fs::copy(from.join(&name), to.join(&name)).map_err(|e| e.to_string())?;
        }
    }
    Ok(())
}
