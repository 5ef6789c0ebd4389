//! How the submodular objectives are maximised: the options that they share.

use cl_data::catalogue::{Options, Parameter};

use super::{
    constrained,
    greedi::GreeDi,
    greedy::{Greedy, Optimizer, Ties},
    objective::{Coreset, SubmodularObjective},
    request::Request,
    sieve_streaming::SieveStreaming,
};
use crate::error::PruneError;

pub(super) const EPSILON: Parameter =
    Parameter::with_default("epsilon", "what stochastic, lazier-than-lazy and sieve may miss", "0.1");
pub(super) const TIES: Parameter =
    Parameter::with_default("ties", "which of equals is taken: lowest-index or seeded", "lowest-index");

static OPTIONS: &[Parameter] = &[
    Parameter::with_default(
        "optimizer",
        "naive, lazy, stochastic, lazier-than-lazy, sieve (one pass) or greedi (in parts)",
        "lazy",
    ),
    EPSILON,
    Parameter::with_default("parts", "the number of random parts of greedi", "4"),
    TIES,
];

/// The parameters that every method with a submodular objective takes beside its own.
pub fn submodular_options() -> &'static [Parameter] {
    OPTIONS
}

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

/// How an objective by name is maximised, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Maximization {
    pub(super) maximizer: Maximizer,
    /// Whether its gains never grow.
    pub(super) is_submodular: bool,
    pub(super) is_monotone: bool,
    /// Whether every example lowers it.
    pub(super) is_falling: bool,
    /// Whether its value counts all examples, and not the chosen alone.
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
        let &Request { count, seed, chosen, before, costs, groups, .. } = request;
        let greedy = self.greedy.with_seed(seed);
        let n = objective.n_elements();
        let elements = constrained::start(&mut objective, before)?;
        if !self.is_greedy() && (costs.is_some() || groups.is_some()) {
            return Err(PruneError::argument(
                "optimizer",
                "sieve or greedi",
                "naive or lazy, with costs or groups",
            ));
        }
        match (chosen, self.scheme) {
            (Some(chosen), _) => GreeDi::new(greedy).merge(&objective, chosen, count),
            (None, Scheme::Greedy) => constrained::select(greedy, &mut objective, &elements, request),
            (None, Scheme::Sieve(sieve)) => sieve.select(&objective, &elements, count),
            (None, Scheme::GreeDi(n_parts)) => {
                let mut parts = GreeDi::parts(n, n_parts, seed)?;
                if !before.is_empty() {
                    parts
                        .iter_mut()
                        .for_each(|part| part.retain(|element| elements.binary_search(element).is_ok()));
                }
                GreeDi::new(greedy).select(&objective, &parts, count)
            }
        }
    }

    /// How many copies of an objective there are at a time, if `count` examples are chosen.
    pub(super) fn n_copies(&self, count: usize) -> usize {
        if let Scheme::Sieve(sieve) = self.scheme { sieve.n_guesses(count) } else { 1 }
    }
}
