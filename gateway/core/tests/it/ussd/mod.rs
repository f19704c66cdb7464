//! USSD dialogs through pool, ledger and back.

mod dialogs;
mod phone;
mod unseen;
