//! What the language experiments share: corpora of sentences, windows over them, and the ranking model's training.

pub mod corpus;
pub mod task;
pub mod times;
pub mod training;
pub mod windows;
