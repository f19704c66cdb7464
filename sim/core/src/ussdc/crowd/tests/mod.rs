//! A crowd against a bare application in memory.

mod gateway;

use super::*;
use crate::terminal::UssdNote;
use crate::ussdc::centre::Violation;
use crate::ussdc::handset::{Behaviour, Script};
use crate::ussdc::responder::Responder;
use crate::ussdc::variant::Variant;

const SCRIPT: &str = r#"
accounts = ["07########"]
amounts = ["10"]

[marks]
approved = ["approved"]
declined = ["declined"]
progress = ["pending"]
reference = ["ref"]
more = ["more"]

[[step]]
expect = ["airtime"]
send = "{line}"
orders = true
"#;

struct Town {
    crowd: Crowd,
    application: Responder,
    now: Moment,
    records: Vec<Record>,
    steps: Vec<(u8, Span)>,
    faults: Vec<Violation>,
    notes: Vec<UssdNote>,
    settings: Settings,
    load: Load,
}

/// A crowd to which the bare application is bound.
fn town(count: u64, load: impl FnOnce(&mut Load, &mut Settings)) -> Town {
    let mut town = town_of(count, Variant::standard(), load);
    town.crowd.handle(town.now, Input::Opened { link: 1 });
    town.application.bind("shop", "");
    town.settle();
    town
}

fn town_of(count: u64, variant: Variant, load: impl FnOnce(&mut Load, &mut Settings)) -> Town {
    let numbers = (0..count).map(|number| (254_700_000_000 + number, Short::default()));
    let subscribers = Arc::new(Subscribers::new(numbers));
    let mut settings = Settings::new(variant, subscribers, "123");
    let behaviour = Behaviour {
        think: Delay::Exponential(Span::s(5)),
        typo_permille: 0,
        abort_permille: 0,
        drop_permille: 0,
    };
    let mut calm = Load {
        code: "*123#".to_owned(),
        script: Arc::new(Script::parse(SCRIPT).unwrap()),
        behaviour,
        pause: Some(Delay::Fixed(Span::s(10))),
        holds: false,
    };
    load(&mut calm, &mut settings);
    let application =
        Responder::new(Variant::standard(), "1. Airtime\n2. Balance", "Approved. Ref: 17A");
    let crowd = Crowd::new(settings.clone(), calm.clone(), 11);
    let (records, steps, faults, notes) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (now, load) = (Moment(1), calm);
    Town { crowd, application, now, records, steps, faults, notes, settings, load }
}

impl Town {
    fn settle(&mut self) {
        loop {
            let octets = self.application.sent();
            if !octets.is_empty() {
                self.crowd.handle(self.now, Input::Received { link: 1, bytes: &octets });
            }
            let mut is_quiet = octets.is_empty();
            while let Some(output) = self.crowd.poll() {
                match output {
                    Output::Send { bytes, .. } => {
                        is_quiet = false;
                        assert!(self.application.receive(&bytes));
                    }
                    output => self.take(output),
                }
            }
            if is_quiet {
                return;
            }
        }
    }

    fn take(&mut self, output: Output) {
        match output {
            Output::Dialog(record) => self.records.push(record),
            Output::Step { number, took } => self.steps.push((number, took)),
            Output::Fault { violation, .. } => self.faults.push(violation),
            Output::Terminal(note) => self.notes.push(note),
            Output::Bound { .. } | Output::NotUnderstood { .. } => {}
            other => panic!("{other:?}"),
        }
    }

    fn run(&mut self, seconds: u64) {
        self.crowd.handle(self.now, Input::Start);
        self.settle();
        let end = self.now.after(Span::s(seconds));
        let mut is_stopped = false;
        while let Some(at) = self.crowd.deadline() {
            if at > end && !is_stopped {
                is_stopped = true;
                self.crowd.handle(end, Input::Stop);
            }
            if is_stopped && self.crowd.open() == 0 {
                return;
            }
            assert!(at >= self.now, "deadlines do not come from the past");
            self.now = at;
            self.crowd.handle(at, Input::Tick);
            self.settle();
        }
    }

    /// Starts, and goes on for so long.
    fn run_until(&mut self, span: Span) {
        let end = self.now.after(span);
        if !self.crowd.is_leaving {
            self.crowd.handle(self.now, Input::Start);
        }
        self.settle();
        while let Some(at) = self.crowd.deadline().filter(|at| *at <= end) {
            self.now = at;
            self.crowd.handle(at, Input::Tick);
            self.settle();
        }
        self.now = end;
    }

    fn events(&self, wanted: impl Fn(&super::super::handset::Event) -> bool) -> usize {
        let books = self.crowd.handsets().flat_map(|(_, handset)| handset.book().entries());
        books.filter(|entry| wanted(&entry.event)).count()
    }
}

