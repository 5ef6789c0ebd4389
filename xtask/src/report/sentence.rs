//! What was measured of a claim, in one sentence.

use crate::claim::{Judge, Measurement};

use super::summary::Summary;

/// The quantity, its value and the conditions.
pub(super) fn sentence(summary: &Summary<'_>) -> String {
    let (measured, conditions) = (summary.measured(), summary.conditions());
    let is_undefined = |measurement: &Measurement| matches!(measurement, Measurement::Undefined { .. });
    if summary.rows.iter().all(|row| is_undefined(&row.measured.measurement)) {
        return format!("{} ({conditions}).", capitalised(&measured));
    }
    let quantity = match summary.claim.judge {
        Judge::Printed { .. } => "What is printed",
        Judge::Within { quantity, .. } | Judge::Positive { quantity, .. } => quantity,
    };
    format!("{}: {measured} ({conditions}).", capitalised(quantity))
}

/// The same with a capital letter at its beginning.
fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or(String::new(), |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
mod tests {
    use cl_study::Verdict;

    use super::*;
    use crate::{
        claim::{About, Claim, Part},
        experiment::Measured,
        report::summary::summaries,
        verdicts::Row,
    };

    const COUNT: Claim = Claim {
        id: "t/count",
        place: "",
        article: "many",
        about: About::Training,
        judge: Judge::Positive { quantity: "number of them", margin: 0.0 },
    };

    fn told(measurements: &[Measurement]) -> String {
        let measured: Vec<Measured> = measurements
            .iter()
            .map(|measurement| Measured {
                claim: COUNT.id,
                part: Part::Real,
                conditions: "two moons, 3 seeds".into(),
                measurement: measurement.clone(),
            })
            .collect();
        let row = |measured| Row {
            claim: &COUNT,
            measured,
            verdict: Verdict::Undecided,
            judged: None,
            note: String::new(),
        };
        let rows: Vec<Row<'_>> = measured.iter().map(row).collect();
        sentence(&summaries(&rows)[0])
    }

    #[test]
    fn one_condition_and_many_are_a_sentence() {
        let number = |value| Measurement::Number { value };
        assert_eq!(told(&[number(3.0)]), "Number of them: 3 (two moons, 3 seeds).");
        assert_eq!(told(&[number(3.0), number(5.0)]), "Number of them: 3 to 5 (2 conditions: two moons).");
        assert_eq!(told(&[Measurement::undefined("constant")]), "Undefined: constant (two moons, 3 seeds).");
    }
}
