//! The counters as a page for Prometheus.

use tillgate_core::listener;
use tillgate_core::processing::HelloRefusal;
use tillgate_core::session::{CloseReason, ConnectionRefusal};
use tillgate_edge::Refusal;

use super::page::Page;
use super::{
    ANSWERS, ASKED, BridgeMetrics, Count, LISTENER, ListenerMetrics, Metrics, REACTOR, RESULTS,
    ReactorMetrics,
};
use crate::serve::view::{Stage, View};

impl Metrics {
    pub(crate) fn page(&self, view: &View) -> Page {
        let mut page = Page::default();
        let serving = u64::from(view.stage() == Stage::Serving);
        page.one("tillgate_serving", "1 while sales are taken", serving);
        let online = super::count(view.online());
        page.one("tillgate_terminals_online", "Terminals with a proven session", online);
        self.reactors(&mut page);
        self.pool(&mut page);
        self.writer(&mut page);
        self.bridges(&mut page);
        self.listeners(&mut page);
        self.ussd.render(&mut page);
        self.edge(&mut page);
        page
    }

    fn reactors(&self, page: &mut Page) {
        for (index, metric) in REACTOR.into_iter().enumerate() {
            let reactors = self.reactors.iter().map(|m| m.numbers[index].read()).enumerate();
            page.by("reactor", metric, reactors);
        }
        let sum = |read: &dyn Fn(&ReactorMetrics) -> &Count| -> u64 {
            self.reactors.iter().map(|reactor| read(reactor).read()).sum()
        };
        let refusals = ConnectionRefusal::ALL.iter().enumerate();
        page.by(
            "reason",
            ("tillgate_connections_refused_by_reason_total", "Refused on arrival, by reason"),
            refusals.map(|(index, reason)| (reason.label(), sum(&|m| &m.refused_by[index]))),
        );
        let reasons = CloseReason::ALL.iter().enumerate();
        page.by(
            "reason",
            ("tillgate_sessions_closed_total", "Sessions ended, by reason"),
            reasons.map(|(index, reason)| (reason.label(), sum(&|m| &m.closed[index]))),
        );
    }

    fn pool(&self, page: &mut Page) {
        let pool = &self.pool;
        page.one("tillgate_handshakes_total", "Handshakes checked", pool.handshakes.read());
        let refused = pool.handshakes_refused.iter().map(Count::read);
        page.one("tillgate_handshakes_refused_total", "Handshakes refused", refused.clone().sum());
        page.by(
            "reason",
            ("tillgate_handshakes_refused_by_reason_total", "Handshakes refused, by reason"),
            HelloRefusal::ALL.iter().map(|reason| reason.label()).zip(refused),
        );
        let help = "From a request's last byte to its answer, providers included";
        page.histograms("tillgate_answer_seconds", help, [(String::new(), &pool.answered)]);
    }

    fn writer(&self, page: &mut Page) {
        let writer = &self.writer;
        page.by(
            "kind",
            ("tillgate_requests_total", "Verified requests"),
            ASKED.iter().zip(writer.asked.iter().map(Count::read)),
        );
        let codes = ANSWERS.iter().zip(writer.answers.iter().map(Count::read));
        page.by(
            "code",
            ("tillgate_answers_total", "Journalled answers, by response code"),
            codes.chain([(&"other", writer.answers_other.read())]),
        );
        for (name, help, of) in [
            ("tillgate_commit_seconds", "One durable commit", &writer.commits),
            ("tillgate_commit_commands", "Commands in one commit", &writer.batches),
        ] {
            page.histograms(name, help, [(String::new(), of)]);
        }
        for (name, help, count) in [
            ("transactions_pending", "Between intent and outcome", &writer.pending),
            ("writer_queue", "Batches waiting for the writer", &writer.mail),
            ("clock_off_seconds", "System clock, not followed any more", &writer.clock_off_s),
            ("scrub_chunks_total", "Chunks of rows read for damage", &self.scrub.chunks),
            ("scrub_passes_total", "Whole store read, nothing found", &self.scrub.passes),
        ] {
            page.one(&format!("tillgate_{name}"), help, count.read());
        }
    }

