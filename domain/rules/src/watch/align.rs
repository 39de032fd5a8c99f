//! Which part of one name answers to which part of another, and how well. Nothing here allocates.

use super::{
    keys::Skeleton,
    name::{Name, Part, PartKind},
    nicknames,
    script::Table,
    syllables::Syllables,
    words::{Field, WORDS_MAX},
};

/// How well two parts agree, from the best to the worst.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum Agreement {
    /// The same letters, diacritics aside.
    Same,
    /// A table of ICAO 9303-3 or of a state makes one of the other.
    Table,
    /// The same sound, or the same Chinese or Korean syllables.
    Sound,
    /// One is a short or a national form of the other.
    Nickname,
    /// The same consonants.
    Skeleton,
    /// One letter too many, too few, another, or two exchanged.
    OneEdit,
    /// Two such errors, or one in the consonants.
    TwoEdits,
    /// One begins with the other and a full machine readable zone may have cut it.
    Cut,
    /// One is the other's initial.
    Initial,
}

impl Agreement {
    /// All, in the order of the weights.
    pub const ALL: [Self; 9] = [
        Self::Same,
        Self::Table,
        Self::Sound,
        Self::Nickname,
        Self::Skeleton,
        Self::OneEdit,
        Self::TwoEdits,
        Self::Cut,
        Self::Initial,
    ];

    /// The rule in words, for an officer.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Same => "the same letters",
            Self::Table => "one by a transliteration table of the other",
            Self::Sound => "the same sound",
            Self::Nickname => "short or national form of one name",
            Self::Skeleton => "the same consonants",
            Self::OneEdit => "one letter apart",
            Self::TwoEdits => "two letters or one consonant apart",
            Self::Cut => "cut at the end of the machine readable zone",
            Self::Initial => "initial",
        }
    }
}

/// A run of parts of one name that answers to a run of the other; one of the runs has one part.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Link {
    /// First part of the listed name, and how many.
    pub listed: (u8, u8),
    /// First part of the traveller's name, and how many.
    pub traveller: (u8, u8),
    /// How well they agree.
    pub agreement: Agreement,
    /// Rarity of what agrees: natural logarithm of one in so many.
    pub rarity: f32,
}

/// What each agreement is worth: points per unit of rarity, and per part.
pub type Worth = [(f32, f32); Agreement::ALL.len()];

impl Link {
    /// Points under `worth`.
    pub fn weighed(&self, worth: &Worth) -> f32 {
        let (per_rarity, per_part) = worth[self.agreement as usize];
        per_rarity * self.rarity + per_part
    }
}

/// Parts that one part may be written together from.
const JOINED_MAX: usize = 4;
/// Links between two names cannot be more than their parts.
pub const LINKS_MAX: usize = WORDS_MAX;
/// All pairs of parts, and the joined ones.
const CANDIDATES_MAX: usize = 64;

/// The links of two names.
#[derive(Clone, Copy, Debug)]
pub struct Alignment {
    links: [Link; LINKS_MAX],
    count: u8,
}

impl Alignment {
    /// In descending order of points.
    pub fn links(&self) -> &[Link] {
        &self.links[..usize::from(self.count)]
    }

    /// Parts of either name that no link covers, as bits.
    pub fn uncovered(&self, listed: &Name, traveller: &Name) -> (u16, u16) {
        let all = |name: &Name| (1u16 << name.parts.len().min(WORDS_MAX)) - 1;
        let mut uncovered = (all(listed), all(traveller));
        for link in self.links() {
            uncovered.0 &= !bits(link.listed);
            uncovered.1 &= !bits(link.traveller);
        }
        uncovered
    }
}

fn bits((from, count): (u8, u8)) -> u16 {
    ((1 << count) - 1) << from
}

