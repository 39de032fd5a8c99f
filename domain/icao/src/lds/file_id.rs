//! The names and identifiers of the chip's files.

use std::fmt;

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

    /// The tag of the file's outermost data object (ICAO 9303-10 §4.2, table 38); `None` where the file has no such object
    /// of its own.
    pub fn tag(self) -> Option<u32> {
        match self {
            Self::Com => Some(0x60),
            Self::Sod => Some(0x77),
            Self::Dg1 => Some(0x61),
            Self::Dg2 => Some(0x75),
            Self::Dg3 => Some(0x63),
            Self::Dg4 => Some(0x76),
            Self::Dg5 => Some(0x65),
            Self::Dg6 => Some(0x66),
            Self::Dg7 => Some(0x67),
            Self::Dg8 => Some(0x68),
            Self::Dg9 => Some(0x69),
            Self::Dg10 => Some(0x6A),
            Self::Dg11 => Some(0x6B),
            Self::Dg12 => Some(0x6C),
            Self::Dg13 => Some(0x6D),
            Self::Dg14 => Some(0x6E),
            Self::Dg15 => Some(0x6F),
            Self::Dg16 => Some(0x70),
            Self::CardAccess | Self::CardSecurity | Self::AtrInfo | Self::Dir => None,
        }
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
