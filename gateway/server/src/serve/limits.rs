//! Every bound of the shell, with its reason. Those of the core are in
//! [`tillgate_core::limits`], those that an operator sets in the configuration.

use std::time::Duration;

use tillgate_core::time::Span;

/// Bytes read from one socket in one turn. Twice the longest record: whoever sends more waits
/// for the next turn, so that one talker does not hold up the others.
pub(crate) const READ_BYTES_PER_TURN_MAX: usize = 4 * 1024;

/// Connections accepted in one turn.
pub(crate) const ACCEPTS_PER_TURN_MAX: usize = 64;

/// Pause before accepting again after the system refused a descriptor or memory.
pub(crate) const ACCEPT_PAUSE: Span = Span::ms(50);

/// Socket events taken in one turn.
pub(crate) const EVENTS_PER_TURN_MAX: usize = 1_024;

/// Batches from the pool taken in one turn; the rest keeps the next turn from sleeping.
pub(crate) const MAIL_PER_TURN_MAX: usize = 64;

/// Sessions of a TLS listener that are read in one turn: each may be a handshake, a millisecond or two
/// of arithmetic. The others wait for the next turn, which begins with the pool's answers.
pub(crate) const TLS_READS_PER_TURN_MAX: usize = 16;

/// Kernel buffer for what a terminal sends; a terminal sends a few hundred bytes at a time.
pub(crate) const SOCKET_RECEIVE_BYTES: usize = 16 * 1024;

/// Kernel buffer for what a terminal is sent. With it, a terminal that does not read costs a
/// known amount of kernel memory.
pub(crate) const SOCKET_SEND_BYTES: usize = 32 * 1024;

/// Silence before the kernel asks whether a half-open peer is still there. Longer than the ping
/// interval that terminals are given would be useless, shorter would wake radios.
pub(crate) const KEEPALIVE_AFTER: Duration = Duration::from_secs(300);

/// Pause between two such questions.
pub(crate) const KEEPALIVE_EVERY: Duration = Duration::from_secs(30);

/// Unanswered questions before the connection counts as dead.
pub(crate) const KEEPALIVE_COUNT: u32 = 4;

/// Bytes sent and not acknowledged for this long: the connection is dead. Longer than the stalls
/// of a GPRS link during a cell change.
pub(crate) const UNACKNOWLEDGED_MAX: Duration = Duration::from_secs(60);

/// Requests in one batch for the pool; more are split so that several threads share them.
pub(crate) const REQUESTS_PER_BATCH_MAX: usize = 256;

/// Handshakes in one batch: about 1 ms of curve arithmetic, after which sales come first again.
pub(crate) const HELLOS_PER_BATCH_MAX: usize = 8;

/// Batches of requests and replies waiting for the pool. When it is full the sender keeps its
/// batch and goes on adding to it, so what waits is bounded by the requests in flight.
pub(crate) const JOBS_MAX: usize = 256;

/// Parts of the handshake counters with a lock of their own: pool threads meet in one in a
/// sixteenth of the cases, for less than a microsecond.
pub(crate) const CLAIM_SHARDS: usize = 16;

/// Batches of handshakes waiting for the pool.
pub(crate) const HELLO_JOBS_MAX: usize = 256;

/// Batches, findings and orders waiting for the writer; its senders wait when it is full.
pub(crate) const WRITER_QUEUE_MAX: usize = 256;

/// Batches waiting for one reactor.
pub(crate) const REACTOR_MAIL_MAX: usize = 256;

/// Operator's orders between the admin and their result.
pub(crate) const CONTROLS_MAX: usize = 64;

/// Batches of comings and goings waiting for the supervisor.
pub(crate) const PRESENCE_MAX: usize = 256;

/// Records of dialogs that wait for the supervisor, about 120 bytes each: some seconds of the most
/// that one core brings. Beyond it the oldest are counted and dropped.
pub(crate) const DIALOG_RECORDS_MAX: usize = 65_536;

/// Empty batches of one kind kept for reuse.
pub(crate) const SPARE_BATCHES_MAX: usize = 256;

/// A batch whose arena has grown beyond this is not kept.
pub(crate) const SPARE_BATCH_BYTES_MAX: usize = 1 << 20;

