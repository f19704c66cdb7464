//! The command line's way to a serving gateway: its admin API over the Unix socket.
//!
//! Before anything is sent, the kernel says which user listens there. It must be the owner of the
//! installation, or root: somebody else who made a socket in the gateway's place learns nothing.
//! No token is involved, so there is none to lose.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_util::rt::TokioIo;
use serde::Serialize;
use serde_json::Value;
use tokio::net::UnixStream;
use zeroize::Zeroizing;

use crate::config::Config;
use crate::exit::Failure;
use crate::socket_path;
use crate::wiped;

/// Longest answer that is taken: a page of terminals is far below.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// A gateway that does not answer a connection at once is not there.
const CONNECT: Duration = Duration::from_secs(3);
/// A gateway that holds its store listens within this, checks of a large store included.
const START: Duration = Duration::from_secs(10);
/// Between two looks whether it does.
const START_LOOK: Duration = Duration::from_millis(100);
/// A large import is checked, sealed and made durable within this.
const ANSWER: Duration = Duration::from_secs(120);

pub(crate) struct Client {
    socket: PathBuf,
    config: Config,
    /// The user that owns the installation, and so the gateway.
    owner: u32,
    /// Of a person that logged in.
    login: Option<Zeroizing<String>>,
    /// How long a gateway that is there may take to listen.
    starting: Duration,
}

pub(crate) struct Answer {
    status: StatusCode,
    /// The body, read as JSON; null when it is not that.
    pub(crate) body: Value,
}

impl Client {
    /// The gateway of a configuration, or one at another socket.
    ///
    /// # Errors
    /// The installation cannot be looked at.
    pub(crate) fn new(config: Config, socket: Option<&Path>) -> Result<Self, Failure> {
        let socket = socket.unwrap_or(&config.admin.socket).to_owned();
        socket_path::check(&socket).map_err(Failure::config)?;
        let store = &config.store.dir;
        let unreadable = |error| Failure::config(format!("{}: {error}", store.display()));
        let owner = std::fs::metadata(store).map_err(unreadable)?.uid();
        Ok(Self { socket, config, owner, login: None, starting: Duration::ZERO })
    }

    /// One whose gateway is known to run, for its store is in use: it may still be starting.
    pub(crate) fn of_running(config: Config, socket: Option<&Path>) -> Result<Self, Failure> {
        Self::new(config, socket).map(|client| Self { starting: START, ..client })
    }

    /// Asks.
    ///
    /// # Errors
    /// The gateway is not there, or refuses.
    pub(crate) fn get(&self, path: &str) -> Result<Value, Failure> {
        self.call(Method::GET, path, Zeroizing::new(Vec::new()))?.accepted()
    }

    /// Orders.
    ///
    /// # Errors
    /// The gateway is not there, or refuses.
    pub(crate) fn post(&self, path: &str, body: &impl Serialize) -> Result<Value, Failure> {
        self.post_raw(path, body)?.accepted()
    }

    /// Orders, and leaves a refusal to the caller.
    ///
    /// # Errors
    /// The gateway is not there.
    pub(crate) fn post_raw(&self, path: &str, body: &impl Serialize) -> Result<Answer, Failure> {
        let body = wiped::to_json(body).map_err(Failure::internal)?;
        self.call(Method::POST, path, body)
    }

    /// Asks as this person from now on.
    ///
    /// # Errors
    /// The gateway is not there, or name or password is wrong.
    pub(crate) fn log_in(&mut self, user: &str, password: &str) -> Result<(), Failure> {
        let body = BTreeMap::from([("user", user), ("password", password)]);
        let token = match self.post("/api/v1/login", &body)?["token"].take() {
            Value::String(token) => Zeroizing::new(token),
            _ => return Err(Failure::internal("the gateway answers a login without a token")),
        };
        self.login = Some(Zeroizing::new(format!("Bearer {}", *token)));
        Ok(())
    }

