/// Who is told how far a pass over a log has come; `()` is told in vain.
pub trait Progress {
    /// So many more observations (an example in an epoch) are done, or were done before by a saved state.
    fn advanced(&mut self, n_observations: usize);

    /// All examples of this epoch are done.
    fn epoch_ended(&mut self, _epoch: u64) {}
}

impl Progress for () {
    fn advanced(&mut self, _n_observations: usize) {}
}
