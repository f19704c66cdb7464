//! The library that is put between the gateway and the system: `shim.c`, compiled when needed.
//!
//! It needs no switch in the gateway: the program under test is the one that is shipped.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::installation::finish;
use crate::exit::{About, Refusal};

const SOURCE: &str = include_str!("shim.c");
/// A small file compiles within this, also on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

pub(super) struct Shim(PathBuf);

impl Shim {
    /// Compiles it in `dir`.
    ///
    /// # Errors
    /// There is no C compiler, or it refuses.
    pub(super) fn build(dir: &Path) -> Result<Self, Refusal> {
        let (source, library) = (dir.join("shim.c"), dir.join("shim.so"));
        fs::write(&source, SOURCE).about(source.display())?;
        let mut command = Command::new("cc");
        command.args(["-O1", "-fPIC", "-shared", "-o"]).arg(&library).arg(&source).arg("-ldl");
        let output = finish(command, PATIENCE)?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(Refusal::about("cc", said));
        }
        Ok(Self(library))
    }

    /// A disk that says it has synced and has not.
    pub(super) fn without_sync(&self, command: &mut Command) {
        command.env("LD_PRELOAD", &self.0).env("FAULT_NO_SYNC", "1");
    }

    /// A wall clock that is off by what `clock` says.
    pub(super) fn with_clock(&self, command: &mut Command, clock: &Offset) {
        command.env("LD_PRELOAD", &self.0).env("FAULT_CLOCK_FILE", &clock.path);
    }
}

/// By how much a wall clock is off; may be changed while programs run.
pub(super) struct Offset {
    path: PathBuf,
    file: File,
}

impl Offset {
    /// A clock that is right.
    pub(super) fn new(dir: &Path) -> Result<Self, Refusal> {
        let path = dir.join("clock-offset");
        let file = File::create(&path).about("the clock's file")?;
        let offset = Self { path, file };
        offset.set(0)?;
        Ok(offset)
    }

    pub(super) fn set(&self, seconds: i64) -> Result<(), Refusal> {
        self.file.write_all_at(&seconds.to_ne_bytes(), 0).about("the clock's file")
    }
}
