//! How the submodular objectives are maximised: the options that they share.

use cl_data::catalogue::{Options, Parameter};

use super::{
    greedi::GreeDi,
    greedy::{Greedy, Optimizer, Ties},
    objective::{Coreset, SubmodularObjective},
    request::{Request, Size},
    sieve_streaming::SieveStreaming,
};
use crate::error::PruneError;

pub(super) const OPTIMIZER: Parameter = Parameter::with_default(
    "optimizer",
    "naive, lazy, stochastic, lazier-than-lazy, sieve (one pass) or greedi (in parts)",
    "lazy",
);
pub(super) const EPSILON: Parameter =
    Parameter::with_default("epsilon", "what stochastic, lazier-than-lazy and sieve may miss", "0.1");
pub(super) const PARTS: Parameter = Parameter::with_default("parts", "the number of random parts of greedi", "4");
pub(super) const TIES: Parameter =
    Parameter::with_default("ties", "which of equals is taken: lowest-index or seeded", "lowest-index");

/// The bytes per example of elements, gains, ranks among ties and the heap of the optimisers.
pub(super) const GREEDY_BYTES: f64 = 96.0;

/// An optimiser with its options set.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maximizer {
    scheme: Scheme,
    greedy: Greedy,
}

#[derive(Debug, Clone, Copy)]
enum Scheme {
    Greedy,
    Sieve(SieveStreaming),
    /// In this many random parts.
    GreeDi(usize),
}

#[derive(Debug, Clone, Copy)]
enum Named {
    Greedy(Optimizer),
    Sieve,
    GreeDi,
}

/// An objective by name: its optimiser, and what is guaranteed of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Objective {
    pub(super) maximizer: Maximizer,
    pub(super) is_monotone: bool,
    /// Whether its value counts all examples, and not those that are chosen alone.
    pub(super) counts_all: bool,
}

/// The options of a greedy algorithm with this optimiser.
pub(super) fn read_greedy(optimizer: Optimizer, options: &mut Options) -> Result<Greedy, PruneError> {
    let ties = options.choice("ties", &[("lowest-index", Ties::LowestIndex), ("seeded", Ties::Seeded)])?;
    Greedy::new(optimizer).with_ties(ties).with_epsilon(options.number("epsilon")?)
}

impl Maximizer {
    pub(super) fn read(options: &mut Options) -> Result<Self, PruneError> {
        let (epsilon, n_parts) = (options.number("epsilon")?, options.number("parts")?);
        let greedy = Optimizer::NAMES.map(|(name, optimizer)| (name, Named::Greedy(optimizer)));
        let others = [("sieve", Named::Sieve), ("greedi", Named::GreeDi)];
        // The optimiser of a part is the default.
        let (scheme, optimizer) = match options.choice("optimizer", &[&greedy[..], &others].concat())? {
            Named::Greedy(optimizer) => (Scheme::Greedy, optimizer),
            Named::Sieve => (Scheme::Sieve(SieveStreaming::new(epsilon)?), Optimizer::default()),
            Named::GreeDi => (Scheme::GreeDi(n_parts), Optimizer::default()),
        };
        GreeDi::parts(0, n_parts, 0)?;
        Ok(Self { scheme, greedy: read_greedy(optimizer, options)? })
    }

    /// Whether it is a greedy algorithm over all, which can choose among what parts chose.
    pub(super) fn is_greedy(&self) -> bool {
        matches!(self.scheme, Scheme::Greedy)
    }

    /// Whether it passes over the examples once.
    pub(super) fn is_sieve(&self) -> bool {
        matches!(self.scheme, Scheme::Sieve(_))
    }

    /// Whether it looks at samples alone.
    pub(super) fn takes_samples(&self) -> bool {
        !matches!(self.greedy.optimizer(), Optimizer::Naive | Optimizer::Lazy)
    }

    /// How many random parts it chooses from first.
    pub(super) fn n_parts(&self) -> Option<usize> {
        if let Scheme::GreeDi(n_parts) = self.scheme { Some(n_parts) } else { None }
    }

    pub(super) fn select<O: SubmodularObjective + Clone>(
        &self,
        mut objective: O,
        request: &Request<'_>,
    ) -> Result<Coreset, PruneError> {
        let &Request { count, seed, chosen, .. } = request;
        let greedy = self.greedy.with_seed(seed);
        let n = objective.n_elements();
        match (chosen, self.scheme) {
            (Some(chosen), _) => GreeDi::new(greedy).merge(&objective, chosen, count),
            (None, Scheme::Greedy) => greedy.select(&mut objective, count),
            (None, Scheme::Sieve(sieve)) => sieve.select(&objective, &(0..n).collect::<Vec<_>>(), count),
            (None, Scheme::GreeDi(n_parts)) => {
                GreeDi::new(greedy).select(&objective, &GreeDi::parts(n, n_parts, seed)?, count)
            }
        }
    }

    /// The bytes it takes where an objective holds `shared`, and `own` in each copy of it.
    pub(super) fn bytes(&self, size: &Size, shared: f64, own: f64) -> f64 {
        let n_copies = match self.scheme {
            Scheme::Sieve(sieve) => sieve.n_guesses(size.k as usize) as f64,
            _ => 1.0,
        };
        GREEDY_BYTES * size.n + shared + n_copies * own
    }
}
