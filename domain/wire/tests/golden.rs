//! Every message of version 1 as it looks on the wire. A change here is a change of the wire.

#![expect(
    clippy::unwrap_used,
    reason = "a test helper that cannot build its data must fail loudly"
)]

use egate_types::{
    AuthorityId, CheckNode, CheckResult, ChipAccess, ChipPassword, Coaching, Date, Direction,
    DocumentNumber, EvidenceHash, Fault, Holder, InspectionId, LaneId, MatchScore, Outcome,
    PadScore, PersonName, ReferralCause, RunMode, Sex, StateCode, TravelDocument, TravellerScreen,
    UtcTime,
};
use egate_wire::v1::{
    AgeBand, CheckSummary, ComparisonBatch, ComparisonCount, ComparisonGroup, DecisionEnvelope,
    DocumentEvidence, DocumentMessage, ErrorBody, Errors, EvidenceSubmission, Jpeg, LaneView,
    ListState, OpenInspection, PassageRecord, ReferralNotice, SignedDecision, SignedVerdict,
    StandingView, StepTime,
};
use expect_test::{Expect, expect};
use proptest::prelude::*;
use serde::{Serialize, de::DeserializeOwned};

fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(
    message: &T,
    golden: &Expect,
) {
    let json = serde_json::to_string_pretty(message).unwrap();
    golden.assert_eq(&json);
    assert_eq!(&serde_json::from_str::<T>(&json).unwrap(), message);
    let surplus = json.replacen('{', "{\"surplus\": 1,", 1);
    assert!(
        serde_json::from_str::<T>(&surplus).is_err(),
        "an unknown field must be refused"
    );
}

fn inspection() -> InspectionId {
    InspectionId::new(1_800_000_000_000, [5; 10])
}

fn lane() -> LaneId {
    LaneId::parse("lane-1").unwrap()
}

fn document() -> TravelDocument {
    TravelDocument {
        code: "P".into(),
        issuer: StateCode::parse("UTO").unwrap(),
        number: DocumentNumber::parse("L898902C3").unwrap(),
        date_of_expiry: Some(Date::new(2032, 4, 15).unwrap()),
        holder: Holder {
            name: PersonName {
                surname: "ERIKSSON".into(),
                given: "ANNA MARIA".into(),
            },
            date_of_birth: Some(Date::new(1974, 8, 12).unwrap()),
            sex: Sex::Female,
            nationality: StateCode::parse("UTO").unwrap(),
        },
    }
}

fn checks() -> CheckNode {
    CheckNode::group(
        "DocumentChecks",
        RunMode::Mandatory,
        vec![
            CheckNode::leaf(
                "DataGroupIntegrityCheck",
                RunMode::Mandatory,
                CheckResult::Successful,
            )
            .of("DG1"),
        ],
    )
}

fn jpeg() -> Jpeg {
    Jpeg::parse(vec![0xFF, 0xD8, 0xFF, 0xD9]).unwrap()
}

