//! Chinese and Korean names as syllables, so that pinyin, Wade-Giles, Revised Romanisation, McCune-Reischauer
//! and what families use meet in one form, whether syllables are written apart, hyphenated or together.

/// The syllables of a part in their common spelling, so that `XI AN` and `XIAN` are one: a sum over symbols in which each place has
/// its own power of [`BASE`] (52 bits), whether they are Korean (1), and the number of symbols (11).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Syllables(u64);

/// A part read as syllables.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Spelt {
    /// What is compared.
    pub syllables: Syllables,
    /// How many there are.
    pub count: u32,
}

/// Syllables a part may have.
const SYLLABLES_MAX: u32 = 4;
/// Symbols of a part: letters of four long Chinese syllables.
const SYMBOLS_MAX: u64 = 24;
const COUNT_BITS: u32 = 11;
const KOREAN: u64 = 1 << COUNT_BITS;
const SUM_BITS: u32 = 64 - COUNT_BITS - 1;
/// Odd, so that no symbol is lost; the fraction of the golden ratio.
const BASE: u64 = 0x9E37_79B9_7F4A_7C15;

impl Syllables {
    /// The part as pinyin, if it is nothing else than pinyin syllables.
    pub fn pinyin(letters: &[u8]) -> Option<Spelt> {
        parse(letters, NOTHING, pinyin_syllable)
    }

    /// The part as Wade-Giles, said in pinyin.
    pub fn wade_giles(letters: &[u8], marks: Marks) -> Option<Spelt> {
        parse(letters, NOTHING, |rest, length| {
            wade_giles_syllable(rest, length, marks)
        })
    }

    /// The part as romanised Korean.
    pub fn korean(letters: &[u8]) -> Option<Spelt> {
        parse(letters, NOTHING, |rest, length| {
            korean_syllable(rest, length, false)
        })
    }

    /// The part as romanised in North Korea, where O stands for two vowels, said with the other one: `CHOL` as `CHEOL`. In open
    /// syllables it is mostly O (`HO`, `DO`), which keeps it to one further reading.
    pub fn north_korean(letters: &[u8]) -> Option<Spelt> {
        parse(letters, NOTHING, |rest, length| {
            korean_syllable(rest, length, true)
        })
    }

    /// Whether there are none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The value, for an index.
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Two parts written together; `None` if they do not fit.
    pub fn joined(self, next: Self) -> Option<Self> {
        let alike = (self.0 ^ next.0) & KOREAN == 0;
        if self.is_empty() || next.is_empty() || !alike {
            return None;
        }
        let mut sum = self.sum();
        for _ in 0..next.symbols() {
            sum = sum.wrapping_mul(BASE);
        }
        let symbols = self.symbols() + next.symbols();
        Self::of(sum.wrapping_add(next.sum()), self.0 & KOREAN, symbols)
    }

    const fn symbols(self) -> u64 {
        self.0 & (KOREAN - 1)
    }

    const fn sum(self) -> u64 {
        self.0 >> (COUNT_BITS + 1)
    }

    fn of(sum: u64, korean: u64, symbols: u64) -> Option<Self> {
        let sum = sum & ((1 << SUM_BITS) - 1);
        (symbols <= SYMBOLS_MAX).then_some(Self(sum << (COUNT_BITS + 1) | korean | symbols))
    }

    fn then(self, symbols: impl IntoIterator<Item = u64>, korean: u64) -> Option<Self> {
        let (mut sum, mut count) = (self.sum(), self.symbols());
        for symbol in symbols {
            sum = sum.wrapping_mul(BASE).wrapping_add(symbol);
            count += 1;
        }
        Self::of(sum, korean, count)
    }
}

/// What Wade-Giles writes beside letters.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Marks {
    /// An apostrophe was written (`p'eng`), or is supposed lost.
    pub aspirated: bool,
    /// U had its dots (`chü`).
    pub umlaut: bool,
}

