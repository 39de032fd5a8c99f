//! What forgers do to a document that they cannot sign.

use crate::{
    lds::{ChipFiles, FileId},
    sod::{self, LDS_SECURITY_OBJECT},
};

use super::data_group_2;

/// What a forger changed after signing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forgery {
    /// One letter of the name in EF.DG1.
    AlteredDg1,
    /// One byte of the face record in EF.DG2 that leaves the picture readable.
    AlteredDg2,
    /// An EF.DG16 that EF.SOD does not know.
    AddedDg16,
    /// One byte of the signature in EF.SOD.
    BrokenSignature,
    /// One byte of the signed list of hashes in EF.SOD.
    AlteredHashList,
    /// The type of the signed content in EF.SOD.
    OtherContentType,
}

/// Changes a file after signing.
pub fn forge(files: &mut ChipFiles, forgery: Forgery) {
    match forgery {
        // The second letter of the name: zone, document code and issuer come before it.
        Forgery::AlteredDg1 => alter_letter(files, FileId::Dg1, (&[0x5F, 0x1F], 3 + 6)),
        // The eye colour: record header of 14 bytes, then the seventh byte behind lengths and gender.
        Forgery::AlteredDg2 => alter_letter(files, FileId::Dg2, (b"FAC\0", 14 + 7)),
        Forgery::AddedDg16 => files.set(FileId::Dg16, vec![0x70, 0x03, 0x02, 0x01, 0x00]),
        Forgery::BrokenSignature => alter_sod(files, |sod| {
            let signed = sod::envelope(sod).ok()?;
            let signature = &signed.signers.first()?.signature;
            Some(place(sod, signature)? + signature.len() - 1)
        }),
        Forgery::AlteredHashList => alter_sod(files, |sod| {
            let content = sod::envelope(sod).ok()?.content;
            Some(place(sod, &content)? + content.len() - 1)
        }),
        Forgery::OtherContentType => alter_sod(files, |sod| {
            Some(place(sod, LDS_SECURITY_OBJECT)? + LDS_SECURITY_OBJECT.len() - 1)
        }),
    }
}

/// Puts another portrait into EF.DG2, as a forger would who cannot sign.
pub fn replace_portrait(files: &mut ChipFiles, portrait: &[u8]) {
    files.set(FileId::Dg2, data_group_2(portrait));
}

fn alter_letter(files: &mut ChipFiles, file: FileId, (marker, distance): (&[u8], usize)) {
    let Some(mut bytes) = files.get(file).map(<[u8]>::to_vec) else {
        return;
    };
    let found = place(&bytes, marker);
    if let Some(byte) = found.and_then(|at| bytes.get_mut(at + distance)) {
        *byte = if *byte == b'A' { b'B' } else { b'A' };
    }
    files.set(file, bytes);
}

fn alter_sod(files: &mut ChipFiles, find: impl Fn(&[u8]) -> Option<usize>) {
    let Some(mut bytes) = files.get(FileId::Sod).map(<[u8]>::to_vec) else {
        return;
    };
    if let Some(byte) = find(&bytes).and_then(|at| bytes.get_mut(at)) {
        *byte ^= 0x02;
    }
    files.set(FileId::Sod, bytes);
}

fn place(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes
        .windows(part.len().max(1))
        .position(|window| window == part)
}
