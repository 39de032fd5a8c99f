//! Quality of a face picture, independent of any passport image (BSI TR-03121 ACQ-FI-USV-1).
//!
//! Every component is a value of 0..=100; 50 is the limit of use, so components compare with each other. The table names
//! the component of OFIQ (ISO/IEC 29794-5) that measures the same thing; the scales are our own and not OFIQ's.
//!
//! | component | OFIQ | measured as | stops a capture |
//! |---|---|---|---|
//! | `single_face` | `SingleFacePresent` | area of the second face over the first's | yes |
//! | `inter_eye_distance` | `InterEyeDistance` | pixels | yes |
//! | `head_size` | `HeadSize` | height of the face box over the frame's | yes |
//! | `centring` | `LeftwardCropOfTheFaceImage` and its three siblings | least margin around the face box over its width | yes |
//! | `yaw`, `pitch`, `roll` | `HeadPoseYaw`, `HeadPosePitch`, `HeadPoseRoll` | from the five points, an average head assumed: off by 5 to 10 degrees | yes |
//! | `under_exposure`, `over_exposure` | `UnderExposurePrevention`, `OverExposurePrevention` | share of the face below 25, above 247 grey levels | yes |
//! | `evenness` | `IlluminationUniformity` | mean grey of the darker half of the face over the lighter one's | yes |
//! | `sharpness` | `Sharpness` | deviation of the Laplacian of the aligned face | yes |
//! | `learned` | `UnifiedQualityScore` (another network) | the set's network, where it has one | no |
//! | `eyes_open` | `EyesOpen` | heuristic: height of the dark spot in either eye | no |
//! | `mouth_closed` | `MouthClosed` | heuristic: height of the dark gap between the lips | no |
//! | `unoccluded` | `EyesVisible`, `FaceOcclusionPrevention` | heuristic: colour of the lower face against the cheeks', darkness of the eye region | no |
//!
//! Heuristic components see what five points and grey levels can tell and are wrong on some faces; they advise and never
//! stop a capture. Not estimated at all: background, compression, natural colour, expression, head coverings.

mod face_picture;

use egate_types::{BgrFrame, Coaching};
use serde::Serialize;

use crate::detect::Face;
use crate::geometry::{GeometryError, align, sharpness};
use crate::manifest::{Alignment, CaptureLimits};
use face_picture::FacePicture;

/// 0 is useless, 50 the limit of use, 100 as good as it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct QualityScore(u8);

/// What is judged of a picture; in the order in which a traveller can be helped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Component {
    /// Nobody else is near.
    SingleFace,
    /// Close enough.
    InterEyeDistance,
    /// Not too close.
    HeadSize,
    /// Wholly in the frame.
    Centring,
    /// Not turned aside.
    Yaw,
    /// Not lowered or raised.
    Pitch,
    /// Not tilted.
    Roll,
    /// Not too dark.
    UnderExposure,
    /// Not too light.
    OverExposure,
    /// Light from the front.
    Evenness,
    /// Not blurred.
    Sharpness,
    /// What a network thinks of it.
    Learned,
    /// Heuristic.
    EyesOpen,
    /// Heuristic.
    MouthClosed,
    /// Heuristic: no mask, hand or dark glasses.
    Unoccluded,
}

/// One component of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Judgement {
    /// Which.
    pub component: Component,
    /// Unified scale.
    pub score: QualityScore,
    /// The measured value, in the unit of the module's table.
    pub value: f32,
}

/// The quality of the largest face of a frame.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Quality {
    /// The worst of the components that count: one weak point spoils a picture. Heuristic ones do not count.
    pub unified: QualityScore,
    /// All components.
    pub components: Vec<Judgement>,
}

impl QualityScore {
    /// Rounded, held within 0..=100; not-a-number becomes 0.
    #[must_use]
    pub fn new(score: f32) -> Self {
        Self(score.clamp(0.0, 100.0).round() as u8)
    }

    /// 0..=100.
    #[must_use]
    pub fn value(self) -> u8 {
        self.0
    }

    /// The picture can be used.
    #[must_use]
    pub fn is_usable(self) -> bool {
        self.0 >= USABLE
    }

    /// How much a frame of this quality counts when several are fused.
    pub(crate) fn weight(self) -> f32 {
        f32::from(self.0.max(1))
    }
}

impl Component {
    /// Measured well enough to end or prolong a capture.
    #[must_use]
    pub fn stops_a_capture(self) -> bool {
        !matches!(
            self,
            Self::Learned | Self::EyesOpen | Self::MouthClosed | Self::Unoccluded
        )
    }

