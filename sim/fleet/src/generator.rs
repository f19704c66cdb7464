//! What a load generator changes in a gateway's configuration: its terminals send more than people
//! at tills do, all from one address, and the rates of a single terminal would measure the rates.

use std::fs;
use std::path::Path;

use crate::exit::{About, Refusal};

/// Keys of `[link]` that set no bound to one terminal or one address.
const LINK: &str = "[link]\nrequests_per_s = 0\nhandshakes_per_min = 0\n\
                    unproven_percent = 100\nunproven_address_percent = 100\n";

/// Takes the bounds of a single terminal out of the configuration that `tillgate init` has made.
///
/// # Errors
/// [`Refusal`] when the file cannot be read or written, or has no section `[link]`.
pub fn unbound(config: &Path) -> Result<(), Refusal> {
    let text = fs::read_to_string(config).about(config.display())?;
    if !text.contains("[link]\n") {
        return Err(Refusal::about(config.display(), "has no section [link]"));
    }
    fs::write(config, text.replacen("[link]\n", LINK, 1)).about(config.display())
}
