//! The gateway's own link as the application: two sides that were written apart.

use std::collections::{BTreeMap, VecDeque};

use tillgate_core::ussd::profile::SmppProfile;
use tillgate_core::ussd::smpp::{self, Connection, SmppConfig, SmppLink};
use tillgate_core::ussd::{DialogAddress, DialogEvent, Say, SayKind, SayResult};

use super::*;
use crate::terminal::ussd::tests::{Gateway as Frames, bearer, firmware, key};
use crate::terminal::{UssdBearer, UssdIdentity, UssdNote, UssdTerminal};

/// An input that is none.
const ABORT_TEXT: &str = "Map Dialog User Abort";

/// From the centre to the gateway: what both say meanwhile crosses.
const WAY: Span = Span::ms(200);

/// The gateway's link, and an owner of dialogs that answers as the bare application does.
struct Gateway {
    link: SmppLink,
    connection: Option<Connection>,
    /// Texts that are being thought of, by the time at which they are said.
    saying: VecDeque<(Moment, DialogAddress, SayKind, Option<String>)>,
    /// What answers terminals, by their numbers.
    frames: BTreeMap<String, Frames>,
    /// Octets on their way.
    coming: VecDeque<(Moment, Vec<u8>)>,
    results: Vec<SayResult>,
    notify: bool,
}

fn gateway(profile: SmppProfile) -> Gateway {
    let config = SmppConfig {
        sender: "123".to_owned(),
        ..SmppConfig::new(Arc::new(profile), "till", "secret")
    };
    config.check().unwrap();
    let link = SmppLink::new(config, 1, Moment(1));
    let (saying, coming, results) = (VecDeque::new(), VecDeque::new(), Vec::new());
    Gateway {
        link,
        connection: None,
        saying,
        frames: BTreeMap::new(),
        coming,
        results,
        notify: false,
    }
}

impl Gateway {
    fn deadline(&self) -> Option<Moment> {
        let said = self.saying.front().map(|(due, ..)| *due);
        let came = self.coming.front().map(|(due, _)| *due);
        self.link.deadline().into_iter().chain(said).chain(came).min()
    }

    /// What the link does, handed to the crowd.
    fn drain(&mut self, now: Moment, crowd: &mut Crowd) {
        let mut connects = None;
        let mut sent = Vec::new();
        while let Some(output) = self.link.poll() {
            match output {
                smpp::Output::Connect(connection) => connects = Some(connection),
                smpp::Output::Send(_, bytes) => sent.extend_from_slice(bytes),
                smpp::Output::Close(connection) => panic!("{connection:?} is closed"),
                smpp::Output::Event(event) => match event {
                    DialogEvent::Begin { at, dialled } if at.service_code.as_str() == "124" => {
                        let frame =
                            dialled.strip_prefix("*124*").map(|it| it.trim_end_matches('#'));
                        let said = (now.after(WAY), at.clone());
                        self.saying.push_back(framed(&mut self.frames, said, frame));
                    }
                    DialogEvent::Input { at, text } if at.service_code.as_str() == "124" => {
                        let said = (now.after(WAY), at.clone());
                        self.saying.push_back(framed(&mut self.frames, said, Some(text)));
                    }
                    DialogEvent::Begin { at, .. } => {
                        let kind = SayKind::Continue;
                        self.saying.push_back((now.after(WAY), at.clone(), kind, None));
                    }
                    DialogEvent::Input { at, text } => {
                        assert_ne!(text, ABORT_TEXT, "it is no input");
                        self.saying.push_back((now.after(WAY), at.clone(), SayKind::End, None));
                    }
                    DialogEvent::Ended { at, .. } => {
                        self.saying.retain(|(_, other, ..)| other.msisdn != at.msisdn);
                        if self.notify {
                            let due = now.after(WAY);
                            self.saying.push_back((due, at.clone(), SayKind::Notify, None));
                        }
                    }
                    DialogEvent::Said { result, .. } => self.results.push(result),
                    DialogEvent::Lost | DialogEvent::Ready => {}
                },
            }
        }
        if !sent.is_empty() {
            crowd.handle(now, Input::Received { link: 1, bytes: &sent });
        }
        if let Some(connection) = connects {
            self.connection = Some(connection);
            crowd.handle(now, Input::Opened { link: 1 });
            self.link.handle(now, smpp::Input::Connected(connection));
            self.drain(now, crowd);
        }
    }

