//! What is special about `[[ussd_link]]` and `[[ussd_http]]`.

use std::path::PathBuf;

use tillgate_core::listener::Subnet;
use tillgate_core::ussd::limits::SERVICE_CODE_BYTES_MAX;
use tillgate_store_core::record::is_bridge_name;

use super::Fault;
use super::bridge::address;
use super::error::place;
use super::reader::{Key, Reader};
use super::sections::{Address, Code, ListenerTls, Profile, Tls, UssdHttp, UssdSecret};

impl<'a> Reader<'a> {
    /// A name is a metric label.
    pub(super) fn link_name(&mut self, key: Key<'a>) -> String {
        let said = key.name.clone();
        let Some((at, name)) = self.text(key, "mtn") else { return String::new() };
        if !is_bridge_name(&name) {
            let allowed = "allowed are 1 to 32 of a-z 0-9 _ -";
            self.fault(at, format!("{said} is {name:?}; {allowed}"));
        } else if !self.links.insert(name.clone()) {
            self.fault(at, format!("two USSD links are called {name:?}; names are unique"));
        }
        name
    }

    pub(super) fn link_address(&mut self, key: Key<'a>) -> Address {
        let nowhere = || Address { host: String::new(), port: 0 };
        let Some((at, text)) = self.text(key, "10.0.0.1:2775") else { return nowhere() };
        address(&text).unwrap_or_else(|| {
            let text = format!(
                "ussd_link.address is {text:?}; write HOST:PORT, for example \"10.0.0.1:2775\", \
                 \"smsc.example:2775\" or \"[::1]:2775\""
            );
            self.fault(at, text);
            nowhere()
        })
    }

    pub(super) fn link_profile(&mut self, key: Key<'a>) -> Option<Profile> {
        let (at, text) = self.text(key, "standard")?;
        Some(self.profile_at(at, text))
    }

    /// What goes into a bind: printable ASCII, and no longer than SMPP allows (SMPP 3.4, 5.2).
    pub(super) fn link_word(&mut self, key: Key<'a>, usual: &str, most: usize) -> String {
        let name = key.name.clone();
        let Some((at, text)) = self.text_if(key, usual) else { return usual.to_owned() };
        if text.len() > most || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            let text =
                format!("{name} is {text:?}; allowed are 1 to {most} letters, digits or signs");
            self.fault(at, text);
        }
        text
    }

    pub(super) fn link_tls(&mut self, key: Key<'a>) -> Option<Tls> {
        self.table_if(key, "ussd_link.tls")
    }

    pub(super) fn http_profile(&mut self, key: Key<'a>) -> Option<Profile> {
        let (at, text) = self.text(key, "africas-talking")?;
        Some(self.profile_at(at, text))
    }

    pub(super) fn http_tls(&mut self, key: Key<'a>) -> Option<ListenerTls> {
        self.table_if(key, "ussd_http.tls")
    }

    pub(super) fn http_secret(&mut self, key: Key<'a>) -> Option<UssdSecret> {
        let at = key.place();
        let secret: UssdSecret = self.table_if(key, "ussd_http.secret")?;
        if secret.header.is_some() == secret.query.is_some() {
            let text = "ussd_http.secret: say where a request has it, either header = \"X-Secret\" or \
                        query = \"secret\"";
            self.fault(at, text);
        }
        Some(secret)
    }

    pub(super) fn networks_if(&mut self, key: Key<'a>) -> Vec<Subnet> {
        if key.is_there() { self.networks(key) } else { Vec::new() }
    }

    /// Whoever may call sells from every handset: nobody is let in because nothing was said.
    pub(super) fn check_callers(&mut self, links: &[UssdHttp]) {
        for link in links {
            let has_client_ca = link.tls.as_ref().is_some_and(|tls| tls.client_ca.is_some());
            if link.secret.is_none() && link.networks.is_empty() && !has_client_ca {
                let place = link.profile.as_ref().map(|profile| profile.place);
                let text = format!(
                    "ussd_http {:?}: anybody could call it; add secret = {{ header = \"X-Secret\", \
                     file = \"keys/aggregator.secret\" }}, networks = [\"10.20.0.0/16\"] or tls with \
                     client_ca",
                    link.name
                );
                self.faults.push(Fault { place, text });
            }
        }
    }

    /// Service codes; none if nothing is said.
    pub(super) fn codes(&mut self, key: Key<'a>) -> Vec<Code> {
        if !key.is_there() {
            return Vec::new();
        }
        let (mut codes, name): (Vec<Code>, _) = (Vec::new(), key.name.clone());
        for (at, text) in self.texts(key, "124") {
            let code = text.trim_matches(['*', '#']).to_owned();
            let is_code = code.starts_with(|sign: char| sign.is_ascii_digit())
                && code.bytes().all(|sign| sign.is_ascii_digit() || sign == b'*')
                && code.len() + 2 <= SERVICE_CODE_BYTES_MAX;
            if !is_code {
                let most = SERVICE_CODE_BYTES_MAX - 2;
                let text = format!(
                    "{name} has {text:?}; write what terminals dial, 1 to {most} digits and *, for \
                     example \"124\" for *124#"
                );
                self.fault(at, text);
            } else if codes.iter().any(|known| known.code == code) {
                self.fault(at, format!("{name} has {text:?} twice"));
            } else {
                codes.push(Code { code, place: place(self.source, at) });
            }
        }
        codes
    }

    /// Files; none if nothing is said.
    pub(super) fn paths_if(&mut self, key: Key<'a>, example: &str) -> Vec<PathBuf> {
        if !key.is_there() {
            return Vec::new();
        }
        self.texts(key, example).into_iter().map(|(_, text)| self.base.join(text)).collect()
    }
}
