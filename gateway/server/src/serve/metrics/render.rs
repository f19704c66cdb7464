//! The counters as Prometheus text, exposition format 0.0.4.

use std::fmt::Display;

use tillgate_core::processing::HelloRefusal;
use tillgate_core::session::{CloseReason, ConnectionRefusal};
use tillgate_edge::Refusal;

use super::histogram::line;
use super::{ANSWERS, ASKED, BridgeMetrics, Count, Metrics, RESULTS, ReactorMetrics};
use crate::serve::view::{Stage, View};

impl Metrics {
    /// Everything as one page; ends with a line end.
    pub(crate) fn render(&self, view: &View) -> String {
        let mut page = Page { out: String::with_capacity(16 * 1024) };
        let serving = u8::from(view.stage() == Stage::Serving);
        page.head("tillgate_serving", "gauge", "1 while sales are taken");
        page.number("tillgate_serving", "", serving);
        page.head("tillgate_terminals_online", "gauge", "Terminals with a proven session");
        page.number("tillgate_terminals_online", "", view.online());
        self.reactors(&mut page);
        self.pool(&mut page);
        self.writer(&mut page);
        self.bridges(&mut page);
        self.edge(&mut page);
        page.out
    }

    fn reactors(&self, page: &mut Page) {
        type Read = fn(&ReactorMetrics) -> &Count;
        let series: [(&str, &str, &str, Read); 10] = [
            ("sessions", "gauge", "Sessions now", |m| &m.sessions),
            ("sessions_online", "gauge", "Sessions whose terminal proved itself", |m| &m.online),
            ("sessions_unproven", "gauge", "Sessions that have proved nothing", |m| &m.unproven),
            ("requests_in_flight", "gauge", "Requests without an answer", |m| &m.requests),
            ("reactor_mail", "gauge", "Batches waiting for the reactor", |m| &m.mail),
            ("connections_admitted_total", "counter", "Connections admitted", |m| &m.admitted),
            ("connections_refused_total", "counter", "Refused on arrival", |m| &m.refused),
            ("connections_shed_total", "counter", "Closed for want of a descriptor", |m| &m.shed),
            ("sessions_slowed_total", "counter", "Not read: rate used up", |m| &m.slowed),
            ("records_opened_total", "counter", "Sealed records opened", |m| &m.records),
        ];
        for (name, kind, help, read) in series {
            let name = format!("tillgate_{name}");
            page.head(&name, kind, help);
            for (index, reactor) in self.reactors.iter().enumerate() {
                let labels = format!("reactor=\"{index}\"");
                page.number(&name, &labels, read(reactor).read());
            }
        }
        let name = "tillgate_connections_refused_by_reason_total";
        page.head(name, "counter", "Refused on arrival, by reason");
        for (index, reason) in ConnectionRefusal::ALL.iter().enumerate() {
            let refused: u64 = self.reactors.iter().map(|m| m.refused_by[index].read()).sum();
            page.number(name, &format!("reason=\"{}\"", reason.label()), refused);
        }
        let name = "tillgate_sessions_closed_total";
        page.head(name, "counter", "Sessions ended, by reason");
        for (index, reason) in CloseReason::ALL.iter().enumerate() {
            let closed: u64 = self.reactors.iter().map(|m| m.closed[index].read()).sum();
            page.number(name, &format!("reason=\"{}\"", reason.label()), closed);
        }
    }

    fn pool(&self, page: &mut Page) {
        page.head("tillgate_handshakes_total", "counter", "Handshakes checked");
        page.number("tillgate_handshakes_total", "", self.pool.handshakes.read());
        page.head("tillgate_handshakes_refused_total", "counter", "Handshakes refused");
        let refused: u64 = self.pool.handshakes_refused.iter().map(Count::read).sum();
        page.number("tillgate_handshakes_refused_total", "", refused);
        let name = "tillgate_handshakes_refused_by_reason_total";
        page.head(name, "counter", "Handshakes refused, by reason");
        for (reason, refused) in HelloRefusal::ALL.iter().zip(&self.pool.handshakes_refused) {
            page.number(name, &format!("reason=\"{}\"", reason.label()), refused.read());
        }
        let name = "tillgate_answer_seconds";
        page.head(
            name,
            "histogram",
            "From a request's last byte to its answer, providers included",
        );
        self.pool.answered.render(name, "", &mut page.out);
    }

