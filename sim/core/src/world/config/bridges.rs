//! The bridges of a world: what they can do, how bad their lines are, how their providers behave.

use tillgate_core::provider::Capabilities;

use super::hosts::Host;
use super::{Between, Stream, number};
use crate::firmware::Delay;
use crate::provider::{Lies, ProviderBehaviour};
use crate::rng::Rng;
use crate::time::{Moment, Span};
use crate::world::fault::{Fault, Faults};

/// A bridge, its line and the provider behind it.
#[derive(Clone, Debug)]
pub(in crate::world) struct Bridge {
    pub(in crate::world) name: String,
    pub(in crate::world) capabilities: Capabilities,
    /// Of a provider that speaks ISO 8583; any other speaks HTTP.
    pub(in crate::world) host: Option<Host>,
    pub(in crate::world) behaviour: ProviderBehaviour,
    /// Of its answers.
    pub(in crate::world) lies: Lies,
    pub(in crate::world) latency: Between,
    /// The bridge gives up after this.
    pub(in crate::world) deadline: Span,
    /// Of 1000 orders, how many wait in its queue before they leave, for as long as it has.
    pub(in crate::world) queued_permille: u16,
    /// How many may wait there; more are declined at once.
    pub(in crate::world) room: usize,
    /// Sales and lookups a second that it takes; 0: as many as come.
    pub(in crate::world) sales_per_s: u32,
    /// Of 1000 requests, how many the bridge forgets: whatever comes of them, it never reports.
    pub(in crate::world) forgotten_permille: u16,
    /// Of 1000 orders, how many never leave.
    pub(in crate::world) unsent_permille: u16,
    /// Of 1000 messages, how many get lost on the way there, and on the way back.
    pub(in crate::world) lost_permille: u16,
    /// Of 1000 messages, how many take far longer than the bridge waits.
    pub(in crate::world) late_permille: u16,
    /// Of 1000 answers, how many are reported twice.
    pub(in crate::world) twice_permille: u16,
    /// Whether it says of anything that never left that it did not.
    pub(in crate::world) admits: bool,
    /// From when on nothing passes between it and its provider.
    pub(in crate::world) dead_from: Option<Moment>,
    /// Of 1000 deals done, how many are reported as declined first.
    pub(in crate::world) two_faced_permille: u16,
}

/// One to three of them, of any kind; a terminal receives something within `answer`.
pub(super) fn draw(seed: u64, faults: Faults, answer: Span) -> Vec<Bridge> {
    let mut rng = Stream::Bridges.rng(seed);
    let count = 1 + number(&mut rng, 3);
    let mut memory = Stream::Forget.rng(seed);
    let forgetful = faults.has(Fault::Bridge);
    let forgotten = |bridge: Bridge| {
        let forgotten_permille = number(&mut memory, 100);
        Bridge { forgotten_permille: if forgetful { forgotten_permille } else { 0 }, ..bridge }
    };
    let bridges = (0..count).map(|place| draw_bridge(&mut rng, place, faults)).map(forgotten);
    let mut end = Stream::Dead.rng(seed);
    let doomed = |bridge: Bridge| {
        let from = Moment(Span::s(10).0 + end.below(Span::s(60).0));
        let dead_from = end.chance(400).then_some(from);
        if faults.has(Fault::Dead) { Bridge { admits: true, dead_from, ..bridge } } else { bridge }
    };
    let mut queue = Stream::Queue.rng(seed);
    let mut rooms = Stream::Room.rng(seed);
    let mut paces = Stream::Pace.rng(seed);
    let busy = |bridge: Bridge| {
        let near = about(&mut queue, answer, Span::s(1));
        let long = queue.between(Span::s(30), Span::s(119));
        let deadline = if queue.chance(400) { near } else { long };
        let queued_permille = 200 + number(&mut queue, 700);
        let only_asked = queue.chance(400);
        let few = usize::from(1 + number(&mut rooms, 3));
        let room = if rooms.chance(300) { few } else { bridge.room };
        let few = 1 + u32::from(number(&mut paces, 3));
        let sales_per_s = if paces.chance(300) { few } else { 0 };
        if !faults.has(Fault::Queue) {
            return bridge;
        }
        let busy = Bridge { deadline, queued_permille, room, sales_per_s, ..bridge };
        if only_asked { ask_only(busy) } else { busy }
    };
    let mut answers = Stream::Lies.rng(seed);
    let lying = |bridge: Bridge| {
        let [reference_permille, amount_permille, earlier_permille, array_permille] =
            [(); 4].map(|()| number(&mut answers, 30));
        let renamed_permille = number(&mut answers, 200);
        let lies = Lies {
            reference_permille,
            amount_permille,
            earlier_permille,
            array_permille,
            renamed_permille,
        };
        if faults.has(Fault::Provider) { Bridge { lies, ..bridge } } else { bridge }
    };
    bridges.map(doomed).map(busy).map(lying).collect()
}