    /// Guessed from grey levels around five points.
    #[must_use]
    pub fn is_heuristic(self) -> bool {
        matches!(self, Self::EyesOpen | Self::MouthClosed | Self::Unoccluded)
    }

    /// What the traveller can do about it.
    #[must_use]
    pub fn coaching(self) -> Coaching {
        match self {
            Self::SingleFace => Coaching::OneFaceOnly,
            Self::InterEyeDistance => Coaching::ComeCloser,
            Self::HeadSize => Coaching::StepBack,
            Self::Centring => Coaching::MoveToTheMiddle,
            Self::Yaw | Self::Pitch | Self::Roll => Coaching::FaceTheCamera,
            Self::UnderExposure | Self::OverExposure | Self::Evenness => Coaching::StandInTheLight,
            Self::Sharpness => Coaching::HoldStill,
            Self::Learned => Coaching::LookAtCamera,
            Self::EyesOpen => Coaching::OpenYourEyes,
            Self::MouthClosed => Coaching::CloseYourMouth,
            Self::Unoccluded => Coaching::UncoverYourFace,
        }
    }
}

impl Quality {
    /// What to ask of the traveller if this is all that was seen of a face; `None` if the picture can be used.
    #[must_use]
    pub fn coaching_of(seen: Option<&Self>) -> Option<Coaching> {
        match seen {
            Some(quality) => quality.coaching(),
            None => Some(Coaching::LookAtCamera),
        }
    }

    /// What to ask of the traveller before the picture can be used, the most basic need first.
    #[must_use]
    pub fn coaching(&self) -> Option<Coaching> {
        let stops = |judgement: &&Judgement| judgement.component.stops_a_capture();
        let poor = |judgement: &&Judgement| !judgement.score.is_usable();
        let mut components = self.components.iter().filter(stops);
        components
            .find(poor)
            .map(|judgement| judgement.component.coaching())
    }

    /// All that would make the picture better, heuristics included.
    #[must_use]
    pub fn hints(&self) -> Vec<Coaching> {
        let poor = self
            .components
            .iter()
            .filter(|judgement| !judgement.score.is_usable());
        let mut hints = Vec::new();
        for hint in poor.map(|judgement| judgement.component.coaching()) {
            if !hints.contains(&hint) {
                hints.push(hint);
            }
        }
        hints
    }

    fn push(&mut self, component: Component, value: f32, score: QualityScore) {
        if !component.is_heuristic() {
            self.unified = self.unified.min(score);
        }
        self.components.push(Judgement {
            component,
            score,
            value,
        });
    }
}

/// Judges the first of `faces`; `learned` is a network's raw value and the values that stand for 0, 50 and 100.
pub(crate) fn judge(
    frame: &BgrFrame,
    faces: &[Face],
    limits: &CaptureLimits,
    alignment: &Alignment,
    learned: Option<(f32, [f32; 3])>,
) -> Result<Option<Quality>, GeometryError> {
    let Some((face, others)) = faces.split_first() else {
        return Ok(None);
    };
    let mut quality = Quality {
        unified: QualityScore::new(100.0),
        components: Vec::new(),
    };
    placement(frame, face, others, limits, &mut quality);
    pose(face, &mut quality);
    let aligned = align(frame, &face.landmarks, alignment)?;
    let picture = FacePicture::new(&aligned, alignment);
    light(&picture, &mut quality);
    let sharp = sharpness(&aligned)?;
    let least = limits.sharpness_min;
    quality.push(
        Component::Sharpness,
        sharp,
        rising(sharp, [0.0, least, least * 4.0]),
    );
    if let Some((value, scale)) = learned {
        quality.push(Component::Learned, value, rising(value, scale));
    }
    for (component, value, scale) in [
        (Component::EyesOpen, picture.eye_height(), EYE_HEIGHTS),
        (Component::MouthClosed, -picture.mouth_gap(), MOUTH_GAPS),
        (Component::Unoccluded, -picture.occlusion(), OCCLUSIONS),
    ] {
        quality.push(component, value.abs(), rising(value, scale));
    }
    Ok(Some(quality))
}

