//! Face detection: all faces of a frame with five landmarks, by the decoding that the manifest names.

use egate_types::BgrFrame;

use crate::geometry::letterbox;
use crate::limits::{CANDIDATES_MAX, FACES_MAX};
use crate::manifest::{Decoding, Detector as Description};
use crate::network::Network;
use crate::pipeline::AnalyseError;

/// A face in a frame, in its pixels.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Face {
    /// Left, top, width, height.
    pub bbox: [f32; 4],
    /// Eye on the image's left, eye on its right, tip of the nose, mouth corner on the left, on the right.
    pub landmarks: [[f32; 2]; 5],
    /// Confidence of the detector, 0..=1.
    pub score: f32,
}

impl Face {
    /// Distance of the eyes, pixels.
    pub fn eye_distance_px(&self) -> f32 {
        let [left, right, ..] = self.landmarks;
        (right[0] - left[0]).hypot(right[1] - left[1])
    }

    /// The face that a labelled picture is of: nearest the middle among those that are not small. A lane takes the largest,
    /// for it chooses where its camera looks; a bystander cut off by the rim of a press photograph is often larger than its
    /// subject.
    #[must_use]
    pub fn portrayed<'a>(frame: &BgrFrame, faces: &'a [Self]) -> Option<&'a Self> {
        let most = faces.iter().map(Self::area).fold(0.0, f32::max);
        let eccentricity = |face: &Self| {
            let [left, top, width, height] = face.bbox;
            let off = |start: f32, size: f32, side: u32| start + size / 2.0 - side as f32 / 2.0;
            off(left, width, frame.width()).hypot(off(top, height, frame.height()))
        };
        faces
            .iter()
            .filter(|face| face.area() >= most * PORTRAYED_AREA_MIN)
            .min_by(|a, b| eccentricity(a).total_cmp(&eccentricity(b)))
    }

    pub(crate) fn area(&self) -> f32 {
        self.bbox[2] * self.bbox[3]
    }

    fn centred(
        [x, y]: [f32; 2],
        [width, height]: [f32; 2],
        landmarks: [[f32; 2]; 5],
        score: f32,
    ) -> Self {
        Self {
            bbox: [x - width / 2.0, y - height / 2.0, width, height],
            landmarks,
            score,
        }
    }

    fn values(&self) -> impl Iterator<Item = f32> {
        self.bbox
            .into_iter()
            .chain(self.landmarks.into_iter().flatten())
    }

    fn values_mut(&mut self) -> impl Iterator<Item = &mut f32> {
        self.bbox
            .iter_mut()
            .chain(self.landmarks.iter_mut().flatten())
    }

    fn overlap(&self, other: &Self) -> f32 {
        let side = |axis: usize| {
            let end = (self.bbox[axis] + self.bbox[axis + 2])
                .min(other.bbox[axis] + other.bbox[axis + 2]);
            (end - self.bbox[axis].max(other.bbox[axis])).max(0.0)
        };
        let shared = side(0) * side(1);
        shared / (self.area() + other.area() - shared).max(f32::MIN_POSITIVE)
    }
}

pub(crate) struct Detector {
    network: Network,
    description: Description,
    outputs: Vec<(String, usize)>,
}

impl Detector {
    pub(crate) fn new(network: Network, description: &Description) -> Self {
        let counts = value_counts(description);
        let outputs = description.outputs.iter().cloned().zip(counts).collect();
        Self {
            network,
            description: description.clone(),
            outputs,
        }
    }

    /// All faces, the largest first.
    pub(crate) fn detect(&mut self, frame: &BgrFrame) -> Result<Vec<Face>, AnalyseError> {
        let input = &self.description.input;
        let (picture, scale) = letterbox(frame, input.width, input.height)?;
        let outputs = self.network.run(&picture, &self.outputs)?;
        let mut candidates = self.candidates(&outputs);
        candidates.retain(|face| face.values().all(f32::is_finite));
        for face in &mut candidates {
            face.values_mut().for_each(|value| *value /= scale);
        }
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        candidates.truncate(CANDIDATES_MAX);
        let mut faces: Vec<Face> = Vec::new();
        for candidate in &candidates {
            if faces
                .iter()
                .all(|face| face.overlap(candidate) <= self.description.overlap_max)
            {
                faces.push(*candidate);
            }
        }
        if self.description.blend {
            faces = faces
                .iter()
                .map(|face| blended(face, &candidates))
                .collect();
        }
        faces.sort_by(|a, b| b.area().total_cmp(&a.area()));
        faces.truncate(FACES_MAX);
        Ok(faces)
    }

    /// What the network thinks may be faces, in pixels of its input.
    fn candidates(&self, outputs: &[Vec<f32>]) -> Vec<Face> {
        let mut found = Vec::new();
        match &self.description.decoding {
            Decoding::Yunet { strides } => {
                for (index, stride) in strides.iter().enumerate() {
                    let tensors =
                        [0, 1, 2, 3].map(|kind| outputs[kind * strides.len() + index].as_slice());
                    self.yunet(*stride, tensors, &mut found);
                }
            }
            Decoding::Retinaface {
                strides,
                prior_px,
                variances,
            } => {
                if let [boxes, classes, landmarks] = outputs {
                    let priors = self.priors(strides, prior_px);
                    let tensors = [boxes.as_slice(), classes, landmarks];
                    self.retinaface(priors, *variances, tensors, &mut found);
                }
            }
        }
        found
    }

