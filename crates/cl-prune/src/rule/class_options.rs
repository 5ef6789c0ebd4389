//! How classes share the budget: the options that rules have in common.

use cl_data::catalogue::{CatalogueError, Options, Parameter};

use super::class_balanced::{Allocation, Floor};

static OPTIONS: &[Parameter] = &[
    Parameter::with_default(
        "balance",
        "how classes share the budget: none, proportional, equal or global (beyond the floor)",
        "none",
    ),
    Parameter::new("floor", "how many examples every class keeps at least"),
    Parameter::new("floor_share", "the same as a share of an equal share of the budget, in [0, 1]"),
];

/// The parameters that every rule but `stratified-random` takes beside its own; all need labels.
pub fn class_options() -> &'static [Parameter] {
    OPTIONS
}

/// How the budget is shared, where it is.
pub(super) fn read(options: &mut Options) -> Result<Option<(Allocation, Floor)>, CatalogueError> {
    let allocations = [
        ("none", None),
        ("proportional", Some(Allocation::Proportional)),
        ("equal", Some(Allocation::Equal)),
        ("global", Some(Allocation::Global)),
    ];
    let allocation = options.choice("balance", &allocations)?;
    let share = options.number_if_given("floor_share")?;
    let (name, floor) = match (options.number_if_given("floor")?, share) {
        (Some(_), Some(_)) => return Err(options.invalid("floor_share", "to be given without floor")),
        (_, Some(share)) if !(0.0..=1.0).contains(&share) => {
            return Err(options.invalid("floor_share", "a share in [0, 1]"));
        }
        (_, Some(share)) => ("floor_share", Floor::Share(share)),
        (Some(count), _) => ("floor", Floor::Count(count)),
        (None, None) => ("floor", Floor::None),
    };
    match allocation {
        None if floor != Floor::None => {
            Err(options.invalid(name, "to be given with balance = proportional, equal or global"))
        }
        allocation => Ok(allocation.map(|allocation| (allocation, floor))),
    }
}
