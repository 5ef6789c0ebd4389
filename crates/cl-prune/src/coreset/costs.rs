use crate::error::PruneError;

/// What examples cost, and how much they may cost together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Costs<'a> {
    /// One per example: tokens, or minutes of labelling.
    pub costs: &'a [f64],
    /// At most so much is spent.
    pub budget: f64,
}

impl Costs<'_> {
    /// That a budget can be spent on them.
    ///
    /// # Errors
    /// [`PruneError::InvalidValue`] where a cost is negative or not finite, [`PruneError::InvalidArgument`] where the budget
    /// is, or is below the cheapest.
    pub fn check(&self) -> Result<(), PruneError> {
        let Self { costs, budget } = *self;
        if let Some(example) = costs.iter().position(|cost| !(cost.is_finite() && *cost >= 0.0)) {
            let (what, expected) = ("cost", "a finite number of at least 0");
            return Err(PruneError::InvalidValue { what, example, value: costs[example], expected });
        }
        let cheapest = costs.iter().copied().fold(f64::INFINITY, f64::min);
        if !(budget.is_finite() && budget >= 0.0) || budget < cheapest && !costs.is_empty() {
            let expected =
                if costs.is_empty() { "at least 0".into() } else { format!("at least the cheapest, {cheapest}") };
            return Err(PruneError::argument("budget", budget, expected));
        }
        Ok(())
    }
}
