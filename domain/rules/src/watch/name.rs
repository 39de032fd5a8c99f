//! The normal form of a name: everything that its comparison needs, worked out once.

use super::{
    keys::{Reading, Skeleton, Sound},
    nicknames,
    rarity::Rarity,
    script::{self, Table},
    surnames,
    syllables::{Marks, Spelt, Syllables},
    words::{Field, Word, Words},
};
use std::ops::Range;

/// Letters of a part that are compared; longer parts are compared by these.
pub const LETTERS_MAX: usize = 28;
/// Spellings that a part may take in another document, as hashes.
pub const FORMS_MAX: usize = 8;
/// Skeletons of a part: as read in English or Arabic, as read in Polish, German or Persian, each also without an Arabic article.
pub const SKELETONS_MAX: usize = 4;
/// Syllable readings of a part, each in its place: pinyin, Wade-Giles as written, Wade-Giles aspirated, Korean, North Korean.
pub const SYLLABLES_MAX: usize = 5;
/// Places of the Chinese readings, and of the Korean ones.
const CHINESE: Range<usize> = 0..3;
const KOREAN: Range<usize> = 3..SYLLABLES_MAX;

/// What a part does in a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PartKind {
    /// Tells people apart.
    Name,
    /// Article, preposition or `son of`: written or left out at will.
    Particle,
    /// Title, rank or suffix.
    Title,
    /// One letter that stands for a name.
    Initial,
}

impl PartKind {
    /// Whether it may be written or left out without meaning anything.
    pub const fn is_weightless(self) -> bool {
        matches!(self, Self::Particle | Self::Title)
    }
}

/// One part of a name in its normal form.
#[derive(Clone, Debug)]
pub struct Part {
    letters: [u8; LETTERS_MAX],
    length: u8,
    /// What it does.
    pub kind: PartKind,
    /// Primary or secondary identifier, if known.
    pub field: Field,
    /// One bit per letter that occurs.
    pub letter_set: u32,
    /// Hashes of the spellings it may take, its own first; zero where there are no more.
    pub forms: [u32; FORMS_MAX],
    /// Which table made each form.
    tables: [Table; FORMS_MAX],
    /// Groups of nicknames; zero where there are no more.
    pub nicknames: [u16; nicknames::GROUPS_MAX],
    /// Sounds, parallel to the first skeletons; zero where there are no more.
    pub sounds: [Sound; SKELETONS_MAX],
    /// Consonants; empty where there are no more.
    pub skeletons: [Skeleton; SKELETONS_MAX],
    /// Syllables, if all of the name is Chinese or Korean; empty where there is none.
    pub syllables: [Syllables; SYLLABLES_MAX],
    /// Rarity of the most common spelling it may take: natural logarithm of one in so many.
    pub rarity: f32,
    /// Rarity of the most common of its skeletons.
    pub rarity_of_skeleton: f32,
}

/// A name in its normal form.
#[derive(Clone, Debug)]
pub struct Name {
    /// In the order of writing.
    pub parts: Vec<Part>,
    /// Words may be cut at the end of a machine readable zone.
    pub truncated: bool,
    /// All of it is pinyin or Wade-Giles, or romanised Korean.
    pub syllabic: bool,
}

impl Name {
    /// The normal form; `None` if nothing in Latin letters would tell people apart.
    pub fn of(raw: &str, rarity: &Rarity) -> Option<Self> {
        let Words { words, truncated } = Words::of(raw);
        Self::of_words(&words, truncated, rarity)
    }

    /// The normal form of words; parts and words correspond one to one.
    pub fn of_words(words: &[Word], truncated: bool, rarity: &Rarity) -> Option<Self> {
        let words = words.iter().map(|word| KnownWord::of(word, rarity));
        Self::of_known(words, truncated)
    }

    /// The normal form of words that were worked out already.
    pub(super) fn of_known(
        words: impl Iterator<Item = KnownWord>,
        truncated: bool,
    ) -> Option<Self> {
        let (mut parts, alone): (Vec<Part>, Vec<Alone>) =
            words.map(|word| (word.part, word.alone)).unzip();
        if parts.iter().all(|part| part.length == 0) {
            return None;
        }
        mark_surname_of_one_letter(&mut parts);
        let syllabic = mark_syllables(&mut parts, &alone);
        if !syllabic {
            mark_kinds(&mut parts, &alone);
        }
        // Initials and particles alone belong to everybody.
        if !parts.iter().any(|part| part.kind == PartKind::Name) {
            return None;
        }
        Some(Self {
            parts,
            truncated,
            syllabic,
        })
    }
}

