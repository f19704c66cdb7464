//! Counters of USSD links and their dialogs.

use tillgate_core::processing::DatagramRefusal;
use tillgate_core::ussd::EndReason;
use tillgate_core::ussd::dialogs::DialogStats;
use tillgate_core::ussd::http::HttpStatus;
use tillgate_core::ussd::smpp::{LinkState, SmppStatus};

use super::page::Page;
use super::{Count, count, set};

/// The numbers of all dialogs: name and help, in the order of [`UssdMetrics::publish`].
const DIALOGS: [(&str, &str); 12] = [
    ("tillgate_ussd_dialogs", "Dialogs now"),
    ("tillgate_ussd_unseen", "Of these, whose subscriber is gone and whose sale is not over"),
    ("tillgate_ussd_begins_total", "Subscribers who dialled"),
    ("tillgate_ussd_inputs_total", "Screens that were answered"),
    ("tillgate_ussd_requests_total", "Requests that went to verification"),
    ("tillgate_ussd_redelivered_total", "Begins that the centre delivered again"),
    ("tillgate_ussd_strays_total", "Inputs of no known dialog"),
    ("tillgate_ussd_notified_total", "Receipts sent after their dialog"),
    ("tillgate_ussd_not_notified_total", "Receipts that no link could send after"),
    ("tillgate_ussd_datagrams_opened_total", "Requests of terminals that were opened"),
    ("tillgate_ussd_datagrams_late_total", "Of these, answered before their outcome was known"),
    ("tillgate_ussd_datagram_parts_total", "Parts of replies that were sent to terminals"),
];

/// The numbers of a link over SMPP, in the order of [`LinkMetrics::publish`].
const SMPP: [(&str, &str); 12] = [
    ("tillgate_ussd_link_up", "1 while dialogs go on over the link"),
    ("tillgate_ussd_link_in_flight", "Texts without an answer of the centre"),
    ("tillgate_ussd_link_waiting", "Texts that were not sent yet"),
    ("tillgate_ussd_link_congestion", "The centre's load as it says it, 0 to 100"),
    ("tillgate_ussd_link_binds_total", "Binds that the centre accepted"),
    ("tillgate_ussd_link_submits_total", "Texts sent, repeats included"),
    ("tillgate_ussd_link_accepted_total", "Texts that the centre accepted"),
    ("tillgate_ussd_link_throttled_total", "Texts that the centre held off"),
    ("tillgate_ussd_link_late_total", "Texts not sent in time"),
    ("tillgate_ussd_link_unknown_total", "Texts without an answer in time"),
    ("tillgate_ussd_link_unparsable_total", "PDUs that could not be read"),
    ("tillgate_ussd_link_ignored_total", "Messages of no dialog"),
];

/// The numbers of a link over HTTP, in the order of [`LinkMetrics::publish_http`].
const HTTP: [(&str, &str); 15] = [
    ("tillgate_ussd_link_up", "1 while dialogs go on over the link"),
    ("tillgate_ussd_link_sessions", "Sessions that go on"),
    ("tillgate_ussd_link_unanswered", "Requests without an answer"),
    ("tillgate_ussd_link_requests_total", "Requests that came to the link"),
    ("tillgate_ussd_link_begins_total", "Sessions that began"),
    ("tillgate_ussd_link_inputs_total", "Inputs in a session"),
    ("tillgate_ussd_link_aborts_total", "Sessions that subscriber or network have ended"),
    ("tillgate_ussd_link_repeats_total", "Requests that got the answer of the one they repeat"),
    ("tillgate_ussd_link_late_total", "Texts not sent in time"),
    ("tillgate_ussd_link_denied_total", "Requests of strangers"),
    ("tillgate_ussd_link_turned_away_total", "Requests too slow, too long or without a place"),
    ("tillgate_ussd_link_unreadable_total", "Requests that could not be read"),
    ("tillgate_ussd_link_conflicts_total", "Requests while another of the session waits"),
    ("tillgate_ussd_link_over_total", "Requests of sessions that are over or not known"),
    ("tillgate_ussd_link_busy_total", "Sessions that found no room, or the way down"),
];

/// What a link speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LinkKind {
    Smpp,
    Http,
}

impl LinkKind {
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Smpp => "smpp",
            Self::Http => "http",
        }
    }
}

#[derive(Default)]
pub(crate) struct UssdMetrics {
    numbers: [Count; DIALOGS.len()],
    ended: [Count; EndReason::ALL.len()],
    /// Datagrams.
    refused: [Count; DatagramRefusal::ALL.len()],
    /// Records of dialogs that were not written.
    pub(crate) lost_records: Count,
    pub(crate) links: Vec<LinkMetrics>,
}

pub(crate) struct LinkMetrics {
    pub(crate) name: String,
    pub(crate) kind: LinkKind,
    numbers: [Count; HTTP.len()],
    /// Texts refused, whatever the status.
    refused: Count,
    /// Strangers whose request did not come to the link, and others.
    denied: Count,
    turned_away: Count,
}

