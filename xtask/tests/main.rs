//! All integration tests of the crate in one program, which links once.

mod article;
mod article_examples;
mod browser;
mod calibrate;
mod data_dir;
mod data_sets;
mod flips;
mod floors;
mod fuzz;
mod images;
mod imports;
mod instructions;
mod layers;
mod orderings;
mod reproduce;
mod results_page;
mod web;
mod words;
