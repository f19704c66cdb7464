//! How answers leave: in the way that the script wants.

use tillgate_codec::iso8583::MacKey;

use super::super::script::Effect;
use super::outbox::{Act, half};
use super::reply::{APPROVED, DO_NOT_HONOUR, Distortion, Reply, message};
use super::request::Asked;
use super::{ConnectionId, IsoHost};
use crate::limits::HOST_GARBAGE_BYTES_MAX;
use crate::rng::Rng;
use crate::time::{Moment, Span};

/// Keeps draws of bytes apart from those of rules.
const GARBAGE_STREAM: u64 = 0x4741_5242_4147_4531;

/// A request with its answer.
#[derive(Clone, Copy)]
pub(super) struct Answered<'a> {
    pub(super) connection: ConnectionId,
    pub(super) asked: &'a Asked,
    pub(super) reply: &'a Reply,
    /// Place of the key that the answer's code is made with.
    pub(super) key: Option<&'a MacKey>,
}

impl IsoHost {
    /// Sends an answer in the way that the script wants.
    pub(super) fn respond(
        &mut self,
        now: Moment,
        to: Answered<'_>,
        effect: &Effect,
        latency: Span,
    ) {
        let Answered { connection, asked, reply, .. } = to;
        let distortion = match effect {
            Effect::WrongReference => Distortion::Reference,
            Effect::WrongStan => Distortion::Stan,
            Effect::WrongAmount => Distortion::Amount,
            Effect::WrongMac => Distortion::Mac,
            _ => Distortion::None,
        };
        let Some(bytes) = self.framed(&to, reply, distortion) else { return };
        let at = now.after(latency);
        let earlier = self.connections.get_mut(&connection);
        let earlier = earlier.and_then(|link| link.earlier.replace(bytes.clone()));
        let other = |code: &str| Reply::code(code);
        let mut acts = Vec::new();
        match effect {
            Effect::Lose | Effect::Silent => {}
            Effect::Reorder(at_most) => {
                let is_held = self.outbox.hold(at.after(*at_most), connection, Act::Send(bytes));
                return self.unless_full(is_held, connection);
            }
            Effect::Duplicate(after) => {
                acts.push((at, Act::Send(bytes.clone())));
                acts.push((at.after(*after), Act::Send(bytes)));
            }
            Effect::Late(after) => acts.push((now.after(*after), Act::Send(bytes))),
            Effect::Truncate => {
                acts.extend(self.truncated(&to).map(|bytes| (at, Act::Send(bytes))));
                acts.push((at, Act::Close));
            }
            Effect::Cut => acts.extend([(at, Act::Send(half(&bytes))), (at, Act::Close)]),
            Effect::Half => acts.push((at, Act::SendLast(half(&bytes)))),
            Effect::Disconnect => acts.push((at, Act::Close)),
            Effect::Garbage => acts.push((at, Act::Send(self.garbage(asked)))),
            Effect::Earlier => acts.push((at, Act::Send(earlier.unwrap_or(bytes)))),
            Effect::ApproveThenDecline(after) if reply.code == APPROVED => {
                let second = self.framed(&to, &other(DO_NOT_HONOUR), distortion);
                acts.push((at, Act::Send(bytes)));
                acts.extend(second.map(|second| (at.after(*after), Act::Send(second))));
            }
            Effect::DeclineThenApprove(after) if reply.code == APPROVED => {
                let first = self.framed(&to, &other(DO_NOT_HONOUR), distortion);
                acts.extend(first.map(|first| (at, Act::Send(first))));
                acts.push((at.after(*after), Act::Send(bytes)));
            }
            _ => acts.push((at, Act::Send(bytes))),
        }
        for (at, act) in acts {
            let has_room = self.outbox.put(at, connection, act);
            self.unless_full(has_room, connection);
        }
    }

    fn unless_full(&mut self, has_room: bool, connection: ConnectionId) {
        if !has_room {
            self.note(connection, "an answer is dropped: too many wait for their time");
        }
    }

    fn framed(&mut self, to: &Answered<'_>, reply: &Reply, wrong: Distortion) -> Option<Vec<u8>> {
        let made = message(&self.settings, to.asked, reply, wrong, to.key);
        let mut made = match made {
            Ok(made) => made,
            Err(error) => {
                self.note(to.connection, &format!("an answer cannot be made: {error}"));
                return None;
            }
        };
        if wrong == Distortion::Mac && to.key.is_some() {
            made.iter_mut().rev().take(1).for_each(|byte| {
                *byte = if *byte == b'7' { b'3' } else { b'7' };
            });
        }
        self.in_frame(&made)
    }

    /// Half of a message in a frame of its length.
    fn truncated(&mut self, to: &Answered<'_>) -> Option<Vec<u8>> {
        let made = message(&self.settings, to.asked, to.reply, Distortion::None, to.key);
        self.in_frame(&half(&made.ok()?))
    }

    fn in_frame(&self, message: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = Vec::with_capacity(message.len() + 16);
        let framing = self.settings.dialect.framing();
        framing.append_frame(message, &mut bytes).ok().map(|()| bytes)
    }

    fn garbage(&self, asked: &Asked) -> Vec<u8> {
        let stream = asked.key.digest() ^ GARBAGE_STREAM;
        let mut rng = Rng::new(self.director.script().seed, stream);
        let length = 1 + rng.below(HOST_GARBAGE_BYTES_MAX);
        (0..length).map(|_| u8::try_from(rng.below(256)).unwrap_or(0)).collect()
    }
}
