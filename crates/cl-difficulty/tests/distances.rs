//! Distances, neighbours, clusters and Shapley values against their definitions by brute force.

use cl_data::{Dataset, bundled, random};
use cl_difficulty::model_based::{
    Distance, KMeans, Neighbors, ShapleyStart, class_median_distance, knn_shapley, kth_neighbor_distance,
    neighbor_disagreement, neighbor_distance, prototype_distance,
};
use proptest::prelude::*;

#[track_caller]
fn close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= tolerance * (1.0 + expected.abs()), "{i}: {found} {expected}");
    }
}

fn exact_distance(a: &[f64], b: &[f64], distance: Distance) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    match distance {
        Distance::Euclidean => a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt(),
        Distance::Cosine => 1.0 - dot(a, b) / (dot(a, a).sqrt() * dot(b, b).sqrt()),
    }
}

/// Points on a small grid (many ties) or anywhere, far from the origin, in more than one tile of each kind.
fn scattered(seed: u64, n: usize, d: usize, grid: bool) -> Dataset<f64> {
    let mut rng = random::stream(seed, "test", 0);
    let mut draw = || {
        let x = random::uniform(&mut rng);
        if grid { (x * 4.0).floor() + 1.0 } else { 100.0 + x }
    };
    let features = (0..n * d).map(|_| draw()).collect();
    Dataset::new(d, features, (0..n).map(|i| i % 3).collect(), 3).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn neighbours_are_those_of_brute_force(
        seed: u64, n in 2usize..700, d in 1usize..9, k in 1usize..20, grid: bool, cosine: bool, itself: bool,
    ) {
        let distance = if cosine { Distance::Cosine } else { Distance::Euclidean };
        let (data, queries) = (scattered(seed, n, d, grid), scattered(seed ^ 1, 37, d, grid));
        let k = k.min(n - 1);
        let (neighbors, queries) = if itself {
            (Neighbors::within(&data, k, distance, seed)?, &data)
        } else {
            (Neighbors::between(&data, &queries, k, distance, seed)?, &queries)
        };
        prop_assert_eq!(neighbors.n_queries(), queries.n_examples());
        for query in 0..queries.n_examples() {
            let x = queries.example(query);
            let mut expected: Vec<f64> = (0..n)
                .filter(|&i| !(itself && i == query))
                .map(|i| exact_distance(x, data.example(i), distance))
                .collect();
            expected.sort_by(f64::total_cmp);
            let (indices, distances) = (neighbors.indices(query), neighbors.distances(query));
            for at in 0..k {
                // The cosine formula of the test cancels near 0; the distances themselves do not.
                prop_assert!((distances[at] - expected[at]).abs() < 1e-12, "{} {}", distances[at], expected[at]);
                let own = exact_distance(x, data.example(indices[at]), distance);
                prop_assert!((distances[at] - own).abs() < 1e-12);
                prop_assert!(!(itself && indices[at] == query));
            }
            let mut unique = indices.to_vec();
            unique.sort_unstable();
            unique.dedup();
            prop_assert_eq!(unique.len(), k);
        }
    }
}

#[test]
fn equally_near_neighbours_come_in_random_order() {
    let data = Dataset::new(1, vec![1.0; 600], (0..600).map(|i| i / 300).collect(), 2).unwrap();
    let share = |seed| {
        let neighbors = Neighbors::within(&data, 100, Distance::Euclidean, seed).unwrap();
        neighbor_disagreement(&neighbors, data.labels(), data.labels()).unwrap()
    };
    // By index, an example of the first class would see none of the second. 5 sd of a hypergeometric draw: 0.23.
    assert!(share(1).iter().all(|share| (share - 0.5).abs() < 0.25));
    assert_ne!(share(1), share(2));
    assert_eq!(share(1), share(1));
}

