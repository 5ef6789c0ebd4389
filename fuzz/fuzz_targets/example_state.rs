#![no_main]

curriculum_fuzz::fuzz!("example_state");
