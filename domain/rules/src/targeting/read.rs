//! Reading with places: every error of a rule or journey names the path to the value that is wrong, and never what stands there.

use egate_types::{Date, UtcTime};
use serde::{Deserialize, Deserializer, Serialize as _, Serializer, de::Error as _};
use serde_path_to_error::Segment;

use super::values::{Malformed, Question};

/// Reads a value; its errors begin with the path, e.g. `when.all[1].age: from is greater than to`.
pub(super) fn with_path<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    T::deserialize(tracked).map_err(|error| {
        let message = without_content(error.to_string());
        match place(&track.path()).as_str() {
            "" => D::Error::custom(message),
            path => D::Error::custom(format_args!("{path}: {message}")),
        }
    })
}

/// A path of names that we gave; of others, which may be anything, a question mark.
fn place(path: &serde_path_to_error::Path) -> String {
    let mut place = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => {
                place.push_str(&format!("[{index}]"));
                continue;
            }
            Segment::Map { key: name } | Segment::Enum { variant: name } => name,
            Segment::Unknown => "?",
        };
        if !place.is_empty() {
            place.push('.');
        }
        place.push_str(Question::parse(name).map_or("?", |_| name));
    }
    place
}

/// serde's own messages quote the value that they did not expect; a journey's values are a traveller's.
fn without_content(message: String) -> String {
    let quotes = ["invalid type: ", "invalid value: "];
    let expected = message.rsplit_once(", expected ").map(|(_, rest)| rest);
    match expected.filter(|_| quotes.iter().any(|quote| message.starts_with(quote))) {
        Some(expected) => format!("is not {expected}"),
        None => message,
    }
}

/// Days as `YYYY-MM-DD`.
pub(super) mod day {
    use super::*;

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Date>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let day = text.map(|text| Date::parse(&text).map_err(|_| Malformed::Day));
        day.transpose().map_err(D::Error::custom)
    }

    pub(in super::super) fn serialize<S: Serializer>(
        day: &Option<Date>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        day.serialize(serializer)
    }
}

/// Instants as `YYYY-MM-DDTHH:MM:SSZ`: a list is read by people.
pub(super) mod instant {
    use super::*;

    pub(in super::super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<UtcTime>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        let instant = text.map(|text| UtcTime::parse(&text).map_err(|_| Malformed::Instant));
        instant.transpose().map_err(D::Error::custom)
    }

    pub(in super::super) fn serialize<S: Serializer>(
        instant: &Option<UtcTime>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        instant
            .map(|instant| instant.to_string())
            .serialize(serializer)
    }
}