impl Part {
    fn of(word: &Word, rarity: &Rarity) -> Self {
        let forms = script::latin_forms(&word.text);
        let arabic = script::script_of(&word.text) == script::Script::Arabic;
        let plain = forms.first().map_or("", |(_, plain)| plain.as_str());
        let mut part = Self::empty(plain, word.field);
        if plain.len() == 1 {
            part.kind = PartKind::Initial;
        }
        let mut spellings: Vec<(Table, &str)> = forms
            .iter()
            .map(|(table, form)| (*table, form.as_str()))
            .collect();
        for (_, form) in &forms {
            if let Some(stem) = script::without_article(form) {
                spellings.push((Table::ArticleDropped, stem));
            }
        }
        spellings.truncate(FORMS_MAX);
        part.rarity = f32::MAX;
        part.rarity_of_skeleton = f32::MAX;
        for (at, (table, spelling)) in spellings.iter().enumerate() {
            part.forms[at] = hash(spelling.as_bytes());
            part.tables[at] = *table;
            part.rarity = part.rarity.min(rarity.of_spelling(spelling.as_bytes()));
            let reading = Reading {
                h_is_heard: arabic || *table == Table::ArabicX,
                ..Reading::default()
            };
            part.add_reading(spelling.as_bytes(), reading, rarity);
        }
        if !arabic && script::may_hide_h(plain.as_bytes()) {
            part.add_reading(plain.as_bytes(), H_HEARD, rarity);
        }
        if let Some(assimilated) = script::assimilated(plain) {
            part.add_reading(assimilated.as_bytes(), Reading::default(), rarity);
        }
        if plain.bytes().any(|letter| matches!(letter, b'W' | b'J')) || plain.contains("CH") {
            part.add_reading(plain.as_bytes(), SLAVIC, rarity);
        }
        part.nicknames = nicknames::groups_of(plain);
        part
    }

    fn empty(plain: &str, field: Field) -> Self {
        let mut letters = [0; LETTERS_MAX];
        let length = plain.len().min(LETTERS_MAX);
        letters[..length].copy_from_slice(&plain.as_bytes()[..length]);
        Self {
            letters,
            // Invariant: at most LETTERS_MAX, which fits.
            length: u8::try_from(length).unwrap_or(u8::MAX),
            kind: PartKind::Name,
            field,
            letter_set: plain
                .bytes()
                .fold(0, |set, letter| set | 1 << (letter.wrapping_sub(b'A') & 31)),
            forms: [0; FORMS_MAX],
            tables: [Table::Plain; FORMS_MAX],
            nicknames: [0; nicknames::GROUPS_MAX],
            sounds: [Sound::default(); SKELETONS_MAX],
            skeletons: [Skeleton::default(); SKELETONS_MAX],
            syllables: [Syllables::default(); SYLLABLES_MAX],
            rarity: 0.0,
            rarity_of_skeleton: 0.0,
        }
    }

    /// Plain Latin letters `A`-`Z`.
    pub fn letters(&self) -> &[u8] {
        &self.letters[..usize::from(self.length)]
    }

    /// The table that made the form with this hash.
    pub fn table_of(&self, form: u32) -> Option<Table> {
        let at = self.forms.iter().position(|known| *known == form)?;
        Some(self.tables[at])
    }

    /// Whether this part ends in the L of an Arabic article that is said as the first letter of `next`, as in `AR-RAHMAN`.
    pub fn assimilates(&self, next: &Self) -> bool {
        let first = next.letters().first();
        first.is_some_and(|first| script::is_sun_letter(*first))
            && script::ends_in_article(self.letters())
    }

    fn add_reading(&mut self, spelling: &[u8], reading: Reading, rarity: &Rarity) {
        let (skeleton, sound) = (
            Skeleton::of(spelling, reading),
            Sound::of(spelling, reading),
        );
        if skeleton.is_empty() && !self.sounds[0].is_empty() {
            return;
        }
        if self.skeletons.contains(&skeleton) && self.sounds.contains(&sound) {
            return;
        }
        let free = self.sounds.iter().position(|known| known.is_empty());
        if let Some(at) = free {
            self.skeletons[at] = skeleton;
            self.sounds[at] = sound;
            self.rarity_of_skeleton = self.rarity_of_skeleton.min(rarity.of_skeleton(skeleton));
        }
    }
}

