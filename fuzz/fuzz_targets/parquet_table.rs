#![no_main]

curriculum_fuzz::fuzz!("parquet_table");
