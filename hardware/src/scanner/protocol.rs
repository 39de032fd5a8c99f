//! The scanner's line protocol as a byte-wise parser. Pure.

use egate_types::MrzLines;
use zeroize::Zeroizing;

use crate::limits::{SCANNER_LINE_BYTES_MAX, SCANNER_LINES_MAX};

const STX: u8 = 0x02;
const ETX: u8 = 0x03;
const CR: u8 = b'\r';
const LF: u8 = b'\n';

/// One frame of the scanner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// A document was placed.
    DocumentPlaced,
    /// The document was removed.
    DocumentRemoved,
    /// The machine readable zone.
    Mrz(MrzLines),
    /// Life sign.
    Live,
}

/// Why a frame was dropped. Never tells the bytes: they may be a person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// A byte outside `A-Z 0-9 < + -`.
    #[error("scanner frame holds a byte outside the protocol")]
    StrayByte,
    /// A line is longer than any MRZ.
    #[error("scanner frame holds a line of more than {SCANNER_LINE_BYTES_MAX} bytes")]
    LongLine,
    /// More lines than any MRZ.
    #[error("scanner frame holds more than {SCANNER_LINES_MAX} lines")]
    ManyLines,
    /// The frame ended inside a line.
    #[error("scanner frame ends inside a line")]
    OpenLine,
    /// Neither a known word nor the shape of an MRZ.
    #[error("scanner frame is neither a known word nor an MRZ")]
    Unknown,
    /// A new frame began before this one ended.
    #[error("scanner frame was not ended")]
    Unfinished,
}

/// Collects bytes into frames; holds at most one frame, wiped when dropped.
#[derive(Default)]
pub struct Parser {
    state: State,
    lines: Zeroizing<Vec<String>>,
    line: Zeroizing<String>,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Between frames, or skipping the rest of a bad one.
    #[default]
    Outside,
    Inside,
}

impl Parser {
    /// Takes the next byte; a frame, or why one was dropped, comes out with its last byte.
    pub fn push(&mut self, byte: u8) -> Option<Result<Frame, FrameError>> {
        match (self.state, byte) {
            (State::Outside, STX) => {
                self.state = State::Inside;
                None
            }
            (State::Outside, _) => None,
            (State::Inside, STX) => {
                self.clear();
                self.state = State::Inside;
                Some(Err(FrameError::Unfinished))
            }
            (State::Inside, ETX) => {
                let frame = self.frame();
                self.clear();
                Some(frame)
            }
            (State::Inside, LF) if self.line.is_empty() => None,
            (State::Inside, byte) => self.extend(byte).err().map(|error| {
                self.clear();
                Err(error)
            }),
        }
    }

    fn extend(&mut self, byte: u8) -> Result<(), FrameError> {
        match byte {
            CR if self.lines.len() == SCANNER_LINES_MAX => Err(FrameError::ManyLines),
            CR => {
                self.lines.push(std::mem::take(&mut *self.line));
                Ok(())
            }
            b'A'..=b'Z' | b'0'..=b'9' | b'<' | b'+' | b'-' => {
                if self.line.len() == SCANNER_LINE_BYTES_MAX {
                    return Err(FrameError::LongLine);
                }
                // Room for the longest line at once: growing would leave unwiped copies behind.
                if self.line.is_empty() {
                    self.line.reserve_exact(SCANNER_LINE_BYTES_MAX);
                }
                self.line.push(char::from(byte));
                Ok(())
            }
            _ => Err(FrameError::StrayByte),
        }
    }

