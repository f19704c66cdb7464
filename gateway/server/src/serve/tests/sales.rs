//! Sales end to end, retries, restarts, an operator's orders.

use tillgate_codec::link::message::{
    Acknowledge, GatewayMessage, Logon, Ping, ResponseCode, TerminalCommand, TerminalMessage,
};
use tillgate_core::access::Caller;
use tillgate_core::drain::Drained;
use tillgate_core::transaction::{ControlOrder, Controlled, PushedCommand};
use tillgate_store_core::{Change, RegistryRecord, Status, TerminalId};

use super::network::{self, FIRST_TERMINAL, voucher_sale};
use super::terminal::answer;
use super::{Installation, PATIENCE, wait_for};

#[test]
fn a_sale_is_answered_with_a_voucher_and_stands_in_the_journal_once() {
    let installation = Installation::new();
    let served = installation.serve();
    let mut till = served.till(FIRST_TERMINAL);
    till.say(&TerminalMessage::Logon(Logon { firmware: "test 1", catalogue: 0, versions: 1 }));
    let welcome = till.hear().unwrap();
    assert!(
        matches!(GatewayMessage::decode(&welcome), Ok(GatewayMessage::Welcome(w)) if w.answer_s == 4),
        "a logon is welcomed"
    );
    let body = till.sell(&voucher_sale(1));
    let heard = answer(&body);
    assert_eq!(heard.code, ResponseCode::APPROVED);
    assert!(heard.voucher.is_some_and(|slip| slip.pin.starts_with("1234-")));
    wait_for("the terminal to be seen online", || served.handle.view.online() == 1);
    assert_eq!(served.metric("tillgate_answers_total{code=\"00\"}"), 1);
    assert_eq!(served.metric("tillgate_requests_total{kind=\"sale\"}"), 1);
    drop(till);
    wait_for("it to be seen leaving", || served.handle.view.online() == 0);
    assert_eq!(served.stop(), Drained::Fully);
    assert_eq!(installation.verify().counts.transactions, 1);
}

#[test]
fn a_retry_gets_the_byte_identical_reply_on_a_new_session_and_after_a_restart() {
    let installation = Installation::new();
    let served = installation.serve();
    let first = served.till(FIRST_TERMINAL).sell(&voucher_sale(7));
    assert_eq!(answer(&first).code, ResponseCode::APPROVED);
    assert_eq!(served.till(FIRST_TERMINAL).sell(&voucher_sale(7)), first);
    served.stop();

    let served = installation.serve();
    assert_eq!(served.till(FIRST_TERMINAL).sell(&voucher_sale(7)), first);
    let mut other = voucher_sale(7);
    other.amount_minor += 1;
    let refused = served.till(FIRST_TERMINAL).sell(&other);
    assert_eq!(answer(&refused).code, ResponseCode::DUPLICATE);
    served.stop();
    assert_eq!(installation.verify().counts.transactions, 1);
}

#[test]
fn many_terminals_sell_at_once_and_each_voucher_is_sold_once() {
    let mut installation = Installation::new();
    installation.config.listen.reactors = 2;
    installation.config.workers.pool = 2;
    let served = installation.serve();
    let mut serials: Vec<String> = std::thread::scope(|scope| {
        let sellers: Vec<_> = (0..20)
            .map(|offset| {
                let served = &served;
                scope.spawn(move || {
                    let mut till = served.till(FIRST_TERMINAL + offset);
                    let sell = |stan| {
                        let body = till.sell(&voucher_sale(stan));
                        answer(&body).voucher.unwrap().serial.to_owned()
                    };
                    (1..=30).map(sell).collect::<Vec<_>>()
                })
            })
            .collect();
        sellers.into_iter().flat_map(|seller| seller.join().unwrap()).collect()
    });
    serials.sort_unstable();
    serials.dedup();
    assert_eq!(serials.len(), 600);
    assert_eq!(served.metric("tillgate_answers_total{code=\"00\"}"), 600);
    served.stop();
    assert_eq!(installation.verify().counts.transactions, 600);
}

#[test]
fn requests_sent_together_are_all_answered_in_order() {
    let installation = Installation::new();
    let served = installation.serve();
    let mut till = served.till(FIRST_TERMINAL);
    for nonce in 1..=40 {
        till.say(&TerminalMessage::Ping(Ping { nonce }));
    }
    for nonce in 1..=40 {
        let body = till.hear().unwrap();
        assert!(
            matches!(GatewayMessage::decode(&body), Ok(GatewayMessage::Pong(pong)) if pong.nonce == nonce)
        );
    }
    served.stop();
}

#[test]
fn a_block_is_pushed_to_the_terminal_and_in_force_for_its_next_sale() {
    let installation = Installation::new();
    let served = installation.serve();
    let mut till = served.till(FIRST_TERMINAL);
    assert_eq!(answer(&till.sell(&voucher_sale(1))).code, ResponseCode::APPROVED);

    let mut blocked = network::terminal(&served.handle.keys.vault, FIRST_TERMINAL);
    blocked.status = Status::Blocked;
    blocked.reason = "stolen".to_owned();
    let records = vec![RegistryRecord::Terminal(blocked)];
    let change = Change { records, ..Change::default() };
    let who = TerminalId(FIRST_TERMINAL);
    let reason = "stolen".to_owned();
    let order = ControlOrder::Change { change, tell: vec![(who, PushedCommand::Block { reason })] };
    let receipt = served.handle.controls.send(order, &Caller::Token, "from here").unwrap();
    let Ok(Controlled::Applied { commands }) = receipt.recv_timeout(PATIENCE) else {
        panic!("not applied");
    };
    let body = till.hear().unwrap();
    let Ok(GatewayMessage::Command(command)) = GatewayMessage::decode(&body) else {
        panic!("no command")
    };
    assert!(matches!(command.order, TerminalCommand::Block { reason: "stolen" }));
    assert_eq!(commands, [(who, command.id)]);

    till.say(&TerminalMessage::Acknowledge(Acknowledge { command: command.id, result: 0 }));
    let known = || served.handle.view.acknowledged(who, command.id).is_some();
    wait_for("the acknowledgement", known);
    assert_eq!(answer(&till.sell(&voucher_sale(2))).code, ResponseCode::TERMINAL_INACTIVE);
    served.stop();
}

#[test]
fn a_newer_session_ends_the_older_one_at_another_reactor_too() {
    let mut installation = Installation::new();
    installation.config.listen.reactors = 3;
    let served = installation.serve();
    let ping = TerminalMessage::Ping(Ping { nonce: 1 });
    // The kernel spreads connections as it likes: among this many, some change the reactor.
    let mut tills = Vec::new();
    for _ in 0..12 {
        let mut till = served.till(FIRST_TERMINAL);
        till.say(&ping);
        assert!(till.hear().is_some());
        tills.push(till);
    }
    let mut newest = tills.pop().unwrap();
    for mut older in tills {
        assert!(older.hear().is_none(), "the older session ends");
    }
    newest.say(&ping);
    assert!(newest.hear().is_some());
    served.stop();
}
