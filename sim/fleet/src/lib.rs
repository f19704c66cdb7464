//! Fleets of simulated terminals over real sockets.
//!
//! The binary `tillsim` is what people use; this library is what `tillgate-bench` drives with.
//!
//! ```text
//!   cli ─▶ scenario::resolve ─▶ run::drive ─▶ run::reconcile ─▶ run::judge ─▶ exit code
//!                                   │
//!                                 driver: epoll, sockets, deadlines, counts
//!                                   │
//!                           tillsim_core::terminal
//! ```

mod abuse;
pub mod cli;
pub mod cpu;
pub mod driver;
pub mod exit;
mod faults;
mod files;
pub mod generator;
pub mod http;
pub mod network;
pub mod number;
mod provider;
pub mod run;
pub mod scenario;
mod text;
mod ussdc;
mod worlds;
