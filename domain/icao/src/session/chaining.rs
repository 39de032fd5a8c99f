//! Commands and answers that a short APDU does not carry, in pieces (ISO 7816-4 §5.3.3, §5.3.4). Nobody above sees a piece: commands
//! go in whole, answers come out whole.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use crate::{apdu::Command, limits::CHAINED_BYTES_MAX, tlv};

use super::SHORT_BYTES_MAX;

/// Most data bytes of a short command.
const SHORT_COMMAND_BYTES_MAX: usize = 255;
/// Bit of the class byte that says: not the last piece.
const NOT_LAST: u8 = 0x10;
const GET_RESPONSE: u8 = 0xC0;
/// Tag of the authentication code, which ends a protected answer.
const CODE: u32 = 0x8E;

/// What is under way in pieces.
#[derive(Default)]
pub(super) struct Chaining {
    /// Pieces of the command still to be sent.
    pieces: VecDeque<Vec<u8>>,
    /// What came of the answer.
    received: Zeroizing<Vec<u8>>,
}

/// What an answer turned out to be.
pub(super) enum Taken {
    /// One piece; this asks for the next, or carries it.
    Piece(Vec<u8>),
    /// The whole answer.
    Whole(Zeroizing<Vec<u8>>),
}

impl Chaining {
    /// The first piece of a command in short pieces.
    pub(super) fn split(&mut self, command: &Command) -> Vec<u8> {
        let count = command.data.chunks(SHORT_COMMAND_BYTES_MAX).len().max(1);
        let mut pieces = (1..=count).map(|number| {
            let data = command.data.chunks(SHORT_COMMAND_BYTES_MAX).nth(number - 1);
            let last = number == count;
            Command {
                class: command.class | if last { 0 } else { NOT_LAST },
                data: data.unwrap_or_default().to_vec(),
                expected: command
                    .expected
                    .filter(|_| last)
                    .map(|n| n.min(SHORT_BYTES_MAX)),
                ..*command
            }
            .to_bytes()
        });
        let first = pieces.next().unwrap_or_default();
        self.pieces = pieces.collect();
        first
    }

    /// Takes an answer. `protected`: it belongs to a channel, whose answers may bear the status `61xx` themselves.
    pub(super) fn take(&mut self, response: &[u8], protected: bool) -> Taken {
        if let Some(piece) = self.pieces.pop_front() {
            if response == [0x90, 0x00] {
                return Taken::Piece(piece);
            }
            self.pieces.clear();
        }
        let mut received = std::mem::take(&mut self.received);
        if let [data @ .., 0x61, left] = response
            && received.len() + data.len() <= CHAINED_BYTES_MAX
        {
            received.extend_from_slice(data);
            if !(protected && is_whole(&received)) {
                self.received = received;
                return Taken::Piece(get_response(*left).to_bytes());
            }
            received.extend([0x61, *left]);
            return Taken::Whole(received);
        }
        received.extend_from_slice(response);
        Taken::Whole(received)
    }
}

/// Asks for the bytes that `61xx` announces; zero: 256 or more.
pub(super) fn get_response(left: u8) -> Command {
    let expected = if left == 0 {
        SHORT_BYTES_MAX
    } else {
        left.into()
    };
    Command::new(0x00, GET_RESPONSE, 0x00, 0x00).expecting(expected)
}

fn is_whole(protected: &[u8]) -> bool {
    let objects = tlv::children(protected).unwrap_or_default();
    objects.last().is_some_and(|object| object.tag == CODE)
}
