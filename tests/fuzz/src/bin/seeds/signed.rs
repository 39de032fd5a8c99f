//! Signed data and certificates: security objects, certificates, links, lists of every kind, card-verifiable certificates.

use egate_icao::chip::cv_issue::{CvContent, CvSigner};
use egate_icao::chip::issue::SignatureScheme;
use egate_icao::chip::issue::authority::{
    Authority, RevocationListFault, SignerFault, SignerOptions,
};
use egate_icao::cv_certificate::{AuthorisationTemplate, CvAlgorithm, Role, TerminalKind};
use egate_icao::lds::FileId;
use egate_icao::sod::HashAlgorithm;
use egate_types::UtcTime;
use openssl::nid::Nid;

use crate::documents::{Document, KINDS, day};
use crate::{Outcome, Seeds};

pub fn seeds(documents: &[Document]) -> Outcome<Seeds> {
    let mut seeds = Vec::new();
    for document in documents {
        let files = [FileId::Sod, FileId::CardSecurity].into_iter();
        let files = files.filter_map(|file| document.issued.files.get(file));
        seeds.extend(files.map(<[u8]>::to_vec));
    }
    seeds.extend(certificates()?);
    seeds.extend(lists()?);
    seeds.extend(card_verifiable()?);
    Ok(seeds)
}

fn certificates() -> Outcome<Seeds> {
    let validity = (day("2020-01-01")?, day("2040-01-01")?);
    let mut certificates = Vec::new();
    for kind in KINDS {
        let scheme = SignatureScheme::pss(HashAlgorithm::Sha384, 48);
        let authority = Authority::new("UT", "Test Authority", (kind, scheme), validity)?;
        certificates.push(authority.certificate().to_vec());
    }
    let (authority, options) = authority()?;
    let next = Authority::new(
        "UT",
        "Next Authority",
        (options.kind, options.scheme),
        validity,
    )?;
    certificates.push(authority.link_to(&next, validity)?);
    let faults = [
        None,
        Some(SignerFault::WrongKeyUsage),
        Some(SignerFault::NoKeyUsage),
        Some(SignerFault::NoKeyIdentifiers),
        Some(SignerFault::OtherIssuerName),
    ];
    for fault in faults {
        let options = SignerOptions {
            fault,
            ..options.clone()
        };
        let signer = authority.document_signer(&options)?;
        certificates.push(signer.certificate().to_vec());
    }
    Ok(certificates)
}

fn lists() -> Outcome<Seeds> {
    let (authority, options) = authority()?;
    let signer = authority.document_signer(&options)?;
    let days = (day("2026-11-01")?, day("2026-12-01")?);
    let broken = Some(RevocationListFault::BrokenSignature);
    let made = UtcTime(1_790_000_000_000);
    let certificate = authority.certificate();
    Ok(vec![
        authority.revocation_list(&[], days, None)?,
        authority.revocation_list(&[2, 300, 70_000], days, None)?,
        authority.revocation_list(&[2], days, broken)?,
        authority.master_list(&[], made, &options)?,
        authority.master_list(&[certificate], made, &options)?,
        authority.master_list(&[certificate, signer.certificate()], made, &options)?,
        authority.deviation_list(&["L898902C3"], None, made, &options)?,
        authority.deviation_list(&[], Some(&signer), made, &options)?,
    ])
}

fn authority() -> Outcome<(Authority, SignerOptions)> {
    let options = SignerOptions {
        kind: KINDS[0],
        scheme: SignatureScheme::SHA256,
        serial: 2,
        validity: (day("2020-01-01")?, day("2040-01-01")?),
        fault: None,
    };
    let how = (options.kind, options.scheme);
    let authority = Authority::new("UT", "Test Authority", how, options.validity)?;
    Ok((authority, options))
}

fn card_verifiable() -> Outcome<Seeds> {
    let hash = HashAlgorithm::Sha256;
    let curve = Nid::BRAINPOOL_P256R1;
    let signers = [
        CvSigner::ec("UTCVCA00001", CvAlgorithm::Ecdsa(hash), curve)?,
        CvSigner::rsa("UTCVCA00002", CvAlgorithm::RsaPkcs1(hash), 1_024)?,
        CvSigner::rsa("UTCVCA00003", CvAlgorithm::RsaPss(hash), 1_024)?,
    ];
    let holder = CvSigner::ec("UTLANE00001", CvAlgorithm::Ecdsa(hash), curve)?;
    let mut certificates = Vec::new();
    for signer in signers {
        let root = signer.self_signed(&content(Role::CountryVerifying)?)?;
        let terminal = signer.issue(&holder, &content(Role::Terminal)?, false)?;
        certificates.extend([root.to_bytes(), terminal.to_bytes()]);
    }
    Ok(certificates)
}

fn content(role: Role) -> Outcome<CvContent> {
    Ok(CvContent {
        template: AuthorisationTemplate {
            kind: TerminalKind::InspectionSystem,
            role,
            rights: vec![3],
        },
        effective: day("2026-01-01")?,
        expiration: day("2027-01-01")?,
    })
}
