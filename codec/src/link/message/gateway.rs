//! What the gateway says.

use tillgate_types::{BusinessDate, ResponseCode, Totals};

use super::parts::{AnswerKind, TerminalCommand, VoucherSlip};
use super::terminal::{DAY, TOTALS};

messages! {
    /// What the gateway says.
    pub enum GatewayMessage<'a>;

    /// Answers *logon*.
    Welcome = 0x81 "welcome" {
        /// `00`: the terminal may sell. Other codes: section 7
        code: ResponseCode = CODE, ResponseCode::APPROVED;
        /// the business date to put into requests
        date: BusinessDate = DATE, DAY;
        /// the gateway's clock, Unix time in seconds
        time_s: u64 = TIME, 1_795_429_800;
        /// version of the catalogue in force; 0 is none
        catalogue: u32 = CATALOGUE or zero, 78;
        /// the gateway closes a link after that many seconds without a record
        idle_s: u16 = IDLE, 240;
        /// the gateway answers every request within that many seconds
        answer_s: u16 = ANSWER, 25;
        /// highest STAN journalled for this terminal on `date`, without those of handsets (8.1); 0 is none
        stan_last: u32 = STAN_LAST or zero, 1200;
    }

    /// Answers *sale*, *confirm*, *repeat*, *reversal* and *balance*.
    Answer<'a> = 0x82 "answer" {
        /// 1 sale (also for *repeat*), 2 confirm, 3 reversal, 4 balance
        kind: AnswerKind = KIND, AnswerKind::Sale;
        /// the request's; in the answer to *repeat*, the STAN of the request that was repeated
        stan: u32 = STAN, 1201;
        /// that request's
        date: BusinessDate = DATE, DAY;
        /// section 7
        code: ResponseCode = CODE, ResponseCode::APPROVED;
        /// retrieval reference number, 12 characters; empty if it was not journalled
        rrn: &'a str = RRN or empty, "632704001201";
        /// the provider's
        reference: &'a str = REFERENCE or empty, "V-0007";
        /// in the currency's minor unit
        amount_minor: u64 = AMOUNT or zero, 5000;
        /// the fee beside the amount; of a sale that the seller is credited for, part of it
        fee_minor: u64 = FEE or zero, 0;
        /// the tax, beside the amount or part of it as the fee
        tax_minor: u64 = TAX or zero, 0;
        /// the seller's float afterwards; none: not disclosed
        balance_minor: Option<i64> = BALANCE or none, Some(120_045);
        /// the voucher sold
        voucher: Option<VoucherSlip<'a>> = parts, Some(VoucherSlip {
            serial: "8944501200017",
            pin: "4711-0815-2342-9001",
            expiry: BusinessDate(10_592),
        });
        /// when the gateway decided, Unix time in seconds; 0 in a refusal that is not journalled
        time_s: u64 = TIME, 1_795_429_802;
        /// receipt text, lines end with `0a`
        lines: &'a str = LINES or empty, "MOBILE ONE 50.00 EUR\nDial *104*PIN#\n";
    }

    /// Answers *ping*.
    Pong = 0x87 "pong" {
        /// the ping's
        nonce: u32 = NONCE, 0xC0FF_EE00;
        /// the gateway's clock, Unix time in seconds
        time_s: u64 = TIME, 1_795_430_000;
    }

    /// Pushed at any time after the terminal's first SEALED record, also before *welcome* and
    /// between a request and its answer, once; answered by *acknowledge*.
    Command<'a> = 0x88 "command" {
        /// its number
        id: u32 = COMMAND, 7;
        /// what to do
        order: TerminalCommand<'a> = parts, TerminalCommand::Block {
            reason: "Bitte rufen Sie uns an: gesperrt für heute",
        };
    }

    /// Answers *settle* with the gateway's own totals, whatever the terminal's were.
    Settled<'a> = 0x89 "settled" {
        /// the request's
        stan: u32 = STAN, 1205;
        /// the request's
        date: BusinessDate = DATE, DAY;
        /// `00` all four totals agree, `95` they do not. Another: not compared, and the totals here
        /// are 0
        code: ResponseCode = CODE, ResponseCode::APPROVED;
        /// retrieval reference number, 12 characters; empty if it was not journalled
        rrn: &'a str = RRN or empty, "632704001205";
        /// what the gateway counted
        totals: Totals = parts, TOTALS;
        /// requests of that date that would be answered 09 now
        open_count: u32 = OPEN_COUNT or zero, 0;
        /// the date that was settled
        settled_date: BusinessDate = SETTLED_DATE or date, DAY;
        /// when the gateway counted, Unix time in seconds
        time_s: u64 = TIME, 1_795_429_820;
    }

    /// Answers what was not understood and has no answer of its own (5.2).
    Reject = 0x8A "reject" {
        /// the type byte of that body; 0: there was none
        message: u8 = MESSAGE or zero, 0x7F;
        /// `30` malformed, `40` no message of that type in the version agreed upon
        code: ResponseCode = CODE, ResponseCode::NOT_SUPPORTED;
        /// the one in that body; none: it could not be read
        stan: Option<u32> = STAN or none, Some(1206);
        /// the one in that body; none: it could not be read
        date: Option<BusinessDate> = DATE or none, Some(DAY);
        /// the gateway's clock, Unix time in seconds
        time_s: u64 = TIME, 1_795_430_001;
    }
    /// Answers *lookup*.
    Found<'a> = 0x8B "found" {
        /// the request's
        stan: u32 = STAN, 1207;
        /// the request's
        date: BusinessDate = DATE, DAY;
        /// section 7; `00`: the account is there
        code: ResponseCode = CODE, ResponseCode::APPROVED;
        /// what a *sale* names to pay what was found; 0: there is nothing to be named
        token: u64 = TOKEN or zero, 0x0102_0304_0506_0708;
        /// what is to be paid, in the currency's minor unit; 0: the customer says it
        amount_minor: u64 = AMOUNT or zero, 8_740;
        /// the least that may be paid, where the amount may be chosen
        amount_min_minor: u64 = AMOUNT_MIN or zero, 1_000;
        /// the most that may be paid, where the amount may be chosen
        amount_max_minor: u64 = AMOUNT_MAX or zero, 8_740;
        /// what is charged on top, fee and tax
        fee_minor: u64 = FEE or zero, 150;
        /// ISO 4217 numeric code; 0: the seller's
        currency: u16 = CURRENCY or zero, 978;
        /// the account's holder, for the customer to compare
        name: &'a str = NAME or empty, "A. Mustermann";
        /// text to show, lines end with `0a`
        lines: &'a str = LINES or empty, "Invoice 2026-10, due 2026-12-01\n";
        /// seconds for which the token may be used from now on
        valid_s: u16 = VALID or zero, 300;
    }

    /// Answers *recent*.
    Listing<'a> = 0x8C "listing" {
        /// the request's
        stan: u32 = STAN, 1208;
        /// the request's
        date: BusinessDate = DATE, DAY;
        /// section 7
        code: ResponseCode = CODE, ResponseCode::APPROVED;
        /// the sales, the last one first, lines end with `0a`: time, service, amount, account, and OK, the
        /// code of a decline, or `...` while its outcome is not known
        lines: &'a str = LINES or empty, "14:05 Mobile One 50.00 OK\n";
    }
}
