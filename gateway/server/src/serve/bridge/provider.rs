//! The protocols of the configured bridges, each with its profile, its keys and its certificates.

use std::path::Path;

use hex::FromHex;
use tillgate_codec::iso8583::Dialect;
use tillgate_core::provider::Capabilities;
use tillgate_core::provider::iso8583::limits::PROFILE_BYTES_MAX;
use tillgate_core::provider::iso8583::{Host, HostSettings, Profile, ProfileError};
use zeroize::Zeroizing;

use super::http::HttpSetup;
use super::iso8583::HostSetup;
use super::profile;
use super::tls::TlsClient;
use crate::config::{Bridge, BridgeKind, Config, ConfigError, Fault, ProfileSource};
use crate::exit::Failure;
use crate::files::{self, Trust};
use crate::{entropy, keyfile};

/// What a bridge speaks.
pub(super) enum Protocol {
    Http(Box<HttpSetup>),
    Iso8583(Box<HostSetup>),
}

/// One for each bridge, in their order.
pub(crate) struct Providers(pub(super) Vec<Protocol>);

impl Providers {
    /// Reads profiles, keys and certificates.
    ///
    /// # Errors
    /// Which file cannot be read, or everything that is wrong with a profile.
    pub(crate) fn load(config: &Config) -> Result<Self, Failure> {
        let load = |bridge: &Bridge| match bridge.kind {
            BridgeKind::Http => {
                let tls = bridge.tls.as_ref().map(TlsClient::load).transpose()?;
                let (provider, callback) = profile::provider(&config.file, bridge)?;
                Ok(Protocol::Http(Box::new(HttpSetup { provider, tls, callback })))
            }
            BridgeKind::Iso8583 => {
                host(&config.file, bridge).map(|host| Protocol::Iso8583(Box::new(host)))
            }
        };
        config.bridges.iter().map(load).collect::<Result<_, _>>().map(Self)
    }
}

/// What the operator says that a bridge's provider can do.
pub(super) fn capabilities(bridge: &Bridge) -> Capabilities {
    let Bridge { idempotent, inquiry, reversal, confirmation: advice, lookup, .. } = *bridge;
    Capabilities { idempotent, inquiry, reversal, advice, lookup }
}

fn host(file: &Path, bridge: &Bridge) -> Result<HostSetup, Failure> {
    let fault = |text: String| {
        let place = bridge.profile.as_ref().map(|profile| profile.place);
        let text = format!("bridge {:?}: {text}", bridge.name);
        Failure::config(ConfigError::new(file, vec![Fault { place, text }]))
    };
    let profile = match bridge.profile.as_ref().map(|profile| &profile.source) {
        Some(ProfileSource::File(file)) => read_profile(file)?,
        Some(ProfileSource::Builtin(name)) => builtin(name).map_err(fault)?,
        None => return Err(fault("profile is missing".to_owned())),
    };
    if let Some((capability, kind)) = profile.lacks(capabilities(bridge)) {
        let text = format!(
            "{capability} = true, but profile {} has no [[message]] of kind {kind:?}",
            profile.name()
        );
        return Err(fault(text));
    }
    if let Some(text) = misfit(bridge, &profile) {
        return Err(fault(text.to_owned()));
    }
    let mac = bridge.mac_key.as_ref().map(|file| key(file, |key| profile.mac_key(key)));
    let encryption = bridge.key_encryption_key.as_ref();
    let encryption = encryption.map(|file| key(file, |key| profile.key_encryption_key(key)));
    let settings = HostSettings {
        connections: usize::from(bridge.connections),
        window: usize::from(bridge.window),
        entropy: u64::from_le_bytes(entropy::bytes()),
    };
    let tls = bridge.tls.as_ref().map(TlsClient::load).transpose()?;
    let host = Host::new(profile, mac.transpose()?, settings);
    let host = host.with_key_exchange(encryption.transpose()?);
    Ok(HostSetup { host, addresses: bridge.addresses.clone(), tls })
}

