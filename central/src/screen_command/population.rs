//! Made-up people for measuring: names of invented syllables, as uneven as names are, from a seed.
//!
//! Nobody here exists. Eight cultures have syllables and ways to put names together of their own; the frequencies of
//! surnames and given names fall with their rank.

use std::collections::{BTreeMap, BTreeSet};

use egate_rules::watch::{
    KnownWords, PartKind, PartialDate, Person, Rarity,
    index::{Entry, EntryId},
};
use egate_types::Sex;
use rand_chacha::ChaCha8Rng;
use rand_core::{RngCore as _, SeedableRng as _};

/// People by number; the same number is the same person.
pub struct Population {
    seed: u64,
    cultures: Vec<Culture>,
}

/// One person: what is true of them, of which lists and documents know parts.
pub struct Someone {
    primary: Vec<String>,
    secondary: Vec<String>,
    birth: PartialDate,
    nationality: &'static str,
    sex: Sex,
    place: String,
    culture: usize,
}

struct Culture {
    style: &'static Style,
    surnames: Ranked,
    given: [Ranked; 2],
    towns: Ranked,
}

/// Words by rank, each with the sum of the frequencies up to it.
struct Ranked {
    words: Vec<String>,
    sums: Vec<f64>,
}

/// How the words of a culture are made, and how names are put together.
struct Style {
    begin: &'static [&'static str],
    middle: &'static [&'static str],
    end: &'static [&'static str],
    syllables: (u64, u64),
    surnames: usize,
    given: usize,
    build: Build,
    states: [&'static str; 3],
}

#[derive(Clone, Copy)]
enum Build {
    /// One given name or two, one surname.
    Plain,
    /// Two surnames.
    TwoSurnames,
    /// Given name, father's name, surname with an article.
    Father,
    /// A surname of one syllable, a given name of two, together.
    Syllables,
}

impl Population {
    /// The population of a seed.
    pub fn new(seed: u64) -> Self {
        let cultures = (0u64..).zip(&STYLES).map(|(number, style)| {
            let mut rng = ChaCha8Rng::seed_from_u64(seed ^ (number + 1).wrapping_mul(SPREAD));
            let mut ranked = |count| Ranked::new(style, count, &mut rng);
            Culture {
                style,
                surnames: ranked(style.surnames),
                given: [ranked(style.given), ranked(style.given)],
                towns: ranked(TOWNS),
            }
        });
        Self {
            seed,
            cultures: cultures.collect(),
        }
    }

    fn rng(&self, number: u64, purpose: u64) -> ChaCha8Rng {
        ChaCha8Rng::seed_from_u64(
            self.seed ^ number.wrapping_mul(SPREAD) ^ purpose.wrapping_mul(!SPREAD),
        )
    }

    /// A person.
    pub fn someone(&self, number: u64) -> Someone {
        let mut rng = self.rng(number, 1);
        let at = usize::try_from(below(&mut rng, 8)).unwrap_or(0);
        let culture = &self.cultures[at];
        let sex = if one_in(&mut rng, 2) {
            Sex::Female
        } else {
            Sex::Male
        };
        let given = &culture.given[usize::from(sex == Sex::Male)];
        let surname = culture.surnames.draw(&mut rng);
        let mut primary = vec![surname];
        let mut secondary = vec![given.draw(&mut rng)];
        match culture.style.build {
            Build::Plain if one_in(&mut rng, 3) => secondary.push(given.draw(&mut rng)),
            Build::Plain => {}
            Build::TwoSurnames => primary.push(culture.surnames.draw(&mut rng)),
            Build::Father => {
                secondary.push(culture.given[1].draw(&mut rng));
                if one_in(&mut rng, 2) {
                    primary.insert(0, "AL".to_owned());
                }
            }
            Build::Syllables => secondary[0].push_str(&given.draw(&mut rng)),
        }
        let state = usize::try_from(below(&mut rng, 3)).unwrap_or(0);
        Someone {
            primary,
            secondary,
            birth: birth(&mut rng),
            nationality: culture.style.states[state],
            sex,
            place: culture.towns.draw(&mut rng),
            culture: at,
        }
    }

