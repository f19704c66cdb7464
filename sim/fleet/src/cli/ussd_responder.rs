//! `tillsim ussd-responder`

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Args;

use super::ussdc::{password, variant};
use super::{interrupts, print};
use crate::exit::{Exit, Refusal};
use crate::text::grouped;
use crate::ussdc::responder::{self, Plan};

/// Answer a USSD centre without any logic: a menu, then a last text; the yardstick of benchmarks
#[derive(Args)]
#[command(after_help = "\
Example:
  tillsim ussd-responder --connect 127.0.0.1:2775 --profile mica --seconds 20")]
pub(super) struct UssdResponder {
    /// The centre
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:2775")]
    connect: SocketAddr,
    /// How the centre speaks: the name of a link's profile, or its file
    #[arg(long, value_name = "NAME|FILE", default_value = "standard")]
    profile: String,
    /// Name to bind with
    #[arg(long, value_name = "NAME", default_value = "responder")]
    system_id: String,
    /// File with the password to bind with
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
    /// What it answers a begin with
    #[arg(long, value_name = "TEXT", default_value = "1. Confirm\n2. Cancel")]
    menu: String,
    /// What it answers an input with
    #[arg(long, value_name = "TEXT", default_value = "Approved. Ref: 1")]
    last: String,
    /// How long it answers; without it, until the centre closes the connection
    #[arg(long, value_name = "S")]
    seconds: Option<f64>,
}

impl UssdResponder {
    pub(super) fn run(self) -> Result<Exit, Refusal> {
        let variant = variant(&self.profile)?;
        for (name, text) in [("--menu", &self.menu), ("--last", &self.last)] {
            if text.is_empty() || text.len() > variant.room.septets || !text.is_ascii() {
                let most = variant.room.septets;
                return Err(Refusal(format!("{name}: expected 1 to {most} ASCII characters")));
            }
        }
        let plan = Plan {
            centre: self.connect,
            variant,
            system_id: self.system_id,
            password: password(self.password_file.as_deref())?.unwrap_or_default(),
            menu: self.menu,
            last: self.last,
            seconds: self.seconds,
        };
        let (counts, cpu_s) = responder::answer(&plan, &interrupts()?)?;
        print::line(&format!(
            "{} begins, {} inputs, {} releases, {} answers refused; {cpu_s:.2} s of processor time",
            grouped(counts.begins),
            grouped(counts.inputs),
            grouped(counts.releases),
            grouped(counts.refused)
        ));
        Ok(if counts.refused == 0 { Exit::Pass } else { Exit::Missed })
    }
}
