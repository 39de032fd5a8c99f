//! Every verdict of passive authentication on made-up documents: each reason and each warning by what causes it, and nothing else.

#![expect(
    clippy::unwrap_used,
    reason = "a test ends where its preparation fails"
)]

mod reader;

use std::collections::BTreeMap;

use egate_icao::{
    chip::issue::{
        DocumentOptions, Forgery, IssuedDocument, KeyKind, Quirk, SignatureScheme,
        authority::{Authority, RevocationListFault, SignerFault, SignerOptions},
        forge,
    },
    evidence::{Evidence, Performed},
    lds::{ChipFiles, FileId},
    report,
    sod::HashAlgorithm,
    trust::{TrustStore, deviation_list::DeviationList, master_list::MasterListError},
    verify::{passive_authentication, verdict::Verdict},
};
use egate_types::{CheckNode, CheckResult, Date, UtcTime};
use proptest::prelude::*;
use reader::{PORTRAIT, document, today};

const EC: (KeyKind, SignatureScheme) = (KeyKind::EcP256, SignatureScheme::SHA256);

fn day(text: &str) -> Date {
    Date::parse(text).unwrap()
}

fn noon(text: &str) -> UtcTime {
    UtcTime(day(text).days() * 86_400_000 + 43_200_000)
}

fn long() -> (Date, Date) {
    (day("2020-01-01"), day("2040-01-01"))
}

fn authority(name: &str) -> Authority {
    Authority::new("UT", name, EC, long()).unwrap()
}

fn good_signer() -> SignerOptions {
    SignerOptions {
        kind: EC.0,
        scheme: EC.1,
        serial: 77,
        validity: long(),
        fault: None,
    }
}

fn issue(authority: &Authority, signer: &SignerOptions, options: &DocumentOptions) -> ChipFiles {
    let signer = authority.document_signer(signer).unwrap();
    signer.issue(&document(), PORTRAIT, options).unwrap().files
}

fn good(authority: &Authority) -> ChipFiles {
    issue(authority, &good_signer(), &DocumentOptions::default())
}

fn trusting(authority: &Authority) -> TrustStore {
    TrustStore::from_certificates([authority.certificate()]).unwrap()
}

fn verdict(files: &ChipFiles, trust: &TrustStore) -> Verdict {
    passive_authentication(files, None, trust, today()).verdict
}

/// Reason (or `valid`) and warnings.
fn said(files: &ChipFiles, trust: &TrustStore) -> String {
    let verdict = verdict(files, trust);
    let reason = verdict
        .reason()
        .map_or("valid".to_owned(), |reason| reason.to_string());
    let warnings = verdict.warnings.iter().map(|warning| format!(" {warning}"));
    reason + &warnings.collect::<String>()
}

