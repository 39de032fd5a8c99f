//! Typed identifiers: passing one for another does not compile.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Longest name accepted for a lane, authority or officer, in bytes.
const NAME_BYTES_MAX: usize = 64;

/// Why a text is not an identifier.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum IdError {
    /// Empty, too long, or with a character outside `a-z 0-9 . _ -`.
    #[error("{kind} {text:?} must be 1 to 64 characters of a-z, 0-9, '.', '_' or '-'")]
    Malformed {
        /// Which kind of identifier was expected.
        kind: &'static str,
        /// The text as given.
        text: String,
    },
    /// Not a UUID.
    #[error("inspection id {0:?} is not a UUID (RFC 9562)")]
    NotUuid(String),
}

macro_rules! name_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Parses the identifier; see [`IdError`] for the rule.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let well_formed = !text.is_empty()
                    && text.len() <= NAME_BYTES_MAX
                    && text.bytes().all(|b| {
                        b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)
                    });
                if well_formed {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(IdError::Malformed { kind: $kind, text: text.to_owned() })
                }
            }

            /// The identifier as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0)
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    };
}

name_id!(
    /// One physical lane, e.g. `lane-1`. The gate's client certificate carries it as common name.
    LaneId,
    "lane id"
);
name_id!(
    /// One authority with its own law and list, e.g. `border` or `quarantine`.
    AuthorityId,
    "authority id"
);
name_id!(
    /// One officer's login, e.g. `officer.chan`. Appears in the record and in signed decisions.
    OfficerId,
    "officer id"
);

/// One inspection, unique in the world and ordered by time (UUID version 7, RFC 9562 §5.7).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct InspectionId(uuid::Uuid);

impl InspectionId {
    /// Builds the id from the instant in Unix milliseconds and 10 random bytes.
    pub fn new(unix_ms: u64, random: [u8; 10]) -> Self {
        Self(uuid::Builder::from_unix_timestamp_millis(unix_ms, &random).into_uuid())
    }

    /// Parses the hyphenated text form.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        uuid::Uuid::try_parse(text)
            .map(Self)
            .map_err(|_| IdError::NotUuid(text.chars().take(NAME_BYTES_MAX).collect()))
    }
}

impl TryFrom<String> for InspectionId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}

impl From<InspectionId> for String {
    fn from(id: InspectionId) -> String {
        id.to_string()
    }
}

impl fmt::Display for InspectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.hyphenated().fmt(f)
    }
}

impl fmt::Debug for InspectionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "InspectionId({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_restricted_to_the_safe_alphabet() {
        assert_eq!(
            LaneId::parse("lane-1").map(String::from),
            Ok("lane-1".to_owned())
        );
        for bad in ["", "Lane", "a b", "ä", &"x".repeat(65)] {
            assert!(LaneId::parse(bad).is_err(), "{bad:?} must be refused");
        }
    }

    #[test]
    fn inspection_ids_sort_by_time_and_survive_text() {
        let early = InspectionId::new(1_000, [0xFF; 10]);
        let late = InspectionId::new(1_001, [0; 10]);
        assert!(early < late);
        assert_eq!(InspectionId::parse(&late.to_string()), Ok(late));
    }
}
