//! Peers that lie, dribble, flood or do not read; the others must not notice.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use tillgate_codec::link::message::{Ping, ResponseCode, TerminalMessage};
use tillgate_codec::link::record::{RecordType, RefusalCode};

use super::network::{FIRST_TERMINAL, voucher_sale};
use super::terminal::{NotConnected, Till, answer, hello, open, read_to_end};
use super::{Installation, Served, wait_for};

fn sells(served: &Served, terminal: u32, stan: u32) {
    let mut till = served.till(terminal);
    assert_eq!(answer(&till.sell(&voucher_sale(stan))).code, ResponseCode::APPROVED);
}

#[test]
fn random_bytes_are_closed_and_disturb_nobody() {
    let installation = Installation::new();
    let served = installation.serve();
    let mut state = 1_u64;
    for _ in 0..60 {
        let mut stream = open(served.address);
        let mut bytes = [0; 300];
        for byte in &mut bytes {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            *byte = state.to_be_bytes()[0];
        }
        drop(stream.write_all(&bytes));
        stream.shutdown(std::net::Shutdown::Write).ok();
        read_to_end(&mut stream);
    }
    wait_for("all of them to be gone", || served.metric("tillgate_sessions{reactor=\"0\"}") == 0);
    assert!(served.metric("tillgate_sessions_closed_total{reason=\"malformed\"}") >= 50);
    sells(&served, FIRST_TERMINAL, 1);
    served.stop();
}