#[test]
fn genuine_documents_of_every_algorithm_are_valid() {
    use HashAlgorithm::{Sha1, Sha224, Sha256, Sha384, Sha512};
    let cases = [
        (KeyKind::EcP256, SignatureScheme::of(Sha256), Sha256),
        (KeyKind::EcP256Explicit, SignatureScheme::of(Sha256), Sha256),
        (KeyKind::EcP384, SignatureScheme::of(Sha384), Sha384),
        (KeyKind::EcP521, SignatureScheme::of(Sha512), Sha512),
        (
            KeyKind::EcBrainpoolP224Explicit,
            SignatureScheme::of(Sha224),
            Sha224,
        ),
        (
            KeyKind::EcBrainpoolP256Explicit,
            SignatureScheme::of(Sha256),
            Sha256,
        ),
        (
            KeyKind::EcBrainpoolP384Explicit,
            SignatureScheme::of(Sha384),
            Sha256,
        ),
        (
            KeyKind::EcBrainpoolP512,
            SignatureScheme::of(Sha512),
            Sha512,
        ),
        (KeyKind::Rsa2048, SignatureScheme::of(Sha256), Sha256),
        (KeyKind::Rsa2048, SignatureScheme::pss(Sha256, 32), Sha256),
        (KeyKind::Rsa2048, SignatureScheme::pss(Sha1, 20), Sha1),
        (KeyKind::Rsa3072, SignatureScheme::pss(Sha512, 48), Sha384),
        (KeyKind::Rsa2048, SignatureScheme::of(Sha512), Sha512),
        (KeyKind::Rsa2048, SignatureScheme::of(Sha1), Sha1),
        (KeyKind::Rsa1024, SignatureScheme::of(Sha224), Sha224),
    ];
    for (kind, scheme, hash) in cases {
        let authority = Authority::new("UT", "CSCA", (kind, scheme), long()).unwrap();
        let signer = SignerOptions {
            kind,
            scheme,
            ..good_signer()
        };
        let options = DocumentOptions {
            hash,
            ..DocumentOptions::default()
        };
        let files = issue(&authority, &signer, &options);
        assert_eq!(
            said(&files, &trusting(&authority)),
            "valid",
            "{kind:?} {scheme:?}"
        );
        let weak = verdict(&files, &trusting(&authority)).weak_algorithms;
        let expected_weak = scheme.hash == Sha1 || kind == KeyKind::Rsa1024;
        assert_eq!(
            !weak.is_empty(),
            expected_weak,
            "{kind:?} {scheme:?}: {weak:?}"
        );
    }
}

#[test]
fn each_forgery_has_its_reason() {
    let authority = authority("CSCA");
    let trust = trusting(&authority);
    for (forgery, reason) in [
        (Forgery::AlteredDg1, "dg_hash_mismatch:1"),
        (Forgery::AlteredDg2, "dg_hash_mismatch:2"),
        (Forgery::AddedDg16, "dg_not_in_sod:16"),
        (Forgery::BrokenSignature, "sod_signature"),
        (Forgery::AlteredHashList, "message_digest"),
        (Forgery::OtherContentType, "content_type"),
    ] {
        let mut files = good(&authority);
        forge(&mut files, forgery);
        assert_eq!(said(&files, &trust), reason, "{forgery:?}");
    }
}

#[test]
fn each_fault_of_the_signer_has_its_reason() {
    let authority = authority("CSCA");
    let trust = trusting(&authority);
    for (fault, said_of_it) in [
        (SignerFault::WrongKeyUsage, "dsc_key_usage"),
        (SignerFault::NoKeyUsage, "valid"),
        (SignerFault::NoKeyIdentifiers, "valid"),
        (SignerFault::OtherIssuerName, "valid"),
        (SignerFault::ShortKeyUsagePeriod, "valid"),
        (SignerFault::OtherDocumentType, "valid"),
        (SignerFault::SaysNoPurpose, "valid"),
    ] {
        let signer = SignerOptions {
            fault: Some(fault),
            ..good_signer()
        };
        let files = issue(&authority, &signer, &DocumentOptions::default());
        assert_eq!(said(&files, &trust), said_of_it, "{fault:?}");
        let report = passive_authentication(&files, None, &trust, today());
        let noted = matches!(
            fault,
            SignerFault::NoKeyUsage | SignerFault::OtherIssuerName | SignerFault::OtherDocumentType
        );
        assert_eq!(
            !report.deviations.is_empty(),
            noted,
            "{:?}",
            report.deviations
        );
    }
}

