//! Terminals over USSD: subscribers behind the handsets, whose texts are sealed frames. One of them may be a
//! terminal of the fleet that is without TCP for a while.

use std::sync::Arc;

use super::super::World;
use super::super::config::{Config, Stream};
use super::super::fleet::{PointOfSale, firmware};
use super::super::network::{KEY_FIRST, Network, TERMINAL_FIRST};
use super::carrier::{carried, form_of_dial};
use super::{Event, Handsets};
use crate::firmware::{Firmware, WhenBlocked};
use crate::rng::Rng;
use crate::sales_log::SalesLog;
use crate::terminal::{UssdBearer, UssdIdentity, UssdInput, UssdNote, UssdOutput, UssdTerminal};
use crate::time::{Moment, Span};
use crate::ussdc::centre::Input;

/// What is dialled by terminals, without its end, and the service code of the gateway.
pub(super) const DIALLED: &str = "*124";
pub(in super::super) const TERMINALS_CODE: &str = "124";

/// One terminal.
pub(super) struct UssdPost {
    terminal: UssdTerminal,
    /// Its place in the network.
    place: usize,
    /// The key that was entered last.
    key_id: u8,
    /// Whether it has TCP, too, and its till is at this bearer.
    both: Option<bool>,
    armed: Option<Moment>,
    /// When it last received something from its centre.
    told: Moment,
}

/// What a terminal receives from its centre.
pub(in super::super) enum Told {
    Text { text: String, ends: bool },
    Over,
}

/// Those of a world, the one with both bearers last.
pub(super) fn posts(config: &Config) -> Vec<UssdPost> {
    let of = &config.handsets.frames;
    // Nobody tells it over USSD that it is unblocked.
    let firmware = Firmware { when_blocked: WhenBlocked::Try, ..firmware(config, None) };
    let firmware = Arc::new(firmware);
    let bearer = Arc::new(UssdBearer {
        code: DIALLED.to_owned(),
        symbols: of.symbols,
        linger: Span::s(2),
        last_permille: of.last_permille,
        drop_permille: of.drop_permille,
        lose_permille: of.lose_permille,
        replay_permille: of.replay_permille,
    });
    let both = config.both_bearers();
    let places = config.ussd_terminals().map(|place| (place, None));
    let places = places.chain(both.map(|place| (place, Some(false))));
    let post = |(place, both): (u16, Option<bool>)| {
        let terminal = TERMINAL_FIRST + u32::from(place);
        let psk = Network::psk(config.seed, terminal, KEY_FIRST);
        let identity = UssdIdentity { terminal, key_id: KEY_FIRST, psk, counter: 0 };
        let (firmware, bearer) = (Arc::clone(&firmware), Arc::clone(&bearer));
        let terminal = UssdTerminal::new(&identity, firmware, bearer, config.seed);
        let terminal = if both.is_some() { terminal.resting() } else { terminal };
        let (place, told) = (usize::from(place), Moment::default());
        UssdPost { terminal, place, key_id: KEY_FIRST, both, armed: None, told }
    };
    places.map(post).collect()
}

/// What their merchants saw.
pub(in super::super) fn books(handsets: Option<&Handsets>) -> impl Iterator<Item = &SalesLog> {
    handsets.into_iter().flat_map(|handsets| &handsets.posts).map(|post| post.terminal.book())
}

impl Handsets {
    /// The terminal that a subscriber is.
    pub(super) fn post_of(&self, subscriber: usize) -> Option<usize> {
        let post = subscriber.checked_sub(self.people.len())?;
        (post < self.posts.len()).then_some(post)
    }

    /// A terminal's number among the subscribers.
    fn subscriber(&self, post: usize) -> u32 {
        u32::try_from(self.people.len() + post).unwrap_or(u32::MAX)
    }
}