#[test]
fn a_dribbling_client_is_closed_at_its_deadline() {
    let installation = Installation::new();
    let served = installation.serve();
    let began = Instant::now();
    let mut stream = open(served.address);
    // A hello of 200 bytes, one byte at a time: it would take 20 seconds.
    let mut hello = vec![1, 1, 0, 200];
    hello.resize(204, 0);
    for byte in hello {
        if stream.write_all(&[byte]).is_err() {
            break;
        }
        thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(stream.read(&mut [0]).unwrap_or(0), 0);
    assert!(began.elapsed() < Duration::from_secs(10), "took {:?}", began.elapsed());
    assert_eq!(served.metric("tillgate_sessions_closed_total{reason=\"handshake_timeout\"}"), 1);
    sells(&served, FIRST_TERMINAL, 1);
    served.stop();
}

#[test]
fn a_peer_that_never_reads_is_closed_and_others_go_on() {
    let mut installation = Installation::new();
    installation.config.link.requests_per_s = None;
    let served = installation.serve();
    let mut deaf = served.till(FIRST_TERMINAL);
    // Over one connection: a terminal that connects as often as this loop turns is refused.
    let mut other = served.till(FIRST_TERMINAL + 1);
    let mut said: u32 = 0;
    let deaf_session = || served.metric("tillgate_sessions_closed_total{reason=\"not_reading\"}");
    let began = Instant::now();
    while deaf_session() == 0 {
        // Answers pile up, then the gateway stops reading, then this write times out.
        if deaf.try_say(&TerminalMessage::Ping(Ping { nonce: said })).is_err() {
            break;
        }
        said += 1;
        if said.is_multiple_of(20_000) {
            assert_eq!(answer(&other.sell(&voucher_sale(said))).code, ResponseCode::APPROVED);
        }
        assert!(began.elapsed() < Duration::from_secs(60), "still reading after {said}");
    }
    sells(&served, FIRST_TERMINAL + 2, 1);
    // Its last record may have stuck half-way, and then that deadline may come first.
    let half_said = || served.metric("tillgate_sessions_closed_total{reason=\"record_timeout\"}");
    wait_for("the deaf session to be closed", || deaf_session() + half_said() == 1);
    sells(&served, FIRST_TERMINAL + 2, 2);
    served.stop();
}

#[test]
fn a_flood_of_silent_connections_competes_with_itself_and_newcomers_sell() {
    let mut installation = Installation::new();
    installation.config.link.sessions_max = 32;
    let served = installation.serve();
    let mut till = served.till(FIRST_TERMINAL);
    assert_eq!(answer(&till.sell(&voucher_sale(1))).code, ResponseCode::APPROVED);
    let flood: Vec<TcpStream> = (0..400).map(|_| open(served.address)).collect();
    for stan in 2..20 {
        assert_eq!(answer(&till.sell(&voucher_sale(stan))).code, ResponseCode::APPROVED);
    }
    sells(&served, FIRST_TERMINAL + 1, 1);
    assert_eq!(served.metric("tillgate_connections_refused_total{reactor=\"0\"}"), 0);
    assert!(served.metric("tillgate_sessions_closed_total{reason=\"evicted\"}") > 300);
    drop(flood);
    served.stop();
}

#[test]
fn a_house_full_of_terminals_refuses_at_the_door() {
    let mut installation = Installation::new();
    installation.config.link.sessions_max = 2;
    let served = installation.serve();
    let inside = [served.till(FIRST_TERMINAL), served.till(FIRST_TERMINAL + 1)];
    match Till::try_connect(served.address, FIRST_TERMINAL + 2) {
        Err(NotConnected::Refused(refusal)) => assert_eq!(refusal.code, RefusalCode::BUSY),
        Err(NotConnected::Closed) => {}
        Ok(_) => panic!("admitted beyond the limit"),
    }
    drop(inside);
    wait_for("room", || served.metric("tillgate_sessions{reactor=\"0\"}") == 0);
    sells(&served, FIRST_TERMINAL + 2, 1);
    served.stop();
}

#[test]
fn a_hello_copied_to_many_sockets_opens_one_session() {
    let mut installation = Installation::new();
    installation.config.workers.pool = 4;
    let served = installation.serve();
    let (_, hello) = hello(FIRST_TERMINAL);
    let mut copies: Vec<TcpStream> = (0..90).map(|_| open(served.address)).collect();
    for copy in &mut copies {
        copy.write_all(&hello).unwrap();
    }
    let replies = copies.iter_mut().filter(|copy| {
        let mut first = [0];
        (&**copy).read_exact(&mut first).is_ok() && first[0] == RecordType::HELLO_REPLY.0
    });
    assert_eq!(replies.count(), 1);
    let replayed = "tillgate_handshakes_refused_by_reason_total{reason=\"replayed\"}";
    assert_eq!(served.metric(replayed), 89);
    sells(&served, FIRST_TERMINAL, 1);
    served.stop();
}

#[test]
fn handshakes_of_one_key_that_never_speak_hold_one_session() {
    let mut installation = Installation::new();
    installation.config.link.handshakes_per_min = None;
    installation.config.link.handshake_s = 60;
    let served = installation.serve();
    let silent: Vec<_> =
        (0..60).filter_map(|_| Till::try_connect(served.address, FIRST_TERMINAL).ok()).collect();
    assert_eq!(silent.len(), 60);
    wait_for("one to be left", || served.metric("tillgate_sessions{reactor=\"0\"}") == 1);
    sells(&served, FIRST_TERMINAL, 1);
    served.stop();
}

#[test]
fn a_key_cannot_shake_hands_faster_than_its_rate() {
    let mut installation = Installation::new();
    installation.config.link.handshakes_burst = 5;
    let served = installation.serve();
    let welcome = (0..9).filter(|_| Till::try_connect(served.address, FIRST_TERMINAL).is_ok());
    assert_eq!(welcome.count(), 5);
    sells(&served, FIRST_TERMINAL + 1, 1);
    served.stop();
}

#[test]
fn a_sale_before_the_logon_is_refused_and_its_number_is_not_used_up() {
    let installation = Installation::new();
    let served = installation.serve();
    let mut till = Till::try_connect(served.address, FIRST_TERMINAL).unwrap();
    assert_eq!(answer(&till.sell(&voucher_sale(1))).code, ResponseCode::NOT_LOGGED_ON);
    till.log_on();
    assert_eq!(answer(&till.sell(&voucher_sale(1))).code, ResponseCode::APPROVED);
    served.stop();
}

#[test]
fn a_wrong_key_is_denied_after_which_the_right_one_is_welcome() {
    let installation = Installation::new();
    let served = installation.serve();
    // The test network ends before this one.
    match Till::try_connect(served.address, FIRST_TERMINAL + 1_000) {
        Err(NotConnected::Refused(refusal)) => assert_eq!(refusal.code, RefusalCode::DENIED),
        Err(NotConnected::Closed) => panic!("closed without a word"),
        Ok(_) => panic!("an unknown terminal was let in"),
    }
    sells(&served, FIRST_TERMINAL, 1);
    assert_eq!(served.metric("tillgate_handshakes_refused_total"), 1);
    served.stop();
}
