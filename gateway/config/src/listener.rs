//! What is special about `[[iso8583_listener]]`.

use tillgate_core::listener::Subnet;
use tillgate_store_core::record::is_bridge_name;

use super::reader::{Key, Reader};
use super::sections::{ListenerTls, Profile};

impl<'a> Reader<'a> {
    /// A name is a column of `terminals.csv` and a metric label.
    pub(super) fn listener_name(&mut self, key: Key<'a>) -> String {
        let Some((at, name)) = self.text(key, "pos") else { return String::new() };
        if !is_bridge_name(&name) || name == "none" {
            let allowed = "allowed are 1 to 32 of a-z 0-9 _ -, but not \"none\"";
            self.fault(at, format!("iso8583_listener.name is {name:?}; {allowed}"));
        } else if !self.listeners.insert(name.clone()) {
            self.fault(at, format!("two listeners are called {name:?}; names are unique"));
        }
        name
    }

    pub(super) fn listener_profile(&mut self, key: Key<'a>) -> Option<Profile> {
        let (at, text) = self.text(key, "nac-terminal")?;
        Some(self.profile_at(at, text))
    }

    pub(super) fn listener_tls(&mut self, key: Key<'a>) -> Option<ListenerTls> {
        self.table_if(key, "iso8583_listener.tls")
    }

    /// Whom a listener lets in: it is never everybody unless that is written.
    pub(super) fn networks(&mut self, key: Key<'a>) -> Vec<Subnet> {
        let (mut networks, said) = (Vec::new(), key.name.clone());
        for (at, text) in self.texts(key, "10.20.0.0/16") {
            match Subnet::parse(&text) {
                Some(network) => networks.push(network),
                None => self.fault(
                    at,
                    format!(
                        "{said} has {text:?}; write an address or a network, for \
                         example \"10.20.0.0/16\" or \"2001:db8::/32\"; \"0.0.0.0/0\" is everybody"
                    ),
                ),
            }
        }
        networks
    }
}
