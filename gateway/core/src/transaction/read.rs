//! Requests that change nothing and are answered at once: balance and logon.

use tillgate_store_core::{AccountId, AccountKind, BusinessDate, ResponseCode, SellerId, Store};

use super::{Content, Origin, TransactionManager};

impl TransactionManager {
    pub(super) fn on_balance<S: Store>(
        &mut self,
        origin: Origin,
        (stan, date): (u32, BusinessDate),
        seller: SellerId,
        currency: u16,
        store: &S,
    ) {
        let float = AccountId { kind: AccountKind::SellerFloat, owner: seller.0, currency };
        let available_minor = store.account(&float).available();
        self.reply(origin, Content::Balance { stan, date, available_minor });
    }

    pub(super) fn on_logon<S: Store>(
        &mut self,
        origin: Origin,
        code: ResponseCode,
        date: BusinessDate,
        store: &S,
    ) {
        let content = match store.last_stan(origin.terminal, date) {
            Ok(stan_last) => Content::Welcome { code, date, stan_last },
            Err(_) => Content::Welcome { code: ResponseCode::MALFUNCTION, date, stan_last: 0 },
        };
        self.reply(origin, content);
    }
}
