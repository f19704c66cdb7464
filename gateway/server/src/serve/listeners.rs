//! What ISO 8583 listeners are made of before anything runs: their profiles and their sockets.

use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;

use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use tillgate_core::listener::{Listener, Profile};

use super::bridge::provider::{dialect, read_with, unknown};
use super::bridge::tls::{certificates, private_key, wrong};
use super::reactor::listen;
use crate::config::{Config, ConfigError, Fault, Iso8583Listener, ListenerTls, ProfileSource};
use crate::exit::Failure;

/// The configured listeners, in their order.
pub(crate) struct Listeners {
    pub(super) listeners: Arc<[Arc<Listener>]>,
    pub(super) sockets: Vec<TcpListener>,
    pub(super) tls: Vec<Option<Arc<ServerConfig>>>,
}

impl Listeners {
    /// Reads the profiles and opens the sockets.
    ///
    /// # Errors
    /// Which profile cannot be read or all that is wrong with it, or which address is taken.
    pub(crate) fn open(config: &Config) -> Result<Self, Failure> {
        let load = |listener: &Iso8583Listener| {
            let profile = profile(&config.file, listener)?;
            Ok(Arc::new(Listener { name: listener.name.clone(), profile }))
        };
        let listeners: Result<_, Failure> = config.iso8583_listeners.iter().map(load).collect();
        let listeners = listeners?;
        let open = |of: &Iso8583Listener| {
            let one = listen(of.address, config.listen.backlog, 1).map(|mut one| one.remove(0));
            one.map_err(|error| {
                let Iso8583Listener { name, address, .. } = of;
                Failure::config(format!("iso8583_listener {name:?}, address {address}: {error}"))
            })
        };
        let sockets: Result<_, Failure> = config.iso8583_listeners.iter().map(open).collect();
        let tls = |of: &Iso8583Listener| of.tls.as_ref().map(server_config).transpose();
        let tls: Result<_, Failure> = config.iso8583_listeners.iter().map(tls).collect();
        Ok(Self { listeners, sockets: sockets?, tls: tls? })
    }

    /// Where they listen; the ports are real ones.
    pub(super) fn addresses(&self) -> std::io::Result<Vec<SocketAddr>> {
        self.sockets.iter().map(TcpListener::local_addr).collect()
    }
}

/// What a listener's side of TLS is; without a `client_ca` it asks for no certificate.
pub(super) fn server_config(tls: &ListenerTls) -> Result<Arc<ServerConfig>, Failure> {
    let (chain, key) = (certificates(&tls.certificate)?, private_key(&tls.key)?);
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&ring))
        .with_safe_default_protocol_versions()
        .map_err(Failure::internal)?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(file) => {
            let mut roots = RootCertStore::empty();
            for certificate in certificates(file)? {
                roots.add(certificate).map_err(|error| wrong(file, error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), ring);
            builder.with_client_cert_verifier(verifier.build().map_err(|error| wrong(file, error))?)
        }
    };
    let config = builder.with_single_cert(chain, key).map_err(|error| wrong(&tls.key, error))?;
    Ok(Arc::new(config))
}

fn profile(file: &Path, listener: &Iso8583Listener) -> Result<Profile, Failure> {
    let fault = |text: String| {
        let place = listener.profile.as_ref().map(|profile| profile.place);
        let text = format!("iso8583_listener {:?}: {text}", listener.name);
        Failure::config(ConfigError::new(file, vec![Fault { place, text }]))
    };
    match listener.profile.as_ref().map(|profile| &profile.source) {
        Some(ProfileSource::File(file)) => read_profile(file),
        Some(ProfileSource::Builtin(name)) => builtin(name).map_err(fault),
        None => Err(fault("profile is missing".to_owned())),
    }
}

/// A terminal profile that comes with the gateway, by its name.
///
/// # Errors
/// Which names there are.
pub(crate) fn builtin(name: &str) -> Result<Profile, String> {
    let text = Profile::builtin(name).ok_or_else(|| unknown(name, Profile::builtin_names()))?;
    Profile::parse(text, |name| dialect(Path::new(""), name)).map_err(|error| error.to_string())
}

/// A terminal profile in a file. Its dialect is one that is built in, or a table in a file beside it.
///
/// # Errors
/// It cannot be read, or everything that is wrong with it, by line.
pub(crate) fn read_profile(file: &Path) -> Result<Profile, Failure> {
    read_with(file, |text, dialect| Profile::parse(text, dialect))
}
