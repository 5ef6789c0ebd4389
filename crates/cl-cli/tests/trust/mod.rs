//! What is wrong is refused, whatever it is, and nothing is lost by it.

#[cfg(unix)]
mod absurd_options;
#[cfg(unix)]
mod absurd_values;
