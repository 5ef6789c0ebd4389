//! What is compared with whom.

/// A peer's part in a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Its name in the report.
    pub name: &'static str,
    /// The script below `benches/peers/`.
    pub script: &'static str,
    /// The package that must be installed.
    pub package: &'static str,
}

const fn peer(name: &'static str, script: &'static str, package: &'static str) -> Peer {
    Peer { name, script, package }
}

const NUMPY: Peer = peer("NumPy", "on_numpy.py", "numpy");
const NUMBA: Peer = peer("Numba", "on_numba.py", "numba");
const SCIPY: Peer = peer("SciPy", "on_scipy.py", "scipy");
const SCIKIT_LEARN: Peer = peer("scikit-learn", "on_sklearn.py", "scikit-learn");
const CLEANLAB: Peer = peer("cleanlab", "on_cleanlab.py", "cleanlab");
const APRICOT: Peer = peer("apricot-select", "on_apricot.py", "apricot-select");
const PYTORCH: Peer = peer(TORCH, "on_torch.py", "torch");

/// The peer that takes part only where it is asked for.
pub const TORCH: &str = "PyTorch";

/// The threads that each side may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// One, what the work is too small for or both are written for.
    One,
    /// As many as the machine runs at a time.
    All,
}

/// One computation, ours and the peers' on the same inputs.
#[derive(Debug)]
pub struct Comparison {
    /// Its name in the protocol.
    pub name: &'static str,
    /// The bench that it belongs to.
    pub bench: &'static str,
    /// What is computed.
    pub title: &'static str,
    /// On how many threads.
    pub threads: Threads,
    /// The numbers by which the results are compared.
    pub compared_by: &'static str,
    /// By how much those may differ, relatively.
    pub tolerance: f64,
    /// Who else computes it.
    pub peers: &'static [Peer],
    /// Whether a run takes seconds, so that there are fewer rounds.
    pub slow: bool,
}

const COMPARISON: Comparison = Comparison {
    name: "",
    bench: "",
    title: "",
    threads: Threads::One,
    compared_by: "",
    tolerance: 0.0,
    peers: &[],
    slow: false,
};

const FORWARD: Comparison = Comparison {
    bench: "model",
    compared_by: "sum and sum of squares of the outputs",
    tolerance: 1e-4,
    peers: &[NUMPY, PYTORCH],
    ..COMPARISON
};

