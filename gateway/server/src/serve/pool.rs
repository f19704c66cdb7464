//! The pool: public-key handshakes, decoding and verification on the way in, PINs and encoding on
//! the way out. Every thread runs [`Worker::run`]; what it does is said by
//! [`tillgate_core::processing`].
//!
//! Replies and requests come first; handshakes, a hundred times dearer, are taken when nothing
//! else waits, a few at a time, so that a reconnect storm delays no sale by more than one batch.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, select};
use tillgate_core::claims::Claim;
use tillgate_core::directory::Directory;
use tillgate_core::id::SessionId;
use tillgate_core::listener::Listener;
use tillgate_core::processing::{
    self, Datagram, Greeting, HandsetAsk, HandsetOrigin, LinkParameters, Processed, Shaken,
};
use tillgate_core::time::{Calendar, UnixMillis};
use tillgate_core::transaction::{Origin, Reply};

use super::batch::{
    HandsetItem, Inbound, InboundItem, Outbound, OutboundItem, Recyclers, ReplyBatch, ReplyItem,
    RequestBatch,
};
use super::claims::SharedClaims;
use super::handle::ServeHandle;
use super::mailbox::{Mail, Mailbox};
use super::writer::WriterMessage;
use crate::entropy;

pub(crate) enum Job {
    /// Requests from a reactor.
    Inbound(Box<Inbound>),
    /// Replies from the writer.
    Outbound(Box<Outbound>),
}

#[derive(Clone)]
pub(crate) struct Tools {
    /// Requests and replies; the pool ends when all senders are gone.
    pub(crate) jobs: Receiver<Job>,
    pub(crate) hellos: Receiver<Box<Inbound>>,
    pub(crate) writer: Sender<WriterMessage>,
    pub(crate) mailboxes: Vec<Mailbox>,
    pub(crate) claims: Arc<SharedClaims>,
    pub(crate) parameters: LinkParameters,
    pub(crate) calendar: Calendar,
    /// Reactors of the sealed link: listeners come behind them.
    pub(crate) reactors: u16,
    pub(crate) listeners: Arc<[Arc<Listener>]>,
    pub(crate) recyclers: Recyclers,
    /// The directory that requests are verified against, the keys, clock and counters.
    pub(crate) handle: ServeHandle,
}

impl Tools {
    /// The listener that a session belongs to: those of the sealed link come first.
    fn listener_of(&self, session: SessionId) -> Option<&Listener> {
        let index = session.reactor.checked_sub(self.reactors)?;
        self.listeners.get(usize::from(index)).map(|listener| &**listener)
    }
}

pub(crate) struct Worker {
    tools: Tools,
    requests: Box<RequestBatch>,
    /// By reactor; filled by one batch of work, then posted.
    #[expect(clippy::vec_box, reason = "a box is what travels: it is posted as it lies here")]
    replies: Vec<Box<ReplyBatch>>,
}

impl Worker {
    pub(crate) fn new(tools: Tools) -> Self {
        let requests = tools.recyclers.requests.take();
        let replies = tools.mailboxes.iter().map(|_| tools.recyclers.replies.take()).collect();
        Self { tools, requests, replies }
    }

    /// Works until nobody can bring work any more.
    pub(crate) fn run(mut self) {
        loop {
            if let Ok(job) = self.tools.jobs.try_recv() {
                self.job(job);
                continue;
            }
            select! {
                recv(self.tools.jobs) -> job => match job {
                    Ok(job) => self.job(job),
                    Err(_) => return,
                },
                recv(self.tools.hellos) -> hellos => match hellos {
                    Ok(hellos) => self.inbound(hellos),
                    Err(_) => self.tools.hellos = crossbeam_channel::never(),
                },
            }
        }
    }

    fn job(&mut self, job: Job) {
        match job {
            Job::Inbound(batch) => self.inbound(batch),
            Job::Outbound(batch) => self.outbound(batch),
        }
    }

