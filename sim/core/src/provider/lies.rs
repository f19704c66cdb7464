//! A provider that carries requests out and answers something else: answers that a gateway must
//! not take for those of the request that it made.

use http::StatusCode;
use serde_json::{Value, json};

use crate::rng::Rng;

/// Shares of 1000 answers; what is left is the truth.
#[derive(Clone, Copy, Debug, Default)]
pub struct Lies {
    /// About another order's reference.
    pub reference_permille: u16,
    /// About another amount; of what was looked up, one that is not within its own bounds.
    pub amount_permille: u16,
    /// The answer before this one, once more.
    pub earlier_permille: u16,
    /// An array of the values in the place of an object.
    pub array_permille: u16,
    /// Of the approvals sent again, with another reference of its own: no lie about the request.
    pub renamed_permille: u16,
}

/// Draws the answers.
pub(super) struct Liar {
    seed: u64,
    /// Answers so far.
    count: u64,
    earlier: Option<(StatusCode, Value)>,
}

/// Keeps these draws apart from those about requests.
const STREAM: u64 = 0x4C49_4553_4C49_4553;

/// Whether an answer is about the request that it answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Honesty {
    /// It is.
    True,
    /// It is about another reference or amount, or not an object.
    Lie,
}

impl Liar {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, count: 0, earlier: None }
    }

    /// The truth, or a lie in its place.
    pub(super) fn tell(
        &mut self,
        lies: Lies,
        status: StatusCode,
        truth: Value,
    ) -> (StatusCode, Value, Honesty) {
        let Lies { reference_permille, amount_permille, earlier_permille, array_permille, .. } =
            lies;
        let mut share = Rng::new(self.seed, STREAM ^ self.count).below(1_000);
        self.count += 1;
        let mut is = |permille: u16| {
            let permille = u64::from(permille);
            let is = share < permille;
            share = if is { u64::MAX } else { share - permille };
            is
        };
        let mut told = (status, truth.clone(), Honesty::Lie);
        if is(reference_permille) {
            told.1["reference"] = json!(format!("{:032x}", self.count));
        } else if is(amount_permille) {
            let more = truth["amount_minor"].as_u64().unwrap_or(0) + 1;
            if truth["status"] == "found" {
                // Whatever it says, nobody but the provider knows the amount of a bill.
                (told.1["amount_min_minor"], told.1["amount_max_minor"]) =
                    (json!(more), json!(more));
            } else {
                told.1["amount_minor"] = json!(more);
            }
        } else if is(earlier_permille) {
            match &self.earlier {
                Some((status, earlier)) if earlier["reference"] != truth["reference"] => {
                    (told.0, told.1) = (*status, earlier.clone());
                }
                _ => told.2 = Honesty::True,
            }
        } else if is(array_permille) {
            // As a reader may list them: the values alone must not pass for an answer.
            let text = |name: &str| truth[name].as_str().unwrap_or_default();
            let of = |name: &str| truth[name].clone();
            let (code, own) = (text("code"), text("provider_reference"));
            told.1 = json!([of("status"), of("reference"), of("amount_minor"), null, code, own]);
        } else {
            told.2 = Honesty::True;
        }
        self.earlier = Some((status, truth));
        told
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(lies: Lies) -> Vec<Value> {
        let mut liar = Liar::new(1);
        let truth = |number: u64| {
            let reference = number.to_string();
            json!({"status": "approved", "reference": reference, "amount_minor": number})
        };
        (1..=3).map(|number| liar.tell(lies, StatusCode::OK, truth(number)).1).collect()
    }

    #[test]
    fn each_lie_differs_from_the_truth_in_what_it_is_named_after() {
        let truth = told(Lies::default());
        let reference = told(Lies { reference_permille: 1_000, ..Lies::default() });
        assert_ne!(reference[1]["reference"], truth[1]["reference"]);
        assert_eq!(reference[1]["amount_minor"], truth[1]["amount_minor"]);
        let amount = told(Lies { amount_permille: 1_000, ..Lies::default() });
        assert_ne!(amount[1]["amount_minor"], truth[1]["amount_minor"]);
        let earlier = told(Lies { earlier_permille: 1_000, ..Lies::default() });
        assert_eq!(earlier[1..], truth[..2]);
        let array = told(Lies { array_permille: 1_000, ..Lies::default() });
        assert_eq!(array[0], json!(["approved", "1", 1, null, "", ""]));
    }
}
