//! How many bytes fit one answer: what reader and chip say beforehand, and what the chip turns out to take.

use crate::{
    limits::{BLOCK_BYTES_MAX, BLOCK_BYTES_STEPS},
    tlv,
};

/// Bytes around the data of a protected answer at most: header and padding indicator of the cryptogram (5), padding (16), status (4),
/// authentication code (10).
const PROTECTION_BYTES_MAX: usize = 35;

/// Bytes of data in a short answer.
pub const SHORT_BYTES_MAX: usize = 256;

/// Most data bytes of a short answer through a channel whose cipher has blocks of so many bytes: 231 with triple DES, 223 with AES.
/// Around the padded data stand 18 bytes: padding indicator, header of the cryptogram, status, authentication code.
pub(super) fn short_data_bytes(block_bytes: usize) -> usize {
    let blocks = (SHORT_BYTES_MAX - 18).checked_div(block_bytes).unwrap_or(1);
    (blocks * block_bytes).saturating_sub(1)
}

/// What reader and chip say about lengths before the first command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TransportLimits {
    /// Most bytes of data that the reader carries in one answer; `None` if it does not say. Up to 256: short length only.
    pub reader_bytes: Option<usize>,
    /// What the chip's answer to reset says about extended length; `None` if nothing.
    pub chip: Option<Capability>,
}

/// Card capabilities in the historical bytes (ISO 7816-4 §8.1.1.2.7), as far as they concern lengths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// No extended length.
    Short,
    /// Extended length.
    Extended,
    /// Extended length, how much stands in EF.ATR/INFO.
    InAtrInfo,
}

impl TransportLimits {
    /// From the reader's largest data size, if it says, and the answer to reset.
    pub fn new(reader_bytes: Option<usize>, answer_to_reset: &[u8]) -> Self {
        Self {
            reader_bytes,
            chip: historical_bytes(answer_to_reset).and_then(capability),
        }
    }

    /// Whether reader and chip are known to carry short length alone, before anything was tried.
    pub(super) fn short_only(&self) -> bool {
        let reader = self
            .reader_bytes
            .is_some_and(|bytes| bytes.saturating_sub(PROTECTION_BYTES_MAX) <= SHORT_BYTES_MAX);
        reader || self.chip == Some(Capability::Short)
    }

    /// Data bytes asked for first, given what EF.ATR/INFO allows; `short` is what fits a short answer.
    pub(super) fn first_block(&self, atr_info: Option<usize>, short: usize) -> usize {
        let chip = match (atr_info, self.chip) {
            (Some(bytes), _) => bytes,
            (None, Some(Capability::Short)) => SHORT_BYTES_MAX,
            (None, Some(Capability::Extended | Capability::InAtrInfo) | None) => usize::MAX,
        };
        let bytes = chip.min(self.reader_bytes.unwrap_or(usize::MAX));
        match bytes.saturating_sub(PROTECTION_BYTES_MAX) {
            0..=SHORT_BYTES_MAX => short,
            protected => protected.min(BLOCK_BYTES_MAX),
        }
    }
}

/// Historical bytes of an answer to reset (ISO 7816-3 §8.2).
fn historical_bytes(atr: &[u8]) -> Option<&[u8]> {
    let format = *atr.get(1)?;
    let (mut at, mut indicator) = (2usize, format >> 4);
    loop {
        let interface = indicator.count_ones() as usize;
        let next = at.checked_add(interface)?;
        // TD, the last of them where bit 4 is set, announces another group.
        if indicator & 0x8 == 0 {
            return atr.get(next..next.checked_add(usize::from(format & 0x0F))?);
        }
        indicator = atr.get(next.checked_sub(1)?)? >> 4;
        at = next;
    }
}

/// The third software function byte of the card capabilities.
fn capability(historical: &[u8]) -> Option<Capability> {
    // Category indicator 80: compact data objects; 00: the same, with three status bytes behind them.
    let mut objects = match historical {
        [0x80, objects @ ..] => objects,
        [0x00, objects @ .., _, _, _] => objects,
        _ => return None,
    };
    while let [header, rest @ ..] = objects {
        let (value, behind) = rest.split_at_checked(usize::from(header & 0x0F))?;
        if header >> 4 == 7 {
            return Some(match value.get(2)? {
                bits if bits & 0x40 == 0 => Capability::Short,
                bits if bits & 0x20 != 0 => Capability::InAtrInfo,
                _ => Capability::Extended,
            });
        }
        objects = behind;
    }
    None
}

/// Most data bytes in an answer, as EF.ATR/INFO says: the second number of extended length information 7F66 (ISO 7816-4 §12.7.1).
pub(super) fn answer_bytes_of_atr_info(file: &[u8]) -> Option<usize> {
    // Data objects may be padded with zeros, which end the list.
    let mut rest = file;
    while let Ok((object, behind)) = tlv::read(rest) {
        if object.tag == 0x7F66 {
            let numbers = tlv::children(object.value).ok()?;
            let answer = numbers.iter().filter(|number| number.tag == 0x02).nth(1)?;
            return match answer.value {
                [] => None,
                bytes if bytes.len() > 4 => None,
                bytes => Some(bytes.iter().fold(0, |n, byte| n << 8 | usize::from(*byte))),
            };
        }
        rest = behind;
    }
    None
}

/// The size of block that this chip takes; remembered for the whole session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Blocks {
    first: usize,
    /// The most that fits a short answer through this channel.
    short: usize,
    current: usize,
}