/// All comparisons, in the order of their benches.
pub const COMPARISONS: [Comparison; 19] = [
    Comparison {
        name: "facility-location",
        bench: "coreset",
        title: "facility location, 1,000 of 10,000 with 32 features, lazy greedy",
        threads: Threads::All,
        compared_by: "sum of squared distances to the nearest chosen",
        tolerance: 1e-6,
        peers: &[APRICOT],
        slow: true,
    },
    Comparison {
        name: "k-center",
        bench: "coreset",
        title: "k-center, 6,000 of 60,000 with 64 features (NumPy: running minimum in f32)",
        threads: Threads::All,
        compared_by: "largest distance to the nearest centre",
        tolerance: 1e-3,
        peers: &[NUMPY],
        slow: true,
    },
    Comparison {
        name: "permutation",
        bench: "data",
        title: "RandomState(42).permutation(1,000,000)",
        compared_by: "a checksum of the order",
        peers: &[NUMPY],
        ..COMPARISON
    },
    Comparison {
        name: "spearman",
        bench: "difficulty",
        title: "Spearman's correlation of 1,000,000 pairs",
        threads: Threads::All,
        compared_by: "the correlation",
        tolerance: 1e-9,
        peers: &[SCIPY],
        ..COMPARISON
    },
    Comparison {
        name: "kendall",
        bench: "difficulty",
        title: "Kendall's correlation of 1,000,000 pairs",
        compared_by: "the correlation",
        tolerance: 1e-9,
        peers: &[SCIPY],
        ..COMPARISON
    },
    Comparison {
        name: "neighbours",
        bench: "difficulty",
        title: "10 nearest neighbours of 30,000 with 64 features (exact)",
        threads: Threads::All,
        compared_by: "mean distance",
        tolerance: 1e-5,
        peers: &[SCIKIT_LEARN],
        slow: true,
    },
    Comparison {
        name: "dynamics",
        bench: "dynamics",
        title: "EL2N, forgetting and AUM of 20 epochs x 200,000 x 10 logits in f32",
        threads: Threads::All,
        compared_by: "means of the three",
        tolerance: 1e-6,
        peers: &[NUMPY, NUMBA],
        ..COMPARISON
    },
    Comparison {
        name: "label-issues",
        bench: "dynamics",
        title: "label issues of 1,000,000 x 10 by noise rate",
        threads: Threads::All,
        compared_by: "number of issues",
        tolerance: 1e-4,
        peers: &[CLEANLAB],
        ..COMPARISON
    },
    Comparison { name: "forward-256x784x64", title: "W X + b in f32, 256 x 784 x 64", ..FORWARD },
    Comparison { name: "forward-512x512x512", title: "W X + b in f32, 512 x 512 x 512", ..FORWARD },
    Comparison { name: "forward-32x64x64", title: "W X + b in f32, 32 x 64 x 64", ..FORWARD },
    Comparison { name: "forward-10x256x64", title: "W X + b in f32, 10 x 256 x 64", ..FORWARD },
    Comparison {
        name: "train-digits",
        bench: "model",
        title: "training 64-32-10 with momentum, 2,300 updates of batch 64",
        compared_by: "accuracy on the training data",
        tolerance: 0.02,
        peers: &[NUMPY, SCIKIT_LEARN, PYTORCH],
        ..COMPARISON
    },
    Comparison {
        name: "train-images",
        bench: "model",
        title: "training 784-256-10 with momentum, one epoch of 60,000, batch 128",
        threads: Threads::All,
        compared_by: "accuracy on the training data",
        tolerance: 0.02,
        peers: &[NUMPY, SCIKIT_LEARN, PYTORCH],
        ..COMPARISON
    },
    Comparison {
        name: "gradient-norms",
        bench: "model",
        title: "gradient norms of 60,000 with 784-256-10 (peers: factored)",
        threads: Threads::All,
        compared_by: "mean and mean of squares",
        tolerance: 1e-4,
        peers: &[NUMPY, PYTORCH],
        ..COMPARISON
    },
    Comparison {
        name: "keep-hardest",
        bench: "selection",
        title: "the hardest 30 % of 10,000,000 (ours ranks all and says why; NumPy: argpartition alone)",
        compared_by: "sum of the scores kept",
        tolerance: 1e-9,
        peers: &[NUMPY],
        ..COMPARISON
    },
    Comparison {
        name: "keep-hardest-ranked",
        bench: "selection",
        title: "the hardest 30 % of 10,000,000, ranked (ours says why, too; NumPy: argsort)",
        compared_by: "sum of the scores kept",
        tolerance: 1e-9,
        peers: &[NUMPY],
        slow: true,
        ..COMPARISON
    },
    Comparison {
        name: "super-loss",
        bench: "weighting",
        title: "SuperLoss weights of 1,000,000 losses",
        compared_by: "sum and sum of squares of the weights",
        tolerance: 1e-9,
        peers: &[SCIPY],
        ..COMPARISON
    },
    Comparison {
        name: "focal",
        bench: "weighting",
        title: "focal weights of 1,000,000 losses, gamma 2",
        compared_by: "sum and sum of squares of the weights",
        tolerance: 1e-9,
        peers: &[NUMPY],
        ..COMPARISON
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::super::super::targets::TARGETS;
    use super::*;

    #[test]
    fn names_differ_and_benches_exist() {
        let names: BTreeSet<_> = COMPARISONS.iter().map(|comparison| comparison.name).collect();
        assert_eq!(names.len(), COMPARISONS.len());
        for comparison in &COMPARISONS {
            assert!(TARGETS.iter().any(|target| target.name == comparison.bench), "{}", comparison.name);
            assert!(!comparison.peers.is_empty() && !comparison.compared_by.is_empty(), "{}", comparison.name);
        }
    }

    #[test]
    fn ours_knows_every_comparison() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/compare");
        let files = std::fs::read_dir(folder).unwrap();
        let text: String = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap()).collect();
        for comparison in &COMPARISONS {
            assert!(text.contains(&format!("\"{}\"", comparison.name)), "{}", comparison.name);
        }
    }

    #[test]
    fn every_peer_has_a_script_that_knows_the_comparison() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../benches/peers");
        for comparison in &COMPARISONS {
            let known = comparison.name.split_once("x").map_or(comparison.name, |_| "forward-");
            for peer in comparison.peers {
                let text = std::fs::read_to_string(folder.join(peer.script)).unwrap();
                assert!(text.contains(&format!("\"{known}")), "{} in {}", comparison.name, peer.script);
            }
        }
    }
}
