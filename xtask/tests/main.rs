//! All integration tests of the crate in one program, which links once.

mod article;
mod article_examples;
mod calibrate;
mod data_dir;
mod floors;
mod fuzz;
mod imports;
mod instructions;
mod layers;
mod orderings;
mod reproduce;
mod words;
