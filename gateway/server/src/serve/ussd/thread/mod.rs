//! The thread of all USSD links: their sockets and dialogs. It moves bytes and decides nothing: what
//! to connect, say, answer and close is said by each link, what subscribers see by [`Dialogs`]. Links
//! over HTTP have their sockets elsewhere ([`super::http`]): their requests are mail.
//!
//! ```text
//!   mail, sockets, time ──▶ link ──▶ Dialogs ──▶ pool
//!       answers, sockets ◀── link ◀── Dialogs ◀── mail
//! ```
//!
//! It reads the registry once a turn, as the pool does; nothing of the terminals' reactors waits for
//! it.

mod connections;

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Sender, TrySendError};
use parking_lot::RwLock;
use tillgate_core::directory::Directory;
use tillgate_core::processing::{Datagram, HandsetAsk};
use tillgate_core::sockets::Sockets;
use tillgate_core::time::{Calendar, Moment, Span};
use tillgate_core::ussd::dialogs::{self, Clocks, DialogRecord, Dialogs};
use tillgate_core::ussd::limits::READ_BYTES_MAX;
use tillgate_core::ussd::smpp::{Input, Output};
use tillgate_core::ussd::{DialogAddress, DialogEvent, Say, SayKind, http};
use tokio::sync::watch;
use zeroize::Zeroizing;

use self::connections::session;
use super::Ussd;
use super::connect;
use super::ends::{LinkEnd, SmppEnd};
use super::http::{Answered, Asked};
use crate::serve::batch::{HandsetItem, Inbound, InboundItem, Recyclers, ReplyBatch, ReplyItem};
use crate::serve::clock::Clock;
use crate::serve::limits::{DIALOG_RECORDS_MAX, MAIL_PER_TURN_MAX, RETRY_AFTER};
use crate::serve::mailbox::{Mail, Mailbox};
use crate::serve::metrics::UssdMetrics;
use crate::serve::pool::Job;
use crate::serve::reactor::{Events, PortStream};
use crate::serve::supervisor::Report;

/// Bytes that a centre may leave unread, and for how long.
const UNSENT_BYTES_MAX: u32 = 1 << 20;
const WRITE_STALL: Span = Span::s(20);

pub(crate) struct UssdSetup {
    /// Among the reactors: replies find their way by it.
    pub(crate) reactor: u16,
    pub(crate) ussd: Ussd,
    pub(crate) calendar: Calendar,
    /// What tells dialogs from one another.
    pub(crate) seed: u64,
    pub(crate) clock: Clock,
    pub(crate) directory: Arc<RwLock<Directory>>,
    pub(crate) metrics: Arc<UssdMetrics>,
    /// To itself, for attempts to connect.
    pub(crate) mailbox: Mailbox,
    /// To the pool.
    pub(crate) jobs: Sender<Job>,
    pub(crate) recyclers: Recyclers,
    /// To the supervisor.
    pub(crate) reports: Sender<Report>,
    /// The listeners of links over HTTP end without it.
    pub(crate) edge: Option<watch::Sender<()>>,
}

pub(crate) struct UssdThread {
    reactor: u16,
    clock: Clock,
    events: Events,
    ends: Vec<LinkEnd>,
    dialogs: Dialogs,
    sockets: Sockets<PortStream>,
    directory: Arc<RwLock<Directory>>,
    /// What links are to say, once they have said what they had.
    says: VecDeque<HeldSay>,
    records: Vec<DialogRecord>,
    requests: Box<Inbound>,
    mailbox: Mailbox,
    jobs: Sender<Job>,
    recyclers: Recyclers,
    buffer: Box<[u8]>,
    metrics: Arc<UssdMetrics>,
    reports: Sender<Report>,
    draining: bool,
    stopped: bool,
    _edge: Option<watch::Sender<()>>,
}

/// A text on its way from the dialogs to a link.
struct HeldSay {
    link: u16,
    ticket: u64,
    at: DialogAddress,
    kind: SayKind,
    text: Zeroizing<String>,
    by: Moment,
}

