//! Disks that can be cut off, copied at an instant, or filled: files, loop devices, mounts.

use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::installation::finish;
use crate::exit::{About, Refusal};

/// No mount, copy or file system takes longer to make.
const PATIENCE: Duration = Duration::from_secs(60);
/// The file system that the gateway's disk is a file in.
const OUTER_BYTES: u64 = 3 << 30;
/// The gateway's disk.
const DISK_BYTES: u64 = 1 << 30;
/// `EXT4_IOC_SHUTDOWN`, `_IOR('X', 125, __u32)`: the file system stops at once.
const SHUTDOWN: libc::c_ulong = 0x8004_587D;
/// Without writing its log to the disk first.
const SHUTDOWN_NO_FLUSH: u32 = 2;

/// Runs a system command that must succeed.
fn done(program: &str, arguments: &[&str]) -> Result<(), Refusal> {
    let mut command = Command::new(program);
    command.args(arguments);
    let output = finish(command, PATIENCE)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(Refusal(format!("{program} {}: {said}", arguments.join(" "))))
}

/// A mount, undone when dropped.
#[derive(Debug)]
pub(super) struct Mount {
    at: PathBuf,
}

impl Mount {
    /// A small file system in memory.
    pub(super) fn memory(at: &Path, bytes: u64) -> Result<Self, Refusal> {
        make_dir(at)?;
        done("mount", &["-t", "tmpfs", "-o", &format!("size={bytes}"), "tmpfs", shown(at)?])?;
        Ok(Self { at: at.to_owned() })
    }

    /// The file system in a file.
    fn image(image: &Path, at: &Path) -> Result<Self, Refusal> {
        make_dir(at)?;
        done("mount", &["-o", "loop", shown(image)?, shown(at)?])?;
        Ok(Self { at: at.to_owned() })
    }

    /// Gives a file system in memory another size.
    pub(super) fn resize(&self, bytes: u64) -> Result<(), Refusal> {
        done("mount", &["-o", &format!("remount,size={bytes}"), shown(&self.at)?])
    }

    /// Undoes it, and says whether that worked.
    fn undo(self) -> Result<(), Refusal> {
        let undone = done("umount", &[shown(&self.at)?]);
        if undone.is_ok() {
            std::mem::forget(self);
        }
        undone
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        if let Ok(at) = shown(&self.at) {
            // Lazily, if somebody still looks into it: nothing of ours must stay mounted.
            drop(done("umount", &[at]).or_else(|_| done("umount", &["-l", at])));
        }
    }
}

/// How a disk loses what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The disk is a file in XFS that is copied at an instant; the copy is what a power cut leaves.
    Reflink,
    /// The file system is shut down at once, which is what it does when its disk goes away.
    Shutdown,
}

impl Way {
    /// In a few words.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Reflink => "ext4 on a file in XFS, copied by reflink at an instant",
            Self::Shutdown => "ext4 shut down without writing its log",
        }
    }
}

/// A disk with ext4 on it, for one gateway.
#[derive(Debug)]
pub(super) struct Disk {
    way: Way,
    image: PathBuf,
    at: PathBuf,
    mounted: Option<Mount>,
    /// Dropped last: the disk is a file in it.
    _outer: Option<Mount>,
}

impl Disk {
    /// Makes one below `work`.
    ///
    /// # Errors
    /// In words, why this machine does not allow it.
    pub(super) fn new(work: &Path) -> Result<Self, Refusal> {
        make_dir(work)?;
        let has_xfs = done("mkfs.xfs", &["-V"]).is_ok();
        let way = if has_xfs { Way::Reflink } else { Way::Shutdown };
        let (outer, home) = match way {
            Way::Shutdown => (None, work.to_owned()),
            Way::Reflink => {
                let (image, at) = (work.join("xfs.img"), work.join("xfs"));
                sparse(&image, OUTER_BYTES)?;
                done("mkfs.xfs", &["-q", "-m", "reflink=1", shown(&image)?])?;
                (Some(Mount::image(&image, &at)?), at)
            }
        };
        let (image, at) = (home.join("disk.img"), work.join("disk"));
        sparse(&image, DISK_BYTES)?;
        done("mkfs.ext4", &["-q", "-F", shown(&image)?])?;
        let mounted = Some(Mount::image(&image, &at)?);
        Ok(Self { way, image, at, mounted, _outer: outer })
    }

    pub(super) fn path(&self) -> &Path {
        &self.at
    }

    pub(super) fn way(&self) -> Way {
        self.way
    }

    /// Brings everything to the disk, as long before a power cut.
    pub(super) fn settle(&self) -> Result<(), Refusal> {
        done("sync", &["-f", shown(&self.at)?])
    }

    /// Catches the instant: whatever was not synced by now is not on the disk afterwards.
    /// Whoever writes must not be able to say anything more; see [`Disk::swap`].
    pub(super) fn cut(&self) -> Result<(), Refusal> {
        match self.way {
            Way::Reflink => {
                let (from, to) = (shown(&self.image)?, self.copy());
                done("cp", &["--reflink=always", from, shown(&to)?])
            }
            Way::Shutdown => shutdown(&self.at),
        }
    }

    /// Puts the disk as it was at the instant in the place of the one that went on. Nobody may
    /// have it open.
    pub(super) fn swap(&mut self) -> Result<(), Refusal> {
        if let Some(mounted) = self.mounted.take() {
            mounted.undo()?;
        }
        if self.way == Way::Reflink {
            fs::rename(self.copy(), &self.image).about(self.image.display())?;
        }
        self.mounted = Some(Mount::image(&self.image, &self.at)?);
        Ok(())
    }

    fn copy(&self) -> PathBuf {
        self.image.with_extension("cut")
    }
}

fn shutdown(at: &Path) -> Result<(), Refusal> {
    let file = File::open(at).about(at.display())?;
    let flags = SHUTDOWN_NO_FLUSH;
    // SAFETY: the descriptor is open, and the argument points to the one number the call reads.
    let answer = unsafe { libc::ioctl(file.as_raw_fd(), SHUTDOWN, &raw const flags) };
    if answer == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()).about(at.display()) }
}

fn sparse(path: &Path, bytes: u64) -> Result<(), Refusal> {
    File::create(path).and_then(|file| file.set_len(bytes)).about(path.display())
}

fn make_dir(dir: &Path) -> Result<(), Refusal> {
    fs::create_dir_all(dir).about(dir.display())
}

fn shown(path: &Path) -> Result<&str, Refusal> {
    path.to_str().ok_or_else(|| Refusal::about(path.display(), "is not text"))
}
