//! What users of other readers complain about, as far as it concerns judging what was read: one test per complaint, named after it.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod files;
mod images;
mod reader;

use std::collections::BTreeMap;

use egate_icao::{
    active_authentication::{Challenge, Exchange},
    apdu::Command,
    chip::{
        active_authentication::{ActiveAuthenticationSigner, EcdsaForm, RANDOM_BYTES_MAX, Trailer},
        issue::{
            DocumentOptions, KeyKind, Quirk, SignatureScheme,
            authority::{Authority, SignerFault, SignerOptions},
        },
    },
    evidence::{Evidence, Performed},
    lds::{self, ChipFiles, Deviation, DeviationKind, FileId, LdsError, view::FaceView},
    sod::{self, HashAlgorithm},
    tlv::{self, TlvError},
    trust::TrustStore,
    verify::{DocumentReport, passive_authentication},
};
use egate_types::{CheckResult, Date};
use files::{Face, details, dg2, repeated};
use openssl::{
    nid::Nid,
    stack::Stack,
    x509::{X509, X509StoreContext, store::X509StoreBuilder},
};
use reader::{document, issuer, portrait_of, today};

fn signer_options(kind: KeyKind, fault: Option<SignerFault>) -> SignerOptions {
    let day = |text| Date::parse(text).unwrap();
    SignerOptions {
        kind,
        scheme: SignatureScheme::SHA256,
        serial: 77,
        validity: (day("2020-01-01"), day("2040-01-01")),
        fault,
    }
}

fn authority(country: &str, kind: KeyKind) -> Authority {
    let options = signer_options(kind, None);
    let keys = (kind, options.scheme);
    Authority::new(country, "CSCA", keys, options.validity).unwrap()
}

fn judge(files: &ChipFiles, trust: &TrustStore) -> DocumentReport {
    passive_authentication(files, None, trust, today())
}

/// Error of OpenSSL 3.0 for certificates whose curve is written out instead of named.
const EXPLICIT_PARAMETERS: i32 = 94;

/// OpenSSL's own store refuses what nearly all states issue, and nobody names the issuer as it names itself.
#[test]
fn csca_not_found_or_openssl_3_breaks_sod_verification() {
    let kind = KeyKind::EcBrainpoolP256Explicit;
    for (country, fault) in [
        ("UT", None),
        ("ut", None),
        ("UT", Some(SignerFault::OtherIssuerName)),
        ("UT", Some(SignerFault::NoKeyIdentifiers)),
    ] {
        let state = authority(country, kind);
        let signer = state.document_signer(&signer_options(kind, fault)).unwrap();
        let issued = signer.issue(&document(), &portrait_of(9), &DocumentOptions::default());
        let files = issued.unwrap().files;
        // Earlier keys of the same name come first.
        let before = authority(country, kind);
        let both = [before.certificate(), state.certificate()];
        let trust = TrustStore::from_certificates(both).unwrap();
        let verdict = judge(&files, &trust).verdict;
        assert!(verdict.is_valid(), "{country} {fault:?}: {verdict:?}");
        let refused = refusal_of_openssl(&state, signer.certificate());
        if fault.is_none() {
            assert_eq!(refused, EXPLICIT_PARAMETERS);
        }
    }
}

fn refusal_of_openssl(state: &Authority, signer: &[u8]) -> i32 {
    let mut store = X509StoreBuilder::new().unwrap();
    let anchor = X509::from_der(state.certificate()).unwrap();
    store.add_cert(anchor).unwrap();
    let signer = X509::from_der(signer).unwrap();
    let mut context = X509StoreContext::new().unwrap();
    let verified = context.init(&store.build(), &signer, &Stack::new().unwrap(), |context| {
        context.verify_cert()?;
        Ok(context.error().as_raw())
    });
    verified.unwrap()
}

const ID_DATA: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
const SDU: &[u8] = &[0x2A, 0x84, 0x10, 0x01, 0x87, 0x6E, 0x01, 0x14, 0x01];

