//! The text that an installation begins with.

use core::net::SocketAddr;
use std::fmt::Write;

use super::HttpUrl;

/// What the operator of a new installation chooses.
pub struct InstallOptions {
    /// Where terminals will connect.
    pub terminals: SocketAddr,
    /// Where the admin API will listen.
    pub admin: SocketAddr,
    /// File descriptors that the process may have at most.
    pub descriptors: u64,
    /// Name and URL of each HTTP bridge.
    pub bridges: Vec<(String, HttpUrl)>,
}

/// The commented configuration.
#[must_use]
pub fn template(options: &InstallOptions) -> String {
    let mut text = TEMPLATE
        .replace("{terminals}", &options.terminals.to_string())
        .replace("{admin}", &options.admin.to_string());
    if let Some(sessions) = sessions_within(options.descriptors) {
        let fitting = format!("sessions_max = {sessions}");
        text = text.replace("# sessions_max = 18000", &fitting);
    }
    for (name, url) in &options.bridges {
        write!(
            text,
            "\n[[bridge]]\nname = {name:?}\nkind = \"http\"\nurl = \"{url}\"\nconnections = 32\n\
             deadline_s = 10\n{CAPABILITIES}"
        )
        .expect("writing to a String does not fail");
    }
    text
}

/// Sessions unless the descriptors are fewer.
const SESSIONS: u64 = 18_000;
/// What everything beside the sessions may take; the gateway adds it up exactly at its start.
const DESCRIPTORS_BESIDE: u64 = 1_024;
/// Fewer make no gateway.
const SESSIONS_MIN: u64 = 100;

/// How many sessions fit, when the default does not.
fn sessions_within(descriptors: u64) -> Option<u64> {
    let fitting = descriptors.saturating_sub(DESCRIPTORS_BESIDE);
    (fitting < SESSIONS).then_some(fitting.max(SESSIONS_MIN))
}

/// What a provider can do is for its operator to claim: no default may cost money.
const CAPABILITIES: &str = "\
# What this provider can do. Each claim decides what happens when it does not respond; a wrong one
# costs money. With none of them a person decides every such case (docs/bridges.md).
# The same reference again has no second effect and gets the same response.
# If that is wrong: a subscriber is credited twice for one sale.
idempotent = false
# It reports the outcome of any reference, at any later time.
# If that is wrong: an order that was carried out is taken for one that was not, and refunded.
inquiry = false
# It takes a reference back, also one that has not arrived yet, and then refuses that one.
# If that is wrong: the seller gets the money back and the subscriber keeps the credit.
reversal = false
# It wants to know that the receipt was printed.
# If that is wrong: every confirmation fails and is repeated for a day; no money moves.
confirmation = false
# It says what is to be paid on an account before it is paid.
# If that is wrong: services with a lookup are not sold; no money moves.
lookup = false
";

const TEMPLATE: &str = r#"# Tillgate's configuration. Paths are relative to this file. Lines that begin with # and a key
# show that key's default. docs/operations.md describes every key and its range.

[listen]
# Where terminals connect. "0.0.0.0:7400" or "[::]:7400" lets them in from everywhere.
terminals = "{terminals}"
# Reactor threads; more than one helps from about four cores on.
# reactors = 1
# Connections that the kernel keeps waiting until the gateway accepts them.
# backlog = 4096

[admin]
# The admin API speaks plain HTTP: keep it on this machine, or behind something that adds TLS.
listen = "{admin}"
# Where the commands of this machine find the gateway, which lets in its own user and root.
# socket = "admin.sock"
# The hash that the token of programs on other machines (the file admin.token) is checked with.
# token_sha256 = "keys/admin.sha256"
# users = "users.toml"

[store]
dir = "data"
# Seals terminal keys and voucher PINs in the store. Without it the store is worthless: back it
# up, in another place than the store.
kek = "keys/kek-1.key"
kek_id = 1
# Remembers the last commit, to notice a lost end. On another device it also notices when the
# whole data directory was set back, as by a snapshot of a virtual machine.
# high_water = "data/high-water"
# A key that was replaced but still opens what it sealed:
# kek_old = [{ id = 1, file = "keys/kek-1.key" }]

[import]
# The age keys that open encrypted voucher batches; `tillgate stock recipient` shows whom issuers
# encrypt for. Make the file with `age-keygen`.
# age_identity = "keys/import.age-key"

