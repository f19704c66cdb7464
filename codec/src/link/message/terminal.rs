//! What a terminal says.

use tillgate_types::{BusinessDate, Totals};

/// The business date of the samples: 2026-11-23.
pub(super) const DAY: BusinessDate = BusinessDate(9823);

/// What both ends count in the samples.
pub(super) const TOTALS: Totals =
    Totals { sales_count: 2, sales_minor: 6_999, reversals_count: 1, reversals_minor: 1_999 };

messages! {
    /// What a terminal says.
    pub enum TerminalMessage<'a>;

    /// First message of every session; answered by *welcome*.
    Logon<'a> = 0x01 "logon" {
        /// name and version of the terminal's program
        firmware: &'a str = FIRMWARE or empty, "T650-3.1.4";
        /// version of the catalogue that the terminal holds; 0 is none
        catalogue: u32 = CATALOGUE or zero, 77;
        /// the highest version that the terminal speaks; it repeats 3.5 and changes nothing
        versions: u8 = VERSIONS not zero, 1;
    }

    /// Sells a voucher or a top-up, or pays a bill; answered by *answer* of kind 1. The same sale
    /// again gets the same answer again.
    Sale<'a> = 0x02 "sale", compared {
        /// number of the request, counted up by the terminal within a business date, from 1
        stan: u32 = STAN, 1201;
        /// business date, as *welcome* said
        date: BusinessDate = DATE, DAY;
        /// what is sold, from the catalogue
        service: u16 = SERVICE, 3;
        /// denomination or plan; 0 is an open amount
        product: u16 = PRODUCT or zero, 50;
        /// in the currency's minor unit (cents)
        amount_minor: u64 = AMOUNT, 5000;
        /// ISO 4217 numeric code
        currency: u16 = CURRENCY, 978;
        /// telephone or account number; empty for a voucher
        subscriber: &'a str = SUBSCRIBER or empty, "";
        /// what a *lookup* found; 0 if nothing was looked up
        token: u64 = TOKEN or zero, 0;
        /// what the customer was shown as charged on top, fee and tax; 0: nothing was shown
        fee_minor: u64 = FEE or zero, 0;
    }

    /// The receipt of a sale was printed; answered by *answer* of kind 2.
    Confirm = 0x03 "confirm" {
        /// the sale's
        stan: u32 = STAN, 1201;
        /// the sale's
        date: BusinessDate = DATE, DAY;
    }

    /// Asks for the answer of an earlier request once more, byte for byte; answered by that
    /// request's answer, or by *answer* of kind 1.
    Repeat = 0x04 "repeat" {
        /// the request's; 0 is the last sale of that date
        stan: u32 = STAN or zero, 1201;
        /// the request's
        date: BusinessDate = DATE, DAY;
    }

    /// Takes a sale back, also one that the gateway may never have seen; answered by *answer* of
    /// kind 3.
    Reversal = 0x05 "reversal", compared {
        /// of the reversal itself
        stan: u32 = STAN, 1203;
        /// of the reversal itself
        date: BusinessDate = DATE, DAY;
        /// the sale's
        original_stan: u32 = ORIGINAL_STAN, 1202;
        /// the sale's
        original_date: BusinessDate = ORIGINAL_DATE, DAY;
        /// the sale's
        amount_minor: u64 = AMOUNT, 1999;
        /// 1 no answer in time, 2 cancelled by customer or seller, 3 receipt not printed; it is kept
        /// with the reversal
        reason: u8 = REASON, Reversal::TIMEOUT;
    }

    /// Asks for the seller's float; answered by *answer* of kind 4.
    Balance = 0x06 "balance" {
        /// any number; it comes back, and is not used up
        stan: u32 = STAN, 1204;
        /// business date
        date: BusinessDate = DATE, DAY;
    }

    /// Keeps the link and the NAT on the way alive; answered by *pong*.
    Ping = 0x07 "ping" {
        /// any number
        nonce: u32 = NONCE, 0xC0FF_EE00;
    }

    /// The outcome of a *command*; not answered.
    Acknowledge = 0x08 "acknowledge" {
        /// the command's number
        command: u32 = COMMAND, 9;
        /// 0 done, 1 refused, 2 unsupported
        result: u8 = RESULT, Acknowledge::UNSUPPORTED;
    }

    /// Compares the terminal's totals of a business date with the gateway's; answered by *settled*.
    Settle = 0x09 "settle", compared {
        /// of the settlement itself
        stan: u32 = STAN, 1205;
        /// of the settlement itself
        date: BusinessDate = DATE, DAY;
        /// what the terminal counted
        totals: Totals = parts, TOTALS;
        /// the date to settle
        settled_date: BusinessDate = SETTLED_DATE or date, DAY;
        /// ISO 4217 numeric code
        currency: u16 = CURRENCY, 978;
    }

    /// Asks what is to be paid on an account before it is paid, or whose it is; answered by *found*.
    Lookup<'a> = 0x0A "lookup" {
        /// any number; it comes back, and is not used up
        stan: u32 = STAN, 1207;
        /// business date
        date: BusinessDate = DATE, DAY;
        /// what is to be paid, from the catalogue
        service: u16 = SERVICE, 41;
        /// denomination or plan; 0 is an open amount
        product: u16 = PRODUCT or zero, 0;
        /// what the customer wants to pay, in the currency's minor unit; 0 is not said
        amount_minor: u64 = AMOUNT or zero, 0;
        /// the account: contract, bill, meter, telephone or card
        subscriber: &'a str = SUBSCRIBER not empty, "4400123456789";
    }

    /// Asks for the last sales of a business date, as lines to read; answered by *listing*.
    Recent = 0x0C "recent" {
        /// any number; it comes back, and is not used up
        stan: u32 = STAN, 1208;
        /// business date
        date: BusinessDate = DATE, DAY;
        /// how many at most; the gateway lists 5 at most
        count: u8 = COUNT, 5;
    }
}

impl Reversal {
    /// No answer came in time.
    pub const TIMEOUT: u8 = 1;
    /// The customer or the seller changed their mind.
    pub const CANCELLED: u8 = 2;
    /// The receipt could not be printed.
    pub const PRINTER: u8 = 3;
}

impl Acknowledge {
    /// Carried out.
    pub const DONE: u8 = 0;
    /// Understood, but not carried out.
    pub const REFUSED: u8 = 1;
    /// Not understood.
    pub const UNSUPPORTED: u8 = 2;
}