impl World {
    /// The shops open.
    pub(super) fn begin_ussd_posts(&mut self) {
        let count = self.handsets.as_ref().map_or(0, |handsets| handsets.posts.len());
        for post in 0..count {
            if self.both_of(post).is_none() {
                self.tell_ussd_post(post, UssdInput::Begin);
            } else {
                self.plan_change_of_bearer();
            }
        }
    }

    /// No more customers.
    pub(in super::super) fn stop_ussd_posts(&mut self) {
        let count = self.handsets.as_ref().map_or(0, |handsets| handsets.posts.len());
        for post in 0..count {
            self.tell_ussd_post(post, UssdInput::Stop);
        }
    }

    /// Whether every doubt is resolved, and nothing is on its way that was withheld.
    pub(in super::super) fn are_ussd_posts_gone(&self) -> bool {
        self.handsets.as_ref().is_none_or(|handsets| {
            handsets.posts.iter().all(|post| post.terminal.is_gone()) && handsets.carrier.is_done()
        })
    }

    /// Whether there is a terminal in a place that has USSD and no TCP.
    pub(in super::super) fn has_ussd_post(&self, place: usize) -> bool {
        let posts = self.handsets.iter().flat_map(|handsets| &handsets.posts);
        posts.filter(|post| post.both.is_none()).any(|post| post.place == place)
    }

    /// A technician enters a key for this bearer.
    pub(in super::super) fn enter_ussd_key(&mut self, place: usize, key_id: u8) {
        let (now, seed) = (self.now, self.config.seed);
        let Some(handsets) = &mut self.handsets else { return };
        let found = handsets.posts.iter().position(|post| post.place == place);
        let Some(index) = found else { return };
        let post = &mut handsets.posts[index];
        if post.key_id == key_id {
            return;
        }
        post.key_id = key_id;
        let psk = Network::psk(seed, post.terminal.book().terminal(), key_id);
        let logs_on = handsets.carrier.rng.chance(500);
        post.terminal.rekey(now, (key_id, &psk), logs_on);
        self.say(|| format!("USSD terminal {index}: a technician enters key {key_id}"));
        self.drain_ussd_post(index);
    }

    /// A text, or the end, that a centre has sent: in their order, and a moment later.
    pub(super) fn carry_to_post(&mut self, post: usize, told: Told) {
        let now = self.now;
        let Some(handsets) = &mut self.handsets else { return };
        let last = &mut handsets.posts[post].told;
        let at = now.max(*last).after(Span(1));
        *last = at;
        self.plan(at, Event::Told { post, told });
    }

    /// It has arrived.
    pub(super) fn ussd_post_told(&mut self, post: usize, told: &Told) {
        match told {
            Told::Text { text, ends } => {
                self.trace.note(self.now, b'h', text.as_bytes());
                self.say(|| format!("USSD terminal {post} receives {text:?}, {ends}"));
                self.counts.screens += 1;
                self.tell_ussd_post(post, UssdInput::Text { text, ends: *ends });
            }
            Told::Over => {
                self.say(|| format!("USSD terminal {post}: its dialog is over"));
                self.tell_ussd_post(post, UssdInput::Over);
            }
        }
    }

    /// A terminal's deadline, or what is left of one that was put off.
    pub(super) fn ussd_post_due(&mut self, post: usize) {
        let now = self.now;
        let Some(handsets) = &mut self.handsets else { return };
        let at = &mut handsets.posts[post];
        if at.armed != Some(now) {
            return;
        }
        at.armed = None;
        if at.terminal.deadline().is_some_and(|at| at <= now) {
            self.tell_ussd_post(post, UssdInput::Deadline);
        } else {
            self.arm_ussd_post(post);
        }
    }

