//! BER-TLV data objects (ISO 7816-4 §5.2.2, X.690) over borrowed bytes.
//!
//! Only definite lengths are read. [`to_definite`] turns the indefinite ones, which some issuers write, into definite ones.

use crate::limits::{TLV_DEPTH_MAX, TLV_OBJECTS_MAX};

/// One data object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    /// The tag's bytes as a number, e.g. `0x7F61`.
    pub tag: u32,
    /// The value field.
    pub value: &'a [u8],
    /// Tag, length and value as received.
    pub raw: &'a [u8],
}

/// Why bytes are not the expected data object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TlvError {
    /// The bytes end inside the object.
    #[error("data object ends early")]
    Truncated,
    /// The tag has more than three bytes.
    #[error("tag of more than three bytes")]
    TagTooLong,
    /// The length has more than four bytes.
    #[error("length of more than four bytes")]
    LengthTooLong,
    /// A length is indefinite.
    #[error("indefinite length")]
    Indefinite,
    /// Nested deeper than [`TLV_DEPTH_MAX`].
    #[error("data objects nested too deeply")]
    TooDeep,
    /// More objects in one level than [`TLV_OBJECTS_MAX`].
    #[error("too many data objects")]
    TooMany,
    /// Another tag was expected here.
    #[error("expected tag {expected:X}, found {found:X}")]
    WrongTag {
        /// Tag the structure demands.
        expected: u32,
        /// Tag at that place.
        found: u32,
    },
    /// A value is none that the standard allows here.
    #[error("value is not allowed here")]
    WrongValue,
    /// A required object is absent.
    #[error("data object {0:X} is missing")]
    Missing(u32),
}

/// Reads the first object; also returns the bytes behind it.
pub fn read(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), TlvError> {
    let header = header(bytes)?;
    let length = header.length.ok_or(TlvError::Indefinite)?;
    let end = header
        .bytes
        .checked_add(length)
        .ok_or(TlvError::LengthTooLong)?;
    let raw = bytes.get(..end).ok_or(TlvError::Truncated)?;
    let tlv = Tlv {
        tag: header.tag,
        value: &raw[header.bytes..],
        raw,
    };
    Ok((tlv, &bytes[end..]))
}

/// Reads the first object, which must bear `tag`.
pub fn expect(bytes: &[u8], tag: u32) -> Result<(&[u8], &[u8]), TlvError> {
    let (tlv, rest) = read(bytes)?;
    if tlv.tag != tag {
        return Err(TlvError::WrongTag {
            expected: tag,
            found: tlv.tag,
        });
    }
    Ok((tlv.value, rest))
}

/// All objects of one level.
pub fn children(mut bytes: &[u8]) -> Result<Vec<Tlv<'_>>, TlvError> {
    let mut objects = Vec::new();
    while !bytes.is_empty() {
        if objects.len() == TLV_OBJECTS_MAX {
            return Err(TlvError::TooMany);
        }
        let (tlv, rest) = read(bytes)?;
        objects.push(tlv);
        bytes = rest;
    }
    Ok(objects)
}

/// The first object with this tag in one level.
pub fn find(bytes: &[u8], tag: u32) -> Result<&[u8], TlvError> {
    children(bytes)?
        .iter()
        .find(|tlv| tlv.tag == tag)
        .map(|tlv| tlv.value)
        .ok_or(TlvError::Missing(tag))
}

/// Total length of the object whose first bytes are given: header and value.
pub fn total_length(start: &[u8]) -> Result<usize, TlvError> {
    let header = header(start)?;
    let length = header.length.ok_or(TlvError::Indefinite)?;
    header
        .bytes
        .checked_add(length)
        .ok_or(TlvError::LengthTooLong)
}

/// Writes an object with the shortest length field.
pub fn encode(tag: u32, value: &[u8]) -> Vec<u8> {
    let mut out = encode_header(tag, value.len());
    out.extend_from_slice(value);
    out
}

/// Writes tag and length of an object whose value has `length` bytes.
pub fn encode_header(tag: u32, length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(8);
    push_significant(&mut out, tag);
    match u32::try_from(length).unwrap_or(u32::MAX) {
        short @ 0..=0x7F => out.push(short as u8),
        long => {
            let mut length = Vec::new();
            push_significant(&mut length, long);
            out.push(0x80 | length.len() as u8);
            out.extend(length);
        }
    }
    out
}

/// Writes an object around several parts.
pub fn encode_all(tag: u32, parts: &[&[u8]]) -> Vec<u8> {
    encode(tag, &parts.concat())
}

/// Rewrites BER with definite lengths and primitive octet strings, as DER readers want it (X.690 §8.1.3.6, §8.7.3).
pub fn to_definite(bytes: &[u8]) -> Result<Vec<u8>, TlvError> {
    let (out, _) = definite_object(bytes, 0)?;
    Ok(out)
}

