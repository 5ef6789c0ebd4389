#![no_main]

curriculum_fuzz::fuzz!("sampler_info_batch");
