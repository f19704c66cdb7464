//! Makes a network from a seed: a tree of distributors, sellers with float, terminals with keys,
//! services, prices, commissions and voucher stock.

use std::fs::{self, OpenOptions};
use std::io::{BufWriter, Write};
use std::iter;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use tillsim_core::iso_terminal::Profile;
use tillsim_core::rng::Rng;

use super::Currency;
use crate::exit::{About, Refusal};
use crate::files;

/// Rows in one part, whatever table they are of; an import takes at most 100,000 records.
const PART_ROWS_MAX: u64 = 80_000;

/// Serial numbers have 12 digits behind their letter.
const SERIALS_MAX: u64 = 1_000_000_000_000;

/// PINs are all numbers of 14 digits in the order of this step, so no two are alike. It shares no
/// factor with 10^14.
const PIN_STEP: u64 = 61_803_398_874_989;
const PINS: u64 = 100_000_000_000_000;

/// Denominations of the voucher service: product, name, minor units, how many of 100 vouchers.
const PRODUCTS: [(u16, &str, u64, u64); 3] =
    [(1, "Airtime 1", 100, 34), (2, "Airtime 5", 500, 33), (3, "Airtime 10", 1_000, 33)];

/// The listener of terminals of another maker.
pub const LISTENER: &str = "pos";

/// Its profile, beside the CSV files.
pub const PROFILE: &str = "pos.toml";

/// What a network is to be like.
#[derive(Clone, Debug)]
pub struct NetworkOptions {
    /// For keys and PINs.
    pub seed: u64,
    /// Terminals, from number 1 on.
    pub terminals: u32,
    /// Of these, terminals of another maker: the last ones, for the listener [`LISTENER`].
    pub iso8583: u32,
    /// Sellers; the terminals are spread evenly over them.
    pub sellers: u32,
    /// Vouchers in stock, over all denominations.
    pub vouchers: u64,
    /// Number of the first voucher: for further stock of a network made before.
    pub vouchers_from: u64,
    /// Float of each seller, in minor units.
    pub float_minor: u64,
    /// Of everything.
    pub currency: Currency,
    /// Bridge of the top-up service; `None` leaves the service out.
    pub bridge: Option<String>,
    /// Only the stock, for a network that is imported already.
    pub stock_only: bool,
}

/// What was made.
#[derive(Clone, Debug)]
pub struct Made {
    /// Directories to import, in this order.
    pub parts: Vec<PathBuf>,
    /// Distributors written.
    pub distributors: u32,
}

/// Writes the network into `directory`, which is made if need be.
///
/// # Errors
/// [`Refusal`] when a file cannot be written, when the directory has CSV files already, or
/// when more is wished for than can be numbered.
pub fn generate(directory: &Path, options: &NetworkOptions) -> Result<Made, Refusal> {
    if options.iso8583 > options.terminals {
        let text = "of the terminals, more than there are would be of another maker";
        return Err(Refusal::about(directory.display(), text));
    }
    if options.terminals > 99_999_999 || options.vouchers_from + options.vouchers > SERIALS_MAX {
        return Err(Refusal::about(directory.display(), "more terminals or vouchers than numbers"));
    }
    let distributors = (options.sellers / 50).clamp(3, 2_000);
    let mut files = Parts::new(directory)?;
    if !options.stock_only {
        distribution(&mut files, distributors)?;
        services(&mut files, options)?;
        sellers(&mut files, options, distributors)?;
        terminals(&mut files, options)?;
        if options.iso8583 > 0 {
            profile(&directory.join(PROFILE), options)?;
        }
    }
    vouchers(&mut files, options)?;
    Ok(Made { parts: files.parts, distributors })
}

/// The directories written so far.
struct Parts {
    root: PathBuf,
    parts: Vec<PathBuf>,
    rows: u64,
}

impl Parts {
    fn new(root: &Path) -> Result<Self, Refusal> {
        fs::create_dir_all(root).about(root.display())?;
        for (path, name) in files::listed(root)? {
            if name.ends_with(".csv") {
                // Keys of terminals that are in use may be in it.
                let text = "is here already; choose an empty directory";
                return Err(Refusal::about(path.display(), text));
            }
        }
        Ok(Self { root: root.to_owned(), parts: vec![root.to_owned()], rows: 0 })
    }

    /// A file of the first part, of the few rows that every network has.
    fn file(&mut self, name: &str, header: &str, rows: &[String]) -> Result<(), Refusal> {
        self.rows += u64::try_from(rows.len()).unwrap_or(PART_ROWS_MAX);
        table(&self.root.join(name), header, rows.iter().cloned())
    }

    /// Rows `0..count` of a table, over as many parts as they need.
    fn rows(
        &mut self,
        name: &str,
        header: &str,
        count: u64,
        row: impl Fn(u64) -> String,
    ) -> Result<(), Refusal> {
        let mut written = 0;
        while written < count {
            if self.rows >= PART_ROWS_MAX {
                let part = self.root.join(format!("part-{:03}", self.parts.len() + 1));
                fs::create_dir_all(&part).about(part.display())?;
                self.parts.push(part);
                self.rows = 0;
            }
            let part = self.parts.last().expect("the root is the first part");
            let here = (count - written).min(PART_ROWS_MAX - self.rows);
            table(&part.join(name), header, (written..written + here).map(&row))?;
            written += here;
            self.rows += here;
        }
        Ok(())
    }
}

/// Writes a file of lines. It may hold keys and PINs: nobody else may read it.
fn table(path: &Path, header: &str, rows: impl Iterator<Item = String>) -> Result<(), Refusal> {
    let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    let mut file = BufWriter::new(file.about(path.display())?);
    for row in iter::once(header.to_owned()).chain(rows) {
        writeln!(file, "{row}").about(path.display())?;
    }
    file.flush().about(path.display())
}

