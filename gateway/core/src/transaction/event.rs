//! What goes into a [`super::TransactionManager`] and what comes out of it.

use tillgate_store_core::limits::SUBSCRIBER_BYTES_MAX;
use tillgate_store_core::{
    Asker, BatchRecord, Begin, BusinessDate, Change, ContentDigest, Handset, Key, Lookup, PinTry,
    ProductId, RefundStep, RegistryRecord, Rejection, Resolution, ResponseCode, Reverse, SellerId,
    ServiceId, Settle, TerminalId, Text, withdrawal::Place,
};

use super::lookup::LookupRequest;
use super::reply::{Answered, Push, PushedCommand, Reply};
use crate::card::CardData;
use crate::id::SessionId;
use crate::provider::{ProviderRequest, ProviderResult};
use crate::routing::Candidates;
use crate::time::Moment;

/// Where a request came from and where its reply goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// Over which session.
    pub session: SessionId,
    pub terminal: TerminalId,
    /// When its last byte arrived; the answer's deadline counts from here.
    pub received: Moment,
    /// Of the key that opened the session; see [`tillgate_store_core::TerminalKey::generation`].
    pub generation: u32,
    /// Whether the terminal has logged on over the session.
    pub logged_on: bool,
}

/// A decoded and verified request.
pub struct Ask {
    /// Who waits.
    pub origin: Origin,
    /// For what.
    pub asked: Asked,
}

/// The requests that need the transaction manager.
#[expect(clippy::large_enum_variant, reason = "a sale is what nearly every one of them is")]
pub enum Asked {
    /// A voucher or a top-up, with the verdict of the verification.
    Sale {
        /// For the ledger.
        begin: Begin,
        /// For its provider: of a card, what the ledger has masked.
        account: Text<SUBSCRIBER_BYTES_MAX>,
        /// For its provider beside it: in memory only, until the first order has left,
        /// or with alternatives until its bridge has reported.
        card: Option<Box<CardData>>,
        /// The bridges that it may go to; of stock none.
        bridges: Candidates,
        /// What it pays of what a lookup found; 0: nothing was looked up.
        token: u64,
        /// Whether it has to.
        lookup: Lookup,
    },
    /// What is to be paid on an account.
    Lookup(LookupRequest),
    /// The receipt of this sale was printed.
    Confirm {
        /// Whose sale it may be.
        asker: Asker,
        /// Which sale.
        original: Key,
        /// What it says that was sold; `None`: it does not say.
        amount_minor: Option<u64>,
    },
    /// A reversal.
    Reverse(Reverse),
    /// A record of its batch, after totals that differ.
    BatchRecord(BatchRecord),
    /// The terminal's totals of a business date.
    Settle(Settle),
    /// The answer of a request again; STAN 0 stands for the terminal's last sale of the date.
    Repeat {
        /// Whose request it may be.
        asker: Asker,
        /// What kind of request it is.
        kind: Answered,
        /// Which request.
        original: Key,
        /// Of a whole request that came again, whose business date is over or has not come: its
        /// content. So does one that must not be kept. A new one gets no row and receives `new`.
        digest: Option<ContentDigest>,
        /// What is answered if there is no such request.
        new: ResponseCode,
        /// 00, or why the terminal may not trade now: then it receives no PIN.
        standing: ResponseCode,
        /// The gateway's business date.
        today: BusinessDate,
    },
    /// The seller's float.
    Balance {
        /// Of the request, for the answer.
        stan: u32,
        /// Of the request, for the answer.
        date: BusinessDate,
        /// Whose float.
        seller: SellerId,
        /// ISO 4217 numeric.
        currency: u16,
    },
    /// The last sales of a date.
    Recent {
        /// Of the request, for the answer.
        stan: u32,
        /// Which date.
        date: BusinessDate,
        /// How many.
        count: u8,
        /// How far the clock on the wall is ahead of UTC, in minutes of the day.
        ahead_min: u16,
    },
    /// Whoever dials from a handset logs on with a PIN.
    PinLogon {
        /// How the PIN compares.
        entered: PinTry,
        /// 00, or why the terminal may not trade now.
        code: ResponseCode,
        /// The gateway's business date.
        date: BusinessDate,
    },
    /// The holder of a handset changes its PIN.
    PinChange {
        /// How the PIN of now compares.
        entered: PinTry,
        /// The handset with the new one.
        handset: Box<Handset>,
        /// The gateway's business date, for the answer.
        date: BusinessDate,
    },
    /// First request on a new session.
    Logon {
        /// 00, or why the terminal may not trade now.
        code: ResponseCode,
        /// The gateway's business date.
        date: BusinessDate,
        /// Whether older keys of the terminal end with it.
        ends_a_key: bool,
    },
    /// A handshake succeeded with this counter; nobody waits.
    Counter {
        /// The terminal's counter.
        counter: u64,
    },
    /// The terminal acknowledged a pushed command.
    Acknowledged {
        /// The command's id.
        command: u32,
        /// 0 done, 1 refused, 2 unsupported.
        result: u8,
    },
}

