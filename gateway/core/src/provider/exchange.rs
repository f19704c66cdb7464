//! One request on one connection: what happens to the connection, and what it means.
//!
//! ```text
//!   queued ──begin──▶ connecting ──Connected──▶ sending ──Answered──▶ done
//!                       ▲   │ Refused             │ │ Lost, Deadline: UNKNOWN
//!                       │   │ Deadline: not sent  │ └────────────────▶ done
//!                       └───┼── Stale, once ──────┘
//!                           └──────────────────────────────────────▶ done
//! ```
//!
//! A request counts as not sent only while no byte of it can have left: in the queue, without a
//! connection, or on a kept connection that had already ended. From the first byte on everything
//! but an answer about this request leaves its outcome UNKNOWN.
//!
//! A sale of two steps goes round twice: [`Event::Created`] begins again with the confirmation. It
//! is carried out by its confirmation alone, so that it counts as not sent until a byte of that
//! can have left.

use std::fmt;

use super::{ProviderRequest, ProviderRequestKind, ProviderResult};
use crate::card::CardData;
use crate::time::{Moment, Span};

/// Connections that a request may be tried on: a kept one may turn out to have ended, a fresh one
/// is tried then.
const CONNECTIONS_MAX: u8 = 2;

/// A confirmation is begun only while at least this share of the deadline is left, a quarter: one
/// whose answer nobody waits for leaves the outcome unknown.
const CONFIRMATION_SHARE: u64 = 4;

pub struct Exchange {
    request: ProviderRequest,
    /// Until the message that has it leaves.
    card: Option<Box<CardData>>,
    queued: Moment,
    due: Moment,
    connections: u8,
    sending: bool,
    has_no_form: bool,
    step: Steps,
}

/// How a request is carried out, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Steps {
    /// By its only message.
    One,
    /// By its confirmation, which has not been begun.
    Creating,
    /// By its confirmation, which has.
    Confirming,
}

/// An event on the connection.
#[derive(Debug)]
pub enum Event {
    /// A connection is open, kept or new.
    Connected,
    /// None is available.
    Refused,
    /// The protocol has no form for the request: nothing was written.
    Inexpressible,
    /// The kept connection had ended before a byte of the request was written to it.
    Stale,
    /// An answer was received: the sale was created, and waits for its confirmation.
    Created,
    /// An answer was received, with the meaning that its [`super::Provider`] gave it.
    Answered(Option<ProviderResult>),
    /// The connection ended, or its answer was cut off or too long.
    Lost,
    /// [`Exchange::due`] has come.
    Deadline,
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    /// Take the kept connection or open one; report [`Event::Connected`] or [`Event::Refused`].
    Connect,
    /// Send the message and wait for its answer.
    Send,
    /// Report the result. Unless there was an answer that counts, the connection is not used
    /// again: what arrives on it next may belong to this request.
    Done(ProviderResult),
}

impl Event {
    /// Whether the connection is used again. What comes next on one whose answer does not count may
    /// belong to this request.
    #[must_use]
    pub fn keeps_connection(&self) -> bool {
        matches!(
            self,
            Self::Connected | Self::Inexpressible | Self::Created | Self::Answered(Some(_))
        )
    }
}

/// Without card data.
impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { request, queued, due, .. } = self;
        let mut shown = f.debug_struct("Exchange");
        shown.field("request", request).field("queued", queued).field("due", due);
        shown.finish_non_exhaustive()
    }
}

impl Exchange {
    /// A request that goes into its bridge's queue.
    #[must_use]
    pub fn new(request: ProviderRequest, now: Moment, deadline: Span) -> Self {
        let due = now.after(deadline);
        let (connections, sending, has_no_form, step) = (0, false, false, Steps::One);
        Self { request, card: None, queued: now, due, connections, sending, has_no_form, step }
    }

