//! What each file of a chip says, a key per file. Files that the chip has not, or that cannot be read, have no key.

use std::collections::BTreeSet;
use std::fmt::Display;

use egate_types::Date;
use serde::Serialize;

use crate::{
    certificate::PublicKeyKind,
    cms::SignedData,
    lds::{
        self, Application, AtrInfo, BiometricTemplate, ChipFiles, Com, Contents, FileId,
        PersonalBytes,
        view::{
            BytesView, DocumentDetailsView, FaceView, ImageView, PersonToNotifyView,
            PersonalDetailsView,
        },
    },
    mrz,
    security_infos::SecurityInfos,
    trust::TrustStore,
};

use super::{hex, mrz::MrzView, security_infos::SecurityInfosView, sod};

/// The files of a chip.
#[derive(Clone, Default, Serialize)]
pub struct FilesView {
    /// EF.COM.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub com: Option<ComView>,
    /// The lines of EF.DG1 as stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mrz_lines: Option<Vec<String>>,
    /// The machine readable zone of EF.DG1.
    pub mrz: Option<MrzView>,
    /// The faces of EF.DG2.
    pub dg2: Option<Vec<FaceView>>,
    /// The templates of EF.DG3, fingers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg3: Option<Vec<TemplateView>>,
    /// The templates of EF.DG4, irises.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg4: Option<Vec<TemplateView>>,
    /// The displayed portraits of EF.DG5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg5: Option<Vec<ImageView>>,
    /// The displayed signatures or usual marks of EF.DG7.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg7: Option<Vec<ImageView>>,
    /// EF.DG11.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg11: Option<PersonalDetailsView>,
    /// EF.DG12.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg12: Option<DocumentDetailsView>,
    /// The content of EF.DG13, which each issuer defines for itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg13: Option<BytesView>,
    /// What EF.DG14 announces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg14: Option<SecurityInfosView>,
    /// The key of EF.DG15.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg15: Option<KeyView>,
    /// The persons of EF.DG16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dg16: Option<Vec<PersonToNotifyView>>,
    /// What EF.CardAccess announces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_access: Option<SecurityInfosView>,
    /// What EF.CardSecurity announces.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_security: Option<CardSecurityView>,
    /// EF.ATR/INFO.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub atr_info: Option<AtrInfoView>,
    /// The applications of EF.DIR.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dir: Option<Vec<ApplicationView>>,
}

/// EF.COM.
#[derive(Debug, Clone, Serialize)]
pub struct ComView {
    /// LDS version, e.g. `0107`.
    pub lds_version: String,
    /// Unicode version, e.g. `040000`.
    pub unicode_version: String,
    /// Data groups that it lists.
    pub data_groups: Vec<u8>,
}

/// A biometric template, whose data block is not looked into.
#[derive(Debug, Clone, Serialize)]
pub struct TemplateView {
    /// 8 finger, 16 iris (ISO 19785-1).
    pub biometric_type: Option<u32>,
    /// Which finger, which eye.
    pub subtype: Option<u32>,
    /// Owner of the data block's format; 257 is ISO/IEC JTC 1/SC 37.
    pub format_owner: Option<u32>,
    /// Format of the data block; 7 is ISO 19794-4, 9 ISO 19794-6.
    pub format_type: Option<u32>,
    /// Bytes of the data block.
    pub length: usize,
}

/// The public key of EF.DG15.
#[derive(Debug, Clone, Serialize)]
pub struct KeyView {
    /// `rsa`, `ec`, or `unknown`.
    pub algorithm: &'static str,
    /// Bits of the modulus or of the field.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits: Option<u32>,
    /// The curve and how it is written, e.g. `brainpoolP256r1 explicit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve: Option<String>,
}

/// EF.CardSecurity.
#[derive(Debug, Clone, Serialize)]
pub struct CardSecurityView {
    /// As `document sod` says it: signature and chain.
    pub result: &'static str,
    /// What it announces.
    #[serde(flatten)]
    pub infos: SecurityInfosView,
}

/// EF.ATR/INFO.
#[derive(Debug, Clone, Serialize)]
pub struct AtrInfoView {
    /// Most bytes of a command, if stated.
    pub command_bytes: Option<u32>,
    /// Most bytes of a response, if stated.
    pub response_bytes: Option<u32>,
    /// Card capabilities in hexadecimal, if stated.
    pub card_capabilities: Option<String>,
}

