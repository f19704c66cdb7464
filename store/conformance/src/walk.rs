//! Random walks: commands in batches of any size, restarts at any point, each outcome compared
//! with the [`Model`]'s and the books recomputed after each commit.

use super::Factory;
use super::answer::Answer;
use super::batches::totals;
use super::model::Model;
use super::network::{CURRENCY, TODAY, TOP_UPS, VOUCHERS, load, sealed, seller, service, voucher};
use super::withdrawal::withdraw;
use super::world::{World, propose, refund, repeat, resolve, reversal, settlement};
use tillgate_store_core::command::{
    Advice, Asker, Change, Command, Confirm, Finish, ProviderOutcome, RefundStep, Reroute,
    Resolution, VerificationResult,
};
use tillgate_store_core::history;
use tillgate_store_core::ids::{AccountId, BridgeTag, Key, Text};
use tillgate_store_core::outcome::Outcome;
use tillgate_store_core::record::{FollowUp, RegistryRecord, Services, Terminal, Totals, Velocity};
use tillgate_store_core::store::Store;
use tillgate_types::{BusinessDate, ProductId, ResponseCode, SellerId, TerminalId};

/// What one step is made from; any numbers make a step, and smaller ones a plainer one.
pub type Draw = [u16; 6];

/// Steps of the walk that is one of the cases.
const STEPS: usize = 1_000;

/// Walks some hundred steps of one fixed seed.
pub fn any_walk_keeps_to_the_model<F: Factory>(factory: F) {
    run(factory, draws(0x7111_6A7E).take(STEPS));
}

/// An endless sequence of draws from a seed (splitmix64, S. Vigna).
pub fn draws(seed: u64) -> impl Iterator<Item = Draw> {
    let mut state = seed;
    let mut next = move || {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let [.., high, low] = (mixed ^ (mixed >> 31)).to_be_bytes();
        u16::from_be_bytes([high, low])
    };
    std::iter::repeat_with(move || std::array::from_fn(|_| next()))
}

/// Walks the steps of `draws` over a new store.
pub fn run<F: Factory>(factory: F, draws: impl IntoIterator<Item = Draw>) {
    let mut walk = Walk::new(factory);
    for draw in draws {
        walk.step(draw);
    }
    walk.flush();
    walk.world.reopen();
    walk.check_floats();
}

struct Walk<F: Factory> {
    world: World<F>,
    model: Model,
    commands: Vec<Command>,
    answers: Vec<Answer>,
}

impl<F: Factory> Walk<F> {
    fn new(factory: F) -> Self {
        let mut world = World::new(factory);
        let limits = Velocity { count_max: 3, window_s: 120, day_amount_max_minor: 2_000 };
        let limited = vec![service(TOP_UPS, limits)];
        assert_eq!(world.change(limited, vec![], vec![]), Outcome::Applied);
        let mut model = Model::default();
        model.floats.entry(2).or_default().credit_minor = 5_000;
        Self { world, model, commands: Vec::new(), answers: Vec::new() }
    }

    fn step(&mut self, draw: Draw) {
        self.world.now_ms += u64::from(draw[5] % 32) * 1_000;
        let command = match draw[0] % 20 {
            0..=3 => self.voucher(draw),
            4..=7 => self.top_up(draw),
            8 if draw[5].is_multiple_of(2) => self.reroute(draw),
            8..=10 => self.finding(draw),
            11 => self.confirm(draw),
            12 => self.reversal(draw),
            13 if draw[5].is_multiple_of(2) => self.reversal(draw),
            13 => self.repeat(draw),
            14 if draw[5] % 8 == 3 => self.withdraw(draw),
            14 => self.change(draw),
            15 | 16 => self.due(draw),
            17 if draw[5].is_multiple_of(2) => self.refund(draw),
            17 => self.resolve(draw),
            18 => self.settle(draw),
            _ if draw[1].is_multiple_of(2) => {
                self.flush();
                self.world.reopen();
                return self.check_floats();
            }
            _ => Command::Logon {
                terminal: TerminalId(u32::from(draw[2] % 3)),
                generation: u32::from(draw[3] % 2),
                counter: u64::from(draw[3] % 50),
                proved: draw[4].is_multiple_of(2),
            },
        };
        self.answers.push(self.model.answer(&command));
        self.commands.push(command);
        if (draw[0] / 32).is_multiple_of(3) {
            self.flush();
        }
    }

    fn flush(&mut self) {
        let commands = std::mem::take(&mut self.commands);
        let asked = commands.clone();
        let outcomes = self.world.commit(commands);
        let answers = self.answers.drain(..);
        for ((outcome, expected), command) in outcomes.iter().zip(answers).zip(asked) {
            assert_eq!(Answer::of(outcome), expected, "the answer to {command:?}");
        }
        self.check_floats();
        self.check_versions();
    }

