//! A document is judged a second time, by the authority that answers for identity, from what the gate read off its chip.
//!
//! The lane's own verdict on the document counts for nothing more than this one: a gate with an old trust store, or one that somebody
//! has tampered with, does not get a document through. Pure.

use egate_icao::{evidence::Evidence, trust::TrustStore, verify::profile::Profile};
use egate_types::{CheckResult, Date, TravelDocument};
use egate_wire::v1::DocumentEvidence;

/// The second judgement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reverification {
    /// Aggregate of all document checks, as this authority sees them.
    pub(crate) result: CheckResult,
    /// Why it is not successful. Never personal data.
    pub(crate) why: Option<&'static str>,
}

/// Judges the evidence of the document that the inspection was opened with.
pub(crate) fn reverify(
    sent: Option<&DocumentEvidence>,
    opened_with: &TravelDocument,
    (trust, profile): (&TrustStore, &Profile),
    at: Date,
) -> Reverification {
    let not = |result, why| Reverification {
        result,
        why: Some(why),
    };
    let Some(sent) = sent else {
        return not(
            CheckResult::Aborted,
            "the gate sent no evidence of the document",
        );
    };
    let Ok(evidence) = serde_json::from_slice::<Evidence>(sent.expose()) else {
        return not(
            CheckResult::Failed,
            "the evidence of the document is unreadable",
        );
    };
    let report = evidence.judge_by(profile, trust, at);
    if report.checks.result != CheckResult::Successful {
        return not(report.checks.result, "the document checks do not hold here");
    }
    if report.document.as_ref() != Some(opened_with) {
        let why = "the evidence is of another document than the inspection";
        return not(CheckResult::Failed, why);
    }
    Reverification {
        result: CheckResult::Successful,
        why: None,
    }
}

#[cfg(test)]
mod tests {
    use egate_icao::chip::issue::{Forgery, IssuedDocument, KeyKind, TestIssuer, forge};
    use egate_icao::chip::passport::{Generation, KEY_RANDOM_BYTES, Passport};
    use egate_icao::chip::{ChipFault, Reaction};
    use egate_icao::evidence::{ACCESS_PROTOCOL_CHECK, Performed};
    use egate_icao::lds::FileId;
    use egate_icao::session::{
        AccessPolicy, ReadOrder, ReadSession, SessionRandom, Step, TransportLimits,
    };
    use egate_types::{DocumentNumber, Holder, PersonName, RunMode, Sex, StateCode};

    use super::*;

    fn today() -> Date {
        Date::parse("2026-11-23").expect("a date")
    }

    fn issuer() -> TestIssuer {
        let (from, to) = (today().plus_days(-365), today().plus_days(3_650));
        TestIssuer::new("UT", KeyKind::EcP256, from, to).expect("an issuer")
    }

    fn document() -> TravelDocument {
        let state = StateCode::parse("UTO").expect("a state");
        TravelDocument {
            code: "P".to_owned(),
            issuer: state.clone(),
            number: DocumentNumber::parse("U00000001").expect("a number"),
            date_of_expiry: Some(today().plus_days(1_000)),
            holder: Holder {
                name: PersonName {
                    surname: "SPECIMEN".to_owned(),
                    given: "ANNA".to_owned(),
                },
                date_of_birth: Some(Date::parse("1990-01-01").expect("a date")),
                sex: Sex::Female,
                nationality: state,
            },
        }
    }

    fn sent(issued: &IssuedDocument) -> DocumentEvidence {
        let evidence = Evidence {
            files: issued.files.clone(),
            printed_mrz: Some(issued.mrz.clone()),
            performed: Performed::default(),
        };
        let json = serde_json::to_vec(&evidence).expect("serialisable");
        DocumentEvidence::new(json).expect("small")
    }