/// Regions below the national distributor.
fn regions(distributors: u32) -> u32 {
    (distributors / 10).max(1)
}

/// One national distributor, regions below it, districts below those; sellers in the districts.
fn distribution(files: &mut Parts, distributors: u32) -> Result<(), Refusal> {
    let regions = regions(distributors);
    let rows: Vec<String> = (1..=distributors)
        .map(|id| match id {
            1 => "1,,National,active".to_owned(),
            _ if id < 2 + regions => format!("{id},1,Region {},active", id - 1),
            _ => format!("{id},{},District {},active", 2 + id % regions, id - 1 - regions),
        })
        .collect();
    files.file("distributors.csv", "id,parent,name,status", &rows)
}

fn sellers(files: &mut Parts, options: &NetworkOptions, distributors: u32) -> Result<(), Refusal> {
    let (alpha, count) = (options.currency.alpha, u64::from(options.sellers));
    let first = u64::from(2 + regions(distributors));
    let districts = u64::from(distributors) + 1 - first;
    let header = "id,distributor,name,currency,credit_limit,status";
    files.rows("sellers.csv", header, count, |number| {
        let id = number + 1;
        format!("{id},{},Shop {id},{alpha},0,active", first + id % districts)
    })?;
    let amount = options.currency.major(options.float_minor);
    files.rows("floats.csv", "reference,seller,amount", count, |number| {
        let id = number + 1;
        format!("OPENING-{id},{id},{amount}")
    })
}

fn services(files: &mut Parts, options: &NetworkOptions) -> Result<(), Refusal> {
    let alpha = options.currency.alpha;
    let major = |minor: u64| options.currency.major(minor);
    let (low, high) = (major(100), major(1_000));
    let mut services =
        vec![format!("10,Airtime voucher,voucher,{alpha},,{low},{high},no,,active,,,")];
    if let Some(bridge) = &options.bridge {
        let (low, high) = (major(50), major(10_000));
        services
            .push(format!("20,Mobile top-up,topup,{alpha},{bridge},{low},{high},yes,,active,,,"));
    }
    let commissions: Vec<String> = [10, 20]
        .iter()
        .take(services.len())
        .flat_map(|service| {
            [(0, "4.00"), (1, "1.50"), (2, "0.50")]
                .map(|(level, percent)| format!("{service},{level},{percent},2000-01-01"))
        })
        .collect();
    let header = "id,name,kind,currency,route,amount_min,amount_max,open_amount,hours,status,\
                  velocity_count,velocity_window_s,velocity_day_amount";
    files.file("services.csv", header, &services)?;
    let products =
        PRODUCTS.map(|(id, name, amount, _)| format!("10,{id},{name},{}", major(amount)));
    files.file("products.csv", "service,id,name,amount", &products)?;
    files.file("commissions.csv", "service,level,percent,from", &commissions)
}

fn terminals(files: &mut Parts, options: &NetworkOptions) -> Result<(), Refusal> {
    let sellers = u64::from(options.sellers.max(1));
    let (count, others) = (u64::from(options.terminals), u64::from(options.iso8583));
    let row = |number| {
        let psk = hex::encode(Rng::new(options.seed, number).bytes());
        format!("{},{},{psk},all,active", number + 1, number % sellers + 1)
    };
    let header = "id,seller,psk,services,status";
    if others == 0 {
        return files.rows("terminals.csv", header, count, row);
    }
    files.rows("terminals.csv", &format!("{header},listener"), count, |number| {
        let listener = if number >= count - others { LISTENER } else { "" };
        format!("{},{listener}", row(number))
    })
}

/// The profile `nac-terminal` with authentication codes, and with what is sold: processing code
/// 50SSPP is product PP of service SS.
fn profile(path: &Path, options: &NetworkOptions) -> Result<(), Refusal> {
    let usual = Profile::builtin("nac-terminal").expect("it comes with the gateway");
    let mut codes: Vec<String> =
        PRODUCTS.iter().map(|(id, ..)| format!("\"5010{id:02}\" = \"10/{id}\"")).collect();
    codes.extend(options.bridge.is_some().then(|| "\"502000\" = \"20\"".to_owned()));
    let mut lines = Vec::new();
    let mut is_product = false;
    for line in usual.lines() {
        is_product &= !line.is_empty();
        if is_product {
            continue;
        }
        lines.push(line.to_owned());
        if line.starts_with("dialect = ") {
            lines.push("mac = \"retail\"".to_owned());
        } else if line == "[products]" {
            is_product = true;
            lines.append(&mut codes);
        }
    }
    let first = lines.remove(0);
    table(path, &first, lines.into_iter())
}

fn vouchers(files: &mut Parts, options: &NetworkOptions) -> Result<(), Refusal> {
    let start = Rng::new(options.seed, u64::MAX).below(PINS);
    files.rows("vouchers.csv", "service,product,serial,pin,expiry", options.vouchers, |number| {
        let number = options.vouchers_from + number;
        let mut share = number % 100;
        let product = PRODUCTS.iter().find(|(_, _, _, permit)| {
            let here = share < *permit;
            share = share.saturating_sub(*permit);
            here
        });
        let (product, ..) = product.expect("the shares of the products add up to 100");
        let scrambled = u128::from(start) + u128::from(number) * u128::from(PIN_STEP);
        let pin = scrambled % u128::from(PINS);
        format!("10,{product},V{number:012},{pin:014},2099-12-31")
    })
}
