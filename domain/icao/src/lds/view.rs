//! What the files say, as plain records for reports and scripts. The keys are names that integrators rely on.
//!
//! A view holds personal data in the clear: whoever makes one answers for where it goes. Nothing in the lane makes one.

use openssl::sha::sha256;
use serde::Serialize;

use super::{
    AdditionalDocumentDetails, AdditionalPersonalDetails, Face, FaceEncoding, PersonToNotify,
    PersonalBytes, PersonalDate, PersonalText, Portrait, PortraitFormat,
};
use crate::portrait::{self, Variant};

/// An image: what its header says, what it hashes to, how its pixels look on average.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ImageView {
    /// `jpeg` or `jpeg2000`.
    pub image_format: &'static str,
    /// `jpeg`, `jp2` or `j2k` (a bare codestream).
    pub variant: Option<&'static str>,
    /// Pixels across.
    pub width: Option<u32>,
    /// Pixels down.
    pub height: Option<u32>,
    /// 1 grey, 3 colour.
    pub channels: Option<u8>,
    /// Bytes as stored, filler included.
    pub image_length: usize,
    /// SHA-256 of the bytes as stored.
    pub image_sha256: String,
    /// Mean of red, green and blue, rounded to one decimal.
    pub mean_rgb: Option<[f64; 3]>,
    /// What the decoder tolerated.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub deviations: Vec<String>,
    /// Why there are no pixels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

impl ImageView {
    /// Decodes the image.
    pub fn of(image: &Portrait) -> Self {
        let mut view = Self {
            image_format: match image.format {
                PortraitFormat::Jpeg => "jpeg",
                PortraitFormat::Jpeg2000 => "jpeg2000",
            },
            variant: None,
            width: None,
            height: None,
            channels: None,
            image_length: image.bytes.len(),
            image_sha256: hex(&sha256(&image.bytes)),
            mean_rgb: None,
            deviations: Vec::new(),
            error: None,
        };
        if let Ok(description) = portrait::describe(&image.bytes) {
            view.variant = Some(match description.variant {
                Variant::Jpeg => "jpeg",
                Variant::Jp2 => "jp2",
                Variant::Codestream => "j2k",
            });
            view.width = Some(description.width);
            view.height = Some(description.height);
        }
        match portrait::decode(&image.bytes) {
            Ok(decoded) => {
                let tenths = |mean: f64| (mean * 10.0).round() / 10.0;
                view.channels = Some(decoded.channels);
                view.mean_rgb = Some(decoded.mean_rgb().map(tenths));
                view.deviations = decoded.deviations.iter().map(ToString::to_string).collect();
            }
            Err(error) => view.error = Some(error.to_string()),
        }
        view
    }
}

/// One face of EF.DG2: an entry of `dg2`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FaceView {
    /// `iso19794-5` or `iso39794-5`.
    pub encoding: &'static str,
    /// The image.
    #[serde(flatten)]
    pub image: ImageView,
    /// Feature points or landmarks.
    pub feature_points: u32,
}

impl FaceView {
    /// Decodes the face's image.
    pub fn of(face: &Face) -> Self {
        Self {
            encoding: match face.encoding {
                FaceEncoding::Iso19794 => "iso19794-5",
                FaceEncoding::Iso39794 => "iso39794-5",
            },
            image: ImageView::of(&face.portrait),
            feature_points: face.feature_points,
        }
    }
}

/// EF.DG11: `dg11`. Absent elements have no key.
#[derive(Clone, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the elements are those of AdditionalPersonalDetails"
)]
pub struct PersonalDetailsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_name: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub full_date_of_birth: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place_of_birth: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permanent_address: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profession: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal_summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proof_of_citizenship: Option<BytesView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub other_valid_td_numbers: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custody_information: Option<String>,
}

impl PersonalDetailsView {
    /// Lays the details open.
    pub fn of(details: &AdditionalPersonalDetails) -> Self {
        Self {
            full_name: text(&details.full_name),
            other_names: texts(&details.other_names),
            personal_number: text(&details.personal_number),
            full_date_of_birth: date(&details.full_date_of_birth),
            place_of_birth: text(&details.place_of_birth),
            permanent_address: text(&details.permanent_address),
            telephone: text(&details.telephone),
            profession: text(&details.profession),
            title: text(&details.title),
            personal_summary: text(&details.personal_summary),
            proof_of_citizenship: details.proof_of_citizenship.as_ref().map(BytesView::of),
            other_valid_td_numbers: text(&details.other_valid_td_numbers),
            custody_information: text(&details.custody_information),
        }
    }
}

/// EF.DG12: `dg12`. Absent elements have no key.
#[derive(Clone, PartialEq, Serialize)]
#[expect(
    missing_docs,
    reason = "the elements are those of AdditionalDocumentDetails"
)]
pub struct DocumentDetailsView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issuing_authority: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_of_issue: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub other_persons: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub endorsements: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_or_exit_requirements: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_of_front: Option<BytesView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_of_rear: Option<BytesView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalization_time: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personalization_system_number: Option<String>,
}

impl DocumentDetailsView {
    /// Lays the details open.
    pub fn of(details: &AdditionalDocumentDetails) -> Self {
        Self {
            issuing_authority: text(&details.issuing_authority),
            date_of_issue: date(&details.date_of_issue),
            other_persons: texts(&details.other_persons),
            endorsements: text(&details.endorsements),
            tax_or_exit_requirements: text(&details.tax_or_exit_requirements),
            image_of_front: details.image_of_front.as_ref().map(BytesView::of),
            image_of_rear: details.image_of_rear.as_ref().map(BytesView::of),
            personalization_time: date(&details.personalization_time),
            personalization_system_number: text(&details.personalization_system_number),
        }
    }
}

/// One person of EF.DG16: an entry of `dg16`.
#[derive(Clone, PartialEq, Serialize)]
#[expect(missing_docs, reason = "the elements are those of PersonToNotify")]
pub struct PersonToNotifyView {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_recorded: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub telephone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

impl PersonToNotifyView {
    /// Lays the person's details open.
    pub fn of(person: &PersonToNotify) -> Self {
        Self {
            date_recorded: date(&person.date_recorded),
            name: text(&person.name),
            telephone: text(&person.telephone),
            address: text(&person.address),
        }
    }
}

/// Bytes, and what image they are if one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BytesView {
    /// Bytes as stored.
    pub length: usize,
    /// SHA-256 of the bytes as stored.
    pub sha256: String,
    /// The image.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<ImageView>,
}

impl BytesView {
    /// Decodes the bytes if they begin like an image.
    pub fn of(bytes: &PersonalBytes) -> Self {
        Self {
            length: bytes.expose().len(),
            sha256: hex(&sha256(bytes.expose())),
            image: bytes.image().as_ref().map(ImageView::of),
        }
    }
}

fn text(text: &Option<PersonalText>) -> Option<String> {
    Some(text.as_ref()?.expose().to_owned())
}

fn texts(texts: &[PersonalText]) -> Vec<String> {
    texts.iter().map(|text| text.expose().to_owned()).collect()
}

fn date(date: &Option<PersonalDate>) -> Option<String> {
    Some(date.as_ref()?.expose().to_owned())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
