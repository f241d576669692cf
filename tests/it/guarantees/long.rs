//! What long runs came to, kept beside their trials: the page shows the last of each.

use crate::support;
use libtest_mimic::Failed;
use std::path::PathBuf;

fn folder() -> PathBuf {
    support::root().join("tests/it/guarantees/last")
}

/// Says what a long run came to; with `UPDATE=1` the page keeps it.
pub fn keep(name: &str, figures: &str) -> Result<(), Failed> {
    println!("{figures}");
    if std::env::var("UPDATE").is_ok_and(|update| update == "1") {
        std::fs::create_dir_all(folder())?;
        let day = jiff::Timestamp::now().strftime("%Y-%m-%d");
        std::fs::write(folder().join(format!("{name}.txt")), format!("{day}: {figures}\n"))?;
    }
    Ok(())
}

/// What is kept, by name.
pub fn kept() -> Result<Vec<(String, String)>, Failed> {
    let mut all = Vec::new();
    if !folder().exists() {
        return Ok(all);
    }
    for entry in std::fs::read_dir(folder())? {
        let path = entry?.path();
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        all.push((name, std::fs::read_to_string(&path)?));
    }
    all.sort();
    Ok(all)
}