#[test]
fn density_and_disagreement_are_their_definitions() {
    let data = Dataset::new(1, vec![0.0, 1.0, 3.0, 10.0], vec![0, 0, 1, 1], 2).unwrap();
    let neighbors = Neighbors::within(&data, 2, Distance::Euclidean, 0).unwrap();
    assert_eq!(neighbor_distance(&neighbors), [2.0, 1.5, 2.5, 8.0]);
    assert_eq!(kth_neighbor_distance(&neighbors), [3.0, 2.0, 3.0, 9.0]);
    let disagreement = neighbor_disagreement(&neighbors, data.labels(), data.labels()).unwrap();
    assert_eq!(disagreement, [0.5, 0.5, 1.0, 0.5]);
    assert!(neighbor_disagreement(&neighbors, data.labels(), &[0]).is_err());
    assert!(neighbor_disagreement(&neighbors, &[0], data.labels()).is_err());
    for k in [0, 4] {
        assert!(Neighbors::within(&data, k, Distance::Euclidean, 0).is_err());
    }
    assert!(Neighbors::within(&data, 1, Distance::Cosine, 0).is_err(), "example 0 is the zero vector");
    assert!(Neighbors::between(&data, &bundled::iris(), 1, Distance::Euclidean, 0).is_err());
    let huge = Dataset::new(1, vec![1e200, -1e200], vec![0, 0], 1).unwrap();
    assert!(Neighbors::within(&huge, 1, Distance::Euclidean, 0).is_err());
}

/// cleanlab 2.9.0: `_knn_shapley_score` of labels 0 1 0 1 0 at 0..4 with k = 4 is .5 .45 .5 .45 .5.
#[test]
fn truncated_shapley_values_are_cleanlabs() {
    let data = Dataset::new(1, vec![0.0, 1.0, 2.0, 3.0, 4.0], vec![0, 1, 0, 1, 0], 2).unwrap();
    let neighbors = Neighbors::within(&data, 4, Distance::Euclidean, 3).unwrap();
    let values = knn_shapley(&neighbors, data.labels(), data.labels(), 4, ShapleyStart::Truncated).unwrap();
    let quality: Vec<f64> = values.iter().map(|value| 0.5 * (value + 1.0)).collect();
    close(&quality, &[0.5, 0.45, 0.5, 0.45, 0.5], 1e-15);
}

/// The Shapley value by its definition: the mean gain over all orders in which the examples could arrive.
fn shapley_by_permutations(nearest_first: &[usize], labels: &[usize], label: usize, k: usize) -> Vec<f64> {
    fn permutations(rest: &mut Vec<usize>, order: &mut Vec<usize>, visit: &mut impl FnMut(&[usize])) {
        if rest.is_empty() {
            return visit(order);
        }
        for at in 0..rest.len() {
            order.push(rest.remove(at));
            permutations(rest, order, visit);
            rest.insert(at, order.pop().unwrap());
        }
    }
    let utility = |members: &[usize]| {
        let nearest = nearest_first.iter().filter(|i| members.contains(i)).take(k);
        nearest.filter(|&&i| labels[i] == label).count() as f64 / k as f64
    };
    let (mut values, mut n_orders) = (vec![0.0; labels.len()], 0.0);
    permutations(&mut nearest_first.to_vec(), &mut Vec::new(), &mut |order| {
        n_orders += 1.0;
        (0..order.len()).for_each(|at| values[order[at]] += utility(&order[..=at]) - utility(&order[..at]));
    });
    values.iter().map(|value| value / n_orders).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn shapley_values_are_their_definition(seed: u64, n in 2usize..7, k in 1usize..9, itself: bool) {
        let (data, queries) = (scattered(seed, n, 2, false), scattered(seed ^ 1, 4, 2, false));
        let all = |queries: &Dataset<f64>, m| match itself {
            true => Neighbors::within(queries, m, Distance::Euclidean, 0),
            false => Neighbors::between(&data, queries, m, Distance::Euclidean, 0),
        };
        let (queries, m) = if itself { (&data, n - 1) } else { (&queries, n) };
        let neighbors = all(queries, m)?;
        let values = knn_shapley(&neighbors, data.labels(), queries.labels(), k, ShapleyStart::Exact)?;
        let mut expected = vec![0.0; n];
        for (query, &label) in queries.labels().iter().enumerate() {
            let of_query = shapley_by_permutations(neighbors.indices(query), data.labels(), label, k);
            expected.iter_mut().zip(of_query).for_each(|(sum, value)| *sum += value / queries.n_examples() as f64);
        }
        close(&values, &expected, 1e-12);

        let k = k.min(m);
        let exact = knn_shapley(&neighbors, data.labels(), queries.labels(), k, ShapleyStart::Exact)?;
        for shorter in k..=m {
            let some = all(queries, shorter)?;
            let rough = knn_shapley(&some, data.labels(), queries.labels(), k, ShapleyStart::Truncated)?;
            let bound = 1.0 / shorter as f64 + 1e-12;
            prop_assert!(rough.iter().zip(&exact).all(|(rough, exact)| (rough - exact).abs() <= bound));
            if shorter < m {
                prop_assert!(knn_shapley(&some, data.labels(), queries.labels(), k, ShapleyStart::Exact).is_err());
            }
        }
    }
}