impl UssdMetrics {
    pub(crate) fn named<'a>(links: impl Iterator<Item = (&'a str, LinkKind)>) -> Self {
        let link = |(name, kind): (&str, LinkKind)| LinkMetrics {
            name: name.to_owned(),
            kind,
            numbers: Default::default(),
            refused: Count::default(),
            denied: Count::default(),
            turned_away: Count::default(),
        };
        Self { links: links.map(link).collect(), ..Self::default() }
    }

    /// Called once a turn by the thread of the links.
    pub(crate) fn publish(&self, stats: &DialogStats) {
        let numbers = [
            u64::from(stats.open),
            u64::from(stats.unseen),
            stats.begins,
            stats.inputs,
            stats.requests,
            stats.redelivered,
            stats.strays,
            stats.notified,
            stats.not_notified,
            stats.frames.opened,
            stats.frames.late,
            stats.frames.parts,
        ];
        set(&self.numbers, &numbers);
        set(&self.ended, &stats.ended);
        set(&self.refused, &stats.frames.refused);
    }

    /// A stranger called; the link has not seen it.
    pub(crate) fn deny(&self, link: u16) {
        self.links[usize::from(link)].denied.add(1);
    }

    /// A request was answered in front of the link.
    pub(crate) fn turn_away(&self, link: u16) {
        self.links[usize::from(link)].turned_away.add(1);
    }

    pub(super) fn render(&self, page: &mut Page) {
        if self.links.is_empty() {
            return;
        }
        for ((name, help), number) in DIALOGS.into_iter().zip(&self.numbers) {
            page.one(name, help, number.read());
        }
        let ends = EndReason::ALL.iter().map(|reason| reason.label());
        let ended = ends.zip(self.ended.iter().map(Count::read));
        page.by("reason", ("tillgate_ussd_dialogs_ended_total", "Dialogs ended, by reason"), ended);
        let reasons = DatagramRefusal::ALL.iter().map(|reason| reason.label());
        let refused = reasons.zip(self.refused.iter().map(Count::read));
        let metric =
            ("tillgate_ussd_datagrams_refused_total", "Datagrams of terminals refused, by reason");
        page.by("reason", metric, refused);
        let help = "Records of dialogs that were not written to the log";
        page.one("tillgate_ussd_records_lost_total", help, self.lost_records.read());
        let is_smpp = |name: &str| SMPP.iter().any(|(known, _)| *known == name);
        for metric in SMPP.into_iter().chain(HTTP.into_iter().filter(|(name, _)| !is_smpp(name))) {
            let number = |link: &LinkMetrics| {
                let index = link.table().iter().position(|(name, _)| *name == metric.0)?;
                Some(link.number(index))
            };
            let links = self.links.iter().filter_map(|link| Some((&link.name, number(link)?)));
            page.by("link", metric, links);
        }
        let smpp = self.links.iter().filter(|link| link.kind == LinkKind::Smpp);
        let refused = smpp.map(|link| (&link.name, link.refused.read()));
        let metric = ("tillgate_ussd_link_refused_total", "Texts that the centre refused for good");
        page.by("link", metric, refused);
    }
}

impl LinkMetrics {
    pub(crate) fn publish(&self, status: &SmppStatus) {
        let stats = &status.stats;
        let is_up = matches!(status.state, LinkState::Bound | LinkState::Throttled);
        let numbers = [
            u64::from(is_up),
            count(status.in_flight),
            count(status.waiting),
            u64::from(status.congestion.unwrap_or(0)),
            stats.binds,
            stats.submits,
            stats.accepted,
            stats.throttled,
            stats.late,
            stats.unknown,
            stats.unparsable,
            stats.ignored,
        ];
        set(&self.numbers, &numbers);
        let refused: u64 = stats.refused.rows().map(|(_, count)| count).sum();
        self.refused.set(refused + stats.refused.others);
    }

    pub(crate) fn publish_http(&self, status: &HttpStatus) {
        let stats = &status.stats;
        let numbers = [
            1,
            count(status.sessions),
            count(status.waiting),
            stats.requests,
            stats.begins,
            stats.inputs,
            stats.aborts,
            stats.repeats,
            stats.late,
            stats.denied,
            0,
            stats.unreadable,
            stats.conflicts,
            stats.over,
            stats.busy,
        ];
        set(&self.numbers, &numbers);
    }

    /// What the thread of the links has published, and what was counted in front of it.
    fn number(&self, index: usize) -> u64 {
        let in_front = match self.table()[index].0 {
            "tillgate_ussd_link_denied_total" => self.denied.read(),
            "tillgate_ussd_link_turned_away_total" => self.turned_away.read(),
            _ => 0,
        };
        self.numbers[index].read() + in_front
    }

    fn table(&self) -> &'static [(&'static str, &'static str)] {
        match self.kind {
            LinkKind::Smpp => &SMPP,
            LinkKind::Http => &HTTP,
        }
    }

    /// What the admin shows of it.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let short = |name: &'static str| name.trim_start_matches("tillgate_ussd_link_");
        let names = self.table().iter().enumerate();
        names.map(move |(index, (name, _))| (short(name), self.number(index)))
    }
}