[link]
# The gateway's private key; its public half, keys/gateway.pub, is in every terminal.
key = "keys/gateway.key"
# A session that says nothing for this long is closed; terminals ping before.
# idle_s = 600
# handshake_s = 20
# record_s = 20
# Each takes a file descriptor; see `ulimit -n`.
# sessions_max = 18000
# Of these, how many may have proved nothing yet, and how many of those may come from one address.
# unproven_percent = 75
# unproven_address_percent = 50
# How much one terminal may ask for; beyond it, it is not read. 0 sets no bound, for load tests.
# requests_per_s = 10
# requests_burst = 30
# handshakes_per_min = 30
# handshakes_burst = 20

[workers]
# Threads for handshakes, decoding, verification and answers.
# pool = 1

[calendar]
# The operator's local time, and when its business day begins. Where clocks change in summer,
# give time_zone = "Europe/Berlin" in the place of utc_offset.
utc_offset = "+00:00"
cutoff = "00:00"

[transactions]
# Every request is answered within this, even when its provider does not respond.
# answer_s = 25
# batch_max = 1024
# pending_max = 100000
# Days for which a terminal receives the PIN of a voucher that it sold again.
# reprint_days = 7

[log]
# "text" or "json"; "error", "warn", "info" or "debug". Written to standard error.
# format = "text"
# level = "info"

# A provider. Services of kind "topup" name a bridge in the column `route` of services.csv.
# deadline_s must be below transactions.answer_s. Capabilities (idempotent, inquiry, reversal,
# confirmation) are false unless they are claimed; docs/bridges.md says what each one risks.
# A provider with an API of its own has a profile (`tillgate bridge list`, or a file) and its secrets.
#
# [[bridge]]
# name = "topup"
# kind = "http"
# url = "http://127.0.0.1:7402/topups"
# profile = "reloadly"
# secrets = { token = { file = "keys/reloadly.token" } }
# values = { country = "KE" }
# products = { "20" = "520" }
# connections = 32
# deadline_s = 10
# idempotent = false
# inquiry = false
# reversal = false
# confirmation = false
# lookup = false
#
# An ISO 8583 host (docs/bridges.md section 7; `tillgate bridge list` names the profiles):
#
# [[bridge]]
# name = "acquirer"
# kind = "iso8583"
# profile = "iso87-host"
# addresses = ["10.0.0.1:8583"]
# window = 64
# deadline_s = 10
# sales_per_s = 0
# tls = { ca = "keys/acquirer-ca.pem" }
# mac_key = "keys/acquirer-mac.key"
# reversal = false
#
# Terminals of other makers (docs/iso8583.md; `tillgate listener list` names the profiles). Each
# terminal is enabled for one listener in the column `listener` of terminals.csv.
#
# [[iso8583_listener]]
# name = "pos"
# address = "0.0.0.0:7410"
# profile = "nac-terminal"
# networks = ["10.20.0.0/16"]
# tls = { certificate = "keys/pos.pem", key = "keys/pos.key" }
# shared = false
# connections_max = 1000
# connections_per_address = 200
# requests_per_s = 10
# first_s = 20
# frame_s = 20
# idle_s = 600
#
# Handsets over USSD (docs/ussd.md; `tillgate ussd list` names the profiles). Which numbers sell for
# which terminal is in handsets.csv.
#
# [ussd]
# menus = ["menu.toml"]
# dialogs_max = 100000
# idle_s = 180
#
# [[ussd_link]]
# name = "mtn"
# network = "mtn"
# address = "10.0.0.1:2775"
# profile = "standard"
# system_id = "tillgate"
# password = "keys/mtn.password"
# system_type = "USSD"
# bind = "transceiver"
# sender = "123"
# tls = { ca = "keys/mtn-ca.pem" }
# window = 10
# texts_per_s = 0
# enquire_s = 30
# response_s = 10
# answer_s = 12
#
# [[ussd_http]]
# name = "at"
# network = "safaricom"
# listen = "127.0.0.1:7404"
# profile = "africas-talking"
# networks = ["10.20.0.0/16"]
# secret = { header = "X-Secret", file = "keys/at.secret" }
# tls = { certificate = "keys/at.pem", key = "keys/at.key" }
# requests_max = 1000
# sessions_max = 100000
"#;
