//! A hello into a channel.

use tillgate_codec::link::channel::{Hello, Psk, accept};
use tillgate_store_core::vault::{Secret, terminal_context};
use tillgate_store_core::{Sealed, TerminalId};

use super::{Keys, Opened};
use crate::directory::Directory;

/// Answers a hello; appends the hello reply record to `out`. `entropy` seeds the ephemeral key
/// and must never repeat. `None` refuses: an unknown terminal, another key id and a wrong key
/// look the same from outside.
pub fn handshake(
    hello: &[u8],
    directory: &Directory,
    keys: &Keys,
    entropy: [u8; 32],
    out: &mut Vec<u8>,
) -> Option<Opened> {
    let hello = Hello::decode(hello).ok()?;
    let id = TerminalId(hello.terminal);
    let terminal = directory.registry.terminal(id)?;
    if terminal.key_id != hello.key_id {
        return None;
    }
    let psk = open_psk(keys, id, hello.key_id, &terminal.key)?;
    let high = directory.counter(id);
    let accepted = accept(&hello, &psk, &keys.secret, high, entropy, out).ok()?;
    Some(Opened { terminal: id, counter: accepted.counter, channel: accepted.channel })
}

fn open_psk(keys: &Keys, id: TerminalId, key_id: u8, sealed: &Sealed) -> Option<Psk> {
    let mut plain = Secret::new();
    keys.vault.open(&terminal_context(id, key_id), sealed, &mut plain).ok()?;
    <[u8; 32]>::try_from(plain.as_bytes()).ok().map(Psk::new)
}