fn placement(
    frame: &BgrFrame,
    face: &Face,
    others: &[Face],
    limits: &CaptureLimits,
    quality: &mut Quality,
) {
    // A face far behind the traveller is a bystander beyond the lane.
    let second = others
        .first()
        .map_or(0.0, |other| other.area() / face.area().max(1.0));
    quality.push(
        Component::SingleFace,
        second,
        falling(second, SECOND_FACE_AREAS),
    );
    let (eyes, least) = (face.eye_distance_px(), limits.eye_distance_px_min);
    let score = rising(eyes, [0.0, least, least * 2.0]);
    quality.push(Component::InterEyeDistance, eyes, score);
    let (width, height) = (frame.width() as f32, frame.height() as f32);
    let [left, top, box_width, box_height] = face.bbox;
    let share = box_height / height;
    let most = limits.face_height_share_max;
    let score = falling(share, [most * 0.7, most, most * 1.5]);
    quality.push(Component::HeadSize, share, score);
    let margins = [
        left,
        top,
        width - left - box_width,
        height - top - box_height,
    ];
    let least = margins.into_iter().fold(f32::INFINITY, f32::min) / box_width.max(1.0);
    quality.push(Component::Centring, least, rising(least, MARGINS));
}

fn pose(face: &Face, quality: &mut Quality) {
    let [left, right, nose, mouth_left, mouth_right] = face.landmarks;
    let middle = |a: [f32; 2], b: [f32; 2]| [0, 1].map(|axis| f32::midpoint(a[axis], b[axis]));
    let (eyes, mouth) = (middle(left, right), middle(mouth_left, mouth_right));
    let axis = [mouth[0] - eyes[0], mouth[1] - eyes[1]];
    let to_nose = [nose[0] - eyes[0], nose[1] - eyes[1]];
    let length = axis[0].hypot(axis[1]).max(1.0);
    let across = (axis[1] * to_nose[0] - axis[0] * to_nose[1]) / length;
    let along = (axis[0] * to_nose[0] + axis[1] * to_nose[1]) / length;
    let yaw = (across / (NOSE_DEPTH * face.eye_distance_px().max(1.0)))
        .clamp(-1.0, 1.0)
        .asin();
    let pitch = ((along / length - NOSE_HEIGHT) / NOSE_DEPTH_OF_HEIGHT).atan();
    let roll = (right[1] - left[1]).atan2(right[0] - left[0]);
    for (component, angle, most) in [
        (Component::Yaw, yaw, YAW_DEG_MAX),
        (Component::Pitch, pitch, PITCH_DEG_MAX),
        (Component::Roll, roll, ROLL_DEG_MAX),
    ] {
        let degrees = angle.to_degrees();
        let score = falling(degrees.abs(), [0.0, most, most * 2.0]);
        quality.push(component, degrees, score);
    }
}

fn light(picture: &FacePicture, quality: &mut Quality) {
    let (dark, bright) = picture.exposure();
    quality.push(Component::UnderExposure, dark, falling(dark, CLIPPED));
    quality.push(Component::OverExposure, bright, falling(bright, CLIPPED));
    let even = picture.evenness();
    quality.push(Component::Evenness, even, rising(even, EVENNESS));
}

/// Straight lines through (worst, 0), (limit, 50) and (best, 100).
fn rising(value: f32, [worst, limit, best]: [f32; 3]) -> QualityScore {
    QualityScore::new(if value < limit {
        50.0 * (value - worst) / (limit - worst)
    } else {
        50.0 + 50.0 * (value - limit) / (best - limit)
    })
}

fn falling(value: f32, [best, limit, worst]: [f32; 3]) -> QualityScore {
    rising(-value, [-worst, -limit, -best])
}