    /// Whether the person's name consists of Chinese syllables, where one letter makes another name.
    pub fn is_syllabic(&self, number: u64) -> bool {
        let culture = &self.cultures[self.someone(number).culture];
        matches!(culture.style.build, Build::Syllables)
    }

    /// The person as a list knows them: one in a hundred without a date of birth, two with the year alone, five without a
    /// nationality, half without a place of birth, ten with another spelling of the name.
    pub fn entry(&self, number: u64) -> Entry {
        let someone = self.someone(number);
        let mut rng = self.rng(number, 2);
        let (primary, secondary) = (someone.primary.join(" "), someone.secondary.join(" "));
        let mut person = Person::named(&format!("{primary}, {secondary}"));
        person.births = match below(&mut rng, 100) {
            0 => Vec::new(),
            1 | 2 => PartialDate::parse(&format!("{:04}", someone.birth.year()))
                .into_iter()
                .collect(),
            _ => vec![someone.birth],
        };
        if !one_in(&mut rng, 20) {
            person.nationalities.push(someone.nationality.to_owned());
        }
        person.sex = someone.sex;
        if one_in(&mut rng, 2) {
            person.places_of_birth.push(someone.place.clone());
        }
        if one_in(&mut rng, 10) {
            let style = self.cultures[someone.culture].style;
            let other = respelled(&primary, style, &mut rng);
            person.names.push(format!("{other}, {secondary}"));
        }
        Entry {
            id: EntryId(number),
            person,
        }
    }

    /// The person as their passport's machine readable zone says.
    pub fn traveller(&self, number: u64) -> Person {
        self.someone(number).traveller()
    }

    /// The same with one letter of the name wrong.
    pub fn mistyped(&self, number: u64) -> Person {
        let mut someone = self.someone(number);
        let mut rng = self.rng(number, 3);
        let mut words: Vec<&mut String> = someone
            .primary
            .iter_mut()
            .chain(&mut someone.secondary)
            .collect();
        let long: Vec<usize> = (0..words.len())
            .filter(|at| words[*at].len() >= 4)
            .collect();
        let at = match long.as_slice() {
            [] => (0..words.len())
                .max_by_key(|at| words[*at].len())
                .unwrap_or(0),
            long => long[index(&mut rng, long.len())],
        };
        *words[at] = typo(words[at], &mut rng);
        someone.traveller()
    }

    /// The same with one digit of the date of birth wrong.
    pub fn misdated(&self, number: u64) -> Person {
        let mut someone = self.someone(number);
        let mut rng = self.rng(number, 4);
        while someone.birth == self.someone(number).birth {
            let mut date = someone.birth.to_string().into_bytes();
            let at = [3, 6, 8, 9][index(&mut rng, 4)];
            date[at] = b'0' + u8::try_from(below(&mut rng, 10)).unwrap_or(0);
            let date = PartialDate::parse(&String::from_utf8_lossy(&date));
            someone.birth = date.unwrap_or(someone.birth);
        }
        someone.traveller()
    }

    /// How common name parts are among these people.
    pub fn per_million(&self) -> BTreeMap<String, f32> {
        let none = Rarity::default();
        let mut known = KnownWords::new(200_000);
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for number in 0..COUNTED {
            let person = self.traveller(OTHERS + number);
            let names = person
                .names
                .iter()
                .filter_map(|name| known.name(name, &none));
            for name in names {
                let parts = name.parts.iter().filter(|part| part.kind == PartKind::Name);
                let parts: BTreeSet<_> = parts.map(|part| part.letters()).collect();
                for part in parts {
                    *counts
                        .entry(String::from_utf8_lossy(part).into_owned())
                        .or_default() += 1;
                }
            }
        }
        let often = counts
            .into_iter()
            .filter(|(_, count)| *count >= COUNTED_MIN);
        #[expect(clippy::cast_precision_loss, reason = "counts of name parts")]
        let shares = often.map(|(part, count)| (part, count as f32 / COUNTED as f32 * 1e6));
        shares.collect()
    }
}

impl Someone {
    fn traveller(&self) -> Person {
        let mut zone = format!("{}<<{}", self.primary.join("<"), self.secondary.join("<"));
        zone.truncate(39);
        let mut person = Person::named(zone.trim_end_matches('<'));
        person.births.push(self.birth);
        person.nationalities.push(self.nationality.to_owned());
        person.sex = self.sex;
        person
    }
}

