//! Whether the services that a menu names are there, and its items lead somewhere.

use tillgate_store_core::{Registry, Service, ServiceId};

use super::check::MenuFault;
use super::document::PartWord;
use super::offer::is_for_menus;
use super::{Does, Menu, Shortcut};

/// Services and products that are named are there, and items have services.
pub(super) fn check(menu: &Menu, registry: &Registry, faults: &mut Vec<MenuFault>) {
    let mut fault = |screen: String, text: String| {
        faults.push(MenuFault { screen, language: None, text });
    };
    let known = |id: ServiceId| match registry.service(id) {
        None => Err(format!("service {id} is not in the registry")),
        Some(of) if !is_for_menus(of) => Err(format!(
            "service {id} ({}) is not sold by menus: it takes a payment card or an amount that \
             cannot be entered",
            of.name
        )),
        Some(of) => Ok(of),
    };
    for (at, node) in menu.nodes.iter().enumerate() {
        let Does::Sell(selection) = &node.does else { continue };
        let mut screen = format!("item {at} ");
        node.name(&menu.tongues[0], 0, &mut screen);
        for id in &selection.services {
            if let Err(text) = known(*id) {
                fault(screen.clone(), text);
            }
        }
        let mut services = registry.services();
        if !services.any(|service| selection.has(service) && is_for_menus(service)) {
            let text = "no service of the registry is in it; it is not shown";
            fault(screen, text.to_owned());
        }
    }
    for shortcut in &menu.shortcuts {
        let Some(id) = shortcut.service else { continue };
        let screen = format!("short-cut {}", shortcut.key);
        match known(id) {
            Err(text) => fault(screen, text),
            Ok(service) => {
                for text in shortcut.misses(service) {
                    fault(screen.clone(), text);
                }
            }
        }
    }
}

impl Shortcut {
    /// What its service has no use for, and what it lacks.
    fn misses(&self, service: &Service) -> Vec<String> {
        let mut texts = Vec::new();
        if self.parts.contains(&PartWord::Account) && service.account.is_none() {
            texts.push(format!("service {} asks for no account", service.id));
        }
        if let Some(product) = self.product.filter(|id| service.product(*id).is_none()) {
            texts.push(format!("service {} has no product {product}", service.id));
        }
        texts
    }
}
