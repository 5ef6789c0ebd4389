use std::path::Path;

use flate2::read::GzDecoder;

use crate::dataset::Dataset;
use crate::io::{CsvOptions, LabelColumn, read_csv_from};

/// Handwritten digits: 1797 images of 8 x 8 pixels with values 0 to 16, row by row, in 10 classes.
///
/// Source: Alpaydin and Kaynak (1998), Optical Recognition of Handwritten Digits, UCI Machine Learning
/// Repository, test part. CC BY 4.0.
///
/// ```
/// let digits = cl_data::bundled::digits();
/// assert_eq!((digits.n_examples(), digits.n_features(), digits.n_classes()), (1797, 64, 10));
/// ```
pub fn digits() -> Dataset<f64> {
    let names: Vec<String> = (0..10).map(|digit| digit.to_string()).collect();
    bundled("digits.csv.gz", include_bytes!("../assets/digits.csv.gz"), names)
}

/// Iris flowers: 150 flowers, 4 lengths in centimetres, 3 species.
///
/// Source: Fisher (1936), The Use of Multiple Measurements in Taxonomic Problems; UCI Machine Learning
/// Repository. CC BY 4.0.
///
/// ```
/// assert_eq!(cl_data::bundled::iris().class_names(), ["setosa", "versicolor", "virginica"]);
/// ```
pub fn iris() -> Dataset<f64> {
    let names = ["setosa", "versicolor", "virginica"].map(String::from).into();
    bundled("iris.csv.gz", include_bytes!("../assets/iris.csv.gz"), names)
}

/// Wines: 178 wines, 13 chemical quantities, 3 cultivars.
///
/// Source: Aeberhard and Forina (1992), Wine, UCI Machine Learning Repository. CC BY 4.0.
///
/// ```
/// assert_eq!(cl_data::bundled::wine().class_counts(), [59, 71, 48]);
/// ```
pub fn wine() -> Dataset<f64> {
    let names = ["cultivar 1", "cultivar 2", "cultivar 3"].map(String::from).into();
    bundled("wine.csv.gz", include_bytes!("../assets/wine.csv.gz"), names)
}

/// Breast tumours: 569 tumours, 30 measures of cell nuclei, malignant (class 0) or benign (class 1).
///
/// Source: Wolberg, Mangasarian, Street and Street (1993), Breast Cancer Wisconsin (Diagnostic), UCI Machine
/// Learning Repository. CC BY 4.0.
///
/// ```
/// assert_eq!(cl_data::bundled::breast_cancer().class_counts(), [212, 357]);
/// ```
pub fn breast_cancer() -> Dataset<f64> {
    let names = ["malignant", "benign"].map(String::from).into();
    bundled("breast_cancer.csv.gz", include_bytes!("../assets/breast_cancer.csv.gz"), names)
}

fn bundled(name: &str, bytes: &[u8], class_names: Vec<String>) -> Dataset<f64> {
    read_csv_from(GzDecoder::new(bytes), Path::new(name), &CsvOptions::new(LabelColumn::Name("target".into())))
        .and_then(|data| data.with_class_names(class_names))
        .expect("the file is compiled in, and a test reads every one")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_set_has_its_shape_and_classes() {
        let of = |data: Dataset<f64>| (data.n_examples(), data.n_features(), data.class_counts());
        assert_eq!(of(digits()), (1797, 64, vec![178, 182, 177, 183, 181, 182, 181, 179, 174, 180]));
        assert_eq!(of(iris()), (150, 4, vec![50, 50, 50]));
        assert_eq!(of(wine()), (178, 13, vec![59, 71, 48]));
        assert_eq!(of(breast_cancer()), (569, 30, vec![212, 357]));
    }

    #[test]
    fn class_names_fit_the_facts() {
        // Setosa has by far the shortest petals, malignant tumours the larger nuclei.
        let mean = |data: &Dataset<f64>, name: &str, class: usize| {
            let feature = data.feature_names().iter().position(|known| known == name).unwrap();
            let members = (0..data.n_examples()).filter(|&i| data.labels()[i] == class);
            members.map(|i| data.example(i)[feature]).sum::<f64>() / data.class_counts()[class] as f64
        };
        let iris = iris();
        let petal = |class| mean(&iris, "petal_length_cm", class);
        assert!(
            (petal(0) - 1.462).abs() < 1e-12
                && (petal(1) - 4.26).abs() < 1e-12
                && (petal(2) - 5.552).abs() < 1e-12
        );
        let tumours = breast_cancer();
        assert!(mean(&tumours, "mean_radius", 0) > 17.0 && mean(&tumours, "mean_radius", 1) < 13.0);
        assert!(digits().features().iter().all(|&pixel| (0.0..=16.0).contains(&pixel) && pixel.fract() == 0.0));
    }
}
