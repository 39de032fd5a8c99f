//! Entries that must hit. A list that does not find them is not served: a dead source must never read as "no hit". Pure.

use egate_rules::watch::{PartialDate, Person, index::EntryId};
use egate_types::Sex;

use super::entry::ListEntry;

/// Number of the canary that is in every index and in no list.
pub(crate) const BUILT_IN: EntryId = EntryId(u64::MAX);

/// The person of the built-in canary: nobody, of the state that ICAO keeps for specimens.
pub(crate) fn built_in() -> Person {
    Person {
        names: vec!["KANARIENVOGEL<<PROBEFLUG<ZWITSCHER".to_owned()],
        births: PartialDate::parse("1901-02-03").into_iter().collect(),
        nationalities: vec!["UTO".to_owned()],
        sex: Sex::Unspecified,
        places_of_birth: Vec::new(),
    }
}

/// Whether the list's owner has named an entry as a canary: a person or document that does not exist.
pub(crate) fn is_canary(entry: &ListEntry) -> bool {
    entry.id().starts_with(PREFIX)
}

/// The traveller that must meet the canary: its first name with all else.
pub(crate) fn traveller(entry: &ListEntry) -> Option<Person> {
    let mut person = entry.person()?;
    person.names.truncate(1);
    person.births.truncate(1);
    Some(person)
}

/// How ids of canaries begin.
const PREFIX: &str = "canary:";
