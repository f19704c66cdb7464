//! The codec inside another program: a host that answers echo tests and sales in ISO 8583, with
//! bytes in and bytes out and no I/O of its own. `cargo run -p tillgate-examples --example
//! embed_codec` shows one exchange.

use tillgate_codec::iso8583::{DecodeError, Dialect, Fields, Message, Mti, Reveal, listing};

/// Longest stream that waits for the rest of a frame.
const RECEIVED_BYTES_MAX: usize = 8_192;

/// One connection's side of the conversation.
struct Host<'d> {
    dialect: &'d Dialect,
    received: Vec<u8>,
}

impl Host<'_> {
    /// Takes what a socket gave, appends the answers to `out`; an error ends the connection.
    fn receive(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        self.received.extend_from_slice(bytes);
        let mut done = 0;
        while let Some(frame) = self.deframe(done)? {
            let message = done + frame.message.start..done + frame.message.end;
            self.answer(&self.received[message], out)?;
            done += frame.end;
        }
        self.received.drain(..done);
        if self.received.len() > RECEIVED_BYTES_MAX {
            return Err(format!("no message ends within {RECEIVED_BYTES_MAX} bytes"));
        }
        Ok(())
    }

    fn deframe(&self, from: usize) -> Result<Option<tillgate_codec::iso8583::Frame>, String> {
        let told = |error: DecodeError| error.to_string();
        self.dialect.framing().deframe(&self.received[from..]).map_err(told)
    }

    /// What it says of a message goes to a log with card data hidden.
    fn answer(&self, message: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
        println!("{}", listing(self.dialect, message, Reveal::Masked));
        let mut fields = Fields::new();
        // The error names the field and the byte.
        let view = self.dialect.view(message, &mut fields).map_err(|error| error.to_string())?;
        let mti = view.mti().answer().ok_or_else(|| format!("{} is no request", view.mti()))?;
        let mut answer = Message::new(mti);
        answer.tpdu = view.tpdu().map(|tpdu| tpdu.swapped());
        for number in [3, 4, 7, 11, 37, 41, 49, 70] {
            if let Some(value) = view.value(number) {
                answer.set_bytes(number, &value);
            }
        }
        answer.set(39, "00");
        let mut body = Vec::new();
        self.dialect.encode(&answer, &mut body).map_err(|error| error.to_string())?;
        self.dialect.framing().append_frame(&body, out).map_err(|error| error.to_string())
    }
}

/// A sale of 25.00 with a card, framed.
fn sale(dialect: &Dialect) -> Vec<u8> {
    let mut sale = Message::new(Mti::FINANCIAL_REQUEST);
    sale.set(2, "4761739001010010").set(3, "000000").set(4, "000000002500");
    sale.set(11, "000007").set(41, "TERM0001").set(49, "404");
    let (mut body, mut framed) = (Vec::new(), Vec::new());
    dialect.encode(&sale, &mut body).expect("its values fit the dialect");
    dialect.framing().append_frame(&body, &mut framed).expect("it is short");
    framed
}

fn main() -> Result<(), String> {
    let dialect = Dialect::builtin("iso87b").ok_or("it is built in")?;
    let mut host = Host { dialect: &dialect, received: Vec::new() };
    let mut out = Vec::new();
    host.receive(&sale(&dialect), &mut out)?;
    println!("answered with {} bytes", out.len());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answers to a stream that comes in these pieces.
    fn answered(pieces: &[&[u8]]) -> Result<Vec<u8>, String> {
        let dialect = Dialect::builtin("iso87b").unwrap();
        let mut host = Host { dialect: &dialect, received: Vec::new() };
        let mut out = Vec::new();
        for piece in pieces {
            host.receive(piece, &mut out)?;
        }
        Ok(out)
    }

    #[test]
    fn the_answer_does_not_depend_on_how_the_bytes_arrive() {
        let sale = sale(&Dialect::builtin("iso87b").unwrap());
        let two = [&sale[..], &sale[..]].concat();
        let whole = answered(&[&two]).unwrap();
        for at in 0..two.len() {
            let (head, tail) = two.split_at(at);
            assert_eq!(answered(&[head, tail]).unwrap(), whole, "split at {at}");
        }
    }

    #[test]
    fn a_message_that_is_no_request_ends_the_connection_with_its_reason() {
        let dialect = Dialect::builtin("iso87b").unwrap();
        let answer = answered(&[&sale(&dialect)]).unwrap();
        let error = answered(&[&answer]).unwrap_err();
        assert_eq!(error, "0210 is no request");
    }
}
