//! Screens that are longer than a USSD string: texts by pages, lists by as many choices as fit.

use std::fmt::Write as _;

use tillgate_codec::ussd::{Alphabet, Pager, Room};

use super::limits::PAGE_ITEMS_MAX;

/// Length of a text in the alphabet that it needs, and what fits in that.
pub(super) fn length(text: &str, room: Room) -> (usize, usize) {
    let alphabet = Alphabet::choose(text);
    let allowed = room.of(alphabet);
    (alphabet.length(text).unwrap_or(usize::MAX), allowed)
}

/// Whether a text is one USSD string.
pub(super) fn fits(text: &str, room: Room) -> bool {
    let (length, allowed) = length(text, room);
    length <= allowed
}

/// Appends one page of a text, with the footer if it is not the last; where the next one begins.
pub(super) fn text(
    text: &str,
    footer: &str,
    from: usize,
    room: Room,
    out: &mut String,
) -> Option<usize> {
    let pager = Pager::new(text, footer, room).or_else(|_| Pager::new(text, "", room)).ok()?;
    let page = pager.page(from).or_else(|| pager.page(0))?;
    out.push_str(page.text);
    out.push_str(page.footer);
    page.next
}

/// Shortens a text until it takes no more than a part of the room.
pub(super) fn cut(text: &mut String, divisor: usize, room: Room) {
    let over = |text: &str| {
        let (length, allowed) = length(text, room);
        length > allowed / divisor
    };
    while over(text) {
        text.pop();
    }
}

/// Choices below a heading.
pub(super) struct List<'a> {
    pub(super) head: String,
    /// What is above the choices where the heading leaves no room for one; empty: the heading, cut.
    pub(super) short_head: String,
    /// The line of the key that leads back; empty: there is none.
    pub(super) back: &'a str,
    /// The line of the key that leads to the next page.
    pub(super) more: &'a str,
    pub(super) room: Room,
}

impl List<'_> {
    /// Appends one page; how many choices are on it. `line` appends the name of one.
    pub(super) fn page(
        mut self,
        (from, count): (usize, usize),
        line: &dyn Fn(usize, &mut String),
        out: &mut String,
    ) -> usize {
        let mut page = self.heading(from + 1 == count, &|out| line(from, out));
        let mut shown = 0;
        while shown < PAGE_ITEMS_MAX && from + shown < count {
            let before = page.len();
            if !page.is_empty() {
                page.push('\n');
            }
            let start = page.len();
            // Writing to a string does not fail.
            let _written = write!(page, "{} ", shown + 1);
            line(from + shown, &mut page);
            let is_last = from + shown + 1 == count;
            if !self.has_room(&page, is_last) {
                if shown > 0 {
                    page.truncate(before);
                    break;
                }
                // One name that is too long is shortened.
                while page.len() > start + 2 && !self.has_room(&page, is_last) {
                    page.pop();
                }
            }
            shown += 1;
        }
        page.push_str(self.tail(from + shown == count).as_str());
        cut(&mut page, 1, self.room);
        out.push_str(&page);
        shown
    }

    /// The heading, as far as it leaves room for the first choice.
    fn heading(&mut self, is_last: bool, first: &dyn Fn(&mut String)) -> String {
        let mut page = format!("{}\n1 ", self.head);
        first(&mut page);
        let is_short = !self.has_room(&page, is_last) && !self.short_head.is_empty();
        let head = if is_short { &mut self.short_head } else { &mut self.head };
        let mut head = std::mem::take(head);
        cut(&mut head, 2, self.room);
        head
    }

    fn has_room(&self, page: &str, is_last: bool) -> bool {
        let mut whole = page.to_owned();
        whole.push_str(&self.tail(is_last));
        fits(&whole, self.room)
    }

    fn tail(&self, is_last: bool) -> String {
        let more = if is_last { "" } else { self.more };
        let lines = [more, self.back].into_iter().filter(|line| !line.is_empty());
        lines.flat_map(|line| ["\n", line]).collect()
    }
}