#[test]
fn open_inspection() {
    check(
        &OpenInspection {
            inspection: inspection(),
            lane: lane(),
            direction: Direction::Entry,
            opened_at: UtcTime(1_800_000_000_000),
            document: DocumentMessage::from(&document()),
        },
        &expect![[r#"
            {
              "inspection": "01a3185c-5000-7505-8505-050505050505",
              "lane": "lane-1",
              "direction": "entry",
              "opened_at": 1800000000000,
              "document": {
                "code": "P",
                "issuer": "UTO",
                "number": "L898902C3",
                "date_of_expiry": "2032-04-15",
                "surname": "ERIKSSON",
                "given": "ANNA MARIA",
                "date_of_birth": "1974-08-12",
                "sex": "female",
                "nationality": "UTO"
              }
            }"#]],
    );
}

#[test]
fn list_state() {
    check(
        &ListState {
            list: "border-watch".into(),
            version: 3,
            entries: 12,
            age_s: 60,
        },
        &expect![[r#"
            {
              "list": "border-watch",
              "version": 3,
              "entries": 12,
              "age_s": 60
            }"#]],
    );
}

#[test]
fn evidence_submission() {
    check(
        &EvidenceSubmission {
            evidence: EvidenceHash::over(&[]),
            checks: CheckSummary {
                document: CheckResult::Successful,
                face: CheckResult::Failed,
                presentation: CheckResult::NotSupported,
            },
            document: Some(DocumentEvidence::new(b"files".to_vec()).unwrap()),
        },
        &expect![[r#"
            {
              "evidence": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
              "checks": {
                "document": "successful",
                "face": "failed",
                "presentation": "not_supported"
              },
              "document": "ZmlsZXM="
            }"#]],
    );
}

#[test]
fn referral_notice() {
    check(
        &ReferralNotice {
            inspection: inspection(),
            lane: lane(),
            cause: ReferralCause::FaceMismatch,
            checks: checks(),
            match_score: Some(MatchScore(120_000)),
            match_threshold: Some(MatchScore(363_000)),
            pad_score: Some(PadScore(910_000)),
            evidence: None,
            chip_portrait_jpeg: Some(jpeg()),
            live_portrait_jpeg: None,
        },
        &expect![[r#"
            {
              "inspection": "01a3185c-5000-7505-8505-050505050505",
              "lane": "lane-1",
              "cause": "face_mismatch",
              "checks": {
                "name": "DocumentChecks",
                "result": "successful",
                "run_mode": "mandatory",
                "children": [
                  {
                    "name": "DataGroupIntegrityCheck",
                    "result": "successful",
                    "run_mode": "mandatory",
                    "instance": "DG1"
                  }
                ]
              },
              "match_score": 120000,
              "match_threshold": 363000,
              "pad_score": 910000,
              "evidence": null,
              "chip_portrait_jpeg": "/9j/2Q==",
              "live_portrait_jpeg": null
            }"#]],
    );
}

#[test]
fn decision_envelope() {
    check(
        &DecisionEnvelope {
            seq: 7,
            inspection: inspection(),
            token: SignedDecision("e30.e30.c2ln".into()),
        },
        &expect![[r#"
            {
              "seq": 7,
              "inspection": "01a3185c-5000-7505-8505-050505050505",
              "token": "e30.e30.c2ln"
            }"#]],
    );
}

#[test]
fn lane_view() {
    check(
        &LaneView {
            lane: lane(),
            direction: Direction::Exit,
            phase: "capturing".into(),
            screen: TravellerScreen::Capture(Coaching::HoldStill),
            since: UtcTime(1_800_000_000_000),
            entry_open: false,
            exit_open: false,
            people: 1,
            inspection: Some(inspection()),
            authorities: vec![
                (AuthorityId::parse("border").unwrap(), StandingView::Clear),
                (
                    AuthorityId::parse("quarantine").unwrap(),
                    StandingView::Pending,
                ),
            ],
            faults: vec![Fault::DisplayLost],
            admitted_today: 41,
        },
        &expect![[r#"
            {
              "lane": "lane-1",
              "direction": "exit",
              "phase": "capturing",
              "screen": {
                "screen": "capture",
                "coaching": "hold_still"
              },
              "since": 1800000000000,
              "entry_open": false,
              "exit_open": false,
              "people": 1,
              "inspection": "01a3185c-5000-7505-8505-050505050505",
              "authorities": [
                [
                  "border",
                  "clear"
                ],
                [
                  "quarantine",
                  "pending"
                ]
              ],
              "faults": [
                "display_lost"
              ],
              "admitted_today": 41
            }"#]],
    );
}

#[test]
fn passage_record() {
    check(
        &PassageRecord {
            inspection: inspection(),
            lane: lane(),
            direction: Direction::Entry,
            opened_at: UtcTime(1_800_000_000_000),
            closed_at: UtcTime(1_800_000_012_345),
            outcome: Outcome::Admitted,
            cause: None,
            steps: vec![StepTime {
                step: "chip_read".into(),
                at_ms: 310,
                took_ms: 1_940,
            }],
            access: Some(ChipAccess::Pace {
                protocol: "id-PACE-ECDH-GM-AES-CBC-CMAC-128".into(),
                parameter_id: Some(13),
                password: ChipPassword::Mrz,
            }),
            checks: checks(),
            match_score: Some(MatchScore(712_000)),
            pad_score: Some(PadScore(990_000)),
            verdict: Some(SignedVerdict("e30.e30.c2ln".into())),
            others: vec![(
                AuthorityId::parse("quarantine").unwrap(),
                StandingView::Held,
            )],
            decision: None,
            evidence: Some(EvidenceHash::over(&[])),
        },
        &expect![[r#"
            {
              "inspection": "01a3185c-5000-7505-8505-050505050505",
              "lane": "lane-1",
              "direction": "entry",
              "opened_at": 1800000000000,
              "closed_at": 1800000012345,
              "outcome": "admitted",
              "cause": null,
              "steps": [
                {
                  "step": "chip_read",
                  "at_ms": 310,
                  "took_ms": 1940
                }
              ],
              "access": {
                "outcome": "pace",
                "protocol": "id-PACE-ECDH-GM-AES-CBC-CMAC-128",
                "parameter_id": 13,
                "password": "mrz"
              },
              "checks": {
                "name": "DocumentChecks",
                "result": "successful",
                "run_mode": "mandatory",
                "children": [
                  {
                    "name": "DataGroupIntegrityCheck",
                    "result": "successful",
                    "run_mode": "mandatory",
                    "instance": "DG1"
                  }
                ]
              },
              "match_score": 712000,
              "pad_score": 990000,
              "verdict": "e30.e30.c2ln",
              "others": [
                [
                  "quarantine",
                  "held"
                ]
              ],
              "decision": null,
              "evidence": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
            }"#]],
    );
}

#[test]
fn comparison_batch() {
    let groups = [
        ComparisonGroup::All,
        ComparisonGroup::Sex(Sex::Female),
        ComparisonGroup::Age(AgeBand::To34),
        ComparisonGroup::Nationality(StateCode::parse("UTO").unwrap()),
    ];
    let count = |group| ComparisonCount {
        configuration: "fused, 3 frames".into(),
        match_score: MatchScore(470_000),
        fmr_ppb: 10_000,
        in_force: true,
        group,
        mated: Errors::try_from([1, 40]).unwrap(),
        non_mated: Errors::try_from([0, 2_560]).unwrap(),
    };
    check(
        &ComparisonBatch {
            lane: lane(),
            began_at: UtcTime(1_800_000_000_000),
            ended_at: UtcTime(1_800_000_010_000),
            retention: Some("Border Act 12(3)".into()),
            left_out: 2,
            skipped: 0,
            counts: groups.map(count).into(),
        },
        &expect![[r#"
            {
              "lane": "lane-1",
              "began_at": 1800000000000,
              "ended_at": 1800000010000,
              "retention": "Border Act 12(3)",
              "left_out": 2,
              "skipped": 0,
              "counts": [
                {
                  "configuration": "fused, 3 frames",
                  "match_score": 470000,
                  "fmr_ppb": 10000,
                  "in_force": true,
                  "group": "all",
                  "mated": [
                    1,
                    40
                  ],
                  "non_mated": [
                    0,
                    2560
                  ]
                },
                {
                  "configuration": "fused, 3 frames",
                  "match_score": 470000,
                  "fmr_ppb": 10000,
                  "in_force": true,
                  "group": {
                    "sex": "female"
                  },
                  "mated": [
                    1,
                    40
                  ],
                  "non_mated": [
                    0,
                    2560
                  ]
                },
                {
                  "configuration": "fused, 3 frames",
                  "match_score": 470000,
                  "fmr_ppb": 10000,
                  "in_force": true,
                  "group": {
                    "age": "18-34"
                  },
                  "mated": [
                    1,
                    40
                  ],
                  "non_mated": [
                    0,
                    2560
                  ]
                },
                {
                  "configuration": "fused, 3 frames",
                  "match_score": 470000,
                  "fmr_ppb": 10000,
                  "in_force": true,
                  "group": {
                    "nationality": "UTO"
                  },
                  "mated": [
                    1,
                    40
                  ],
                  "non_mated": [
                    0,
                    2560
                  ]
                }
              ]
            }"#]],
    );
    assert!(serde_json::from_str::<Errors>("[3, 2]").is_err());
}

#[test]
fn ages_change_on_the_birthday() {
    let born = Date::new(2000, 2, 29).unwrap();
    let band = |year, month, day| AgeBand::of(born, Date::new(year, month, day).unwrap());
    assert_eq!(band(2018, 2, 28), AgeBand::To17);
    assert_eq!(band(2018, 3, 1), AgeBand::To34);
    assert_eq!(band(2035, 2, 28), AgeBand::To34);
    assert_eq!(band(2035, 3, 1), AgeBand::To59);
    assert_eq!(band(2060, 2, 29), AgeBand::From60);
}

#[test]
fn error_body() {
    check(
        &ErrorBody {
            error: "list_stale".into(),
            what: "The list is older than its limit.".into(),
            next: "Import a newer list.".into(),
        },
        &expect![[r#"
            {
              "error": "list_stale",
              "what": "The list is older than its limit.",
              "next": "Import a newer list."
            }"#]],
    );
}

#[test]
fn documents_survive_the_wire_and_never_print() {
    let message = DocumentMessage::from(&document());
    assert_eq!(TravelDocument::from(&message), document());
    let printed = format!("{message:?}{:?}", jpeg());
    assert!(
        !printed.contains("ERIKSSON") && !printed.contains("L898902C3"),
        "{printed}"
    );
}

#[test]
fn a_refused_document_number_is_not_repeated_in_the_error() {
    let json = serde_json::to_string(&DocumentMessage::from(&document())).unwrap();
    let error = serde_json::from_str::<DocumentMessage>(&json.replace("L898902C3", "L898902C3!"))
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("document number") && !error.contains("L898902C3"),
        "{error}"
    );
}

proptest! {
    #[test]
    fn no_text_panics_a_parser(text in "[\\PC\"{}:,\\[\\]0-9]{0,200}") {
        // Arbitrary text is practically never a message; what matters is that the parsers return.
        let _ = serde_json::from_str::<OpenInspection>(&text);
        let _ = serde_json::from_str::<EvidenceSubmission>(&text);
        let _ = serde_json::from_str::<ReferralNotice>(&text);
        let _ = serde_json::from_str::<LaneView>(&text);
        let _ = serde_json::from_str::<PassageRecord>(&text);
        let _ = serde_json::from_str::<ComparisonBatch>(&text);
        let _ = Jpeg::try_from(text);
    }

    #[test]
    fn a_cut_or_overwritten_message_never_panics_a_parser(cut in 0usize..400, byte in any::<u8>()) {
        let message = OpenInspection {
            inspection: inspection(),
            lane: lane(),
            direction: Direction::Entry,
            opened_at: UtcTime(0),
            document: DocumentMessage::from(&document()),
        };
        let mut json = serde_json::to_vec(&message).unwrap();
        let cut = cut.min(json.len() - 1);
        prop_assert!(serde_json::from_slice::<OpenInspection>(&json[..cut]).is_err());
        json[cut] = byte;
        if let Ok(changed) = serde_json::from_slice::<OpenInspection>(&json) {
            // Whatever still parses is well formed: it survives another trip.
            let again = serde_json::to_vec(&changed).unwrap();
            prop_assert_eq!(serde_json::from_slice::<OpenInspection>(&again).unwrap(), changed);
        }
    }
}
