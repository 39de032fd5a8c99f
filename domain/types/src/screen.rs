//! What the traveller sees: a closed list of screens. None tells a score, a list, a reason or an authority
//! (DESIGN 2, invariant 5).

use serde::{Deserialize, Serialize};

/// Languages of the traveller display, in the order they are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Language {
    /// Simplified Chinese.
    #[serde(rename = "zh-Hans")]
    SimplifiedChinese,
    /// Traditional Chinese.
    #[serde(rename = "zh-Hant")]
    TraditionalChinese,
    /// English.
    #[serde(rename = "en")]
    English,
    /// Portuguese.
    #[serde(rename = "pt")]
    Portuguese,
}

impl Language {
    /// All languages.
    pub const ALL: [Self; 4] = [
        Self::SimplifiedChinese,
        Self::TraditionalChinese,
        Self::English,
        Self::Portuguese,
    ];

    /// BCP 47 tag.
    pub fn tag(self) -> &'static str {
        match self {
            Self::SimplifiedChinese => "zh-Hans",
            Self::TraditionalChinese => "zh-Hant",
            Self::English => "en",
            Self::Portuguese => "pt",
        }
    }
}

/// How to help the camera (BSI TR-03121 UI-FI-BSJ).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coaching {
    /// No face in view.
    LookAtCamera,
    /// Face too small.
    ComeCloser,
    /// Face too large.
    StepBack,
    /// Head turned away.
    FaceTheCamera,
    /// Picture blurred by movement.
    HoldStill,
    /// More than one face.
    OneFaceOnly,
    /// Face at the edge of the picture.
    MoveToTheMiddle,
    /// Face too dark, too light or lit from one side.
    StandInTheLight,
    /// Eyes closed.
    OpenYourEyes,
    /// Mouth open.
    CloseYourMouth,
    /// Mask, hand or dark glasses.
    UncoverYourFace,
}

impl Coaching {
    /// All coaching texts.
    pub const ALL: [Self; 11] = [
        Self::LookAtCamera,
        Self::ComeCloser,
        Self::StepBack,
        Self::FaceTheCamera,
        Self::HoldStill,
        Self::OneFaceOnly,
        Self::MoveToTheMiddle,
        Self::StandInTheLight,
        Self::OpenYourEyes,
        Self::CloseYourMouth,
        Self::UncoverYourFace,
    ];
}

/// One screen of the traveller display.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "screen", content = "coaching")]
pub enum TravellerScreen {
    /// Lane closed: red cross, use another lane.
    OutOfService,
    /// Lane open: place the document on the reader.
    PlaceDocument,
    /// Document being read: leave it there.
    ReadingDocument,
    /// The document could not be read: place it again, photo page down.
    PlaceDocumentAgain,
    /// Entry barrier released: take the document and step in, one person.
    StepIn,
    /// More than one person: the others step back.
    OnePersonOnly,
    /// Inside: look at the camera.
    Capture(Coaching),
    /// Inside: please wait.
    PleaseWait,
    /// Exit barrier released: go ahead.
    GoAhead,
    /// Neutral: an officer comes to help you.
    OfficerComes,
    /// Entry barrier released again: please go back, to the counter.
    PleaseReturn,
    /// Evacuation: leave by the open barrier.
    Evacuate,
}

impl TravellerScreen {
    /// Every screen once, each coaching text included.
    pub fn all() -> Vec<Self> {
        let mut screens = vec![
            Self::OutOfService,
            Self::PlaceDocument,
            Self::ReadingDocument,
            Self::PlaceDocumentAgain,
            Self::StepIn,
            Self::OnePersonOnly,
        ];
        screens.extend(Coaching::ALL.map(Self::Capture));
        screens.extend([
            Self::PleaseWait,
            Self::GoAhead,
            Self::OfficerComes,
            Self::PleaseReturn,
            Self::Evacuate,
        ]);
        screens
    }
}
