//! Processor time and memory of this process and of others.

use nix::sys::resource::{UsageWho, getrusage};

use crate::number::float;

/// Processor time of the calling thread, in seconds; 0 where the system does not tell.
#[must_use]
pub fn of_this_thread_s() -> f64 {
    used_s(UsageWho::RUSAGE_THREAD)
}

/// From now on the calling thread runs only while nobody else wants the processor, as if it were on
/// another machine. False where the system does not let it.
pub fn stand_back() -> bool {
    let parameter = libc::sched_param { sched_priority: 0 };
    // SAFETY: `parameter` lives during the call; 0 is the calling thread, and nobody else's.
    unsafe { libc::sched_setscheduler(0, libc::SCHED_IDLE, &raw const parameter) == 0 }
}

/// Processor time of this process, in seconds.
#[must_use]
pub fn of_this_process_s() -> f64 {
    used_s(UsageWho::RUSAGE_SELF)
}

fn used_s(who: UsageWho) -> f64 {
    let Ok(usage) = getrusage(who) else {
        return 0.0;
    };
    [usage.user_time(), usage.system_time()]
        .iter()
        .map(|time| {
            let part = |value: i64| float(u64::try_from(value).unwrap_or(0));
            part(time.tv_sec()) + part(time.tv_usec()) / 1e6
        })
        .sum()
}

/// Processor time of another process, in seconds, from `/proc`; `None` if it is gone.
#[must_use]
pub fn of_process_s(pid: u32) -> Option<f64> {
    // Fields 14 and 15 (proc_pid_stat(5)), counted after the name, which may hold spaces.
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, after) = stat.rsplit_once(')')?;
    let mut fields = after.split_ascii_whitespace().skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    let per_s = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).ok()??;
    Some(float(ticks) / float(u64::try_from(per_s).ok()?))
}

/// Resident memory of a process in bytes, from `/proc`; `None` if it is gone.
#[must_use]
pub fn resident_bytes(pid: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    let kib: u64 = line.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}