    fn is_face(&self, score: f32) -> bool {
        score.is_finite() && score >= self.description.score_min
    }

    fn yunet(&self, stride: u32, [cls, obj, bbox, kps]: [&[f32]; 4], found: &mut Vec<Face>) {
        let columns = (self.description.input.width / stride) as usize;
        let step = stride as f32;
        for (cell, (cls, obj)) in cls.iter().zip(obj).enumerate() {
            let score = (cls.clamp(0.0, 1.0) * obj.clamp(0.0, 1.0)).sqrt();
            if !self.is_face(score) {
                continue;
            }
            let (column, row) = ((cell % columns) as f32, (cell / columns) as f32);
            let [dx, dy, log_width, log_height] = [0, 1, 2, 3].map(|k| bbox[cell * 4 + k]);
            let centre = [(column + dx) * step, (row + dy) * step];
            let size = [log_width.exp() * step, log_height.exp() * step];
            let landmarks = [0, 1, 2, 3, 4].map(|k| {
                let at = cell * 10 + 2 * k;
                [(column + kps[at]) * step, (row + kps[at + 1]) * step]
            });
            found.push(Face::centred(centre, size, landmarks, score));
        }
    }

    fn retinaface(
        &self,
        priors: impl Iterator<Item = [f32; 3]>,
        [of_centre, of_size]: [f32; 2],
        [boxes, classes, landmarks]: [&[f32]; 3],
        found: &mut Vec<Face>,
    ) {
        for (index, [x, y, side]) in priors.enumerate() {
            let score = classes[index * 2 + 1];
            if !self.is_face(score) {
                continue;
            }
            let near = |dx: f32, dy: f32| [x + of_centre * side * dx, y + of_centre * side * dy];
            let [dx, dy, log_width, log_height] = [0, 1, 2, 3].map(|k| boxes[index * 4 + k]);
            let size = [log_width, log_height].map(|log| side * (of_size * log).exp());
            let landmarks = [0, 1, 2, 3, 4].map(|k| {
                let at = index * 10 + 2 * k;
                near(landmarks[at], landmarks[at + 1])
            });
            found.push(Face::centred(near(dx, dy), size, landmarks, score));
        }
    }

    /// Centre and side of every prior, in the order of the network's outputs.
    fn priors<'a>(
        &self,
        strides: &'a [u32],
        sizes: &'a [Vec<f32>],
    ) -> impl Iterator<Item = [f32; 3]> + 'a {
        let (width, height) = (self.description.input.width, self.description.input.height);
        strides.iter().zip(sizes).flat_map(move |(stride, sizes)| {
            let step = *stride as f32;
            let middle = move |cell: u32| (cell as f32 + 0.5) * step;
            (0..height / stride).flat_map(move |row| {
                (0..width / stride).flat_map(move |column| {
                    let at = move |side: &f32| [middle(column), middle(row), *side];
                    sizes.iter().map(at)
                })
            })
        })
    }
}

/// How many values each output of the network has.
fn value_counts(description: &Description) -> Vec<usize> {
    let input = &description.input;
    let cells = |stride: &u32| (input.width / stride * (input.height / stride)) as usize;
    match &description.decoding {
        Decoding::Yunet { strides } => [1, 1, 4, 10]
            .into_iter()
            .flat_map(|values| strides.iter().map(move |stride| cells(stride) * values))
            .collect(),
        Decoding::Retinaface {
            strides, prior_px, ..
        } => {
            let of_stride = strides.iter().zip(prior_px);
            let priors: usize = of_stride.map(|(stride, of)| cells(stride) * of.len()).sum();
            vec![priors * 4, priors * 2, priors * 10]
        }
    }
}

/// The score-weighted mean of the candidates that see the same face: their errors are nearly independent.
fn blended(face: &Face, candidates: &[Face]) -> Face {
    let mut sum = Face {
        bbox: [0.0; 4],
        landmarks: [[0.0; 2]; 5],
        score: face.score,
    };
    let mut weight = 0.0;
    let agrees = |other: &&Face| {
        face.overlap(other) > BLEND_OVERLAP_MIN && other.score > face.score * BLEND_SCORE_MIN
    };
    for candidate in candidates.iter().filter(agrees) {
        let share = candidate.score * candidate.score;
        weight += share;
        for (total, value) in sum.values_mut().zip(candidate.values()) {
            *total += share * value;
        }
    }
    sum.values_mut().for_each(|total| *total /= weight);
    sum
}

/// Share of the largest face's area below which a face is in the background.
const PORTRAYED_AREA_MIN: f32 = 0.5;
/// Candidates that overlap less see another face, or see this one badly.
const BLEND_OVERLAP_MIN: f32 = 0.65;
/// Candidates less sure than this share of the best one lie at the rim of the face and err more.
const BLEND_SCORE_MIN: f32 = 0.97;
