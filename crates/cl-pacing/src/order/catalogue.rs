//! The list of orders; what each is stands in its own file.

use std::sync::Arc;

use cl_data::catalogue::{Description, Options};

use super::{Order, class_balanced::ClassBalanced, entry::BALANCE};
use crate::entry::{Entry, Given, descriptions, find};
use crate::error::PacingError;

static ORDERS: &[&Entry<dyn Order>] =
    &[&super::easy_first::ENTRY, &super::hard_first::ENTRY, &super::random::ENTRY, &super::permutation::ENTRY];

/// Every order.
pub fn orders() -> Vec<Description> {
    descriptions(ORDERS).collect()
}

/// The order `name` with `parameters`, the others at their defaults.
///
/// # Errors
/// As [`pacing_by_name`](crate::pacing_by_name).
///
/// ```
/// use cl_pacing::{Given, Order, order_by_name};
///
/// let given = Given { classes: Some(&[0, 0, 1]), ..Given::default() };
/// let order = order_by_name("hard-first", &[("balance", "round-robin")], &given)?;
/// assert_eq!(order.order(&[0.9, 0.8, 0.1], 0)?, [0, 2, 1]);
/// # Ok::<(), cl_pacing::PacingError>(())
/// ```
pub fn order_by_name(
    name: &str,
    parameters: &[(&str, &str)],
    given: &Given<'_>,
) -> Result<Arc<dyn Order>, PacingError> {
    let entry = find("order", ORDERS, name)?;
    let mut options = Options::new(&entry.description, parameters)?;
    let order = (entry.make)(&mut options, given)?;
    type Deal = fn(Arc<dyn Order>, Vec<usize>) -> ClassBalanced<Arc<dyn Order>>;
    let deals: [(_, Option<Deal>); 3] = [
        ("none", None),
        ("round-robin", Some(ClassBalanced::round_robin)),
        ("proportional", Some(ClassBalanced::proportional)),
    ];
    let Some(deal) = options.choice(BALANCE.name, &deals)? else { return Ok(order) };
    let classes = options.given(given.classes, "classes", "the class of each example")?;
    Ok(Arc::new(deal(order, classes.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::checks::{GIVEN, check_list};

    #[test]
    fn every_order_is_made_of_what_it_needs_and_not_of_less() {
        check_list(&orders(), |name, parameters| Ok(order_by_name(name, parameters, &GIVEN)?.to_string()));
    }

    #[test]
    fn papers_names_are_understood() {
        for (other, name) in
            [("curriculum", "easy first"), ("anti_curriculum", "hard first"), ("hard", "hard first")]
        {
            assert_eq!(order_by_name(other, &[], &GIVEN).unwrap().to_string(), name);
        }
    }

    #[test]
    fn data_that_are_not_given_are_named() {
        let none = Given { total: 10, ..Given::default() };
        assert!(order_by_name("permutation", &[], &none).is_err());
        assert!(order_by_name("random", &[("balance", "round-robin")], &none).is_err());
        let error = order_by_name("random", &[("balance", "robin")], &GIVEN).unwrap_err();
        assert!(error.to_string().contains("round-robin"));
    }
}