    /// With the card data that goes with the request.
    #[must_use]
    pub fn with_card(self, card: Option<Box<CardData>>) -> Self {
        Self { card, ..self }
    }

    /// What goes with the request, as long as nothing of it has left.
    #[must_use]
    pub fn card(&self) -> Option<&CardData> {
        self.card.as_deref()
    }

    /// It has left: it is wiped.
    pub fn forget_card(&mut self) {
        self.card = None;
    }

    /// The protocol has no place for card data: it is wiped. `false`: what proves the card or its holder
    /// must not be left behind, so that the request has no form.
    pub fn may_go_without_card(&mut self) -> bool {
        let card = self.card.take();
        card.is_none_or(|card| card.proofs().next().is_none())
    }

    /// The provider carries sales out by their confirmations; said before [`Exchange::begin`].
    pub fn has_two_steps(&mut self) {
        if self.request.kind == ProviderRequestKind::Authorize {
            self.step = Steps::Creating;
        }
    }

    #[must_use]
    pub fn request(&self) -> &ProviderRequest {
        &self.request
    }

    /// When the result is due, the wait in the queue included.
    #[must_use]
    pub fn due(&self) -> Moment {
        self.due
    }

    /// The protocol has no form for the request: nothing was written, and its result says nothing
    /// about the provider.
    pub fn has_no_form(&mut self) -> ProviderResult {
        self.has_no_form = true;
        self.request.inexpressible()
    }

    /// Whether its result says anything about the provider.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        !self.has_no_form
    }

    /// Time since the request was queued.
    #[must_use]
    pub fn age(&self, now: Moment) -> Span {
        now.since(self.queued)
    }

    /// The request leaves the queue.
    pub fn begin(&mut self, now: Moment) -> Step {
        if now >= self.due || self.connections >= CONNECTIONS_MAX {
            return Step::Done(self.request.not_sent());
        }
        self.connections += 1;
        self.sending = false;
        Step::Connect
    }

    /// An event on the connection.
    pub fn handle(&mut self, now: Moment, event: Event) -> Step {
        match event {
            Event::Connected if now < self.due => {
                self.sending = true;
                Step::Send
            }
            Event::Stale => self.begin(now),
            Event::Created if self.step == Steps::Creating && self.may_confirm(now) => {
                (self.step, self.connections) = (Steps::Confirming, 0);
                self.begin(now)
            }
            Event::Created => Step::Done(self.without_result()),
            Event::Inexpressible if self.step == Steps::Confirming => {
                Step::Done(self.request.not_sent())
            }
            Event::Inexpressible => Step::Done(self.has_no_form()),
            Event::Answered(Some(result)) => Step::Done(result),
            // What was answered and not understood may say that it was carried out.
            Event::Answered(None) => Step::Done(self.request.unknown()),
            Event::Lost | Event::Deadline if self.sending => Step::Done(self.without_result()),
            Event::Connected | Event::Refused | Event::Lost | Event::Deadline => {
                Step::Done(self.request.not_sent())
            }
        }
    }
}

impl Exchange {
    fn may_confirm(&self, now: Moment) -> bool {
        let whole = self.due.since(self.queued);
        self.due.since(now).0 >= whole.0 / CONFIRMATION_SHARE && now < self.due
    }