impl Blocks {
    pub(super) fn new(first: usize, short: usize) -> Self {
        Self {
            first,
            short,
            current: first,
        }
    }

    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// A length that the protected answer can have: between the most that fits a short answer and 256, the command is short and
    /// its answer is not. There a little more is asked for, which needs extended length, or a little less.
    pub(super) fn fitting(&self, wanted: usize, past_end: bool) -> usize {
        if wanted <= self.short || wanted > SHORT_BYTES_MAX {
            wanted
        } else if self.current > SHORT_BYTES_MAX && past_end {
            SHORT_BYTES_MAX + 1
        } else {
            self.short
        }
    }

    /// The channel is another one, with other ciphers.
    pub(super) fn change_channel(&mut self, short: usize) {
        let fit = |bytes: usize| {
            if bytes <= SHORT_BYTES_MAX {
                bytes.min(short)
            } else {
                bytes
            }
        };
        (self.first, self.current) = (fit(self.first), fit(self.current));
        self.short = short;
    }

    /// The chip refused `asked` bytes: the next smaller step; `false` if there is none.
    pub(super) fn step_down(&mut self, asked: usize) -> bool {
        let [extended, smaller @ ..] = BLOCK_BYTES_STEPS;
        let mut steps = [extended, self.short].into_iter().chain(smaller);
        let below = steps.find(|step| *step < asked);
        if let Some(step) = below {
            self.current = step;
        }
        below.is_some()
    }

    /// The chip named or delivered a smaller number of bytes although more were there.
    pub(super) fn learn(&mut self, delivered: usize) {
        let smallest = BLOCK_BYTES_STEPS.into_iter().min().unwrap_or(1);
        if delivered < self.current && delivered >= smallest / 2 {
            self.current = delivered;
        }
    }

    /// What was refused was reading past the end, not the length.
    pub(super) fn start_over(&mut self) {
        self.current = self.first;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(reader: Option<usize>, atr: &str) -> TransportLimits {
        TransportLimits::new(reader, &hex::decode(atr).unwrap())
    }

    #[test]
    fn the_answer_to_reset_tells_extended_length() {
        let said = |atr| limits(None, atr).chip;
        assert_eq!(said("3B858001807384214011"), Some(Capability::Extended));
        assert_eq!(said("3B8580018073842100D2"), Some(Capability::Short));
        assert_eq!(said("3B8580018073842160B2"), Some(Capability::InAtrInfo));
        // Historical bytes of another category, an answer without any, one that ends early.
        assert_eq!(said("3B8980014D54434F537302020138"), None);
        assert_eq!(said("3B80800101"), None);
        assert_eq!(said("3B8F8001807384"), None);
    }

    #[test]
    fn the_first_block_is_the_largest_of_what_both_carry() {
        let extended = "3B858001807384214011";
        let first = |reader, atr, info| limits(reader, atr).first_block(info, 231);
        assert_eq!(first(None, extended, None), BLOCK_BYTES_MAX);
        assert_eq!(first(Some(2_000), extended, None), 1_965);
        assert_eq!(first(Some(256), extended, None), 231);
        assert_eq!(first(Some(0), extended, None), 231);
        assert_eq!(first(Some(65_536), extended, Some(1_500)), 1_465);
        assert_eq!(first(Some(65_536), "3B8580018073842100D2", None), 231);
        assert_eq!(first(Some(258), extended, None), 231);
    }

    #[test]
    fn extended_length_information_is_found_in_atr_info() {
        let file = hex::decode("470300000043017F7F660802020400020208000000").unwrap();
        assert_eq!(answer_bytes_of_atr_info(&file), Some(0x0800));
        assert_eq!(answer_bytes_of_atr_info(&file[..8]), None);
        assert_eq!(answer_bytes_of_atr_info(&[]), None);
    }

    #[test]
    fn what_fits_a_short_answer_depends_on_the_cipher() {
        assert_eq!([8, 16].map(short_data_bytes), [231, 223]);
        let mut blocks = Blocks::new(231, 231);
        blocks.change_channel(223);
        assert_eq!(blocks.current(), 223);
        let blocks = Blocks::new(4_000, 223);
        assert_eq!(
            [223, 224, 256, 257].map(|n| blocks.fitting(n, true)),
            [223, 257, 257, 257]
        );
        assert_eq!(
            [223, 224, 256, 257].map(|n| blocks.fitting(n, false)),
            [223, 223, 223, 257]
        );
    }

    #[test]
    fn steps_lead_down_and_end() {
        let mut blocks = Blocks::new(BLOCK_BYTES_MAX, 231);
        let mut seen = vec![blocks.current()];
        while blocks.step_down(blocks.current()) {
            seen.push(blocks.current());
        }
        assert_eq!(seen, [BLOCK_BYTES_MAX, 1_000, 231, 192, 160, 128]);
        blocks.learn(100);
        assert_eq!(blocks.current(), 100);
        blocks.learn(3);
        assert_eq!(blocks.current(), 100);
    }

    proptest! {
        #[test]
        fn arbitrary_answers_to_reset_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let limits = TransportLimits::new(None, &bytes);
            let first = limits.first_block(answer_bytes_of_atr_info(&bytes), 231);
            prop_assert!((231..=BLOCK_BYTES_MAX).contains(&first));
        }
    }
}
