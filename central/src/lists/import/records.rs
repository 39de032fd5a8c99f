//! Rows of a file one by one into one buffer of fixed size: records of CSV (RFC 4180) and lines.
//!
//! A row longer than the buffer is read to its end, not held, and told.

use std::io::BufRead;

use csv_core::ReadRecordResult;

use super::{FileError, RowError};
use crate::limits::{LIST_ROW_BYTES_MAX, LIST_ROW_FIELDS_MAX};

/// A reader of CSV records.
pub(super) struct Records<R> {
    file: R,
    parser: csv_core::Reader,
    /// The fields of the current record, one after the other.
    bytes: Vec<u8>,
    /// Where each of them ends.
    ends: Vec<usize>,
    place: Place,
    /// Bytes read so far.
    pub(super) bytes_read: u64,
    ended: bool,
}

/// The fields of one record.
pub(super) struct Record<'a> {
    text: &'a str,
    ends: &'a [usize],
}

/// Where the reader stands.
struct Place {
    /// Line of the next byte.
    line: u64,
    /// Line on which the current row began, once it has.
    began: Option<u64>,
    /// Line of the last byte that ended no line.
    last: u64,
}

impl<R: BufRead> Records<R> {
    pub(super) fn new(file: R) -> Self {
        Self {
            file,
            parser: csv_core::Reader::new(),
            bytes: vec![0; LIST_ROW_BYTES_MAX],
            ends: vec![0; LIST_ROW_FIELDS_MAX],
            place: Place::new(),
            bytes_read: 0,
            ended: false,
        }
    }

    /// The next record with the line it begins on; `None` at the end and after an error of the file.
    pub(super) fn next(&mut self) -> Option<(u64, Result<Record<'_>, RowError>)> {
        if self.ended {
            return None;
        }
        self.place.began = None;
        let (mut length, mut fields, mut too_long) = (0, 0, false);
        loop {
            let input = match self.file.fill_buf() {
                Ok(input) => input,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Some(self.end(FileError::Read(e.kind()))),
            };
            let at_end = input.is_empty();
            let (output, ends) = (&mut self.bytes[length..], &mut self.ends[fields..]);
            let (result, read, written, ended) = self.parser.read_record(input, output, ends);
            self.place.pass(&input[..read]);
            self.file.consume(read);
            self.bytes_read += read as u64;
            (length, fields) = (length + written, fields + ended);
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull | ReadRecordResult::OutputEndsFull => {
                    (length, fields, too_long) = (0, 0, true);
                }
                ReadRecordResult::Record if too_long && at_end => {
                    return Some(self.end(FileError::NoEnd));
                }
                ReadRecordResult::Record => break,
                ReadRecordResult::End => {
                    self.ended = true;
                    return None;
                }
            }
        }
        let line = self.place.began();
        if too_long {
            let last_line = self.place.last;
            return Some((line, Err(RowError::TooLong { last_line })));
        }
        Some((line, record(&self.bytes[..length], &self.ends[..fields])))
    }

    fn end(&mut self, error: FileError) -> (u64, Result<Record<'_>, RowError>) {
        self.ended = true;
        (self.place.began(), Err(error.into()))
    }
}

fn record<'a>(bytes: &'a [u8], ends: &'a [usize]) -> Result<Record<'a>, RowError> {
    let text = std::str::from_utf8(bytes).map_err(|_| RowError::NotUtf8)?;
    // A character may not begin in one field and end in the next.
    if !ends.iter().all(|end| text.is_char_boundary(*end)) {
        return Err(RowError::NotUtf8);
    }
    Ok(Record { text, ends })
}

impl<'a> Record<'a> {
    /// How many fields there are.
    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    /// A field without the blanks around it; empty if there is none.
    pub(super) fn get(&self, index: usize) -> &'a str {
        let begin = index.checked_sub(1).map_or(Some(&0), |i| self.ends.get(i));
        let span = begin.zip(self.ends.get(index));
        let field = span.and_then(|(begin, end)| self.text.get(*begin..*end));
        field.unwrap_or("").trim()
    }
}

impl Place {
    const fn new() -> Self {
        Self {
            line: 1,
            began: None,
            last: 1,
        }
    }

    /// Goes on over bytes. Ends of lines before a row belong to none.
    fn pass(&mut self, bytes: &[u8]) {
        for byte in bytes {
            if !matches!(byte, b'\r' | b'\n') {
                self.began = self.began.or(Some(self.line));
                self.last = self.line;
            }
            if *byte == b'\n' {
                self.line += 1;
            }
        }
    }

    fn began(&self) -> u64 {
        self.began.unwrap_or(self.line)
    }
}

/// A reader of lines.
pub(super) struct Lines<R> {
    file: R,
    bytes: Vec<u8>,
    line: u64,
    ended: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) const fn new(file: R) -> Self {
        Self {
            file,
            bytes: Vec::new(),
            line: 0,
            ended: false,
        }
    }

    /// The next line that is not blank, with its number; `None` at the end and after an error of the file.
    pub(super) fn next(&mut self) -> Option<(u64, Result<&[u8], RowError>)> {
        loop {
            if self.ended {
                return None;
            }
            self.bytes.clear();
            self.line += 1;
            match self.fill() {
                Err(error) => {
                    self.ended = true;
                    return Some((self.line, Err(error.into())));
                }
                Ok(false) => {
                    let last_line = self.line;
                    return Some((self.line, Err(RowError::TooLong { last_line })));
                }
                Ok(true) => {}
            }
            let begin = match self.bytes.strip_prefix(BYTE_ORDER_MARK) {
                Some(_) if self.line == 1 => BYTE_ORDER_MARK.len(),
                _ => 0,
            };
            if !self.bytes[begin..].trim_ascii().is_empty() {
                return Some((self.line, Ok(&self.bytes[begin..])));
            }
        }
    }

    /// Reads up to the end of the line; whether the line fits. A longer one is passed over.
    fn fill(&mut self) -> Result<bool, FileError> {
        let mut fits = true;
        loop {
            let input = match self.file.fill_buf() {
                Ok(input) => input,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(e) => return Err(FileError::Read(e.kind())),
            };
            if input.is_empty() {
                self.ended = true;
                return Ok(fits);
            }
            let newline = input.iter().position(|byte| *byte == b'\n');
            let part = &input[..newline.unwrap_or(input.len())];
            fits = fits && self.bytes.len() + part.len() <= LIST_ROW_BYTES_MAX;
            if fits {
                self.bytes.extend_from_slice(part);
            }
            let read = part.len() + usize::from(newline.is_some());
            self.file.consume(read);
            if newline.is_some() {
                return Ok(fits);
            }
        }
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