    /// The newest version is in force; the oldest came after there was none.
    fn check_versions(&self) {
        for (key, expected) in &self.model.versions {
            let rows = self.world.book().backend();
            let stored = history::versions(rows, key, None, usize::MAX).expect("the engine reads");
            let records = stored.iter().map(|version| version.record.as_ref());
            let known = expected.iter().rev().map(|(_, record)| Some(record));
            assert!(records.eq(known.chain([None])), "the versions of {key:x?}");
            let ends = stored.iter().filter_map(|version| version.replaced);
            let times = expected.iter().rev().map(|(at_ms, _)| *at_ms);
            assert!(ends.map(|(_, at_ms)| at_ms).eq(times), "the times of {key:x?}");
        }
    }

    fn check_floats(&self) {
        for (seller, expected) in &self.model.floats {
            let id = AccountId::float(SellerId(*seller), CURRENCY);
            let float = self.world.book().account(&id);
            assert_eq!(float.posted_minor, expected.posted_minor, "seller {seller}");
            assert_eq!(float.reserved_minor, expected.reserved_minor, "seller {seller}");
        }
    }

    fn voucher(&self, draw: Draw) -> Command {
        let product = ProductId(draw[4] % 2 + 1);
        let amount_minor = if product.0 == 1 { 1_000 } else { 250 };
        let mut begin = self.world.sale(key(draw), VOUCHERS, product, amount_minor, Text::new());
        if let VerificationResult::Accepted { least_days, .. } = &mut begin.verdict {
            *least_days = (draw[3] / 32) % 3;
        }
        if draw[5] % 16 == 1 {
            begin.verdict = VerificationResult::Refused(ResponseCode(*b"57"));
        }
        Command::Begin(begin)
    }

    fn top_up(&self, draw: Draw) -> Command {
        let amount_minor = 100 * u64::from(draw[4] % 8 + 1);
        Command::Begin(self.world.top_up(key(draw), amount_minor))
    }

    fn finding(&self, draw: Draw) -> Command {
        let code = ResponseCode(*b"91");
        // Most references are the first one once more; some are none, or another.
        let named = ["P-1", "P-1", "P-1", "", "P-2", "P-3"][usize::from(draw[5] % 6)];
        let reference = Text::from(named).expect("short enough");
        let result = match draw[4] % 10 {
            0 | 1 => ProviderOutcome::Approved { reference, chip: None },
            2 | 3 => ProviderOutcome::Declined { code, reference, chip: None },
            4 => ProviderOutcome::NotSent { code },
            5 => ProviderOutcome::Unknown,
            6 | 7 => ProviderOutcome::Reversed,
            8 => ProviderOutcome::ReversalDeclined,
            _ => ProviderOutcome::AdviceAcknowledged,
        };
        // Late ones too: about rows that are final.
        let key = self.pick(draw, !draw[2].is_multiple_of(4));
        let by = if draw[3].is_multiple_of(4) { bridge(draw[2]) } else { BridgeTag::NONE };
        Command::Finish(Finish { key, at_ms: self.world.now_ms, by, result })
    }

    /// Mostly from the bridge that it went to last, and sometimes to one that it has left.
    fn reroute(&self, draw: Draw) -> Command {
        let key = self.pick(draw, !draw[2].is_multiple_of(4));
        let last = self.model.bridge(&key).unwrap_or(BridgeTag::NONE);
        let from = if draw[4].is_multiple_of(8) { bridge(draw[4] / 8) } else { last };
        let (to, code) = (bridge(draw[2]), ResponseCode(*b"91"));
        Command::Reroute(Reroute { key, at_ms: self.world.now_ms, from, to, code })
    }

    fn confirm(&self, draw: Draw) -> Command {
        let original = self.pick(draw, false);
        let advice = if draw[4].is_multiple_of(2) { Advice::Owed } else { Advice::NotOwed };
        Command::Confirm(Confirm {
            asker: Asker::Terminal,
            original,
            amount_minor: None,
            at_ms: self.world.now_ms,
            advice,
        })
    }

    fn due(&self, draw: Draw) -> Command {
        let what = match draw[4] % 8 {
            0..=3 => FollowUp::Reversal,
            4..=6 => FollowUp::Operator,
            _ => FollowUp::Advice,
        };
        Command::DueFollowUp { key: self.pick(draw, true), what, at_ms: self.world.now_ms }
    }

    fn resolve(&self, draw: Draw) -> Command {
        let verdict = match draw[4] % 8 {
            0 | 1 => Resolution::Approved,
            2 | 3 => Resolution::Declined,
            4 => Resolution::LateApproval,
            5 => Resolution::Disputed,
            _ => Resolution::Done,
        };
        resolve(self.pick(draw, !draw[2].is_multiple_of(4)), verdict, self.world.now_ms)
    }

    /// Mostly with the totals that the model counts.
    fn settle(&self, draw: Draw) -> Command {
        let date = BusinessDate(TODAY.0 + draw[4] % 2);
        let settle = settlement(key(draw), date, Totals::default(), self.world.now_ms);
        let (mut claimed, _) = self.model.totals(&settle);
        if draw[5].is_multiple_of(4) {
            claimed.sales_minor += 1;
        }
        Command::Settle(settlement(key(draw), date, claimed, self.world.now_ms))
    }