    fn tick(&mut self, now: Moment, crowd: &mut Crowd) {
        while self.coming.front().is_some_and(|(due, _)| *due <= now) {
            let (_, bytes) = self.coming.pop_front().unwrap();
            for piece in bytes.chunks(4_096) {
                self.link.handle(now, smpp::Input::Received(self.connection.unwrap(), piece));
                self.drain(now, crowd);
            }
        }
        while self.saying.front().is_some_and(|(due, ..)| *due <= now) {
            let (_, at, kind, text) = self.saying.pop_front().unwrap();
            let usual = match kind {
                SayKind::Continue => "1. Airtime\n2. Balance",
                SayKind::End => "Approved. Ref: 17A",
                SayKind::Notify => "Your sale was approved. Ref 18",
            };
            let (text, by) = (text.as_deref().unwrap_or(usual), now.after(Span::s(10)));
            self.link.handle(now, smpp::Input::Say(Say { ticket: 1, at: &at, kind, text, by }));
            self.drain(now, crowd);
        }
        if self.link.deadline().is_some_and(|due| due <= now) {
            self.link.handle(now, smpp::Input::Deadline);
            self.drain(now, crowd);
        }
    }
}

fn run(
    profile: &str,
    notify: bool,
    change: impl FnOnce(&mut Load, &mut Settings),
) -> (Town, Gateway) {
    run_of(SmppProfile::builtin(profile).unwrap(), notify, change)
}

/// A terminal's frame is answered by its gateway; without one it is asked for one.
fn framed(
    frames: &mut BTreeMap<String, Frames>,
    (due, at): (Moment, DialogAddress),
    frame: Option<&str>,
) -> (Moment, DialogAddress, SayKind, Option<String>) {
    let frames = frames.entry(at.msisdn.to_string()).or_insert_with(Frames::new);
    let (text, ends) = frame.map_or(("OK".to_owned(), false), |frame| frames.read(frame));
    let kind = if ends { SayKind::End } else { SayKind::Continue };
    (due, at, kind, Some(text))
}

/// A hundred handsets.
fn run_of(
    profile: &str,
    notify: bool,
    change: impl FnOnce(&mut Load, &mut Settings),
) -> (Town, Gateway) {
    let parse = || SmppProfile::parse(profile).unwrap();
    let town = town_of(100, Variant::of(&parse()), change);
    let mut gateway = gateway(parse());
    gateway.notify = notify;
    meet(town, gateway)
}

/// Five minutes of both.
fn meet(mut town: Town, mut gateway: Gateway) -> (Town, Gateway) {
    gateway.link.handle(town.now, smpp::Input::Deadline);
    gateway.drain(town.now, &mut town.crowd);
    town.crowd.handle(town.now, Input::Start);
    let end = town.now.after(Span::s(300));
    loop {
        while let Some(output) = town.crowd.poll() {
            if let Output::Send { bytes, .. } = output {
                gateway.coming.push_back((town.now.after(WAY), bytes));
            } else {
                town.take(output);
            }
        }
        let at = gateway.deadline().into_iter().chain(town.crowd.deadline()).min().unwrap();
        if at > end {
            return (town, gateway);
        }
        town.now = town.now.max(at);
        town.crowd.handle(town.now, Input::Tick);
        gateway.tick(town.now, &mut town.crowd);
    }
}

#[test]
fn the_gateways_link_makes_no_bad_session_in_any_profile() {
    for profile in SmppProfile::builtin_names() {
        let (town, gateway) = run(profile, false, |load, settings| {
            load.behaviour.drop_permille = 100;
            load.behaviour.abort_permille = 100;
            load.behaviour.think = Delay::LogNormal(Span::s(4), 700);
            settings.subscriber = Span::s(15);
            settings.throttle_permille = 50;
            settings.keys = 8;
        });
        let bad: Vec<_> = town.records.iter().filter_map(|it| it.status.violation()).collect();
        assert_eq!((bad, &town.faults[..]), (vec![], &[][..]), "{profile}");
        for status in [Status::Success, Status::UserAbort, Status::NetworkDrop] {
            let count = town.records.iter().filter(|record| record.status == status).count();
            assert!(count > 50, "{profile}: {status:?} {count}");
        }
        let counts = town.crowd.counts();
        assert!(counts.throttled > 20 && counts.late > 5, "{profile}: {counts:?}");
        let accepted = gateway.results.iter().filter(|it| **it == SayResult::Accepted).count();
        assert!(accepted > town.records.len(), "{profile}");
    }
}

