//! What `tillgate bridge check` and the start of the gateway say about a profile: what the
//! configuration lacks for it, and a sample of each request.

use std::collections::BTreeMap;

use http::Request;
use tillgate_store_core::{ProductId, ServiceId, Text};
use zeroize::Zeroizing;

use super::section::Section;
use super::sign::Part;
use super::text::{Field, Source};
use super::{Profile, Settings};
use crate::provider::{Capabilities, ProviderRequest, ProviderRequestKind};
use crate::time::UnixMillis;

/// What a sample shows in place of a secret.
pub const SAMPLE_SECRET: &str = "********";

/// What a bridge's configuration lacks for its profile, or claims without it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The key of `[[bridge]]`.
    pub key: &'static str,
    /// What is wrong, and what to do.
    pub text: String,
}

/// Everything that does not fit.
pub(super) fn unfit(profile: &Profile, settings: &Settings, claims: Capabilities) -> Vec<Unfit> {
    let mut unfit = Vec::new();
    let mut fault = |key, text: String| unfit.push(Unfit { key, text });
    for (claimed, key, section) in [
        (claims.inquiry, "inquiry", Section::Inquire),
        (claims.reversal, "reversal", Section::Reverse),
        (claims.advice, "confirmation", Section::Advise),
        (claims.lookup, "lookup", Section::Lookup),
    ] {
        if claimed && profile.operation(section).is_none() {
            let section = section.name();
            fault(key, format!("claimed, but the profile has no [{section}]; claim {key} = false"));
        }
    }
    if claims.idempotent && !profile.repeatable {
        let text = "claimed, but the profile does not say repeatable = true: this API does not \
                    answer the same reference twice in the same way; claim idempotent = false";
        fault("idempotent", text.to_owned());
    }
    if let Some(sign) = &profile.sign {
        if !settings.secrets.contains_key(&sign.secret) {
            let name = &sign.secret;
            let text = format!("the profile signs with it: {name} = {{ file = \"FILE\" }}");
            fault("secrets", text);
        }
        let values = sign.parts().filter_map(|part| match part {
            Part::Value(name) => Some(name),
            Part::Of(_) => None,
        });
        for name in values.filter(|name| !settings.values.contains_key(*name)) {
            fault("values", format!("the profile needs {{value.{name}}}: {name} = \"TEXT\""));
        }
    }
    let mut fields: Vec<&Field> = Vec::new();
    for field in profile.operations.iter().flatten().flat_map(|operation| operation.fields()) {
        if !fields.contains(&field) {
            fields.push(field);
        }
    }
    for field in fields {
        match field {
            Field::Secret(name) if !settings.secrets.contains_key(name) => fault(
                "secrets",
                format!("the profile needs {{secret.{name}}}: {name} = {{ file = \"FILE\" }}"),
            ),
            Field::Value(name) if !settings.values.contains_key(name) => {
                fault("values", format!("the profile needs {{value.{name}}}: {name} = \"TEXT\""));
            }
            Field::Of(Source::ProductCode) if settings.products.is_empty() => fault(
                "products",
                "the profile needs {product_code}, what the provider calls each product: \
                 \"SERVICE/PRODUCT\" = \"CODE\" or \"SERVICE\" = \"CODE\""
                    .to_owned(),
            ),
            _ => {}
        }
    }
    if unfit.is_empty() { formless(profile, settings) } else { unfit }
}

/// That the secret of this name, which callbacks are signed with, is missing.
pub(super) fn lacks_callback_key(name: &str) -> Unfit {
    let text = format!("callbacks are signed with it: {name} = {{ file = \"FILE\" }}");
    Unfit { key: "secrets", text }
}