/// Links the parts of two names, the strongest agreement first, so that no part is used twice.
pub fn align(listed: &Name, traveller: &Name, worth: &Worth) -> Alignment {
    let none = Link {
        listed: (0, 0),
        traveller: (0, 0),
        agreement: Agreement::Initial,
        rarity: 0.0,
    };
    let mut candidates = [(none, 0.0f32); CANDIDATES_MAX];
    let mut count = 0;
    let mut push = |link: Link| {
        if count < CANDIDATES_MAX {
            candidates[count] = (link, link.weighed(worth));
            count += 1;
        }
    };
    let syllabic = listed.syllabic && traveller.syllabic;
    for (i, one) in (0u8..).zip(&listed.parts) {
        for (j, other) in (0u8..).zip(&traveller.parts) {
            let cut = (listed.truncated, traveller.truncated);
            if let Some((agreement, rarity)) = agree(one, other, syllabic, cut) {
                push(Link {
                    listed: (i, 1),
                    traveller: (j, 1),
                    agreement,
                    rarity,
                });
            }
        }
    }
    join(
        &listed.parts,
        &traveller.parts,
        |one, (from, parts), agreement, rarity| {
            push(Link {
                listed: (one, 1),
                traveller: (from, parts),
                agreement,
                rarity,
            });
        },
    );
    join(
        &traveller.parts,
        &listed.parts,
        |one, (from, parts), agreement, rarity| {
            push(Link {
                listed: (from, parts),
                traveller: (one, 1),
                agreement,
                rarity,
            });
        },
    );
    choose(&mut candidates[..count], none)
}

/// Takes the best candidate, then the best of those that it leaves possible.
fn choose(candidates: &mut [(Link, f32)], none: Link) -> Alignment {
    let mut alignment = Alignment {
        links: [none; LINKS_MAX],
        count: 0,
    };
    let mut used = (0u16, 0u16);
    while usize::from(alignment.count) < LINKS_MAX {
        let possible = candidates.iter().filter(|(link, _)| {
            used.0 & bits(link.listed) == 0 && used.1 & bits(link.traveller) == 0
        });
        let Some((link, _)) = possible.max_by(|(_, a), (_, b)| a.total_cmp(b)) else {
            break;
        };
        used.0 |= bits(link.listed);
        used.1 |= bits(link.traveller);
        alignment.links[usize::from(alignment.count)] = *link;
        alignment.count += 1;
    }
    alignment
}

/// How two parts agree and how rare that is; `None` if they do not.
fn agree(one: &Part, other: &Part, syllabic: bool, cut: (bool, bool)) -> Option<(Agreement, f32)> {
    let rarity = one.rarity.min(other.rarity);
    let of_skeleton = one
        .rarity_of_skeleton
        .min(other.rarity_of_skeleton)
        .min(rarity);
    let (a, b) = (one.letters(), other.letters());
    if a.is_empty() || b.is_empty() {
        return None;
    }
    if a == b {
        return Some((Agreement::Same, rarity));
    }
    if one.kind == PartKind::Initial || other.kind == PartKind::Initial {
        return (a[0] == b[0]).then_some((Agreement::Initial, RARITY_OF_INITIAL));
    }
    if shared_form(one, other).is_some() {
        return Some((Agreement::Table, rarity));
    }
    if shared(&one.syllables, &other.syllables, |key: &Syllables| {
        key.is_empty()
    }) {
        return Some((
            Agreement::Sound,
            of_skeleton.max(rarity.min(SYLLABLE_RARITY)),
        ));
    }
    if !syllabic && shared(&one.sounds, &other.sounds, |key| key.is_empty()) {
        return Some((Agreement::Sound, of_skeleton));
    }
    // The article of `AL-JAMUS` is nobody's short name.
    let particle = one.kind == PartKind::Particle || other.kind == PartKind::Particle;
    if one.nicknames[0] != 0
        && !particle
        && nicknames::related(&one.nicknames, &other.nicknames, a[0] == b[0])
    {
        return Some((Agreement::Nickname, rarity));
    }
    if !syllabic && same_consonants(one, other) {
        return Some((Agreement::Skeleton, of_skeleton));
    }
    if (cut.0 && b.starts_with(a)) || (cut.1 && a.starts_with(b)) {
        let letters = f32::from(u8::try_from(a.len().min(b.len())).unwrap_or(u8::MAX));
        return Some((Agreement::Cut, rarity.min(letters * RARITY_PER_LETTER)));
    }
    if syllabic {
        // Another syllable is another name, a letter written twice is none.
        return same_but_doubled(a, b).then_some((Agreement::Sound, of_skeleton));
    }
    match edits(one, other) {
        1 if a.len().max(b.len()) >= 4 => Some((Agreement::OneEdit, of_skeleton)),
        // Of three letters, one may be another vowel: `LEO` and `LEE`.
        1 if a.len() == 3 && b.len() == 3 && one.skeletons[0] == other.skeletons[0] => {
            Some((Agreement::OneEdit, of_skeleton))
        }
        2 if a.len().min(b.len()) >= 6 => Some((Agreement::TwoEdits, of_skeleton)),
        _ => None,
    }
}

