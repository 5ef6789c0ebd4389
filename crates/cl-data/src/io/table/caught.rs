use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

thread_local! {
    /// Whether a panic of this thread is expected, and told as an error.
    static EXPECTED: Cell<bool> = const { Cell::new(false) };
}

/// Reads by a crate that panics on some damaged files; `Err` is what it said then. Nothing of that is printed.
pub(super) fn caught<T>(read: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !EXPECTED.get() {
                before(panic);
            }
        }));
    });
    let before = EXPECTED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(read));
    EXPECTED.set(before);
    result.map_err(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("not readable");
        format!("damaged: {text}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_what_was_said() {
        assert_eq!(caught(|| 7), Ok(7));
        let at = std::hint::black_box(3);
        assert_eq!(
            caught(|| [1, 2][at]).unwrap_err(),
            "damaged: index out of bounds: the len is 2 but the index is 3"
        );
        assert!(!EXPECTED.get());
    }
}