    /// The terminal with both bearers goes over to the other.
    pub(super) fn change_bearer(&mut self) {
        let now = self.now;
        let Some(handsets) = self.handsets.as_mut().filter(|_| !self.calm) else { return };
        let Some(index) = handsets.posts.iter().position(|post| post.both.is_some()) else {
            return;
        };
        let post = &mut handsets.posts[index];
        let place = post.place;
        let PointOfSale::Sealed(tcp) = &mut self.fleet[place].terminal else { return };
        let is_here = post.both == Some(true);
        match is_here {
            true => post.terminal.hand_over(now, tcp),
            false => tcp.hand_over(now, &mut post.terminal),
        }
        post.both = Some(!is_here);
        self.say(|| format!("terminal {place} changes its bearer: over USSD {}", !is_here));
        self.drain_ussd_post(index);
        self.drain_terminal(place);
        self.plan_change_of_bearer();
    }

    fn plan_change_of_bearer(&mut self) {
        let Some(every) = self.config.handsets.frames.both else { return };
        let Some(handsets) = &mut self.handsets else { return };
        let at = self.now.after(handsets.carrier.rng.exponential(every)).after(Span(1));
        self.plan(at, Event::Bearer);
    }

    fn both_of(&self, post: usize) -> Option<bool> {
        self.handsets.as_ref()?.posts.get(post)?.both
    }

    fn tell_ussd_post(&mut self, post: usize, input: UssdInput<'_>) {
        let now = self.now;
        let Some(handsets) = &mut self.handsets else { return };
        handsets.posts[post].terminal.handle(now, input);
        self.drain_ussd_post(post);
    }

    /// Does what a terminal wants.
    fn drain_ussd_post(&mut self, post: usize) {
        let mut outputs = Vec::new();
        let Some(handsets) = &mut self.handsets else { return };
        let handset = handsets.subscriber(post);
        while let Some(output) = handsets.posts[post].terminal.poll() {
            outputs.push(output);
        }
        let place = handsets.posts[post].place;
        for output in outputs {
            match output {
                UssdOutput::Dial(dialled) => self.ussd_post_dials((post, handset), &dialled),
                UssdOutput::Enter(text) => self.ussd_post_enters((post, handset), &text),
                UssdOutput::HangUp => self.tell_centre(Input::HangUp { handset }),
                UssdOutput::Drop => self.tell_centre(Input::Drop { handset }),
                UssdOutput::Note(UssdNote::Till(note)) => self.heard(place, note),
                UssdOutput::Note(note) => {
                    self.say(|| format!("USSD terminal {post}: {note:?}"));
                }
            }
        }
        self.arm_ussd_post(post);
    }

    fn ussd_post_dials(&mut self, (post, handset): (usize, u32), dialled: &str) {
        self.trace.note(self.now, b'd', dialled.as_bytes());
        self.say(|| format!("USSD terminal {post} dials {dialled}"));
        let frame = form_of_dial(dialled).and_then(carried);
        if frame.is_some_and(|frame| self.is_withheld(&frame)) {
            self.say(|| format!("USSD terminal {post}: that is withheld"));
            return self.carry_to_post(post, Told::Over);
        }
        self.tell_centre(Input::Dial { handset, dialled });
    }

    fn ussd_post_enters(&mut self, (post, handset): (usize, u32), text: &str) {
        self.trace.note(self.now, b'd', text.as_bytes());
        self.say(|| format!("USSD terminal {post} enters {text}"));
        if carried(text).is_some_and(|frame| self.is_withheld(&frame)) {
            self.say(|| format!("USSD terminal {post}: that is withheld"));
            return self.tell_centre(Input::Drop { handset });
        }
        self.tell_centre(Input::Answer { handset, text });
    }

    fn arm_ussd_post(&mut self, post: usize) {
        let now = self.now;
        let Some(handsets) = &mut self.handsets else { return };
        let at = &mut handsets.posts[post];
        let Some(due) = at.terminal.deadline() else { return };
        if at.armed.is_none_or(|armed| due < armed) {
            let due = due.max(now);
            at.armed = Some(due);
            self.plan(due, Event::PostDue { post });
        }
    }
}

/// The carrier's randomness of a world.
pub(super) fn rng(config: &Config) -> Rng {
    Stream::FramesRun.rng(config.seed)
}
