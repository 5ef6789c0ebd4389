use cl_data::Dataset;
use rayon::prelude::*;

/// Numbers that are brought together at a time: features lie scattered, examples in one piece.
const NUMBERS: usize = 1 << 22;

/// Features side by side in one line of the cache.
const SIDE_BY_SIDE: usize = 16;

/// What `look` sees in each feature, given its place and its values, one for each example. O(n d), in 16 MiB per core where
/// there are fewer than 4 million examples.
pub(super) fn by_feature<T: Send>(data: &Dataset<f32>, look: impl Fn(usize, &[f32]) -> T + Sync) -> Vec<T> {
    let (d, n) = (data.n_features(), data.n_examples());
    if d == 0 || n == 0 {
        return Vec::new();
    }
    let width = (NUMBERS / n).clamp(1, SIDE_BY_SIDE);
    let block = |first: usize| -> Vec<T> {
        let features = first..(first + width).min(d);
        let mut columns = vec![0.0; features.len() * n];
        for (example, values) in data.features().as_slice().chunks_exact(d).enumerate() {
            values[features.clone()].iter().zip(0..).for_each(|(&value, at)| columns[at * n + example] = value);
        }
        features.zip(columns.chunks_exact(n)).map(|(feature, values)| look(feature, values)).collect()
    };
    let starts: Vec<usize> = (0..d).step_by(width).collect();
    starts.into_par_iter().flat_map_iter(block).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_feature_is_seen_once_in_its_order() {
        for (n, d) in [(3, 1), (2, 16), (5, 17), (4, 40)] {
            let values: Vec<f32> = (0..n * d).map(|at| at as f32).collect();
            let data = Dataset::new(d, values, vec![0; n], 1).unwrap();
            let found = by_feature(&data, |feature, values| (feature, values.to_vec()));
            let column = |feature: usize| (0..n).map(|example| (example * d + feature) as f32).collect::<Vec<_>>();
            let expected: Vec<_> = (0..d).map(|feature| (feature, column(feature))).collect();
            assert_eq!(found, expected, "{n} x {d}");
        }
    }
}
