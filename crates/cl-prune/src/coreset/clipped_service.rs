//! How well rows are served between a floor and a cap: what the information measures of facility location share.

use std::ops::Range;

use super::{
    kernel::ROWS,
    points::SimilarityVisitor,
    similarities::{Similarities, sum_lanes},
    targets::Joint,
};

/// ```text
/// f(S)    = sum_i max(0, min(max_{j in S} s_ij, cap_i) - floor_i)
/// gain(j) = sum_i max(0, min(s_ij, cap_i) - b_i),   b_i = max(floor_i, min(max_{k in S} s_ik, cap_i))
/// ```
///
/// No b_i falls, so that no term grows. O(rows d) per gain, O(n d) memory.
#[derive(Debug, Clone)]
pub(super) struct ClippedService {
    similarities: Similarities,
    n: usize,
    /// Those that the rows are in.
    panels: Range<usize>,
    /// b_i, and infinity for what is no row.
    best: Vec<f64>,
    caps: Vec<f64>,
}

impl ClippedService {
    /// Of these rows, nothing chosen.
    pub(super) fn new(
        joint: &Joint,
        rows: Range<usize>,
        floor: impl Fn(usize) -> f64,
        cap: impl Fn(usize) -> f64,
    ) -> Self {
        let n_rows = joint.similarities.n_panels() * ROWS;
        let of = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
            (0..n_rows).map(|row| if rows.contains(&row) { value(row) } else { f64::INFINITY }).collect()
        };
        let (best, caps) = (of(&floor), of(&cap));
        let panels = rows.start / ROWS..rows.end.div_ceil(ROWS);
        Self { similarities: joint.similarities.clone(), n: joint.n, panels, best, caps }
    }

    pub(super) fn n_elements(&self) -> usize {
        self.n
    }

    pub(super) fn gain(&self, element: usize) -> f64 {
        let mut gains = Vec::with_capacity(1);
        self.append_gains(&[element], &mut gains);
        gains[0]
    }

    pub(super) fn append_gains(&self, elements: &[usize], gains: &mut Vec<f64>) {
        let (best, caps) = (self.best.as_chunks().0, self.caps.as_chunks().0);
        let new = |chunk: &[usize]| Gains { best, caps, lanes: vec![[0.0; ROWS]; chunk.len()] };
        let found = self.similarities.by_elements_in(self.panels.clone(), elements, new);
        gains.extend(found.iter().flat_map(|found| found.lanes.iter().map(sum_lanes)));
    }

    pub(super) fn add(&mut self, element: usize) {
        let column = self.similarities.column(element);
        for ((best, cap), similarity) in self.best.iter_mut().zip(&self.caps).zip(&column) {
            *best = best.max(similarity.min(*cap));
        }
    }
}

struct Gains<'a> {
    best: &'a [[f64; ROWS]],
    caps: &'a [[f64; ROWS]],
    lanes: Vec<[f64; ROWS]>,
}

impl SimilarityVisitor for Gains<'_> {
    #[inline(always)]
    fn visit(&mut self, panel: usize, column: usize, similarities: &[f64; ROWS]) {
        let bounds = self.best[panel].iter().zip(&self.caps[panel]);
        for ((lane, similarity), (best, cap)) in self.lanes[column].iter_mut().zip(similarities).zip(bounds) {
            *lane += (similarity.min(*cap) - best).max(0.0);
        }
    }
}