#[test]
fn a_vote_beyond_the_neighbours_is_refused() {
    let iris = bundled::iris();
    let neighbors = Neighbors::within(&iris, 3, Distance::Euclidean, 0).unwrap();
    for k in [0, 4] {
        assert!(knn_shapley(&neighbors, iris.labels(), iris.labels(), k, ShapleyStart::Truncated).is_err());
    }
}

fn k_means(n_clusters: usize, distance: Distance, max_iterations: usize) -> KMeans {
    KMeans { n_clusters, distance, max_iterations, seed: 7 }
}

#[test]
fn k_means_finds_separate_clusters_and_never_gets_worse() {
    // Three clusters a hundred apart, each of a width of two.
    let features = (0..90).flat_map(|i| [(i % 3) as f64 * 100.0 + (i as f64).sin(), (i as f64).cos()]).collect();
    let data = Dataset::new(2, features, vec![0; 90], 1).unwrap();
    let clustering = k_means(3, Distance::Euclidean, 100).fit(&data).unwrap();
    assert!(clustering.converged);
    for i in 3..90 {
        assert_eq!(clustering.clusters[i], clustering.clusters[i % 3]);
    }
    for distance in [Distance::Euclidean, Distance::Cosine] {
        let iris = bundled::iris();
        let sums: Vec<f64> = (0..12)
            .map(|iterations| k_means(6, distance, iterations).fit(&iris).unwrap())
            .map(|clustering| match distance {
                Distance::Euclidean => clustering.distances.iter().map(|d| d * d).sum(),
                Distance::Cosine => clustering.distances.iter().sum(),
            })
            .collect();
        assert!(sums.windows(2).all(|pair| pair[1] <= pair[0] + 1e-12), "{sums:?}");
        assert!(sums[11] < sums[0]);
    }
}

#[test]
fn centroids_are_means_and_distances_are_theirs() {
    let iris = bundled::iris();
    let clustering = k_means(4, Distance::Euclidean, 500).fit(&iris).unwrap();
    assert!(clustering.converged);
    for cluster in 0..4 {
        let members: Vec<usize> = (0..150).filter(|&i| clustering.clusters[i] == cluster).collect();
        let mean = |j: usize| members.iter().map(|&i| iris.example(i)[j]).sum::<f64>() / members.len() as f64;
        close(&clustering.centroids[cluster * 4..][..4], &[mean(0), mean(1), mean(2), mean(3)], 1e-12);
    }
    for i in 0..150 {
        let to = |cluster: usize| {
            exact_distance(iris.example(i), &clustering.centroids[cluster * 4..][..4], Distance::Euclidean)
        };
        let nearest = (0..4).map(to).fold(f64::INFINITY, f64::min);
        assert!((clustering.distances[i] - nearest).abs() < 1e-12);
    }
    // The cosine does not see lengths.
    let longer = Dataset::new(
        4,
        (0..150).flat_map(|i| iris.example(i).iter().map(move |x| x * (1 + i % 5) as f64)).collect(),
        iris.labels().to_vec(),
        3,
    );
    let cosine = k_means(4, Distance::Cosine, 500);
    let found = prototype_distance(&longer.unwrap(), &cosine).unwrap();
    close(&found, &prototype_distance(&iris, &cosine).unwrap(), 1e-12);
}

#[test]
fn k_means_survives_fewer_places_than_clusters() {
    let data = Dataset::new(1, vec![1.0, 1.0, 1.0, 2.0], vec![0; 4], 1).unwrap();
    let clustering = k_means(4, Distance::Euclidean, 50).fit(&data).unwrap();
    assert_eq!(clustering.distances, [0.0; 4]);
    for n_clusters in [0, 5] {
        assert!(k_means(n_clusters, Distance::Euclidean, 50).fit(&data).is_err());
    }
}

#[test]
fn the_class_median_is_taken_by_coordinate() {
    // Class 0: medians 1 and 5 of (0, 1, 9) and (7, 5, 0); class 2: mean of the middle two.
    let features = vec![0.0, 7.0, 1.0, 5.0, 9.0, 0.0, 3.0, 0.0, 5.0, 0.0];
    let data = Dataset::new(2, features, vec![0, 0, 0, 2, 2], 3).unwrap();
    let expected = [5.0f64.sqrt(), 0.0, 89.0f64.sqrt(), 1.0, 1.0];
    close(&class_median_distance(&data).unwrap(), &expected, 1e-15);
}
