//! The logical data structure (ICAO 9303-10): the files of the chip and what EF.COM, EF.DG1 and EF.DG2 say.

use std::{collections::BTreeMap, fmt};

use egate_types::MrzLines;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::{
    limits::DG2_FACES_MAX,
    tlv::{self, TlvError},
};

/// The files of a travel document's chip (ICAO 9303-10 §4, table 38).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FileId {
    /// EF.COM, the list of data groups.
    Com,
    /// EF.SOD, the security object.
    Sod,
    /// EF.DG1, the machine readable zone.
    Dg1,
    /// EF.DG2, the portrait.
    Dg2,
    /// EF.DG3, fingers.
    Dg3,
    /// EF.DG4, irises.
    Dg4,
    /// EF.DG5, the displayed portrait.
    Dg5,
    /// EF.DG6, reserved.
    Dg6,
    /// EF.DG7, the displayed signature.
    Dg7,
    /// EF.DG8, data features.
    Dg8,
    /// EF.DG9, structure features.
    Dg9,
    /// EF.DG10, substance features.
    Dg10,
    /// EF.DG11, additional personal details.
    Dg11,
    /// EF.DG12, additional document details.
    Dg12,
    /// EF.DG13, optional details.
    Dg13,
    /// EF.DG14, security options.
    Dg14,
    /// EF.DG15, the active authentication public key.
    Dg15,
    /// EF.DG16, persons to notify.
    Dg16,
    /// EF.CardAccess, in the master file: how the chip may be opened.
    CardAccess,
    /// EF.CardSecurity, in the master file: the same, signed.
    CardSecurity,
    /// EF.ATR/INFO, in the master file: the chip's lengths.
    AtrInfo,
    /// EF.DIR, in the master file: its applications.
    Dir,
}

impl FileId {
    /// What every inspection reads, in this order: the large portrait last.
    pub const MANDATORY: [Self; 4] = [Self::Com, Self::Sod, Self::Dg1, Self::Dg2];

    /// Data groups 1 to 16.
    pub const DATA_GROUPS: [Self; 16] = [
        Self::Dg1,
        Self::Dg2,
        Self::Dg3,
        Self::Dg4,
        Self::Dg5,
        Self::Dg6,
        Self::Dg7,
        Self::Dg8,
        Self::Dg9,
        Self::Dg10,
        Self::Dg11,
        Self::Dg12,
        Self::Dg13,
        Self::Dg14,
        Self::Dg15,
        Self::Dg16,
    ];

    /// Every file, master file last.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Com, Self::Sod]
            .into_iter()
            .chain(Self::DATA_GROUPS)
            .chain([
                Self::CardAccess,
                Self::CardSecurity,
                Self::AtrInfo,
                Self::Dir,
            ])
    }

    /// The file of a data group; `None` outside 1 to 16.
    pub fn of_data_group(number: u8) -> Option<Self> {
        Self::DATA_GROUPS
            .get(usize::from(number).checked_sub(1)?)
            .copied()
    }

    /// Number of the data group, if the file is one.
    pub fn data_group(self) -> Option<u8> {
        let index = Self::DATA_GROUPS.iter().position(|file| *file == self)?;
        Some(index as u8 + 1)
    }

    /// The two-byte file identifier.
    pub fn identifier(self) -> [u8; 2] {
        match (self, self.short_identifier()) {
            (Self::AtrInfo, _) => [0x2F, 0x01],
            (Self::Dir, _) => [0x2F, 0x00],
            (_, short) => [0x01, short],
        }
    }

    /// The short file identifier.
    pub fn short_identifier(self) -> u8 {
        match (self, self.data_group()) {
            (_, Some(number)) => number,
            (Self::Com | Self::Dir, None) => 0x1E,
            (Self::Sod | Self::CardSecurity, None) => 0x1D,
            (Self::CardAccess, None) => 0x1C,
            (_, None) => 0x01,
        }
    }

    /// Whether the file lies in the master file, beside the travel document application.
    pub fn in_master_file(self) -> bool {
        matches!(
            self,
            Self::CardAccess | Self::CardSecurity | Self::AtrInfo | Self::Dir
        )
    }
}

