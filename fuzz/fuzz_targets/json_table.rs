#![no_main]

curriculum_fuzz::fuzz!("json_table");
