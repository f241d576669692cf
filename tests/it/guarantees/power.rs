//! Harness C: power lost under a real file system. The real program on an ext4 image of its own, shut down without
//! its log at a moment of a load; mounted again, started again, everything handed in again, judged by the checker.
//!
//! Never: touches another file system than the one in its image.

use super::calls::{hand_in, second_life};
use super::checker::{self, Judged, Told};
use super::engine::Engine;
use super::script::{self, LANES, Message};
use super::wire::Receiver;
use libtest_mimic::Failed;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Messages of a round.
const MESSAGES: usize = 80;
/// The image's size.
const IMAGE: u64 = 96 << 20;
/// Tells ext4 to stop at once; what it has not written of its log is lost (`EXT4_IOC_SHUTDOWN`, `NOLOGFLUSH`).
const CUT: &str = "import fcntl, os, struct, sys
fd = os.open(sys.argv[1], os.O_RDONLY)
sys.stdin.readline()
fcntl.ioctl(fd, 0x8004587d, struct.pack('I', 2))
";

/// What the rounds came to.
#[derive(Default)]
pub struct Total {
    /// Power cuts.
    pub cuts: usize,
    /// Of the messages that were accepted, how many were before a cut.
    pub before: usize,
    /// Messages that had no verdict when it came.
    pub between: usize,
    /// What the checker says.
    pub judged: Judged,
}

/// Why it cannot be done here.
pub fn unable() -> Option<String> {
    let says = |program: &str, words: &[&str]| {
        let output = Command::new(program).args(words).output();
        output.ok().filter(|o| o.status.success()).map(|o| o.stdout)
    };
    if says("id", &["-u"]).as_deref() != Some(b"0\n") {
        return Some("root is needed".to_owned());
    }
    ["mkfs.ext4", "mount", "python3"]
        .iter()
        .find(|one| says("sh", &["-c", &format!("command -v {one}")]).is_none())
        .map(|one| format!("no {one}"))
        .or_else(|| says("losetup", &["-f"]).is_none().then(|| "no loop device".to_owned()))
}

fn does(program: &str, words: &[&str]) -> Result<(), Failed> {
    let output = Command::new(program).args(words).output()?;
    match output.status.success() {
        true => Ok(()),
        false => {
            let why = String::from_utf8_lossy(&output.stderr).into_owned();
            Err(format!("{program} {words:?}: {why}").into())
        }
    }
}

/// A file system in a file.
struct Image {
    image: PathBuf,
    at: PathBuf,
    mounted: bool,
}

impl Image {
    fn make(folder: &Path) -> Result<Image, Failed> {
        let (image, at) = (folder.join("image"), folder.join("mount"));
        std::fs::create_dir_all(&at)?;
        std::fs::File::create(&image)?.set_len(IMAGE)?;
        does("mkfs.ext4", &["-q", "-F", &image.display().to_string()])?;
        let mut made = Image { image, at, mounted: false };
        made.mount()?;
        Ok(made)
    }

    fn mount(&mut self) -> Result<(), Failed> {
        let (image, at) = (self.image.display().to_string(), self.at.display().to_string());
        does("mount", &["-o", "loop", &image, &at])?;
        self.mounted = true;
        Ok(())
    }

    fn unmount(&mut self) -> Result<(), Failed> {
        does("umount", &[&self.at.display().to_string()])?;
        self.mounted = false;
        Ok(())
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        if self.mounted {
            // What is still open must not keep the loop device.
            let _ = does("umount", &["-l", &self.at.display().to_string()]);
        }
    }
}

/// What cuts the power when it is told to.
struct Switch {
    child: Child,
    wire: ChildStdin,
}

impl Switch {
    fn ready(at: &Path) -> Result<Switch, Failed> {
        let mut child =
            Command::new("python3").args(["-c", CUT]).arg(at).stdin(Stdio::piped()).spawn()?;
        let wire = child.stdin.take().ok_or("no input")?;
        Ok(Switch { child, wire })
    }

    fn cut(mut self) -> Result<(), Failed> {
        self.wire.write_all(b"\n")?;
        drop(self.wire);
        match self.child.wait()?.success() {
            true => Ok(()),
            false => Err("the file system was not shut down".into()),
        }
    }
}

/// Hands everything in, each lane by a client of its own, until nothing is answered any more. The power is cut when
/// so many have their answer. How many were accepted before, and how many were left.
fn under_load(
    base: &str,
    receiver: &Receiver,
    messages: &[Message],
    (switch, at): (Switch, usize),
) -> Result<(usize, usize), Failed> {
    let (answered, accepted) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let told = std::sync::Condvar::new();
    let gate = std::sync::Mutex::new(());
    let client = |lane: usize| {
        let mut silent = 0;
        for message in messages.iter().skip(lane).step_by(LANES) {
            match hand_in(base, receiver, message) {
                Told::Nothing => silent += 1,
                Told::Accepted => drop(accepted.fetch_add(1, Ordering::SeqCst)),
                Told::Refused => {}
            }
            let _held = gate.lock();
            answered.fetch_add(1, Ordering::SeqCst);
            told.notify_all();
            if silent > 1 {
                return;
            }
        }
    };
    std::thread::scope(|scope| -> Result<(), Failed> {
        for lane in 0..LANES {
            scope.spawn(move || client(lane));
        }
        let held = gate.lock().map_err(|_| "a client panicked")?;
        let early = |_: &mut ()| answered.load(Ordering::SeqCst) < at;
        drop(told.wait_while(held, early).map_err(|_| "a client panicked")?);
        switch.cut()
    })?;
    let accepted = accepted.load(Ordering::SeqCst);
    Ok((accepted, messages.len() - accepted))
}

/// One power cut, when so many messages have their answer.
fn round(at: usize, total: &mut Total) -> Result<(), Failed> {
    let place = tempfile::tempdir()?;
    let (site, receiver) = (place.path().join("site"), Receiver::start()?);
    script::configure(&site, &receiver.url)?;
    let mut image = Image::make(place.path())?;
    let data = image.at.join("data");
    std::fs::create_dir(&data)?;
    does("sync", &["-f", &data.display().to_string()])?;
    std::os::unix::fs::symlink(&data, site.join("data"))?;
    let messages = script::many(MESSAGES)?;
    let mut engine = Engine::start(&site, &[])?;
    let base = engine.base.clone().ok_or("no start")?;
    let switch = Switch::ready(&image.at)?;
    let (before, between) = under_load(&base, &receiver, &messages, (switch, at))?;
    engine.stop()?;
    image.unmount()?;
    image.mount()?;
    second_life(&site, &receiver, &messages)?;
    image.unmount()?;
    total.cuts += 1;
    total.before += before;
    total.between += between;
    total.judged.add(checker::judge(&receiver.seen()));
    Ok(())
}

/// So many power cuts, at moments all over a load.
pub fn run(rounds: usize) -> Result<Total, Failed> {
    let mut total = Total::default();
    // Any fixed numbers do: what is under way at that moment is chance enough.
    let mut dice = 4_711_u64;
    for _ in 0..rounds {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let at = 1 + (dice >> 33) as usize % (MESSAGES * 3 / 4);
        round(at, &mut total)
            .map_err(|why| format!("after {at} answers: {}", why.message().unwrap_or_default()))?;
    }
    Ok(total)
}