/// Products whose key names none, and requests that these settings give no form.
fn formless(profile: &Profile, settings: &Settings) -> Vec<Unfit> {
    let mut unfit = Vec::new();
    let mut sales = vec![(String::new(), sample())];
    for key in settings.products.keys() {
        let (service, product) = key.split_once('/').unwrap_or((key, "0"));
        let (Ok(service), Ok(product)) = (service.parse(), product.parse()) else {
            let text = format!("{key:?} is neither \"SERVICE\" nor \"SERVICE/PRODUCT\"");
            unfit.push(Unfit { key: "products", text });
            continue;
        };
        let (service, product) = (ServiceId(service), ProductId(product));
        sales.push((format!(" of {key:?}"), ProviderRequest { service, product, ..sample() }));
    }
    if sales.len() > 1 {
        // The sample's own product need not be one of them.
        sales.remove(0);
    }
    for section in Section::ALL.into_iter().filter(|of| profile.operation(*of).is_some()) {
        for (what, sale) in &sales {
            if profile.signed(section, sale, settings, ("provider.example", "")).is_none() {
                let text = format!(
                    "[{}]{what} makes no request with these secrets, values and products: what is \
                     written as a number has to be one, and a header has printable ASCII characters \
                     only",
                    section.name()
                );
                unfit.push(Unfit { key: "profile", text });
            }
        }
    }
    unfit
}

impl Profile {
    /// What a `[[bridge]]` has to add to it.
    #[must_use]
    pub fn needs(&self) -> Vec<Unfit> {
        let mut needs = unfit(self, &Settings::default(), Capabilities::default());
        // What has no form without them is no need of its own.
        needs.retain(|need| need.key != "profile");
        needs.extend(self.callback.as_ref().map(|plan| lacks_callback_key(&plan.secret)));
        needs
    }

    /// A sample of each request that the profile describes, with stand-ins for what the
    /// configuration adds; no secret is in it.
    #[must_use]
    pub fn samples(&self, authority: &str) -> Vec<(&'static str, Request<Vec<u8>>)> {
        let sample = |of: Section| Some((of.name(), self.sample(of, authority)?));
        Section::ALL.into_iter().filter_map(sample).collect()
    }

    pub(super) fn sample(&self, section: Section, authority: &str) -> Option<Request<Vec<u8>>> {
        self.signed(section, &sample(), &self.stand_ins(), (authority, ""))
    }

    fn signed(
        &self,
        section: Section,
        request: &ProviderRequest,
        settings: &Settings,
        url: (&str, &str),
    ) -> Option<Request<Vec<u8>>> {
        let message = self.message(section, request, settings, url)?;
        match &self.sign {
            Some(sign) => sign.sign(message, settings, UnixMillis(request.at_ms)),
            None => Some(message),
        }
    }

    /// Something for everything that the configuration adds.
    fn stand_ins(&self) -> Settings {
        let (mut secrets, mut values) = (BTreeMap::new(), BTreeMap::new());
        for field in self.operations.iter().flatten().flat_map(|operation| operation.fields()) {
            match field {
                Field::Secret(name) => {
                    secrets.insert(name.clone(), Zeroizing::new(SAMPLE_SECRET.to_owned()));
                }
                // Digits, for they may be written as a number.
                Field::Value(name) => drop(values.insert(name.clone(), "1".to_owned())),
                Field::Of(_) => {}
            }
        }
        if let Some(sign) = &self.sign {
            secrets.insert(sign.secret.clone(), Zeroizing::new(SAMPLE_SECRET.to_owned()));
            values.extend(sign.parts().filter_map(|part| match part {
                Part::Value(name) => Some((name.clone(), "1".to_owned())),
                Part::Of(_) => None,
            }));
        }
        let products = BTreeMap::from([(sample().service.0.to_string(), "1001".to_owned())]);
        Settings { secrets, values, products }
    }
}

/// A sale of 25.00 Kenyan shillings.
fn sample() -> ProviderRequest {
    use tillgate_types::{BusinessDate, SellerId, TerminalId};
    let text = |text: &str| Text::from(text).unwrap_or_default();
    let date = BusinessDate::from_ymd(2026, 11, 27).unwrap_or_default();
    let sale = tillgate_store_core::Key { date, terminal: TerminalId(70_001), stan: 12 };
    ProviderRequest {
        kind: ProviderRequestKind::Authorize,
        key: sale,
        sale,
        at_ms: 1_795_773_600_000,
        seller: SellerId(7),
        rrn: text("633100000012"),
        bridge: 0,
        reference: Text::from("00112233445566778899aabbccddeeff").unwrap_or_default(),
        provider_reference: Text::from("4602843").unwrap_or_default(),
        service: ServiceId(20),
        product: ProductId(5),
        amount_minor: 2_500,
        currency: 404,
        subscriber: Text::from("254700000000").unwrap_or_default(),
        lookup: Text::from("BILL-81").unwrap_or_default(),
        attempt: 1,
    }
}
