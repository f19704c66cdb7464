//! Requests that change nothing and are answered at once: repeat, balance, logon, and whatever
//! comes before its date.

use tillgate_store_core::{
    AccountId, AccountKind, BusinessDate, Code, ContentDigest, Key, Kind, SellerId, State, Store,
    StoreError, TerminalId, Transaction,
};

use super::{Answered, Content, Desk, Origin};
use crate::code;
use crate::time::Moment;

impl Desk {
    pub(super) fn on_repeat<S: Store>(
        &mut self,
        now: Moment,
        origin: Origin,
        original: Key,
        store: &S,
    ) {
        match find(store, original) {
            Ok(Some(row)) => self.answer(now, origin, row),
            Ok(None) => self.refuse(origin, Answered::Sale, original, code::UNABLE_TO_LOCATE),
            Err(_) => self.refuse(origin, Answered::Sale, original, code::MALFUNCTION),
        }
    }

    /// As the ledger would answer a repeat; what is new is refused.
    pub(super) fn on_early<S: Store>(
        &mut self,
        now: Moment,
        origin: Origin,
        (kind, key, digest): (Answered, Key, ContentDigest),
        store: &S,
    ) {
        let code = match store.transaction(&key) {
            Ok(Some(row)) if row.kind == Kind::Tombstone => Code::REVERSED,
            Ok(Some(row)) if !digest.is_of(&row.digest) => Code::DUPLICATE,
            Ok(Some(row)) if row.state == State::Reversed => Code::REVERSED,
            Ok(Some(row)) => return self.answer(now, origin, row),
            Ok(None) => code::WRONG_DATE,
            Err(_) => code::MALFUNCTION,
        };
        self.refuse(origin, kind, key, code);
    }

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
        code: Code,
        date: BusinessDate,
        store: &S,
    ) {
        let content = match store.last_stan(origin.terminal, date) {
            Ok(stan_last) => Content::Welcome { code, date, stan_last },
            Err(_) => Content::Welcome { code: code::MALFUNCTION, date, stan_last: 0 },
        };
        self.reply(origin, content);
    }
}

/// STAN 0 stands for the terminal's last sale.
fn find<S: Store>(store: &S, original: Key) -> Result<Option<Transaction>, StoreError> {
    if original.stan == 0 {
        last_sale(store, original.terminal)
    } else {
        store.transaction(&original)
    }
}

fn last_sale<S: Store>(store: &S, terminal: TerminalId) -> Result<Option<Transaction>, StoreError> {
    store.last_transaction(terminal)
}