impl UssdThread {
    pub(crate) fn new(setup: UssdSetup, events: Events) -> Self {
        let UssdSetup { reactor, ussd, calendar, seed, clock, .. } = setup;
        let now = clock.now();
        let dialogs = ussd.links.iter().map(|link| link.dialogs.clone()).collect();
        let make = |(index, of)| LinkEnd::new(of, seed.wrapping_add(index), now);
        Self {
            reactor,
            clock,
            events,
            ends: (1..).zip(ussd.links).map(make).collect(),
            dialogs: Dialogs::new(dialogs, ussd.menus, ussd.limits, calendar, (reactor, seed)),
            sockets: Sockets::in_clear(UNSENT_BYTES_MAX, WRITE_STALL),
            directory: setup.directory,
            says: VecDeque::new(),
            records: Vec::new(),
            requests: setup.recyclers.inbound.take(),
            mailbox: setup.mailbox,
            jobs: setup.jobs,
            recyclers: setup.recyclers,
            buffer: vec![0; READ_BYTES_MAX].into_boxed_slice(),
            metrics: setup.metrics,
            reports: setup.reports,
            draining: false,
            stopped: false,
            _edge: setup.edge,
        }
    }

    /// Turns until it is ordered to stop, or to drain and nothing is left.
    ///
    /// # Errors
    /// The poll failed: the process cannot go on.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let directory = Arc::clone(&self.directory);
        loop {
            let patience = self.patience();
            self.events.wait(patience)?;
            let clocks = Clocks { now: self.clock.now(), wall: self.clock.wall() };
            let held = directory.read();
            self.turn(clocks, &held);
            drop(held);
            self.flush(clocks.now, &directory);
            self.hand_over();
            self.show();
            if self.stopped || self.is_drained() {
                return Ok(());
            }
        }
    }

    fn is_drained(&self) -> bool {
        let said =
            self.says.is_empty() && self.requests.items.is_empty() && self.records.is_empty();
        let is_over = self.draining && said && self.dialogs.is_drained();
        is_over && self.ends.iter().all(LinkEnd::is_drained)
    }

    fn turn(&mut self, clocks: Clocks, directory: &Directory) {
        self.see_who_is_gone(clocks, directory);
        self.take_mail(clocks, directory);
        self.take_events();
        self.read_sockets(clocks, directory);
        for index in 0..self.ends.len() {
            if self.ends[index].deadline().is_some_and(|at| at <= clocks.now) {
                self.ends[index].tick(clocks.now);
                self.follow(index, clocks, directory);
            }
        }
        if self.dialogs.deadline().is_some_and(|at| at <= clocks.now) {
            self.tell_dialogs(dialogs::Input::Deadline, clocks, directory);
        }
        if self.draining && self.dialogs.is_drained() {
            for index in 0..self.ends.len() {
                self.ends[index].drain(clocks.now);
                self.follow(index, clocks, directory);
            }
        }
    }

    /// How long to sleep; `None` for ever.
    fn patience(&self) -> Option<Duration> {
        if self.sockets.ready() > 0 || self.sockets.is_dirty() {
            return Some(Duration::ZERO);
        }
        let links = self.ends.iter().filter_map(LinkEnd::deadline);
        let others = [self.dialogs.deadline(), self.sockets.deadline()];
        let next = links.chain(others.into_iter().flatten()).min();
        let next = next.map(|at| self.clock.until(at));
        if self.requests.items.is_empty() && self.records.is_empty() {
            return next;
        }
        Some(next.unwrap_or(RETRY_AFTER).min(RETRY_AFTER))
    }

    fn smpp(&mut self, index: usize) -> Option<&mut SmppEnd> {
        match self.ends.get_mut(index)? {
            LinkEnd::Smpp(end) => Some(end),
            LinkEnd::Http(_) => None,
        }
    }

    /// Has a link over SMPP take something in, and carries out all that follows.
    fn feed(&mut self, index: usize, input: Input<'_>, clocks: Clocks, directory: &Directory) {
        let Some(end) = self.smpp(index) else { return };
        end.link.handle(clocks.now, input);
        self.follow(index, clocks, directory);
    }

    /// Has a link over HTTP take a request.
    fn ask(&mut self, asked: Asked, clocks: Clocks, directory: &Directory) {
        let index = usize::from(asked.link);
        let Some(LinkEnd::Http(end)) = self.ends.get_mut(index) else { return };
        end.ask(clocks.now, asked);
        self.follow(index, clocks, directory);
        self.see_who_is_gone(clocks, directory);
    }

    /// Tells links over HTTP which requests nobody waits for.
    fn see_who_is_gone(&mut self, clocks: Clocks, directory: &Directory) {
        for index in 0..self.ends.len() {
            let LinkEnd::Http(end) = &mut self.ends[index] else { continue };
            for ticket in end.gone() {
                let LinkEnd::Http(end) = &mut self.ends[index] else { continue };
                end.link.handle(clocks.now, http::Input::Gone { ticket });
                self.follow(index, clocks, directory);
            }
        }
    }

    /// Carries out all that follows from what a link took in.
    fn follow(&mut self, index: usize, clocks: Clocks, directory: &Directory) {
        self.carry_out(index, clocks, directory);
        self.say_held(clocks, directory);
    }

    fn tell_dialogs(&mut self, input: dialogs::Input<'_>, clocks: Clocks, directory: &Directory) {
        self.dialogs.handle(clocks, input, directory);
        carry_out_dialogs(
            &mut self.dialogs,
            (&mut self.says, &mut self.requests, &mut self.records),
        );
        self.say_held(clocks, directory);
    }

    /// Says what the dialogs want said, until nothing follows from it.
    fn say_held(&mut self, clocks: Clocks, directory: &Directory) {
        while let Some(held) = self.says.pop_front() {
            let HeldSay { link, ticket, at, kind, text, by } = held;
            let say = Say { ticket, at: &at, kind, text: &text, by };
            let index = usize::from(link);
            self.ends[index].say(clocks.now, say);
            self.carry_out(index, clocks, directory);
        }
    }

    /// Does what a link wants done.
    fn carry_out(&mut self, index: usize, clocks: Clocks, directory: &Directory) {
        let Self { ends, dialogs, sockets, says, requests, records, mailbox, reactor, .. } = self;
        let number = u16::try_from(index).unwrap_or(u16::MAX);
        let mut tell = |event: DialogEvent<'_>| {
            let input = dialogs::Input::Event { link: number, event };
            dialogs.handle(clocks, input, directory);
            carry_out_dialogs(dialogs, (&mut *says, &mut *requests, &mut *records));
        };
        let end = match &mut ends[index] {
            LinkEnd::Smpp(end) => end,
            LinkEnd::Http(end) => {
                while let Some(output) = end.link.poll() {
                    match output {
                        http::Output::Respond { ticket, answer } => {
                            if let Some(to) = end.waiting.remove(&ticket) {
                                // Or its client has gone.
                                drop(to.send(Answered::of(&answer)));
                            }
                        }
                        http::Output::Event(event) => tell(event),
                    }
                }
                return;
            }
        };
        let SmppEnd { link, address, shaking, wanted, .. } = &mut **end;
        while let Some(output) = link.poll() {
            match output {
                Output::Connect(connection) => {
                    wanted[connection.index] = Some(connection.attempt);
                    connect::open(number, connection, address.clone(), mailbox.clone());
                }
                Output::Send(connection, bytes) => {
                    sockets.send(session(*reactor, number, connection), bytes);
                }
                Output::Close(connection) => {
                    let session = session(*reactor, number, connection);
                    shaking.retain(|other| *other != session);
                    wanted[connection.index].take_if(|it| *it == connection.attempt);
                    sockets.close(session);
                }
                Output::Event(event) => tell(event),
            }
        }
    }

    fn take_mail(&mut self, clocks: Clocks, directory: &Directory) {
        for _ in 0..MAIL_PER_TURN_MAX {
            match self.events.inbox.take() {
                None => return,
                Some(Mail::ReplyBatch(replies)) => self.take_replies(replies, clocks, directory),
                Some(Mail::Opened(opened)) => self.opened(opened, clocks, directory),
                Some(Mail::Asked(asked)) => self.ask(*asked, clocks, directory),
                Some(Mail::Superseded { .. }) => {}
                Some(Mail::Drain) => {
                    self.draining = true;
                    self.tell_dialogs(dialogs::Input::Drain, clocks, directory);
                }
                Some(Mail::Stop) => self.stopped = true,
            }
        }
    }

    /// Answers; what is for terminals of the sealed link (keys, commands) is for reactors.
    fn take_replies(
        &mut self,
        mut replies: Box<ReplyBatch>,
        clocks: Clocks,
        directory: &Directory,
    ) {
        let ReplyBatch { items, bytes } = &mut *replies;
        for item in items.drain(..) {
            let input = match item {
                ReplyItem::Replied { session, body, effect, .. } => {
                    dialogs::Input::Replied { session, body: bytes.at(&body), effect }
                }
                ReplyItem::Unsealed { session, result } => {
                    dialogs::Input::Opened { session, result }
                }
                _ => continue,
            };
            self.tell_dialogs(input, clocks, directory);
        }
        self.recyclers.replies.give(replies);
    }

    fn hand_over(&mut self) {
        if !self.records.is_empty() {
            let report = Report::DialogsOver(std::mem::take(&mut self.records));
            if let Err(TrySendError::Full(Report::DialogsOver(records))) =
                self.reports.try_send(report)
            {
                self.records = records;
                let over = self.records.len().saturating_sub(DIALOG_RECORDS_MAX);
                self.records.drain(..over);
                self.metrics.lost_records.add(u64::try_from(over).unwrap_or(u64::MAX));
            }
        }
        // A batch that does not fit is added to: it is bounded by the dialogs.
        let jobs = &self.jobs;
        self.recyclers.inbound.hand_over(&mut self.requests, |batch| {
            match jobs.try_send(Job::Inbound(batch)) {
                Err(TrySendError::Full(Job::Inbound(batch))) => Some(batch),
                _ => None,
            }
        });
    }

    /// Publishes counters, and what has changed about links.
    fn show(&mut self) {
        self.metrics.publish(&self.dialogs.stats());
        for (index, end) in (0..).zip(&mut self.ends) {
            let news = end.show(index, &self.metrics.links[usize::from(index)]);
            if news.is_some_and(|report| self.reports.try_send(report).is_ok()) {
                end.note_shown();
            }
        }
    }
}

