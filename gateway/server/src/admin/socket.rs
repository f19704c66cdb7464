//! The Unix socket of the admin API, for commands on the gateway's own machine. Nobody shows a
//! token there: the kernel says which user is at the other end, and only the gateway's own and root
//! are let in. A command asks the kernel the same about the gateway before it sends anything.

use std::fs;
use std::io;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::unistd::{Uid, User};
use tillgate_edge::Peer;
use tokio::net::{UnixListener, UnixStream};

use crate::dirs::parent;
use crate::exit::Failure;
use crate::serve::EdgeMetrics;
use crate::socket_path;

/// Users may connect, read and write; which of them, the kernel says.
const MODE: u32 = 0o600;
/// Others may do nothing in the socket's directory that replaces it.
const OTHERS_WRITE: u32 = 0o022;

/// Listening; the file goes away when dropped.
pub(super) struct Socket {
    listener: UnixListener,
    path: PathBuf,
    /// Of the file, so that another gateway's is left alone.
    inode: u64,
    own: Uid,
    /// By user: its name for the audit log.
    names: [(Uid, Arc<str>); 2],
    metrics: Arc<EdgeMetrics>,
}

impl Socket {
    /// Listens, in the place of a gateway that is gone.
    ///
    /// # Errors
    /// The place is not ours alone, or another gateway listens there; with the cure.
    pub(super) fn listen(path: &Path, metrics: Arc<EdgeMetrics>) -> Result<Self, Failure> {
        let fail =
            |what: String| Failure::config(format!("admin.socket {}: {what}", path.display()));
        socket_path::check(path).map_err(Failure::config)?;
        let own = Uid::effective();
        check_directory(path, own).map_err(fail)?;
        clear(path).map_err(fail)?;
        let listener = UnixListener::bind(path).map_err(|error| fail(error.to_string()))?;
        // Until then whoever connects is turned away by its user.
        fs::set_permissions(path, fs::Permissions::from_mode(MODE))
            .map_err(|error| fail(error.to_string()))?;
        let inode = fs::symlink_metadata(path).map_err(|error| fail(error.to_string()))?.ino();
        let names = [own, Uid::from_raw(0)].map(|uid| (uid, name(uid)));
        Ok(Self { listener, path: path.to_owned(), inode, own, names, metrics })
    }

    /// The next one; `None` when it was somebody else, who has been turned away.
    ///
    /// # Errors
    /// The system refuses.
    pub(super) async fn accept(&self) -> io::Result<Option<(UnixStream, Peer)>> {
        let (stream, _) = self.listener.accept().await?;
        let uid = Uid::from_raw(stream.peer_cred()?.uid());
        if uid != self.own && !uid.is_root() {
            self.metrics.local_refused.add(1);
            tracing::warn!(%uid, "turned away from the admin socket");
            return Ok(None);
        }
        let name = self.names.iter().find(|(known, _)| *known == uid);
        let peer = |name| Peer::Local { uid: uid.as_raw(), name: Arc::clone(name) };
        Ok(name.map(|(_, name)| (stream, peer(name))))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        if fs::symlink_metadata(&self.path).is_ok_and(|about| about.ino() == self.inode) {
            // The next gateway replaces what is left.
            fs::remove_file(&self.path).unwrap_or_default();
        }
    }
}

fn name(uid: Uid) -> Arc<str> {
    match User::from_uid(uid) {
        Ok(Some(user)) => user.name.into(),
        Ok(None) | Err(_) => format!("uid {uid}").into(),
    }
}

/// Whoever may write to the directory can put a socket of their own there.
fn check_directory(path: &Path, own: Uid) -> Result<(), String> {
    let directory = parent(path);
    let shown = directory.display();
    let about = fs::metadata(directory).map_err(|error| format!("{shown}: {error}"))?;
    let owner = Uid::from_raw(about.uid());
    if owner != own && !owner.is_root() {
        return Err(format!(
            "its directory {shown} belongs to user {owner}; it must be the gateway's own or root's"
        ));
    }
    if about.mode() & OTHERS_WRITE != 0 {
        return Err(format!(
            "others may write to its directory {shown} (mode {:04o}) and could put another socket \
             there: chmod go-w {shown}",
            about.mode() & 0o7777
        ));
    }
    Ok(())
}

/// Removes what a gateway that is gone has left.
fn clear(path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error.to_string()),
        Ok(about) if about.file_type().is_socket() => {}
        Ok(_) => return Err("there is something that is no socket; choose another path".to_owned()),
    }
    match std::os::unix::net::UnixStream::connect(path) {
        Ok(_) => {
            Err("another gateway listens there; stop that one or choose another path".to_owned())
        }
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            fs::remove_file(path).map_err(|error| error.to_string())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener as Listener;

    use super::*;

    fn listen(path: &Path) -> Result<Socket, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let _inside = runtime.enter();
        Socket::listen(path, Arc::default()).map_err(|failure| failure.to_string())
    }

    #[test]
    fn what_a_dead_gateway_left_is_replaced_and_a_live_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("admin.sock");
        drop(Listener::bind(&path).unwrap());
        assert!(path.exists(), "what a killed gateway leaves");
        let socket = listen(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, MODE);
        let said = listen(&path).err().unwrap();
        assert!(said.contains("another gateway listens there"), "{said}");
        drop(socket);
        assert!(!path.exists());
    }

    #[test]
    fn a_file_in_the_sockets_place_is_never_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("admin.sock");
        fs::write(&path, "mine").unwrap();
        assert!(listen(&path).err().unwrap().contains("no socket"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_refused_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let said = listen(&dir.path().join("admin.sock")).err().unwrap();
        assert!(said.contains("chmod go-w"), "{said}");
    }

    #[test]
    fn a_path_that_no_socket_can_have_is_refused_with_its_length() {
        let dir = tempfile::tempdir().unwrap();
        let said = listen(&dir.path().join("a".repeat(108))).err().unwrap();
        assert!(said.contains("at most 107") && said.contains("admin.socket"), "{said}");
    }

    #[test]
    fn another_gateways_socket_is_left_alone_on_the_way_down() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("admin.sock");
        let socket = listen(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let _other = Listener::bind(&path).unwrap();
        drop(socket);
        assert!(path.exists());
    }
}
