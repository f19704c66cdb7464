//! Terminals over USSD and over TCP at once, over real sockets and a real store.

use std::net::TcpStream;

use tillgate_codec::link::channel::Psk;
use tillgate_codec::link::datagram::{
    Exchange, GatewayFrame, Gathered, Header, Keys, TerminalFrame,
};
use tillgate_codec::link::message::{GatewayMessage, Logon, TerminalMessage};
use tillgate_codec::ussd::armour::{self, Form};
use tillgate_core::menu::Menu;
use tillgate_core::ussd::profile::SmppProfile;
use tillgate_store_core::vault::terminal_context;
use tillgate_store_core::{RegistryRecord, TerminalId};

use super::network::{self, FIRST_TERMINAL, voucher_sale};
use super::terminal::answer;
use super::ussd::{ANSWER, BEGIN, Centre, accept, installation, listener};
use super::wait_for;
use crate::config::{Config, ProfileSource};
use crate::serve::ussd::Ussd;

const TERMINALS: &str = "terminals = [\"124\"]\n";

/// A request under a key of the first terminal, and what opens its reply.
fn request(key: (u8, [u8; 32]), counter: u64, message: &TerminalMessage<'_>) -> (String, Exchange) {
    let (mut body, mut frame) = (Vec::new(), Vec::new());
    message.encode(&mut body);
    let header = Header { key_id: key.0, terminal: FIRST_TERMINAL, counter, is_last: true };
    let exchange = Keys::new(&Psk::new(key.1)).seal(&header, &body, &mut frame).unwrap();
    (text(&frame), exchange)
}

fn text(frame: &[u8]) -> String {
    let mut text = Vec::new();
    armour::encode(Form::Text, frame, &mut text).unwrap();
    String::from_utf8(text).unwrap()
}

/// The reply to a request in a dialog of its own, or the code that it is refused with.
fn asked(
    centre: &mut Centre<TcpStream>,
    (request, exchange): &(String, Exchange),
) -> Result<Vec<u8>, u8> {
    centre.code = "124";
    assert_eq!(centre.say(BEGIN, "*124#"), ("OK".to_owned(), false));
    let (mut shown, mut ended) = centre.say(ANSWER, request);
    let mut gathered = Gathered::default();
    loop {
        let mut frame = Vec::new();
        armour::decode(shown.as_bytes(), &mut frame).unwrap();
        match GatewayFrame::decode(&frame).unwrap() {
            GatewayFrame::Refusal(code) => {
                assert!(ended, "a refusal ends the dialog");
                return Err(code.0);
            }
            GatewayFrame::Part { index, last, chunk } => {
                assert_eq!(ended, index == last, "the last part ends it");
                if let Some(whole) = gathered.take(index, last, chunk).unwrap() {
                    let mut body = Vec::new();
                    exchange.open(whole, &mut body).unwrap();
                    return Ok(body);
                }
                (shown, ended) = centre.say(ANSWER, &text(&TerminalFrame::next(gathered.due())));
            }
        }
    }
}

#[test]
fn a_terminal_sells_over_both_bearers_and_each_sale_has_one_answer() {
    let (listener, address) = listener();
    let installation = installation(address, TERMINALS);
    let served = installation.serve();
    let mut centre = Centre::bound(accept(&listener));
    let mut till = served.till(FIRST_TERMINAL);
    let key = (1, network::psk(FIRST_TERMINAL));
    let sale = |stan| TerminalMessage::Sale(voucher_sale(stan));
    let first = request(key, 1, &sale(1));
    let over_ussd = asked(&mut centre, &first).unwrap();
    assert!(answer(&over_ussd).code.is_approved() && answer(&over_ussd).voucher.is_some());
    assert_eq!(till.sell(&voucher_sale(1)), over_ussd);
    let over_tcp = till.sell(&voucher_sale(2));
    assert_eq!(asked(&mut centre, &request(key, 2, &sale(2))), Ok(over_tcp));
    assert_eq!(asked(&mut centre, &first), Err(4), "a copy");
    let forged = request((1, [9; 32]), 3, &sale(3));
    assert_eq!(asked(&mut centre, &forged), Err(4));
    wait_for("the counters", || {
        served.metric("tillgate_ussd_datagrams_refused_total{reason=\"wrong_tag\"}") == 1
    });
    assert_eq!(served.metric("tillgate_ussd_datagrams_opened_total"), 2);
    assert_eq!(served.metric("tillgate_ussd_datagrams_refused_total{reason=\"replayed\"}"), 1);
    drop((centre, till));
    served.stop();
    // A copy may pass once after a restart: it sells nothing, and only the key opens its reply.
    let served = installation.serve();
    let mut centre = Centre::bound(accept(&listener));
    assert_eq!(asked(&mut centre, &first), Ok(over_ussd));
    assert_eq!(asked(&mut centre, &first), Err(4));
    drop(centre);
    served.stop();
    let counts = installation.verify().counts;
    assert_eq!((counts.transactions, counts.approved), (2, 2));
}