/// Logged beside the other properties of the signer; what fails is recorded as a deviation and makes no document invalid.
#[test]
fn what_the_signer_was_meant_for_is_compared_with_what_it_signed() {
    use CheckResult::{Failed, NotSupported, Successful, Undetermined};
    let authority = authority("CSCA");
    let trust = trusting(&authority);
    let (first, later) = (Some("2020-01-01"), Some("2020-01-02"));
    for (fault, signed, period, kind) in [
        (None, None, Undetermined, Successful),
        (None, later, Successful, Successful),
        (
            Some(SignerFault::ShortKeyUsagePeriod),
            first,
            Successful,
            Successful,
        ),
        (
            Some(SignerFault::ShortKeyUsagePeriod),
            later,
            Failed,
            Successful,
        ),
        (
            Some(SignerFault::OtherDocumentType),
            later,
            Successful,
            Failed,
        ),
        (
            Some(SignerFault::SaysNoPurpose),
            later,
            NotSupported,
            NotSupported,
        ),
    ] {
        let signer = SignerOptions {
            fault,
            ..good_signer()
        };
        let options = DocumentOptions {
            signing_time: signed.map(noon),
            ..DocumentOptions::default()
        };
        let files = issue(&authority, &signer, &options);
        assert_eq!(said(&files, &trust), "valid", "{fault:?}");
        let report = passive_authentication(&files, None, &trust, today());
        let checks = report.checks.find("IssuerCertificatesCheck").unwrap();
        assert_eq!(checks.result, Successful, "{fault:?}: logged only");
        let result = |instance: &str| {
            let mut parts = checks.children.iter();
            let named = |part: &&CheckNode| part.instance.as_deref() == Some(instance);
            parts.find(named).unwrap().result
        };
        assert_eq!(
            result("private key usage period"),
            period,
            "{fault:?} {signed:?}"
        );
        assert_eq!(result("document type"), kind, "{fault:?}");
        let noted = [
            (period, "signed outside of the private key usage period"),
            (
                kind,
                "document signer is not meant for documents of this type",
            ),
        ];
        for (result, text) in noted {
            let found = report.deviations.iter().any(|deviation| deviation == text);
            assert_eq!(found, result == Failed, "{:?}", report.deviations);
        }
    }
}

#[test]
fn only_the_key_counts_not_the_name() {
    let (state, forger) = (authority("CSCA"), authority("CSCA"));
    assert_eq!(said(&good(&forger), &trusting(&state)), "no_trust_anchor");
    assert_eq!(
        said(&good(&state), &TrustStore::default()),
        "no_trust_anchor"
    );
}

#[test]
fn the_signer_must_be_valid_when_it_signed() {
    let authority = authority("CSCA");
    let trust = trusting(&authority);
    let signed = |validity: (&str, &str), at: Option<&str>| {
        let signer = SignerOptions {
            validity: (day(validity.0), day(validity.1)),
            ..good_signer()
        };
        let options = DocumentOptions {
            signing_time: at.map(noon),
            ..DocumentOptions::default()
        };
        issue(&authority, &signer, &options)
    };
    let expired = ("2021-01-01", "2024-12-31");
    assert_eq!(said(&signed(expired, None), &trust), "dsc_validity");
    assert_eq!(
        said(&signed(expired, Some("2025-01-01")), &trust),
        "dsc_validity"
    );
    assert_eq!(said(&signed(expired, Some("2024-12-31")), &trust), "valid");
    let later = ("2027-01-01", "2030-01-01");
    assert_eq!(said(&signed(later, None), &trust), "dsc_validity");
    assert_eq!(
        said(&signed(later, Some("2026-01-01")), &trust),
        "dsc_validity"
    );
    let noted = passive_authentication(&signed(expired, Some("2024-12-31")), None, &trust, today());
    assert!(
        noted
            .deviations
            .iter()
            .any(|text| text.contains("was when it signed"))
    );
}

#[test]
fn revoked_stale_and_badly_signed_are_three_findings() {
    let authority = authority("CSCA");
    let files = good(&authority);
    let fresh = (day("2026-11-01"), day("2027-02-01"));
    let old = (day("2026-01-01"), day("2026-04-01"));
    let broken = Some(RevocationListFault::BrokenSignature);
    for (serials, dates, fault, said_of_it) in [
        (vec![], fresh, None, "valid"),
        (vec![78], fresh, None, "valid"),
        (vec![77], fresh, None, "dsc_revoked"),
        (vec![], old, None, "valid crl_stale"),
        (vec![77], old, None, "dsc_revoked crl_stale"),
        (vec![77], fresh, broken, "valid crl_signature"),
    ] {
        let list = authority.revocation_list(&serials, dates, fault).unwrap();
        let trust = trusting(&authority).with_revocation_lists([list]).unwrap();
        assert_eq!(said(&files, &trust), said_of_it, "{serials:?} {fault:?}");
    }
    let stranger = Authority::new("UT", "Another", EC, long()).unwrap();
    let list = stranger.revocation_list(&[77], fresh, None).unwrap();
    let trust = trusting(&authority).with_revocation_lists([list]).unwrap();
    assert_eq!(
        said(&files, &trust),
        "valid",
        "a list of somebody else says nothing"
    );
}

