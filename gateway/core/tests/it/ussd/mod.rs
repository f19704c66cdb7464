//! USSD dialogs through pool, ledger and back.

mod dialogs;
mod frames;
mod frames_lost;
mod frames_walk;
mod held_back;
mod phone;
mod terminal;
mod unseen;
