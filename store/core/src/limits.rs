//! Every limit of the store, with its reason and its memory.

/// Longest subscriber number or account, bytes: an MSISDN has 15 digits, utility accounts more.
pub const SUBSCRIBER_BYTES_MAX: usize = 24;
/// Longest voucher serial, bytes; as the terminal link's `Slip`.
pub const SERIAL_BYTES_MAX: usize = 24;
/// Longest name of an issuer of vouchers, bytes.
pub const ISSUER_BYTES_MAX: usize = 16;
/// Longest number that an issuer gives a batch of vouchers, bytes.
pub const BATCH_NUMBER_BYTES_MAX: usize = 24;
/// Rows of control totals in one change, one for each product of a batch; each leaves an audit row.
pub const VOUCHER_BATCHES_MAX: usize = 100;
/// Vouchers that one command takes out of sale: a read and two writes each, some milliseconds on
/// the one thread that writes. More of them are several commands.
pub const WITHDRAWN_MAX: usize = 500;
/// Rows of stock read, outside the writer, for one such command, a few microseconds each.
pub const WITHDRAW_ROWS_MAX: usize = 20_000;
/// Most days that a voucher must have left, and that count as near its expiry: ten years.
pub const STOCK_DAYS_MAX: u16 = 3_660;
/// Longest reference, bytes: a provider's, our own (16 hex of store id + 16 of seq), a deposit's.
pub const REFERENCE_BYTES_MAX: usize = 32;
/// What a card's chip receives with an answer (ISO 8583 field 55): its length has one byte, and
/// issuers' scripts are kept below that for terminals.
pub const CHIP_BYTES_MAX: usize = 255;
/// Longest row key, bytes: a former version of a route (its letter, its name with its length, and
/// the number of a change) is the longest that is used, 42.
pub const KEY_BYTES_MAX: usize = 48;
/// Sealed bytes of one secret: a 32-byte key or PIN and the 16-byte tag, with room.
pub const SEALED_BYTES_MAX: usize = 64;

/// Commission levels of one service: 0 is the seller, 1 its distributor, 2 that one's parent.
pub const COMMISSION_LEVELS_MAX: usize = 8;
/// Legs of one transaction: float, clearing, fee, tax and one commission per level.
pub const LEGS_MAX: usize = 4 + COMMISSION_LEVELS_MAX;
/// Distributors above one seller; also what makes a cycle visible.
pub const CHAIN_MAX: usize = 8;
/// Commission rules of one service, all levels and dates; each is 7 bytes in the record.
pub const COMMISSION_RULES_MAX: usize = 256;
/// Rules of fees and taxes of one service, all dates; each is 17 bytes in the record.
pub const CHARGE_RULES_MAX: usize = 256;
/// Languages of one service's receipts.
pub const RECEIPTS_MAX: usize = 32;
/// Longest template of a receipt, bytes; filled in it has to fit the answer to a terminal.
pub const RECEIPT_BYTES_MAX: usize = 1_024;
/// Longest receipt with every place at its longest, bytes; as the terminal link's *answer*.
pub const RECEIPT_FILLED_BYTES_MAX: usize = 512;
/// Longest name in a receipt, bytes: a line of a 58 mm printer.
pub const RECEIPT_NAME_BYTES_MAX: usize = 32;
/// Longest label and longest picture of an account, bytes: a line of a small screen.
pub const LABEL_BYTES_MAX: usize = 32;
/// Products (denominations) of one service.
pub const PRODUCTS_MAX: usize = 1_000;
/// Longest name of a bridge or a route, bytes: it is a label of metrics and a part of a row's key.
pub const BRIDGE_NAME_BYTES_MAX: usize = 32;
/// Bridges that one sale goes on from because nothing was sent to them. Each is a write more of its
/// row, so that a route whose bridges are all down costs the writer no more than this.
pub const TRIED_MAX: usize = 3;
/// Rules of one route, each about 80 bytes in memory: one for each block of numbers of a country.
pub const ROUTE_RULES_MAX: usize = 1_000;
/// Largest weight of a rule: tenths of a percent, if those of a priority come to a thousand.
pub const ROUTE_WEIGHT_MAX: u16 = 1_000;
/// Services a terminal may be limited to.
pub const SERVICES_MAX: usize = 1_000;

/// Keys of one terminal, about 100 bytes each: the one in use, the one that follows it, and room
/// for a rotation that was begun anew. More would be more keys to steal.
pub const TERMINAL_KEYS_MAX: usize = 4;

/// Digits of a handset's PIN: what people remember.
pub const PIN_DIGITS_MIN: usize = 4;
/// As [`PIN_DIGITS_MIN`], at most.
pub const PIN_DIGITS_MAX: usize = 8;
/// How long after a wrong PIN of a handset the next one is looked at, milliseconds: after the first,
/// after the second, and so on. After one more than these, an operator has to see to it: whoever
/// has another's handset guesses one of 10,000 PINs with a chance of 1 in 2,000.
pub const PIN_DELAYS_MS: [u64; 4] = [0, 10_000, 60_000, 600_000];
/// Times a day that the holder of a handset may change its PIN; each leaves a row in the audit log and
/// a former version, which are kept for ever.
pub const PIN_CHANGES_MAX: u8 = 5;

/// Largest amount of one transaction or one float load, minor units. With it nine million of the
/// largest transactions fit an account before a balance could leave `i64`.
pub const AMOUNT_MINOR_MAX: u64 = 1_000_000_000_000;
/// Largest credit limit of a seller, minor units; the same headroom.
pub const CREDIT_LIMIT_MINOR_MAX: i64 = 1_000_000_000_000_000;

