#![no_main]

curriculum_fuzz::fuzz!("sampler_fixed");
