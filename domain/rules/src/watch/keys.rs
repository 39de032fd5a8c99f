//! What a name part sounds like, whichever table wrote it in Latin letters: its sound and its consonant skeleton.
//!
//! Both are packed into integers, so that equality is one instruction and parts that one writer split and
//! another joined are put together by a shift. Letters are `A`-`Z`; anything else is passed over.

/// Consonants of a part, four bits each, the last one lowest; at most [`SKELETON_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Skeleton(u64);

/// Consonants and vowel runs of a part, five bits each; at most [`SOUND_MAX`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Sound(u128);

/// Consonants that fit a [`Skeleton`]; longer parts are compared by these.
pub const SKELETON_MAX: u32 = 16;
/// Symbols that fit a [`Sound`].
pub const SOUND_MAX: u32 = 25;

/// How letters that languages read differently are read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reading {
    /// W is a consonant (Polish, German), not a vowel (Arabic, English).
    pub w_is_v: bool,
    /// J is the vowel of `Jewgeni`, not the consonant of `Jamal`.
    pub j_is_vowel: bool,
    /// CH is the sound of `Khalid` (Polish, German), not that of `Charles`.
    pub ch_is_kh: bool,
    /// H is a letter of its own after consonants too, because no vowels are written: Arabic script, ICAO's scheme for it.
    pub h_is_heard: bool,
}

impl Skeleton {
    /// The consonants of `letters`.
    pub fn of(letters: &[u8], reading: Reading) -> Self {
        let mut bits = 0u64;
        let mut count = 0;
        symbols(letters, reading, |symbol| {
            if symbol < VOWEL_FIRST && count < SKELETON_MAX {
                bits = (bits << 4) | u64::from(symbol);
                count += 1;
            }
        });
        Self(bits)
    }

    /// Number of consonants.
    pub const fn len(self) -> u32 {
        (u64::BITS - self.0.leading_zeros()).div_ceil(4)
    }

    /// Whether the part has no consonant at all.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The packed value, for an index.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Without its last consonant.
    #[must_use]
    pub const fn without_last(self) -> Self {
        Self(self.0 >> 4)
    }

    /// The skeleton of two parts written together; the same consonant on both sides of the seam counts once.
    pub const fn joined(self, next: Self) -> Self {
        if next.is_empty() || self.is_empty() {
            return Self(self.0 | next.0);
        }
        let first = next.0 >> (4 * (next.len() - 1));
        let seam = self.0 & 0xF == first;
        let kept = if seam { next.len() - 1 } else { next.len() };
        if self.len() + kept > SKELETON_MAX {
            return self;
        }
        Self((self.0 << (4 * kept)) | (next.0 & mask(kept)))
    }
}

const fn mask(symbols: u32) -> u64 {
    if symbols >= SKELETON_MAX {
        u64::MAX
    } else {
        (1 << (4 * symbols)) - 1
    }
}

impl Sound {
    /// Consonants and vowel runs of `letters`.
    pub fn of(letters: &[u8], reading: Reading) -> Self {
        let mut bits = 0u128;
        let mut count = 0;
        symbols(letters, reading, |symbol| {
            if count < SOUND_MAX {
                bits = (bits << 5) | u128::from(symbol);
                count += 1;
            }
        });
        Self(bits)
    }

    /// Whether nothing sounds.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether a run of vowels comes before the first consonant.
    pub const fn begins_with_vowel(self) -> bool {
        let symbols = (u128::BITS - self.0.leading_zeros()).div_ceil(5);
        symbols > 0 && self.0 >> (5 * (symbols - 1)) & VOWEL_BIT != 0
    }

    /// The packed value, for an index.
    pub const fn bits(self) -> u128 {
        self.0
    }
}

/// Calls `out` with each consonant class, doubled ones once, and each run of vowels.
fn symbols(letters: &[u8], reading: Reading, mut out: impl FnMut(u8)) {
    let mut last = 0;
    let mut vowels: Option<u8> = None;
    let mut at = 0;
    while at < letters.len() {
        let (symbol, length) = symbol(letters, at, reading);
        at += length;
        match symbol {
            0 => {}
            VOWEL_FIRST.. => vowels = Some(vowels.map_or(symbol, |run| run.max(symbol))),
            consonant => {
                let between = vowels.take();
                if let Some(run) = between {
                    out(run);
                }
                if consonant != last || between.is_some() {
                    out(consonant);
                }
                last = consonant;
            }
        }
    }
    if let Some(run) = vowels {
        out(run);
    }
}

