//! Judgements as plain structures for JSON. The names of the keys are kept: integrators script against them.

pub mod document;
pub mod files;
pub mod mrz;
pub mod security_infos;
pub mod sod;
pub mod trust;

use egate_types::UtcTime;

/// Bytes of a SHA-256 that name a certificate in reports.
const FINGERPRINT_PREFIX_BYTES: usize = 12;

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(crate) fn prefix(fingerprint: &[u8]) -> String {
    hex(fingerprint
        .get(..FINGERPRINT_PREFIX_BYTES)
        .unwrap_or(fingerprint))
}

/// A serial number as OpenSSL prints it: upper case, sign in front.
pub(crate) fn serial(content: &[u8]) -> String {
    let negative = content.first().is_some_and(|first| first & 0x80 != 0);
    let mut magnitude = content.to_vec();
    if negative {
        let mut carry = true;
        for byte in magnitude.iter_mut().rev() {
            *byte = !*byte;
            if carry {
                let (sum, over) = byte.overflowing_add(1);
                (*byte, carry) = (sum, over);
            }
        }
    }
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    let digits = match magnitude.get(zeros..) {
        Some([]) | None => "00".to_owned(),
        Some(significant) => hex(significant).to_uppercase(),
    };
    format!("{}{digits}", if negative { "-" } else { "" })
}

/// An instant as OpenSSL prints it, e.g. `May  6 08:04:02 2033 GMT`.
pub(crate) fn instant(time: UtcTime) -> String {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let date = time.date();
    let month = MONTHS
        .get(usize::from(date.month()).saturating_sub(1))
        .copied()
        .unwrap_or("???");
    let second = time.0.rem_euclid(86_400_000) / 1_000;
    format!(
        "{month} {:2} {:02}:{:02}:{:02} {} GMT",
        date.day(),
        second / 3_600,
        second / 60 % 60,
        second % 60,
        date.year()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn serial_numbers_are_printed_as_openssl_does() {
        assert_eq!(serial(&[0x04, 0xA8]), "04A8");
        assert_eq!(serial(&[0x00, 0xFF]), "FF");
        assert_eq!(serial(&[0x00]), "00");
        assert_eq!(serial(&[0xFF]), "-01");
        assert_eq!(serial(&[0x80, 0x00]), "-8000");
    }

    #[test]
    fn instants_are_printed_as_openssl_does() {
        assert_eq!(instant(UtcTime(0)), "Jan  1 00:00:00 1970 GMT");
        assert_eq!(
            instant(UtcTime(1_766_534_399_000)),
            "Dec 23 23:59:59 2025 GMT"
        );
    }
}