const NOTHING: Spelt = Spelt {
    syllables: Syllables(0),
    count: 0,
};

/// Divides all of `letters` into syllables, the longest first.
fn parse(
    letters: &[u8],
    done: Spelt,
    syllable: impl Fn(&[u8], usize) -> Option<Said> + Copy,
) -> Option<Spelt> {
    if letters.is_empty() {
        return (done.count > 0).then_some(done);
    }
    if done.count == SYLLABLES_MAX {
        return None;
    }
    (1..=letters.len().min(SYLLABLE_LETTERS_MAX))
        .rev()
        .find_map(|length| {
            let syllables = match syllable(letters, length)? {
                Said::Chinese(initial, last) => {
                    let spelling = initial.iter().chain(last);
                    let symbols = spelling.map(|letter| u64::from(*letter));
                    done.syllables.then(symbols, 0)
                }
                Said::Korean(symbols) => {
                    let said = symbols.into_iter().filter(|symbol| *symbol != 0);
                    done.syllables.then(said.map(u64::from), KOREAN)
                }
            };
            let done = Spelt {
                syllables: syllables?,
                count: done.count + 1,
            };
            parse(&letters[length..], done, syllable)
        })
}

/// One syllable in the form that all spellings share.
enum Said {
    /// Initial and final of pinyin.
    Chinese(&'static [u8], &'static [u8]),
    /// Classes of initial, vowel and final consonant; zero where there is none.
    Korean([u16; 4]),
}

/// `CHUANG`, `HSIUNG`, `KYOUNG`.
const SYLLABLE_LETTERS_MAX: usize = 6;

fn pinyin_syllable(rest: &[u8], length: usize) -> Option<Said> {
    let text = rest.get(..length)?;
    let text: &[u8] = match text {
        b"LV" => b"LU",
        b"NV" => b"NU",
        text => text,
    };
    chinese(text)
}

/// Initial and final, the same for all spellings of one syllable; `None` if Chinese has no such syllable.
fn chinese(text: &[u8]) -> Option<Said> {
    let (initial, finals) = PINYIN.iter().rfind(|(initial, _)| begins(text, initial))?;
    let last = &text[initial.len()..];
    let last: &[u8] = match (*initial, last) {
        (b"L" | b"N", b"YU") => b"U",
        (b"L" | b"N", b"YUE") => b"UE",
        (_, other) => other,
    };
    // Most differ in their first letter, which is compared without a call.
    let last = finals
        .iter()
        .find(|known| known.first() == last.first() && **known == last)?;
    Some(Said::Chinese(initial, last))
}

fn begins(text: &[u8], initial: &[u8]) -> bool {
    match initial.first() {
        None => true,
        first => text.first() == first && text.starts_with(initial),
    }
}

/// One syllable of Wade-Giles, as pinyin.
fn wade_giles_syllable(rest: &[u8], length: usize, marks: Marks) -> Option<Said> {
    let Marks { aspirated, umlaut } = marks;
    let text = rest.get(..length)?;
    let (initial, last) = WADE_GILES_INITIALS
        .iter()
        .find(|initial| begins(text, initial))
        .and_then(|initial| Some((*initial, text.strip_prefix(*initial)?)))?;
    if initial.is_empty() && !matches!(last.first(), Some(b'A' | b'E' | b'I' | b'O')) {
        return None;
    }
    let before_i = last.first() == Some(&b'I') && last != b"IH";
    let palatal = before_i || last.starts_with(b"UE") || (umlaut && last.starts_with(b"U"));
    let said: &[u8] = match (initial, aspirated) {
        (b"HS", _) => b"X",
        (b"CH", true) if palatal => b"Q",
        (b"CH", false) if palatal => b"J",
        (b"CH", false) => b"ZH",
        (b"TS" | b"TZ", true) => b"C",
        (b"TS" | b"TZ", false) => b"Z",
        (b"SS" | b"SZ", _) => b"S",
        (b"K", false) => b"G",
        (b"P", false) => b"B",
        (b"T", false) => b"D",
        (b"J", _) => b"R",
        (b"", _) if last == b"I" => b"Y",
        (other, _) => other,
    };
    let last: &[u8] = match (said, last) {
        (b"Y", b"U") if !umlaut => b"OU",
        (b"Y", b"EN") => b"AN",
        (b"Y", b"EH") => b"E",
        (b"Y", b"UNG") => b"ONG",
        (b"" | b"G" | b"K" | b"H", b"O") => b"E",
        (b"L" | b"D" | b"T" | b"N" | b"R" | b"ZH" | b"CH" | b"Z" | b"C" | b"S", b"O") => b"UO",
        // `TZU`, `SSU`; `TSU` and `SU` have the vowel that is written.
        (b"Z" | b"C" | b"S", b"U") if matches!(initial, b"TZ" | b"SS" | b"SZ") => b"I",
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
    let end = said.len() + last.len();
    pinyin.get_mut(..said.len())?.copy_from_slice(said);
    pinyin.get_mut(said.len()..end)?.copy_from_slice(last);
    chinese(&pinyin[..end])
}

type Finals = &'static [&'static [u8]];

