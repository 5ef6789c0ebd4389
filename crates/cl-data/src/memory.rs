//! What is asked for may be more than memory can hold, which is an error and not the end of the program.

/// Whether memory for `n` values of type `T` can be had, before it is taken. The error is `n` with what it would need, for
/// a message that says "argument n_examples is 1000000000000 (which needs 7451 GiB), expected ...".
///
/// Systems that promise more memory than they have may say yes to what is too much only together with all else; what is
/// more than the machine has is always refused.
///
/// ```
/// assert!(cl_data::memory::check::<f64>(1000).is_ok());
/// let refused = cl_data::memory::check::<f64>(1 << 60).unwrap_err();
/// assert_eq!(refused, "1152921504606846976 (which needs 8589934592 GiB)");
/// ```
///
/// # Errors
/// Where it cannot.
pub fn check<T>(n: usize) -> Result<(), String> {
    if Vec::<T>::new().try_reserve_exact(n).is_ok() {
        return Ok(());
    }
    let gibibytes = (n as u128 * size_of::<T>() as u128).div_ceil(1 << 30);
    Err(format!("{n} (which needs {gibibytes} GiB)"))
}

/// What a number of things must be that memory is to hold.
pub const EXPECTED: &str = "as many as memory can hold";
