//! HTTP providers, each with its profile and its secrets.

use std::collections::BTreeMap;
use std::path::Path;

use tillgate_core::provider::http_json::HttpJson;
use tillgate_core::provider::http_template::{
    BUILTIN, Flaw, HttpTemplate, Profile, Settings, Unfit,
};
use zeroize::Zeroizing;

use super::callback::CallbackSetup;
use super::http::HttpProvider;
use super::provider::capabilities;
use crate::config::{self, Bridge, ConfigError, Fault, ProfileSource, Secret};
use crate::exit::Failure;
use crate::files::Trust;
use crate::keyfile;

/// Where systemd puts the credentials of a unit (`systemd.exec(5)`).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// A provider, and where it posts outcomes by itself.
type Loaded = (Box<HttpProvider>, Option<CallbackSetup>);

/// The provider of a bridge of kind `http`.
///
/// # Errors
/// Which file cannot be read, or everything that is wrong with its profile, or that the bridge
/// lacks for it.
pub(super) fn provider(file: &Path, bridge: &Bridge) -> Result<Loaded, Failure> {
    let capabilities = capabilities(bridge);
    let authority = bridge.url.authority();
    let Some(named) = &bridge.profile else {
        if !(bridge.secrets.is_empty() && bridge.values.is_empty() && bridge.products.is_empty()) {
            let name = &bridge.name;
            let text = format!(
                "bridge {name:?}: secrets, values and products are for a profile; name one \
                 (bridge.profile), or remove them"
            );
            return Err(Failure::config(ConfigError::new(file, vec![Fault::nowhere(text)])));
        }
        if bridge.callback.is_some() {
            let text = format!(
                "bridge {:?}: callback is for a profile that says how callbacks are signed; name one \
                 (bridge.profile), or remove it",
                bridge.name
            );
            return Err(Failure::config(ConfigError::new(file, vec![Fault::nowhere(text)])));
        }
        let path = bridge.url.path.clone();
        return Ok((Box::new(HttpJson { authority, path }), None));
    };
    let fault = |key: &str, text: &str| Fault {
        place: Some(named.place),
        text: format!("bridge {:?}: {key}: {text}", bridge.name),
    };
    let unfit = |faults: Vec<Unfit>| {
        let faults = faults.iter().map(|unfit| fault(unfit.key, &unfit.text)).collect();
        Failure::config(ConfigError::new(file, faults))
    };
    let profile = match &named.source {
        ProfileSource::File(file) => parse(file, &config::read(file)?)?,
        ProfileSource::Builtin(name) => match builtin(name) {
            Some(text) => parse(Path::new(name), text)?,
            None => {
                return Err(Failure::config(ConfigError::new(
                    file,
                    vec![fault("profile", &unknown(name))],
                )));
            }
        },
    };
    let settings = Settings {
        secrets: secrets(&bridge.secrets)?,
        values: bridge.values.clone(),
        products: bridge.products.clone(),
    };
    let url = (authority, bridge.url.path.as_str());
    let provider = HttpTemplate::new(profile, settings, url, capabilities).map_err(unfit)?;
    let Some(callback) = &bridge.callback else { return Ok((Box::new(provider), None)) };
    let reader = provider.callbacks().map_err(|lack| unfit(vec![lack]))?.ok_or_else(|| {
        let text = "the profile has no [callback]; remove callback.listen, or add the section";
        Failure::config(ConfigError::new(file, vec![fault("callback", text)]))
    })?;
    let setup = CallbackSetup::listen(&bridge.name, callback, reader)?;
    Ok((Box::new(provider), Some(setup)))
}

/// A profile that comes with the gateway.
pub(crate) fn builtin(name: &str) -> Option<&'static str> {
    BUILTIN.iter().find(|(known, _)| *known == name).map(|(_, text)| *text)
}

/// What to say of a name that is none of them.
fn unknown(name: &str) -> String {
    let known: Vec<&str> = BUILTIN.iter().map(|(name, _)| *name).collect();
    format!("there is no profile {name:?}; there are {}, or name a file.toml", known.join(", "))
}

/// A profile of this text.
///
/// # Errors
/// Everything that is wrong with it.
pub(crate) fn parse(file: &Path, text: &str) -> Result<Profile, Failure> {
    Profile::parse(text).map_err(|flaws| Failure::config(placed(file, text, &flaws)))
}

/// Flaws with the lines where they are.
pub(crate) fn placed(file: &Path, text: &str, flaws: &[Flaw]) -> ConfigError {
    let fault = |flaw: &Flaw| Fault::at(text, flaw.at, &*flaw.text);
    ConfigError::new(file, flaws.iter().map(fault).collect())
}

fn secrets(
    named: &BTreeMap<String, Secret>,
) -> Result<BTreeMap<String, Zeroizing<String>>, Failure> {
    let read = |(name, secret): (&String, &Secret)| {
        let (file, trust) = match secret {
            Secret::File(file) => (file.clone(), Trust::Secret),
            Secret::Credential(id) => match std::env::var_os(CREDENTIALS) {
                // systemd guards the folder, and lends the file by an access list, which looks as if
                // its group might read it.
                Some(dir) => (Path::new(&dir).join(id), Trust::Unwritten),
                None => {
                    let text = format!(
                        "credential {id:?}: systemd lends this process none (${CREDENTIALS} is not \
                         set); add LoadCredential={id}:FILE to the unit, or name a file"
                    );
                    return Err(Failure::config(text));
                }
            },
        };
        Ok((name.clone(), keyfile::read_secret(&file, trust).map_err(Failure::config)?))
    };
    named.iter().map(read).collect()
}
