//! Requests that change nothing and are answered at once: balance, last sales and logon.

use tillgate_store_core::{
    AccountId, AccountKind, Asker, BusinessDate, ResponseCode, SellerId, Store,
};

use super::{Answered, Content, Origin, TransactionManager};

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

    pub(super) fn on_recent<S: Store>(
        &mut self,
        origin: Origin,
        (stan, date): (u32, BusinessDate),
        count: u8,
        ahead_min: u16,
        store: &S,
    ) {
        let content = match store.recent(origin.terminal, date, usize::from(count)) {
            Ok(sales) => Content::Recent { stan, date, sales, ahead_min },
            Err(_) => {
                let (kind, code) = (Answered::Recent, ResponseCode::MALFUNCTION);
                Content::Refused { kind, stan, date, code }
            }
        };
        self.reply(origin, content);
    }

    pub(super) fn on_logon<S: Store>(
        &mut self,
        origin: Origin,
        code: ResponseCode,
        date: BusinessDate,
        store: &S,
    ) {
        let content = match store.last_stan(origin.terminal, date, Asker::Terminal) {
            Ok(stan_last) => Content::Welcome { code, date, stan_last },
            Err(_) => Content::Welcome { code: ResponseCode::MALFUNCTION, date, stan_last: 0 },
        };
        self.reply(origin, content);
    }
}
