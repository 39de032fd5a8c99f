//! Opening an inspection and asking for its verdict.

use std::fmt;

use egate_types::{
    CheckResult, Date, Direction, DocumentNumber, EvidenceHash, Holder, InspectionId, LaneId,
    PersonName, Sex, StateCode, TravelDocument, UtcTime,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use crate::v1::DocumentEvidence;

/// The gate knows the machine readable zone: screening may start while the chip is still being read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenInspection {
    /// The inspection; the same as in the path.
    pub inspection: InspectionId,
    /// The lane; the same as in the gate's certificate.
    pub lane: LaneId,
    /// Which way the lane leads.
    pub direction: Direction,
    /// When the document was first seen.
    pub opened_at: UtcTime,
    /// What the machine readable zone says.
    pub document: DocumentMessage,
}

/// A travel document on the wire. Never prints; names are wiped when dropped.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DocumentMessage {
    /// Document code, e.g. `P`.
    pub code: String,
    /// Issuing state or organisation.
    pub issuer: StateCode,
    /// Document number, normalised.
    #[serde(with = "number_text")]
    pub number: DocumentNumber,
    /// Last day of validity, if complete.
    pub date_of_expiry: Option<Date>,
    /// Primary identifier.
    pub surname: String,
    /// Secondary identifier; may be empty.
    pub given: String,
    /// Date of birth, if complete.
    pub date_of_birth: Option<Date>,
    /// Sex as printed.
    pub sex: Sex,
    /// Nationality.
    pub nationality: StateCode,
}

impl fmt::Debug for DocumentMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DocumentMessage(..)")
    }
}

impl Drop for DocumentMessage {
    fn drop(&mut self) {
        self.surname.zeroize();
        self.given.zeroize();
    }
}

impl From<&TravelDocument> for DocumentMessage {
    fn from(document: &TravelDocument) -> Self {
        Self {
            code: document.code.clone(),
            issuer: document.issuer.clone(),
            number: document.number.clone(),
            date_of_expiry: document.date_of_expiry,
            surname: document.holder.name.surname.clone(),
            given: document.holder.name.given.clone(),
            date_of_birth: document.holder.date_of_birth,
            sex: document.holder.sex,
            nationality: document.holder.nationality.clone(),
        }
    }
}

impl From<&DocumentMessage> for TravelDocument {
    fn from(message: &DocumentMessage) -> Self {
        Self {
            code: message.code.clone(),
            issuer: message.issuer.clone(),
            number: message.number.clone(),
            date_of_expiry: message.date_of_expiry,
            holder: Holder {
                name: PersonName {
                    surname: message.surname.clone(),
                    given: message.given.clone(),
                },
                date_of_birth: message.date_of_birth,
                sex: message.sex,
                nationality: message.nationality.clone(),
            },
        }
    }
}

/// Which list an authority answers from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListState {
    /// Identity of the list, e.g. `border-watch`.
    pub list: String,
    /// Grows with each import.
    pub version: u64,
    /// Entries in it.
    pub entries: u64,
    /// Seconds since it was brought up to date.
    pub age_s: u64,
}

/// The gate has frozen the evidence and asks for the verdict over it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EvidenceSubmission {
    /// Names the frozen evidence.
    pub evidence: EvidenceHash,
    /// What the gate found.
    pub checks: CheckSummary,
    /// What it read from the chip; for the authority that answers for identity alone, which judges it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<DocumentEvidence>,
}

/// The gate's checks in three results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSummary {
    /// Aggregate of the document checks.
    pub document: CheckResult,
    /// Live face against chip portrait.
    pub face: CheckResult,
    /// Presentation attack detection.
    pub presentation: CheckResult,
}

impl CheckSummary {
    /// All three ran and hold; anything else needs an officer.
    pub fn all_successful(&self) -> bool {
        [self.document, self.face, self.presentation]
            .into_iter()
            .all(|result| result == CheckResult::Successful)
    }
}

/// A document number as its normalised text.
mod number_text {
    use egate_types::DocumentNumber;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(
        number: &DocumentNumber,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(number.expose())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<DocumentNumber, D::Error> {
        let text = String::deserialize(deserializer)?;
        // The text itself stays out of the error: it identifies a person.
        DocumentNumber::parse(&text).ok_or_else(|| D::Error::custom("malformed document number"))
    }
}