#[test]
fn a_list_due_today_is_not_stale() {
    let authority = authority("CSCA");
    let dates = (day("2026-08-01"), today());
    let list = authority.revocation_list(&[], dates, None).unwrap();
    let trust = trusting(&authority).with_revocation_lists([list]).unwrap();
    assert_eq!(said(&good(&authority), &trust), "valid");
}

#[test]
fn link_certificates_lead_to_an_anchor_and_never_are_one() {
    let (old, new) = (authority("CSCA 1"), authority("CSCA 2"));
    let link = old.link_to(&new, long()).unwrap();
    let files = good(&new);
    assert_eq!(said(&files, &trusting(&old)), "no_trust_anchor");
    let mut with_link = trusting(&old);
    with_link.add_link(&link).unwrap();
    assert_eq!(said(&files, &with_link), "valid");
    let mut link_alone = TrustStore::default();
    link_alone.add_certificate(&link, "list").unwrap();
    assert_eq!(said(&files, &link_alone), "no_trust_anchor");
    link_alone.pin_certificate(&link, "operator").unwrap();
    assert_eq!(said(&files, &link_alone), "valid", "an operator may pin it");
    let mut self_signed_link = trusting(&old);
    self_signed_link.add_link(new.certificate()).unwrap();
    assert_eq!(
        said(&files, &self_signed_link),
        "no_trust_anchor",
        "a root that comes with the document is no anchor"
    );
    let forger = authority("CSCA 1");
    let mut forged = trusting(&old);
    forged
        .add_link(&forger.link_to(&new, long()).unwrap())
        .unwrap();
    assert_eq!(said(&files, &forged), "no_trust_anchor");
}

#[test]
fn a_document_signer_cannot_issue_document_signers() {
    let state = authority("CSCA");
    let signer = state.document_signer(&good_signer()).unwrap();
    let mut trust = trusting(&state);
    trust.add_certificate(signer.certificate(), "list").unwrap();
    let files = good(&signer.posing_as_authority());
    assert_eq!(said(&files, &trust), "no_trust_anchor");
}

#[test]
fn known_deviations_are_recorded_by_number_and_by_signer() {
    let authority = authority("CSCA");
    let signer = authority.document_signer(&good_signer()).unwrap();
    let issued = signer.issue(&document(), PORTRAIT, &DocumentOptions::default());
    let files = issued.unwrap().files;
    let other = authority
        .document_signer(&SignerOptions {
            serial: 78,
            ..good_signer()
        })
        .unwrap();
    for (numbers, about, known) in [
        (&["X1", "L898902C"][..], None, true),
        (&["X1"], None, false),
        (&[], Some(&signer), true),
        (&[], Some(&other), false),
        (&["X1"], Some(&signer), false),
        (&["L898902C"], Some(&signer), true),
    ] {
        let list = authority
            .deviation_list(numbers, about, noon("2026-11-01"), &good_signer())
            .unwrap();
        let view = report::trust::view(&list, &trusting(&authority), today()).unwrap();
        let view = serde_json::to_value(view).unwrap();
        assert_eq!(view["document_numbers"], numbers.len());
        assert_eq!(view["signer_chain"], "anchor");
        let mut trust = trusting(&authority);
        trust.add_deviation_list(DeviationList::parse(&list).unwrap());
        let report = passive_authentication(&files, None, &trust, today());
        assert!(report.verdict.is_valid());
        let noted = report
            .deviations
            .iter()
            .any(|text| text.contains("2.23.136.1.1.7.2.3"));
        assert_eq!(noted, known, "{numbers:?}");
    }
}