/// Wait before a batch that did not fit is offered again.
pub(crate) const RETRY_AFTER: Duration = Duration::from_millis(1);

/// How often the store's high-water mark is brought to the disk.
pub(crate) const TICK_EVERY: Span = Span::s(1);

/// Rows that the scrubber reads at a time, in bytes of keys and values.
pub(crate) const SCRUB_CHUNK_BYTES: usize = 1 << 20;

/// Between two such chunks: at most 20 MiB a second, a twentieth of a core.
pub(crate) const SCRUB_PAUSE: Duration = Duration::from_millis(50);

/// Acknowledgements of pushed commands remembered for the admin.
pub(crate) const ACKNOWLEDGED_MAX: usize = 4_096;

/// Orders waiting for one bridge beyond its connections; more are declined with 91 at once.
pub(crate) const BRIDGE_QUEUE_MAX: usize = 4_096;

/// Reads and writes of a host's sockets that wait for their bridge; beyond it sockets are not read.
pub(crate) const HOST_EVENTS_MAX: usize = 64;

/// Bytes read from a host at once: some twenty answers.
pub(crate) const HOST_READ_BYTES: usize = 4_096;

/// From a connection to a provider to the end of its TLS handshake: half of a bridge's usual
/// deadline, so that a sale whose provider stalls is declined before the terminal gives up. The
/// bridge's deadline ends it earlier where that is shorter.
pub(crate) const PROVIDER_HANDSHAKE_MAX: Duration = Duration::from_secs(5);

/// Orders of one bridge about which its provider may post something, about 400 bytes each; the
/// oldest makes room. Older ones are asked about.
pub(crate) const CALLBACK_ORDERS_MAX: usize = 8_192;

/// Connections of one bridge's callbacks at once.
pub(crate) const CALLBACK_CONNECTIONS_MAX: usize = 64;

/// Of them from one address: half, so that one stranger does not keep the provider out.
pub(crate) const CALLBACK_ADDRESS_MAX: usize = 32;

/// Between two connections of one bridge's callbacks: at most 200 a second, whose signatures cost
/// less than a hundredth of a core.
pub(crate) const CALLBACK_PAUSE: Duration = Duration::from_millis(5);

/// From a callback's connection to the end of its head, and from there to its end.
pub(crate) const CALLBACK_TIME_MAX: Duration = Duration::from_secs(10);

/// Longest body of a callback. One transaction has a tenth.
pub(crate) const CALLBACK_BYTES_MAX: u64 = 16 * 1024;

/// Longest head of a callback.
pub(crate) const CALLBACK_HEAD_BYTES_MAX: usize = 16 * 1024;

/// Headers of a callback.
pub(crate) const CALLBACK_HEADERS_MAX: usize = 64;

/// Connections to a USSD link over HTTP whose request's head has not arrived; half of them from one
/// address. The one that is silent for longest makes room.
pub(crate) const AGGREGATOR_SILENT_MAX: usize = 256;

/// From an aggregator's connection to the end of its head, and from there to the end of its body.
pub(crate) const AGGREGATOR_TIME_MAX: Duration = Duration::from_secs(5);

/// Longest head of an aggregator's request: the text of a GET is in it.
pub(crate) const AGGREGATOR_HEAD_BYTES_MAX: usize = 16 * 1024;

/// Headers of an aggregator's request.
pub(crate) const AGGREGATOR_HEADERS_MAX: usize = 64;

/// For so long a request is offered to the thread of USSD links, whose mail is full; then it is
/// answered 503.
pub(crate) const AGGREGATOR_POST_MAX: Duration = Duration::from_secs(1);

/// On the way down, the last answers have so long to leave.
pub(crate) const AGGREGATOR_REST: Duration = Duration::from_secs(1);

/// From one line of the log about what a bridge's HTTP provider does wrong to the next: a dead
/// provider or a wrong profile concerns every sale.
pub(crate) const COMPLAINT_EVERY: Span = Span::s(10);

/// Longest answer of a provider.
pub(crate) const PROVIDER_ANSWER_BYTES_MAX: usize = 64 * 1024;
