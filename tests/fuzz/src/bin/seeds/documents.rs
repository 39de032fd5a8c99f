//! Made-up documents of every generation, signature and oddity, and their printed zones.

use std::collections::BTreeMap;

use egate_icao::chip::active_authentication::{ActiveAuthenticationSigner, EcdsaForm, Trailer};
use egate_icao::chip::chip_authentication::data_group_14;
use egate_icao::chip::issue::{
    DocumentOptions, Forgery, IssuedDocument, KeyKind, Quirk, TestIssuer, forge,
};
use egate_icao::chip::passport::{Generation, KEY_RANDOM_BYTES, Passport};
use egate_icao::mrz::{self, MrzFormat};
use egate_icao::sod::HashAlgorithm;
use egate_types::{
    Date, DocumentNumber, Holder, PersonName, Sex, StateCode, TravelDocument, UtcTime,
};
use openssl::nid::Nid;

use crate::{Outcome, Seeds, images};

/// A document and, where it is a whole passport, what its chip can do.
pub struct Document {
    pub issued: IssuedDocument,
    pub passport: Option<Passport>,
}

/// Every kind of key that signs.
pub const KINDS: [KeyKind; 11] = [
    KeyKind::EcP256,
    KeyKind::EcP384,
    KeyKind::EcP521,
    KeyKind::EcP256Explicit,
    KeyKind::EcBrainpoolP224Explicit,
    KeyKind::EcBrainpoolP256Explicit,
    KeyKind::EcBrainpoolP384Explicit,
    KeyKind::EcBrainpoolP512,
    KeyKind::Rsa1024,
    KeyKind::Rsa2048,
    KeyKind::Rsa3072,
];

pub fn documents() -> Outcome<Vec<Document>> {
    let mut documents = Vec::new();
    let issuer = issuer(KeyKind::EcP256)?;
    for generation in [Generation::Bac, Generation::Pace, Generation::PaceCam] {
        let random = [5; KEY_RANDOM_BYTES];
        let passport = Passport::issue(&issuer, generation, &person()?, &portrait(), &random)?;
        documents.push(Document {
            issued: passport.issued.clone(),
            passport: Some(passport),
        });
    }
    for kind in KINDS {
        documents.push(issued(&self::issuer(kind)?, &DocumentOptions::default())?);
    }
    let rsa = self::issuer(KeyKind::Rsa1024)?;
    for options in odd_options()? {
        let lacks_null = options.quirk == Some(Quirk::NoNullInDigestInfo);
        documents.push(issued(if lacks_null { &rsa } else { &issuer }, &options)?);
    }
    for forgery in [
        Forgery::AlteredDg1,
        Forgery::AlteredDg2,
        Forgery::AddedDg16,
        Forgery::BrokenSignature,
        Forgery::AlteredHashList,
        Forgery::OtherContentType,
    ] {
        let mut document = issued(&issuer, &DocumentOptions::default())?;
        forge(&mut document.issued.files, forgery);
        documents.push(document);
    }
    Ok(documents)
}

/// One person's zone in every format, and zones that are wrong in something.
pub fn zones() -> Outcome<Seeds> {
    let mut zones = Vec::new();
    let formats = [
        (MrzFormat::Td1, "I"),
        (MrzFormat::Td2, "I"),
        (MrzFormat::Td3, "P"),
        (MrzFormat::MrvA, "V"),
        (MrzFormat::MrvB, "V"),
    ];
    for (format, code) in formats {
        let plain = TravelDocument {
            code: code.into(),
            ..person()?
        };
        let mut unusual = plain.clone();
        unusual.holder.name = PersonName {
            surname: "VAN DER LONGSURNAME OF MANY PARTS".into(),
            given: String::new(),
        };
        unusual.holder.sex = Sex::Unspecified;
        unusual.holder.date_of_birth = None;
        zones.push(mrz::format(&plain, format, ["", ""])?);
        let second = if format == MrzFormat::Td1 { "Z9" } else { "" };
        zones.push(mrz::format(&plain, format, ["AB1", second])?);
        zones.push(mrz::format(&unusual, format, ["", ""])?);
        if matches!(format, MrzFormat::Td1 | MrzFormat::Td2) {
            let number = DocumentNumber::parse("D23145890734").ok_or("a number")?;
            zones.push(mrz::format(
                &TravelDocument { number, ..plain },
                format,
                ["", ""],
            )?);
        }
    }
    let texts = zones.iter().map(|zone| zone.expose().join("\n"));
    let mut texts: Vec<String> = texts.collect();
    let misread = texts.iter().map(|text| text.replacen('0', "O", 2));
    let misread: Vec<String> = misread.collect();
    texts.extend(misread);
    texts.push("CSC000000048<3407080<8807087<0\n<<<<<<<<<<<<WANG<<XIAOMING<<<<\nF<<1<<<<GDG<<<<<<<<<<<<<<<<<<<".into());
    Ok(texts.into_iter().map(String::into_bytes).collect())
}