/// Initials of pinyin with the finals that Chinese has after each, umlauts as U. A longer initial follows the one it begins with, and the
/// last that fits is taken. Few stand alone: `JIANGUO` is not JIANG and UO.
#[rustfmt::skip]
const PINYIN: &[(&[u8], Finals)] = &[
    (b"", &[b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"EI", b"EN", b"ENG", b"ER", b"O", b"OU"]),
    (b"B", &[b"A", b"AI", b"AN", b"ANG", b"AO", b"EI", b"EN", b"ENG", b"I", b"IAN", b"IAO", b"IE", b"IN", b"ING", b"O", b"U"]),
    (b"P", &[b"A", b"AI", b"AN", b"ANG", b"AO", b"EI", b"EN", b"ENG", b"I", b"IAN", b"IAO", b"IE", b"IN", b"ING", b"O", b"OU", b"U"]),
    (b"M", &[b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"EI", b"EN", b"ENG", b"I", b"IAN", b"IAO", b"IE", b"IN", b"ING", b"IU", b"O", b"OU", b"U"]),
    (b"F", &[b"A", b"AN", b"ANG", b"EI", b"EN", b"ENG", b"O", b"OU", b"U"]),
    (b"D", &[b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"EI", b"EN", b"ENG", b"I", b"IA", b"IAN", b"IAO", b"IE", b"ING", b"IU", b"ONG", b"OU", b"U", b"UAN", b"UI", b"UN", b"UO"]),
    (b"T", &[b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"ENG", b"I", b"IAN", b"IAO", b"IE", b"ING", b"ONG", b"OU", b"U", b"UAN", b"UI", b"UN", b"UO"]),
    (b"N", &[b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"EI", b"EN", b"ENG", b"I", b"IAN", b"IANG", b"IAO", b"IE", b"IN", b"ING", b"IU", b"ONG", b"OU", b"U", b"UAN", b"UE", b"UN", b"UO"]),
    (b"L", &[b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"EI", b"ENG", b"I", b"IA", b"IAN", b"IANG", b"IAO", b"IE", b"IN", b"ING", b"IU", b"O", b"ONG", b"OU", b"U", b"UAN", b"UE", b"UN", b"UO"]),
    (b"G", VELAR), (b"K", VELAR), (b"H", VELAR),
    (b"J", PALATAL), (b"Q", PALATAL), (b"X", PALATAL),
    (b"R", &[b"AN", b"ANG", b"AO", b"E", b"EN", b"ENG", b"I", b"ONG", b"OU", b"U", b"UA", b"UAN", b"UI", b"UN", b"UO"]),
    (b"Z", SIBILANT), (b"ZH", RETROFLEX), (b"C", SIBILANT), (b"CH", RETROFLEX), (b"S", SIBILANT), (b"SH", RETROFLEX),
    (b"Y", &[b"A", b"AN", b"ANG", b"AO", b"E", b"I", b"IN", b"ING", b"O", b"ONG", b"OU", b"U", b"UAN", b"UE", b"UN"]),
    (b"W", &[b"A", b"AI", b"AN", b"ANG", b"EI", b"EN", b"ENG", b"O", b"U"]),
];
#[rustfmt::skip]
const VELAR: Finals = &[b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"EI", b"EN", b"ENG", b"ONG", b"OU", b"U", b"UA", b"UAI", b"UAN", b"UANG", b"UI", b"UN", b"UO"];
#[rustfmt::skip]
const PALATAL: Finals = &[b"I", b"IA", b"IAN", b"IANG", b"IAO", b"IE", b"IN", b"ING", b"IONG", b"IU", b"U", b"UAN", b"UE", b"UN"];
#[rustfmt::skip]
const SIBILANT: Finals = &[b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"EI", b"EN", b"ENG", b"I", b"ONG", b"OU", b"U", b"UAN", b"UI", b"UN", b"UO"];
#[rustfmt::skip]
const RETROFLEX: Finals = &[b"A", b"AI", b"AN", b"ANG", b"AO", b"E", b"EI", b"EN", b"ENG", b"I", b"ONG", b"OU", b"U", b"UA", b"UAI", b"UAN", b"UANG", b"UI", b"UN", b"UO"];
/// Initials of Wade-Giles, the longest first.
const WADE_GILES_INITIALS: &[&[u8]] = &[
    b"CH", b"HS", b"SH", b"TS", b"TZ", b"SS", b"SZ", b"P", b"M", b"F", b"T", b"N", b"L", b"K",
    b"H", b"J", b"S", b"Y", b"W", b"",
];

