//! What the entries of orders share.

use cl_data::catalogue::Parameter;

pub(super) const BALANCE: Parameter = Parameter::with_default(
    "balance",
    "over the classes given: none, round-robin (one of each in turn) or proportional (as often as in the data)",
    "none",
);

macro_rules! order_entry {
    ($($entry:tt)*) => {
        $crate::entry::entry! { dyn $crate::order::Order, [$crate::order::entry::BALANCE]; $($entry)* }
    };
}

pub(super) use order_entry;
