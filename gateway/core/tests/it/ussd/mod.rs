//! USSD dialogs through pool, ledger and back.

mod dialogs;
mod frames;
mod phone;
mod terminal;
mod unseen;