impl Ranked {
    fn new(style: &Style, count: usize, rng: &mut ChaCha8Rng) -> Self {
        let mut words = Vec::with_capacity(count);
        let mut known = BTreeSet::new();
        for _ in 0..count * 20 {
            let word = style.word(rng);
            if words.len() < count && known.insert(word.clone()) {
                words.push(word);
            }
        }
        let mut sum = 0.0;
        let sums = (1u32..).zip(&words).map(|(rank, _)| {
            sum += f64::from(rank).powf(-EVENNESS);
            sum
        });
        Self {
            sums: sums.collect(),
            words,
        }
    }

    fn draw(&self, rng: &mut ChaCha8Rng) -> String {
        let all = self.sums.last().copied().unwrap_or(0.0);
        let point = f64::from(rng.next_u32()) / f64::from(u32::MAX) * all;
        let at = self.sums.partition_point(|sum| *sum < point);
        self.words[at.min(self.words.len() - 1)].clone()
    }
}

impl Style {
    fn word(&self, rng: &mut ChaCha8Rng) -> String {
        let (least, most) = self.syllables;
        let mut word = String::new();
        for _ in 0..least + below(rng, most - least + 1) {
            word.push_str(self.begin[index(rng, self.begin.len())]);
            word.push_str(self.middle[index(rng, self.middle.len())]);
        }
        word.push_str(self.end[index(rng, self.end.len())]);
        word
    }
}

fn birth(rng: &mut ChaCha8Rng) -> PartialDate {
    loop {
        let (year, month, day) = (
            1930 + below(rng, 80),
            1 + below(rng, 12),
            1 + below(rng, 31),
        );
        if let Some(date) = PartialDate::parse(&format!("{year:04}-{month:02}-{day:02}")) {
            return date;
        }
    }
}

/// One letter left out, doubled, replaced, or exchanged with the next.
fn typo(word: &str, rng: &mut ChaCha8Rng) -> String {
    let mut letters: Vec<char> = word.chars().collect();
    let at = index(rng, letters.len());
    let letter = char::from(b'A' + u8::try_from(below(rng, 26)).unwrap_or(0));
    match below(rng, 4) {
        0 if letters.len() > 2 => {
            letters.remove(at);
        }
        1 => letters.insert(at, letter),
        2 if at + 1 < letters.len() && letters[at] != letters[at + 1] => letters.swap(at, at + 1),
        _ if letters[at] != letter => letters[at] = letter,
        _ => letters.insert(at, letter),
    }
    letters.into_iter().collect()
}

/// The name with another vowel of the culture in one place.
fn respelled(name: &str, style: &Style, rng: &mut ChaCha8Rng) -> String {
    let other = style.middle[index(rng, style.middle.len())];
    let vowel = name.rfind(['A', 'E', 'I', 'O', 'U']).unwrap_or(0);
    format!(
        "{}{other}{}",
        &name[..vowel],
        &name[(vowel + 1).min(name.len())..]
    )
}

fn below(rng: &mut ChaCha8Rng, end: u64) -> u64 {
    // The bias is below one in 2^50.
    rng.next_u64() % end
}

fn index(rng: &mut ChaCha8Rng, length: usize) -> usize {
    usize::try_from(below(rng, u64::try_from(length).unwrap_or(1))).unwrap_or(0)
}

fn one_in(rng: &mut ChaCha8Rng, count: u64) -> bool {
    below(rng, count) == 0
}

/// Numbers from here on are on no list.
pub const OTHERS: u64 = 1 << 40;
/// Frequencies fall with the rank to this power: between what censuses show of surnames and of given names.
const EVENNESS: f64 = 0.85;
const TOWNS: usize = 400;
/// People whose name parts are counted.
const COUNTED: u64 = 400_000;
/// Parts seen less often are rare as far as anybody knows.
const COUNTED_MIN: u32 = 6;
/// The golden ratio in 64 bits: numbers next to each other give seeds far apart.
const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

