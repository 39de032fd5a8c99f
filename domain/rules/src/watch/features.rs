//! Everything that can change a score, by name. The file of weights has one line for each.

use super::{align::Agreement, date::BirthRelation};

/// One kind of evidence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Feature {
    /// Rarities of the parts that agree this well, added up.
    Rarity(Agreement),
    /// Parts that agree this well.
    Part(Agreement),
    /// Parts written together on one side.
    Joined,
    /// Parts that agree although one is a surname and the other a given name.
    FieldsSwapped,
    /// Parts of the listed name that answer to nothing.
    ListedLeft,
    /// Parts of the traveller's name that answer to nothing.
    TravellerLeft,
    /// Parts left over on both sides: they contradict each other.
    BothLeft,
    /// A single part agrees of names that have more.
    OnePartOnly,
    /// Two parts agree.
    TwoPartsOnly,
    /// No part of a surname answers to anything.
    SurnameMissing,
    /// No part of the given names answers to anything.
    GivenMissing,
    /// How the dates of birth relate.
    Birth(BirthRelation),
    /// A nationality is shared.
    NationalitySame,
    /// Both have nationalities and share none.
    NationalityOther,
    /// The same sex.
    SexSame,
    /// The other sex.
    SexOther,
    /// A place of birth is shared.
    PlaceSame,
    /// Both have places of birth and share none.
    PlaceOther,
    /// Applies to every pair: how unlikely a match is before anything is compared.
    Offset,
}

/// Which way a feature may count.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sign {
    /// For a match, or not at all.
    For,
    /// Against one, or not at all.
    Against,
    /// Only its order among others is known.
    Either,
}

const AGREEMENTS: usize = Agreement::ALL.len();
const BIRTHS: usize = BirthRelation::ALL.len();
const AFTER_PARTS: usize = 2 * AGREEMENTS;
const BIRTH: usize = AFTER_PARTS + 9;
const AFTER_BIRTH: usize = BIRTH + BIRTHS;
/// How many features there are.
pub const FEATURES: usize = AFTER_BIRTH + 7;

impl Feature {
    /// Its place in a measure.
    pub const fn index(self) -> usize {
        match self {
            Self::Rarity(agreement) => agreement as usize,
            Self::Part(agreement) => AGREEMENTS + agreement as usize,
            Self::Joined => AFTER_PARTS,
            Self::FieldsSwapped => AFTER_PARTS + 1,
            Self::ListedLeft => AFTER_PARTS + 2,
            Self::TravellerLeft => AFTER_PARTS + 3,
            Self::BothLeft => AFTER_PARTS + 4,
            Self::OnePartOnly => AFTER_PARTS + 5,
            Self::TwoPartsOnly => AFTER_PARTS + 6,
            Self::SurnameMissing => AFTER_PARTS + 7,
            Self::GivenMissing => AFTER_PARTS + 8,
            Self::Birth(relation) => BIRTH + relation as usize,
            Self::NationalitySame => AFTER_BIRTH,
            Self::NationalityOther => AFTER_BIRTH + 1,
            Self::SexSame => AFTER_BIRTH + 2,
            Self::SexOther => AFTER_BIRTH + 3,
            Self::PlaceSame => AFTER_BIRTH + 4,
            Self::PlaceOther => AFTER_BIRTH + 5,
            Self::Offset => AFTER_BIRTH + 6,
        }
    }

    /// All of them, in the order of their places.
    pub fn all() -> impl Iterator<Item = Self> {
        Agreement::ALL
            .map(Self::Rarity)
            .into_iter()
            .chain(Agreement::ALL.map(Self::Part))
            .chain([
                Self::Joined,
                Self::FieldsSwapped,
                Self::ListedLeft,
                Self::TravellerLeft,
                Self::BothLeft,
                Self::OnePartOnly,
                Self::TwoPartsOnly,
                Self::SurnameMissing,
                Self::GivenMissing,
            ])
            .chain(BirthRelation::ALL.map(Self::Birth))
            .chain([
                Self::NationalitySame,
                Self::NationalityOther,
                Self::SexSame,
                Self::SexOther,
                Self::PlaceSame,
                Self::PlaceOther,
                Self::Offset,
            ])
    }

    /// The rule in words, for an officer.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Rarity(agreement) | Self::Part(agreement) => agreement.rule(),
            Self::Birth(relation) => relation.rule(),
            Self::Joined => "parts written together on one side",
            Self::FieldsSwapped => "a surname on one side is a given name on the other",
            Self::ListedLeft => "parts of the listed name that the document does not have",
            Self::TravellerLeft => "parts of the document's name that the list does not have",
            Self::BothLeft => "parts left over on both sides contradict each other",
            Self::OnePartOnly => "a single name part agrees",
            Self::TwoPartsOnly => "no more than two name parts agree",
            Self::SurnameMissing => "no part of a surname agrees",
            Self::GivenMissing => "no part of the given names agrees",
            Self::NationalitySame => "shared",
            Self::NationalityOther => "none shared",
            Self::SexSame => "the same",
            Self::SexOther => "not the same",
            Self::PlaceSame => "shared",
            Self::PlaceOther => "none shared",
            Self::Offset => "where the scale begins, for any two people",
        }
    }

    /// Which way it may count.
    pub const fn sign(self) -> Sign {
        match self {
            Self::Rarity(_) => Sign::For,
            Self::NationalitySame | Self::SexSame | Self::PlaceSame => Sign::For,
            Self::Joined
            | Self::FieldsSwapped
            | Self::ListedLeft
            | Self::TravellerLeft
            | Self::BothLeft
            | Self::OnePartOnly
            | Self::TwoPartsOnly
            | Self::SurnameMissing
            | Self::GivenMissing
            | Self::NationalityOther
            | Self::SexOther
            | Self::PlaceOther => Sign::Against,
            Self::Offset | Self::Birth(_) | Self::Part(_) => Sign::Either,
        }
    }

    /// Its name in the file of weights.
    pub fn name(self) -> String {
        match self {
            Self::Rarity(agreement) => format!("rarity.{}", snake(agreement)),
            Self::Part(agreement) => format!("part.{}", snake(agreement)),
            Self::Birth(relation) => format!("birth.{}", snake(relation)),
            Self::Joined
            | Self::FieldsSwapped
            | Self::ListedLeft
            | Self::TravellerLeft
            | Self::BothLeft
            | Self::OnePartOnly
            | Self::TwoPartsOnly
            | Self::SurnameMissing
            | Self::GivenMissing
            | Self::NationalitySame
            | Self::NationalityOther
            | Self::SexSame
            | Self::SexOther
            | Self::PlaceSame
            | Self::PlaceOther
            | Self::Offset => snake(self),
        }
    }
}

/// `SameMonth` as `same_month`.
fn snake(value: impl std::fmt::Debug) -> String {
    let mut name = String::new();
    for letter in format!("{value:?}").chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_feature_has_its_own_place_and_name() {
        let all: Vec<Feature> = Feature::all().collect();
        assert_eq!(all.len(), FEATURES);
        for (at, feature) in all.iter().enumerate() {
            assert_eq!(feature.index(), at, "{}", feature.name());
        }
        let mut names: Vec<String> = all.iter().map(|feature| feature.name()).collect();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), FEATURES);
        assert!(names.contains(&"birth.same_month".to_owned()));
    }
}