    /// What a lenient gate sends of a chip with PACE.
    fn sent_of_chip(state: &TestIssuer, faults: Vec<ChipFault>) -> DocumentEvidence {
        let portrait = [0xFF, 0xD8, 0xFF, 0xE0, 0x00];
        let (pace, random) = (Generation::Pace, [5; KEY_RANDOM_BYTES]);
        let passport = Passport::issue(state, pace, &document(), &portrait, &random);
        let passport = passport.expect("a passport");
        let mut chip = passport.chip(faults).expect("a chip");
        chip.power_on();
        let order = ReadOrder::new(&passport.issued.access_key, SessionRandom::new([7; 64]))
            .opening_by(AccessPolicy::BacAfterPaceFailure);
        let limits = TransportLimits::new(None, &chip.answer_to_reset());
        let mut session = ReadSession::new(order, limits);
        let mut step = session.start();
        let reading = loop {
            match step {
                Step::Transmit(command) => match chip.transmit(&command, &[9; 64]) {
                    Reaction::Answer(answer) => step = session.respond(&answer),
                    Reaction::Mute | Reaction::Removed => panic!("the chip is silent"),
                },
                Step::Done(reading) => break reading,
                Step::Failed(error) => panic!("not read: {error}"),
            }
        };
        let evidence = reading.into_evidence(Some(passport.issued.mrz));
        let json = serde_json::to_vec(&evidence).expect("serialisable");
        DocumentEvidence::new(json).expect("small")
    }

    #[test]
    fn only_evidence_of_this_document_under_a_trusted_signature_is_believed() {
        let (state, stranger) = (issuer(), issuer());
        let csca = state.csca_der().expect("a certificate");
        let trust = TrustStore::from_certificates([csca]).expect("a store");
        let portrait = [0xFF, 0xD8, 0xFF, 0xE0, 0x00];
        let issue = |issuer: &TestIssuer| issuer.issue(&document(), &portrait).expect("issued");
        let judge = |sent: Option<&DocumentEvidence>, document: &TravelDocument| {
            reverify(sent, document, (&trust, &Profile::default()), today()).result
        };

        let genuine = issue(&state);
        let good = sent(&genuine);
        assert_eq!(judge(Some(&good), &document()), CheckResult::Successful);
        assert_eq!(judge(None, &document()), CheckResult::Aborted);

        let garbage = DocumentEvidence::new(b"{}".to_vec()).expect("small");
        assert_eq!(judge(Some(&garbage), &document()), CheckResult::Failed);

        let unsigned = sent(&issue(&stranger));
        assert_eq!(judge(Some(&unsigned), &document()), CheckResult::Failed);

        let mut forged = genuine;
        forge(&mut forged.files, Forgery::AlteredDg1);
        assert_eq!(
            judge(Some(&sent(&forged)), &document()),
            CheckResult::Failed
        );

        let mut other = document();
        other.number = DocumentNumber::parse("U00000002").expect("a number");
        assert_eq!(judge(Some(&good), &other), CheckResult::Failed);
    }

    #[test]
    fn a_chip_that_was_not_opened_by_the_pace_that_it_signed_is_refused_here_too() {
        let state = issuer();
        let csca = state.csca_der().expect("a certificate");
        let trust = TrustStore::from_certificates([csca]).expect("a store");
        let judged = |faults: &[ChipFault], profile: &Profile| {
            let sent = sent_of_chip(&state, faults.to_vec());
            reverify(Some(&sent), &document(), (&trust, profile), today()).result
        };
        let strict = Profile::default();
        let hidden = [ChipFault::Hides(FileId::CardAccess)];
        assert_eq!(judged(&[], &strict), CheckResult::Successful);
        assert_eq!(judged(&hidden, &strict), CheckResult::Failed);
        let fallen = [ChipFault::PaceFails];
        assert_eq!(judged(&fallen, &strict), CheckResult::Failed);
        let modes = [(ACCESS_PROTOCOL_CHECK.to_owned(), RunMode::Evaluatory)];
        let lenient = Profile(modes.into());
        assert_eq!(judged(&fallen, &lenient), CheckResult::Successful);
        assert_eq!(judged(&hidden, &lenient), CheckResult::Failed);
    }
}
