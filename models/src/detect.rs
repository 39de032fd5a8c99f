//! Face detection with YuNet's decoding at any set of strides.

use egate_types::BgrFrame;

use crate::geometry::letterbox;
use crate::limits::{CANDIDATES_MAX, FACES_MAX};
use crate::manifest::Detector as Description;
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

    pub(crate) fn area(&self) -> f32 {
        self.bbox[2] * self.bbox[3]
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
    width: u32,
    height: u32,
    strides: Vec<u32>,
    score_min: f32,
    overlap_max: f32,
    blend: bool,
    outputs: Vec<(String, usize)>,
}

impl Detector {
    pub(crate) fn new(network: Network, description: &Description) -> Self {
        let (width, height) = (description.input.width, description.input.height);
        let outputs = description
            .strides
            .iter()
            .flat_map(|stride| {
                let cells = (width / stride * (height / stride)) as usize;
                [("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)]
                    .map(|(name, values)| (format!("{name}_{stride}"), cells * values))
            })
            .collect();
        Self {
            network,
            width,
            height,
            strides: description.strides.clone(),
            score_min: description.score_min,
            overlap_max: description.overlap_max,
            blend: description.blend,
            outputs,
        }
    }

    /// All faces, the largest first.
    pub(crate) fn detect(&mut self, frame: &BgrFrame) -> Result<Vec<Face>, AnalyseError> {
        let (picture, scale) = letterbox(frame, self.width, self.height)?;
        let outputs = self.network.run(&picture, &self.outputs)?;
        let mut candidates = Vec::new();
        for (stride, tensors) in self.strides.iter().zip(outputs.chunks_exact(4)) {
            self.decode(*stride, tensors, scale, &mut candidates);
        }
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        candidates.truncate(CANDIDATES_MAX);
        let mut faces: Vec<Face> = Vec::new();
        for candidate in &candidates {
            if faces
                .iter()
                .all(|face| face.overlap(candidate) <= self.overlap_max)
            {
                faces.push(*candidate);
            }
        }
        if self.blend {
            faces = faces
                .iter()
                .map(|face| blended(face, &candidates))
                .collect();
        }
        faces.sort_by(|a, b| b.area().total_cmp(&a.area()));
        faces.truncate(FACES_MAX);
        Ok(faces)
    }

    fn decode(&self, stride: u32, tensors: &[Vec<f32>], scale: f32, out: &mut Vec<Face>) {
        let [cls, obj, bbox, kps] = tensors else {
            return;
        };
        let columns = (self.width / stride) as usize;
        let step = stride as f32 / scale;
        for (cell, (cls, obj)) in cls.iter().zip(obj).enumerate() {
            let score = (cls.clamp(0.0, 1.0) * obj.clamp(0.0, 1.0)).sqrt();
            if score.is_nan() || score < self.score_min {
                continue;
            }
            let (column, row) = ((cell % columns) as f32, (cell / columns) as f32);
            let [dx, dy, log_width, log_height] = [0, 1, 2, 3].map(|k| bbox[cell * 4 + k]);
            let (width, height) = (log_width.exp() * step, log_height.exp() * step);
            let landmarks = [0, 1, 2, 3, 4].map(|k| {
                let at = cell * 10 + 2 * k;
                [(column + kps[at]) * step, (row + kps[at + 1]) * step]
            });
            let bbox = [
                (column + dx) * step - width / 2.0,
                (row + dy) * step - height / 2.0,
                width,
                height,
            ];
            if bbox
                .iter()
                .chain(landmarks.iter().flatten())
                .all(|value| value.is_finite())
            {
                out.push(Face {
                    bbox,
                    landmarks,
                    score,
                });
            }
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

/// Candidates that overlap less see another face, or see this one badly.
const BLEND_OVERLAP_MIN: f32 = 0.65;
/// Candidates less sure than this share of the best one lie at the rim of the face and err more.
const BLEND_SCORE_MIN: f32 = 0.97;
