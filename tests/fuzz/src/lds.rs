//! Contents of the chip's files, each as what it claims to be.

use egate_icao::lds::{self, FileId};
use egate_icao::{
    active_authentication::ActiveAuthenticationKey, domain_parameters::DomainParameters,
    security_infos::SecurityInfos,
};

/// One input of the target.
pub fn run(bytes: &[u8]) {
    let _ = lds::parse_com(bytes);
    let _ = lds::parse_dg1(bytes);
    let _ = lds::parse_dg2(bytes);
    let _ = lds::parse_faces(bytes);
    let _ = lds::parse_dg11(bytes);
    let _ = lds::parse_dg12(bytes);
    let _ = lds::parse_dg16(bytes);
    let _ = lds::parse_atr_info(bytes);
    let _ = lds::parse_dir(bytes);
    for file in FileId::all() {
        let _ = lds::parse_displayed_images(file, bytes);
        let _ = lds::parse_templates(file, bytes);
    }
    let _ = SecurityInfos::parse(bytes);
    let _ = SecurityInfos::parse_dg14(bytes);
    let _ = DomainParameters::from_subject_public_key_info(bytes);
    let _ = ActiveAuthenticationKey::from_dg15(bytes);
}