impl fmt::Display for FileId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.data_group()) {
            (_, Some(number)) => write!(f, "EF.DG{number}"),
            (Self::Com, None) => f.write_str("EF.COM"),
            (Self::Sod, None) => f.write_str("EF.SOD"),
            (Self::CardAccess, None) => f.write_str("EF.CardAccess"),
            (Self::CardSecurity, None) => f.write_str("EF.CardSecurity"),
            (Self::AtrInfo, None) => f.write_str("EF.ATR/INFO"),
            (_, None) => f.write_str("EF.DIR"),
        }
    }
}

/// The files of one chip as read. Wiped when dropped; never prints content.
#[derive(Clone, PartialEq, Eq)]
pub struct ChipFiles(BTreeMap<FileId, Vec<u8>>);

impl ChipFiles {
    /// Wraps files as read.
    pub fn new(files: BTreeMap<FileId, Vec<u8>>) -> Self {
        Self(files)
    }

    /// A file's bytes, if the chip has it.
    pub fn get(&self, file: FileId) -> Option<&[u8]> {
        self.0.get(&file).map(Vec::as_slice)
    }

    /// Whether the chip has a file.
    pub fn contains(&self, file: FileId) -> bool {
        self.0.contains_key(&file)
    }

    /// Adds a file as read.
    pub(crate) fn insert(&mut self, file: FileId, bytes: Vec<u8>) {
        self.0.insert(file, bytes);
    }

    /// Replaces a file (simulators; forged chips).
    #[cfg(feature = "chip")]
    pub fn set(&mut self, file: FileId, bytes: Vec<u8>) {
        self.0.insert(file, bytes);
    }

    /// Removes a file (simulators; incomplete chips).
    #[cfg(feature = "chip")]
    pub fn remove(&mut self, file: FileId) {
        self.0.remove(&file);
    }

    /// Bytes of all files together.
    pub fn total_bytes(&self) -> usize {
        self.0.values().map(Vec::len).sum()
    }
}

impl Drop for ChipFiles {
    fn drop(&mut self) {
        self.0.values_mut().for_each(Zeroize::zeroize);
    }
}

impl fmt::Debug for ChipFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.iter().map(|(file, bytes)| (file, bytes.len())))
            .finish()
    }
}

/// What EF.COM says (ICAO 9303-10 §4.6.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Com {
    /// LDS version, e.g. `0107`.
    pub lds_version: String,
    /// Numbers of the data groups present, ascending.
    pub data_groups: Vec<u8>,
}

/// Coding of a portrait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PortraitFormat {
    /// JPEG.
    Jpeg,
    /// JPEG 2000, boxed or bare codestream.
    Jpeg2000,
}

/// The portrait as stored. Never prints; wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct Portrait {
    /// Its coding, by its own first bytes.
    #[zeroize(skip)]
    pub format: PortraitFormat,
    /// The coded image.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Portrait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Portrait({:?}, {} bytes)", self.format, self.bytes.len())
    }
}

/// Why a file does not say what it must.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LdsError {
    /// Its data objects are malformed or incomplete.
    #[error("data objects: {0}")]
    Tlv(TlvError),
    /// EF.COM names a tag that is no data group.
    #[error("tag {0:X} in the list of data groups is none")]
    DataGroupTag(u8),
    /// EF.DG1 holds a zone of another size than 72, 88 or 90 characters, or not of text.
    #[error("machine readable zone of {0} bytes")]
    ZoneLength(usize),
    /// The biometric record is not a face record of ISO 19794-5.
    #[error("no ISO 19794-5 face record")]
    NotAFaceRecord,
    /// The face record ends early.
    #[error("face record ends early")]
    FaceRecordEndsEarly,
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

/// Tags of data groups 1 to 16 in EF.COM (ICAO 9303-10 §4.2).
const DATA_GROUP_TAGS: [u8; 16] = [
    0x61, 0x75, 0x63, 0x76, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x6F, 0x70,
];

