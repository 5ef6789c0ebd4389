//! What a person says on the command line.

use std::ops::Range;
use std::path::PathBuf;

use cl_prune::coreset::{Balance, SearchMethod};
use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use crate::named::{from_to, key_value};
use crate::output_format::OutputFormat;

/// Choose few examples that stand for all, by their features or gradients.
///
/// FEATURES is a .npy file (examples, features) of any numeric type; a .npz file with `features`, the array of --member or
/// a single one of two axes, and perhaps `ids`; or a table (CSV, JSON lines, Parquet), whose columns are features, numbers
/// or lists of them, but for those of ids and labels. OUT has a row per example chosen, in the order of choice: its id (or index), its rank, what it added and,
/// for the methods that give one, its weight. The first K of a longer order are what a count of K gives, except for
/// the optimisers stochastic, lazier-than-lazy, sieve and greedi, and for the classes' shares with --labels.
///
/// Memory: the features twice (read and in double precision), facility location's lists, log-determinant's factor
/// of 8 bytes per example and pick (of which `sieve` holds many); never a number per pair. What does not fit is said
/// before anything is read.
///
/// A file that is larger than memory: choose from some of its rows at a time with --rows, then among what these parts
/// chose with --part, for which no other row is read. A part is a .npz, .csv or .jsonl file of this command, joined by its ids
/// (or `index`, where FEATURES has no ids), a .csv or .jsonl file of `curriculum prune`, of which the rows with `kept` = 1
/// count, or a .npy file of indices into FEATURES, whatever ids it has. Parts may overlap. That is GreeDi:
/// of the m parts' choices of k examples each, by the optimiser naive or lazy, it makes one worth at least
/// (1 - 1/e) / min(m, k) of the best, (1 - 1/e) / 2 in expectation where the parts are random, if the objective is
/// monotone and counts none but the chosen examples: feature-based, set-cover, probabilistic-set-cover, and log-determinant with
/// a ridge of at least 1.
/// Facility location, saturated coverage and graph cut count all examples; the last round counts those that the parts
/// chose, and reaches 1 - 1/e of what is best among these and on these alone. Graph cut with a lambda below 2, its
/// default 1 too (in the form diversity above 1/2), is not monotone and has no guarantee. With
/// --option optimizer=greedi all is done in one run, in which both rounds count all examples; and with --local beside it in
/// one run that reads one part at a time: in the memory of one part (--option parts=M, random ones), the file being read M + 1
/// times. Of an objective that is a mean over all examples, as facility location's, a random part's is near that of all
/// (Mirzasoleiman et al. 2013, section 4.4).
///
/// Neighbours: facility-location, graph-cut, sum-redundancy, saturated-coverage and craig over all pairs take time as N^2. With
/// --neighbors K each example counts for its K most similar alone, and all else is similarity 0 (Lindgren, Wu and
/// Dimakis 2016): time as N K after the search, 8 bytes per neighbour. K of 32 to 64 where a chosen example stands for
/// some hundreds. The similarities are computed from FEATURES, whatever distances a file of neighbours has.
///
/// A sample: with --clients M facility location serves M random examples instead of all, in time as N M. The mean over the
/// sample of any one set is within max s sqrt(ln(2 / delta) / 2 M) of that over all with probability 1 - delta, max s the
/// largest similarity; that of all sets of k at once, the chosen one among them, within the same with ln(N over k) added to
/// the logarithm (Hoeffding 1963). Both are told for delta = 0.05.
///
/// What is chosen already (--start FILE or COLUMN) is not chosen again and not counted; what it represents counts no
/// longer, for glister and grad-match it has taken its step. Costs (--cost COLUMN --budget TOKENS): the greedy choices by
/// gain and by gain per cost, whichever is worth more, at least (1 - 1/e) / 2 of the best for monotone objectives (Leskovec
/// et al. 2007); never over the budget, and what is left of it is told. Groups (--groups COLUMN) are chosen whole: within
/// --count examples, or within --budget.
///
/// A choice towards examples that matter (--query FILE, such as rare classes or what a model fails on), or away from some
/// (--private FILE, such as a test set or what must not be learned): mutual information with the query (flqmi, flvmi, gcmi, logdetmi,
/// com), conditional gain beside the private examples (flcg, gccg, logdetcg), or both (flcmi, logdetcmi). --option eta=E weighs
/// relevance to the query, --option nu=N how hard the private examples are avoided. flqmi and com take time as N times the query;
/// flvmi, flcg and flcmi as facility location. logdetmi and logdetcmi are not submodular: greedy has no guarantee there.
///
/// Active learning: cal takes the examples whose neighbours among those with labels (--start FILE or COLUMN; else among all) are
/// predicted least like them, by --probabilities FILE; contextual-diversity those predicted least like all chosen, FEATURES being the
/// probabilities.
///
/// A mixture: --method mixture --option of=METHOD:WEIGHT,METHOD:WEIGHT:KEY=VALUE maximises the weighted sum of the objectives of other
/// methods, each with options of its own.
///
/// Similarities that are known already: --option similarity=precomputed, FEATURES then being a square matrix (.npy) or a
/// SciPy CSR matrix (.npz), symmetric and of no number below 0.
#[derive(Args)]
#[command(after_help = "\
Examples:
  curriculum coreset features.npy --method k-center --count 1000 --start 0 -o coreset.csv
  curriculum coreset features.npy --method facility-location --option similarity=cosine --count 1000 -o coreset.npz
  curriculum coreset features.npy --method facility-location --neighbors 32 --count 1000 -o coreset.csv
  curriculum coreset kernel.npz --method graph-cut --option similarity=precomputed --count 100 -o coreset.csv
  curriculum coreset features.npy --method facility-location --cost tokens --budget 1e6 --table docs.csv -o coreset.csv
  curriculum coreset features.npy --method k-center --start labelled.txt --count 100 -o next.csv
  curriculum coreset features.npy --method mixture --option of=facility-location:1,sum-redundancy:0.01 --count 100 -o c.csv
  curriculum coreset features.npy --method flqmi --query rare.npy --count 100 -o coreset.csv
  curriculum coreset features.npy --method flcmi --query rare.npy --private test.npy --count 100 -o coreset.csv
  curriculum coreset features.npy --method cal --probabilities p.npy --start labelled.txt --count 100 -o next.csv
  curriculum coreset gradients.npy --method craig --labels labels.npy --count 500 -o coreset.csv
  curriculum coreset features.npy --method feature-based --rows 0..500000 --count 100 -o a.npz
  curriculum coreset features.npy --method feature-based --part a.npz --part b.npz --count 100 -o coreset.npy
  curriculum coreset features.npy --method facility-location --neighbors 32 --option optimizer=greedi --option parts=16 \
    --local --count 1000 -o coreset.npy
  curriculum coreset --list")]
