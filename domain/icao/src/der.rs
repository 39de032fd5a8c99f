//! A cursor over definite-length data objects that knows where in the file it stands, so that an error can name the offset.

use crate::{
    limits::{DER_OBJECTS_MAX, TLV_DEPTH_MAX},
    tlv::{self, TlvError},
};

/// A rule of the encoding that the bytes break, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("at offset {offset}: {rule}")]
pub struct DerError {
    /// Offset in bytes from the start of the file (of its definite-length form, if it was BER).
    pub offset: usize,
    /// The rule.
    pub rule: TlvError,
}

/// One data object and its place.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Element<'a> {
    pub(crate) tag: u32,
    pub(crate) value: &'a [u8],
    pub(crate) raw: &'a [u8],
    /// Where tag and length begin.
    pub(crate) offset: usize,
}

impl<'a> Element<'a> {
    /// A cursor over what is inside.
    pub(crate) fn inside(&self) -> Der<'a> {
        let header = self.raw.len().saturating_sub(self.value.len());
        Der {
            rest: self.value,
            offset: self.offset.saturating_add(header),
        }
    }

    pub(crate) fn error(&self, rule: TlvError) -> DerError {
        DerError {
            offset: self.offset,
            rule,
        }
    }
}

/// The cursor.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Der<'a> {
    rest: &'a [u8],
    offset: usize,
}

impl<'a> Der<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            offset: 0,
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn error(&self, rule: TlvError) -> DerError {
        DerError {
            offset: self.offset,
            rule,
        }
    }

    /// The next object, whatever it is.
    pub(crate) fn next(&mut self) -> Result<Element<'a>, DerError> {
        let (tlv, rest) = tlv::read(self.rest).map_err(|rule| self.error(rule))?;
        let element = Element {
            tag: tlv.tag,
            value: tlv.value,
            raw: tlv.raw,
            offset: self.offset,
        };
        self.rest = rest;
        self.offset = self.offset.saturating_add(tlv.raw.len());
        Ok(element)
    }

    /// The next object, which must bear `tag`.
    pub(crate) fn take(&mut self, tag: u32) -> Result<Element<'a>, DerError> {
        let mut ahead = *self;
        let element = ahead.next()?;
        if element.tag != tag {
            return Err(element.error(TlvError::WrongTag {
                expected: tag,
                found: element.tag,
            }));
        }
        *self = ahead;
        Ok(element)
    }

    /// The next object if it bears `tag`.
    pub(crate) fn optional(&mut self, tag: u32) -> Result<Option<Element<'a>>, DerError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let mut ahead = *self;
        let element = ahead.next()?;
        if element.tag != tag {
            return Ok(None);
        }
        *self = ahead;
        Ok(Some(element))
    }

    /// All that follow, at most [`DER_OBJECTS_MAX`].
    pub(crate) fn all(mut self) -> Result<Vec<Element<'a>>, DerError> {
        let mut elements = Vec::new();
        while !self.is_empty() {
            if elements.len() == DER_OBJECTS_MAX {
                return Err(self.error(TlvError::TooMany));
            }
            elements.push(self.next()?);
        }
        Ok(elements)
    }
}

/// The first place where the bytes are no data object, indefinite lengths left aside.
pub(crate) fn first_fault(bytes: &[u8]) -> Option<DerError> {
    fn descend(mut level: Der<'_>, depth: usize) -> Option<DerError> {
        while !level.is_empty() {
            let element = match level.next() {
                Ok(element) => element,
                Err(error) => return Some(error),
            };
            let constructed = element.raw.first().is_some_and(|tag| tag & 0x20 != 0);
            if constructed
                && depth < TLV_DEPTH_MAX
                && let Some(error) = descend(element.inside(), depth + 1)
            {
                return Some(error);
            }
        }
        None
    }
    descend(Der::new(bytes), 0).filter(|error| error.rule != TlvError::Indefinite)
}

/// An object identifier in dotted form; a malformed one ends early.
pub(crate) fn dotted(oid: &[u8]) -> String {
    let mut arcs: Vec<u64> = Vec::new();
    let mut arc = 0_u64;
    for byte in oid {
        arc = arc.saturating_mul(128) | u64::from(byte & 0x7F);
        if byte & 0x80 == 0 {
            if arcs.is_empty() {
                let first = (arc / 40).min(2);
                arcs.push(first);
                arc = arc.saturating_sub(first * 40);
            }
            arcs.push(arc);
            arc = 0;
        }
    }
    let texts: Vec<String> = arcs.iter().map(u64::to_string).collect();
    texts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_name_the_offset_in_the_file() {
        let bytes = [0x30, 6, 0x02, 1, 5, 0x04, 9, 0];
        let mut inside = Der::new(&bytes).take(0x30).unwrap().inside();
        assert_eq!(inside.next().unwrap().value, [5]);
        assert_eq!(
            inside.next().unwrap_err(),
            DerError {
                offset: 5,
                rule: TlvError::Truncated
            }
        );
        assert_eq!(inside.take(0x04).unwrap_err().offset, 5);
    }

    #[test]
    fn object_identifiers_are_written_with_dots() {
        assert_eq!(dotted(&[0x67, 0x81, 0x08, 1, 1, 2]), "2.23.136.1.1.2");
        assert_eq!(
            dotted(&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 1, 11]),
            "1.2.840.113549.1.1.11"
        );
        assert_eq!(
            dotted(&[0x04, 0x00, 0x7F, 0x00, 0x07, 3, 2, 1]),
            "0.4.0.127.0.7.3.2.1"
        );
    }
}