/// One consonant is no skeleton: `ONE` and `JUAN` (read as in German) have the same one, and so have `ALI` and `LEO`.
const CONSONANTS_MIN: u32 = 2;
/// Natural logarithm of one letter in fifteen.
const RARITY_OF_INITIAL: f32 = 2.5;
/// Letters of names are less even than dice.
const RARITY_PER_LETTER: f32 = 2.0;
/// Common syllables of Chinese and Korean names.
const SYLLABLE_RARITY: f32 = 4.0;

/// Whether two short lists with empty places have something in common.
fn shared<T: PartialEq>(one: &[T], other: &[T], padding: impl Fn(&T) -> bool) -> bool {
    one.iter().any(|key| !padding(key) && other.contains(key))
}

/// Whether some reading of both has the same consonants, and enough of them. Where they are few, both must begin alike, with
/// a vowel or without one: `ARIAS` and `REESE` do not.
fn same_consonants(one: &Part, other: &Part) -> bool {
    let readings = |part: &Part| part.skeletons.into_iter().zip(part.sounds);
    readings(one).any(|(skeleton, sound)| {
        skeleton.len() >= CONSONANTS_MIN
            && readings(other).any(|(there, heard)| {
                there == skeleton
                    && (skeleton.len() > CONSONANTS_MIN
                        || heard.begins_with_vowel() == sound.begins_with_vowel())
            })
    })
}

/// Whether the letters differ in nothing but how often each is written: `ANNA` and `ANA`.
fn same_but_doubled(a: &[u8], b: &[u8]) -> bool {
    fn runs(letters: &[u8]) -> impl Iterator<Item = u8> + '_ {
        letters.chunk_by(|one, next| one == next).map(|run| run[0])
    }
    runs(a).eq(runs(b))
}

/// The tables by which two parts take one form.
pub fn shared_form(one: &Part, other: &Part) -> Option<(Table, Table)> {
    let common =
        |form: &&u32| **form != 0 && one.forms.contains(form) && other.forms.contains(form);
    // The spelling of one side before forms that neither wrote.
    let written = [&other.forms[0], &one.forms[0]];
    let form = written.into_iter().chain(&one.forms).find(common)?;
    Some((one.table_of(*form)?, other.table_of(*form)?))
}

/// Finds parts of `whole` that are written apart in `apart`.
fn join(whole: &[Part], apart: &[Part], mut found: impl FnMut(u8, (u8, u8), Agreement, f32)) {
    for (index, one) in (0u8..).zip(whole) {
        if one.letters().len() < 4 {
            continue;
        }
        for (from, _) in (0u8..).zip(apart) {
            let rest = &apart[usize::from(from)..];
            if let Some((parts, agreement, rarity)) = joined(one, rest)
                && !swallows(whole, apart, (from, parts))
            {
                found(index, (from, parts), agreement, rarity);
            }
        }
    }
}

/// Whether a run of `apart`, written together, would be a whole name and the part of `whole` it answers to only one of
/// several: a surname and a given name put together are nobody's given name.
fn swallows(whole: &[Part], apart: &[Part], (from, parts): (u8, u8)) -> bool {
    let tells = |part: &&Part| !part.kind.is_weightless();
    if whole.iter().filter(tells).count() == 1 {
        return false;
    }
    let run = bits((from, parts));
    let inside = |at: usize| run & (1 << at) != 0;
    let mut some = (0, 0);
    let mut fields = (false, false);
    for (at, part) in apart.iter().enumerate().filter(|(_, part)| tells(part)) {
        some.0 += usize::from(inside(at));
        some.1 += 1;
        fields.0 |= inside(at) && part.field == Field::Primary;
        fields.1 |= inside(at) && part.field == Field::Secondary;
    }
    (some.0 > 1 && some.0 == some.1) || fields == (true, true)
}

