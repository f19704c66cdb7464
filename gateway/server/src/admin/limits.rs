//! Bounds of the admin API, with their reasons. Whatever happens here must leave the terminals'
//! side alone: few connections, few threads, known memory.

use std::time::Duration;

/// Connections at once. Operators, a collector of metrics, the command line: a handful.
pub(crate) const CONNECTIONS_MAX: usize = 64;
/// From the connection to the last byte of the request's head.
pub(crate) const HEADER_TIME_MAX: Duration = Duration::from_secs(5);
/// From the head of a request to its answer, the body's arrival included.
pub(crate) const REQUEST_TIME_MAX: Duration = Duration::from_secs(90);
/// From the connection to its end; whoever reads an answer slower than this loses it.
pub(crate) const CONNECTION_TIME_MAX: Duration = Duration::from_secs(120);
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
/// Threads that read the store for answers.
pub(crate) const BLOCKING_THREADS_MAX: usize = 6;
/// How long an order may take to become durable.
pub(crate) const ORDER_TIME_MAX: Duration = Duration::from_secs(10);
/// The same for an import, which is the largest write there is.
pub(crate) const IMPORT_TIME_MAX: Duration = Duration::from_secs(60);
/// Terminals on one page.
pub(crate) const TERMINALS_PER_PAGE_MAX: usize = 1_000;
/// Registry rows looked at for one page, when few of them have the state asked for.
pub(crate) const ROWS_PER_PAGE_MAX: usize = 50_000;
/// Transactions on one page of the journal: about 4 MB.
pub(crate) const TRANSACTIONS_PER_PAGE_MAX: usize = 10_000;
/// People logged in at once; each is 100 bytes.
pub(crate) const LOGINS_MAX: usize = 256;
/// Passwords checked at once: each takes 19 MiB and 30 ms of a core.
pub(crate) const PASSWORD_CHECKS_MAX: usize = 2;
/// A login ends after so long without a request.
pub(crate) const LOGIN_IDLE: Duration = Duration::from_secs(15 * 60);
/// A login ends after so long whatever happens.
pub(crate) const LOGIN_LIFE: Duration = Duration::from_secs(8 * 3600);
/// Text of a message for a terminal's screen; the terminal link's bound.
pub(crate) const MESSAGE_BYTES_MAX: usize = 160;
/// Reason of a block as a terminal shows it; the terminal link's bound.
pub(crate) const REASON_BYTES_MAX: usize = 160;
