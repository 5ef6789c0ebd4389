#![no_main]

curriculum_fuzz::fuzz!("dynamics_recorder");