/// The symbol at `at` and how many letters it takes; 0 where nothing sounds.
fn symbol(letters: &[u8], at: usize, reading: Reading) -> (u8, usize) {
    let rest = &letters[at..];
    for &(digraph, symbol) in DIGRAPHS {
        if rest.starts_with(digraph) {
            return (symbol, digraph.len());
        }
    }
    let next = rest.get(1).copied().unwrap_or(b' ');
    let previous = at.checked_sub(1).map_or(b' ', |before| letters[before]);
    let symbol = match rest[0] {
        b'C' if next == b'H' => return (if reading.ch_is_kh { H } else { C }, 2),
        b'C' if matches!(next, b'E' | b'I' | b'Y') => S,
        b'C' | b'K' | b'Q' => K,
        // At the end it is mostly that of `Fatimah`.
        b'H' if reading.h_is_heard && next != b' ' => H,
        // After O and before a consonant or the end it only lengthens (Japanese KOHJI, GOTOH).
        b'H' if !is_vowel(next) && (previous == b'O' || next == b' ') => 0,
        b'H' if is_vowel(previous) || at == 0 => H,
        b'H' => 0,
        b'J' if reading.j_is_vowel => VOWEL_I,
        b'W' if reading.w_is_v => F,
        letter => class_of(letter),
    };
    (symbol, 1)
}

const fn class_of(letter: u8) -> u8 {
    match letter {
        b'B' => B,
        b'P' => P,
        b'T' => T,
        b'D' => D,
        b'G' => G,
        b'F' | b'V' => F,
        b'S' | b'Z' => S,
        b'X' => C,
        b'J' => J,
        b'M' => M,
        b'N' => N,
        b'L' => L,
        b'R' => R,
        b'A' | b'E' => VOWEL_A,
        b'O' | b'U' | b'W' => VOWEL_U,
        b'I' | b'Y' => VOWEL_I,
        _ => 0,
    }
}

const fn is_vowel(letter: u8) -> bool {
    matches!(letter, b'A' | b'E' | b'I' | b'O' | b'U' | b'Y')
}

/// Several letters with one sound, the longest first.
const DIGRAPHS: &[(&[u8], u8)] = &[
    (b"SHCH", C),
    (b"SZCZ", C),
    (b"TSCH", C),
    (b"SCH", C),
    (b"TCH", C),
    (b"DZH", J),
    (b"SH", C),
    (b"SZ", C),
    (b"CZ", C),
    (b"ZH", J),
    (b"RZ", J),
    (b"DJ", J),
    (b"KH", H),
    (b"GH", G),
    (b"PH", F),
    (b"TH", T),
    (b"DH", D),
    (b"CK", K),
];

const B: u8 = 1;
const P: u8 = 2;
const T: u8 = 3;
const D: u8 = 4;
const K: u8 = 5;
const G: u8 = 6;
const F: u8 = 7;
const S: u8 = 8;
const C: u8 = 9;
const J: u8 = 10;
const H: u8 = 11;
const M: u8 = 12;
const N: u8 = 13;
const L: u8 = 14;
const R: u8 = 15;
/// A run of vowels takes the value of its highest, so that AI, AY, EI and I are one, and OU, OO and U another.
const VOWEL_FIRST: u8 = VOWEL_A;
/// Set in vowels alone.
const VOWEL_BIT: u128 = 16;
const VOWEL_A: u8 = 16;
const VOWEL_U: u8 = 17;
const VOWEL_I: u8 = 18;

#[cfg(test)]
mod tests {
    use super::*;

    fn skeleton(text: &str) -> Skeleton {
        Skeleton::of(text.as_bytes(), Reading::default())
    }

    fn sound(text: &str) -> Sound {
        Sound::of(text.as_bytes(), Reading::default())
    }

    #[test]
    fn spellings_of_one_name_sound_alike() {
        for (one, other) in [
            ("MUHAMMAD", "MOHAMED"),
            ("HUSAYN", "HOSSEIN"),
            ("SATOU", "SATOH"),
            ("KOHJI", "KOUJI"),
            ("YOUSSOUF", "YUSUF"),
            ("KHALIL", "HALIL"),
        ] {
            assert_eq!(sound(one), sound(other), "{one} {other}");
        }
        assert_ne!(sound("HASAN"), sound("HUSAIN"));
        assert_eq!(skeleton("HASAN"), skeleton("HUSAIN"));
        assert_ne!(skeleton("AHMAD"), skeleton("MUHAMMAD"));
    }

    #[test]
    fn letters_are_read_as_the_language_does() {
        let polish = Reading {
            w_is_v: true,
            ch_is_kh: true,
            ..Reading::default()
        };
        let russian = skeleton("KHARKOVSKII");
        assert_eq!(Skeleton::of(b"CHARKOWSKI", polish), russian);
        assert_ne!(skeleton("CHARKOWSKI"), russian);
    }

    #[test]
    fn parts_are_joined_by_their_skeletons() {
        let joined = skeleton("ABD")
            .joined(skeleton("AL"))
            .joined(skeleton("LATIF"));
        assert_eq!(joined, skeleton("ABDELLATIF"));
        assert_eq!(joined.len(), 5);
        assert_eq!(skeleton("IO").joined(skeleton("ANNA")), skeleton("ANNA"));
    }

    #[test]
    fn long_parts_do_not_overflow() {
        let long = "BATAKADAFASAMANALARABATAKADAFASAMANALARA";
        assert_eq!(skeleton(long).len(), SKELETON_MAX);
        assert_eq!(skeleton(long).joined(skeleton(long)).len(), SKELETON_MAX);
        assert_ne!(sound(long).bits(), 0);
    }
}