    fn writer(&self, page: &mut Page) {
        let writer = &self.writer;
        page.head("tillgate_requests_total", "counter", "Verified requests");
        for (label, asked) in ASKED.iter().zip(&writer.asked) {
            page.number("tillgate_requests_total", &format!("kind=\"{label}\""), asked.read());
        }
        page.head("tillgate_answers_total", "counter", "Journalled answers, by response code");
        for (code, answers) in ANSWERS.iter().zip(&writer.answers) {
            page.number("tillgate_answers_total", &format!("code=\"{code}\""), answers.read());
        }
        page.number("tillgate_answers_total", "code=\"other\"", writer.answers_other.read());
        page.head("tillgate_commit_seconds", "histogram", "One durable commit");
        writer.commits.render("tillgate_commit_seconds", "", &mut page.out);
        page.head("tillgate_commit_commands", "histogram", "Commands in one commit");
        writer.batches.render("tillgate_commit_commands", "", &mut page.out);
        page.head("tillgate_transactions_pending", "gauge", "Between intent and outcome");
        page.number("tillgate_transactions_pending", "", writer.pending.read());
        page.head("tillgate_writer_queue", "gauge", "Batches waiting for the writer");
        page.number("tillgate_writer_queue", "", writer.mail.read());
        page.head("tillgate_clock_off_seconds", "gauge", "System clock, not followed any more");
        page.number("tillgate_clock_off_seconds", "", writer.clock_off_s.read());
        page.head("tillgate_scrub_chunks_total", "counter", "Chunks of rows read for damage");
        page.number("tillgate_scrub_chunks_total", "", self.scrub.chunks.read());
        page.head("tillgate_scrub_passes_total", "counter", "Whole store read, nothing found");
        page.number("tillgate_scrub_passes_total", "", self.scrub.passes.read());
    }

    fn edge(&self, page: &mut Page) {
        let edge = &self.edge;
        let acceptors = [("network", &edge.network), ("socket", &edge.local)];
        let name = "tillgate_admin_refused_total";
        page.head(name, "counter", "Admin requests refused on arrival, by reason");
        for (acceptor, counts) in acceptors {
            for (refusal, count) in Refusal::ALL.iter().zip(counts.refused()) {
                let labels = format!("door=\"{acceptor}\",reason=\"{}\"", refusal.code());
                page.number(name, &labels, count);
            }
            page.number(name, &format!("door=\"{acceptor}\",reason=\"silent\""), counts.evicted());
        }
        let other_user = edge.local_refused.read();
        page.number(name, "door=\"socket\",reason=\"other_user\"", other_user);
        let name = "tillgate_logins_refused_total";
        page.head(name, "counter", "Logins refused, by reason");
        let logins = [
            ("wrong", &edge.logins_wrong),
            ("too_soon", &edge.logins_too_soon),
            ("busy", &edge.logins_busy),
        ];
        for (reason, count) in logins {
            page.number(name, &format!("reason=\"{reason}\""), count.read());
        }
        let name = "tillgate_edge_panics_total";
        page.head(name, "counter", "Defects that ended one request or connection, by edge");
        let panics = [
            ("admin", edge.network.panics() + edge.local.panics()),
            ("bridge", edge.bridge_panics.read()),
            ("scrub", edge.scrub_panics.read()),
        ];
        for (which, count) in panics {
            page.number(name, &format!("edge=\"{which}\""), count);
        }
    }

    fn bridges(&self, page: &mut Page) {
        if self.bridges.is_empty() {
            return;
        }
        let name = "tillgate_bridge_results_total";
        page.head(name, "counter", "What bridges found");
        for bridge in &self.bridges {
            for (result, found) in RESULTS.iter().zip(&bridge.results) {
                let labels = format!("bridge=\"{}\",result=\"{result}\"", bridge.name);
                page.number(name, &labels, found.read());
            }
        }
        type Read = fn(&BridgeMetrics) -> &Count;
        let series: [(&str, &str, &str, Read); 4] = [
            ("tillgate_bridge_in_flight", "gauge", "Taken and not finished", |m| &m.in_flight),
            ("tillgate_bridge_bounced_total", "counter", "Queue full", |m| &m.bounced),
            ("tillgate_bridge_held_back_total", "counter", "Breaker open", |m| &m.held_back),
            ("tillgate_bridge_open", "gauge", "1 while the breaker is open", |m| &m.open),
        ];
        for (name, kind, help, read) in series {
            page.head(name, kind, help);
            for bridge in &self.bridges {
                page.number(name, &format!("bridge=\"{}\"", bridge.name), read(bridge).read());
            }
        }
        let name = "tillgate_bridge_seconds";
        page.head(name, "histogram", "From an order to its result");
        for bridge in &self.bridges {
            bridge.took.render(name, &format!("bridge=\"{}\",", bridge.name), &mut page.out);
        }
    }
}

struct Page {
    out: String,
}

impl Page {
    fn head(&mut self, name: &str, kind: &str, help: &str) {
        line(&mut self.out, format_args!("# HELP {name} {help}"));
        line(&mut self.out, format_args!("# TYPE {name} {kind}"));
    }

    fn number(&mut self, name: &str, labels: &str, value: impl Display) {
        match labels {
            "" => line(&mut self.out, format_args!("{name} {value}")),
            _ => line(&mut self.out, format_args!("{name}{{{labels}}} {value}")),
        }
    }
}
