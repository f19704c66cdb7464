//! `tillgate stock withdraw`

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tillgate_store_core::BusinessDate;
use tillgate_store_core::limits::WITHDRAWN_MAX;

use crate::cli::gateway::Gateway;
use crate::cli::values;
use crate::client::Client;
use crate::exit::Failure;
use crate::files::{self, Trust};

/// Longest list of serials: 500,000 of them.
const SERIALS_FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Take unsold vouchers out of sale, for good
#[derive(Args)]
#[command(after_help = "\
Example:
  tillgate stock withdraw --service 10 --product 1 --batch B-17 --note 'recalled, letter of 3 May' --dry-run
  tillgate stock withdraw --service 10 --product 1 --expiry-before 2027-01-01 --note 'expired'
  tillgate stock withdraw --service 10 --serials lost.txt --note 'carton lost'

A withdrawn voucher is never sold, cannot be loaded again, and its PIN is deleted; there is no way back.
`tillgate stock returns` lists them for the issuer. Vouchers that were sold in the meantime are passed
over: see `tillgate stock voids`. Each 500 vouchers are one change with a row in the audit log; after an
interruption the same command goes on with what is left.")]
pub(super) struct Withdraw {
    /// The service
    #[arg(long, value_name = "ID")]
    service: u16,
    /// The product
    #[arg(long, value_name = "ID", required_unless_present = "serials")]
    product: Option<u16>,
    /// Only those of this batch of the issuer
    #[arg(long, value_name = "NUMBER")]
    batch: Option<String>,
    /// Only those whose last day is before this one
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    expiry_before: Option<BusinessDate>,
    /// All that the product has in stock
    #[arg(long, conflicts_with_all = ["batch", "expiry_before"])]
    all: bool,
    /// Those of this file, a serial a line
    #[arg(
        long, value_name = "FILE", conflicts_with_all = ["product", "batch", "expiry_before", "all"]
    )]
    serials: Option<PathBuf>,
    /// Why, for the audit log
    #[arg(long)]
    note: String,
    /// Only count them
    #[arg(long)]
    dry_run: bool,
}

/// What has been done so far.
#[derive(Default)]
struct Done {
    found: u64,
    withdrawn: u64,
    /// Of a list of serials, how many it has.
    listed: Option<usize>,
}

impl Withdraw {
    pub(super) fn run(self, gateway: &Gateway) -> Result<(), Failure> {
        let (client, mut done) = (gateway.client()?, Done::default());
        let worked = match &self.serials {
            Some(file) => self.by_serial(&client, file, &mut done),
            None => self.by_product(&client, &mut done),
        };
        if let (Err(_), 1..) = (&worked, done.withdrawn) {
            eprintln!("tillgate: {} vouchers were withdrawn before this:", done.withdrawn);
        }
        worked?;
        let Done { found, withdrawn, listed } = done;
        let body = json!({ "found": found, "withdrawn": withdrawn, "listed": listed });
        gateway.print(&body, &self.sentence(&done))
    }

    fn sentence(&self, done: &Done) -> String {
        let Done { found, withdrawn, listed } = done;
        let listed = listed.map(|all| format!(" of {all} listed")).unwrap_or_default();
        if self.dry_run {
            return format!(
                "Dry run: {found} vouchers{listed} are in stock. Nothing was withdrawn."
            );
        }
        match found - withdrawn {
            0 => format!("Withdrew {withdrawn} vouchers{listed}."),
            sold => format!(
                "Withdrew {withdrawn} vouchers{listed}; {sold} more were sold in the meantime."
            ),
        }
    }

    /// Piece by piece, until there is no more.
    fn by_product(&self, client: &Client, done: &mut Done) -> Result<(), Failure> {
        if self.batch.is_none() && self.expiry_before.is_none() && !self.all {
            let text = "expected --batch, --expiry-before or --all, so that no product is emptied \
                        by mistake";
            return Err(Failure::usage(text));
        }
        let mut after = Value::Null;
        loop {
            let body = self.order(json!({
                "product": self.product,
                "batch": self.batch,
                "expiry_before": self.expiry_before.map(|date| date.to_string()),
                "all": self.all,
                "after": after,
            }));
            let answer = client.post("/api/v1/stock/withdraw", &body)?;
            done.add(&answer);
            after = answer.get("next").cloned().unwrap_or_default();
            if after.is_null() {
                return Ok(());
            }
        }
    }

    fn by_serial(&self, client: &Client, file: &Path, done: &mut Done) -> Result<(), Failure> {
        let refused = |error| Failure::refused(format!("{}: {error}", file.display()));
        let text = files::read_text(file, SERIALS_FILE_BYTES_MAX, Trust::Anybody);
        let text = text.map_err(|error| refused(error.to_string()))?;
        let serials: Vec<&str> =
            text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        done.listed = Some(serials.len());
        for serials in serials.chunks(WITHDRAWN_MAX) {
            let body = self.order(json!({ "serials": serials }));
            done.add(&client.post("/api/v1/stock/withdraw", &body)?);
        }
        Ok(())
    }

    /// The order with what every one of them has; members that are null are left out.
    fn order(&self, mut body: Value) -> Value {
        if let Some(members) = body.as_object_mut() {
            members.retain(|_, value| !value.is_null());
            members.insert("service".to_owned(), self.service.into());
            members.insert("note".to_owned(), self.note.as_str().into());
            members.insert("dry_run".to_owned(), self.dry_run.into());
        }
        body
    }
}

impl Done {
    fn add(&mut self, answer: &Value) {
        let number = |name| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
        self.found += number("found");
        self.withdrawn += number("withdrawn");
    }
}
