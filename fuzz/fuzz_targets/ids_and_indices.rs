#![no_main]

curriculum_fuzz::fuzz!("ids_and_indices");
