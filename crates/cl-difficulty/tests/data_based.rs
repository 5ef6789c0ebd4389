//! Scores of sentences, images and columns by their definitions.

use cl_data::{Dataset, Ids, bundled};
use cl_difficulty::DifficultyError;
use cl_difficulty::data_based::{
    Case, CdfTies, Direction, ImageShape, PixelOrder, RankOf, UnseenWord, Vocabulary, contrast,
    cumulative_distribution, edge_energy, histogram_entropy, mean_intensity, sentence_length, total_variation,
    user_column, vocabulary_rank, word_rarity,
};
use proptest::prelude::*;

const CORPUS: [&str; 3] = ["The cat saw the dog", "the dog  saw", "Éa éa"];

#[test]
fn case_is_the_same_in_counting_and_in_looking_up() {
    let lowered = Vocabulary::count(&CORPUS, Case::Lowered);
    assert_eq!((lowered.n_words(), lowered.n_tokens()), (5, 10));
    for the in ["the", "The", "THE"] {
        assert_eq!(lowered.frequency(the), Some(0.3));
    }
    assert_eq!(lowered.frequency("ÉA"), Some(0.2));
    let sensitive = Vocabulary::count(&CORPUS, Case::Sensitive);
    assert_eq!((sensitive.n_words(), sensitive.frequency("THE")), (7, None));
    assert_eq!((sensitive.frequency("The"), sensitive.frequency("the")), (Some(0.1), Some(0.2)));
    // No sentence of the corpus holds an unseen word, however it is written.
    for vocabulary in [&lowered, &sensitive] {
        assert!(word_rarity(vocabulary, &CORPUS, UnseenWord::Refused).is_ok());
    }
    let capitalised = word_rarity(&lowered, &["THE CAT"], UnseenWord::Refused).unwrap();
    assert_eq!(capitalised, word_rarity(&lowered, &["the cat"], UnseenWord::Refused).unwrap());
}

#[test]
fn rarity_is_minus_the_sum_of_log_probabilities() {
    let vocabulary = Vocabulary::count(&CORPUS, Case::Lowered);
    let unseen = UnseenWord::Probability(1e-3);
    let rarity = word_rarity(&vocabulary, &["the dog", "", "the zebra"], unseen).unwrap();
    let expected = [-(0.3f64.ln() + 0.2f64.ln()), 0.0, -(0.3f64.ln() + 1e-3f64.ln())];
    assert!(rarity.iter().zip(expected).all(|(found, expected)| (found - expected).abs() < 1e-14), "{rarity:?}");
    let refused = word_rarity(&vocabulary, &["the dog", "the zebra"], UnseenWord::Refused).unwrap_err();
    assert!(refused.to_string().contains("\"zebra\" in example 1"), "{refused}");
    for p in [0.0, -1.0, 1.5, f64::NAN] {
        assert!(word_rarity(&vocabulary, &["the"], UnseenWord::Probability(p)).is_err());
    }
}

#[test]
fn ranks_of_equally_frequent_words_are_shared() {
    let vocabulary = Vocabulary::count(&CORPUS, Case::Lowered);
    // the 3; dog, saw, éa 2 each; cat 1.
    assert_eq!(vocabulary.rank("the"), Some(1.0));
    assert_eq!(vocabulary.rank("dog"), Some(3.0));
    assert_eq!(vocabulary.rank("cat"), Some(5.0));
    assert_eq!(vocabulary.rank("zebra"), None);
    let sentences = ["the dog", "cat the the the", "zebra", " "];
    assert_eq!(vocabulary_rank(&vocabulary, &sentences, RankOf::RarestWord), [3.0, 5.0, 6.0, 0.0]);
    assert_eq!(vocabulary_rank(&vocabulary, &sentences, RankOf::Mean), [2.0, 2.0, 6.0, 0.0]);
    assert_eq!(sentence_length(&sentences), [2.0, 4.0, 1.0, 0.0]);
}