pub(crate) struct Arguments {
    /// The features or gradients, - for standard input
    #[arg(required_unless_present = "list")]
    pub(crate) features: Option<PathBuf>,
    /// The array of features, where FEATURES is a .npz file that has several
    #[arg(long, value_name = "NAME")]
    pub(crate) member: Option<String>,
    /// The method
    #[arg(long, value_name = "NAME", required_unless_present = "list")]
    pub(crate) method: Option<String>,
    /// How many examples to choose
    #[arg(long, value_name = "K", required_unless_present_any = ["list", "budget"])]
    pub(crate) count: Option<usize>,
    /// What each example costs, such as its tokens: a column of --table or of FEATURES, or a .npy file (submodular
    /// methods and craig)
    #[arg(long, value_name = "COLUMN", requires = "budget", conflicts_with_all = ["parts", "labels"])]
    pub(crate) cost: Option<String>,
    /// Choose what costs so much together at most, instead of a count
    #[arg(long, value_name = "TOKENS", requires = "cost", conflicts_with = "count")]
    pub(crate) budget: Option<f64>,
    /// Choose the examples of a group whole or not at all: a column, as of --cost
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["parts", "labels"])]
    pub(crate) groups: Option<String>,
    /// How much each example counts among those that are represented: a column, as of --cost (facility-location, and with
    /// --neighbors)
    #[arg(long, value_name = "COLUMN", conflicts_with = "parts")]
    pub(crate) weights: Option<String>,
    /// A table (.csv, .jsonl, .parquet, .npz) with columns of the examples, joined by its `id` where FEATURES has ids, else
    /// a row for each in their order
    #[arg(long, value_name = "FILE")]
    pub(crate) table: Option<PathBuf>,
    /// Labels (.npy, N integers): choose within classes, each its share of the count
    #[arg(long, value_name = "FILE")]
    pub(crate) labels: Option<PathBuf>,
    /// Ids (.npy, N integers or texts), where the input has none
    #[arg(long, value_name = "FILE")]
    pub(crate) ids: Option<PathBuf>,
    /// How classes share the count: proportional, equal or sqrt (as the square roots of their sizes)
    #[arg(long, value_name = "NAME", value_parser = balance(), requires = "labels")]
    pub(crate) balance: Option<Balance>,
    /// How many of each class are chosen at least
    #[arg(long, value_name = "K", requires = "labels")]
    pub(crate) floor: Option<usize>,
    /// What becomes of examples whose features are all zero, which have no cosine: error, or skip (neither represented nor
    /// chosen)
    #[arg(long, value_name = "WHAT", value_parser = ["error", "skip"], default_value = "error")]
    pub(crate) zero: String,
    /// The first example (k-center, disparity), with --labels that of its class; drawn from the seed where it is not
    /// given. Or what is chosen already, for every method: a FILE (.npy of indices, .txt of ids, a table with `id` or
    /// `index`, of which the rows count whose `label` is neither empty nor -1 and whose `kept` is 1), or a COLUMN of labels,
    /// those of the pool empty or -1
    #[arg(long, value_name = "INDEX|FILE|COLUMN")]
    pub(crate) start: Option<String>,
    /// Compare each example with its K most similar alone, itself among them, which are sought; or with those that a file
    /// names for each (.npz with `indices` as `curriculum distance` and faiss give them, or a SciPy CSR, or .npy)
    #[arg(long, value_name = "K|FILE", conflicts_with = "parts")]
    pub(crate) neighbors: Option<String>,
    /// How neighbours are sought: among all (exact), in the nearest of sqrt(N) cells (cells), or as N^2 times the features
    /// allow (auto)
    #[arg(long, value_name = "HOW", value_parser = search_method(), requires = "neighbors")]
    pub(crate) search: Option<SearchMethod>,
    /// Into how many cells each example looks [default: enough for a recall of 98 % on a sample]
    #[arg(long, value_name = "P", requires = "neighbors")]
    pub(crate) probes: Option<usize>,
    /// Represent M examples, drawn at random, instead of all (facility-location): what they are served, and how far that is
    /// from all at most, is told
    #[arg(long, value_name = "M", conflicts_with_all = ["parts", "neighbors"])]
    pub(crate) clients: Option<usize>,
    /// The gradients of validation examples (.npy or .npz as FEATURES), for glister
    #[arg(long, value_name = "FILE")]
    pub(crate) validation: Option<PathBuf>,
    /// Examples to choose towards (.npy or .npz as FEATURES), for flqmi, flvmi, gcmi, logdetmi, com, flcmi and logdetcmi
    #[arg(long, value_name = "FILE", conflicts_with_all = ["neighbors", "local"])]
    pub(crate) query: Option<PathBuf>,
    /// Examples to choose away from (.npy or .npz as FEATURES), for flcg, gccg, logdetcg, flcmi and logdetcmi
    #[arg(long, value_name = "FILE", conflicts_with_all = ["neighbors", "local"])]
    pub(crate) private: Option<PathBuf>,
    /// The predicted probabilities of the classes of each example (.npy or .npz, as many rows as FEATURES), for cal
    #[arg(long, value_name = "FILE", conflicts_with_all = ["neighbors", "local", "parts"])]
    pub(crate) probabilities: Option<PathBuf>,
    /// Set an option of the method
    #[arg(long = "option", value_name = "KEY=VALUE", value_parser = key_value)]
    pub(crate) options: Vec<(String, String)>,
    /// Choose from these rows of FEATURES alone, the others are not read: FROM..TO, TO excluded
    #[arg(long, value_name = "FROM..TO", value_parser = from_to::<usize>, conflicts_with = "parts")]
    pub(crate) rows: Option<Range<usize>>,
    /// Choose among what this part of the examples has chosen, and others (.npz, .csv or .jsonl of this command, or .npy
    /// of indices)
    #[arg(long = "part", value_name = "FILE")]
    pub(crate) parts: Vec<PathBuf>,
    /// With --option optimizer=greedi: read the random parts one at a time, each of which sees its own examples alone, for a
    /// file larger than memory
    #[arg(long)]
    pub(crate) local: bool,
    /// The seed of first examples, samples, ties and parts
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Where to write: .csv, .jsonl, .npz (order, gains, weights, ids; n_examples of FEATURES) or .npy (the order alone);
    /// - for standard output. Indices count the rows of FEATURES, whatever was read of it
    #[arg(short, long, value_name = "OUT", required_unless_present = "list")]
    pub(crate) output: Option<PathBuf>,
    /// The format of OUT, whatever its name: csv, jsonl, npz or npy
    #[arg(long, value_enum, value_name = "NAME", hide_possible_values = true)]
    pub(crate) output_format: Option<OutputFormat>,
    /// List the methods with their options
    #[arg(long)]
    pub(crate) list: bool,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

fn balance() -> impl TypedValueParser<Value = Balance> {
    PossibleValuesParser::new(["proportional", "equal", "sqrt"]).map(|name| match name.as_str() {
        "equal" => Balance::Equal,
        "sqrt" => Balance::Sqrt,
        _ => Balance::Proportional,
    })
}

fn search_method() -> impl TypedValueParser<Value = SearchMethod> {
    PossibleValuesParser::new(["auto", "exact", "cells"]).map(|name| match name.as_str() {
        "exact" => SearchMethod::Exact,
        "cells" => SearchMethod::Cells,
        _ => SearchMethod::Auto,
    })
}

impl Arguments {
    /// The columns of examples that are named.
    pub(super) fn columns(&self) -> Vec<&str> {
        [&self.cost, &self.groups, &self.weights, &self.start].into_iter().flatten().map(String::as_str).collect()
    }

    /// The first example, where --start is one and not what is chosen already.
    pub(super) fn first_example(&self) -> Option<usize> {
        self.start.as_ref().and_then(|start| start.parse().ok())
    }
}