    /// The result when a message left and no answer to it counts: what was only created is not
    /// carried out.
    fn without_result(&self) -> ProviderResult {
        match self.step {
            Steps::Creating => self.request.not_sent(),
            Steps::One | Steps::Confirming => self.request.unknown(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tillgate_store_core::ProviderOutcome;

    use super::*;
    use crate::provider::ProviderRequestKind::{Advise, Authorize, Inquire, Reverse};
    use crate::provider::tests::request;

    fn exchange(kind: ProviderRequestKind, attempt: u32) -> Exchange {
        let request = ProviderRequest { attempt, ..request(kind) };
        Exchange::new(request, Moment(0), Span::s(9))
    }

    fn sending() -> Exchange {
        let mut exchange = exchange(Authorize, 1);
        assert_eq!(exchange.begin(Moment(1)), Step::Connect);
        assert_eq!(exchange.handle(Moment(2), Event::Connected), Step::Send);
        exchange
    }

    #[test]
    fn a_request_is_not_sent_only_while_no_byte_of_it_can_have_left() {
        let not_sent = request(Authorize).not_sent();
        assert_ne!(not_sent, ProviderResult::UNKNOWN);
        for event in [Event::Refused, Event::Deadline, Event::Lost] {
            let mut exchange = exchange(Authorize, 1);
            assert_eq!(exchange.begin(Moment(1)), Step::Connect);
            assert_eq!(exchange.handle(Moment(2), event), Step::Done(not_sent.clone()));
        }
        for event in [Event::Lost, Event::Deadline, Event::Answered(None)] {
            let unknown = Step::Done(ProviderResult::UNKNOWN);
            assert_eq!(sending().handle(Moment(3), event), unknown);
        }
        let answered = Event::Answered(Some(ProviderResult::Pending));
        assert_eq!(sending().handle(Moment(3), answered), Step::Done(ProviderResult::Pending));
    }

    #[test]
    fn a_request_without_a_form_is_declined_at_first_and_unknown_when_it_may_have_been_sent() {
        for (kind, attempt) in [(Authorize, 1), (Authorize, 2), (Inquire, 1), (Reverse, 1)] {
            let mut exchange = exchange(kind, attempt);
            assert_eq!(exchange.begin(Moment(1)), Step::Connect);
            assert_eq!(exchange.handle(Moment(2), Event::Connected), Step::Send);
            let done = exchange.handle(Moment(3), Event::Inexpressible);
            let declined = matches!(
                &done,
                Step::Done(ProviderResult::Outcome(ProviderOutcome::Declined { .. }))
            );
            assert_eq!(declined, (kind, attempt) == (Authorize, 1), "{kind:?} {attempt}");
            assert!(declined || done == Step::Done(ProviderResult::UNKNOWN));
        }
        assert!(Event::Inexpressible.keeps_connection());
    }

    #[test]
    fn a_request_whose_time_ends_in_the_queue_or_while_connecting_never_leaves() {
        let (late, not_sent) = (Moment(0).after(Span::s(9)), request(Authorize).not_sent());
        assert_eq!(exchange(Authorize, 1).begin(late), Step::Done(not_sent.clone()));
        let mut exchange = exchange(Authorize, 1);
        assert_eq!(exchange.begin(Moment(1)), Step::Connect);
        assert_eq!(exchange.handle(late, Event::Connected), Step::Done(not_sent));
    }

    #[test]
    fn a_kept_connection_that_had_ended_is_replaced_once() {
        let mut exchange = sending();
        assert_eq!(exchange.handle(Moment(3), Event::Stale), Step::Connect);
        assert_eq!(exchange.handle(Moment(4), Event::Connected), Step::Send);
        let not_sent = Step::Done(request(Authorize).not_sent());
        assert_eq!(exchange.handle(Moment(5), Event::Stale), not_sent);
    }

    #[test]
    fn a_connection_is_used_again_only_after_an_answer_that_counts() {
        for event in [Event::Connected, Event::Answered(Some(ProviderResult::Pending))] {
            assert!(event.keeps_connection(), "{event:?}");
        }
        let others =
            [Event::Refused, Event::Stale, Event::Answered(None), Event::Lost, Event::Deadline];
        assert!(!others.iter().any(Event::keeps_connection));
    }

    #[test]
    fn a_repeat_or_a_question_that_never_left_says_nothing_about_the_sale() {
        for (kind, attempt) in [(Authorize, 2), (Inquire, 1), (Reverse, 1), (Advise, 1)] {
            let mut exchange = exchange(kind, attempt);
            assert_eq!(exchange.begin(Moment(1)), Step::Connect);
            let unknown = Step::Done(ProviderResult::UNKNOWN);
            assert_eq!(exchange.handle(Moment(2), Event::Refused), unknown);
        }
    }

    fn creating(attempt: u32) -> Exchange {
        let mut exchange = exchange(Authorize, attempt);
        exchange.has_two_steps();
        assert_eq!(exchange.begin(Moment(1)), Step::Connect);
        assert_eq!(exchange.handle(Moment(2), Event::Connected), Step::Send);
        exchange
    }

    fn confirming(attempt: u32) -> Exchange {
        let mut exchange = creating(attempt);
        assert_eq!(exchange.handle(Moment(3), Event::Created), Step::Connect);
        assert_eq!(exchange.handle(Moment(4), Event::Connected), Step::Send);
        exchange
    }

    #[test]
    fn a_sale_of_two_steps_is_not_sent_until_a_byte_of_its_confirmation_can_have_left() {
        let not_sent = Step::Done(request(Authorize).not_sent());
        for event in [Event::Lost, Event::Deadline] {
            assert_eq!(creating(1).handle(Moment(3), event), not_sent);
        }
        let answered = creating(1).handle(Moment(3), Event::Answered(None));
        assert_eq!(answered, Step::Done(ProviderResult::UNKNOWN), "it may say anything");
        for event in [Event::Refused, Event::Deadline, Event::Lost] {
            let mut exchange = creating(1);
            assert_eq!(exchange.handle(Moment(3), Event::Created), Step::Connect);
            assert_eq!(exchange.handle(Moment(4), event), not_sent);
        }
        let mut none = confirming(1);
        assert_eq!(none.handle(Moment(5), Event::Inexpressible), not_sent);
        assert!(none.is_telling(), "the provider's answer had no name for it");
        let unknown = Step::Done(ProviderResult::UNKNOWN);
        for event in [Event::Lost, Event::Deadline, Event::Answered(None)] {
            assert_eq!(confirming(1).handle(Moment(5), event), unknown);
        }
        let done = Event::Answered(Some(ProviderResult::Pending));
        assert_eq!(confirming(1).handle(Moment(5), done), Step::Done(ProviderResult::Pending));
        assert!(Event::Created.keeps_connection());
    }

    #[test]
    fn what_an_earlier_attempt_may_have_confirmed_is_unknown_whatever_ends_this_one() {
        let unknown = Step::Done(ProviderResult::UNKNOWN);
        for event in [Event::Lost, Event::Deadline, Event::Answered(None)] {
            assert_eq!(creating(2).handle(Moment(3), event), unknown);
        }
        assert_eq!(confirming(2).handle(Moment(5), Event::Inexpressible), unknown);
    }

    #[test]
    fn a_confirmation_that_nobody_could_wait_for_is_not_begun() {
        let (late, not_sent) = (Moment(0).after(Span::s(7)), request(Authorize).not_sent());
        assert_eq!(creating(1).handle(late, Event::Created), Step::Done(not_sent));
        let at_last = Moment(0).after(Span::ms(6_750));
        assert_eq!(creating(1).handle(at_last, Event::Created), Step::Connect);
        // Of a provider of one step, or to a confirmation, it is no answer.
        let unknown = Step::Done(ProviderResult::UNKNOWN);
        assert_eq!(sending().handle(Moment(3), Event::Created), unknown);
        assert_eq!(confirming(1).handle(Moment(5), Event::Created), unknown);
    }

    #[test]
    fn a_confirmation_is_tried_on_a_fresh_connection_and_sent_once() {
        let mut exchange = confirming(1);
        assert_eq!(exchange.handle(Moment(5), Event::Stale), Step::Connect);
        assert_eq!(exchange.handle(Moment(6), Event::Connected), Step::Send);
        let not_sent = Step::Done(request(Authorize).not_sent());
        assert_eq!(exchange.handle(Moment(7), Event::Stale), not_sent);
    }
}
