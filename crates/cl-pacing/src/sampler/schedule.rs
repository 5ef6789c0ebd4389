use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use cl_data::SamplerFingerprint;

use super::stepwise::Stepwise;
use crate::{error::PacingError, pacing::Pacing};

/// Which part of an order is available at each step: a pacing over its budget, the future of which may be replaced.
///
/// ```text
/// available(step) = available(min(step / T, 1))      by the pacing and the T of the last piece that began by then
/// ```
#[derive(Debug, Clone)]
pub(super) struct Schedule {
    pub(super) n_examples: Stepwise,
    pub(super) batch_size: Stepwise,
    /// In the order of their first steps, the first of which is 0.
    pieces: Vec<Piece>,
}

#[derive(Debug, Clone)]
struct Piece {
    from_step: u64,
    pacing: Arc<dyn Pacing>,
    total_steps: u64,
}

impl Schedule {
    /// One piece; the sizes have been checked.
    pub(super) fn new(
        n_examples: usize,
        batch_size: usize,
        pacing: impl Pacing + 'static,
        total_steps: u64,
    ) -> Result<Self, PacingError> {
        let piece = Piece::new(0, pacing, total_steps)?;
        let [n_examples, batch_size] = [n_examples, batch_size].map(Stepwise::constant);
        Ok(Self { n_examples, batch_size, pieces: vec![piece] })
    }

    /// The same up to `from_step`, and `pacing` over `total_steps`, counted from 0 as ever, from there on.
    pub(super) fn replace(
        &mut self,
        from_step: u64,
        pacing: impl Pacing + 'static,
        total_steps: u64,
    ) -> Result<(), PacingError> {
        let piece = Piece::new(from_step, pacing, total_steps)?;
        self.pieces.retain(|piece| piece.from_step < from_step);
        self.pieces.push(piece);
        Ok(())
    }

    /// The places of the order that are available at `step`, at least one.
    pub(super) fn available(&self, step: u64) -> Range<usize> {
        let (piece, _) = self.piece(step);
        let (n_examples, batch_size) = (self.n_examples.at(step), self.batch_size.at(step));
        let available = piece.pacing.available(piece.progress(step), n_examples, batch_size);
        // A pacing of the user's own may say what it likes.
        let end = available.end.clamp(1, n_examples);
        available.start.min(end - 1)..end
    }

    /// The fraction of the pacing at `step`, in [0, 1].
    pub(super) fn fraction(&self, step: u64) -> f64 {
        let (piece, _) = self.piece(step);
        let fraction = piece.pacing.fraction(piece.progress(step));
        // A pacing of the user's own may say what it likes.
        if fraction.is_nan() { 0.0 } else { fraction.clamp(0.0, 1.0) }
    }

    /// The step until which what is available at `step` is known to stay, without looking: the next one, or the end
    /// of the piece once its pacing has come to its end.
    pub(super) fn known_until(&self, step: u64) -> u64 {
        let (piece, end) = self.piece(step);
        let progress = piece.progress(step);
        let settled = progress >= 1.0 || piece.pacing.full_at().is_some_and(|full_at| progress >= full_at);
        if settled { end } else { step.saturating_add(1) }
    }

    /// The same by looking, where the pacing grows: the step until which what is available at `step` stays.
    /// O(log steps).
    pub(super) fn stays_until(&self, step: u64) -> u64 {
        let known = self.known_until(step);
        let (piece, end) = self.piece(step);
        let until = piece.pacing.grows_until(piece.progress(step));
        // A bit less, because progress is a rounded quotient.
        let last = (until * piece.total_steps as f64 * (1.0 - 1e-15)) as u64;
        let last = last.min(end - 1);
        if known > step.saturating_add(1) || last <= step || piece.progress(last) >= until {
            return known;
        }
        let here = self.available(step);
        if self.available(last) == here {
            return last.saturating_add(1);
        }
        let (mut same, mut other) = (step, last);
        while other - same > 1 {
            let middle = same + (other - same) / 2;
            if self.available(middle) == here { same = middle } else { other = middle }
        }
        other
    }

    /// The pacing at `step`.
    pub(super) fn pacing(&self, step: u64) -> &dyn Pacing {
        &*self.piece(step).0.pacing
    }

    /// `settings` with those of each piece.
    pub(super) fn settings(&self, settings: SamplerFingerprint) -> SamplerFingerprint {
        self.pieces.iter().fold(settings, |settings, Piece { from_step, pacing, total_steps }| {
            let since = if *from_step == 0 { String::new() } else { format!(" from step {from_step}") };
            let settings = settings.with(&format!("pacing{since}"), pacing);
            settings.with(&format!("total steps{since}"), total_steps)
        })
    }

    /// The piece of `step`, and where the next one begins or another number of examples is there or in a batch.
    fn piece(&self, step: u64) -> (&Piece, u64) {
        let next = self.pieces.partition_point(|piece| piece.from_step <= step);
        let end = self.pieces.get(next).map_or(u64::MAX, |piece| piece.from_step);
        (&self.pieces[next - 1], end.min(self.n_examples.end(step)).min(self.batch_size.end(step)))
    }
}

impl Piece {
    fn new(from_step: u64, pacing: impl Pacing + 'static, total_steps: u64) -> Result<Self, PacingError> {
        if total_steps == 0 {
            return Err(PacingError::argument("total_steps", total_steps, "at least 1"));
        }
        Ok(Self { from_step, pacing: Arc::new(pacing), total_steps })
    }

    fn progress(&self, step: u64) -> f64 {
        (step as f64 / self.total_steps as f64).min(1.0)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, Piece { from_step, pacing, total_steps }) in self.pieces.iter().enumerate() {
            if index > 0 {
                write!(formatter, "; from step {from_step} ")?;
            }
            write!(formatter, "{pacing} over {total_steps} steps")?;
        }
        Ok(())
    }
}
