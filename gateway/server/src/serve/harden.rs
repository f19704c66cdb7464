//! What the process gives up before it reads its first key: nobody may look into its memory, and
//! it leaves no core file behind.

use std::fmt;

use nix::errno::Errno;
use nix::sys::prctl::set_dumpable;
use nix::sys::resource::{Resource, setrlimit};

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
/// [`NotHardened`]; the gateway does not start then.
pub(crate) fn harden() -> Result<(), NotHardened> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0).map_err(NotHardened)?;
    set_dumpable(false).map_err(NotHardened)
}