/// Each is tolerated, and each leaves its one deviation.
#[test]
fn content_type_id_data_or_sdu_unsorted_issuer_names_sid_mismatch_and_leading_zeros() {
    let issuer = issuer(KeyKind::EcP256);
    let trust = TrustStore::from_certificates([issuer.csca_der().unwrap()]).unwrap();
    for (content_type, quirk, words) in [
        (None, None, None),
        (Some(ID_DATA), None, Some("content type")),
        (Some(SDU), None, Some("content type")),
        (
            None,
            Some(Quirk::IssuerUnsorted),
            Some("another order or coding"),
        ),
        (
            None,
            Some(Quirk::OtherSignerNamed),
            Some("names another certificate"),
        ),
        (None, Some(Quirk::LeadingZeros), Some("shortest form")),
    ] {
        let mut options = DocumentOptions {
            quirk,
            ..DocumentOptions::default()
        };
        if let Some(oid) = content_type {
            options.content_type = oid.to_vec();
        }
        let issued = issuer.issue_with(&document(), &portrait_of(9), &options);
        let report = judge(&issued.unwrap().files, &trust);
        assert!(report.verdict.is_valid(), "{words:?}: {:?}", report.verdict);
        assert_eq!(
            report.deviations.len(),
            usize::from(words.is_some()),
            "{:?}",
            report.deviations
        );
        let noted = |words| report.deviations.iter().any(|text| text.contains(words));
        assert!(
            words.is_none_or(noted),
            "{words:?}: {:?}",
            report.deviations
        );
    }
}

const CHALLENGE: Challenge = [1, 2, 3, 4, 5, 6, 7, 8];

/// The whole judgement of a document whose chip answered a challenge with this key.
fn judge_with(key: &ActiveAuthenticationSigner) -> DocumentReport {
    let mut data_groups = BTreeMap::from([(15, key.data_group_15().unwrap())]);
    if let Some(info) = key.security_info() {
        data_groups.insert(14, tlv::encode(0x6E, &tlv::encode(0x31, &info)));
    }
    let options = DocumentOptions {
        data_groups,
        ..DocumentOptions::default()
    };
    let issuer = issuer(KeyKind::EcP256);
    let issued = issuer.issue_with(&document(), &portrait_of(9), &options);
    let command = Command::new(0x00, 0x88, 0x00, 0x00).with_data(CHALLENGE);
    let answer = key.answer(&command, &[7; RANDOM_BYTES_MAX]);
    let evidence = Evidence {
        files: issued.unwrap().files,
        printed_mrz: None,
        performed: Performed {
            active_authentication: Some(Exchange::new(CHALLENGE, answer)),
            ..Performed::default()
        },
    };
    let trust = TrustStore::from_certificates([issuer.csca_der().unwrap()]).unwrap();
    evidence.judge(&trust, today())
}

#[test]
fn aa_ecdsa_in_der() {
    for (form, said) in [
        (EcdsaForm::Plain, None),
        (
            EcdsaForm::Der,
            Some("active authentication signature is in DER form"),
        ),
    ] {
        let curve = Nid::BRAINPOOL_P256R1;
        let key = ActiveAuthenticationSigner::ec(curve, true, HashAlgorithm::Sha256, form);
        let report = judge_with(&key.unwrap());
        let check = report.checks.find("ActiveAuthCheck").unwrap();
        assert_eq!(check.result, CheckResult::Successful, "{check:?}");
        assert_eq!(check.detail.as_deref(), said);
    }
}

#[test]
fn tiny_aa_modulus_proves_nothing() {
    let key = ActiveAuthenticationSigner::rsa(512, Trailer::Implicit).unwrap();
    let report = judge_with(&key);
    let check = report.checks.find("ActiveAuthCheck").unwrap();
    assert_eq!(check.result, CheckResult::Failed);
    assert!(check.detail.as_ref().unwrap().contains("512"), "{check:?}");
}

