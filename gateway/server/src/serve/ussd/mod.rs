//! USSD: what its links are made of before anything runs, and the thread that they share.

mod connect;
mod ends;
mod http;
mod thread;

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use rustls::ClientConfig;
use rustls::pki_types::ServerName;
use tillgate_codec::link::datagram::SYMBOLS_MIN;
use tillgate_codec::ussd::Room;
use tillgate_core::menu::{Menu, MenuError};
use tillgate_core::time::Span;
use tillgate_core::ussd::ProfileError;
use tillgate_core::ussd::dialogs::{DialogLimits, DialogLink};
use tillgate_core::ussd::http::profile::HttpProfile;
use tillgate_core::ussd::http::{HttpConfig, SecretPlace, SharedSecret};
use tillgate_core::ussd::profile::{NotifyBy, SmppProfile};
use tillgate_core::ussd::smpp::{BindAs, SmppConfig};
use tillgate_store_core::Registry;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use zeroize::Zeroizing;

pub(crate) use self::connect::Opened;
use self::http::HttpListener;
pub(crate) use self::http::{Asked, HttpEdge};
pub(crate) use self::thread::{UssdSetup, UssdThread};
use super::bridge::provider::unknown;
use super::bridge::tls::client_config;
use super::listeners::server_config;
use super::mailbox::Mailbox;
use super::metrics::{EdgeMetrics, UssdMetrics};
use super::reactor::listen;
use crate::config::{
    Address, Code, Config, ConfigError, Fault, Profile, ProfileSource, UssdBind, UssdHttp,
    UssdLink, UssdSecret,
};
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
pub(crate) struct Link {
    dialogs: DialogLink,
    bearer: Bearer,
}

/// What it speaks.
enum Bearer {
    Smpp(Box<Smpp>),
    Http {
        config: Box<HttpConfig>,
        /// Somebody has given up waiting for an answer.
        gone: Arc<AtomicBool>,
    },
}

struct Smpp {
    config: SmppConfig,
    address: Address,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

/// The configured links and menus: first those over SMPP, then those over HTTP.
pub(crate) struct Ussd {
    pub(super) links: Vec<Link>,
    listeners: Vec<HttpListener>,
    pub(super) menus: Vec<Arc<Menu>>,
    pub(super) limits: DialogLimits,
}

impl Ussd {
    /// Reads profiles, passwords, certificates and menus, and opens the sockets of links over HTTP.
    ///
    /// # Errors
    /// Which of them cannot be read, or all that is wrong with it; which address is taken.
    pub(crate) fn load(config: &Config) -> Result<Self, Failure> {
        let links = config.ussd_links.iter().map(|of| link(&config.file, of));
        let mut links = links.collect::<Result<Vec<_>, _>>()?;
        let mut listeners = Vec::new();
        for of in &config.ussd_http {
            let number = u16::try_from(links.len()).map_err(Failure::internal)?;
            let (link, listener) = http_link(config, of, number)?;
            links.push(link);
            listeners.push(listener);
        }
        let menus = match &config.ussd.menus[..] {
            _ if links.is_empty() => Vec::new(),
            [] => vec![built_in()?],
            files => files.iter().map(|file| menu(file)).collect::<Result<_, _>>()?,
        };
        let codes = config.ussd_links.iter().map(|of| (&of.name, &of.terminals));
        let codes = codes.chain(config.ussd_http.iter().map(|of| (&of.name, &of.terminals)));
        for ((name, codes), link) in codes.zip(&links) {
            check_terminals(&config.file, (name, codes), link.dialogs.room, &menus)?;
        }
        let limits = DialogLimits {
            dialogs_max: config.ussd.dialogs_max,
            idle: Span::s(u64::from(config.ussd.idle_s)),
        };
        Ok(Self { links, listeners, menus, limits })
    }

    /// Takes out the listeners of links over HTTP, to run them on a thread of their own; none without
    /// such links. They end when the other thing is dropped.
    pub(super) fn take_edge(
        &mut self,
        mailbox: &Mailbox,
        (metrics, edge): (&Arc<UssdMetrics>, &Arc<EdgeMetrics>),
    ) -> io::Result<Option<(HttpEdge, watch::Sender<()>)>> {
        let listeners = std::mem::take(&mut self.listeners);
        if listeners.is_empty() {
            return Ok(None);
        }
        let (sender, stop) = watch::channel(());
        let (mailbox, runtime) = (mailbox.clone(), http::runtime()?);
        let (metrics, edge) = (Arc::clone(metrics), Arc::clone(edge));
        Ok(Some((HttpEdge { listeners, stop, mailbox, metrics, edge, runtime }, sender)))
    }

