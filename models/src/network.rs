//! One ONNX network: pixels in, named float tensors out.

use ort::environment::Environment;
use ort::session::Session;
use ort::value::Tensor;

use crate::geometry::Picture;
use crate::manifest::{Colour, Input};

/// A network that cannot be loaded or run.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// ONNX Runtime refuses the model.
    #[error("{model} cannot be loaded")]
    Load {
        /// File name.
        model: String,
        /// ONNX Runtime's reason.
        #[source]
        source: ort::Error,
    },
    /// Inference failed.
    #[error("{model} failed")]
    Run {
        /// File name.
        model: String,
        /// ONNX Runtime's reason.
        #[source]
        source: ort::Error,
    },
    /// The model answers in another shape than the manifest says.
    #[error("{model}: output {output:?} is missing or does not have {expected} values")]
    Shape {
        /// File name.
        model: String,
        /// Output's name.
        output: String,
        /// Values it should have.
        expected: usize,
    },
}

pub(crate) struct Network {
    model: String,
    session: Session,
    tensor: String,
    colour: Colour,
    /// The normalised value of every byte, per channel of the picture: blue, green, red.
    levels: [[f32; 256]; 3],
}

impl Network {
    pub(crate) fn load(
        runtime: &Environment,
        model: String,
        bytes: &[u8],
        input: &Input,
        threads: usize,
    ) -> Result<Self, NetworkError> {
        let session = session(runtime, bytes, threads).map_err(|source| NetworkError::Load {
            model: model.clone(),
            source,
        })?;
        Ok(Self {
            model,
            session,
            tensor: input.tensor.clone(),
            colour: input.colour,
            levels: levels(input),
        })
    }

    /// Runs on one picture of the network's size; outputs come in the order of `wanted`.
    pub(crate) fn run(
        &mut self,
        picture: &Picture,
        wanted: &[(String, usize)],
    ) -> Result<Vec<Vec<f32>>, NetworkError> {
        let values = self.planes(picture);
        let model = &self.model;
        let failed = |source| NetworkError::Run {
            model: model.clone(),
            source,
        };
        let shape = [1, 3, i64::from(picture.height), i64::from(picture.width)];
        let input = Tensor::from_array((shape, values)).map_err(failed)?;
        let outputs = self
            .session
            .run(ort::inputs![self.tensor.as_str() => input])
            .map_err(failed)?;
        wanted
            .iter()
            .map(|(name, expected)| {
                let wrong = || NetworkError::Shape {
                    model: model.clone(),
                    output: name.clone(),
                    expected: *expected,
                };
                let value = outputs.get(name.as_str()).ok_or_else(wrong)?;
                let (_, values) = value.try_extract_tensor::<f32>().map_err(failed)?;
                if values.len() == *expected {
                    Ok(values.to_vec())
                } else {
                    Err(wrong())
                }
            })
            .collect()
    }

    /// Interleaved BGR bytes to normalised planes.
    fn planes(&self, picture: &Picture) -> Vec<f32> {
        let (pixels, _) = picture.bgr.as_chunks::<3>();
        let mut values = vec![0.0; pixels.len() * 3];
        let (first, others) = values.split_at_mut(pixels.len());
        let (green, last) = others.split_at_mut(pixels.len());
        let (blue, red) = match self.colour {
            Colour::Bgr => (first, last),
            Colour::Rgb => (last, first),
        };
        let [blues, greens, reds] = &self.levels;
        let planes = blue.iter_mut().zip(green).zip(red);
        for (pixel, ((blue, green), red)) in pixels.iter().zip(planes) {
            *blue = blues[usize::from(pixel[0])];
            *green = greens[usize::from(pixel[1])];
            *red = reds[usize::from(pixel[2])];
        }
        values
    }
}

fn levels(input: &Input) -> [[f32; 256]; 3] {
    [0, 1, 2].map(|channel| {
        let of_input = match input.colour {
            Colour::Bgr => channel,
            Colour::Rgb => 2 - channel,
        };
        let (mean, deviation) = (input.mean[of_input], input.deviation[of_input]);
        std::array::from_fn(|byte| (byte as f32 - mean) / deviation)
    })
}

/// Threads of ONNX Runtime do not spin while they wait: a lane's computer runs several lanes' work.
fn session(runtime: &Environment, bytes: &[u8], threads: usize) -> Result<Session, ort::Error> {
    Session::builder(runtime)?
        .with_intra_threads(threads)?
        .with_intra_op_spinning(false)?
        .commit_from_memory(bytes)
}