/// Recursion, quadratic time, lengths of 32 bits: every reader of files ends with an error, and soon.
#[test]
fn panics_on_hostile_tlv() {
    // As large as files may be: work that grows with the square of it would not end within the hour.
    const BYTES: usize = 1 << 20;
    let mut hostile = Vec::new();
    for tag in [0x60, 0x77, 0x61, 0x75, 0x63, 0x65, 0x67, 0x6B, 0x6C, 0x70] {
        let deep: Vec<u8> = [0x30, 0x80].repeat(BYTES / 2);
        hostile.push([&[tag, 0x80], &deep[..]].concat());
        hostile.push(tlv::encode(tag.into(), &[0x04, 0x00].repeat(BYTES / 2)));
        hostile.push(
            [
                &[tag, 0x80],
                &[0x24, 0x80, 0x00, 0x00].repeat(BYTES / 4)[..],
            ]
            .concat(),
        );
        for length in [[0x7F, 0xFF, 0xFF, 0xFF], [0xFF; 4], [0x80, 0, 0, 0]] {
            let header = [&[0x84], &length[..]].concat();
            hostile.push([&[tag], &header[..]].concat());
            let inside = [&[0x30], &header[..]].concat();
            hostile.push(tlv::encode(tag.into(), &inside));
        }
    }
    for bytes in &hostile {
        assert!(sod::parse(bytes).is_err());
        assert!(lds::parse_com(bytes).is_err());
        assert!(lds::parse_dg1(bytes).is_err());
        assert!(lds::parse_faces(bytes).is_err());
        assert!(lds::parse_templates(FileId::Dg3, bytes).is_err());
        assert!(lds::parse_displayed_images(FileId::Dg7, bytes).is_err());
        assert!(lds::parse_dg11(bytes).is_err());
        assert!(lds::parse_dg12(bytes).is_err());
        assert!(lds::parse_dg16(bytes).is_err());
        let _ = lds::first_malformed_object(bytes);
    }
}

#[test]
fn unbounded_dg11_counts_take_no_memory() {
    let many = [&b"JON"[..]; 40];
    let mut names = repeated(0x5F0F, &many);
    // The count of one byte makes way for the largest of four.
    names.splice(..3, tlv::encode(0x02, &[0x7F, 0xFF, 0xFF, 0xFF]));
    let read = lds::parse_dg11(&details(0x6B, &[(0xA0, &names)])).unwrap();
    assert_eq!(read.content.other_names.len(), 16);
    let stated = |deviation: &Deviation| {
        matches!(
            deviation.kind,
            DeviationKind::Count {
                stated: Some(0x7FFF_FFFF),
                found: 40
            }
        )
    };
    assert!(read.deviations.iter().any(stated), "{:?}", read.deviations);
    let endless = repeated(0x5F0F, &[&b""[..]; 300]);
    let refused = lds::parse_dg11(&details(0x6B, &[(0xA0, &endless)]));
    assert_eq!(refused.unwrap_err(), LdsError::Tlv(TlvError::TooMany));
}

#[test]
fn jpeg_2000_with_padding_after_the_codestream_is_rejected() {
    let codestream = images::j2k(33, 17, 3);
    for image in [images::jp2(33, 17, 3, &codestream), codestream] {
        let padded = [image.clone(), vec![0; 513]].concat();
        let file = dg2(&[Face::new(padded.clone(), 1, (33, 17))]);
        let faces = lds::parse_faces(&file).unwrap();
        let shown = FaceView::of(&faces.content[0]).image;
        assert_eq!((shown.width, shown.height), (Some(33), Some(17)));
        assert_eq!(shown.mean_rgb, Some([128.0; 3]), "{:?}", shown.error);
        assert_eq!(shown.image_length, padded.len());
        let noted = matches!(shown.deviations.as_slice(), [only] if only.contains("513"));
        assert!(noted, "{:?}", shown.deviations);
    }
}