    fn edge(&self, page: &mut Page) {
        let edge = &self.edge;
        let doors = [("network", &edge.network), ("socket", &edge.local)];
        let refused = doors.into_iter().flat_map(|(door, counts)| {
            let by_reason = Refusal::ALL.iter().map(|refusal| refusal.code()).zip(counts.refused());
            let all = by_reason.chain([("silent", counts.evicted())]);
            all.map(move |(reason, count)| (format!("door=\"{door}\",reason=\"{reason}\""), count))
        });
        let other_user = "door=\"socket\",reason=\"other_user\"".to_owned();
        page.each(
            "tillgate_admin_refused_total",
            "Admin requests refused on arrival, by reason",
            refused.chain([(other_user, edge.local_refused.read())]),
        );
        let logins = [
            ("wrong", edge.logins_wrong.read()),
            ("too_soon", edge.logins_too_soon.read()),
            ("busy", edge.logins_busy.read()),
        ];
        let metric = ("tillgate_logins_refused_total", "Logins refused, by reason");
        page.by("reason", metric, logins);
        let panics = [
            ("admin", edge.network.panics() + edge.local.panics()),
            ("bridge", edge.bridge_panics.read()),
            ("ussd", edge.ussd_panics.read()),
            ("scrub", edge.scrub_panics.read()),
        ];
        let help = "Defects that ended one request or connection, by edge";
        page.by("edge", ("tillgate_edge_panics_total", help), panics);
    }

    fn listeners(&self, page: &mut Page) {
        if self.listeners.is_empty() {
            return;
        }
        for (index, metric) in LISTENER.into_iter().enumerate() {
            let listeners = self.listeners.iter();
            let series = listeners.map(|listener| (&listener.name, listener.numbers[index].read()));
            page.by("listener", metric, series);
        }
        type ReadReasons = fn(&ListenerMetrics) -> &[Count];
        let mut each = |name: &str, help: &str, labels: Vec<&'static str>, read: ReadReasons| {
            let series = self.listeners.iter().flat_map(|listener| {
                labels.iter().zip(read(listener)).map(|(reason, count)| {
                    (format!("listener=\"{}\",reason=\"{reason}\"", listener.name), count.read())
                })
            });
            page.each(name, help, series);
        };
        let refusals = listener::ConnectionRefusal::ALL.iter().map(|reason| reason.label());
        let help = "Connections refused on arrival, by reason";
        each("tillgate_listener_refused_total", help, refusals.collect(), |of| &of.refused_by);
        let reasons = listener::CloseReason::ALL.iter().map(|reason| reason.label());
        let help = "Connections ended, by reason";
        each("tillgate_listener_closed_total", help, reasons.collect(), |of| &of.closed);
        let reasons = listener::DropReason::ALL.iter().map(|reason| reason.label());
        let help = "Requests of shared connections that were dropped, by reason";
        each("tillgate_listener_dropped_total", help, reasons.collect(), |of| &of.dropped);
    }

    fn bridges(&self, page: &mut Page) {
        if self.bridges.is_empty() {
            return;
        }
        let found = self.bridges.iter().flat_map(|bridge| {
            RESULTS.iter().zip(&bridge.results).map(|(result, found)| {
                (format!("bridge=\"{}\",result=\"{result}\"", bridge.name), found.read())
            })
        });
        page.each("tillgate_bridge_results_total", "What bridges found", found);
        type Read = fn(&BridgeMetrics) -> &Count;
        let series: [((&str, &str), Read); 12] = [
            (("tillgate_bridge_in_flight", "Taken and not finished"), |m| &m.in_flight),
            (("tillgate_bridge_bounced_total", "Queue full"), |m| &m.bounced),
            (("tillgate_bridge_held_back_total", "Breaker open"), |m| &m.held_back),
            (("tillgate_bridge_too_fast_total", "Above sales_per_s"), |m| &m.too_fast),
            (("tillgate_bridge_open", "1 while the breaker is open"), |m| &m.open),
            (("tillgate_bridge_connections_up", "Signed on to the host"), |m| &m.connections_up),
            (("tillgate_bridge_unmatched_total", "Answers of no request"), |m| &m.unmatched),
            (("tillgate_bridge_late_total", "Answers after the result"), |m| &m.late),
            (("tillgate_bridge_echo_missed_total", "Unanswered echo tests"), |m| &m.echo_missed),
            (("tillgate_bridge_duplicates_total", "Same key in flight"), |m| &m.duplicates),
            (("tillgate_bridge_callbacks_total", "Posted by the provider"), |m| &m.callbacks),
            (("tillgate_bridge_callbacks_refused_total", "Unsigned or unknown"), |m| {
                &m.callbacks_refused
            }),
        ];
        for (metric, read) in series {
            let bridges = self.bridges.iter().map(|bridge| (&bridge.name, read(bridge).read()));
            page.by("bridge", metric, bridges);
        }
        let took = self.bridges.iter();
        let took = took.map(|bridge| (format!("bridge=\"{}\",", bridge.name), &bridge.took));
        page.histograms("tillgate_bridge_seconds", "From an order to its result", took);
    }
}