/// Longest velocity window, seconds. One day, so that a rebuild reads four business dates, at most
/// [`SCAN_ROWS_MAX`] rows of them.
pub const VELOCITY_WINDOW_S_MAX: u32 = 86_400;
/// Largest velocity count; a window remembers as many sales, 16 bytes each.
pub const VELOCITY_COUNT_MAX: u32 = 1_000;

/// Longest name of a distributor, seller, service or product, bytes.
pub const NAME_BYTES_MAX: usize = 128;
/// Longest reason of a block, bytes.
pub const REASON_BYTES_MAX: usize = 256;
/// Longest actor of a change, bytes.
pub const ACTOR_BYTES_MAX: usize = 128;
/// Longest note of a change, bytes: a person's, and where it came from.
pub const NOTE_BYTES_MAX: usize = 1_152;

/// Records, vouchers and float loads of one change together. A change is one write: 100,000
/// vouchers are about 20 MB in memory while it lasts.
pub const CHANGE_ITEMS_MAX: usize = 100_000;
/// Reasons given when a change is refused; the rest is left out, so that a wrong file does not
/// become a huge answer.
pub const REJECTIONS_MAX: usize = 100;

/// Vouchers read ahead per product, about 150 bytes each.
pub const STOCK_AHEAD: usize = 256;
/// Rows read and written in one batch while the store of an older program is indexed, about 100
/// bytes each.
pub const INDEXED_MAX: usize = 10_000;
/// Rows stepped back on one date for a terminal's last sale (reversals and tombstones between), a
/// few microseconds each; afterwards the place is known. If there is no sale among them, none is
/// found.
pub const LAST_ROWS_MAX: usize = 1_024;

/// Where the numbers of what handsets sell begin on each business date: a terminal counts from 1 and
/// does not come to them, and its reversals at an ISO 8583 listener have numbers above [`STAN_MAX`].
pub const HANDSET_STANS_FROM: u32 = 900_000;
/// The highest number that a field of ISO 8583 has room for; handsets are given none above it.
pub const STAN_MAX: u32 = 999_999;

/// Sales that a terminal is shown of a business date.
pub const RECENT_MAX: usize = 5;
/// Rows stepped back for them, a few microseconds each.
pub const RECENT_ROWS_MAX: usize = 32;

/// Rows that refused requests of one terminal may have on one business day, about 150 bytes each: a
/// refusal every two minutes all day. Beyond it a refusal is answered without a row. It bounds what
/// a thief with a terminal's key can write without paying for it to 75 KB a day.
pub const REFUSED_ROWS_MAX: u16 = 512;
/// Settlements of one terminal that have a row on one business day beyond those: each reads up to
/// [`SETTLED_ROWS_MAX`] rows.
pub const SETTLEMENTS_MAX: u16 = 64;
/// Rows of one terminal that one command reads to count what the terminal did before, a
/// microsecond each. It happens once for a terminal after a start or a change of limits.
pub const SCAN_ROWS_MAX: usize = 5_000;
/// Velocity windows in memory, by terminal and service, about 120 bytes each and 8 for every sale
/// within the window. Those that were not used for a business day are dropped.
pub const WINDOWS_MAX: usize = 1_000_000;

/// How long after a sale its answer may be asked for again before that counts as a reprint: longer
/// than a terminal takes to come back over a broken link.
pub const RETRY_MS: u64 = 300_000;
/// Times that the PIN of one voucher is sent again beyond those. Each rewrites the row and leaves
/// one in the audit log.
pub const REPRINTS_MAX: u8 = 32;
/// Such reprints of all vouchers of one terminal on one day (UTC). It bounds what a thief with a
/// terminal's key can write into the audit log, which is kept for ever, to about 20 KB a day.
pub const TERMINAL_REPRINTS_MAX: u16 = 64;
/// Records of one terminal's batches that are said in the audit log on one business day because the journal
/// has them otherwise: a day of sales that never came. The audit log is kept for ever.
pub const BATCH_FINDINGS_MAX: usize = 100;
/// Such records of all terminals on one day, 40 bytes each in memory.
pub const BATCH_FINDINGS_DAY_MAX: usize = 10_000;

/// Vouchers of one terminal on the operator's list at once because their reversal was refused. A
/// thief who files thousands of reversals must not hide everybody else's entries.
pub const EXPOSED_MAX: u16 = 50;
/// Days after which a reversal of a sale that is not in the journal is not taken any more: the
/// sale itself cannot come that late.
pub const ORIGINAL_DAYS_MAX: u16 = 31;

/// Rows of one terminal on one date that a settlement counts, a microsecond each on the one thread
/// that writes: a sale every 18 seconds all day. Beyond it the settlement is declined with 65 and
/// has no totals.
pub const SETTLED_ROWS_MAX: usize = SCAN_ROWS_MAX;

/// Audit rows read at once on the way back to a time, a microsecond each.
pub const HISTORY_AUDIT_ROWS: u64 = 1_024;

/// Secrets sealed again in one batch: about 400 KB with their rows.
pub const RESEALED_MAX: usize = 1_000;
/// Rows read for one such batch; most of the journal has no secret.
pub const RESEAL_ROWS_MAX: usize = 100_000;

/// Violations that a verification spells out, about 200 bytes each; the rest is counted only.
pub const VIOLATIONS_MAX: usize = 1_000;

const _: () =
    assert!(KEY_BYTES_MAX >= REFERENCE_BYTES_MAX && KEY_BYTES_MAX >= 6 + SERIAL_BYTES_MAX);
const _: () = assert!(LEGS_MAX == 12);
