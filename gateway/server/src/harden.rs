//! What the process gives up before it reads its first key: nobody may look into its memory, and
//! it leaves no core file behind.

use std::fmt;

use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// The system refused; without this, keys could be read from outside.
#[derive(Debug)]
pub(crate) struct NotHardened(Errno);

impl fmt::Display for NotHardened {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "core files and debuggers cannot be switched off for this process: {}", self.0)
    }
}

impl std::error::Error for NotHardened {}

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
