#![no_main]

curriculum_fuzz::fuzz!("prune_curves");
