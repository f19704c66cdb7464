//! A concentrator over a real socket: many terminals on one connection, one of them unknown.

use std::collections::BTreeSet;
use std::io::Write;

use tillgate_codec::iso8583::{Fields, Message, Mti, Tpdu};
use tillgate_core::drain::Drained;
use tillgate_store_core::TerminalId;

use super::listener::{POS, PosTerminal, request, voucher, with_terminals};
use super::provider::{APPROVED, Provider, SLOW};
use super::{Installation, Served, wait_for};

/// Terminals [`POS`] and up to this one are behind the concentrator.
const LAST: u32 = POS + 15;
const UNKNOWN: u32 = 9_999;
const DENIED: &str = "tillgate_listener_dropped_total{listener=\"pos\",reason=\"denied\"}";

fn installation(provider: &Provider) -> Installation {
    let installation = Installation::with_provider(Some(provider.address));
    let mut installation = with_terminals(installation, "127.0.0.0/8", POS..=LAST);
    installation.config.iso8583_listeners[0].shared = true;
    installation
}

/// The message as one of this terminal, from its own port of the concentrator.
fn of(terminal: u32, mut message: Message) -> Message {
    message.set(41, &format!("{terminal:08}"));
    let [high, low] = u16::try_from(terminal).unwrap().to_be_bytes();
    message.with_tpdu(Tpdu([0x60, 0x00, 0x01, high, low]))
}

fn top_up(mti: &str, stan: u32, subscriber: &str) -> Message {
    let mut message = voucher(mti, stan);
    message.set(3, "500000").set_number(4, 2_500).set(102, subscriber);
    message
}

impl PosTerminal {
    /// In one piece.
    fn send_all(&mut self, messages: &[Message]) {
        let mut framed = Vec::new();
        for message in messages {
            self.dialect.encode_framed(message, &mut framed).unwrap();
        }
        self.stream.write_all(&framed).unwrap();
    }

    /// Terminal and STAN of the next answer, which is approved and goes back where its request came
    /// from.
    fn approved(&mut self) -> (u32, u32, Mti) {
        let bytes = self.receive().expect("it is answered");
        let mut fields = Fields::new();
        let answer = Message::from_view(&self.dialect.view(&bytes, &mut fields).unwrap());
        let number = |field| answer.text(field).unwrap().parse::<u32>().unwrap();
        assert_eq!(answer.text(39), Some("00"), "{}", number(41));
        let asked = of(number(41), request("0200", "500000", 1));
        assert_eq!(answer.tpdu, asked.tpdu.map(Tpdu::swapped));
        (number(41), number(11), answer.mti)
    }
}

fn online(served: &Served) -> usize {
    (POS..=LAST).filter(|id| served.handle.view.presence(TerminalId(*id)).is_some()).count()
}

#[test]
fn many_terminals_sell_over_one_connection_at_once_and_each_gets_its_own_answer() {
    let provider = Provider::start();
    let installation = installation(&provider);
    let served = installation.serve();
    let mut concentrator = PosTerminal::connect(&served);
    // The first one's provider takes its time, and then it asks again; somebody unknown is between.
    let mut all = vec![of(POS, top_up("0200", 1, SLOW)), of(UNKNOWN, voucher("0200", 1))];
    all.extend((POS..=LAST).map(|terminal| of(terminal, voucher("0200", 2))));
    all.push(of(POS, top_up("0201", 1, SLOW)));
    concentrator.send_all(&all);
    let first: BTreeSet<_> = (POS..=LAST).map(|_| concentrator.approved()).collect();
    let answer = |text| Mti::parse(text).unwrap();
    assert!(first.into_iter().eq((POS..=LAST).map(|id| (id, 2, answer("0210")))), "nobody waits");
    let (terminal, stan, _) = concentrator.approved();
    assert_eq!((terminal, stan), (POS, 1), "once, however often it was asked");
    // An answer that had come twice would be here in the place of these.
    for stan in 3..6 {
        concentrator.send(&of(LAST, top_up("0200", stan, APPROVED)));
        assert_eq!(concentrator.approved(), (LAST, stan, answer("0210")));
    }
    wait_for("the count of the unknown one", || served.metric(DENIED) == 1);
    wait_for("all to be seen online", || online(&served) == 16);
    let in_flight = "tillgate_listener_in_flight{listener=\"pos\"}";
    wait_for("nothing to be in flight", || served.metric(in_flight) == 0);
    drop(concentrator);
    wait_for("all to be seen leaving", || online(&served) == 0);
    assert_eq!(served.stop(), Drained::Fully);
    let report = installation.verify();
    let counts = (report.counts.transactions, report.counts.approved);
    assert_eq!(counts, (20, 20), "sixteen vouchers and four top-ups");
    assert_eq!(report.sums[0].sold_minor, 16 * 5_000 + 4 * 2_500);
    let orders = provider.seen().iter().filter(|line| line.starts_with("POST")).count();
    assert_eq!(orders, 4, "the repeat orders nothing");
}

#[test]
fn a_connection_that_breaks_with_many_in_flight_costs_no_money_and_the_repeats_get_the_answers() {
    let provider = Provider::start();
    let installation = installation(&provider);
    let served = installation.serve();
    let sales: Vec<_> = (POS..=LAST).map(|terminal| of(terminal, voucher("0200", 1))).collect();
    let mut concentrator = PosTerminal::connect(&served);
    concentrator.send_all(&sales);
    concentrator.send(&of(POS, top_up("0200", 2, SLOW)));
    drop(concentrator);
    let mut concentrator = PosTerminal::connect(&served);
    concentrator.send_all(&sales);
    concentrator.send(&of(POS, top_up("0201", 2, SLOW)));
    let answers: BTreeSet<_> = (0..=sales.len()).map(|_| concentrator.approved()).collect();
    assert_eq!(answers.len(), 17, "each its own");
    assert_eq!(served.stop(), Drained::Fully);
    let report = installation.verify();
    assert_eq!(report.sums[0].sold_minor, 16 * 5_000 + 2_500);
}

#[test]
fn somebody_who_sends_rubbish_in_whole_frames_does_not_cut_off_the_others() {
    let provider = Provider::start();
    let installation = installation(&provider);
    let served = installation.serve();
    let mut concentrator = PosTerminal::connect(&served);
    for stan in 1..20 {
        concentrator.stream.write_all(&[0, 4, 0x60, 0xff, 0xff, 0xff]).unwrap();
        concentrator.send(&of(UNKNOWN - stan, voucher("0200", stan)));
        concentrator.send(&of(POS, request("0800", "990000", stan)));
        assert_eq!(concentrator.approved().1, stan);
    }
    let dropped = |reason: &str| {
        let series = "tillgate_listener_dropped_total{listener=\"pos\",reason=";
        served.metric(&format!("{series}\"{reason}\"}}"))
    };
    wait_for("the counts", || (dropped("unreadable"), dropped("denied")) == (19, 19));
    let mut other = PosTerminal::connect(&served);
    other.stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    assert_eq!(other.receive(), None, "never in step");
    concentrator.send(&of(POS, request("0800", "990000", 20)));
    assert_eq!(concentrator.approved().1, 20);
    served.stop();
}
