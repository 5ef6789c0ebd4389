//! All integration tests of the crate in one program, which links once.

mod advise;
mod compare;
mod coreset;
mod dedup;
mod engine;
mod field;
mod in_process;
mod inspect;
mod instructions;
mod order;
mod pacing;
mod paths;
mod prune;
mod readme;
mod scores;
mod shown;
mod standard_streams;
mod support;
mod tables;
mod train;
mod trust;