/// An application that EF.DIR lists.
#[derive(Debug, Clone, Serialize)]
pub struct ApplicationView {
    /// Application identifier in hexadecimal.
    pub identifier: String,
    /// Label for people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

impl FilesView {
    /// Lays the files open; what cannot be read, and what had to be tolerated, goes into `notes`.
    pub(super) fn of(
        files: &ChipFiles,
        (trust, at): (&TrustStore, Date),
        notes: &mut Notes,
    ) -> Self {
        let mut contents = Reader { files, notes };
        let lines = contents.read(FileId::Dg1, lds::parse_dg1);
        let zone = lines.as_ref().map(mrz::read);
        let zone = zone.and_then(|zone| contents.readable(FileId::Dg1, zone));
        let templates = |contents: &mut Reader<'_>, file| {
            let found = contents.tolerant(file, |bytes| lds::parse_templates(file, bytes))?;
            Some(found.iter().map(TemplateView::of).collect())
        };
        let images = |contents: &mut Reader<'_>, file| {
            let found =
                contents.tolerant(file, |bytes| lds::parse_displayed_images(file, bytes))?;
            Some(found.iter().map(ImageView::of).collect())
        };
        let faces = contents.tolerant(FileId::Dg2, lds::parse_faces);
        let dg11 = contents.tolerant(FileId::Dg11, lds::parse_dg11);
        let dg12 = contents.tolerant(FileId::Dg12, lds::parse_dg12);
        let dg13 = contents.read(FileId::Dg13, |bytes| {
            lds::data_group_body(FileId::Dg13, bytes).map(PersonalBytes::read)
        });
        let dg16 = contents.tolerant(FileId::Dg16, lds::parse_dg16);
        let dir = contents.tolerant(FileId::Dir, lds::parse_dir);
        let infos = |infos: SecurityInfos| SecurityInfosView::of(&infos);
        Self {
            com: contents.read(FileId::Com, lds::parse_com).map(ComView::of),
            mrz_lines: lines.map(|lines| lines.expose().to_vec()),
            mrz: zone.as_ref().map(MrzView::of),
            dg2: faces.map(|faces| faces.iter().map(FaceView::of).collect()),
            dg3: templates(&mut contents, FileId::Dg3),
            dg4: templates(&mut contents, FileId::Dg4),
            dg5: images(&mut contents, FileId::Dg5),
            dg7: images(&mut contents, FileId::Dg7),
            dg11: dg11.as_ref().map(PersonalDetailsView::of),
            dg12: dg12.as_ref().map(DocumentDetailsView::of),
            dg13: dg13.as_ref().map(BytesView::of),
            dg14: contents
                .read(FileId::Dg14, SecurityInfos::parse_dg14)
                .map(infos),
            dg15: contents.read(FileId::Dg15, KeyView::read),
            dg16: dg16.map(|persons| persons.iter().map(PersonToNotifyView::of).collect()),
            card_access: contents
                .read(FileId::CardAccess, SecurityInfos::parse)
                .map(infos),
            card_security: contents.read(FileId::CardSecurity, |bytes| {
                CardSecurityView::read(bytes, trust, at)
            }),
            atr_info: contents
                .tolerant(FileId::AtrInfo, lds::parse_atr_info)
                .map(AtrInfoView::of),
            dir: dir.map(|found| found.iter().map(ApplicationView::of).collect()),
        }
    }
}

/// What was noticed while reading.
#[derive(Default)]
pub(super) struct Notes {
    /// Files that cannot be read, with offset and rule.
    pub(super) malformed: BTreeSet<String>,
    /// Deviations that were accepted.
    pub(super) deviations: Vec<String>,
}

struct Reader<'a> {
    files: &'a ChipFiles,
    notes: &'a mut Notes,
}

impl Reader<'_> {
    fn read<T, E: Display>(
        &mut self,
        file: FileId,
        parse: impl FnOnce(&[u8]) -> Result<T, E>,
    ) -> Option<T> {
        let bytes = self.files.get(file)?;
        let parsed = parse(bytes).map_err(|error| {
            let offset = lds::first_malformed_object(bytes).map_or(0, |(offset, _)| offset);
            format!("at offset {offset}: {error}")
        });
        self.readable(file, parsed)
    }

    fn tolerant<T, E: Display>(
        &mut self,
        file: FileId,
        parse: impl FnOnce(&[u8]) -> Result<Contents<T>, E>,
    ) -> Option<T> {
        let contents = self.read(file, parse)?;
        let deviations = contents.deviations.iter().map(ToString::to_string);
        self.notes.deviations.extend(deviations);
        Some(contents.content)
    }

    fn readable<T, E: Display>(&mut self, file: FileId, parsed: Result<T, E>) -> Option<T> {
        parsed
            .map_err(|error| self.notes.malformed.insert(format!("{file}: {error}")))
            .ok()
    }
}

impl ComView {
    fn of(com: Com) -> Self {
        Self {
            lds_version: com.lds_version,
            unicode_version: com.unicode_version,
            data_groups: com.data_groups,
        }
    }
}

impl TemplateView {
    fn of(template: &BiometricTemplate) -> Self {
        Self {
            biometric_type: template.biometric_type,
            subtype: template.subtype,
            format_owner: template.format_owner,
            format_type: template.format_type,
            length: template.data.len(),
        }
    }
}

impl KeyView {
    fn read(file: &[u8]) -> Result<Self, lds::LdsError> {
        let info = lds::data_group_body(FileId::Dg15, file)?;
        let kind = PublicKeyKind::of_info(info);
        let curve = kind.curve_in_words();
        let (algorithm, bits) = match kind {
            PublicKeyKind::Rsa { bits, .. } => ("rsa", Some(bits)),
            PublicKeyKind::Ec { bits, .. } => ("ec", Some(bits)),
            PublicKeyKind::Unknown => ("unknown", None),
        };
        Ok(Self {
            algorithm,
            bits,
            curve,
        })
    }
}

impl CardSecurityView {
    fn read(file: &[u8], trust: &TrustStore, at: Date) -> Result<Self, String> {
        let signed = SignedData::parse(file).map_err(|error| error.to_string())?;
        let infos = SecurityInfos::parse(&signed.content).map_err(|error| error.to_string())?;
        let judged = sod::view(file, trust, at).map_err(|error| error.to_string())?;
        Ok(Self {
            result: judged.result,
            infos: SecurityInfosView::of(&infos),
        })
    }
}

impl AtrInfoView {
    fn of(info: AtrInfo) -> Self {
        let lengths = info.extended_lengths;
        Self {
            command_bytes: lengths.map(|lengths| lengths.command_bytes),
            response_bytes: lengths.map(|lengths| lengths.response_bytes),
            card_capabilities: info.card_capabilities.map(|bytes| hex(&bytes)),
        }
    }
}

impl ApplicationView {
    fn of(application: &Application) -> Self {
        Self {
            identifier: hex(&application.identifier),
            label: application.label.clone(),
        }
    }
}