#[test]
fn the_country_of_document_and_signer_is_compared() {
    for (country, reason, result) in [
        ("UT", "valid", CheckResult::Successful),
        ("ut", "valid", CheckResult::Successful),
        ("FR", "country_mismatch", CheckResult::Failed),
        ("QQ", "valid", CheckResult::Undetermined),
    ] {
        let authority = Authority::new(country, "CSCA", EC, long()).unwrap();
        let (files, trust) = (good(&authority), trusting(&authority));
        assert_eq!(said(&files, &trust), reason, "{country}");
        assert_eq!(verdict(&files, &trust).country_check, result, "{country}");
    }
}

#[test]
fn a_data_group_hidden_from_ef_com_is_a_warning() {
    let authority = authority("CSCA");
    let options = DocumentOptions {
        data_groups: BTreeMap::from([(15, vec![0x6F, 0x00])]),
        hidden_in_com: vec![15],
        ..DocumentOptions::default()
    };
    let mut files = issue(&authority, &good_signer(), &options);
    assert_eq!(
        said(&files, &trusting(&authority)),
        "valid com_sod_difference"
    );
    files.remove(FileId::Dg15);
    assert_eq!(
        said(&files, &trusting(&authority)),
        "valid com_sod_difference"
    );
}

#[test]
fn the_signers_certificate_may_be_absent_or_named_by_key() {
    let authority = authority("CSCA");
    let trust = trusting(&authority);
    let signer = authority.document_signer(&good_signer()).unwrap();
    let issue = |options: DocumentOptions| {
        let issued: IssuedDocument = signer.issue(&document(), PORTRAIT, &options).unwrap();
        issued.files
    };
    let by_key = issue(DocumentOptions {
        names_signer_by_key: true,
        ..DocumentOptions::default()
    });
    assert_eq!(said(&by_key, &trust), "valid");
    let bare = issue(DocumentOptions {
        encloses_certificate: false,
        ..DocumentOptions::default()
    });
    assert_eq!(said(&bare, &trust), "sod_signature");
    let mut at_hand = trust.clone();
    at_hand.add_document_signer(signer.certificate()).unwrap();
    assert_eq!(said(&bare, &at_hand), "valid");
    let mut untrusted = TrustStore::default();
    untrusted.add_document_signer(signer.certificate()).unwrap();
    assert_eq!(said(&bare, &untrusted), "no_trust_anchor");
}

#[test]
fn content_types_that_issuers_are_known_for_are_tolerated_and_noted() {
    let authority = authority("CSCA");
    for (oid, said_of_it) in [
        (
            &[0x2A_u8, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01][..],
            "valid",
        ),
        (&[0x2B, 0x1B, 0x01, 0x01, 0x01], "valid"),
        (&[0x67, 0x81, 0x08, 0x02, 0x02, 0x02], "content_type"),
    ] {
        let options = DocumentOptions {
            content_type: oid.to_vec(),
            ..DocumentOptions::default()
        };
        let files = issue(&authority, &good_signer(), &options);
        let trust = trusting(&authority);
        assert_eq!(said(&files, &trust), said_of_it, "{oid:X?}");
        let report = passive_authentication(&files, None, &trust, today());
        assert!(
            report
                .deviations
                .iter()
                .any(|text| text.contains("content type"))
        );
    }
}

