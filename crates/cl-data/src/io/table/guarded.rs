//! The parquet crate panics on some damaged files: on dictionaries with places beyond their end, on lists without an
//! element, on sizes that no memory has.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

static QUIET: Once = Once::new();

/// What `read` gives, or the error that its panic stands for, of which nothing is printed: whatever it worked on must not be
/// used again.
pub(super) fn guarded<T>(read: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    QUIET.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                before(panic);
            }
        }));
    });
    IS_GUARDED.set(true);
    let read = catch_unwind(AssertUnwindSafe(read));
    IS_GUARDED.set(false);
    read.unwrap_or_else(|_| Err("damaged data, expected a whole Parquet file".into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_an_error() {
        assert_eq!(guarded(|| Ok(7)), Ok(7));
        assert_eq!(guarded::<()>(|| Err("wrong".into())), Err("wrong".into()));
        assert!(guarded::<()>(|| panic!("inside")).unwrap_err().contains("whole Parquet file"));
        assert!(!IS_GUARDED.get());
    }
}
