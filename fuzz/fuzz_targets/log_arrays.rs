#![no_main]

curriculum_fuzz::fuzz!("log_arrays");