/// Whether sales may go on to another bridge; one of them can then often not be reached.
pub(super) fn routes(seed: u64, faults: Faults, bridges: &mut [Bridge]) -> bool {
    let mut rng = Stream::Routes.rng(seed);
    let routed = bridges.len() > 1 && rng.chance(800);
    let far = rng.below(u64::try_from(bridges.len()).unwrap_or(1));
    let unsent_permille = 200 + number(&mut rng, 800);
    let far = usize::try_from(far).ok().and_then(|far| bridges.get_mut(far));
    if let Some(far) = far.filter(|_| routed && faults.has(Fault::Line)) {
        far.unsent_permille = unsent_permille;
    }
    routed
}

/// A bridge that can be asked and can do nothing else: only there does it matter from when on a
/// provider that has not seen an order is believed.
fn ask_only(bridge: Bridge) -> Bridge {
    let capabilities = Capabilities {
        idempotent: false,
        inquiry: true,
        reversal: false,
        advice: bridge.capabilities.advice,
        lookup: bridge.capabilities.lookup,
    };
    let behaviour = ProviderBehaviour { idempotent: false, ..bridge.behaviour };
    Bridge { capabilities, behaviour, ..bridge }
}

fn about(rng: &mut Rng, span: Span, off: Span) -> Span {
    rng.between(Span(span.0.saturating_sub(off.0)), Span(span.0 + off.0))
}

fn draw_bridge(rng: &mut Rng, place: u16, faults: Faults) -> Bridge {
    let capabilities = Capabilities {
        idempotent: rng.chance(500),
        inquiry: rng.chance(600),
        reversal: rng.chance(500),
        advice: rng.chance(300),
        // No draw of its own: the others stay what they were.
        lookup: place.is_multiple_of(2),
    };
    let slowest = rng.between(Span::ms(5), Span::ms(1_800));
    let behaviour = ProviderBehaviour {
        seed: rng.throw(),
        latency: Delay::Uniform(Span(slowest.0 / 8), slowest),
        declined_permille: number(rng, 150),
        silent_permille: number(rng, 300),
        deaf_permille: number(rng, 300),
        pending_permille: number(rng, 200),
        pending: rng.between(Span::ms(500), Span::s(60)),
        irreversible_permille: number(rng, 300),
        idempotent: capabilities.idempotent,
    };
    let calm = ProviderBehaviour {
        declined_permille: 30,
        silent_permille: 0,
        deaf_permille: 0,
        pending_permille: 0,
        irreversible_permille: 0,
        ..behaviour.clone()
    };
    let deadline = rng.between(Span::s(2), Span::s(10));
    let [unsent, lost, late, twice] = [200, 300, 200, 200].map(|most| number(rng, most));
    let two_faced = number(rng, 60);
    let bad = |permille| if faults.has(Fault::Line) { permille } else { 0 };
    Bridge {
        name: format!("bridge-{place}"),
        capabilities,
        host: None,
        behaviour: if faults.has(Fault::Provider) { behaviour } else { calm },
        lies: Lies::default(),
        latency: (Span::ms(1), Span::ms(40)),
        deadline,
        queued_permille: 0,
        room: usize::MAX,
        sales_per_s: 0,
        forgotten_permille: 0,
        admits: false,
        dead_from: None,
        unsent_permille: bad(unsent),
        lost_permille: bad(lost),
        late_permille: bad(late),
        twice_permille: bad(twice),
        two_faced_permille: if faults.has(Fault::Provider) { two_faced } else { 0 },
    }
}
