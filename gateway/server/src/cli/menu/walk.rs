//! A person at a handset: lines of the standard input are what is dialled and entered.

use std::io::{self, BufRead, IsTerminal, Read, Write};

use tillgate_codec::link::message::ResponseCode;
use tillgate_codec::ussd::Room;
use tillgate_core::menu::limits::DIALLED_BYTES_MAX;
use tillgate_core::menu::{Ask, Dialog, Menu, Step, View};
use tillgate_core::processing::verify::Now;
use tillgate_core::time::{Calendar, UnixMillis};
use tillgate_store_core::{Language, Registry, Sealed, Services, Terminal, TerminalId};
use zeroize::Zeroizing;

use super::super::print;
use super::handset::framed;
use super::pretend::Pretend;
use crate::clock;
use crate::exit::Failure;

/// A handset and what is behind it.
pub(super) struct Walk {
    menu: Menu,
    registry: Registry,
    terminal: Terminal,
    room: Room,
    now: Now,
    gateway: Pretend,
    /// Of the next answer.
    code: Option<ResponseCode>,
    /// Whether the next answer comes too late.
    late: bool,
}

impl Walk {
    pub(super) fn new(
        menu: Menu,
        registry: Registry,
        language: Language,
        room: Room,
    ) -> Result<Self, Failure> {
        let wall = UnixMillis(clock::unix_ms());
        let calendar = Calendar::default();
        let date = calendar.date(wall);
        let now = Now { date, open_from: date, minute: calendar.minute_of_day(wall) };
        let seller = registry.sellers().map(|seller| seller.id).min();
        let seller = seller.ok_or_else(|| Failure::internal("a registry without sellers"))?;
        let key = Sealed { kek_id: 1, nonce: [0; 12], bytes: Default::default() };
        let mut terminal = Terminal::new(TerminalId(1), seller, Services::All, (1, key));
        terminal.language = language;
        let gateway = Pretend::new(date);
        Ok(Self { menu, registry, terminal, room, now, gateway, code: None, late: false })
    }

    /// Dials, and goes on until the input ends.
    pub(super) fn run(&mut self, mut dialled: String) -> Result<(), Failure> {
        loop {
            let mut out = Zeroizing::new(String::new());
            let (mut dialog, step) = Dialog::begin(&self.menu, &self.view(), &dialled, &mut out);
            let mut is_over = self.show(&mut dialog, step, &mut out)?;
            while !is_over {
                let Some(text) = self.line("> ")? else { return Ok(()) };
                let mut out = Zeroizing::new(String::new());
                let step = dialog.input(&self.menu, &self.view(), &text, &mut out);
                is_over = self.show(&mut dialog, step, &mut out)?;
            }
            print::line("The dialog is over; what is dialled next begins another.")?;
            let Some(text) = self.line("dial> ")? else { return Ok(()) };
            text.trim().clone_into(&mut dialled);
        }
    }

    fn view(&self) -> View<'_> {
        View {
            registry: &self.registry,
            terminal: &self.terminal,
            room: self.room,
            now: self.now,
            sold: &self.gateway,
            must_change_pin: false,
        }
    }

    /// Answers what is asked, and shows the screen; whether the dialog is over.
    fn show(
        &mut self,
        dialog: &mut Dialog,
        mut step: Step,
        out: &mut String,
    ) -> Result<bool, Failure> {
        loop {
            step = match step {
                Step::Continue | Step::End => {
                    print::line(&framed(out, self.room))?;
                    return Ok(matches!(step, Step::End));
                }
                Step::Nothing => return Ok(true),
                Step::Ask(ask) if std::mem::take(&mut self.late) => {
                    return self.answer_late(dialog, ask, out);
                }
                Step::Ask(ask) => self.answer(dialog, ask, out),
            }
        }
    }

    fn answer(&mut self, dialog: &mut Dialog, ask: Ask, out: &mut String) -> Step {
        let code = self.code.take().unwrap_or(ResponseCode::APPROVED);
        let (menu, registry) = (&self.menu, &self.registry);
        match ask {
            Ask::LogOn { .. } | Ask::ChangePin { .. } => {
                let welcome = self.gateway.welcome(code);
                dialog.answer(menu, &self.view(), &welcome, out)
            }
            Ask::Request(body) => {
                // What was ordered before this request is what the dialog compares with.
                let sold = &self.gateway.clone();
                let (terminal, room, now) = (&self.terminal, self.room, self.now);
                self.gateway.answer(registry, &body, code, |answer| {
                    let view = View { registry, terminal, room, now, sold, must_change_pin: false };
                    dialog.answer(menu, &view, answer, out)
                })
            }
        }
    }

    /// The dialog ends without an answer; that of a sale goes out as a notification.
    fn answer_late(
        &mut self,
        dialog: &mut Dialog,
        ask: Ask,
        out: &mut String,
    ) -> Result<bool, Failure> {
        let _over = dialog.late(&self.menu, &self.view(), out);
        print::line(&framed(out, self.room))?;
        let mut notified = Zeroizing::new(String::new());
        if let Step::End = self.answer(dialog, ask, &mut notified) {
            print::line("Later, as a notification:")?;
            print::line(&framed(&notified, self.room))?;
        }
        Ok(true)
    }

    /// The next line that is not for this program; `None` at the end of the input. What does not
    /// come from a terminal is shown, so that a script's output can be read.
    fn line(&mut self, prompt: &str) -> Result<Option<Zeroizing<String>>, Failure> {
        loop {
            let mut stdout = io::stdout().lock();
            let prompted = write!(stdout, "{prompt}").and_then(|()| stdout.flush());
            drop(stdout);
            if prompted.is_err() {
                return Ok(None);
            }
            let mut bytes = Zeroizing::new(Vec::new());
            let stdin = io::stdin().lock();
            let most = u64::try_from(DIALLED_BYTES_MAX).unwrap_or(u64::MAX);
            let read = stdin.take(most).read_until(b'\n', &mut bytes);
            let bytes_read = read.map_err(|e| Failure::refused(format!("standard input: {e}")))?;
            if bytes_read == 0 {
                print::line("")?;
                return Ok(None);
            }
            let text = Zeroizing::new(String::from_utf8_lossy(&bytes).trim_end().to_owned());
            if !io::stdin().is_terminal() {
                print::line(&text)?;
            }
            match text.strip_prefix(':') {
                None => return Ok(Some(text)),
                Some("late") => self.late = true,
                Some(order) => {
                    let code = order.strip_prefix("code ").map(str::as_bytes);
                    match code.and_then(|code| <[u8; 2]>::try_from(code).ok()) {
                        Some(code) => self.code = Some(ResponseCode(code)),
                        None => print::line("Known are `:code 51` with any code, and `:late`.")?,
                    }
                }
            }
        }
    }
}