    fn inbound(&mut self, mut batch: Box<Inbound>) {
        let wall = self.tools.handle.clock.wall();
        let Inbound { items, bytes } = &mut *batch;
        let directory = Arc::clone(&self.tools.handle.directory);
        // Once for a batch: a change of the registry waits for a batch of work, a sale for no lock.
        let directory = directory.read();
        for arrival in items.drain(..) {
            match arrival {
                InboundItem::Hello { session, hello } => {
                    self.hello(session, bytes.at(&hello), &directory);
                }
                InboundItem::Request { origin, body } => {
                    self.request(origin, bytes.at(&body), wall, &directory);
                }
                InboundItem::Handset { origin, from, ask } => {
                    let ask = match &ask {
                        HandsetItem::LogOn(pin) => HandsetAsk::LogOn { pin: bytes.at(pin) },
                        HandsetItem::ChangePin(old, new) => {
                            HandsetAsk::ChangePin { old: bytes.at(old), new: bytes.at(new) }
                        }
                        HandsetItem::Message(body) => HandsetAsk::Message(bytes.at(body)),
                    };
                    self.handset(&ask, (from, origin), wall, &directory);
                }
                InboundItem::Datagram { session, received, frame } => {
                    let frame = bytes.at(&frame);
                    self.datagram(Datagram { session, received, frame }, wall, &directory);
                }
                InboundItem::Frame { origin, listener, message } => {
                    self.frame(origin, listener, (bytes.at(&message), wall), &directory);
                }
            }
        }
        drop(directory);
        self.tools.recyclers.inbound.give(batch);
        self.post();
    }

    fn hello(&mut self, session: SessionId, hello: &[u8], directory: &Directory) {
        let entropy = entropy::bytes::<32>();
        let received = self.tools.handle.clock.now();
        let Tools { claims, handle: ServeHandle { keys, metrics, .. }, .. } = &self.tools;
        let replies = &mut self.replies[usize::from(session.reactor)];
        let greeting = Greeting { session, received, hello };
        let claim = |claim: &Claim| claims.claim(received, claim);
        let (reply, shaken) = replies
            .bytes
            .write(|out| processing::handshake(greeting, directory, keys, claim, entropy, out));
        metrics.pool.handshakes.add(1);
        let shaken = shaken.inspect_err(|refusal| metrics.pool.count_refused(*refusal)).ok();
        let (opened, displaced) = match shaken {
            Some(Shaken { opened, counter, displaced }) => {
                self.requests.items.push(counter);
                (Some(opened), displaced)
            }
            None => (None, None),
        };
        replies.items.push(ReplyItem::Handshaken { session, opened, reply });
        if let Some(session) = displaced {
            let replies = &mut self.replies[usize::from(session.reactor)];
            replies.items.push(ReplyItem::Displaced { session });
        }
    }

    fn request(&mut self, origin: Origin, body: &[u8], wall: UnixMillis, directory: &Directory) {
        let calendar = &self.tools.calendar;
        let processed = processing::decode_request(body, origin, wall, calendar, directory);
        self.processed(processed, wall, directory);
    }

    fn frame(
        &mut self,
        origin: Origin,
        listener: u16,
        (message, wall): (&[u8], UnixMillis),
        directory: &Directory,
    ) {
        let Tools { calendar, listeners, handle: ServeHandle { keys, .. }, .. } = &self.tools;
        let (listener, at) = (&listeners[usize::from(listener)], (wall, calendar));
        let processed = processing::decode_frame(message, listener, origin, at, directory, keys);
        self.processed(processed, wall, directory);
    }

    fn handset(
        &mut self,
        ask: &HandsetAsk<'_>,
        (from, origin): (HandsetOrigin, Origin),
        wall: UnixMillis,
        directory: &Directory,
    ) {
        let Tools { calendar, handle: ServeHandle { keys, .. }, .. } = &self.tools;
        let (at, with) = ((wall, calendar), (directory, &**keys));
        let processed = processing::decode_handset(ask, from, origin, at, with, entropy::bytes);
        self.processed(processed, wall, directory);
    }

