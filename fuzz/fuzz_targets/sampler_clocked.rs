#![no_main]

curriculum_fuzz::fuzz!("sampler_clocked");
