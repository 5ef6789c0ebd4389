#![no_main]

curriculum_fuzz::fuzz!("csv_dataset");
