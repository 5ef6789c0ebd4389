#![no_main]

curriculum_fuzz::fuzz!("state_epochs");
