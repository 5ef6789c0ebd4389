#![no_main]

curriculum_fuzz::fuzz!("selections");
