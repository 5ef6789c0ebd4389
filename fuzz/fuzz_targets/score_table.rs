#![no_main]

curriculum_fuzz::fuzz!("score_table");