    /// Says which screens of the menus are too long for a link, with the services of now. Nobody is
    /// refused for it: what is too long is shown on more pages, or cut.
    pub(super) fn warn_of_long_screens(&self, registry: &Registry) {
        for menu in &self.menus {
            for link in &self.links {
                for fault in menu.check(registry, link.dialogs.room) {
                    let (menu, link) = (menu.name(), &link.dialogs.name);
                    tracing::warn!(menu, link, fault = %fault, "a screen does not fit its link");
                }
            }
        }
    }
}

/// A code is for terminals or for a menu, and a link with terminals carries their longest frames.
fn check_terminals(
    file: &Path,
    (name, codes): (&str, &[Code]),
    room: Room,
    menus: &[Arc<Menu>],
) -> Result<(), Failure> {
    for Code { code, place } in codes {
        let text = if let Some(menu) = menus.iter().find(|menu| menu.names(code)) {
            let menu = menu.name();
            format!("{code:?} is a code of the menu {menu:?} as well; one of them has to go")
        } else if room.septets < SYMBOLS_MIN {
            let septets = room.septets;
            format!(
                "its profile carries {septets} characters; the frames of terminals need {SYMBOLS_MIN}"
            )
        } else {
            continue;
        };
        let fault = Fault { place: Some(*place), text: format!("terminals of {name:?}: {text}") };
        return Err(Failure::config(ConfigError::new(file, vec![fault])));
    }
    Ok(())
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
pub(crate) fn profile<P>(file: &Path, parse: Parse<P>) -> Result<P, Failure> {
    let text = read(file, PROFILE_BYTES_MAX)?;
    parse(&text).map_err(|error| faults(file, &error))
}

/// How a profile of a kind is read.
pub(crate) type Parse<P> = fn(&str) -> Result<P, ProfileError>;

/// The profile that a link names.
fn profile_of<P>(
    named: &Option<Profile>,
    parse: Parse<P>,
    builtin: fn(&str) -> Option<&'static str>,
    names: impl Iterator<Item = &'static str>,
    fault: impl Fn(String) -> Failure,
) -> Result<P, Failure> {
    match named.as_ref().map(|profile| &profile.source) {
        Some(ProfileSource::File(file)) => profile(file, parse),
        Some(ProfileSource::Builtin(name)) => {
            let text = builtin(name).ok_or_else(|| fault(unknown(name, names)))?;
            parse(text).map_err(Failure::internal)
        }
        None => Err(fault("profile is missing".to_owned())),
    }
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
    let profile = profile_of(
        &of.profile,
        SmppProfile::parse,
        SmppProfile::builtin,
        SmppProfile::builtin_names(),
        fault,
    )?;
    let password = password(of)?;
    let seconds = |seconds: u16| Span::s(u64::from(seconds));
    let dialogs = DialogLink {
        name: of.name.clone(),
        network: of.network.clone().unwrap_or_else(|| of.name.clone()),
        room: profile.room,
        notifies: profile.notify != NotifyBy::None,
        answer: seconds(of.answer_s),
        terminals: of.terminals.iter().map(|of| of.code.clone()).collect(),
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
    let smpp = Smpp { config: smpp, address: of.address.clone(), tls };
    Ok(Link { dialogs, bearer: Bearer::Smpp(Box::new(smpp)) })
}

fn http_link(config: &Config, of: &UssdHttp, link: u16) -> Result<(Link, HttpListener), Failure> {
    let fault = |text: String| {
        let place = of.profile.as_ref().map(|profile| profile.place);
        let text = format!("ussd_http {:?}: {text}", of.name);
        Failure::config(ConfigError::new(&config.file, vec![Fault { place, text }]))
    };
    let profile = profile_of(
        &of.profile,
        HttpProfile::parse,
        HttpProfile::builtin,
        HttpProfile::builtin_names(),
        fault,
    )?;
    let dialogs = DialogLink {
        name: of.name.clone(),
        network: of.network.clone().unwrap_or_else(|| of.name.clone()),
        room: profile.room,
        notifies: false,
        // Before the profile's own text ends the session.
        answer: Span(profile.answer_time.0.saturating_sub(Span::s(1).0).max(Span::ms(500).0)),
        terminals: of.terminals.iter().map(|of| of.code.clone()).collect(),
    };
    let http = HttpConfig {
        profile: Arc::new(profile),
        secret: of.secret.as_ref().map(|of| secret(of, fault)).transpose()?,
        networks: of.networks.clone(),
        sessions_max: usize::try_from(of.sessions_max).unwrap_or(usize::MAX),
    };
    let taken = |error| fault(format!("listen {}: {error}", of.listen));
    let listener = listen(of.listen, config.listen.backlog, 1).map_err(taken)?.remove(0);
    listener.set_nonblocking(true).map_err(taken)?;
    let gone: Arc<AtomicBool> = Arc::default();
    let listener = HttpListener {
        link,
        config: http.clone(),
        listener,
        tls: of.tls.as_ref().map(server_config).transpose()?.map(TlsAcceptor::from),
        requests_max: usize::try_from(of.requests_max).unwrap_or(usize::MAX),
        gone: Arc::clone(&gone),
    };
    Ok((Link { dialogs, bearer: Bearer::Http { config: Box::new(http), gone } }, listener))
}

fn secret(of: &UssdSecret, fault: impl Fn(String) -> Failure) -> Result<SharedSecret, Failure> {
    let place = match (&of.header, &of.query) {
        (Some(name), _) => SecretPlace::Header(
            name.parse().map_err(|_| fault(format!("secret.header: {name:?} is no header")))?,
        ),
        (None, Some(name)) => SecretPlace::Query(name.clone()),
        (None, None) => return Err(fault("secret has no place".to_owned())),
    };
    let text = keyfile::read_secret(&of.file, Trust::Secret).map_err(Failure::config)?;
    SharedSecret::new(place, &text)
        .map_err(|error| Failure::config(format!("{}: {error}", of.file.display())))
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