const STYLES: [Style; 8] = [
    Style {
        begin: &[
            "B", "BR", "C", "D", "F", "G", "GR", "H", "K", "L", "M", "N", "P", "R", "S", "ST", "T",
            "TH", "W", "WH",
        ],
        middle: &["A", "E", "I", "O", "U", "EA", "OO", "AY"],
        end: &[
            "", "N", "R", "LL", "TON", "SON", "S", "CK", "RD", "LEY", "FORD",
        ],
        syllables: (1, 2),
        surnames: 50_000,
        given: 3_000,
        build: Build::Plain,
        states: ["QAA", "QAB", "QAC"],
    },
    Style {
        begin: &[
            "B", "C", "D", "F", "G", "H", "J", "L", "M", "N", "P", "QU", "R", "S", "T", "V", "Z",
        ],
        middle: &[
            "A", "E", "I", "O", "U", "IA", "UE", "AR", "ER", "OR", "AN", "EN",
        ],
        end: &["", "S", "Z", "EZ", "O", "A", "RA", "DO", "LLO"],
        syllables: (2, 2),
        surnames: 30_000,
        given: 3_000,
        build: Build::TwoSurnames,
        states: ["QBA", "QBB", "QBC"],
    },
    Style {
        begin: &[
            "B", "D", "F", "GH", "H", "J", "K", "KH", "L", "M", "N", "Q", "R", "S", "SH", "T", "W",
            "Y", "Z",
        ],
        middle: &["A", "I", "U", "AA", "AY", "OU"],
        end: &["", "B", "D", "F", "H", "L", "M", "N", "R", "S", "I"],
        syllables: (2, 2),
        surnames: 25_000,
        given: 2_500,
        build: Build::Father,
        states: ["QCA", "QCB", "QCC"],
    },
    Style {
        begin: &[
            "B", "CH", "D", "G", "K", "KR", "L", "M", "N", "P", "PR", "R", "S", "SH", "SV", "T",
            "V", "VL", "YE", "ZH",
        ],
        middle: &["A", "E", "I", "O", "U", "YA", "IU"],
        end: &["OV", "EV", "IN", "SKII", "ENKO", "UK", "IK", "A"],
        syllables: (2, 2),
        surnames: 50_000,
        given: 1_500,
        build: Build::Father,
        states: ["QDA", "QDB", "QDC"],
    },
    Style {
        begin: &[
            "B", "CH", "D", "F", "G", "H", "J", "L", "M", "N", "Q", "S", "SH", "T", "W", "X", "Y",
            "Z", "ZH",
        ],
        middle: &[
            "A", "AI", "AN", "ANG", "AO", "E", "EN", "I", "IN", "ING", "O", "ONG", "U", "UI",
        ],
        end: &[""],
        syllables: (1, 1),
        surnames: 250,
        given: 250,
        build: Build::Syllables,
        states: ["QEA", "QEB", "QEC"],
    },
    Style {
        begin: &[
            "B", "BH", "CH", "D", "G", "H", "J", "K", "KR", "L", "M", "N", "P", "R", "S", "SH",
            "T", "V",
        ],
        middle: &["A", "I", "U", "AA", "EE", "AN", "AR", "IN"],
        end: &["", "A", "I", "N", "L", "SH", "NDRA", "KAR", "RAM", "PAL"],
        syllables: (2, 3),
        surnames: 40_000,
        given: 4_000,
        build: Build::Plain,
        states: ["QFA", "QFB", "QFC"],
    },
    Style {
        begin: &[
            "AB", "AD", "B", "D", "EK", "F", "G", "K", "KW", "L", "M", "MB", "N", "ND", "NG", "OK",
            "S", "T", "W", "Y",
        ],
        middle: &["A", "E", "I", "O", "U"],
        end: &["", "", "NA", "LA", "WE", "MBA", "NKWO", "BI"],
        syllables: (2, 3),
        surnames: 40_000,
        given: 4_000,
        build: Build::Plain,
        states: ["QGA", "QGB", "QGC"],
    },
    Style {
        begin: &[
            "D", "H", "K", "M", "N", "R", "S", "SH", "T", "W", "Y", "F", "G", "Z",
        ],
        middle: &["A", "I", "U", "E", "O"],
        end: &["MOTO", "MURA", "DA", "TA", "KO", "RO", "KI", "SHI", "NO"],
        syllables: (1, 2),
        surnames: 8_000,
        given: 2_000,
        build: Build::Plain,
        states: ["QHA", "QHB", "QHC"],
    },
];
