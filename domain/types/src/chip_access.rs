//! How a chip was opened, as it is kept with the evidence and with the record of an inspection.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a chip was opened (ICAO 9303-11 §4). Never holds a key, a password or personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case", deny_unknown_fields)]
pub enum ChipAccess {
    /// By PACE.
    Pace {
        /// Mapping, key agreement and ciphers by their name in §9.2.1, e.g. `id-PACE-ECDH-GM-AES-CBC-CMAC-128`.
        protocol: String,
        /// Number of the domain parameters, where the chip names them.
        parameter_id: Option<u64>,
        /// With which password.
        password: ChipPassword,
    },
    /// By Basic Access Control: the chip showed no PACE, or PACE was not to be tried.
    Bac,
    /// By Basic Access Control, after PACE had failed.
    BacAfterPaceFailure {
        /// What was tried, by its name in §9.2.1; none if nothing that the chip offers could be tried.
        protocol: Option<String>,
        /// How it failed: step and status of the chip.
        failure: String,
    },
    /// Not at all: PACE failed, and nothing else was allowed.
    PaceFailed {
        /// What was tried, by its name in §9.2.1; none if nothing that the chip offers could be tried.
        protocol: Option<String>,
        /// How it failed: step and status of the chip.
        failure: String,
    },
}

/// Which password of the chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChipPassword {
    /// Made of document number, date of birth and date of expiry.
    Mrz,
    /// The card access number.
    Can,
}

impl ChipAccess {
    /// Name of the outcome: `pace`, `bac`, `bac_after_pace_failure`, `pace_failed`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Pace { .. } => "pace",
            Self::Bac => "bac",
            Self::BacAfterPaceFailure { .. } => "bac_after_pace_failure",
            Self::PaceFailed { .. } => "pace_failed",
        }
    }
}

impl fmt::Display for ChipAccess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        match self {
            Self::Pace {
                protocol,
                parameter_id,
                password,
            } => {
                write!(f, ": {protocol}")?;
                if let Some(id) = parameter_id {
                    write!(f, ", parameters {id}")?;
                }
                f.write_str(match password {
                    ChipPassword::Mrz => ", password of the zone",
                    ChipPassword::Can => ", card access number",
                })
            }
            Self::Bac => Ok(()),
            Self::BacAfterPaceFailure { protocol, failure }
            | Self::PaceFailed { protocol, failure } => match protocol {
                Some(protocol) => write!(f, ": {protocol}: {failure}"),
                None => write!(f, ": {failure}"),
            },
        }
    }
}