    fn call(
        &self,
        method: Method,
        path: &str,
        body: Zeroizing<Vec<u8>>,
    ) -> Result<Answer, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Failure::internal)?;
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, "localhost")
            .header(header::CONTENT_TYPE, "application/json");
        if let Some(login) = &self.login {
            request = request.header(header::AUTHORIZATION, login.as_str());
        }
        let request =
            request.body(Full::new(Bytes::from_owner(body))).map_err(Failure::internal)?;
        runtime.block_on(async {
            match tokio::time::timeout(ANSWER, self.exchange(request)).await {
                Ok(answer) => answer,
                Err(_) => Err(Failure::refused(format!(
                    "the gateway at {} does not answer; it is not known whether it did what it \
                     was asked to",
                    self.socket.display()
                ))),
            }
        })
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Answer, Failure> {
        let stream = self.connect().await.map_err(|error| self.unreachable(&error))?;
        let peer = stream.peer_cred().map_err(|error| self.unreachable(&error))?;
        self.check_peer(peer.uid())?;
        exchange(stream, request).await.map_err(|error| self.unreachable(&error))
    }

    async fn connect(&self) -> io::Result<UnixStream> {
        let until = Instant::now() + self.starting;
        loop {
            let connecting = UnixStream::connect(&self.socket);
            let connected = tokio::time::timeout(CONNECT, connecting).await;
            let connected = connected.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
            let may_come = connected.as_ref().is_err_and(|error| {
                matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
            });
            if !may_come || Instant::now() >= until {
                return connected;
            }
            tokio::time::sleep(START_LOOK).await;
        }
    }

    /// The user that listens, as the kernel knows it.
    fn check_peer(&self, uid: u32) -> Result<(), Failure> {
        if uid == self.owner || uid == 0 {
            return Ok(());
        }
        Err(Failure::refused(format!(
            "at {} listens a program of user {uid}, but the installation belongs to user {}: \
             nothing was sent to it. If the gateway is meant to run as user {uid}, give it its \
             files: chown -R {uid} {}",
            self.socket.display(),
            self.owner,
            self.config.store.dir.display()
        )))
    }

    fn unreachable(&self, error: &io::Error) -> Failure {
        let (file, socket) = (self.config.file.display(), self.socket.display());
        Failure::refused(match error.kind() {
            io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::TimedOut
                if !self.starting.is_zero() =>
            {
                format!(
                    "another program used the store, and no gateway answers at {socket} after {} s \
                     ({error}). If it was no gateway, try again; if its socket is elsewhere, say so \
                     with --socket PATH",
                    self.starting.as_secs()
                )
            }
            io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::TimedOut => format!(
                "no gateway answers at {socket} ({error}). Is it running? Start it with `tillgate \
                 serve --config {file}`; if its socket is elsewhere, say so with --socket PATH"
            ),
            io::ErrorKind::PermissionDenied => format!(
                "this user may not use the socket {socket}: run as user {}, which owns the \
                 installation, or as root",
                self.owner
            ),
            _ => format!("talking to the gateway at {socket}: {error}"),
        })
    }
}

impl Answer {
    /// The body of an order that was carried out.
    ///
    /// # Errors
    /// What the gateway gave as its reason.
    pub(crate) fn accepted(self) -> Result<Value, Failure> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let said = self.body.pointer("/error/message").and_then(Value::as_str);
        Err(Failure::refused(match said {
            Some(message) => message.to_owned(),
            None => format!("the gateway answers {}", self.status),
        }))
    }

    /// Whether the order was refused for what it is: nothing of it was carried out.
    pub(crate) fn is_refusal(&self) -> bool {
        self.status.is_client_error()
    }

    pub(crate) fn is_success(&self) -> bool {
        self.status.is_success()
    }
}

async fn exchange(stream: UnixStream, request: Request<Full<Bytes>>) -> io::Result<Answer> {
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(io::Error::other)?;
        let status = response.status();
        let body = Limited::new(response.into_body(), ANSWER_BYTES_MAX);
        let bytes = body.collect().await.map_err(io::Error::other)?.to_bytes();
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer { status, body })
    };
    tokio::pin!(talk);
    tokio::select! {
        answer = &mut talk => answer,
        // The gateway may close right after its answer; what it said first still counts.
        _ = connection => talk.await,
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};
    use std::io::Read;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;
    use std::process::Command;

    use nix::unistd::Uid;
    use serde_json::json;

    use super::*;
    use crate::config::{self, InstallOptions};
    use crate::init::install;

    const NOBODY: u32 = 65_534;
    /// Tells `squat` as which user.
    const SQUATTER: &str = "TILLGATE_TEST_SQUATTER";

    #[test]
    #[ignore = "no test of its own: the next one runs it in a process of its own, as another user"]
    fn squat() {
        let user = std::env::var(SQUATTER).unwrap().parse().unwrap();
        nix::unistd::setuid(Uid::from_raw(user)).unwrap();
        let listener = UnixListener::bind("admin.sock").unwrap();
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut read = Vec::new();
        // Its end, or the end of its time.
        drop(stream.read_to_end(&mut read));
        fs::write("read", read).unwrap();
    }

    #[test]
    fn nothing_is_sent_to_a_program_of_another_user_in_the_gateways_place() {
        let dir = tempfile::tempdir().unwrap();
        let (home, place) = (dir.path().join("gate"), dir.path().join("squat"));
        let any = "127.0.0.1:0".parse().unwrap();
        let options = InstallOptions {
            terminals: any,
            admin: any,
            descriptors: u64::MAX,
            bridges: Vec::new(),
        };
        install(&home, &options).unwrap();
        fs::create_dir(&place).unwrap();
        fs::set_permissions(&place, Permissions::from_mode(0o777)).unwrap();
        let mut squatter = Command::new(std::env::current_exe().unwrap());
        squatter.args(["--ignored", "--exact", "client::tests::squat"]).current_dir(&place);
        let config = config::load(&home.join("tillgate.toml")).unwrap();
        let socket = place.join("admin.sock");
        let mut client = Client::new(config, Some(&socket)).unwrap();
        let own = Uid::effective();
        let user = if own.is_root() { Uid::from_raw(NOBODY) } else { own };
        if !own.is_root() {
            // This user can become no other: then the installation is somebody else's.
            client.owner += 1;
        }
        let mut squatter = squatter.env(SQUATTER, user.to_string()).spawn().unwrap();
        while !socket.exists() {
            assert!(squatter.try_wait().unwrap().is_none(), "it could not listen");
            std::thread::sleep(Duration::from_millis(5));
        }
        let said = client.post("/api/v1/import", &json!({ "pin": "11112222" })).err().unwrap();
        assert!(said.to_string().contains("nothing was sent"), "{said}");
        assert!(squatter.wait().unwrap().success());
        assert_eq!(fs::read_to_string(place.join("read")).unwrap(), "");
    }
}
