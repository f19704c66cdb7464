//! How long the path of a Unix socket may be.

use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The system's `sun_path`, less its end mark.
const BYTES_MAX: usize = 107;

/// Whether the system can have a socket of this path.
///
/// # Errors
/// It cannot; what to do.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    let bytes = path.as_os_str().as_bytes().len();
    if bytes <= BYTES_MAX {
        return Ok(());
    }
    Err(format!(
        "admin.socket {} has {bytes} bytes; the path of a Unix socket has at most {BYTES_MAX}: set \
         admin.socket to a shorter one, for example \"/run/tillgate/admin.sock\"",
        path.display()
    ))
}
