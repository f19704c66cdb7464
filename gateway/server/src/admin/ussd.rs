//! USSD links: how each of them does.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use super::error::Answer;
use super::route::Call;

#[derive(Serialize, JsonSchema)]
pub(super) struct LinkRows {
    links: Vec<LinkRow>,
}

/// A link of the configuration.
#[derive(Serialize, JsonSchema)]
pub(super) struct LinkRow {
    link: String,
    /// smpp or http
    kind: &'static str,
    /// waiting, connecting, binding, bound, throttled, unbinding or closed; over HTTP listening
    state: &'static str,
    /// Why it was closed last; empty if it never was.
    down: String,
    /// Texts or requests without an answer, and counters since the start.
    counts: BTreeMap<&'static str, u64>,
}

/// All links, in the order of the configuration.
pub(super) async fn list(Call { app, .. }: Call, (): ()) -> Answer<LinkRows> {
    let links = app.handle.metrics.ussd.links.iter().enumerate();
    let links = links.map(|(index, metrics)| {
        let shown = app.handle.view.link(index);
        let (state, down) = shown.map_or(("waiting", String::new()), |of| (of.state, of.down));
        let counts = metrics.numbers().collect();
        LinkRow { link: metrics.name.clone(), kind: metrics.kind.label(), state, down, counts }
    });
    Ok(LinkRows { links: links.collect() })
}
