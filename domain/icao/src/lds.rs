//! The logical data structure (ICAO 9303-10): the files of the chip and what each of them says.
//!
//! | file | content |
//! |---|---|
//! | EF.COM, EF.ATR/INFO, EF.DIR | [`parse_com`], [`parse_atr_info`], [`parse_dir`] |
//! | EF.DG1 | [`parse_dg1`] |
//! | EF.DG2 | [`parse_faces`]; [`parse_dg2`] for the first portrait alone |
//! | EF.DG3, EF.DG4 | [`parse_templates`]: how many there are, never decoded here |
//! | EF.DG5, EF.DG7 | [`parse_displayed_images`] |
//! | EF.DG11, EF.DG12, EF.DG16 | [`parse_dg11`], [`parse_dg12`], [`parse_dg16`] |
//! | EF.DG13, EF.DG14, EF.DG15 | [`data_group_body`]: the bytes inside, for whoever knows them |
//!
//! Files may be DER or BER. What an issuer does unlike the standard is accepted where nothing is lost by it, and recorded as
//! a [`Deviation`]. Personal values are wiped when dropped and never print. The stated counts and lengths of a file are
//! compared with what is there and never used to take memory.

mod com;
mod deviation;
mod dg1;
mod dg11;
mod dg12;
mod dg16;
mod displayed;
mod elements;
mod face;
mod face_19794;
mod face_39794;
mod file_id;
mod files;
mod master_file;
mod reader;
mod templates;
mod text;
pub mod view;

use crate::tlv::TlvError;

pub use com::{Com, parse_com};
pub use deviation::{Deviation, DeviationKind};
pub(crate) use dg1::joined;
pub use dg1::parse_dg1;
pub use dg11::{AdditionalPersonalDetails, parse_dg11};
pub use dg12::{AdditionalDocumentDetails, parse_dg12};
pub use dg16::{PersonToNotify, parse_dg16};
pub use displayed::parse_displayed_images;
pub use face::{Face, FaceEncoding, Portrait, PortraitFormat, parse_dg2, parse_faces};
pub use face_39794::parse_face_image_data_block;
pub use file_id::FileId;
pub use files::ChipFiles;
pub use master_file::{Application, AtrInfo, ExtendedLengths, parse_atr_info, parse_dir};
pub use reader::{Contents, data_group_body, first_malformed_object};
pub use templates::{BiometricTemplate, parse_templates};
pub use text::{PersonalBytes, PersonalDate, PersonalText};

/// Why a file does not say what it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LdsError {
    /// Its data objects are malformed or incomplete.
    #[error("data objects: {0}")]
    Tlv(TlvError),
    /// More bytes than any file of a chip has.
    #[error("file of {0} bytes")]
    TooLarge(usize),
    /// The file is not one that this reader knows.
    #[error("{0} is not a file of this kind")]
    OtherFile(FileId),
    /// EF.COM names a tag that is no data group.
    #[error("tag {0:X} in the list of data groups is none")]
    DataGroupTag(u8),
    /// EF.DG1 holds a zone of another size than 72, 88 or 90 characters, or not of text.
    #[error("machine readable zone of {0} bytes")]
    ZoneLength(usize),
    /// The biometric data block is neither a face record of ISO 19794-5 nor a face image data block of ISO 39794-5.
    #[error("neither an ISO 19794-5 face record nor an ISO 39794-5 face image data block")]
    NotAFaceRecord,
    /// The face record ends early.
    #[error("face record ends early: {0}")]
    FaceRecordEndsEarly(&'static str),
    /// The face image data block lacks a part or that part is malformed (ISO 39794-5 §8).
    #[error("ISO 39794-5 {part}: {error}")]
    FaceBlock {
        /// The standard's name of the part.
        part: &'static str,
        /// What is wrong with it.
        error: TlvError,
    },
    /// The image is neither JPEG nor JPEG 2000.
    #[error("image is neither JPEG nor JPEG 2000")]
    ImageFormat,
    /// No face in the file.
    #[error("no face in the file")]
    NoFace,
}

impl From<TlvError> for LdsError {
    fn from(error: TlvError) -> Self {
        Self::Tlv(error)
    }
}
