//! Connections to providers, in the clear or in TLS: rustls with the `ring` provider. Only the
//! authorities in the configured file are trusted; those of the system are not asked.

use std::fmt::Display;
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;
use tokio_rustls::{Accept, TlsAcceptor, TlsConnector, server};

use crate::config::{Address, Tls};
use crate::exit::Failure;
use crate::files::{self, Trust};
use crate::serve::limits::PROVIDER_HANDSHAKE_MAX;

/// Longest file of certificates: a dozen of them.
const PEM_BYTES_MAX: u64 = 256 * 1024;

/// What a connection needs to become one of TLS.
#[derive(Clone)]
pub(super) struct TlsClient {
    connector: TlsConnector,
    /// In the provider's certificate; the host's name or address where it is not stated.
    name: Option<ServerName<'static>>,
}

/// A stream of bytes to a provider.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin {}

impl Stream for TcpStream {}
impl Stream for TlsStream<TcpStream> {}

/// Opens a connection.
///
/// # Errors
/// Why there is none. No byte of a request has left then.
pub(super) async fn open(
    address: &Address,
    tls: Option<&TlsClient>,
) -> io::Result<Box<dyn Stream>> {
    let stream = TcpStream::connect((address.host.as_str(), address.port)).await?;
    stream.set_nodelay(true)?;
    Ok(match tls {
        None => Box::new(stream),
        Some(tls) => Box::new(tls.connect(&address.host, stream).await?),
    })
}

/// A stream of TLS whose handshake is done while it is read, so that the deadlines of reading are
/// those of the handshake too.
pub(in crate::serve) enum ServerStream {
    Handshake(Box<Accept<TcpStream>>),
    Open(Box<server::TlsStream<TcpStream>>),
    /// Without a handshake, which is not asked for again.
    Failed,
}

impl ServerStream {
    pub(in crate::serve) fn of(tls: &TlsAcceptor, stream: TcpStream) -> Self {
        Self::Handshake(Box::new(tls.accept(stream)))
    }

    /// The stream once the handshake is done.
    fn open(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Pin<&mut server::TlsStream<TcpStream>>>> {
        if let Self::Handshake(accept) = self {
            let done = ready!(Pin::new(accept).poll(context));
            *self = Self::Failed;
            *self = Self::Open(Box::new(done?));
        }
        match self {
            Self::Open(stream) => Poll::Ready(Ok(Pin::new(stream))),
            _ => Poll::Ready(Err(io::ErrorKind::NotConnected.into())),
        }
    }
}

impl AsyncRead for ServerStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        ready!(self.get_mut().open(context))?.poll_read(context, buffer)
    }
}

impl AsyncWrite for ServerStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.get_mut().open(context))?.poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Open(stream) => Pin::new(stream).poll_flush(context),
            // Nothing was written yet.
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Open(stream) => Pin::new(stream).poll_shutdown(context),
            _ => Poll::Ready(Ok(())),
        }
    }
}

impl TlsClient {
    /// Reads the configured files.
    ///
    /// # Errors
    /// Which file is missing, unsafe or no PEM, and what was expected.
    pub(super) fn load(tls: &Tls) -> Result<Self, Failure> {
        let connector = TlsConnector::from(trusting(tls)?);
        Ok(Self { connector, name: tls.name.as_deref().map(server_name).transpose()? })
    }

    /// The handshake with a provider.
    ///
    /// # Errors
    /// It failed, or took too long.
    async fn connect(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let name = match &self.name {
            Some(name) => name.clone(),
            None => ServerName::try_from(host.to_owned()).map_err(io::Error::other)?,
        };
        let handshake = timeout(PROVIDER_HANDSHAKE_MAX, self.connector.connect(name, stream)).await;
        handshake.unwrap_or_else(|_| {
            Err(io::Error::other("the provider did not end the TLS handshake in time"))
        })
    }
}

/// What a client of a provider or a USSD centre is configured with, and the name that it expects: of
/// the configuration, or of the address.
///
/// # Errors
/// As [`TlsClient::load`].
pub(in crate::serve) fn client_config(
    tls: &Tls,
    host: &str,
) -> Result<(Arc<ClientConfig>, ServerName<'static>), Failure> {
    Ok((trusting(tls)?, server_name(tls.name.as_deref().unwrap_or(host))?))
}

fn server_name(name: &str) -> Result<ServerName<'static>, Failure> {
    ServerName::try_from(name.to_owned())
        .map_err(|_| Failure::config(format!("tls.name: {name:?} is no host name")))
}

fn trusting(tls: &Tls) -> Result<Arc<ClientConfig>, Failure> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&tls.ca)? {
        roots.add(certificate).map_err(|error| wrong(&tls.ca, error))?;
    }
    let ring = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(ring)
        .with_safe_default_protocol_versions()
        .map_err(Failure::internal)?
        .with_root_certificates(roots);
    let config = match (&tls.certificate, &tls.key) {
        (None, None) => builder.with_no_client_auth(),
        (Some(file), Some(key)) => builder
            .with_client_auth_cert(certificates(file)?, private_key(key)?)
            .map_err(|error| wrong(key, error))?,
        (Some(file), None) | (None, Some(file)) => {
            let text = "tls.certificate and tls.key are one pair: name both files";
            return Err(wrong(file, text));
        }
    };
    Ok(Arc::new(config))
}

pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let text = read(file, Trust::Unwritten)?;
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text.as_bytes()).collect();
    match found {
        Ok(found) if found.is_empty() => {
            Err(wrong(file, "expected certificates in PEM, found none"))
        }
        found => found.map_err(|error| wrong(file, error)),
    }
}

