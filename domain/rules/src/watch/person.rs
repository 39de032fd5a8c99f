//! A listed person or a traveller: as known, and in the normal form that is compared.

use egate_types::Sex;

use super::{
    date::PartialDate,
    keys::{Reading, Skeleton},
    name::Name,
    rarity::Rarity,
    script::latin_forms,
    words::Words,
};

/// What is known of a person, as written.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// All names: of an entry its primary name, its aliases, its original script; of a traveller what the document says.
    pub names: Vec<String>,
    /// All dates of birth given; none means unknown.
    pub births: Vec<PartialDate>,
    /// ICAO three-letter codes; none means unknown.
    pub nationalities: Vec<String>,
    /// Sex; unspecified is not compared.
    pub sex: Sex,
    /// Places of birth; none means unknown.
    pub places_of_birth: Vec<String>,
}

impl Person {
    /// A person of whom only a name is known.
    pub fn named(name: &str) -> Self {
        Self {
            names: vec![name.to_owned()],
            births: Vec::new(),
            nationalities: Vec::new(),
            sex: Sex::Unspecified,
            places_of_birth: Vec::new(),
        }
    }
}

/// The normal form of a person, worked out once per entry and once per traveller.
#[derive(Clone, Debug)]
pub struct PreparedPerson {
    /// The names that can be written in Latin letters.
    pub names: Vec<PreparedName>,
    /// Dates of birth.
    pub births: Vec<PartialDate>,
    /// ICAO three-letter codes, filled with blanks.
    pub nationalities: Vec<[u8; 3]>,
    /// Sex, if specified.
    pub sex: Sex,
    /// Skeletons of the longest word of each place of birth.
    pub places_of_birth: Vec<Skeleton>,
}

/// One name and where it stood among [`Person::names`].
#[derive(Clone, Debug)]
pub struct PreparedName {
    /// Index into [`Person::names`].
    pub index: u32,
    /// Its normal form.
    pub name: Name,
}

impl PreparedPerson {
    /// The normal form of `person`.
    pub fn of(person: &Person, rarity: &Rarity) -> Self {
        let names = (0u32..).zip(&person.names).filter_map(|(index, raw)| {
            let name = Name::of(raw, rarity)?;
            Some(PreparedName { index, name })
        });
        let nationalities = person.nationalities.iter();
        let nationalities = nationalities.filter_map(|code| nationality_key(code.as_bytes()));
        Self {
            names: names.collect(),
            births: person.births.clone(),
            nationalities: nationalities.collect(),
            sex: person.sex,
            places_of_birth: person
                .places_of_birth
                .iter()
                .filter_map(|place| place_key(place))
                .collect(),
        }
    }
}

/// The code that is compared, filled with blanks; `None` for those that name no state (ICAO 9303-3 §5: stateless, refugees, unknown).
pub(super) fn nationality_key(code: &[u8]) -> Option<[u8; 3]> {
    match code.trim_ascii_end() {
        b"" | b"XXA" | b"XXB" | b"XXC" | b"XXX" | b"UNK" => None,
        b"D" => Some(*b"DEU"),
        // The other kinds of British nationals, of whom lists say that they are British.
        b"GBD" | b"GBO" | b"GBN" | b"GBP" | b"GBS" => Some(*b"GBR"),
        code => {
            let mut padded = [b' '; 3];
            padded.get_mut(..code.len())?.copy_from_slice(code);
            Some(padded)
        }
    }
}

/// Of `near Kandahar City, Afghanistan` the skeleton of `Kandahar`.
pub(super) fn place_key(place: &str) -> Option<Skeleton> {
    let words = Words::of(place.split(',').next().unwrap_or(place)).words;
    let forms = words
        .iter()
        .filter_map(|word| latin_forms(&word.text).into_iter().next());
    let longest = forms.map(|(_, form)| form).max_by_key(String::len)?;
    Some(Skeleton::of(longest.as_bytes(), Reading::default())).filter(|key| !key.is_empty())
}
