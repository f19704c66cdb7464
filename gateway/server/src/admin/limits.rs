//! Bounds of the admin API, with their reasons. Whatever happens here must leave the terminals'
//! side alone: few connections, few threads, known memory.

use std::time::Duration;

use tillgate_core::time::Span;

/// Peers of the admin port whose request's head has not arrived. When all are taken, the oldest of
/// the address with the most of them makes room, so a flood shortens the time a peer has for its
/// head and refuses nobody.
pub(crate) const WAITING_MAX: usize = 256;
/// The same from one address, whose own oldest makes room first.
pub(crate) const WAITING_PER_ADDRESS_MAX: usize = 64;
/// Longest amount in a question, bytes.
pub(crate) const AMOUNT_BYTES_MAX: usize = 20;
/// Requests for health, readiness and metrics at once: they have no body and are answered at once.
pub(crate) const HEALTH_MAX: usize = 8;
pub(crate) const HEALTH_PER_ADDRESS_MAX: usize = 4;
/// Logins at once, from a request's head to the end of its answer.
pub(crate) const STRANGERS_MAX: usize = 16;
pub(crate) const STRANGERS_PER_ADDRESS_MAX: usize = 4;
/// Requests at once of people and programs that have shown who they are.
pub(crate) const KNOWN_MAX: usize = 48;
/// Connections of the admin port at once, those that are just ending included.
pub(crate) const CONNECTIONS_MAX: usize = 384;
/// Connections at once over the Unix socket: the commands of an operator.
pub(crate) const LOCAL_MAX: usize = 32;
/// From the connection to the last byte of the request's head.
pub(crate) const HEADER_TIME_MAX: Duration = Duration::from_secs(5);
/// From the head of a request to its answer, the body's arrival included.
pub(crate) const REQUEST_TIME_MAX: Duration = Duration::from_secs(90);
/// From the head of a request to its body's end, for somebody who has shown nothing yet.
pub(crate) const STRANGER_BODY_TIME_MAX: Duration = Duration::from_secs(5);
/// The same for a known caller: an import over a slow line.
pub(crate) const BODY_TIME_MAX: Duration = Duration::from_secs(60);
/// From a request's head to the connection's end; whoever reads an answer slower than this loses
/// it.
pub(crate) const CONNECTION_TIME_MAX: Duration = Duration::from_secs(120);
/// The same of a request for health or metrics.
pub(crate) const HEALTH_TIME_MAX: Duration = Duration::from_secs(10);
/// The same of a login.
pub(crate) const STRANGER_TIME_MAX: Duration = Duration::from_secs(20);
/// Bytes hyper buffers for one connection, and so the longest head of a request.
pub(crate) const HEAD_BYTES_MAX: usize = 16 * 1024;
/// Headers of one request.
pub(crate) const HEADERS_MAX: usize = 64;
/// Pause before accepting again after the system refused a descriptor.
pub(crate) const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Body of an ordinary order.
pub(crate) const BODY_BYTES_MAX: u64 = 16 * 1024;
/// Body of an import: a file of 64 MiB in JSON. One import runs at a time.
pub(crate) const IMPORT_BODY_BYTES_MAX: u64 = 80 * 1024 * 1024;
/// Body of a withdrawal: as many serials as one command takes, in JSON.
pub(crate) const WITHDRAWAL_BODY_BYTES_MAX: u64 = 32 * 1024;
/// Vouchers on one page of a list for an issuer: about 2 MB.
pub(crate) const VOUCHERS_PER_PAGE_MAX: usize = 10_000;
/// Threads that read the store for answers.
pub(crate) const BLOCKING_THREADS_MAX: usize = 6;
/// How long an order may take to become durable.
pub(crate) const ORDER_TIME_MAX: Duration = Duration::from_secs(10);
/// The same for an import, which is the largest write there is.
pub(crate) const IMPORT_TIME_MAX: Duration = Duration::from_secs(60);
pub(crate) const TERMINALS_PER_PAGE_MAX: usize = 1_000;
/// Registry rows looked at for one page, when few of them have the state asked for.
pub(crate) const ROWS_PER_PAGE_MAX: usize = 50_000;
/// Transactions on one page of the journal: about 4 MB.
pub(crate) const TRANSACTIONS_PER_PAGE_MAX: usize = 10_000;
/// Versions of a record on one page: about 6 MB if it is a service with 1,000 products.
pub(crate) const VERSIONS_PER_PAGE_MAX: usize = 100;
/// Passwords checked at once: each takes 19 MiB and 30 ms of a core.
pub(crate) const PASSWORD_CHECKS_MAX: usize = 1;
/// Logins that wait for that; the next ones are refused.
pub(crate) const PASSWORD_QUEUE_MAX: usize = 8;
/// Text of a message for a terminal's screen; the terminal link's bound.
pub(crate) const MESSAGE_BYTES_MAX: usize = 160;
/// A person's note for the audit log; where the order came from is written behind it.
pub(crate) const NOTE_BYTES_MAX: usize = 1_024;
/// Reason of a block as a terminal shows it; the terminal link's bound.
pub(crate) const REASON_BYTES_MAX: usize = 160;
/// Open transactions counted for one page of metrics; a larger count is shown as this.
pub(crate) const OPEN_COUNTED_MAX: usize = 100_000;
/// Between two looks at the stock for alarms in the log: a row per product and expiry each.
pub(crate) const STOCK_WATCH_PAUSE: Duration = Duration::from_secs(60);
/// How long a page of metrics waits for a count.
pub(crate) const GAUGES_WAIT: Duration = Duration::from_millis(300);
/// After this a count that has not ended is given up.
pub(crate) const GAUGES_TIME_MAX: Span = Span::s(60);
/// The shortest pause between two counts.
pub(crate) const GAUGES_PAUSE: Span = Span::s(5);
/// A count is not repeated before this many times its own duration.
pub(crate) const GAUGES_AGAIN: u64 = 100;
