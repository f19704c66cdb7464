//! USSD: what its links are made of before anything runs, and the thread that they share.

mod connect;
mod thread;

use std::path::Path;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tillgate_core::menu::{Menu, MenuError};
use tillgate_core::time::Span;
use tillgate_core::ussd::ProfileError;
use tillgate_core::ussd::dialogs::{DialogLimits, DialogLink};
use tillgate_core::ussd::profile::{NotifyBy, SmppProfile};
use tillgate_core::ussd::smpp::{BindAs, SmppConfig};
use tillgate_store_core::Registry;
use zeroize::Zeroizing;

pub(crate) use self::connect::Opened;
pub(crate) use self::thread::{UssdSetup, UssdThread};
use super::bridge::provider::unknown;
use super::bridge::tls::client_config;
use crate::config::{Address, Config, ConfigError, Fault, ProfileSource, UssdBind, UssdLink};
use crate::exit::Failure;
use crate::files::{self, Trust};
use crate::keyfile;

/// Longest menu file, in bytes; the core's own bound is lower.
const MENU_BYTES_MAX: u64 = 1 << 20;
/// Longest file of a link's profile.
const PROFILE_BYTES_MAX: u64 = 64 * 1024;
/// Octets of the longest password in a bind (SMPP 3.4, 5.2.2).
const PASSWORD_BYTES_MAX: usize = 8;

/// One link, before it is connected.
#[derive(Clone)]
pub(crate) struct Link {
    pub(super) name: String,
    pub(super) address: Address,
    pub(super) smpp: SmppConfig,
    pub(super) dialogs: DialogLink,
    pub(super) tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// The configured links and menus.
#[derive(Clone)]
pub(crate) struct Ussd {
    pub(super) links: Vec<Link>,
    pub(super) menus: Vec<Arc<Menu>>,
    pub(super) limits: DialogLimits,
}

impl Ussd {
    /// Reads profiles, passwords, certificates and menus.
    ///
    /// # Errors
    /// Which of them cannot be read, or all that is wrong with it.
    pub(crate) fn load(config: &Config) -> Result<Self, Failure> {
        let links = config.ussd_links.iter().map(|of| link(&config.file, of));
        let menus = match &config.ussd.menus[..] {
            _ if config.ussd_links.is_empty() => Vec::new(),
            [] => vec![built_in()?],
            files => files.iter().map(|file| menu(file)).collect::<Result<_, _>>()?,
        };
        let limits = DialogLimits {
            dialogs_max: config.ussd.dialogs_max,
            idle: Span::s(u64::from(config.ussd.idle_s)),
        };
        Ok(Self { links: links.collect::<Result<_, _>>()?, menus, limits })
    }

    /// Says which screens of the menus are too long for a link, with the services of now. Nobody is
    /// refused for it: what is too long is shown on more pages, or cut.
    pub(super) fn warn_of_long_screens(&self, registry: &Registry) {
        for menu in &self.menus {
            for link in &self.links {
                for fault in menu.check(registry, link.dialogs.room) {
                    let (menu, link) = (menu.name(), &link.name);
                    tracing::warn!(menu, link, fault = %fault, "a screen does not fit its link");
                }
            }
        }
    }
}

fn built_in() -> Result<Arc<Menu>, Failure> {
    Menu::parse(Menu::builtin()).map(Arc::new).map_err(Failure::internal)
}

/// A menu in a file.
///
/// # Errors
/// It cannot be read, or everything that is wrong with it, by line.
pub(crate) fn menu(file: &Path) -> Result<Arc<Menu>, Failure> {
    let text = read(file, MENU_BYTES_MAX)?;
    let placed = |error: MenuError| faults(file, &error);
    Menu::parse(&text).map(Arc::new).map_err(placed)
}

/// A link's profile in a file.
///
/// # Errors
/// As [`menu`].
pub(crate) fn profile(file: &Path) -> Result<SmppProfile, Failure> {
    let text = read(file, PROFILE_BYTES_MAX)?;
    SmppProfile::parse(&text).map_err(|error| faults(file, &error))
}

fn read(file: &Path, most: u64) -> Result<Zeroizing<String>, Failure> {
    let read = files::read_text(file, most, Trust::Unwritten);
    read.map_err(|error| Failure::config(format!("{}: {error}", file.display())))
}

fn faults(file: &Path, error: &ProfileError) -> Failure {
    let place = |line: usize, text: &str| format!("{}:{line}: {text}", file.display());
    let faults: Vec<String> =
        error.faults.iter().map(|fault| place(fault.line, &fault.text)).collect();
    Failure::config(faults.join("\n"))
}

fn link(file: &Path, of: &UssdLink) -> Result<Link, Failure> {
    let fault = |text: String| {
        let place = of.profile.as_ref().map(|profile| profile.place);
        let text = format!("ussd_link {:?}: {text}", of.name);
        Failure::config(ConfigError::new(file, vec![Fault { place, text }]))
    };
    let profile = match of.profile.as_ref().map(|profile| &profile.source) {
        Some(ProfileSource::File(file)) => profile(file)?,
        Some(ProfileSource::Builtin(name)) => {
            let known = || unknown(name, SmppProfile::builtin_names());
            let text = SmppProfile::builtin(name).ok_or_else(|| fault(known()))?;
            SmppProfile::parse(text).map_err(Failure::internal)?
        }
        None => return Err(fault("profile is missing".to_owned())),
    };
    let password = password(of)?;
    let seconds = |seconds: u16| Span::s(u64::from(seconds));
    let dialogs = DialogLink {
        name: of.name.clone(),
        network: of.network.clone().unwrap_or_else(|| of.name.clone()),
        room: profile.room,
        notifies: profile.notify != NotifyBy::None,
        answer: seconds(of.answer_s),
    };
    let smpp = SmppConfig {
        bind: match of.bind {
            UssdBind::Transceiver => BindAs::Transceiver,
            UssdBind::Pair => BindAs::Pair,
        },
        system_type: of.system_type.clone(),
        window: usize::from(of.window),
        per_second: of.texts_per_s,
        enquire: seconds(of.enquire_s),
        response: seconds(of.response_s),
        sender: of.sender.clone(),
        ..SmppConfig::new(Arc::new(profile), &of.system_id, &password)
    };
    smpp.check().map_err(|error| fault(error.to_string()))?;
    let tls = of.tls.as_ref().map(|tls| client_config(tls, &of.address.host)).transpose()?;
    Ok(Link { name: of.name.clone(), address: of.address.clone(), smpp, dialogs, tls })
}

fn password(of: &UssdLink) -> Result<Zeroizing<String>, Failure> {
    let text = keyfile::read_text_of(&of.password).map_err(Failure::config)?;
    let password = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
    let is_sayable = password.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
    if password.len() > PASSWORD_BYTES_MAX || !is_sayable {
        return Err(Failure::config(format!(
            "{}: a password of SMPP has at most {PASSWORD_BYTES_MAX} characters of ASCII",
            of.password.display()
        )));
    }
    Ok(password)
}