/// Reads EF.COM.
pub fn parse_com(file: &[u8]) -> Result<Com, LdsError> {
    let (body, _) = tlv::expect(file, 0x60)?;
    let version = tlv::find(body, 0x5F01)?;
    let mut data_groups = Vec::new();
    for tag in tlv::find(body, 0x5C)? {
        let index = DATA_GROUP_TAGS.iter().position(|known| known == tag);
        let index = index.ok_or(LdsError::DataGroupTag(*tag))?;
        data_groups.push(index as u8 + 1);
    }
    data_groups.sort_unstable();
    data_groups.dedup();
    let lds_version = version
        .iter()
        .filter(|b| b.is_ascii_graphic())
        .take(8)
        .map(|b| char::from(*b))
        .collect();
    Ok(Com {
        lds_version,
        data_groups,
    })
}

/// Reads the lines of the machine readable zone from EF.DG1.
pub fn parse_dg1(file: &[u8]) -> Result<MrzLines, LdsError> {
    let (body, _) = tlv::expect(file, 0x61)?;
    let zone = tlv::find(body, 0x5F1F)?;
    let width = match zone.len() {
        72 => 36,
        88 => 44,
        90 => 30,
        other => return Err(LdsError::ZoneLength(other)),
    };
    if !zone.is_ascii() {
        return Err(LdsError::ZoneLength(zone.len()));
    }
    let line = |bytes: &[u8]| bytes.iter().map(|b| char::from(*b)).collect::<String>();
    Ok(MrzLines::new(zone.chunks(width).map(line).collect()))
}

/// Reads the first portrait from EF.DG2: CBEFF templates (ISO 7816-11) around a face record (ISO 19794-5).
pub fn parse_dg2(file: &[u8]) -> Result<Portrait, LdsError> {
    let (body, _) = tlv::expect(file, 0x75)?;
    let templates = tlv::children(tlv::find(body, 0x7F61)?)?;
    let faces = templates
        .iter()
        .filter(|tlv| tlv.tag == 0x7F60)
        .take(DG2_FACES_MAX);
    let mut failure = LdsError::NoFace;
    for template in faces {
        let record =
            tlv::find(template.value, 0x5F2E).or_else(|_| tlv::find(template.value, 0x7F2E));
        match record.map_err(LdsError::Tlv).and_then(face_image) {
            Ok(portrait) => return Ok(portrait),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

/// ISO 19794-5 §5: record header 14 bytes; per face a block of 20 bytes, feature points of 8, image information of 12, image.
fn face_image(record: &[u8]) -> Result<Portrait, LdsError> {
    if !record.starts_with(b"FAC\0") {
        return Err(LdsError::NotAFaceRecord);
    }
    let block = record.get(14..).ok_or(LdsError::FaceRecordEndsEarly)?;
    let [a, b, c, d, e, f, ..] = block else {
        return Err(LdsError::FaceRecordEndsEarly);
    };
    let length = u32::from_be_bytes([*a, *b, *c, *d]) as usize;
    let feature_points = usize::from(u16::from_be_bytes([*e, *f]));
    let image_start = 20 + feature_points * 8 + 12;
    let image = block
        .get(image_start..length)
        .ok_or(LdsError::FaceRecordEndsEarly)?;
    let format = match image {
        [0xFF, 0xD8, 0xFF, ..] => PortraitFormat::Jpeg,
        [0, 0, 0, 0x0C, b'j', b'P', ..] | [0xFF, 0x4F, 0xFF, 0x51, ..] => PortraitFormat::Jpeg2000,
        _ => return Err(LdsError::ImageFormat),
    };
    Ok(Portrait {
        format,
        bytes: image.to_vec(),
    })
}

/// One text of the whole zone, for comparison.
pub(crate) fn joined(lines: &MrzLines) -> Zeroizing<String> {
    Zeroizing::new(lines.expose().concat())
}
