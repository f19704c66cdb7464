//! What profiles of ISO 8583 hosts and of ISO 8583 terminals have in common: both are TOML over a
//! dialect, whose faults are reported by line.

pub(crate) mod fault;
pub(crate) mod mac;
pub(crate) mod template;
