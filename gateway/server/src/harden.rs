//! What the process gives up before it reads its first key: nobody may look into its memory, and
//! it leaves no core file behind.

use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use thiserror::Error;

/// The system refused; without this, keys could be read from outside.
#[derive(Debug, Error)]
#[error("core files and debuggers cannot be switched off for this process: {0}")]
pub(crate) struct NotHardened(Errno);

/// Switches core files and debuggers of the same user off.
///
/// # Errors
/// [`NotHardened`]; the command does not begin then.
pub(crate) fn harden() -> Result<(), NotHardened> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(NotHardened)?;
    set_dumpable(false).map_err(NotHardened)
}

/// Raises the limit of open files as far as the system lets this process: a large store has many
/// tables. Returns it.
pub(crate) fn raise_descriptors() -> u64 {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap_or((0, 0));
    let raised = setrlimit(Resource::RLIMIT_NOFILE, hard, hard).is_ok();
    if raised { hard } else { soft }
}