/// How Poles, Germans and Croats read W, J and CH.
const SLAVIC: Reading = Reading {
    w_is_v: true,
    j_is_vowel: true,
    ch_is_kh: true,
    h_is_heard: false,
};

/// How Arabs say `MHMD` and `MOHSEN`.
const H_HEARD: Reading = Reading {
    w_is_v: false,
    j_is_vowel: false,
    ch_is_kh: false,
    h_is_heard: true,
};

/// A word by itself: what the rest of the name does not change.
#[derive(Clone, Debug)]
pub(super) struct KnownWord {
    part: Part,
    alone: Alone,
}

/// What a word may be, depending on the words beside it.
#[derive(Clone, Debug)]
struct Alone {
    /// In the places of [`Part::syllables`].
    readings: [Option<Spelt>; SYLLABLES_MAX],
    /// Its spelling tells the two vowels apart that North Korea writes O.
    tells_o: bool,
    particle: bool,
    title: bool,
}

impl KnownWord {
    pub(super) fn of(word: &Word, rarity: &Rarity) -> Self {
        let part = Part::of(word, rarity);
        let letters = part.letters();
        let umlaut = word.text.contains(['ü', 'Ü']);
        let wade_giles = |aspirated| Syllables::wade_giles(letters, Marks { aspirated, umlaut });
        let readings = [
            Syllables::pinyin(letters),
            wade_giles(word.apostrophe),
            // Where apostrophes were lost, all of a name may have had them.
            wade_giles(true),
            Syllables::korean(letters),
            Syllables::north_korean(letters),
        ];
        let text = str::from_utf8(letters).unwrap_or_default();
        let alone = Alone {
            readings,
            tells_o: ["EO", "EU", "OO", "OU"]
                .iter()
                .any(|vowel| text.contains(vowel)),
            particle: PARTICLES.contains(&text),
            title: TITLES.contains(&text),
        };
        Self { part, alone }
    }

    /// The same word in another place of the name.
    pub(super) fn in_field(mut self, field: Field) -> Self {
        self.part.field = field;
        self
    }
}

/// Surnames are not shortened to initials, but some have one letter: `I` of Korea, `O` of Korea and Japan, `Y` of Vietnam.
fn mark_surname_of_one_letter(parts: &mut [Part]) {
    let is_primary = |part: &&mut Part| part.field == Field::Primary;
    let mut surname = parts.iter_mut().filter(is_primary);
    if let (Some(only), None) = (surname.next(), surname.next()) {
        only.kind = PartKind::Name;
    }
}

/// Gives the parts their syllables if all of the name is Chinese or Korean, and tells whether it is.
fn mark_syllables(parts: &mut [Part], all: &[Alone]) -> bool {
    let chinese = is_of(all, CHINESE, surnames::is_chinese);
    let korean = is_of(all, KOREAN, surnames::is_korean);
    if !chinese && !korean {
        return false;
    }
    // What is pinyin in one place is pinyin in the others: `ZHANG YU` is not `ZHANG YOU`.
    let only = |one: usize, other: usize| {
        let is = |alone: &Alone| alone.readings[one].is_some() && alone.readings[other].is_none();
        all.iter().any(is)
    };
    let pinyin = only(0, 2) && !only(2, 0);
    let tells_o = all.iter().any(|alone| alone.tells_o);
    for (part, Alone { readings, .. }) in parts.iter_mut().zip(all) {
        let [as_pinyin, as_written, aspirated, as_korean, as_north_korean] = *readings;
        let said = [
            as_pinyin.or(as_written).filter(|_| chinese),
            as_written.or(as_pinyin).filter(|_| chinese && !pinyin),
            aspirated.or(as_pinyin).filter(|_| chinese && !pinyin),
            as_korean.filter(|_| korean),
            as_north_korean.filter(|_| korean && !tells_o),
        ];
        part.syllables = said.map(|spelt| spelt.map_or_else(Syllables::default, |s| s.syllables));
    }
    true
}