#[test]
fn what_the_gateway_says_beside_dialogs_arrives() {
    for profile in SmppProfile::builtin_names() {
        let parsed = SmppProfile::parse(SmppProfile::builtin(profile).unwrap()).unwrap();
        let (town, _) = run(profile, true, |load, _| load.behaviour.abort_permille = 100);
        let counts = town.crowd.counts();
        use tillgate_core::ussd::profile::NotifyBy;
        let (notices, begun) = (counts.notices > 20, counts.by_network > 20);
        let wanted = match parsed.notify {
            NotifyBy::Ussn | NotifyBy::Sms => (true, false),
            NotifyBy::Ussr => (false, true),
            NotifyBy::None => (false, false),
        };
        assert_eq!((notices, begun), wanted, "{profile}: {counts:?}");
        assert_eq!(town.faults, [], "{profile}");
    }
}

#[test]
fn the_gateways_link_takes_texts_of_aborts_for_what_they_are() {
    for name in SmppProfile::builtin_names() {
        let abort = format!("abort_texts = [\"{ABORT_TEXT}\"]\n[session]");
        let profile = SmppProfile::builtin(name).unwrap().replacen("[session]", &abort, 1);
        let (town, gateway) = run_of(&profile, false, |load, settings| {
            load.behaviour.abort_permille = 300;
            settings.keys = 8;
        });
        let bad: Vec<_> = town.records.iter().filter_map(|it| it.status.violation()).collect();
        assert_eq!((bad, &town.faults[..]), (vec![], &[][..]), "{name}");
        let aborts = town.records.iter().filter(|it| it.status == Status::UserAbort).count();
        let seen = gateway.link.status().stats.aborts;
        assert!(aborts > 100, "{name}: {aborts}");
        assert!(seen + 5 > u64::try_from(aborts).unwrap(), "{name}: {seen} of {aborts}");
    }
}

#[test]
fn terminals_sell_in_every_profile_beside_handsets_and_no_session_is_bad() {
    for name in SmppProfile::builtin_names() {
        let parse = || SmppProfile::parse(SmppProfile::builtin(name).unwrap()).unwrap();
        let bearer = Arc::new(UssdBearer {
            last_permille: 200,
            drop_permille: 50,
            lose_permille: 50,
            replay_permille: 50,
            ..bearer()
        });
        let firmware = Arc::new(firmware());
        let terminals = (1..=20).map(|terminal| {
            let identity = UssdIdentity { terminal, key_id: 1, psk: key(), counter: 0 };
            UssdTerminal::new(&identity, Arc::clone(&firmware), Arc::clone(&bearer), 5)
        });
        let mut town = town_of(100, Variant::of(&parse()), |_, settings| {
            settings.terminals = Some((80, "124".to_owned()));
        });
        town.crowd = Crowd::with_terminals(
            town.settings.clone(),
            town.load.clone(),
            terminals.collect(),
            11,
        );
        let (town, gateway) = meet(town, gateway(parse()));
        let bad: Vec<_> = town.records.iter().filter_map(|it| it.status.violation()).collect();
        assert_eq!((bad, &town.faults[..]), (vec![], &[][..]), "{name}");
        let of = |wanted: UssdNote| town.notes.iter().filter(|note| **note == wanted).count();
        assert!(of(UssdNote::Requested) > 500, "{name}: {}", of(UssdNote::Requested));
        assert!(of(UssdNote::ReplayRefused) > 3 && of(UssdNote::ReplayAnswered) == 0, "{name}");
        assert_eq!(gateway.frames.len(), 20, "{name}");
        assert!(town.crowd.books().map(|book| book.entries().len()).sum::<usize>() > 100, "{name}");
    }
}
