//! Where a sale's time goes inside the gateway, by the gateway's own histograms.

use serde_json::{Map, Value, json};
use tillsim::exit::Refusal;
use tillsim::http::Client;

use crate::gateway::Gateway;

/// What a hop is called, and its histogram.
const HOPS: [(&str, &str); 3] = [
    ("gateway", "tillgate_answer_seconds"),
    ("commit", "tillgate_commit_seconds"),
    ("provider", "tillgate_bridge_seconds"),
];

/// Of each hop, seconds in all and how often.
#[derive(Clone, Copy, Default)]
pub(crate) struct Hops([(f64, f64); HOPS.len()]);

impl Hops {
    /// Since the gateway's start.
    ///
    /// # Errors
    /// [`Refusal`] when the gateway does not say.
    pub(crate) fn of(gateway: &Gateway) -> Result<Self, Refusal> {
        let token = gateway.token();
        let token = std::fs::read_to_string(&token)
            .map_err(|error| Refusal::about(token.display(), error))?;
        let client = Client::new(&gateway.admin, Some(token.trim().to_owned()))?;
        let (_, page) = client.get("/metrics")?;
        Ok(Self::read(&String::from_utf8_lossy(&page)))
    }

    fn read(page: &str) -> Self {
        let sum = |name: &str| -> f64 {
            let values = page.lines().filter_map(|line| {
                let rest = line.strip_prefix(name)?;
                let is_whole = rest.starts_with(['{', ' ']);
                is_whole.then(|| rest.rsplit(' ').next()?.parse::<f64>().ok())?
            });
            values.sum()
        };
        Self(HOPS.map(|(_, name)| (sum(&format!("{name}_sum")), sum(&format!("{name}_count")))))
    }

    /// What has come since `before`.
    pub(crate) fn since(mut self, before: Self) -> Self {
        for (now, then) in self.0.iter_mut().zip(before.0) {
            (now.0, now.1) = (now.0 - then.0, now.1 - then.1);
        }
        self
    }

    pub(crate) fn add(&mut self, more: Self) {
        for (all, more) in self.0.iter_mut().zip(more.0) {
            (all.0, all.1) = (all.0 + more.0, all.1 + more.1);
        }
    }

    /// The mean of each hop that there was, microseconds.
    pub(crate) fn means_us(&self) -> Map<String, Value> {
        let mean = |(sum, count): (f64, f64)| (sum * 1e6 / count).round();
        let named = HOPS.iter().zip(self.0).filter(|(_, (_, count))| *count > 0.0);
        named.map(|((name, _), hop)| ((*name).to_owned(), json!(mean(hop)))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hops_are_read_summed_over_their_labels_and_taken_from_each_other() {
        let page = "tillgate_answer_seconds_bucket{le=\"1\"} 3\ntillgate_answer_seconds_sum{} 0.5\n\
                    tillgate_answer_seconds_count{} 100\ntillgate_bridge_seconds_sum{bridge=\"a\"} 1\n\
                    tillgate_bridge_seconds_sum{bridge=\"b\"} 2\n\
                    tillgate_bridge_seconds_count{bridge=\"a\"} 4\n\
                    tillgate_bridge_seconds_count{bridge=\"b\"} 6\n";
        let read = Hops::read(page);
        assert_eq!(read.0, [(0.5, 100.0), (0.0, 0.0), (3.0, 10.0)]);
        let mut twice = read;
        twice.add(read);
        assert_eq!(twice.since(read).0, read.0);
        let means = Value::from(read.means_us());
        assert_eq!(means, json!({"gateway": 5_000.0, "provider": 300_000.0}));
    }
}