fn definite_object(bytes: &[u8], depth: usize) -> Result<(Vec<u8>, &[u8]), TlvError> {
    if depth > TLV_DEPTH_MAX {
        return Err(TlvError::TooDeep);
    }
    let header = header(bytes)?;
    let body = &bytes[header.bytes..];
    let constructed = bytes[0] & 0x20 != 0;
    if !constructed {
        let (tlv, rest) = read(bytes)?;
        return Ok((tlv.raw.to_vec(), rest));
    }
    let (mut inner, rest) = match header.length {
        Some(length) => {
            let inner = body.get(..length).ok_or(TlvError::Truncated)?;
            (inner, Some(&body[length..]))
        }
        None => (body, None),
    };
    let octet_string = header.tag == 0x24;
    let mut value = Vec::new();
    let rest = loop {
        match rest {
            Some(rest) if inner.is_empty() => break rest,
            None if inner.starts_with(&[0, 0]) => break &inner[2..],
            Some(_) | None => {}
        }
        let (object, behind) = definite_object(inner, depth + 1)?;
        value.extend_from_slice(if octet_string {
            expect(&object, 0x04)?.0
        } else {
            &object
        });
        inner = behind;
    };
    let tag = if octet_string { 0x04 } else { header.tag };
    // What needs no rewriting stays as received, odd lengths included: signatures are over those bytes.
    let raw = &bytes[..bytes.len() - rest.len()];
    if header.length.is_some() && !octet_string && raw.get(header.bytes..) == Some(&value[..]) {
        return Ok((raw.to_vec(), rest));
    }
    Ok((encode(tag, &value), rest))
}

struct Header {
    tag: u32,
    /// `None`: indefinite.
    length: Option<usize>,
    bytes: usize,
}

fn header(bytes: &[u8]) -> Result<Header, TlvError> {
    let byte = |at: usize| bytes.get(at).copied().ok_or(TlvError::Truncated);
    let mut at = 1;
    let first = byte(0)?;
    let mut tag = u32::from(first);
    if first & 0x1F == 0x1F {
        loop {
            if at > 2 {
                return Err(TlvError::TagTooLong);
            }
            let next = byte(at)?;
            at += 1;
            tag = tag << 8 | u32::from(next);
            if next & 0x80 == 0 {
                break;
            }
        }
    }
    let first = byte(at)?;
    at += 1;
    let length = match first {
        0x00..=0x7F => Some(usize::from(first)),
        0x80 => None,
        0x81..=0x84 => {
            let mut length = 0usize;
            for _ in 0..first & 0x7F {
                length = length << 8 | usize::from(byte(at)?);
                at += 1;
            }
            Some(length)
        }
        _ => return Err(TlvError::LengthTooLong),
    };
    Ok(Header {
        tag,
        length,
        bytes: at,
    })
}

fn push_significant(out: &mut Vec<u8>, number: u32) {
    let bytes = number.to_be_bytes();
    let zeros = bytes.iter().take(3).take_while(|b| **b == 0).count();
    out.extend_from_slice(&bytes[zeros..]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn indefinite_and_constructed_forms_become_definite() {
        let ber = [
            0x30, 0x80, 0x24, 0x80, 0x04, 1, 0xAA, 0x04, 1, 0xBB, 0, 0, 0x02, 1, 5, 0, 0,
        ];
        assert_eq!(
            to_definite(&ber),
            Ok(vec![0x30, 7, 0x04, 2, 0xAA, 0xBB, 0x02, 1, 5])
        );
    }

    #[test]
    fn definite_objects_stay_as_received() {
        let long_length = [0x30, 0x81, 3, 0x02, 1, 5];
        assert_eq!(to_definite(&long_length), Ok(long_length.to_vec()));
    }

    #[test]
    fn nesting_is_bounded() {
        let mut bytes = Vec::new();
        for _ in 0..100_000 {
            bytes.extend([0x30, 0x80]);
        }
        assert_eq!(to_definite(&bytes), Err(TlvError::TooDeep));
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(tag in prop_oneof![Just(0x04u32), Just(0x7F61), Just(0x5F2E)], len in 0usize..70_000) {
            let value = vec![0x5A; len];
            let encoded = encode(tag, &value);
            let (tlv, rest) = read(&encoded).unwrap();
            prop_assert_eq!((tlv.tag, tlv.value.len(), rest.len()), (tag, len, 0));
            prop_assert_eq!(total_length(&encoded[..encoded.len().min(8)]), Ok(encoded.len()));
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
            let _ = children(&bytes);
            let _ = to_definite(&bytes);
        }
    }
}
