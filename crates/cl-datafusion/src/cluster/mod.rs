//! The same on a cluster: a scheduler and executors that know the functions of this crate, and a client of them.
//!
//! Functions travel by their names and have their options in literals, so that scheduler and executors need nothing but a
//! registry with them. Faults are the engine's to bear: a task whose executor is lost runs again on another one.

mod client;
mod executor;
mod scheduler;

pub use client::connect;
pub use executor::{ExecutorOptions, run_executor};
pub use scheduler::run_scheduler;
