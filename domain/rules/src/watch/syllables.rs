//! Chinese and Korean names as syllables, so that pinyin, Wade-Giles, Revised Romanisation, McCune-Reischauer
//! and what families use meet in one form, whether syllables are written apart, hyphenated or together.

/// Up to four syllables, sixteen bits each, the last one lowest.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Syllables(u64);

/// Syllables a packed part may have.
const SYLLABLES_MAX: u32 = 4;
/// Keeps Korean syllables apart from Chinese ones.
const KOREAN: u16 = 0x8000;

impl Syllables {
    /// The part as pinyin, if it is nothing else than pinyin syllables.
    pub fn pinyin(letters: &[u8]) -> Option<Self> {
        parse(letters, 0, Self::default(), pinyin_syllable)
    }

    /// The part as Wade-Giles, said in pinyin. `aspirated`: an apostrophe was written (`p'eng`), or is supposed lost.
    pub fn wade_giles(letters: &[u8], aspirated: bool) -> Option<Self> {
        parse(letters, 0, Self::default(), |rest, length| {
            wade_giles_syllable(rest, length, aspirated)
        })
    }

    /// The part as romanised Korean.
    pub fn korean(letters: &[u8]) -> Option<Self> {
        parse(letters, 0, Self::default(), korean_syllable)
    }