/// Whether all of a name can be read as syllables of one language, and one end of it is a surname there.
fn is_of(all: &[Alone], language: Range<usize>, is_surname: fn(Syllables) -> bool) -> bool {
    let readings = |alone: &Alone| -> [Option<Spelt>; SYLLABLES_MAX] {
        let mut readings = alone.readings;
        for (at, reading) in readings.iter_mut().enumerate() {
            *reading = reading.filter(|_| language.contains(&at));
        }
        readings
    };
    // A name of another language may consist of such syllables too, but rarely of so few.
    let fewest = |alone: &Alone| {
        let readings = readings(alone).into_iter().flatten();
        readings.map(|spelt| spelt.count).min()
    };
    let total: Option<u32> = all.iter().map(fewest).sum();
    if total.is_none_or(|total| total > SYLLABLES_OF_A_NAME) {
        return false;
    }
    let surname = |alone: &Alone| {
        let mut readings = readings(alone).into_iter().flatten();
        readings.any(|spelt| is_surname(spelt.syllables))
    };
    let surname_apart = |[one, next]: &[Alone; 2]| {
        readings(one).into_iter().flatten().any(|one| {
            let next = readings(next).into_iter().flatten();
            let mut joined = next.filter_map(|next| one.syllables.joined(next.syllables));
            joined.any(is_surname)
        })
    };
    all.first().is_some_and(surname)
        || all.last().is_some_and(surname)
        || all.first_chunk().is_some_and(surname_apart)
        || all.last_chunk().is_some_and(surname_apart)
}

/// A surname of two syllables and a given name of two.
const SYLLABLES_OF_A_NAME: u32 = 4;

/// Particles and titles, as long as something else remains.
fn mark_kinds(parts: &mut [Part], all: &[Alone]) {
    for (at, alone) in all.iter().enumerate() {
        let next = parts.get(at + 1);
        let followed = next.is_some_and(|next| next.field == parts[at].field);
        let letters = parts[at].letters();
        let sun_letter = letters.len() == 2
            && letters[0] == b'A'
            && next.is_some_and(|next| next.letters().first() == letters.get(1));
        let kind = if followed && (alone.particle || sun_letter) {
            PartKind::Particle
        } else if parts.len() > 2 && alone.title {
            PartKind::Title
        } else {
            continue;
        };
        parts[at].kind = kind;
        parts[at].rarity = parts[at].rarity.min(RARITY_OF_PARTICLES);
        parts[at].rarity_of_skeleton = parts[at].rarity_of_skeleton.min(RARITY_OF_PARTICLES);
    }
}

/// Whether letters are a particle or a title where the rest of a name lets them.
pub fn may_be_weightless(letters: &[u8]) -> bool {
    let among = |words: &[&str]| words.iter().any(|word| word.as_bytes() == letters);
    among(&PARTICLES) || among(&TITLES) || matches!(letters, [b'A', _])
}

/// Every other name of some countries has one.
const RARITY_OF_PARTICLES: f32 = 1.0;

const PARTICLES: [&str; 44] = [
    "AL", "EL", "UL", "AR", "ASH", "BIN", "BEN", "IBN", "BINT", "BENT", "OULD", "WALAD", "WULD",
    "ABD", "ABU", "ABI", "ABO", "BU", "DE", "DEL", "DELA", "DELOS", "DA", "DI", "DO", "DOS", "DAS",
    "DU", "LA", "LAS", "LE", "LOS", "VAN", "VON", "DER", "DEN", "TER", "TEN", "ZU", "Y", "E",
    "SAN", "ST", "MC",
];

const TITLES: [&str; 40] = [
    "DR", "MR", "MRS", "MS", "PROF", "ENG", "ING", "GEN", "GENERAL", "COL", "MAJ", "CAPT", "LT",
    "SIR", "JR", "SR", "II", "III", "IV", "SHAYKH", "SHEIKH", "SHEIK", "SHAIKH", "HAJI", "HAJJI",
    "HAJJ", "HAJ", "ALHAJ", "ALHAJI", "MULLAH", "MULLA", "MAULAVI", "MAULVI", "MAWLAWI", "MAWLAVI",
    "QARI", "USTAD", "MUFTI", "PHD", "MD",
];

/// FNV-1a, folded to 32 bits; never zero.
pub fn hash(bytes: &[u8]) -> u32 {
    let hash = bytes.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01B3)
    });
    let folded = hash ^ (hash >> 32);
    // Invariant: masked to 32 bits.
    u32::try_from(folded & 0xFFFF_FFFF).unwrap_or(0).max(1)
}