/// A picture is used from this score.
const USABLE: u8 = 50;
/// A second face counts from a quarter of the first one's area: about one and a half arm lengths behind.
const SECOND_FACE_AREAS: [f32; 3] = [0.0, 0.25, 1.0];
/// Margins in face widths; a face that the edge cuts has less than none.
const MARGINS: [f32; 3] = [-0.2, 0.0, 0.5];
/// How far the tip of an average nose stands out, in eye distances.
const NOSE_DEPTH: f32 = 0.38;
/// Where it lies between eyes (0) and mouth (1) of a head held straight: the middle between neutral and smiling studio
/// portraits and press photographs.
const NOSE_HEIGHT: f32 = 0.555;
/// `NOSE_DEPTH` in distances between eyes and mouth.
const NOSE_DEPTH_OF_HEIGHT: f32 = 0.33;
/// From here the embedders' scores fall.
const YAW_DEG_MAX: f32 = 20.0;
/// Noses differ by some ten degrees of it, hence the wider limit.
const PITCH_DEG_MAX: f32 = 30.0;
/// Alignment turns a tilted head upright; attack detection does not.
const ROLL_DEG_MAX: f32 = 20.0;
/// Share of the face without detail.
const CLIPPED: [f32; 3] = [0.0, 0.35, 0.8];
/// Darker over lighter half.
const EVENNESS: [f32; 3] = [0.1, 0.35, 0.95];
/// Height of the dark spot of an eye in eye distances: a line of lashes, half an iris, an iris.
const EYE_HEIGHTS: [f32; 3] = [0.02, 0.07, 0.16];
/// Height of the gap between the lips in eye distances, negative.
const MOUTH_GAPS: [f32; 3] = [-0.45, -0.20, -0.05];
/// Difference of colours, negative.
const OCCLUSIONS: [f32; 3] = [-40.0, -20.0, -4.0];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::AlignmentPoints;

    /// On the arcface_112 points, so that the frame is its own aligned picture.
    fn face() -> Face {
        Face {
            bbox: [20.0, 10.0, 72.0, 98.0],
            landmarks: [
                [38.0, 52.0],
                [74.0, 52.0],
                [56.0, 74.0],
                [42.0, 92.0],
                [70.0, 92.0],
            ],
            score: 0.9,
        }
    }

    fn judged(face: Face, grey: impl Fn(usize) -> u8) -> Quality {
        let pixels = (0..112 * 112).flat_map(|at| [grey(at % 112); 3]).collect();
        let frame = BgrFrame::new(112, 112, pixels).unwrap();
        let limits = CaptureLimits {
            alignment: String::new(),
            eye_distance_px_min: 42.0,
            face_height_share_max: 0.68,
            sharpness_min: 5.5,
        };
        let alignment = Alignment {
            width: 112,
            height: 112,
            points: AlignmentPoints::Five(face.landmarks),
        };
        let quality = judge(&frame, &[face], &limits, &alignment, None).unwrap();
        quality.unwrap()
    }

    fn component(quality: &Quality, component: Component) -> Judgement {
        let mut all = quality.components.iter().copied();
        all.find(|judged| judged.component == component).unwrap()
    }

    #[test]
    fn a_head_held_straight_has_no_angles_and_a_turned_one_has() {
        let straight = judged(face(), |_| 128);
        for angle in [Component::Yaw, Component::Pitch, Component::Roll] {
            assert!(component(&straight, angle).value.abs() < 3.0, "{angle:?}");
        }
        let mut turned = face();
        turned.landmarks[2][0] += 36.0 * NOSE_DEPTH * 20.0_f32.to_radians().sin();
        let yaw = component(&judged(turned, |_| 128), Component::Yaw);
        assert!((yaw.value - 20.0).abs() < 0.5, "{yaw:?}");
        assert!(yaw.score.value().abs_diff(50) <= 1, "{yaw:?}");
        let mut tilted = face();
        tilted.landmarks[1][1] += 36.0;
        let roll = component(&judged(tilted, |_| 128), Component::Roll);
        assert!((roll.value - 45.0).abs() < 0.5 && !roll.score.is_usable());
    }

    #[test]
    fn darkness_glare_and_light_from_one_side_are_told_apart() {
        let poor = |grey: fn(usize) -> u8| -> Vec<Component> {
            let quality = judged(face(), grey);
            let light = [
                Component::UnderExposure,
                Component::OverExposure,
                Component::Evenness,
            ];
            let poor = |of: &Component| !component(&quality, *of).score.is_usable();
            light.into_iter().filter(poor).collect()
        };
        assert_eq!(poor(|_| 128), []);
        assert_eq!(poor(|_| 10), [Component::UnderExposure]);
        assert_eq!(poor(|_| 255), [Component::OverExposure]);
        let from_the_right = |column| if column < 56 { 40 } else { 200 };
        assert_eq!(poor(from_the_right), [Component::Evenness]);
    }

    #[test]
    fn the_worst_component_that_counts_is_the_quality() {
        // Without any detail, nothing is sharp.
        let quality = judged(face(), |_| 128);
        assert_eq!(component(&quality, Component::Sharpness).score.value(), 0);
        assert_eq!(quality.unified.value(), 0);
        let heuristic = component(&quality, Component::EyesOpen);
        assert_eq!(heuristic.score.value(), 0);
        assert_eq!(quality.coaching(), Some(Coaching::ComeCloser));
        assert!(quality.hints().contains(&Coaching::OpenYourEyes));
        assert_eq!(QualityScore::new(f32::NAN).value(), 0);
        assert_eq!(QualityScore::new(250.0).value(), 100);
    }
}