    /// Number of syllables.
    pub const fn len(self) -> u32 {
        (u64::BITS - self.0.leading_zeros()).div_ceil(16)
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The packed value, for an index.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Two parts written together; `None` if they do not fit.
    pub const fn joined(self, next: Self) -> Option<Self> {
        if self.is_empty() || next.is_empty() || self.len() + next.len() > SYLLABLES_MAX {
            return None;
        }
        Some(Self((self.0 << (16 * next.len())) | next.0))
    }

    fn then(self, syllable: u16) -> Option<Self> {
        (self.len() < SYLLABLES_MAX).then_some(Self((self.0 << 16) | u64::from(syllable)))
    }
}

/// Divides all of `letters` into syllables, the longest first.
fn parse(
    letters: &[u8],
    at: usize,
    done: Syllables,
    syllable: impl Fn(&[u8], usize) -> Option<u16> + Copy,
) -> Option<Syllables> {
    if at == letters.len() {
        return (!done.is_empty()).then_some(done);
    }
    let rest = &letters[at..];
    (1..=rest.len().min(SYLLABLE_LETTERS_MAX))
        .rev()
        .find_map(|length| {
            let id = syllable(rest, length)?;
            parse(letters, at + length, done.then(id)?, syllable)
        })
}

/// `CHUANG`, `HSIUNG`, `KYOUNG`.
const SYLLABLE_LETTERS_MAX: usize = 6;

fn pinyin_syllable(rest: &[u8], length: usize) -> Option<u16> {
    let text = rest.get(..length)?;
    let text: &[u8] = match text {
        b"LV" => b"LYU",
        b"NV" => b"NYU",
        text => text,
    };
    chinese(text, INITIALS)
}

/// A number for initial and final, the same for all spellings of one syllable.
fn chinese(text: &[u8], initials: &[&[u8]]) -> Option<u16> {
    let initial = initials.iter().rposition(|initial| begins(text, initial))?;
    let final_ = &text[initials[initial].len()..];
    let final_: &[u8] = match final_ {
        b"YU" | b"UE" if matches!(initials[initial], b"L" | b"N") => b"U",
        b"YUE" => b"UE",
        other => other,
    };
    // Most differ in their first letter, which is compared without a call.
    let number = FINALS
        .iter()
        .position(|known| known.first() == final_.first() && *known == final_)?;
    u16::try_from(initial * 64 + number + 1).ok()
}

fn begins(text: &[u8], initial: &[u8]) -> bool {
    match initial.first() {
        None => true,
        first => text.first() == first && text.starts_with(initial),
    }
}

/// One syllable of Wade-Giles, as pinyin.
fn wade_giles_syllable(rest: &[u8], length: usize, aspirated: bool) -> Option<u16> {
    let text = rest.get(..length)?;
    let (initial, final_) = WADE_GILES_INITIALS
        .iter()
        .find(|initial| begins(text, initial))
        .and_then(|initial| Some((*initial, text.strip_prefix(*initial)?)))?;
    let before_i = final_.first() == Some(&b'I') && final_ != b"IH";
    let initial: &[u8] = match (initial, aspirated) {
        (b"HS", _) => b"X",
        (b"CH", true) if before_i || (final_.starts_with(b"UE")) => b"Q",
        (b"CH", false) if before_i || (final_.starts_with(b"UE")) => b"J",
        (b"CH", false) => b"ZH",
        (b"TS" | b"TZ", true) => b"C",
        (b"TS" | b"TZ", false) => b"Z",
        (b"SS" | b"SZ", _) => b"S",
        (b"K", false) => b"G",
        (b"P", false) => b"B",
        (b"T", false) => b"D",
        (b"J", _) => b"R",
        (other, _) => other,
    };
    let final_: &[u8] = match (initial, final_) {
        (b"Y", b"EN") => b"AN",
        (b"Y", b"EH") => b"E",
        (b"Y", b"UNG") => b"ONG",
        (b"G" | b"K" | b"H", b"O") => b"E",
        (b"L" | b"D" | b"T" | b"N" | b"R" | b"ZH" | b"CH" | b"Z" | b"C" | b"S", b"O") => b"UO",
        (b"Z" | b"C" | b"S", b"U") if text.len() == 3 => b"I",
        (_, b"IEN") => b"IAN",
        (_, b"IEH") => b"IE",
        (_, b"UEH") => b"UE",
        (_, b"UNG") => b"ONG",
        (_, b"IUNG") => b"IONG",
        (_, b"IH") => b"I",
        (_, b"ERH") => b"ER",
        (_, b"UEI") => b"UI",
        (_, other) => other,
    };
    let mut pinyin = [0; 8];
    let end = initial.len() + final_.len();
    pinyin.get_mut(..initial.len())?.copy_from_slice(initial);
    pinyin.get_mut(initial.len()..end)?.copy_from_slice(final_);
    chinese(&pinyin[..end], INITIALS)
}

/// Initials of pinyin; a longer one follows the one it begins with, and the last that fits is taken.
const INITIALS: &[&[u8]] = &[
    b"", b"B", b"P", b"M", b"F", b"D", b"T", b"N", b"L", b"G", b"K", b"H", b"J", b"Q", b"X", b"R",
    b"Z", b"ZH", b"C", b"CH", b"S", b"SH", b"Y", b"W",
];
/// Finals of pinyin, umlauts as U.
const FINALS: &[&[u8]] = &[
    b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"EI", b"EN", b"ENG", b"ER", b"I", b"IA", b"IAN",
    b"IANG", b"IAO", b"IE", b"IN", b"ING", b"IONG", b"IU", b"O", b"ONG", b"OU", b"U", b"UA",
    b"UAI", b"UAN", b"UANG", b"UE", b"UI", b"UN", b"UO",
];
/// Initials of Wade-Giles, the longest first.
const WADE_GILES_INITIALS: &[&[u8]] = &[
    b"CH", b"HS", b"SH", b"TS", b"TZ", b"SS", b"SZ", b"P", b"M", b"F", b"T", b"N", b"L", b"K",
    b"H", b"J", b"S", b"Y", b"W", b"",
];

/// One Korean syllable: initial, vowel and final consonant in the classes that the romanisations share.
fn korean_syllable(rest: &[u8], length: usize) -> Option<u16> {
    let text = rest.get(..length)?;
    let following = rest.get(length).copied();
    let (initial, after) = KOREAN_INITIALS
        .iter()
        .find_map(|(spelling, class)| Some((*class, text.strip_prefix(*spelling)?)))
        .unwrap_or((0, text));
    let (vowel, last) = KOREAN_VOWELS
        .iter()
        .find_map(|(spelling, class)| Some((*class, after.strip_prefix(*spelling)?)))?;
    let last = match last {
        b"" => 0,
        b"K" | b"G" | b"C" | b"CK" => 1,
        b"N" => 2,
        b"L" | b"R" => 3,
        b"M" => 4,
        b"P" | b"B" => 5,
        b"NG" => 6,
        b"T" | b"S" => 7,
        _ => return None,
    };
    // A single consonant before a vowel begins the next syllable.
    let vowel_follows = following.is_some_and(|next| b"AEIOUYW".contains(&next));
    if matches!(last, 1..=5 | 7) && vowel_follows {
        return None;
    }
    // R and N fall silent before I and Y, R is said N otherwise: RI, LEE, YI; ROH, NO.
    let high = matches!(vowel, 3 | 6..=8);
    let initial = match initial {
        LIQUID if high => 0,
        LIQUID => NASAL,
        initial => initial,
    };
    Some(KOREAN | (initial << 8) | (vowel << 4) | last)
}

const LIQUID: u16 = 9;
const NASAL: u16 = 7;
const KOREAN_INITIALS: &[(&[u8], u16)] = &[
    (b"TCH", 4),
    (b"KK", 1),
    (b"GG", 1),
    (b"GH", 1),
    (b"TT", 2),
    (b"DD", 2),
    (b"PP", 3),
    (b"BB", 3),
    (b"PH", 3),
    (b"CH", 4),
    (b"JJ", 4),
    (b"SS", 5),
    (b"SH", 5),
    (b"RH", LIQUID),
    (b"K", 1),
    (b"G", 1),
    (b"C", 1),
    (b"T", 2),
    (b"D", 2),
    (b"P", 3),
    (b"B", 3),
    (b"J", 4),
    (b"S", 5),
    (b"H", 6),
    (b"N", NASAL),
    (b"M", 8),
    (b"R", LIQUID),
    (b"L", LIQUID),
];
const KOREAN_VOWELS: &[(&[u8], u16)] = &[
    (b"YEOH", 6),
    (b"YEO", 6),
    (b"YOU", 6),
    (b"YOO", 6),
    (b"YEU", 6),
    (b"YAE", 7),
    (b"WOO", 4),
    (b"WAE", 10),
    (b"EUI", 3),
    (b"YUH", 6),
    (b"EO", 4),
    (b"EU", 4),
    (b"OO", 4),
    (b"OU", 4),
    (b"UH", 4),
    (b"AH", 1),
    (b"OH", 5),
    (b"AE", 2),
    (b"AI", 2),
    (b"EI", 2),
    (b"UI", 3),
    (b"EE", 3),
    (b"YI", 3),
    (b"YU", 6),
    (b"YO", 6),
    (b"YE", 7),
    (b"YA", 8),
    (b"WA", 9),
    (b"WO", 11),
    (b"WE", 10),
    (b"WI", 10),
    (b"OE", 10),
    (b"OI", 10),
    (b"A", 1),
    (b"E", 2),
    (b"I", 3),
    (b"U", 4),
    (b"O", 5),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wade_giles_says_what_pinyin_says() {
        for (one, aspirated, other) in [
            ("HSIEH", false, "XIE"),
            ("SHIH", false, "SHI"),
            ("CHU", false, "ZHU"),
            ("KAO", false, "GAO"),
            ("KUANG", false, "GUANG"),
            ("PENG", true, "PENG"),
            ("KAI", true, "KAI"),
            ("CHUNG", false, "ZHONG"),
            ("CHIEN", false, "JIAN"),
            ("CHIEN", true, "QIAN"),
            ("YEN", false, "YAN"),
            ("TENG", false, "DENG"),
            ("LO", false, "LUO"),
            ("JUNG", false, "RONG"),
            ("TZU", false, "ZI"),
        ] {
            let pinyin = Syllables::pinyin(other.as_bytes());
            assert!(pinyin.is_some(), "{other}");
            assert_eq!(
                Syllables::wade_giles(one.as_bytes(), aspirated),
                pinyin,
                "{one} {other}"
            );
        }
        assert_eq!(Syllables::pinyin(b"LV"), Syllables::pinyin(b"LYU"));
        assert_eq!(Syllables::pinyin(b"SMITH"), None);
    }

    #[test]
    fn syllables_may_be_written_together() {
        let of = |text: &str| Syllables::pinyin(text.as_bytes()).unwrap();
        assert_eq!(of("YU").joined(of("JUAN")), Some(of("YUJUAN")));
        assert_eq!(of("XIAN").len(), 1);
        assert_eq!(of("QINGLONGSHAN").joined(of("BAILONG")), None);
    }

    #[test]
    fn korean_romanisations_meet() {
        let of = |text: &str| Syllables::korean(text.as_bytes());
        for (one, other) in [
            ("GANG", "KANG"),
            ("HOON", "HUN"),
            ("GYEONGHUI", "KYUNGHEE"),
            ("YEONGHO", "YOUNGHO"),
            ("LEE", "YI"),
            ("RI", "I"),
            ("RYU", "YOO"),
            ("JUNG", "JEONG"),
            ("NOH", "RO"),
        ] {
            assert!(of(one).is_some(), "{one}");
            assert_eq!(of(one), of(other), "{one} {other}");
        }
        assert_ne!(of("MIN"), of("MUN"));
        assert_eq!(of("SMITH"), None);
    }
}
