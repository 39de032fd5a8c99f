//! The chip's side of answers that do not fit: in pieces, the rest by GET RESPONSE (ISO 7816-4 §5.3.4).

use zeroize::Zeroizing;

/// The rest of an answer, its status bytes last.
#[derive(Default)]
pub(super) struct Rest(Zeroizing<Vec<u8>>);

impl Rest {
    pub(super) fn is_waiting(&self) -> bool {
        !self.0.is_empty()
    }

    /// As much of the answer as the reader takes, two status bytes aside.
    pub(super) fn keep(&mut self, mut answer: Vec<u8>, most: usize) -> Vec<u8> {
        if answer.len() <= most.saturating_add(2) {
            self.0.clear();
            return answer;
        }
        *self.0 = answer.split_off(most);
        // 00: 256 bytes or more.
        let left = u8::try_from(self.0.len().saturating_sub(2)).unwrap_or(0);
        answer.extend([0x61, left]);
        answer
    }

    /// The next piece.
    pub(super) fn next(&mut self, most: usize) -> Vec<u8> {
        let answer = std::mem::take(&mut *self.0);
        self.keep(answer, most)
    }

    pub(super) fn forget(&mut self) {
        self.0.clear();
    }
}
