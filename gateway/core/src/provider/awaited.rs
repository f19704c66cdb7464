//! Orders whose outcome a provider may report by itself.

use std::collections::VecDeque;

use rustc_hash::FxHashMap;
use tillgate_store_core::Text;

use super::{ProviderRequest, ProviderRequestKind};

/// The latest orders that were sent, by our reference. A callback about any other counts for
/// nothing.
pub struct Awaited {
    orders: FxHashMap<Text<32>, ProviderRequest>,
    /// The oldest in front.
    age: VecDeque<Text<32>>,
    most: usize,
}

impl Awaited {
    /// Room for `most` orders; the oldest makes room for a new one.
    #[must_use]
    pub fn new(most: usize) -> Self {
        Self { orders: FxHashMap::default(), age: VecDeque::new(), most }
    }

    /// A sale, or a question about one, is sent.
    pub fn keep(&mut self, request: &ProviderRequest) {
        use ProviderRequestKind::{Authorize, Inquire};
        if !matches!(request.kind, Authorize | Inquire) {
            return;
        }
        // Whose account it is for no callback needs, and it may be a card.
        let kept = ProviderRequest { subscriber: Text::new(), ..*request };
        if self.orders.insert(request.reference, kept).is_some() {
            return;
        }
        self.age.push_back(request.reference);
        if self.age.len() > self.most
            && let Some(oldest) = self.age.pop_front()
        {
            self.orders.remove(&oldest);
        }
    }

    /// The order with this reference.
    #[must_use]
    pub fn get(&self, reference: &Text<32>) -> Option<&ProviderRequest> {
        self.orders.get(reference)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::provider::tests::request;

    fn order(kind: ProviderRequestKind, number: u32) -> ProviderRequest {
        ProviderRequest {
            reference: Text::from(&format!("{number:032x}")).unwrap(),
            ..request(kind)
        }
    }

    #[test]
    fn whose_account_an_order_is_for_is_not_kept() {
        let mut awaited = Awaited::new(2);
        let order = order(ProviderRequestKind::Authorize, 1);
        assert!(!order.subscriber.is_empty());
        awaited.keep(&order);
        let kept = awaited.get(&order.reference).map(|kept| kept.subscriber);
        assert_eq!(kept, Some(Text::new()));
    }

    #[test]
    fn the_latest_sales_and_questions_are_found_and_the_oldest_makes_room() {
        use ProviderRequestKind::{Advise, Authorize, Inquire, Lookup, Reverse};
        let mut awaited = Awaited::new(3);
        for number in 1..=4 {
            awaited.keep(&order(Authorize, number));
            awaited.keep(&order(Inquire, number));
        }
        for kind in [Advise, Lookup, Reverse] {
            awaited.keep(&order(kind, 9));
        }
        let kind =
            |number| awaited.get(&order(Authorize, number).reference).map(|found| found.kind);
        let found: Vec<_> = (1..=4).map(kind).collect();
        assert_eq!(found, [None, Some(Inquire), Some(Inquire), Some(Inquire)]);
        assert_eq!((kind(9), awaited.orders.len(), awaited.age.len()), (None, 3, 3));
    }
}
