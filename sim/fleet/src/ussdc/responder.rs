//! `tillsim ussd-responder`: a bare application that answers every begin with a menu and every input
//! with a last text.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use tillsim_core::ussdc::responder::{Counts, Responder};
use tillsim_core::ussdc::variant::Variant;

use crate::cpu;
use crate::exit::{About, Refusal};
use crate::run::Interrupts;

/// Octets read at once.
const READ_BYTES: usize = 64 * 1024;
/// How late a signal or the end may be noticed.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long a connection may be refused: the centre may start after the application.
const CONNECT: Duration = Duration::from_secs(10);

/// Which centre, and how.
pub(crate) struct Plan {
    pub(crate) centre: SocketAddr,
    pub(crate) variant: Variant,
    pub(crate) system_id: String,
    pub(crate) password: String,
    pub(crate) menu: String,
    pub(crate) last: String,
    /// How long it answers; `None` until the centre closes the connection.
    pub(crate) seconds: Option<f64>,
}

/// Binds and answers; gives what it did, and the processor time that it took.
///
/// # Errors
/// [`Refusal`] when the centre cannot be reached, or refuses the bind.
pub(crate) fn answer(plan: &Plan, interrupts: &Interrupts) -> Result<(Counts, f64), Refusal> {
    let what = || format!("--connect {}", plan.centre);
    let mut stream = connect(plan.centre, interrupts).about(what())?;
    stream.set_nodelay(true).about(what())?;
    stream.set_read_timeout(Some(PATIENCE)).about(what())?;
    let mut responder = Responder::new(plan.variant.clone(), &plan.menu, &plan.last);
    responder.bind(&plan.system_id, &plan.password);
    let begun = Instant::now();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let sent = responder.sent();
        if stream.write_all(&sent).is_err() {
            break;
        }
        let is_over = plan.seconds.is_some_and(|seconds| begun.elapsed().as_secs_f64() >= seconds);
        if is_over || interrupts.load(Ordering::Relaxed) > 0 {
            break;
        }
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) if responder.receive(&buffer[..count]) => {}
            Ok(_) => return Err(Refusal::about(what(), "the centre sends what is no PDU")),
            Err(error) => match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted => {}
                _ => break,
            },
        }
    }
    let counts = responder.counts();
    if counts.bound == 0 {
        let text = "the centre did not accept the bind; check --system-id and --password-file";
        return Err(Refusal::about(what(), text));
    }
    Ok((counts, cpu::of_this_thread_s()))
}

fn connect(centre: SocketAddr, interrupts: &Interrupts) -> std::io::Result<TcpStream> {
    let begun = Instant::now();
    loop {
        match TcpStream::connect(centre) {
            Err(error)
                if error.kind() == ErrorKind::ConnectionRefused
                    && begun.elapsed() < CONNECT
                    && interrupts.load(Ordering::Relaxed) == 0 =>
            {
                std::thread::sleep(PATIENCE);
            }
            other => return other,
        }
    }
}
