//! What a PC/SC reader says about itself (PC/SC part 10, supplement): the largest command and answer that it carries.

/// `CM_IOCTL_GET_FEATURE_REQUEST` (PC/SC part 10 §2.2).
const GET_FEATURE_REQUEST: u16 = 3_400;
/// `FEATURE_GET_TLV_PROPERTIES`.
const GET_PROPERTIES: u8 = 0x12;
/// `dwMaxAPDUDataSize`: 0 and up to 256 for short length only, up to 65,536 with extended length.
const LARGEST_APDU_DATA: u8 = 0x0A;

/// Most data bytes of a command or answer; `None` if the reader does not say.
pub(super) fn largest_apdu_bytes(card: &pcsc::Card) -> Option<usize> {
    let mut buffer = [0; 1_024];
    let request = pcsc::ctl_code(GET_FEATURE_REQUEST.into());
    let features = card.control(request, &[], &mut buffer).ok()?;
    let code = number(property(features, GET_PROPERTIES)?, u32::from_be_bytes)?;
    let properties = card.control(code.into(), &[], &mut buffer).ok()?;
    let bytes = number(property(properties, LARGEST_APDU_DATA)?, u32::from_le_bytes)?;
    usize::try_from(bytes).ok()
}

/// Value of the first entry with this tag; entries are tag, length, value of one, one and `length` bytes.
fn property(entries: &[u8], wanted: u8) -> Option<&[u8]> {
    let mut rest = entries;
    while let [tag, length, behind @ ..] = rest {
        let (value, next) = behind.split_at_checked(usize::from(*length))?;
        if *tag == wanted {
            return Some(value);
        }
        rest = next;
    }
    None
}

/// Control codes are big-endian, properties little-endian.
fn number(value: &[u8], read: fn([u8; 4]) -> u32) -> Option<u32> {
    Some(read(value.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn properties_are_found_among_others() {
        let properties = [
            0x01, 2, 9, 9, 0x0A, 4, 0x00, 0x00, 0x01, 0x00, 0x0B, 2, 1, 2,
        ];
        let value = property(&properties, LARGEST_APDU_DATA).unwrap();
        assert_eq!(number(value, u32::from_le_bytes), Some(65_536));
        let features = [
            0x06, 4, 0x42, 0x33, 0x00, 0x06, 0x12, 4, 0x42, 0x33, 0x00, 0x12,
        ];
        let value = property(&features, GET_PROPERTIES).unwrap();
        assert_eq!(number(value, u32::from_be_bytes), Some(0x4233_0012));
        assert_eq!(property(&properties, 0x77), None);
        assert_eq!(property(&[0x0A, 4, 1], LARGEST_APDU_DATA), None);
        assert_eq!(number(&[1, 2], u32::from_le_bytes), None);
    }
}
