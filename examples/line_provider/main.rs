//! A provider of a protocol of its own: one line of text for each request and each answer, over
//! TCP. It exists only here, to show what a provider consists of; `docs/bridges.md` section 5 is
//! the guide. Run it with `cargo run -p tillgate-core --example line_provider`.
//!
//! ```text
//!   AUTHORIZE reference amount currency subscriber attempt     reference amount APPROVED own-reference
//!   INQUIRE   reference amount currency subscriber attempt     reference amount DECLINED code
//!                                                              reference amount PENDING
//!                                                              reference 0 UNKNOWN
//! ```

use tillgate_core::provider::{
    Capabilities, Event, Exchange, Provider, ProviderRequest, ProviderRequestKind, ProviderResult,
    Step,
};
use tillgate_core::time::{Moment, Span};
use tillgate_store_core::{Key, ProductId, ProviderOutcome, ResponseCode, ServiceId, Text};

/// Longest answer; a provider that sends more without a line feed is cut off.
const ANSWER_BYTES_MAX: usize = 256;

/// The protocol. One with settings, such as a merchant's number, has them as fields.
struct LineProvider;

impl Provider for LineProvider {
    type Message = Vec<u8>;
    type Answer = Vec<u8>;

    /// It has no reversals and no advices, so that the gateway never asks for any.
    fn capabilities(&self) -> Capabilities {
        Capabilities { idempotent: true, inquiry: true, ..Capabilities::default() }
    }

    fn request(&self, request: &ProviderRequest) -> Vec<u8> {
        let verb = match request.kind {
            ProviderRequestKind::Authorize => "AUTHORIZE",
            _ => "INQUIRE",
        };
        let ProviderRequest { reference, amount_minor, currency, subscriber, attempt, .. } =
            request;
        format!("{verb} {reference} {amount_minor} {currency} {subscriber} {attempt}\n").into()
    }

    fn interpret(&self, request: &ProviderRequest, answer: &Vec<u8>) -> Option<ProviderResult> {
        let line = std::str::from_utf8(answer).ok()?.strip_suffix('\n')?;
        let words: Vec<&str> = line.split(' ').collect();
        let (reference, amount, rest) = match *words.as_slice() {
            [reference, amount, ref rest @ ..] => (reference, amount, rest),
            _ => return None,
        };
        if reference != &*request.reference {
            return None;
        }
        if request.kind == ProviderRequestKind::Inquire && rest == ["UNKNOWN"] {
            return Some(ProviderResult::NotFound { attempt: request.attempt });
        }
        if amount != request.amount_minor.to_string() {
            return None;
        }
        Some(ProviderResult::Outcome(match *rest {
            ["APPROVED", own] => ProviderOutcome::Approved { reference: Text::from(own).ok()? },
            ["DECLINED", code] => {
                let code = ResponseCode(<[u8; 2]>::try_from(code.as_bytes()).ok()?);
                // A decline is final: it has no code that approves or makes a terminal ask again.
                let final_code = ![*b"00", *b"09", *b"68"].contains(&code.0);
                let digits = code.0.iter().all(u8::is_ascii_digit);
                let code = if final_code && digits { code } else { ResponseCode(*b"05") };
                ProviderOutcome::Declined { code, reference: Text::new() }
            }
            ["PENDING"] => return Some(ProviderResult::Pending),
            _ => return None,
        }))
    }
}

/// The first whole answer in what was received; `Ok(None)` while it is incomplete.
fn deframe(received: &[u8]) -> Result<Option<&[u8]>, ProviderResult> {
    match received.iter().take(ANSWER_BYTES_MAX).position(|byte| *byte == b'\n') {
        Some(end) => Ok(received.get(..=end)),
        None if received.len() >= ANSWER_BYTES_MAX => Err(ProviderResult::UNKNOWN),
        None => Ok(None),
    }
}