/// Whether `whole` is the first parts of `rest` written together.
fn joined(whole: &Part, rest: &[Part]) -> Option<(u8, Agreement, f32)> {
    let letters = whole.letters();
    let mut left = Some(letters);
    let mut skeleton = rest[0].skeletons[0];
    // The same with Arabic articles as they are said.
    let mut said = skeleton;
    let mut syllables = rest[0].syllables;
    let readings = syllables.iter().chain(&whole.syllables);
    let syllabic = readings.fold(false, |some, read| some | !read.is_empty());
    let mut rarity = rest[0].rarity;
    let mut length = rest[0].letters().len();
    left = left.and_then(|left| left.strip_prefix(rest[0].letters()));
    for (count, part) in (2u8..).zip(rest.iter().skip(1)).take(JOINED_MAX - 1) {
        left = left.and_then(|left| left.strip_prefix(part.letters()));
        let before = &rest[usize::from(count) - 2];
        // An article alone is a part that may be left out.
        if before.assimilates(part) && said.len() > 1 {
            said = said.without_last();
        }
        said = said.joined(part.skeletons[0]);
        skeleton = skeleton.joined(part.skeletons[0]);
        rarity += part.rarity;
        length += part.letters().len();
        if length > letters.len() + JOINED_LETTERS_SPARE {
            return None;
        }
        for (at, joined) in syllables.iter_mut().enumerate() {
            *joined = joined.joined(part.syllables[at]).unwrap_or_default();
        }
        if left.is_some_and(<[u8]>::is_empty) {
            return Some((count, Agreement::Same, rarity.max(whole.rarity)));
        }
        if shared(&syllables, &whole.syllables, |key: &Syllables| {
            key.is_empty()
        }) {
            return Some((count, Agreement::Sound, rarity));
        }
        // In a name of syllables another syllable makes another name, whatever its consonants: `XUE MEI LI` is no `ISHMAEL`.
        if !syllabic
            && said.len() >= JOINED_CONSONANTS_MIN
            && (whole.skeletons.contains(&skeleton) || whole.skeletons.contains(&said))
        {
            return Some((
                count,
                Agreement::Skeleton,
                rarity.min(whole.rarity_of_skeleton),
            ));
        }
    }
    None
}

/// Vowels and apostrophes that get lost when parts are written together.
const JOINED_LETTERS_SPARE: usize = 3;
/// Fewer consonants put together mean nothing.
const JOINED_CONSONANTS_MIN: u32 = 3;

/// Letters inserted, left out, replaced or exchanged with their neighbour between two parts; 3 stands for more than two.
fn edits(one: &Part, other: &Part) -> usize {
    let (mut a, mut b) = (one.letters(), other.letters());
    let differing = (one.letter_set ^ other.letter_set).count_ones();
    if a.len().abs_diff(b.len()) > 2 || differing > 4 {
        return MANY;
    }
    while let (Some((x, rest_a)), Some((y, rest_b))) = (a.split_first(), b.split_first())
        && x == y
    {
        (a, b) = (rest_a, rest_b);
    }
    while let (Some((x, rest_a)), Some((y, rest_b))) = (a.split_last(), b.split_last())
        && x == y
    {
        (a, b) = (rest_a, rest_b);
    }
    distance(a, b)
}

const MANY: usize = 3;

/// Optimal string alignment by rows; the parts are short and their common ends are off.
fn distance(a: &[u8], b: &[u8]) -> usize {
    const ROW: usize = super::name::LETTERS_MAX + 1;
    if a.is_empty() || b.is_empty() {
        return a.len().max(b.len()).min(MANY);
    }
    let mut before = [0usize; ROW];
    let mut above = [0usize; ROW];
    let mut row = [0usize; ROW];
    for (at, cell) in above.iter_mut().enumerate() {
        *cell = at;
    }
    for (i, x) in a.iter().enumerate() {
        row[0] = i + 1;
        let mut least = row[0];
        for (j, y) in b.iter().enumerate() {
            let replaced = above[j] + usize::from(x != y);
            let mut cell = replaced.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && *y == a[i - 1] {
                cell = cell.min(before[j - 1] + 1);
            }
            row[j + 1] = cell;
            least = least.min(cell);
        }
        if least >= MANY {
            return MANY;
        }
        (before, above) = (above, row);
    }
    above[b.len()].min(MANY)
}

/// The skeletons a name can be looked up by; for the candidate index.
pub fn lookup_skeletons(name: &Name) -> impl Iterator<Item = Skeleton> + '_ {
    name.parts
        .iter()
        .filter(|part| part.kind == PartKind::Name)
        .flat_map(|part| part.skeletons)
        .filter(|skeleton| !skeleton.is_empty())
}
