#![no_main]

curriculum_fuzz::fuzz!("sampler_repeated_random");
