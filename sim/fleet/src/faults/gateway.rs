//! The gateway's process: started, killed, stopped.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::installation::TestInstallation;
use crate::exit::{About, Refusal};

/// A gateway serves, or has ended, within this.
const START: Duration = Duration::from_secs(60);
/// A drain ends within this.
const STOP: Duration = Duration::from_secs(60);
/// A process has stopped within this, also where it has to wait for a processor first.
const FREEZE: Duration = Duration::from_secs(20);
/// Between two looks at a process.
const LOOK: Duration = Duration::from_millis(2);
/// Bytes of the log that are kept of what a refusing gateway said.
const SAID_BYTES_MAX: u64 = 4_096;

/// A serving gateway; killed when dropped.
pub(super) struct Gateway {
    child: Child,
    /// From its start to its first words.
    pub(super) ready_after: Duration,
}

/// A gateway that did not serve.
pub(super) struct Refused {
    /// Its exit code; `None` if a signal ended it.
    pub(super) code: Option<i32>,
    pub(super) said: String,
}

impl Gateway {
    /// Starts the gateway of a house and waits until it serves.
    pub(super) fn start(house: &TestInstallation) -> Result<Self, Refusal> {
        Self::start_as(house, serve(house, &house.config()))?
            .map_err(|refused| Refusal(format!("the gateway does not start: {}", refused.said)))
    }

    /// Starts a gateway by a command of one's own; whether it serves.
    pub(super) fn start_as(
        house: &TestInstallation,
        mut command: Command,
    ) -> Result<Result<Self, Refused>, Refusal> {
        const STARTING: &str = "starting the gateway";
        let log = File::options().create(true).append(true).open(&house.log).about(STARTING)?;
        let before = log.metadata().about(STARTING)?.len();
        let begun = Instant::now();
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).spawn();
        let mut child = child.about(STARTING)?;
        let (said, heard) = sync_channel(1);
        if let Some(stdout) = child.stdout.take() {
            std::thread::spawn(move || {
                let mut line = String::new();
                let read = BufReader::new(stdout).read_line(&mut line);
                // Whoever waited may have given up.
                said.send(read.is_ok_and(|bytes| bytes > 0)).unwrap_or_default();
            });
        }
        match heard.recv_timeout(START) {
            Ok(true) => Ok(Ok(Self { child, ready_after: begun.elapsed() })),
            Ok(false) | Err(RecvTimeoutError::Disconnected) => {
                let status = child.wait().about(STARTING)?;
                let said = tail(&house.log, before).about(STARTING)?;
                Ok(Err(Refused { code: status.code(), said }))
            }
            Err(RecvTimeoutError::Timeout) => {
                drop(child.kill());
                drop(child.wait());
                Err(Refusal(format!("the gateway did not serve within {} s", START.as_secs())))
            }
        }
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Stops it. One thread takes the signal and stops the others, who work on and
    /// answer until then, for long where processors are few; so this waits until each is stopped,
    /// or in a system call, a sync most likely, from which it will not return.
    pub(super) fn freeze(&self) -> Result<(), Refusal> {
        signal(self.pid(), Signal::SIGSTOP);
        let begun = Instant::now();
        while begun.elapsed() < FREEZE {
            let states = states(self.pid())?;
            if states.contains(&'T') && states.iter().all(|state| matches!(state, 'T' | 'D')) {
                return Ok(());
            }
            sleep(LOOK);
        }
        Err(Refusal("the gateway does not stop".to_owned()))
    }

    /// kill -9.
    pub(super) fn kill(self) {}

    pub(super) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().ok().flatten()
    }

    pub(super) fn wait_end(&mut self, within: Duration) -> Option<ExitStatus> {
        let begun = Instant::now();
        while begun.elapsed() < within {
            if let Some(status) = self.ended() {
                return Some(status);
            }
            sleep(LOOK);
        }
        None
    }

    pub(super) fn stop(mut self) -> Result<(), Refusal> {
        signal(self.pid(), Signal::SIGTERM);
        match self.wait_end(STOP) {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(Refusal(format!("the gateway ended with {status}"))),
            None => Err(Refusal("the gateway did not go down".to_owned())),
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

pub(super) fn serve(house: &TestInstallation, config: &Path) -> Command {
    house.tillgate(&["serve", "--config", &config.display().to_string()])
}

/// The states of a process's threads, as the system shows them.
fn states(pid: u32) -> Result<Vec<char>, Refusal> {
    let threads = "the gateway's threads";
    let mut states = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).about(threads)? {
        let stat = fs::read_to_string(task.about(threads)?.path().join("stat")).about(threads)?;
        // "1234 (name of the thread) S ..."
        let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
        states.extend(state);
    }
    Ok(states)
}

/// Sends a signal to a process of ours; that it is gone already is no error.
pub(super) fn signal(pid: u32, signal: Signal) {
    if let Ok(pid) = i32::try_from(pid) {
        kill(Pid::from_raw(pid), signal).unwrap_or_default();
    }
}

/// Changes what a running process may take of a resource; its hard limit stays.
pub(super) fn limit(
    pid: u32,
    resource: libc::__rlimit_resource_t,
    most: u64,
) -> Result<(), Refusal> {
    let pid = libc::pid_t::try_from(pid).about("the gateway's limits")?;
    let mut limits = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: nothing is read, and the old limits are written to a place that lives on.
    let asked = unsafe { libc::prlimit(pid, resource, std::ptr::null(), &raw mut limits) };
    limits.rlim_cur = most.min(limits.rlim_max);
    // SAFETY: the new limits are read during the call, and the old ones are not asked for.
    let set = unsafe { libc::prlimit(pid, resource, &raw const limits, std::ptr::null_mut()) };
    if (asked, set) == (0, 0) {
        return Ok(());
    }
    Err(std::io::Error::last_os_error()).about("the gateway's limits")
}

/// What a log says from `from` on, its end if it is long.
fn tail(log: &Path, from: u64) -> std::io::Result<String> {
    let length = fs::metadata(log)?.len();
    let mut file = File::open(log)?;
    file.seek(SeekFrom::Start(from.max(length.saturating_sub(SAID_BYTES_MAX))))?;
    let mut text = Vec::new();
    file.read_to_end(&mut text)?;
    Ok(String::from_utf8_lossy(&text).trim().to_owned())
}
