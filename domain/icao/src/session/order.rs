//! What is to be read, and with what.

use crate::{
    key_derivation::{CanError, Password},
    mrz::MrzKey,
};

use super::{SessionRandom, Wanted};

/// What is to be read, and with what.
pub struct ReadOrder {
    /// What opens the chip.
    pub keys: AccessKeys,
    /// Random numbers of this session.
    pub random: SessionRandom,
    /// Files.
    pub wanted: Wanted,
    /// Which protocols may open the chip.
    pub access: AccessPolicy,
    /// Whether the chip has to prove that it is no copy.
    pub authenticity: AuthenticityPolicy,
}

/// Which protocols may open the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AccessPolicy {
    /// PACE where the chip offers it, else Basic Access Control. A failure of PACE is the session's end: what makes PACE fail on
    /// purpose gets nothing for it.
    #[default]
    PaceFirst,
    /// The same, but after a failure of PACE Basic Access Control is tried. The outcome says so.
    BacAfterPaceFailure,
    /// PACE alone.
    PaceOnly,
    /// Basic Access Control alone.
    BacOnly,
}

/// How the chip proves that it is no copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum AuthenticityPolicy {
    /// Chip Authentication, unless PACE with Chip Authentication Mapping has shown as much; Active Authentication where the chip offers
    /// neither, or has failed to prove itself by Chip Authentication.
    #[default]
    Once,
    /// Active and Chip Authentication, as far as the chip offers them.
    All,
    /// Neither.
    None,
}

/// What opens a chip.
#[derive(Clone)]
pub struct AccessKeys {
    pub(super) mrz: Option<MrzKey>,
    pub(super) can: Option<Password>,
}

impl ReadOrder {
    /// The files of every inspection, with the strictest policies.
    pub fn new(keys: impl Into<AccessKeys>, random: SessionRandom) -> Self {
        Self {
            keys: keys.into(),
            random,
            wanted: Wanted::default(),
            access: AccessPolicy::default(),
            authenticity: AuthenticityPolicy::default(),
        }
    }

    /// Other files.
    #[must_use]
    pub fn wanting(mut self, wanted: Wanted) -> Self {
        self.wanted = wanted;
        self
    }

    /// Other access protocols.
    #[must_use]
    pub fn opening_by(mut self, access: AccessPolicy) -> Self {
        self.access = access;
        self
    }

    /// Other proofs of authenticity.
    #[must_use]
    pub fn proving(mut self, authenticity: AuthenticityPolicy) -> Self {
        self.authenticity = authenticity;
        self
    }
}

impl AccessKeys {
    /// A card access number; opens chips with PACE only.
    pub fn can(digits: &str) -> Result<Self, CanError> {
        Ok(Self {
            mrz: None,
            can: Some(Password::can(digits)?),
        })
    }

    /// Both; PACE then uses the card access number.
    pub fn with_can(mut self, digits: &str) -> Result<Self, CanError> {
        self.can = Some(Password::can(digits)?);
        Ok(self)
    }

    /// The password of PACE.
    pub(super) fn password(&self) -> Option<Password> {
        let mrz = || self.mrz.as_ref().map(Password::mrz);
        self.can.clone().or_else(mrz)
    }
}

impl From<&MrzKey> for AccessKeys {
    fn from(key: &MrzKey) -> Self {
        Self {
            mrz: Some(key.clone()),
            can: None,
        }
    }
}
