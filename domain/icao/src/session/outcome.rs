//! What came out of a session.

use std::{collections::BTreeMap, error::Error};

use egate_types::{ChipAccess, ChipPassword, MrzLines};

use crate::{
    active_authentication,
    apdu::Status,
    chip_authentication::{ChipAuthenticationError, Transcript},
    evidence::{ChipAuthenticationRecord, Evidence, Performed},
    key_derivation::PasswordKind,
    lds::{ChipFiles, FileId},
    pace::{ChipAuthenticationMapping, OfferError, OpenedChannel, PaceError},
    secure_messaging::SecureMessagingError,
    security_infos::{PaceInfo, PaceProtocol, SecurityInfoError},
};

use super::Statistics;

/// What came out of a session.
#[derive(Debug)]
pub struct Reading {
    /// The files.
    pub files: ChipFiles,
    /// Wanted files that the chip did not give, and what it answered.
    pub unread: BTreeMap<FileId, Status>,
    /// How the chip was opened.
    pub access: Access,
    /// The run of Active Authentication, to be judged with EF.DG15.
    pub active_authentication: Option<active_authentication::Exchange>,
    /// The run of Chip Authentication, to be judged again with EF.DG14.
    pub chip_authentication: Option<ChipAuthenticationOutcome>,
    /// What it cost.
    pub statistics: Statistics,
}

/// How the chip was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// By PACE.
    Pace(PaceAccess),
    /// By Basic Access Control: the chip showed no PACE, or the order excluded it.
    Bac,
    /// By Basic Access Control, after PACE had failed and the order allowed it.
    BacAfterPaceFailure(PaceFailure),
}

/// A run of PACE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaceAccess {
    /// Which variant: mapping, key agreement, ciphers.
    pub protocol: PaceProtocol,
    /// Number of its domain parameters.
    pub parameter_id: Option<u64>,
    /// With which password.
    pub password: PasswordKind,
    /// The chip's identifier in Terminal Authentication.
    pub chip_identifier: Vec<u8>,
    /// With Chip Authentication Mapping: what proves the static key of EF.CardSecurity.
    pub chip_authentication: Option<ChipAuthenticationMapping>,
    /// References of the certification authorities that the chip trusts in Terminal Authentication.
    pub certification_authorities: Vec<Vec<u8>>,
}

/// Why PACE failed although the chip offers it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PaceFailure {
    /// EF.CardAccess cannot be read.
    #[error("EF.CardAccess is malformed")]
    CardAccess(#[source] SecurityInfoError),
    /// Nothing that it offers can be run.
    #[error("no protocol that the chip offers can be run")]
    NoUsableProtocol(#[source] OfferError),
    /// The run failed.
    #[error("PACE failed")]
    Run {
        /// What was run.
        info: PaceInfo,
        /// How it failed.
        #[source]
        error: PaceError,
    },
}

/// How Chip Authentication ended. The keys are worth what EF.DG14 is worth.
#[derive(Debug)]
pub enum ChipAuthenticationOutcome {
    /// The chip used keys that only the holder of its static private key can know.
    Proven(Transcript),
    /// The chip went through the protocol but could not use the keys: a copy. The rest was read without.
    NotProven {
        /// What passed.
        transcript: Transcript,
        /// What was wrong with its first answer.
        error: SecureMessagingError,
    },
    /// The protocol did not come about.
    Failed(ChipAuthenticationError),
}

impl Access {
    /// Name for reports, as [`ChipAccess::name`].
    pub fn name(&self) -> &'static str {
        self.record().name()
    }

    /// What is kept of it.
    pub fn record(&self) -> ChipAccess {
        match self {
            Self::Pace(pace) => ChipAccess::Pace {
                protocol: pace.protocol.name(),
                parameter_id: pace.parameter_id,
                password: match pace.password {
                    PasswordKind::Mrz => ChipPassword::Mrz,
                    PasswordKind::Can => ChipPassword::Can,
                },
            },
            Self::Bac => ChipAccess::Bac,
            Self::BacAfterPaceFailure(failure) => ChipAccess::BacAfterPaceFailure {
                protocol: failure.protocol(),
                failure: failure.in_words(),
            },
        }
    }

    /// The chip's proof by Chip Authentication Mapping, if that was the way in.
    pub fn chip_authentication_mapping(&self) -> Option<&ChipAuthenticationMapping> {
        match self {
            Self::Pace(pace) => pace.chip_authentication.as_ref(),
            Self::Bac | Self::BacAfterPaceFailure(_) => None,
        }
    }
}

impl PaceFailure {
    /// What is kept of a session that it ended.
    pub fn record(&self) -> ChipAccess {
        ChipAccess::PaceFailed {
            protocol: self.protocol(),
            failure: self.in_words(),
        }
    }

    fn protocol(&self) -> Option<String> {
        match self {
            Self::Run { info, .. } => Some(info.protocol.name()),
            Self::CardAccess(_) | Self::NoUsableProtocol(_) => None,
        }
    }

    /// With its causes, in one line.
    fn in_words(&self) -> String {
        let mut text = self.to_string();
        let mut cause = self.source();
        while let Some(error) = cause {
            text = format!("{text}: {error}");
            cause = error.source();
        }
        text
    }
}

impl From<&OpenedChannel> for PaceAccess {
    fn from(opened: &OpenedChannel) -> Self {
        Self {
            protocol: opened.protocol,
            parameter_id: opened.parameter_id,
            password: opened.password,
            chip_identifier: opened.chip_identifier.clone(),
            chip_authentication: opened.chip_authentication.clone(),
            certification_authorities: opened.certification_authorities.clone(),
        }
    }
}

impl Reading {
    /// How the chip was opened and what it proved or failed to prove, for the judgement here and elsewhere.
    pub fn performed(&self) -> Performed {
        let chip_authentication = match &self.chip_authentication {
            Some(
                ChipAuthenticationOutcome::Proven(transcript)
                | ChipAuthenticationOutcome::NotProven { transcript, .. },
            ) => Some(ChipAuthenticationRecord::Answered(transcript.clone())),
            Some(ChipAuthenticationOutcome::Failed(ChipAuthenticationError::Refused(status))) => {
                Some(ChipAuthenticationRecord::Refused(*status))
            }
            Some(ChipAuthenticationOutcome::Failed(_)) | None => None,
        };
        Performed {
            access: Some(self.access.record()),
            active_authentication: self.active_authentication.clone(),
            chip_authentication,
            chip_authentication_mapping: self.access.chip_authentication_mapping().cloned(),
        }
    }

    /// All that was captured, with the zone as printed.
    pub fn into_evidence(self, printed_mrz: Option<MrzLines>) -> Evidence {
        Evidence {
            performed: self.performed(),
            printed_mrz,
            files: self.files,
        }
    }
}