#[test]
fn the_logon_of_a_newer_key_over_ussd_ends_the_session_of_the_older_one() {
    let (listener, address) = listener();
    let installation = installation(address, TERMINALS);
    let keys = crate::serve::startup::keys(&installation.config).unwrap();
    let newer = (2, [8; 32]);
    let mut record = network::terminal(&keys.vault, FIRST_TERMINAL);
    let context = terminal_context(TerminalId(FIRST_TERMINAL), newer.0);
    record.add_key(newer.0, keys.vault.seal(&context, [3; 12], &newer.1).unwrap()).unwrap();
    installation.change(vec![RegistryRecord::Terminal(record)]);
    let served = installation.serve();
    let mut centre = Centre::bound(accept(&listener));
    let mut till = served.till(FIRST_TERMINAL);
    assert!(answer(&till.sell(&voucher_sale(1))).code.is_approved());
    let logon = TerminalMessage::Logon(Logon { firmware: "test", catalogue: 0, versions: 1 });
    let body = asked(&mut centre, &request(newer, 1, &logon)).unwrap();
    let Ok(GatewayMessage::Welcome(welcome)) = GatewayMessage::decode(&body) else {
        panic!("{body:?}");
    };
    assert_eq!((welcome.code.is_approved(), welcome.stan_last), (true, 1));
    assert_eq!(till.hear(), None, "its key has ended");
    let older = (1, network::psk(FIRST_TERMINAL));
    let sale = |stan| TerminalMessage::Sale(voucher_sale(stan));
    assert_eq!(asked(&mut centre, &request(older, 1, &sale(2))), Err(4));
    assert!(asked(&mut centre, &request(newer, 2, &sale(2))).is_ok());
    drop(centre);
    served.stop();
    assert_eq!(installation.verify().counts.approved, 2);
}

#[test]
fn a_code_of_a_menu_and_a_profile_that_is_too_narrow_are_refused_at_the_start() {
    let (_listener, address) = listener();
    let installation = installation(address, TERMINALS);
    let beside = |name: &str, text: &str| {
        let file = installation.config.file.with_file_name(name);
        std::fs::write(&file, text).unwrap();
        file
    };
    let refused = |config: &Config| {
        let Err(error) = Ussd::load(config) else { panic!("it is taken") };
        error.to_string()
    };
    let mut config = installation.config.clone();
    let menu = format!("codes = [\"*124#\"]\n{}", Menu::builtin());
    config.ussd.menus = vec![beside("menu.toml", &menu)];
    let error = refused(&config);
    assert!(error.contains("\"124\" is a code of the menu"), "{error}");
    let mut config = installation.config.clone();
    let profile = SmppProfile::builtin("standard").unwrap();
    let narrow = format!("{profile}\n[room]\nseptets = 120\nunits = 60\n");
    let source = ProfileSource::File(beside("narrow.toml", &narrow));
    config.ussd_links[0].profile.as_mut().unwrap().source = source;
    let error = refused(&config);
    assert!(error.contains("carries 120 characters; the frames of terminals need 149"), "{error}");
}
