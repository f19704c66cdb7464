//! A terminal and what it has heard.

use std::collections::BTreeMap;

use tillgate_codec::link::message::{
    AnswerKind, Confirm, GatewayMessage, Reversal, TerminalMessage,
};

use crate::support::{top_up_sale, voucher_sale};
use crate::walk::dice::Dice;

/// A request of the till.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Message {
    Sale(u32),
    Reversal(u32, u32),
    Confirm(u32),
}

#[derive(Default)]
pub(crate) struct Till {
    stan: u32,
    asked: Vec<Message>,
    /// Final answers by STAN: what was heard first.
    answers: BTreeMap<u32, Vec<u8>>,
    codes: BTreeMap<u32, String>,
}

impl Message {
    pub(crate) fn upward(self) -> TerminalMessage<'static> {
        let date = voucher_sale(1).date;
        match self {
            Self::Sale(stan) => {
                let sale = top_up_sale(stan);
                TerminalMessage::Sale(tillgate_codec::link::message::Sale {
                    amount_minor: 500,
                    ..sale
                })
            }
            Self::Reversal(stan, original_stan) => TerminalMessage::Reversal(Reversal {
                stan,
                date,
                original_stan,
                original_date: date,
                amount_minor: 500,
                reason: Reversal::TIMEOUT,
            }),
            Self::Confirm(stan) => TerminalMessage::Confirm(Confirm { stan, date }),
        }
    }
}

impl Till {
    fn ask(&mut self, message: Message) -> Option<Message> {
        self.asked.push(message);
        Some(message)
    }

    pub(crate) fn sale(&mut self) -> Option<Message> {
        self.stan += 1;
        self.ask(Message::Sale(self.stan))
    }

    pub(crate) fn again(&mut self, dice: &mut Dice) -> Option<Message> {
        pick(&self.asked, dice)
    }

    pub(crate) fn reversal(&mut self, dice: &mut Dice) -> Option<Message> {
        let sales: Vec<u32> = self.sales();
        let original = pick(&sales, dice)?;
        self.stan += 1;
        self.ask(Message::Reversal(self.stan, original))
    }

    /// Only what it saw approved.
    pub(crate) fn confirm(&mut self, dice: &mut Dice) -> Option<Message> {
        let sales = self.sales();
        let approved: Vec<u32> = sales
            .into_iter()
            .filter(|stan| self.codes.get(stan).is_some_and(|code| code == "00"))
            .collect();
        Some(Message::Confirm(pick(&approved, dice)?))
    }

    pub(crate) fn everything(&self) -> Vec<Message> {
        self.asked.clone()
    }

    pub(crate) fn sales(&self) -> Vec<u32> {
        let sale = |message: &Message| match message {
            Message::Sale(stan) => Some(*stan),
            _ => None,
        };
        self.asked.iter().filter_map(sale).collect()
    }

    /// What is final stays as it is; only a sale that is taken back changes, once, to R1.
    pub(crate) fn hear(&mut self, body: &[u8], seed: u64) {
        if body.is_empty() {
            return;
        }
        let Ok(GatewayMessage::Answer(answer)) = GatewayMessage::decode(body) else {
            panic!("seed {seed}: not an answer");
        };
        let code = answer.code.to_string();
        if code == "09" || answer.kind == AnswerKind::Confirm {
            return;
        }
        let before = self.codes.insert(answer.stan, code.clone());
        let first = self.answers.entry(answer.stan).or_insert_with(|| body.to_vec());
        if code == "R1" && before.is_none_or(|before| before == "00" || before == "R1") {
            return;
        }
        assert_eq!(first, body, "seed {seed}: STAN {} hears something else", answer.stan);
    }

    /// Nothing to add: what it heard was checked as it came.
    pub(crate) fn judge(&self, seed: u64) {
        for (stan, code) in &self.codes {
            assert_ne!(code, "96", "seed {seed}: STAN {stan}");
        }
    }
}

fn pick<T: Copy>(from: &[T], dice: &mut Dice) -> Option<T> {
    let count = u32::try_from(from.len()).unwrap_or(0);
    if count == 0 {
        return None;
    }
    let place = usize::try_from(dice.below(count)).unwrap_or(0);
    from.get(place).copied()
}