    fn frame(&mut self) -> Result<Frame, FrameError> {
        if !self.line.is_empty() {
            return Err(FrameError::OpenLine);
        }
        match self.lines.as_slice() {
            [word] if word == "DOC+" => Ok(Frame::DocumentPlaced),
            [word] if word == "DOC-" => Ok(Frame::DocumentRemoved),
            [word] if word == "LIVE" => Ok(Frame::Live),
            [_, _] | [_, _, _] if self.lines.iter().all(|line| is_mrz_line(line)) => {
                Ok(Frame::Mrz(MrzLines::new(std::mem::take(&mut *self.lines))))
            }
            _ => Err(FrameError::Unknown),
        }
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

/// The bytes of a frame; the scanner's side.
pub fn encode(frame: &Frame) -> Zeroizing<Vec<u8>> {
    let words: &[&str] = match frame {
        Frame::DocumentPlaced => &["DOC+"],
        Frame::DocumentRemoved => &["DOC-"],
        Frame::Live => &["LIVE"],
        Frame::Mrz(lines) => &lines
            .expose()
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>(),
    };
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    bytes.push(STX);
    for word in words {
        bytes.extend_from_slice(word.as_bytes());
        bytes.push(CR);
    }
    bytes.push(ETX);
    bytes
}

fn is_mrz_line(line: &str) -> bool {
    !line.is_empty() && line.bytes().all(|b| !matches!(b, b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> Vec<Result<Frame, FrameError>> {
        let mut parser = Parser::default();
        bytes.iter().filter_map(|byte| parser.push(*byte)).collect()
    }

    fn mrz(lines: &[&str]) -> Frame {
        Frame::Mrz(MrzLines::new(
            lines.iter().map(|line| (*line).to_owned()).collect(),
        ))
    }

    #[test]
    fn frames_are_told_apart() {
        let bytes =
            b"noise\x02DOC+\r\x03\x02P<UTO<\r\nL898\r\n\x03\r\n\x02LIVE\r\x03\x02DOC-\r\x03";
        let frames = [
            Frame::DocumentPlaced,
            mrz(&["P<UTO<", "L898"]),
            Frame::Live,
            Frame::DocumentRemoved,
        ];
        assert_eq!(parse(bytes), frames.map(Ok));
    }

    #[test]
    fn malformed_frames_are_dropped_with_their_reason() {
        let long = [b"\x02".as_slice(), &[b'A'; 65], b"\r\x03"].concat();
        let cases: [(&[u8], FrameError); 9] = [
            (b"\x02doc+\r\x03", FrameError::StrayByte),
            (b"\x02DOC+\r\x02", FrameError::Unfinished),
            (b"\x02DOC+\x03", FrameError::OpenLine),
            (b"\x02\x03", FrameError::Unknown),
            (b"\x02DOC\r\x03", FrameError::Unknown),
            (b"\x02A\r\r\x03", FrameError::Unknown),
            (b"\x02DOC+\rDOC-\r\x03", FrameError::Unknown),
            (b"\x02A\rB\rC\rD\r\x03", FrameError::ManyLines),
            (&long, FrameError::LongLine),
        ];
        for (bytes, error) in cases {
            assert_eq!(parse(bytes), [Err(error)], "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_panic_and_the_next_frame_is_understood(
            bytes in prop::collection::vec(
                prop_oneof![any::<u8>(), Just(STX), Just(ETX), Just(CR), Just(b'A')], 0..400),
        ) {
            let mut parser = Parser::default();
            for byte in bytes {
                let _ = parser.push(byte);
                prop_assert!(parser.lines.len() <= SCANNER_LINES_MAX);
                prop_assert!(parser.line.len() <= SCANNER_LINE_BYTES_MAX);
            }
            let told: Vec<_> = encode(&Frame::Live).iter().filter_map(|b| parser.push(*b)).collect();
            prop_assert_eq!(told.last(), Some(&Ok(Frame::Live)));
        }

        #[test]
        fn every_mrz_survives(lines in prop::collection::vec("[A-Z0-9<]{1,44}", 2..=3)) {
            let frame = Frame::Mrz(MrzLines::new(lines));
            prop_assert_eq!(parse(&encode(&frame)), vec![Ok(frame)]);
        }
    }
}
