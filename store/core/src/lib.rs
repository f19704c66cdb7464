//! The logic of Tillgate's store: records, keys, batches and the ledger.
//!
//! In the order in which a sale passes through:
//!
//! 1. [`command::Command`]s come in, whole batches at a time, through [`Store::commit`].
//! 2. [`ledger::Ledger`], a pure state machine, answers each with an [`outcome::Outcome`] and
//!    collects the rows to write in a [`WriteSet`]. Later commands of a batch see the effects of
//!    the earlier ones.
//! 3. [`LedgerStore`] hands the set to its [`Engine`], which makes it durable in one write; only then
//!    are the outcomes returned.
//!
//! An engine implements [`ReadRows`] (reads) and [`Engine`] (one durable write) and nothing else.
//! [`Memory`] is the model, RocksDB the embedded default; the suite in `store/conformance` tests both.
//! The crate has no clock, socket, thread, file, environment or randomness.
#![forbid(unsafe_code)]

pub mod command;
pub mod commission;
pub mod error;
pub mod history;
pub mod ids;
pub mod journal;
pub mod keks;
pub mod ledger;
pub mod ledger_store;
pub mod limits;
pub mod memory;
pub mod outcome;
pub mod record;
pub mod registry;
mod request;
pub mod reseal;
pub mod rows;
pub mod store;
pub mod vault;
pub mod verify;
pub mod withdrawal;
pub mod write_set;

pub use command::{
    Advice, Asker, BatchRecord, Begin, Change, Command, Confirm, ContentDigest, Finish, PinTry,
    ProviderOutcome, RefundOrder, RefundStep, Repeat, Reroute, Resolution, Resolve, Reverse,
    SetPin, Settle, VerificationResult, Withdraw,
};
pub use error::StoreError;
pub use ids::{AccountId, AccountKind, BridgeTag, Key, StoreId, Text};
pub use ledger::Ledger;
pub use ledger_store::LedgerStore;
pub use memory::Memory;
pub use outcome::{Outcome, Rejection};
pub use record::{
    Account, AccountCheck, AccountField, AccountForm, AccountRow, AmountSource, Audit, Batch,
    BatchOf, BridgeName, BridgeOrder, BridgeStatus, Canary, Card, ChargeBase, ChargeKind,
    ChargeRule, ChipAnswer, Coded, CommissionRule, Counter, Dispensed, Distributor, DueFollowUp,
    FollowUp, Former, Fulfilment, Funding, Generations, Handset, Head, Hours, IssuedBy, KeyCounter,
    KeyError, Kind, Language, Leg, Legs, Lookup, MoneyFlow, PinHash, PinTries, Product, ReceiptTag,
    ReceiptTemplate, Record, Refund, RegistryRecord, Reprint, ReversalRule, Rounding, Route,
    RouteRule, SaleTerms, Seller, Serial, Service, Services, Settlement, Shelf, State, Status,
    StockLevel, StockRules, Terminal, TerminalKey, Transaction, Velocity, Versions, Voucher,
    VoucherBatch, VoucherOf, Withdrawn, is_bridge_name, luhn,
};
pub use registry::Registry;
pub use reseal::{Reseal, Resealed, SealedPlace};
pub use rows::{Engine, Family, ReadRows, Visit};
pub use store::Store;
pub use tillgate_types::{
    BusinessDate, DistributorId, Msisdn, ProductId, ResponseCode, SellerId, ServiceId, TerminalId,
    Totals,
};
pub use vault::{Sealed, Secret, Vault, VaultError};
pub use verify::verify;
pub use withdrawal::Chosen;
pub use write_set::{Op, WriteSet};
