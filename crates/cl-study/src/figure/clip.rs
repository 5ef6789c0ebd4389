/// The part of a segment inside a box (Liang and Barsky, 1984); none where it passes by.
pub(crate) fn segment(
    (from, to): ((f64, f64), (f64, f64)),
    x: (f64, f64),
    y: (f64, f64),
) -> Option<((f64, f64), (f64, f64))> {
    let (dx, dy) = (to.0 - from.0, to.1 - from.1);
    let (mut enters, mut leaves) = (0.0f64, 1.0f64);
    for (step, room) in [(-dx, from.0 - x.0), (dx, x.1 - from.0), (-dy, from.1 - y.0), (dy, y.1 - from.1)] {
        if step == 0.0 {
            if room < 0.0 {
                return None;
            }
        } else if step < 0.0 {
            enters = enters.max(room / step);
        } else {
            leaves = leaves.min(room / step);
        }
    }
    let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
    (enters <= leaves).then(|| (at(enters), at(leaves)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_end_at_the_box() {
        let inside = |from, to| segment((from, to), (0.0, 1.0), (0.0, 1.0));
        assert_eq!(inside((0.2, 0.2), (0.8, 0.4)), Some(((0.2, 0.2), (0.8, 0.4))));
        assert_eq!(inside((-1.0, 0.5), (2.0, 0.5)), Some(((0.0, 0.5), (1.0, 0.5))));
        assert_eq!(inside((0.5, 2.0), (0.5, -1.0)), Some(((0.5, 1.0), (0.5, 0.0))));
        assert_eq!(inside((-1.0, -1.0), (3.0, 3.0)), Some(((0.0, 0.0), (1.0, 1.0))));
        assert_eq!(inside((-1.0, 0.5), (0.5, 3.0)), None);
        assert_eq!(inside((2.0, 0.0), (2.0, 1.0)), None);
    }
}
