#![no_main]

curriculum_fuzz::fuzz!("npz_dataset");