/// What a shell does with a request, here with a provider that is a function: lend a connection,
/// send, split off the answer, and report every event to the exchange.
fn carry_out(
    request: ProviderRequest,
    remote: impl Fn(&[u8]) -> Option<Vec<u8>>,
) -> ProviderResult {
    let now = Moment::default();
    let mut exchange = Exchange::new(request, now, Span::s(10));
    let mut step = exchange.begin(now);
    loop {
        let event = match step {
            Step::Connect => Event::Connected,
            Step::Send => match remote(&LineProvider.request(exchange.request())) {
                None => Event::Lost,
                Some(received) => match deframe(&received) {
                    Ok(Some(line)) => {
                        let answer = line.to_vec();
                        Event::Answered(LineProvider.interpret(exchange.request(), &answer))
                    }
                    Ok(None) | Err(_) => Event::Lost,
                },
            },
            Step::Done(result) => return result,
        };
        step = exchange.handle(now, event);
    }
}

/// A sale as the transaction manager hands it over.
fn sale() -> ProviderRequest {
    let text = "letters and digits that fit";
    ProviderRequest {
        kind: ProviderRequestKind::Authorize,
        key: Key::default(),
        bridge: 0,
        reference: Text::from("00000000000000070000000000000001").expect(text),
        provider_reference: Text::new(),
        service: ServiceId(20),
        product: ProductId(0),
        amount_minor: 2_500,
        currency: 404,
        lookup: Text::new(),
        subscriber: Text::from("254700000000").expect(text),
        attempt: 1,
    }
}

fn main() {
    let approves = |_: &[u8]| Some(format!("{} 2500 APPROVED L-1\n", sale().reference).into());
    println!("sent      {:?}", String::from_utf8_lossy(&LineProvider.request(&sale())));
    println!("answered  {:?}", carry_out(sale(), approves));
    println!("cut off   {:?}", carry_out(sale(), |_| None));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(kind: ProviderRequestKind, answer: &str) -> Option<ProviderResult> {
        let request = ProviderRequest { kind, ..sale() };
        let answer = answer.replace("REF", &sale().reference);
        LineProvider.interpret(&request, &answer.into_bytes())
    }

    #[test]
    fn an_answer_counts_only_if_it_repeats_reference_and_amount() {
        use ProviderRequestKind::{Authorize, Inquire};
        let reference = Text::from("L-1").unwrap();
        let approved = ProviderResult::Outcome(ProviderOutcome::Approved { reference });
        assert_eq!(answered(Authorize, "REF 2500 APPROVED L-1\n"), Some(approved));
        assert_eq!(answered(Inquire, "REF 2500 PENDING\n"), Some(ProviderResult::Pending));
        let not_found = ProviderResult::NotFound { attempt: 1 };
        assert_eq!(answered(Inquire, "REF 0 UNKNOWN\n"), Some(not_found));
        for lie in [
            "REF0 2500 APPROVED L-1\n",
            "REF 2501 APPROVED L-1\n",
            "REF 02500 APPROVED L-1\n",
            "REF 2500 APPROVED\n",
            "REF 2500 APPROVED L-1 again\n",
            "REF 2500 approved L-1\n",
            "REF 2500 APPROVED L-1",
            "REF 0 UNKNOWN\n",
            "REF\n",
            "\n",
            "",
        ] {
            assert_eq!(answered(Authorize, lie), None, "{lie:?}");
        }
    }

    #[test]
    fn a_decline_never_has_a_code_that_approves_or_makes_a_terminal_ask_again() {
        for (code, kept) in [("14", *b"14"), ("00", *b"05"), ("09", *b"05"), ("R1", *b"05")] {
            let result =
                answered(ProviderRequestKind::Authorize, &format!("REF 2500 DECLINED {code}\n"));
            let declined =
                ProviderOutcome::Declined { code: ResponseCode(kept), reference: Text::new() };
            assert_eq!(result, Some(ProviderResult::Outcome(declined)), "{code}");
        }
    }

    #[test]
    fn an_answer_that_is_cut_off_or_never_ends_leaves_the_outcome_unknown() {
        let answer = format!("{} 2500 APPROVED L-1\n", sale().reference).into_bytes();
        for length in 0..answer.len() {
            let received = answer[..length].to_vec();
            let result = carry_out(sale(), |_| Some(received.clone()));
            assert_eq!(result, ProviderResult::UNKNOWN, "{length} bytes");
        }
        assert_ne!(carry_out(sale(), |_| Some(answer.clone())), ProviderResult::UNKNOWN);
        assert_eq!(carry_out(sale(), |_| Some(vec![b'x'; 9_999])), ProviderResult::UNKNOWN);
        assert_eq!(carry_out(sale(), |_| None), ProviderResult::UNKNOWN);
    }
}
