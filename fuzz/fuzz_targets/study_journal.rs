#![no_main]

curriculum_fuzz::fuzz!("study_journal");