pub fn day(text: &str) -> Outcome<Date> {
    Ok(Date::parse(text)?)
}

fn issuer(kind: KeyKind) -> Outcome<TestIssuer> {
    Ok(TestIssuer::new(
        "UT",
        kind,
        day("2020-01-01")?,
        day("2040-01-01")?,
    )?)
}

fn issued(issuer: &TestIssuer, options: &DocumentOptions) -> Outcome<Document> {
    Ok(Document {
        issued: issuer.issue_with(&person()?, &portrait(), options)?,
        passport: None,
    })
}

/// Nobody: the person of ICAO's own examples.
fn person() -> Outcome<TravelDocument> {
    Ok(TravelDocument {
        code: "P".into(),
        issuer: StateCode::parse("UTO").ok_or("a state")?,
        number: DocumentNumber::parse("L898902C3").ok_or("a number")?,
        date_of_expiry: Some(day("2031-06-30")?),
        holder: Holder {
            name: PersonName {
                surname: "ERIKSSON".into(),
                given: "ANNA MARIA".into(),
            },
            date_of_birth: Some(day("1974-08-12")?),
            sex: Sex::Female,
            nationality: StateCode::parse("UTO").ok_or("a state")?,
        },
    })
}

/// A picture of one colour.
fn portrait() -> Vec<u8> {
    images::colour_jpeg(16, 16, [90, 140, 100])
}

fn odd_options() -> Outcome<Vec<DocumentOptions>> {
    let plain = DocumentOptions::default;
    let quirks = [
        Quirk::Ber,
        Quirk::LeadingZeros,
        Quirk::NoNullInDigestInfo,
        Quirk::AttributesSentUnsorted,
        Quirk::AttributesUnsorted,
    ];
    let hashes = [
        HashAlgorithm::Sha1,
        HashAlgorithm::Sha224,
        HashAlgorithm::Sha512,
    ];
    let mut all: Vec<DocumentOptions> = Vec::new();
    all.extend(quirks.map(|quirk| DocumentOptions {
        quirk: Some(quirk),
        ..plain()
    }));
    all.extend(hashes.map(|hash| DocumentOptions { hash, ..plain() }));
    all.extend([
        DocumentOptions {
            signing_time: Some(UtcTime(1_780_000_000_000)),
            names_signer_by_key: true,
            ..plain()
        },
        DocumentOptions {
            encloses_certificate: false,
            hidden_in_com: vec![2],
            ..plain()
        },
    ]);
    let (sha256, curve) = (HashAlgorithm::Sha256, Nid::X9_62_PRIME256V1);
    let signers = [
        ActiveAuthenticationSigner::rsa(1_024, Trailer::Named(sha256))?,
        ActiveAuthenticationSigner::ec(curve, false, sha256, EcdsaForm::Plain)?,
        ActiveAuthenticationSigner::ec(curve, true, sha256, EcdsaForm::Der)?,
    ];
    for signer in signers {
        let infos: Vec<Vec<u8>> = signer.security_info().into_iter().collect();
        let data_groups =
            BTreeMap::from([(14, data_group_14(&infos)), (15, signer.data_group_15()?)]);
        all.push(DocumentOptions {
            data_groups,
            ..plain()
        });
    }
    Ok(all)
}
