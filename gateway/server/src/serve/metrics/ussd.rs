//! Counters of USSD links and their dialogs.

use tillgate_core::ussd::EndReason;
use tillgate_core::ussd::dialogs::DialogStats;
use tillgate_core::ussd::smpp::{LinkState, SmppStatus};

use super::page::Page;
use super::{Count, count, set};

/// The numbers of all dialogs: name and help, in the order of [`UssdMetrics::publish`].
const DIALOGS: [(&str, &str); 9] = [
    ("tillgate_ussd_dialogs", "Dialogs now"),
    ("tillgate_ussd_unseen", "Of these, whose subscriber is gone and whose sale is not over"),
    ("tillgate_ussd_begins_total", "Subscribers who dialled"),
    ("tillgate_ussd_inputs_total", "Screens that were answered"),
    ("tillgate_ussd_requests_total", "Requests that went to verification"),
    ("tillgate_ussd_redelivered_total", "Begins that the centre delivered again"),
    ("tillgate_ussd_strays_total", "Inputs of no known dialog"),
    ("tillgate_ussd_notified_total", "Receipts sent after their dialog"),
    ("tillgate_ussd_not_notified_total", "Receipts that no link could send after"),
];

/// The numbers of one link, in the order of [`LinkMetrics::publish`].
const LINK: [(&str, &str); 12] = [
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

#[derive(Default)]
pub(crate) struct UssdMetrics {
    numbers: [Count; DIALOGS.len()],
    ended: [Count; EndReason::ALL.len()],
    /// Records of dialogs that were not written.
    pub(crate) lost_records: Count,
    pub(crate) links: Vec<LinkMetrics>,
}

#[derive(Default)]
pub(crate) struct LinkMetrics {
    pub(crate) name: String,
    numbers: [Count; LINK.len()],
    /// Texts refused, whatever the status.
    refused: Count,
}

impl UssdMetrics {
    pub(crate) fn named<'a>(links: impl Iterator<Item = &'a str>) -> Self {
        let link = |name: &str| LinkMetrics { name: name.to_owned(), ..LinkMetrics::default() };
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
        ];
        set(&self.numbers, &numbers);
        set(&self.ended, &stats.ended);
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
        let help = "Records of dialogs that were not written to the log";
        page.one("tillgate_ussd_records_lost_total", help, self.lost_records.read());
        for (index, metric) in LINK.into_iter().enumerate() {
            let links = self.links.iter().map(|link| (&link.name, link.numbers[index].read()));
            page.by("link", metric, links);
        }
        let refused = self.links.iter().map(|link| (&link.name, link.refused.read()));
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

    /// What the admin shows of it.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = (&'static str, u64)> + '_ {
        let short = |name: &'static str| name.trim_start_matches("tillgate_ussd_link_");
        let names = LINK.iter().map(move |(name, _)| short(name));
        names.zip(self.numbers.iter().map(Count::read))
    }
}