#[test]
fn a_calm_crowd_sells_and_every_book_says_approved() {
    let mut town = town(50, |_, _| {});
    town.run(120);
    assert!(town.records.len() > 300, "{}", town.records.len());
    assert!(town.records.iter().all(|record| record.status == Status::Success));
    assert!(town.records.iter().all(|record| record.steps == 2));
    assert_eq!(town.faults, []);
    use super::super::handset::{Event, Mark};
    let approved = town.events(|event| {
        matches!(event, Event::Seen { mark: Mark::Approved, reference } if reference.as_str() == "17A")
    });
    assert_eq!(approved, town.records.len());
    assert_eq!(town.application.counts().begins, u64::try_from(approved).unwrap());
}

#[test]
fn drops_aborts_and_timeouts_are_no_fault_of_the_application() {
    let mut town = town(100, |load, settings| {
        load.behaviour.drop_permille = 150;
        load.behaviour.abort_permille = 100;
        load.behaviour.typo_permille = 100;
        load.behaviour.think = Delay::LogNormal(Span::s(6), 900);
        settings.subscriber = Span::s(20);
        settings.keys = 16;
    });
    town.run(300);
    for status in
        [Status::Success, Status::UserAbort, Status::NetworkDrop, Status::SubscriberTimeout]
    {
        let count = town.records.iter().filter(|record| record.status == status).count();
        assert!(count > 10, "{status:?}: {count}");
    }
    let bad: Vec<_> = town.records.iter().filter_map(|it| it.status.violation()).collect();
    assert_eq!((bad, &town.faults[..]), (vec![], &[][..]));
    use super::super::handset::Event;
    let ordered = town.events(|event| matches!(event, Event::Ordered { .. }));
    let ended = town.events(|event| matches!(event, Event::Seen { .. } | Event::Unknown));
    assert_eq!(ordered, ended, "each order is seen or unknown");
    assert!(town.events(|event| *event == Event::Unknown) > 10);
}

#[test]
fn owners_who_hold_answer_nothing_until_they_leave() {
    let mut town = town(50, |load, _| load.holds = true);
    town.run_until(Span::s(30));
    assert_eq!((town.crowd.open(), town.records.len()), (50, 0));
    assert_eq!(town.application.counts().inputs, 0);
    town.crowd.handle(town.now, Input::Stop);
    town.crowd.handle(town.now, Input::Leave);
    town.settle();
    assert_eq!((town.crowd.open(), town.records.len()), (0, 50));
    assert!(town.records.iter().all(|record| record.status == Status::UserAbort));
    assert_eq!(town.application.counts().releases, 50);
}

#[test]
fn owners_who_leave_end_every_dialog_at_their_next_screen() {
    let mut town = town(100, |load, _| {
        load.behaviour.think = Delay::Fixed(Span::s(100));
        load.behaviour.drop_permille = 200;
    });
    town.run_until(Span::s(40));
    assert!(town.crowd.open() > 90, "{}", town.crowd.open());
    town.crowd.handle(town.now, Input::Stop);
    town.crowd.handle(town.now, Input::Leave);
    town.settle();
    assert_eq!(town.crowd.open(), 0);
    assert_eq!(town.faults, []);

    // One that waits for its first screen.
    let mut town = self::town(1, |load, _| load.pause = None);
    town.crowd.handle(town.now, Input::Dial { handset: 0, intended: town.now });
    town.crowd.handle(town.now, Input::Leave);
    assert_eq!(town.crowd.open(), 1);
    town.run_until(Span::ZERO);
    let [record] = town.records[..] else { panic!("{:?}", town.records) };
    assert_eq!((record.status, record.steps), (Status::UserAbort, 1));
    assert_eq!(town.application.counts().inputs, 0);
}

#[test]
fn the_same_seed_gives_the_same_dialogs() {
    let run = || {
        let mut town = town(20, |load, _| load.behaviour.drop_permille = 100);
        town.run(60);
        (town.records, town.steps)
    };
    assert_eq!(run(), run());
}

#[test]
fn an_open_load_counts_from_the_moment_that_was_meant() {
    let mut town = town(1, |load, _| {
        load.pause = None;
        load.behaviour.think = Delay::Fixed(Span::ZERO);
    });
    town.now = Moment(Span::s(5).0);
    town.crowd.handle(town.now, Input::Dial { handset: 0, intended: Moment(Span::s(2).0) });
    town.settle();
    assert_eq!(town.steps, [(0, Span::s(3)), (1, Span::ZERO)]);
    let [record] = town.records[..] else { panic!("{:?}", town.records) };
    assert_eq!((record.begun, record.ended), (Moment(Span::s(2).0), town.now));
}

#[test]
fn a_crowd_without_an_application_waits_and_does_not_spin() {
    let mut town = town(1, |load, _| load.pause = Some(Delay::Fixed(Span::ZERO)));
    town.crowd.handle(town.now, Input::Closed { link: 1 });
    while let Some(output) = town.crowd.poll() {
        assert!(matches!(output, Output::Unbound { .. }));
    }
    town.run(10);
    assert!((9..=11).contains(&town.records.len()), "{}", town.records.len());
    assert!(town.records.iter().all(|record| record.status == Status::NoLink));
}