pub(crate) fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, Failure> {
    let text = read(file, Trust::Secret)?;
    PrivateKeyDer::from_pem_slice(text.as_bytes())
        .map_err(|_| wrong(file, "expected a private key in PEM, found none"))
}

fn read(file: &Path, trust: Trust) -> Result<zeroize::Zeroizing<String>, Failure> {
    files::read_text(file, PEM_BYTES_MAX, trust).map_err(|error| wrong(file, error))
}

pub(crate) fn wrong(file: &Path, what: impl Display) -> Failure {
    Failure::config(format!("{}: {what}", file.display()))
}

#[cfg(test)]
pub(in crate::serve) mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;
    use std::path::PathBuf;

    use rustls::pki_types::UnixTime;
    use rustls::server::WebPkiClientVerifier;
    use rustls::time_provider::TimeProvider;
    use rustls::{ServerConfig, SupportedProtocolVersion};
    use tempfile::TempDir;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// Made with openssl for these tests: valid for a hundred years.
    const FILES: [(&str, &str); 6] = [
        ("ca.pem", include_str!("../../../tests/data/tls/ca.pem")),
        ("other-ca.pem", include_str!("../../../tests/data/tls/other-ca.pem")),
        ("host.pem", include_str!("../../../tests/data/tls/host.pem")),
        ("host.key", include_str!("../../../tests/data/tls/host.key")),
        ("client.pem", include_str!("../../../tests/data/tls/client.pem")),
        ("client.key", include_str!("../../../tests/data/tls/client.key")),
    ];

    /// The files, with the modes of an installation.
    pub(in crate::serve) fn files() -> TempDir {
        let dir = TempDir::new().unwrap();
        for (name, text) in FILES {
            let file = dir.path().join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
        }
        dir
    }

    fn tls(dir: &TempDir, ca: &str, name: Option<&str>, client: bool) -> Tls {
        let file = |name: &str| client.then(|| dir.path().join(name));
        Tls {
            ca: dir.path().join(ca),
            name: name.map(str::to_owned),
            certificate: file("client.pem"),
            key: file("client.key"),
        }
    }

    /// The clock of a provider.
    #[derive(Debug)]
    struct At(UnixTime);

    impl TimeProvider for At {
        fn current_time(&self) -> Option<UnixTime> {
            Some(self.0)
        }
    }

    /// A provider with the tests' certificate, which wants one of the gateway's, `years` from now.
    pub(in crate::serve) fn server(
        dir: &TempDir,
        versions: &[&'static SupportedProtocolVersion],
        years: u64,
    ) -> Arc<ServerConfig> {
        let chain = certificates(&dir.path().join("host.pem")).map_err(|e| e.text).unwrap();
        let key = private_key(&dir.path().join("host.key")).map_err(|e| e.text).unwrap();
        let mut roots = RootCertStore::empty();
        let authority = certificates(&dir.path().join("ca.pem")).map_err(|e| e.text).unwrap();
        roots.add(authority[0].clone()).unwrap();
        let ring = Arc::new(rustls::crypto::ring::default_provider());
        let verifier =
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&ring));
        let later = UnixTime::now().as_secs() + years * 365 * 86_400;
        let clock = At(UnixTime::since_unix_epoch(std::time::Duration::from_secs(later)));
        let config = ServerConfig::builder_with_details(ring, Arc::new(clock))
            .with_protocol_versions(versions)
            .unwrap()
            .with_client_cert_verifier(verifier.build().unwrap())
            .with_single_cert(chain, key)
            .unwrap();
        Arc::new(config)
    }

    /// Whether a host with the tests' certificate is believed, and believes the gateway.
    fn meets(dir: &TempDir, client: &Tls) -> bool {
        let client = TlsClient::load(client).map_err(|failure| failure.text).unwrap();
        let acceptor = TlsAcceptor::from(server(dir, rustls::ALL_VERSIONS, 0));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let address = listener.local_addr().unwrap();
            let accepted = async {
                let (stream, _) = listener.accept().await.unwrap();
                acceptor.accept(stream).await.is_ok()
            };
            let connected = async {
                let address = Address { host: "127.0.0.1".to_owned(), port: address.port() };
                open(&address, Some(&client)).await.is_ok()
            };
            let (accepted, connected) = tokio::join!(accepted, connected);
            accepted && connected
        })
    }

    #[test]
    fn only_a_host_of_the_pinned_authority_and_of_its_name_is_believed() {
        let dir = files();
        assert!(meets(&dir, &tls(&dir, "ca.pem", None, true)));
        assert!(meets(&dir, &tls(&dir, "ca.pem", Some("host.example"), true)));
        assert!(!meets(&dir, &tls(&dir, "ca.pem", Some("other.example"), true)));
        assert!(!meets(&dir, &tls(&dir, "other-ca.pem", None, true)));
        assert!(!meets(&dir, &tls(&dir, "ca.pem", None, false)), "the host wants a certificate");
    }

    #[test]
    fn files_that_are_no_certificates_or_not_safe_are_refused_by_name() {
        let dir = files();
        let said = |tls: &Tls| TlsClient::load(tls).err().unwrap().text;
        let good = || tls(&dir, "ca.pem", None, true);
        assert!(said(&Tls { ca: PathBuf::from("no.pem"), ..good() }).contains("no.pem"));
        assert!(said(&Tls { ca: dir.path().join("client.key"), ..good() }).contains("found none"));
        assert!(said(&Tls { key: None, ..good() }).contains("one pair"));
        assert!(said(&Tls { name: Some("a b".to_owned()), ..good() }).contains("no host name"));
        let open = dir.path().join("client.key");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(said(&good()).contains("chmod"), "{}", said(&good()));
    }
}