    fn reversal(&self, draw: Draw) -> Command {
        let original = self.pick(draw, false);
        let right = self.model.amount_minor(&original).unwrap_or(1_000);
        let amount_minor = if draw[4] % 8 == 1 { right + 1 } else { right };
        let terminal = if draw[4] % 16 == 2 { TerminalId(3) } else { original.terminal };
        let own = Key { terminal, ..key([draw[5], draw[4], draw[3], draw[2], 0, 0]) };
        reversal(own, original, amount_minor, self.world.now_ms)
    }

    /// Also of what never was, and of the last sale of a date.
    fn repeat(&self, draw: Draw) -> Command {
        let mut original = self.pick(draw, false);
        if draw[4].is_multiple_of(4) {
            original.stan = 0;
        }
        Command::Repeat(repeat(original, self.world.now_ms))
    }

    fn refund(&self, draw: Draw) -> Command {
        let step = match draw[4] % 8 {
            0..=3 => propose(),
            4..=6 => RefundStep::Approve,
            _ => RefundStep::Cancel,
        };
        let actor = if draw[2].is_multiple_of(3) { "ann" } else { "bob" };
        refund(self.pick(draw, !draw[2].is_multiple_of(8)), step, actor, self.world.now_ms)
    }

    fn change(&self, draw: Draw) -> Command {
        let mut change = Change { at_ms: self.world.now_ms, ..Change::default() };
        if draw[1].is_multiple_of(3) {
            let amount_minor = i64::from(draw[2] % 8) * 1_000 - 1_500;
            let reference = format!("R{}", draw[3] % 24);
            change.funds.push(load(&reference, u32::from(draw[4] % 2 + 1), amount_minor));
        } else if draw[1].is_multiple_of(5) {
            change.records = self.records(draw);
        } else {
            let product = ProductId(draw[4] % 2 + 1);
            for more in 0..draw[2] % 4 {
                let expiry = BusinessDate(TODAY.0 - 1 + (draw[3] / 64 + more) % 4);
                change.vouchers.push(voucher(product, draw[3] % 128 * 4 + more, expiry));
            }
            // Most are right; some have a number that was loaded, or count wrongly.
            if draw[5].is_multiple_of(2) {
                let face_minor = if product.0 == 1 { 1_000 } else { 250 };
                let number = format!("B-{}", draw[4] / 2 % 64);
                let mut batch = totals(&number, &change.vouchers, face_minor);
                batch.of.product = product;
                batch.count += u64::from(draw[5] % 16 == 2);
                change.batches.push(batch);
            }
        }
        Command::Change(change)
    }

    /// Some of the first serials, most of which are in stock, sold or withdrawn already.
    fn withdraw(&self, draw: Draw) -> Command {
        let product = ProductId(draw[4] % 2 + 1);
        let number = |more| (draw[3].wrapping_add(more * 37)) % 512;
        let days = |more: u16| BusinessDate(TODAY.0 - 1 + (draw[2] / 4 + more) % 4);
        let place = |more| {
            let found = voucher(product, number(more / 4), days(more));
            (found.expiry, found.serial)
        };
        withdraw(product, (0..draw[2] % 64).map(place).collect(), self.world.now_ms)
    }

    /// A seller that moves and a terminal that is given other keys or services; neither sells.
    fn records(&self, draw: Draw) -> Vec<RegistryRecord> {
        let services =
            if draw[2].is_multiple_of(3) { Services::All } else { Services::Only(vec![VOUCHERS]) };
        let key = (1, sealed(draw[3] % 2));
        let terminal = Terminal::new(TerminalId(9), SellerId(1), services, key);
        vec![
            seller(u32::from(8 + draw[4] % 2), u32::from(1 + draw[5] % 2), 0),
            RegistryRecord::Terminal(terminal),
        ]
    }

    /// Mostly the key of a row that is there.
    fn pick(&self, draw: Draw, open_only: bool) -> Key {
        let mut keys = self.model.keys(open_only);
        keys.retain(|key| key.terminal != TerminalId::OPERATOR);
        if keys.is_empty() || draw[3] % 8 == 1 {
            return key(draw);
        }
        keys[usize::from(draw[1]) % keys.len()]
    }
}

/// One of six: more than a sale may try.
fn bridge(draw: u16) -> BridgeTag {
    let names = ["provider", "second", "third", "fourth", "fifth", "sixth"];
    BridgeTag::of(names[usize::from(draw) % names.len()])
}

fn key(draw: Draw) -> Key {
    Key {
        date: BusinessDate(TODAY.0 + draw[3] % 2),
        terminal: TerminalId(u32::from(draw[1] % 3 + 1)),
        stan: u32::from(draw[2] % 40 + 1),
    }
}