    fn datagram(&mut self, datagram: Datagram<'_>, wall: UnixMillis, directory: &Directory) {
        let Tools { calendar, claims, handle: ServeHandle { keys, .. }, .. } = &self.tools;
        let Datagram { session, received, .. } = datagram;
        let claim = |terminal, age| claims.claim_datagram(received, terminal, age);
        let (at, with) = ((wall, calendar), (directory, &**keys));
        let found = processing::open_datagram(datagram, at, with, claim, entropy::bytes());
        let (result, processed) = match found {
            Ok((opening, processed)) => (Ok(Box::new(opening)), Some(processed)),
            Err(refusal) => (Err(refusal), None),
        };
        // Posted before the writer or this thread can answer.
        let replies = &mut self.replies[usize::from(session.reactor)];
        replies.items.push(ReplyItem::Unsealed { session, result });
        if let Some(processed) = processed {
            self.processed(processed, wall, directory);
        }
    }

    fn processed(&mut self, processed: Processed, wall: UnixMillis, directory: &Directory) {
        match processed {
            Processed::Ask(ask) => self.requests.items.push(ask),
            Processed::Reply(reply) => self.reply(&reply, wall, directory),
        }
    }

    fn outbound(&mut self, mut batch: Box<Outbound>) {
        let wall = self.tools.handle.clock.wall();
        let now = self.tools.handle.clock.now();
        let directory = Arc::clone(&self.tools.handle.directory);
        let directory = directory.read();
        for departure in batch.items.drain(..) {
            match departure {
                OutboundItem::Reply(reply) => {
                    self.reply(&reply, wall, &directory);
                    self.tools
                        .handle
                        .metrics
                        .pool
                        .answered
                        .record(now.since(reply.origin.received));
                }
                OutboundItem::Push(push) => {
                    for replies in &mut self.replies {
                        let (body, ()) =
                            replies.bytes.write(|out| processing::encode_command(&push, out));
                        replies.items.push(ReplyItem::Push { terminal: push.terminal, body });
                    }
                }
                OutboundItem::Rekeyed(rekeyed) => {
                    for replies in &mut self.replies {
                        replies.items.push(ReplyItem::Rekeyed(rekeyed.clone()));
                    }
                }
            }
        }
        drop(directory);
        self.tools.recyclers.outbound.give(batch);
        self.post();
    }

    fn reply(&mut self, reply: &Reply, wall: UnixMillis, directory: &Directory) {
        let Tools { parameters, handle: ServeHandle { keys, .. }, .. } = &self.tools;
        let session = reply.origin.session;
        let replies = &mut self.replies[usize::from(session.reactor)];
        let (body, ()) = replies.bytes.write(|out| {
            processing::encode_reply(reply, keys, &directory.registry, parameters, wall, out);
        });
        let effect = processing::effect(&reply.content);
        let listener = self.tools.listener_of(session);
        let chip = listener.and_then(|_| processing::chip_answer(&reply.content).cloned());
        let listener = listener.filter(|of| of.profile.has_mac());
        let mac =
            listener.and_then(|of| processing::answer_key(of, &reply.origin, directory, keys));
        let mac = mac.map(Box::new);
        replies.items.push(ReplyItem::Replied { session, body, mac, chip, effect });
    }

    /// Sends what one batch of work gave. Waiting is safe: neither the writer nor a reactor ever
    /// waits for the pool.
    fn post(&mut self) {
        let recyclers = &self.tools.recyclers;
        for (mailbox, replies) in self.tools.mailboxes.iter().zip(&mut self.replies) {
            recyclers.replies.hand_over(replies, |full| {
                mailbox.post(Mail::ReplyBatch(full));
                None
            });
        }
        recyclers.requests.hand_over(&mut self.requests, |full| {
            // The writer is gone only when the process goes down, and then nobody is answered.
            drop(self.tools.writer.send(WriterMessage::RequestBatch(full)));
            None
        });
    }
}
