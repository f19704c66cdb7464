mod dialects;
mod sessions;

use core::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, Method};

use super::profile::HttpProfile;
use super::*;
use crate::time::Span;
use crate::ussd::{DialogEvent, Say, SayKind};

const SUBSCRIBER: &str = "255712345678";

#[derive(Clone, Debug, PartialEq, Eq)]
enum Report {
    Begin(DialogAddress, String),
    Input(DialogAddress, String),
    Ended(EndReason),
    Said(u64, SayResult),
}

/// An answer as the shell sends it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Answer {
    ticket: u64,
    status: u16,
    content_type: String,
    headers: Vec<(String, String)>,
    body: String,
}

struct Rig {
    link: HttpLink,
    now: Moment,
    reports: Vec<Report>,
    answers: Vec<Answer>,
    ticket: u64,
    headers: HeaderMap,
    peer: IpAddr,
}

fn profile(name: &str) -> Arc<HttpProfile> {
    Arc::new(HttpProfile::parse(HttpProfile::builtin(name).unwrap()).unwrap())
}

fn config(name: &str) -> HttpConfig {
    HttpConfig { profile: profile(name), secret: None, networks: Vec::new(), sessions_max: 100 }
}

impl Rig {
    fn new(config: HttpConfig) -> Self {
        let now = Moment(Span::s(1).0);
        let mut rig = Self {
            link: HttpLink::new(config, now),
            now,
            reports: Vec::new(),
            answers: Vec::new(),
            ticket: 0,
            headers: HeaderMap::new(),
            peer: "10.1.2.3".parse().unwrap(),
        };
        assert!(matches!(rig.link.poll(), Some(Output::Event(DialogEvent::Ready))));
        rig.handle(Input::Deadline);
        rig
    }

    fn of(name: &str) -> Self {
        Self::new(config(name))
    }

    fn handle(&mut self, input: Input<'_>) {
        self.link.handle(self.now, input);
        while let Some(output) = self.link.poll() {
            match output {
                Output::Respond { ticket, answer } => {
                    let text = |value: &HeaderValue| value.to_str().unwrap().to_owned();
                    let headers = answer.headers.iter();
                    self.answers.push(Answer {
                        ticket,
                        status: answer.status.as_u16(),
                        content_type: text(answer.content_type),
                        headers: headers.map(|(name, of)| (name.to_string(), text(of))).collect(),
                        body: answer.body.to_owned(),
                    });
                }
                Output::Event(event) => self.reports.push(match event {
                    DialogEvent::Begin { at, dialled } => {
                        Report::Begin(at.clone(), dialled.to_owned())
                    }
                    DialogEvent::Input { at, text } => Report::Input(at.clone(), text.to_owned()),
                    DialogEvent::Ended { why, .. } => Report::Ended(why),
                    DialogEvent::Said { ticket, result } => Report::Said(ticket, result),
                    DialogEvent::Lost | DialogEvent::Ready => panic!("a link over HTTP has none"),
                }),
            }
        }
    }

    fn send(&mut self, method: &Method, query: &str, body: &[u8]) -> u64 {
        self.ticket += 1;
        let (ticket, headers) = (self.ticket, self.headers.clone());
        let request = HttpRequest { method, query, headers: &headers, body, peer: self.peer };
        self.handle(Input::Request { ticket, request });
        ticket
    }

    fn get(&mut self, query: &str) -> u64 {
        self.send(&Method::GET, query, b"")
    }

    fn post(&mut self, body: &str) -> u64 {
        self.send(&Method::POST, "", body.as_bytes())
    }

    /// A form of Africa's Talking.
    fn post_text(&mut self, session: &str, text: &str) -> u64 {
        let form = format!(
            "sessionId={session}&phoneNumber=%2B{SUBSCRIBER}&networkCode=99999&\
             serviceCode=*384*123%23&text={text}"
        );
        self.post(&form)
    }

    fn pass(&mut self, span: Span) {
        let end = self.now.after(span);
        while let Some(due) = self.link.deadline().filter(|due| *due <= end) {
            self.now = self.now.max(due);
            self.handle(Input::Deadline);
            assert!(self.link.deadline().is_none_or(|next| next > self.now), "a busy loop");
        }
        self.now = end;
    }

    fn report(&mut self) -> Report {
        assert!(!self.reports.is_empty(), "nothing was reported");
        self.reports.remove(0)
    }

    fn begun(&mut self) -> (DialogAddress, String) {
        match self.report() {
            Report::Begin(at, dialled) => (at, dialled),
            other => panic!("{other:?}"),
        }
    }

    fn input(&mut self) -> String {
        match self.report() {
            Report::Input(_, text) => text,
            other => panic!("{other:?}"),
        }
    }

    fn say(&mut self, at: &DialogAddress, kind: SayKind, text: &str) -> SayResult {
        let by = self.now.after(Span::s(13));
        self.handle(Input::Say(Say { ticket: 7, at, kind, text, by }));
        match self.reports.pop() {
            Some(Report::Said(7, result)) => result,
            other => panic!("{other:?}"),
        }
    }

    fn answer(&mut self) -> Answer {
        assert!(!self.answers.is_empty(), "nothing was answered");
        self.answers.remove(0)
    }
}
