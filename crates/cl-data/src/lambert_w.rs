/// The principal branch W0 of Lambert's function on the real line: w >= -1 with w e^w = x.
///
/// NaN below -1/e. Relative error about 1e-15; next to the branch point, where W grows like a square root, the
/// digits that x itself has there. Halley's iteration from a series at the branch point, from x at 0 and from
/// logarithms above.
///
/// Source: Corless, Gonnet, Hare, Jeffrey, Knuth (1996), On the Lambert W Function, equations 4.19, 4.22, 5.9.
///
/// ```
/// use cl_data::lambert_w0;
///
/// assert!((lambert_w0(1.0) - 0.567143290409783873).abs() < 1e-15);
/// assert!((lambert_w0(std::f64::consts::E) - 1.0).abs() < 1e-15);
/// assert!(lambert_w0(-0.4).is_nan());
/// ```
pub fn lambert_w0(x: f64) -> f64 {
    use std::f64::consts::E;
    if x == 0.0 || x == f64::INFINITY {
        return x;
    }
    // e x + 1 with the digits that cancel: e is E + 1.4e-16.
    const E_REST: f64 = 1.445_646_891_729_250_2e-16;
    let above = x.mul_add(E, 1.0) + x * E_REST;
    if above < 0.0 {
        // The double nearest to -1/e is a little below it.
        return if x == -1.0 / E { -1.0 } else { f64::NAN };
    }
    let p = (2.0 * above).sqrt();
    if p < 0.01 {
        const SERIES: [f64; 8] = [
            680_863.0 / 43_545_600.0,
            -221.0 / 8505.0,
            769.0 / 17_280.0,
            -43.0 / 540.0,
            11.0 / 72.0,
            -1.0 / 3.0,
            1.0,
            -1.0,
        ];
        return SERIES.iter().fold(0.0, |sum, coefficient| sum * p + coefficient);
    }
    let mut w = if x < 1.0 {
        let start = -1.0 + p - p * p / 3.0 + p * p * p * (11.0 / 72.0);
        if x.abs() < 0.1 { x * (1.0 - x) } else { start }
    } else if x < std::f64::consts::E {
        0.6 + 0.2 * (x - 1.0)
    } else {
        let log = x.ln();
        log - log.ln()
    };
    // Halley triples the digits: three steps would do.
    for _ in 0..8 {
        let power = w.exp();
        let error = w * power - x;
        let step = error / (power * (w + 1.0) - (w + 2.0) * error / (2.0 * w + 2.0));
        w -= step;
        if step.abs() <= 1e-6 * w.abs() {
            break;
        }
    }
    w
}