#[test]
fn a_content_type_exchanged_for_another_tolerated_one_is_noticed() {
    const DATA: [u8; 9] = [0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x07, 0x01];
    const OTHER: [u8; 9] = [0x2A, 0x84, 0x10, 0x01, 0x87, 0x6E, 0x01, 0x14, 0x01];
    let authority = authority("CSCA");
    let options = DocumentOptions {
        content_type: DATA.to_vec(),
        ..DocumentOptions::default()
    };
    let mut files = issue(&authority, &good_signer(), &options);
    let mut sod = files.get(FileId::Sod).unwrap().to_vec();
    let at = sod.windows(9).position(|window| window == DATA).unwrap();
    sod[at..at + 9].copy_from_slice(&OTHER);
    files.set(FileId::Sod, sod);
    assert_eq!(said(&files, &trusting(&authority)), "content_type");
}

#[test]
fn oddities_of_real_security_objects_are_tolerated_and_noted() {
    let rsa = (KeyKind::Rsa2048, SignatureScheme::SHA256);
    for (quirk, keys, words) in [
        (Quirk::Ber, EC, "BER"),
        (Quirk::LeadingZeros, EC, "shortest form"),
        (Quirk::NoNullInDigestInfo, rsa, "lacks its NULL"),
        (
            Quirk::AttributesSentUnsorted,
            EC,
            "another order than signed",
        ),
        (Quirk::AttributesUnsorted, EC, "not in DER's order"),
    ] {
        let authority = Authority::new("UT", "CSCA", keys, long()).unwrap();
        let signer = SignerOptions {
            kind: keys.0,
            ..good_signer()
        };
        let options = DocumentOptions {
            quirk: Some(quirk),
            ..DocumentOptions::default()
        };
        let mut files = issue(&authority, &signer, &options);
        let trust = trusting(&authority);
        assert_eq!(said(&files, &trust), "valid", "{quirk:?}");
        let report = passive_authentication(&files, None, &trust, today());
        let noted = report.deviations.iter().any(|text| text.contains(words));
        assert!(noted, "{quirk:?}: {:?}", report.deviations);
        // Tolerance must not make a wrong signature right.
        forge(&mut files, Forgery::BrokenSignature);
        assert_eq!(said(&files, &trust), "sod_signature", "{quirk:?}");
    }
}

#[test]
fn the_weightiest_reason_comes_first() {
    let (state, forger) = (authority("CSCA"), authority("Forger"));
    let signer = SignerOptions {
        validity: (day("2021-01-01"), day("2022-01-01")),
        fault: Some(SignerFault::WrongKeyUsage),
        ..good_signer()
    };
    let mut files = issue(&forger, &signer, &DocumentOptions::default());
    for forgery in [Forgery::AddedDg16, Forgery::AlteredDg1] {
        forge(&mut files, forgery);
    }
    let reasons: Vec<String> = verdict(&files, &trusting(&state))
        .reasons
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        reasons,
        [
            "no_trust_anchor",
            "dsc_key_usage",
            "dsc_validity",
            "dg_not_in_sod:16",
            "dg_hash_mismatch:1"
        ]
    );
}

#[test]
fn master_lists_are_imported_under_their_signer() {
    let (state, other, outsider) = (authority("CSCA"), authority("Other"), authority("Outsider"));
    let list_of = |certificates: &[&[u8]]| {
        state
            .master_list(certificates, noon("2026-11-01"), &good_signer())
            .unwrap()
    };
    let full = list_of(&[state.certificate(), other.certificate()]);
    let mut store = TrustStore::default();
    let list = store.import_master_list(&full, "list").unwrap();
    assert_eq!(
        (list.version, list.certificates.len(), store.len()),
        (0, 2, 2)
    );
    assert_eq!(said(&good(&other), &store), "valid");
    assert_eq!(said(&good(&outsider), &store), "no_trust_anchor");

    let without_own = list_of(&[other.certificate()]);
    let refused = TrustStore::default().import_master_list(&without_own, "list");
    assert!(
        matches!(refused, Err(MasterListError::NoAnchor)),
        "{refused:?}"
    );
    let mut anchored = trusting(&state);
    anchored.import_master_list(&without_own, "list").unwrap();
    assert_eq!(anchored.len(), 2);

    let mut altered = full.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    let refused = TrustStore::default().import_master_list(&altered, "list");
    assert!(
        matches!(refused, Err(MasterListError::Signature)),
        "{refused:?}"
    );

    let view = report::trust::view(&full, &TrustStore::default(), today()).unwrap();
    let view = serde_json::to_value(view).unwrap();
    assert_eq!(view["kind"], "master_list");
    assert_eq!(view["certificates"], 2);
    assert_eq!(view["expired_on_2026_11_23"], 0);
    assert_eq!(view["signer_chain"], "list");
    assert_eq!(view["age_days"], 22);
}