proptest! {
    #[test]
    fn the_distribution_is_a_share(values in prop::collection::vec(-3i8..3, 1..60)) {
        let values: Vec<f64> = values.into_iter().map(f64::from).collect();
        let n = values.len() as f64;
        let highest = cumulative_distribution(&values, CdfTies::HighestRank)?;
        let mean = cumulative_distribution(&values, CdfTies::MeanRank)?;
        for (i, &value) in values.iter().enumerate() {
            let at_most = values.iter().filter(|&&other| other <= value).count() as f64;
            let below = values.iter().filter(|&&other| other < value).count() as f64;
            prop_assert_eq!(highest[i], at_most / n);
            prop_assert_eq!(mean[i], (below + at_most + 1.0) / 2.0 / n);
        }
    }

    /// Planes and interleaved pixels of the same image have the same statistics, by loops over rows and columns.
    #[test]
    fn image_statistics_are_their_definitions(
        height in 1usize..5, width in 1usize..5, channels in 1usize..4, seed: u64,
    ) {
        let mut rng = cl_data::random::stream(seed, "test", 0);
        let size = height * width * channels;
        let planes: Vec<f64> = (0..size).map(|_| cl_data::random::uniform(&mut rng)).collect();
        let pixel = |row: usize, column: usize, channel: usize| planes[(channel * height + row) * width + column];
        let (mut interleaved, mut variation, mut energy) = (Vec::new(), 0.0, 0.0);
        for row in 0..height {
            for column in 0..width {
                for channel in 0..channels {
                    let here = pixel(row, column, channel);
                    interleaved.push(here);
                    if row + 1 < height {
                        variation += (pixel(row + 1, column, channel) - here).abs();
                        energy += (pixel(row + 1, column, channel) - here).powi(2);
                    }
                    if column + 1 < width {
                        variation += (pixel(row, column + 1, channel) - here).abs();
                        energy += (pixel(row, column + 1, channel) - here).powi(2);
                    }
                }
            }
        }
        let n = size as f64;
        let mean = planes.iter().sum::<f64>() / n;
        let std = (planes.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
        for (order, features) in [(PixelOrder::Planes, &planes), (PixelOrder::Interleaved, &interleaved)] {
            let data = Dataset::new(size, features.clone(), vec![0], 1)?;
            let shape = ImageShape { height, width, channels, order };
            for (found, expected) in [
                (mean_intensity(&data, shape)?, mean),
                (contrast(&data, shape)?, std),
                (total_variation(&data, shape)?, variation / n),
                (edge_energy(&data, shape)?, energy / n),
            ] {
                prop_assert!((found[0] - expected).abs() < 1e-12, "{} {}", found[0], expected);
            }
        }
    }
}

/// Pixels and range stretched alike fall into the same bins.
#[test]
fn histogram_entropy_knows_no_scale() {
    let pixels: Vec<f64> = (0..32).map(|at| f64::from(at * 37 % 64) / 64.0).collect();
    let of = |scale: f64, shift: f64| {
        let values = pixels.iter().map(|pixel| pixel * scale + shift).collect();
        let data = Dataset::new(16, values, vec![0, 0], 1).unwrap();
        let shape = ImageShape::gray(4, 4);
        histogram_entropy(&data, shape, 8, (shift, shift + scale)).unwrap()
    };
    assert_eq!(of(1.0, 0.0), of(256.0, 0.0));
    assert_eq!(of(1.0, 0.0), of(0.25, -2.0));
    assert!(of(1.0, 0.0).iter().all(|&entropy| entropy > 1.0));
}

#[test]
fn histogram_entropy_counts_bins() {
    let features = vec![0.0, 0.25, 0.5, 1.0, 0.1, 0.1, 0.1, 0.1];
    let data = Dataset::new(4, features, vec![0, 0], 1).unwrap();
    let shape = ImageShape::gray(2, 2);
    // Bins [0, .25), [.25, .5), [.5, .75), [.75, 1]: one each, then four in one.
    let entropy = histogram_entropy(&data, shape, 4, (0.0, 1.0)).unwrap();
    assert!((entropy[0] - 4.0f64.ln()).abs() < 1e-15);
    assert_eq!((entropy[1], entropy[1].is_sign_positive()), (0.0, true));
    for (n_bins, range) in [(0, (0.0, 1.0)), (4, (0.0, 0.5)), (4, (1.0, 0.0)), (4, (f64::NAN, 1.0))] {
        assert!(histogram_entropy(&data, shape, n_bins, range).is_err());
    }
}

#[test]
fn a_shape_must_be_that_of_the_data() {
    let digits = bundled::digits();
    assert_eq!(mean_intensity(&digits, ImageShape::gray(8, 8)).unwrap().len(), digits.n_examples());
    for (height, width) in [(8, 7), (usize::MAX, 8), (0, 64)] {
        assert!(contrast(&digits, ImageShape::gray(height, width)).is_err());
    }
}

#[test]
fn columns_join_by_id() {
    let data = Dataset::new(1, vec![0.0; 3], vec![0; 3], 1).unwrap();
    let data = data.with_ids(Ids::texts(vec!["c".into(), "a".into(), "b".into()]).unwrap()).unwrap();
    let ids = |ids: &[&str]| Ids::texts(ids.iter().map(|&id| id.to_owned()).collect()).unwrap();
    let all = ids(&["a", "b", "c", "d"]);
    let values = [1.0, 2.0, 3.0, 4.0];
    assert_eq!(user_column(&all, &values, &data, Direction::HigherIsHarder).unwrap(), [3.0, 1.0, 2.0]);
    assert_eq!(user_column(&all, &values, &data, Direction::LowerIsHarder).unwrap(), [-3.0, -1.0, -2.0]);
    let missing = user_column(&ids(&["a", "b"]), &[1.0, 2.0], &data, Direction::HigherIsHarder).unwrap_err();
    assert!(matches!(missing, DifficultyError::MissingId { example: 0, .. }));
    assert_eq!(missing.to_string(), "the column has no value for id c of example 0");
    assert!(user_column(&all, &values[1..], &data, Direction::HigherIsHarder).is_err());
    assert!(user_column(&all, &[1.0, f64::INFINITY, 0.0, 0.0], &data, Direction::HigherIsHarder).is_err());
}