/// What is wrong with the keys that a bridge names, or does not.
fn misfit(bridge: &Bridge, profile: &Profile) -> Option<&'static str> {
    let (mac, kek) = (bridge.mac_key.is_some(), bridge.key_encryption_key.is_some());
    if kek && !profile.has_key_exchange() {
        return Some(
            "key_encryption_key: the profile has no [network.key_exchange]; remove the key, or \
             add the section",
        );
    }
    if !kek && profile.has_key_exchange() {
        return Some(
            "the host sends the key of codes: add key_encryption_key = \"FILE\", the file with the \
             key that it travels under, in hexadecimal",
        );
    }
    match (mac, profile.needs_fixed_key()) {
        (false, true) => Some(
            "the profile's messages carry codes: add mac_key = \"FILE\", the file with their key in \
             hexadecimal",
        ),
        (true, false) if profile.has_key_exchange() => Some(
            "mac_key: the host sends the key of codes, and the profile's network messages carry \
             none, so that it has no use; remove it",
        ),
        (true, false) => Some(
            "mac_key: the profile's messages carry no codes; remove it, or add `mac` to the profile",
        ),
        _ => None,
    }
}

/// A key in hexadecimal; the error of `read` says how many digits it has to have.
fn key<K>(file: &Path, read: impl Fn(&[u8]) -> Result<K, &'static str>) -> Result<K, Failure> {
    let text = keyfile::read_text_of(file).map_err(Failure::config)?;
    let key = Zeroizing::new(Vec::from_hex(text.trim()).unwrap_or_default());
    read(&key).map_err(|what| Failure::config(format!("{}: {what}", file.display())))
}

/// A profile that comes with the gateway, by its name.
///
/// # Errors
/// Which names there are.
pub(crate) fn builtin(name: &str) -> Result<Profile, String> {
    let text = Profile::builtin(name).ok_or_else(|| unknown(name, Profile::builtin_names()))?;
    Profile::parse(text, |name| dialect(Path::new(""), name)).map_err(|error| error.to_string())
}

/// What to say of a profile's name that is none of these.
pub(crate) fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known = known.collect::<Vec<_>>().join(", ");
    format!("there is no profile {name:?}; there are {known}, or name a file.toml")
}

/// A profile in a file. Its dialect is one that is built in, or a table in a file beside it.
///
/// # Errors
/// It cannot be read, or everything that is wrong with it, by line.
pub(crate) fn read_profile(file: &Path) -> Result<Profile, Failure> {
    read_with(file, |text, dialect| Profile::parse(text, dialect))
}

/// A profile in a file, of hosts or of terminals.
///
/// # Errors
/// As [`read_profile`].
pub(crate) fn read_with<T>(
    file: &Path,
    parse: impl FnOnce(&str, &dyn Fn(&str) -> Result<Dialect, String>) -> Result<T, ProfileError>,
) -> Result<T, Failure> {
    let most = u64::try_from(PROFILE_BYTES_MAX).unwrap_or(u64::MAX);
    let text = files::read_text(file, most, Trust::Unwritten)
        .map_err(|error| Failure::config(format!("{}: {error}", file.display())))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    parse(&text, &|name| dialect(folder, name)).map_err(|error| {
        let faults: Vec<String> = error
            .faults
            .iter()
            .map(|fault| format!("{}:{}: {}", file.display(), fault.line, fault.text))
            .collect();
        Failure::config(faults.join("\n"))
    })
}

/// A dialect by its name, or from a table in a file below `folder`.
pub(crate) fn dialect(folder: &Path, name: &str) -> Result<Dialect, String> {
    if let Some(dialect) = Dialect::builtin(name) {
        return Ok(dialect);
    }
    let table = |name: &str| {
        let file = folder.join(name);
        files::read_text(&file, PROFILE_TABLE_BYTES_MAX, Trust::Unwritten)
            .map(|text| text.to_string())
            .map_err(|error| format!("{}: {error}", file.display()))
    };
    let text = match Dialect::example_table(name) {
        Some(text) => text.to_owned(),
        None if name.contains(['/', '.']) => table(name)?,
        None => {
            let known = Dialect::builtin_names().chain(Dialect::example_names());
            let known: Vec<&str> = known.collect();
            let known = known.join(", ");
            return Err(format!("there is no dialect {name:?}; there are {known}, or a file.toml"));
        }
    };
    Dialect::parse_with(&text, table).map_err(|error| format!("{name}: {error}"))
}

/// Longest dialect table; the codec has the same bound.
const PROFILE_TABLE_BYTES_MAX: u64 = 256 * 1024;