#[test]
fn malformed_security_objects_are_refused_with_an_offset() {
    let authority = authority("CSCA");
    let mut files = good(&authority);
    let sod = files.get(FileId::Sod).unwrap().to_vec();
    files.set(FileId::Sod, sod[..sod.len() / 2].to_vec());
    let error = malformed(files.clone(), &trusting(&authority));
    assert!(error.contains("offset 0"), "{error}");
    let mut inner = sod.clone();
    // The length of the digest algorithms' SET, far inside.
    let set = inner.windows(2).position(|w| w == [0x31, 0x0F]).unwrap();
    inner[set + 1] = 0x7F;
    files.set(FileId::Sod, inner);
    let error = malformed(files, &trusting(&authority));
    assert!(error.contains("at offset "), "{error}");
}

fn malformed(files: ChipFiles, trust: &TrustStore) -> String {
    let evidence = Evidence {
        files,
        printed_mrz: None,
        performed: Performed::default(),
    };
    let view = report::document::view(&evidence, trust, today());
    view.err().unwrap().to_string()
}

#[test]
fn trust_material_is_taken_in_any_order_and_a_list_without_anchor_left_aside() {
    let (state, other) = (authority("CSCA"), authority("Other"));
    let list = state
        .master_list(&[other.certificate()], noon("2026-11-01"), &good_signer())
        .unwrap();
    let anchor = state.certificate().to_vec();
    let take = |files: Vec<(&'static str, Vec<u8>)>| {
        let mut store = TrustStore::default();
        let left = store.add_all(files, |name| (*name).to_owned());
        let left = left.map(|left| left.into_iter().map(|(name, _)| name).collect::<Vec<_>>());
        (left.map_err(|(name, _)| name), store.len())
    };
    let (list, anchor) = (("list", list), ("anchor", anchor));
    assert_eq!(take(vec![list.clone(), anchor.clone()]), (Ok(vec![]), 2));
    assert_eq!(take(vec![anchor, list.clone()]), (Ok(vec![]), 2));
    assert_eq!(take(vec![list]), (Ok(vec!["list"]), 0));
    assert_eq!(take(vec![("rubbish", vec![7; 9])]), (Err("rubbish"), 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_and_truncated_trust_material_never_panics(
        bytes in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let _ = report::trust::view(&bytes, &TrustStore::default(), today());
        let _ = report::sod::view(&bytes, &TrustStore::default(), today());
        let _ = TrustStore::default().with_revocation_lists([&bytes]);
        let _ = TrustStore::default().import_master_list(&bytes, "list");
    }
}

#[test]
fn mutated_lists_certificates_and_objects_never_panic() {
    let authority = authority("CSCA");
    let list = authority
        .master_list(
            &[authority.certificate()],
            noon("2026-11-01"),
            &good_signer(),
        )
        .unwrap();
    let dates = (day("2026-11-01"), day("2027-02-01"));
    let revocations = authority
        .revocation_list(&[1, 2, 300], dates, None)
        .unwrap();
    let sod = good(&authority).get(FileId::Sod).unwrap().to_vec();
    let store = trusting(&authority);
    for original in [authority.certificate().to_vec(), list, revocations, sod] {
        for at in 0..original.len() {
            for change in [0x01, 0x80, 0xFF] {
                let mut mutated = original.clone();
                mutated[at] ^= change;
                let _ = report::trust::view(&mutated, &store, today());
                let _ = report::sod::view(&mutated, &store, today());
            }
        }
    }
}