/// One thing that happened.
#[expect(clippy::large_enum_variant, reason = "requests are what nearly every one of them is")]
pub enum Input {
    /// From the pool.
    Ask(Ask),
    /// A bridge knows, or gave up on, the outcome of an order or an inquiry.
    ProviderResult {
        /// Of which transaction.
        key: Key,
        /// The index of the bridge.
        bridge: u16,
        /// What it knows.
        found: ProviderResult,
    },
    /// Sales had better not go to a bridge until then: see
    /// [`Intake::shun_until`](crate::provider::Intake::shun_until).
    Shun {
        /// The index of the bridge.
        bridge: u16,
        /// [`Moment::default`]: they may go there.
        until: Moment,
    },
    /// The operator wants something.
    Control(Control),
    /// The moment that [`super::TransactionManager::deadline`] named has come.
    Deadline,
    /// Decline new sales with 91; finish the others.
    Drain,
}

/// An operator's order, with the ticket its result is reported under.
pub struct Control {
    /// Given back in [`Output::Controlled`].
    pub ticket: u64,
    /// When, in Unix milliseconds, for the audit row.
    pub at_ms: u64,
    /// Who, for the audit row.
    pub actor: String,
    pub order: ControlOrder,
}

pub enum ControlOrder {
    /// Replace registry records, load floats and vouchers: all or nothing.
    Change {
        /// For the ledger.
        change: Change,
        /// What the terminals concerned receive once it is durable.
        tell: Vec<(TerminalId, PushedCommand)>,
    },
    /// Say the outcome of a transaction that nobody else can find out about.
    Resolve {
        key: Key,
        verdict: Resolution,
        /// Why, for the audit row.
        note: String,
    },
    /// Take a step of a refund.
    Refund {
        /// Which sale.
        key: Key,
        /// Which step.
        step: RefundStep,
        /// The gateway's business date.
        today: BusinessDate,
        /// Why, for the audit row.
        note: String,
    },
    /// Take vouchers of one product out of sale.
    Withdraw {
        service: ServiceId,
        product: ProductId,
        /// By expiry and serial.
        vouchers: Vec<Place>,
        /// Why, for the audit row.
        note: String,
    },
}

/// The outcome of a [`Control`].
#[derive(Debug, PartialEq, Eq)]
pub enum Controlled {
    /// Durable and in force.
    Applied {
        /// The ids of the commands that were pushed to terminals because of it.
        commands: Vec<(TerminalId, u32)>,
    },
    /// How many vouchers are out of sale now; the others were not in stock.
    Withdrawn(u64),
    /// Refused whole.
    Rejected(Vec<Rejection>),
}

/// One thing to do. Every variant names its target.
#[expect(clippy::large_enum_variant, reason = "replies are what nearly every one of them is")]
pub enum Output {
    /// For the pool, then the session's session manager.
    Reply(Reply),
    /// To the bridge that it names, with the card data that goes with it.
    Provider(ProviderRequest, Option<Box<CardData>>),
    /// To every session manager: whoever has the terminal passes it on.
    Push(Push),
    /// To the directory, before anything later in this list is carried out.
    Changed(Vec<RegistryRecord>),
    /// To the directory: a terminal has logged on with a key, and its older ones are void.
    Proved {
        terminal: TerminalId,
        /// Which key.
        generation: u32,
    },
    /// To the log: a terminal's batch has a sale that the journal has otherwise; the audit log says how.
    BatchDiffers {
        /// Which.
        sale: Key,
    },
    /// To whoever gave the order.
    Controlled {
        /// Theirs.
        ticket: u64,
        /// The outcome of it.
        result: Controlled,
    },
    /// To the admin's view: the terminal acknowledged a command.
    Acknowledged {
        terminal: TerminalId,
        command: u32,
        /// 0 done, 1 refused, 2 unsupported.
        result: u8,
    },
}
