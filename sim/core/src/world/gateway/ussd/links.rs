//! The turns of the thread: what comes from outside, and what links and dialogs want done.

use tillgate_core::ussd::dialogs::{self, Clocks};
use tillgate_core::ussd::smpp::{Connection, Input};

use super::{Action, Turn, Ussd};
use crate::world::World;
use crate::world::handsets::Event;

impl World {
    /// A connection to the centre is open, or was refused.
    pub(in crate::world) fn link_connected(
        &mut self,
        link: u16,
        connection: Connection,
        opens: bool,
    ) {
        let input = if opens { Input::Connected(connection) } else { Input::Lost(connection) };
        self.turn_ussd(|ussd, turn| ussd.feed(turn, usize::from(link), input));
    }

    pub(in crate::world) fn link_receives(
        &mut self,
        link: u16,
        connection: Connection,
        bytes: &[u8],
    ) {
        let input = Input::Received(connection, bytes);
        self.turn_ussd(|ussd, turn| ussd.feed(turn, usize::from(link), input));
    }

    pub(in crate::world) fn link_lost(&mut self, link: u16, connection: Connection) {
        self.turn_ussd(|ussd, turn| ussd.feed(turn, usize::from(link), Input::Lost(connection)));
    }

    /// An answer of the pool.
    pub(in crate::world::gateway) fn tell_dialogs(&mut self, input: dialogs::Input<'_>) {
        self.turn_ussd(|ussd, turn| ussd.tell(turn, input));
    }

    /// No dialogs any more; links go down when the last one has its answer.
    pub(in crate::world::gateway) fn drain_ussd(&mut self) {
        self.turn_ussd(|ussd, turn| {
            ussd.is_draining = true;
            ussd.tell(turn, dialogs::Input::Drain);
        });
    }

    /// A deadline of links or dialogs, or what is left of one that was put off.
    pub(in crate::world) fn ussd_due(&mut self) {
        let now = self.now;
        let ussd = self.process.as_mut().and_then(|process| process.ussd.as_mut());
        let Some(ussd) = ussd.filter(|ussd| ussd.armed == Some(now)) else { return };
        ussd.armed = None;
        self.turn_ussd(Ussd::tick);
        let ussd = self.process.as_ref().and_then(|process| process.ussd.as_ref());
        if ussd.and_then(Ussd::deadline).is_some_and(|at| at <= now) {
            let text = "a deadline of a USSD link or dialog does not advance".to_owned();
            self.witness.violate(now, 8, text);
        }
    }

    /// A turn of the thread.
    fn turn_ussd(&mut self, work: impl FnOnce(&mut Ussd, &mut Turn<'_>)) {
        let at = Clocks { now: self.now, wall: self.wall() };
        let Some(process) = &mut self.process else { return };
        let Some(ussd) = &mut process.ussd else { return };
        let (directory, actions) = (&process.directory, Vec::new());
        let mut turn = Turn { at, directory, actions, subscriber: 0 };
        work(ussd, &mut turn);
        ussd.go_down(&mut turn);
        let actions = turn.actions;
        for action in actions {
            self.do_for_ussd(action);
        }
        self.arm_ussd();
    }

    fn do_for_ussd(&mut self, action: Action) {
        match action {
            Action::Connect(link, connection) => self.call_centre(link, connection),
            Action::Send(link, connection, bytes) => {
                self.witness.leaves_for_centre(self.now, &bytes);
                self.send_to_centre(link, connection, &bytes);
            }
            Action::Close(link, connection) => self.hang_up_centre(link, connection),
            Action::Request(job) => self.post(*job),
            Action::Over(msisdn) => {
                self.witness.dialog_is_over(msisdn);
                self.witness.frames_are_over(msisdn);
            }
            Action::SaidFrame { msisdn, kind, text } => {
                self.witness.frame_said(self.now, msisdn, kind, &text);
            }
            Action::Said { msisdn, kind, text, cause } => {
                self.witness.shows(self.now, msisdn, (kind, cause), &text, &self.network.pins);
            }
        }
    }

    pub(in crate::world::gateway) fn arm_ussd(&mut self) {
        let (now, life) = (self.now, self.life);
        let ussd = self.process.as_mut().and_then(|process| process.ussd.as_mut());
        let Some(ussd) = ussd else { return };
        let Some(at) = ussd.deadline() else { return };
        if ussd.armed.is_none_or(|armed| at < armed) {
            let at = at.max(now);
            ussd.armed = Some(at);
            self.plan(at, Event::Links { life });
        }
    }
}
