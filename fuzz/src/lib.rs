//! The targets of `cargo fuzz`: one program each, over what is fuzzed.

pub mod mutation;
pub mod targets;

/// All threads of a pool in the one that fuzzes: nothing waits for another.
pub fn on_one_thread() {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread();
    pool.build_global().expect("no pool was made before");
    // A panic that is caught is none that was found.
    drop(std::panic::take_hook());
}

/// The program of a target.
#[macro_export]
macro_rules! fuzz {
    ($name:literal) => {
        libfuzzer_sys::fuzz_target!(init: $crate::on_one_thread(), |data: &[u8]| {
            $crate::targets::run($name, data)
        });
    };
}