/// One Korean syllable: initial, vowel and final consonant in the classes that the romanisations share.
fn korean_syllable(rest: &[u8], length: usize, north: bool) -> Option<Said> {
    let text = rest.get(..length)?;
    let following = rest.get(length).copied();
    let (initial, after) = KOREAN_INITIALS
        .iter()
        .find_map(|(spelling, class)| Some((*class, text.strip_prefix(*spelling)?)))
        .unwrap_or((0, text));
    let (written, vowel, last) = KOREAN_VOWELS
        .iter()
        .find_map(|(spelling, class)| Some((*spelling, *class, after.strip_prefix(*spelling)?)))?;
    let vowel = if north && written == b"O" && !last.is_empty() {
        EO
    } else {
        vowel
    };
    let last = match last {
        b"" => 0,
        b"K" | b"G" | b"C" | b"CK" | b"RK" => 1,
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
    // A consonant is one whether it ends a syllable or begins the next: SUK-YEOL and SU-KYEOL are written alike.
    let last = match last {
        2 => [NASAL, 0],
        3 => [LATERAL, 0],
        4 => [8, 0],
        5 => [3, 0],
        6 => [NASAL, 1],
        7 => [2, 0],
        other => [other, 0],
    };
    Some(Said::Korean([initial, VOWEL | vowel, last[0], last[1]]))
}

/// The vowel of `EO`, and of O as North Korea writes it.
const EO: u16 = 4;
const LIQUID: u16 = 9;
const NASAL: u16 = 7;
/// L at the end of a syllable, which is not silent.
const LATERAL: u16 = 10;
/// Set in vowels alone.
const VOWEL: u16 = 16;
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
    (b"WU", 4),
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

    fn pinyin(text: &str) -> Option<Syllables> {
        Syllables::pinyin(text.as_bytes()).map(|spelt| spelt.syllables)
    }

    fn korean(text: &str) -> Option<Syllables> {
        Syllables::korean(text.as_bytes()).map(|spelt| spelt.syllables)
    }

    #[test]
    fn wade_giles_says_what_pinyin_says() {
        // As written, with an apostrophe and with dots where they stood.
        for (one, other) in [
            ("HSIEH", "XIE"),
            ("SHIH", "SHI"),
            ("CHU", "ZHU"),
            ("KAO", "GAO"),
            ("KUANG", "GUANG"),
            ("P'ENG", "PENG"),
            ("K'AI", "KAI"),
            ("CHUNG", "ZHONG"),
            ("CHIEN", "JIAN"),
            ("CH'IEN", "QIAN"),
            ("YEN", "YAN"),
            ("TENG", "DENG"),
            ("LO", "LUO"),
            ("JUNG", "RONG"),
            ("TZU", "ZI"),
            ("TZ'U", "CI"),
            ("TSU", "ZU"),
            ("TS'U", "CU"),
            ("SSU", "SI"),
            ("CHÜ", "JU"),
            ("CHÜAN", "JUAN"),
            ("CHUAN", "ZHUAN"),
            ("CHÜN", "JUN"),
            ("CH'Ü", "QU"),
            ("CH'ÜAN", "QUAN"),
            ("CH'ÜN", "QUN"),
            ("CHÜEH", "JUE"),
            ("YU", "YOU"),
            ("YÜ", "YU"),
            ("YÜAN", "YUAN"),
            ("I", "YI"),
            ("O", "E"),
            ("LÜ", "LYU"),
        ] {
            let marks = Marks {
                aspirated: one.contains('\''),
                umlaut: one.contains('Ü'),
            };
            let letters = one.replace('\'', "").replace('Ü', "U");
            let said = Syllables::wade_giles(letters.as_bytes(), marks);
            assert!(pinyin(other).is_some(), "{other}");
            let said = said.map(|spelt| spelt.syllables);
            assert_eq!(said, pinyin(other), "{one} {other}");
        }
        assert_eq!(pinyin("LV"), pinyin("LYU"));
        for none in ["SMITH", "UO", "JA"] {
            assert_eq!(pinyin(none), None, "{none}");
        }
    }

    #[test]
    fn syllables_may_be_written_together() {
        let of = |text: &str| pinyin(text).unwrap();
        for (one, next) in [
            ("YU", "JUAN"),
            ("JIAN", "GUO"),
            ("YAN", "GANG"),
            ("XI", "AN"),
            ("CHEN", "GEN"),
        ] {
            let together = of(&format!("{one}{next}"));
            assert_eq!(of(one).joined(of(next)), Some(together), "{one} {next}");
        }
        assert_eq!(Syllables::pinyin(b"JIANGUO").unwrap().count, 2);
        assert_ne!(of("GUOJIAN"), of("JIANGUO"));
        assert_eq!(of("LI").joined(korean("LI").unwrap()), None);
        let long = of("ZHUANGSHUANG");
        assert_eq!(long.joined(long).unwrap().joined(long), None);
    }

    #[test]
    fn korean_romanisations_meet() {
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
            ("PARK", "BAK"),
            ("KWARK", "GWAK"),
            ("SEOKYEOL", "SUKYUL"),
            ("WU", "WOO"),
        ] {
            assert!(korean(one).is_some(), "{one}");
            assert_eq!(korean(one), korean(other), "{one} {other}");
        }
        assert_ne!(korean("MIN"), korean("MUN"));
        assert_eq!(korean("SMITH"), None);
        for (north, other) in [("CHONGIL", "JEONGIL"), ("CHOL", "CHEOL"), ("SON", "SEON")] {
            let said = Syllables::north_korean(north.as_bytes()).map(|spelt| spelt.syllables);
            assert_eq!(said, korean(other), "{north} {other}");
            assert_ne!(korean(north), korean(other), "{north} {other}");
        }
        let said = Syllables::north_korean(b"CHOLHO").map(|spelt| spelt.syllables);
        assert_eq!(said, korean("CHEOLHO"));
        let (jung, ho) = (korean("JUNG").unwrap(), korean("HO").unwrap());
        assert_eq!(jung.joined(ho), korean("JEONGHO"));
    }
}