fn carry_out_dialogs(
    dialogs: &mut Dialogs,
    (says, requests, records): (&mut VecDeque<HeldSay>, &mut Box<Inbound>, &mut Vec<DialogRecord>),
) {
    while let Some(output) = dialogs.poll() {
        match output {
            dialogs::Output::Say { link, say } => says.push_back(HeldSay {
                link,
                ticket: say.ticket,
                at: say.at.clone(),
                kind: say.kind,
                text: Zeroizing::new(say.text.to_owned()),
                by: say.by,
            }),
            dialogs::Output::Request { origin, from, ask } => {
                let bytes = &mut requests.bytes;
                let ask = match ask {
                    HandsetAsk::LogOn { pin } => HandsetItem::LogOn(bytes.copy(pin)),
                    HandsetAsk::ChangePin { old, new } => {
                        HandsetItem::ChangePin(bytes.copy(old), bytes.copy(new))
                    }
                    HandsetAsk::Message(body) => HandsetItem::Message(bytes.copy(body)),
                };
                requests.items.push(InboundItem::Handset { origin, from, ask });
            }
            dialogs::Output::Datagram(Datagram { session, received, frame }) => {
                let frame = requests.bytes.copy(frame);
                requests.items.push(InboundItem::Datagram { session, received, frame });
            }
            dialogs::Output::Over(record) => records.push(record),
        }
    }
}
