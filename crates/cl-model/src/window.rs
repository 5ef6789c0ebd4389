use cl_data::instructions::vectorized;
use cl_data::{Dataset, Scalar, random};
use rand_distr::{Distribution, StandardNormal};
use serde::{Deserialize, Serialize};

use crate::gemm::{Left, Packing, Right, gemm};
use crate::model::{Examples, Mode, Model};
use crate::sums::{add_scaled, dot};
use crate::tanh::tanh_in_place;
use crate::{error::ModelError, initialization::Initialization};

/// A neural language model that ranks windows of words: a good window should score above one whose last word was
/// replaced by a wrong one.
///
/// ```text
/// f(w_1 .. w_n) = u . tanh(W [E w_1; ...; E w_n] + b)
/// features (w_1, ..., w_n, w~),   outputs (f(w_1 .. w_n), f(w_1 .. w_(n-1) w~))
/// ```
///
/// Words are indices below V, kept exactly in the features; E is d x V, W is h x n d. Parameters are E, W, b, u,
/// matrices column by column. Train it with [`RankingHinge`](crate::RankingHinge). The score has no bias, for
/// which a ranking has no use. Both windows share what their first n - 1 words contribute: O((n + 1) d h) per
/// example, and O(V d) more per [`backward`](Model::backward), which writes a dense gradient;
/// [`sparse_step`](Self::sparse_step) touches only the rows of the words shown.
///
/// A feature that is no word index makes the outputs NaN, so that a trainer stops there;
/// [`check_examples`](Self::check_examples) finds it before.
///
/// Source: Bengio, Louradour, Collobert, Weston (2009), Curriculum Learning, section 6 (n = 5, d = 50, h = 100).
///
/// ```
/// use cl_model::{Examples, Mode, Model, WindowLanguageModel};
///
/// let model = WindowLanguageModel::<f32>::new(1000, 5, 16, 32, 7)?;
/// let mut outputs = [0.0; 2];
/// let window = [17.0, 4.0, 999.0, 0.0, 5.0, 731.0]; // 731 in place of 5
/// model.forward(Examples::new(&window, 6), Mode::Evaluation, &mut model.workspace(1), &mut outputs);
/// assert_eq!(outputs[0], model.last_word_scores(&[17, 4, 999, 0])?[5]);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(bound = "", try_from = "Unchecked<T>")]
pub struct WindowLanguageModel<T: Scalar> {
    n_words: usize,
    window: usize,
    width: usize,
    n_hidden: usize,
    parameters: Vec<T>,
}

/// What is read back, before it is checked.
#[derive(Deserialize)]
#[serde(bound = "")]
struct Unchecked<T: Scalar> {
    n_words: usize,
    window: usize,
    width: usize,
    n_hidden: usize,
    parameters: Vec<T>,
}

impl<T: Scalar> TryFrom<Unchecked<T>> for WindowLanguageModel<T> {
    type Error = ModelError;

    fn try_from(unchecked: Unchecked<T>) -> Result<Self, ModelError> {
        let Unchecked { n_words, window, width, n_hidden, parameters } = unchecked;
        let n_weights = check_sizes(n_words, window, width, n_hidden)?;
        let expected = n_words * width + n_weights + 2 * n_hidden;
        if parameters.len() != expected {
            let expected = "words times width, window times width times hidden units, and two per hidden unit";
            return Err(ModelError::argument("number of parameters", parameters.len(), expected));
        }
        Ok(Self { n_words, window, width, n_hidden, parameters })
    }
}

/// Unless a size is 0 or too large, the number of weights into the hidden units.
fn check_sizes(n_words: usize, window: usize, width: usize, n_hidden: usize) -> Result<usize, ModelError> {
    if !(1..=1 << 24).contains(&n_words) {
        return Err(ModelError::argument("n_words", n_words, "from 1 to 2^24 words"));
    }
    for (argument, value) in [("window", window), ("width", width), ("n_hidden", n_hidden)] {
        if !(1..1 << 24).contains(&value) {
            return Err(ModelError::argument(argument, value, "at least 1 and below 2^24"));
        }
    }
    let n_weights = window.checked_mul(width).and_then(|inputs| inputs.checked_mul(n_hidden));
    n_weights
        .filter(|&n_weights| n_weights < isize::MAX as usize / 64)
        .ok_or_else(|| ModelError::argument("n_hidden", n_hidden, "window * width * n_hidden that fits in memory"))
}

/// Where each part of the parameters lies.
struct Parts<S> {
    embedding: S,
    context: S,
    last: S,
    bias: S,
    score: S,
}

impl<T: Scalar> WindowLanguageModel<T> {
    /// A model of `n_words` words in windows of `window`, with embeddings of `width` numbers and `n_hidden`
    /// hidden units. Embeddings begin normal with standard deviation 1 / sqrt(width), weights after Xavier.
    ///
    /// # Errors
    /// Where a size is 0, there are more than 2^24 words (whose indices `f32` would not tell apart), or the
    /// number of parameters overflows.
    pub fn new(
        n_words: usize,
        window: usize,
        width: usize,
        n_hidden: usize,
        seed: u64,
    ) -> Result<Self, ModelError> {
        let n_weights = check_sizes(n_words, window, width, n_hidden)?;
        let std = |inputs: usize, outputs: usize| Initialization::Xavier.std(inputs, outputs);
        let mut parameters = Vec::new();
        for (part, (n, std)) in [
            (n_words * width, (1.0 / width as f64).sqrt()),
            (n_weights, std(window * width, n_hidden)),
            (n_hidden, 0.0),
            (n_hidden, std(n_hidden, 1)),
        ]
        .into_iter()
        .enumerate()
        {
            let mut rng = random::stream(seed, "initialization", part as u64);
            parameters.extend((0..n).map(|_| {
                let z: f64 = StandardNormal.sample(&mut rng);
                T::of_f64(z * std)
            }));
        }
        Ok(Self { n_words, window, width, n_hidden, parameters })
    }

    /// Number of words, V.
    pub fn n_words(&self) -> usize {
        self.n_words
    }

    /// Checks that every feature is a word.
    ///
    /// # Errors
    /// Where the data has another number of features than window + 1, or a feature is no integer in 0..V.
    pub fn check_examples(&self, data: &Dataset<T>) -> Result<(), ModelError> {
        let n_features = self.window + 1;
        if data.n_features() != n_features {
            return Err(ModelError::Mismatch { what: "features", model: n_features, data: data.n_features() });
        }
        let features = data.features().as_slice();
        match features.iter().position(|&feature| self.word(feature).is_none()) {
            None => Ok(()),
            Some(at) => {
                let found = format!("{} in example {}", features[at], at / n_features);
                Err(ModelError::argument("features", found, "word indices below the number of words"))
            }
        }
    }

    /// The scores of all V windows that begin with these n - 1 words: how high a word ranks among them as the last
    /// one is what the paper measures. O(V d h); for many contexts take a [`scorer`](Self::scorer).
    ///
    /// # Errors
    /// Unless there are n - 1 indices below V.
    pub fn last_word_scores(&self, context: &[usize]) -> Result<Vec<T>, ModelError> {
        let mut scores = Vec::new();
        self.scorer().scores(context, &mut scores)?;
        Ok(scores)
    }

    /// What scores all words as the last of any number of contexts: what each word contributes is computed once.
    /// O(V d h), and then O(V h) per context.
    pub fn scorer(&self) -> LastWordScorer<'_, T> {
        let (h, d) = (self.n_hidden, self.width);
        let Parts { embedding, last, .. } = self.parts(&self.parameters);
        let (mut contributions, mut packing) = (vec![T::zero(); h * self.n_words], Packing::default());
        let shape = (h, d, self.n_words);
        gemm(Left::Plain(last), Right::Plain(embedding), &[], &mut contributions, shape, &mut packing);
        let (words, shared) = (vec![T::zero(); (self.window - 1) * d], vec![T::zero(); h]);
        LastWordScorer { model: self, contributions, words, shared, hidden: Vec::new(), packing }
    }

    /// One step of plain gradient descent for the batch of the last forward pass, theta <- theta - eta gradient,
    /// which changes only the embeddings of its words: bit for bit [`backward`](Model::backward) followed by
    /// [`Sgd::plain`](crate::Sgd::plain), without its O(V d).
    pub fn sparse_step(
        &mut self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut WindowWorkspace<T>,
        learning_rate: f64,
    ) {
        // Rows are zero between steps: only those of the words shown are written, and cleared.
        let mut gradient = std::mem::take(&mut workspace.gradient);
        gradient.resize(self.parameters.len(), T::zero());
        self.accumulate(examples, deltas, workspace, &mut gradient);
        let (eta, d, n_words) = (T::of_f64(learning_rate), self.width, self.n_words);
        vectorized(
            #[inline(always)]
            || {
                for word in examples.as_slice().iter().filter_map(|&feature| word_index(feature, n_words)) {
                    let row = word * d..(word + 1) * d;
                    // A word shown twice finds its row cleared and adds nothing.
                    let (rows, gradients) = (&mut self.parameters[row.clone()], &mut gradient[row]);
                    rows.iter_mut().zip(&*gradients).for_each(|(theta, &gradient)| *theta -= eta * gradient);
                    gradients.fill(T::zero());
                }
                let dense = n_words * d;
                let rest = self.parameters[dense..].iter_mut().zip(&gradient[dense..]);
                rest.for_each(|(theta, &gradient)| *theta -= eta * gradient);
            },
        );
        workspace.gradient = gradient;
    }

    fn word(&self, feature: T) -> Option<usize> {
        word_index(feature, self.n_words)
    }

    /// Lengths of E, W of the context, W of the last word, b and u.
    fn lengths(&self) -> [usize; 4] {
        let of_word = self.width * self.n_hidden;
        [self.n_words * self.width, (self.window - 1) * of_word, of_word, self.n_hidden]
    }

    fn parts<'a>(&self, parameters: &'a [T]) -> Parts<&'a [T]> {
        let [e, c, l, b] = self.lengths();
        let (embedding, rest) = parameters.split_at(e);
        let (context, rest) = rest.split_at(c);
        let (last, rest) = rest.split_at(l);
        let (bias, score) = rest.split_at(b);
        Parts { embedding, context, last, bias, score }
    }

    fn parts_mut<'a>(&self, parameters: &'a mut [T]) -> Parts<&'a mut [T]> {
        let [e, c, l, b] = self.lengths();
        let (embedding, rest) = parameters.split_at_mut(e);
        let (context, rest) = rest.split_at_mut(c);
        let (last, rest) = rest.split_at_mut(l);
        let (bias, score) = rest.split_at_mut(b);
        Parts { embedding, context, last, bias, score }
    }

    /// The gradients with respect to the hidden sums of either window, of both together, and to the words.
    fn propagate(&self, b: usize, deltas: &[T], workspace: &mut WindowWorkspace<T>) {
        let (h, d, n_context) = (self.n_hidden, self.width, (self.window - 1) * self.width);
        let Parts { context, last, score, .. } = self.parts(&self.parameters);
        let WindowWorkspace { hidden, of_last, of_both, context_deltas, last_deltas, packing, .. } = workspace;
        vectorized(
            #[inline(always)]
            || {
                let columns = of_last.chunks_exact_mut(h).zip(hidden.chunks_exact(h)).zip(deltas);
                for ((of_last, hidden), &delta) in columns {
                    for ((slope, &tanh), &u) in of_last.iter_mut().zip(hidden).zip(score) {
                        *slope = delta * u * (T::one() - tanh * tanh);
                    }
                }
                for (sum, pair) in of_both.chunks_exact_mut(h).zip(of_last.chunks_exact(2 * h)).take(b) {
                    let (first, second) = pair.split_at(h);
                    let pairs = first.iter().zip(second);
                    sum.iter_mut().zip(pairs).for_each(|(sum, (&first, &second))| *sum = first + second);
                }
            },
        );
        let (of_last, of_both) = (Right::Plain(&of_last[..h * 2 * b]), Right::Plain(&of_both[..h * b]));
        let to_context = &mut context_deltas[..n_context * b];
        gemm(Left::Transposed(context), of_both, &[], to_context, (n_context, h, b), packing);
        let to_last = &mut last_deltas[..d * 2 * b];
        gemm(Left::Transposed(last), of_last, &[], to_last, (d, h, 2 * b), packing);
    }

    /// Writes the gradient of W, b and u, and adds that of the words shown to the rows of E.
    fn accumulate(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut WindowWorkspace<T>,
        gradient: &mut [T],
    ) {
        let (b, h, d, n_context) = (examples.len(), self.n_hidden, self.width, (self.window - 1) * self.width);
        self.propagate(b, deltas, workspace);
        let WindowWorkspace {
            context, last, hidden, of_last, of_both, context_deltas, last_deltas, packing, ..
        } = workspace;
        let to = self.parts_mut(gradient);
        let (words, lasts) = (Right::Transposed(&context[..n_context * b]), Right::Transposed(&last[..d * 2 * b]));
        gemm(Left::Plain(&of_both[..h * b]), words, &[], to.context, (h, b, n_context), packing);
        gemm(Left::Plain(&of_last[..h * 2 * b]), lasts, &[], to.last, (h, 2 * b, d), packing);
        gemm(Left::Plain(&hidden[..h * 2 * b]), Right::Plain(deltas), &[], to.score, (h, 2 * b, 1), packing);
        crate::sums::sum_columns(&of_both[..h * b], to.bias);
        vectorized(
            #[inline(always)]
            || {
                for (i, x) in examples.iter().enumerate() {
                    for (at, word) in x.iter().enumerate().filter_map(|(at, &x)| Some((at, self.word(x)?))) {
                        let delta = self.word_delta(i, at, context_deltas, last_deltas);
                        add_scaled(T::one(), delta, &mut to.embedding[word * d..][..d]);
                    }
                }
            },
        );
    }

    /// The column of feature `at` of example `i`, among those of contexts or of last words.
    fn word_delta<'a>(&self, i: usize, at: usize, contexts: &'a [T], lasts: &'a [T]) -> &'a [T] {
        let (n, d) = (self.window - 1, self.width);
        match at.checked_sub(n) {
            None => &contexts[(i * n + at) * d..][..d],
            Some(which) => &lasts[(2 * i + which) * d..][..d],
        }
    }
}

/// The word that a feature is, if it is an integer in 0..V.
#[inline]
fn word_index<T: Scalar>(feature: T, n_words: usize) -> Option<usize> {
    let feature = feature.as_f64();
    // The cast cuts off, takes NaN for 0 and what is too large for the largest.
    let word = feature as usize;
    (word < n_words && word as f64 == feature).then_some(word)
}

/// Scores every word as the last of a window, context by context: see [`WindowLanguageModel::scorer`].
///
/// ```
/// use cl_model::WindowLanguageModel;
///
/// let model = WindowLanguageModel::<f32>::new(1000, 5, 16, 32, 7)?;
/// let (mut scorer, mut scores) = (model.scorer(), Vec::new());
/// scorer.scores(&[17, 4, 999, 0], &mut scores)?;
/// assert_eq!(scores, model.last_word_scores(&[17, 4, 999, 0])?);
/// # Ok::<(), cl_model::ModelError>(())
/// ```
#[derive(Debug, Clone)]
pub struct LastWordScorer<'m, T: Scalar> {
    model: &'m WindowLanguageModel<T>,
    /// What each word adds to the hidden sums as the last one, h x V.
    contributions: Vec<T>,
    /// The embeddings of a context, and what they add, h.
    words: Vec<T>,
    shared: Vec<T>,
    /// Hidden units of some windows at a time.
    hidden: Vec<T>,
    packing: Packing<T>,
}

impl<T: Scalar> LastWordScorer<'_, T> {
    /// Writes the scores of all V windows that begin with these n - 1 words into `scores`, bit for bit those of a
    /// forward pass. O(V h).
    ///
    /// # Errors
    /// Unless there are n - 1 indices below V.
    pub fn scores(&mut self, context: &[usize], scores: &mut Vec<T>) -> Result<(), ModelError> {
        let Self { model, contributions, words, shared, hidden, packing } = self;
        if context.len() + 1 != model.window || context.iter().any(|&word| word >= model.n_words) {
            let expected = "one word less than a window, each an index below the number of words";
            return Err(ModelError::argument("context", format!("{context:?}"), expected));
        }
        let (h, d) = (model.n_hidden, model.width);
        let of = model.parts(&model.parameters);
        for (column, &word) in words.chunks_exact_mut(d).zip(context) {
            column.copy_from_slice(&of.embedding[word * d..][..d]);
        }
        gemm(Left::Plain(of.context), Right::Plain(words), of.bias, shared, (h, context.len() * d, 1), packing);
        scores.resize(model.n_words, T::zero());
        // As many windows as stay in a first-level cache.
        const WINDOWS: usize = 64;
        for (contributions, scores) in contributions.chunks(WINDOWS * h).zip(scores.chunks_mut(WINDOWS)) {
            hidden.clear();
            hidden.extend_from_slice(contributions);
            score(hidden, shared, WINDOWS, of.score, scores);
        }
        Ok(())
    }
}

/// Turns the last words' part of the hidden sums (h per window) into hidden units, `per_context` windows in a row
/// sharing a column of `shared`, and writes the score of each.
fn score<T: Scalar>(hidden: &mut [T], shared: &[T], per_context: usize, u: &[T], scores: &mut [T]) {
    let h = u.len();
    vectorized(
        #[inline(always)]
        || {
            for (hidden, shared) in hidden.chunks_mut(per_context * h).zip(shared.chunks_exact(h)) {
                for hidden in hidden.chunks_exact_mut(h) {
                    hidden.iter_mut().zip(shared).for_each(|(unit, &shared)| *unit += shared);
                }
            }
        },
    );
    tanh_in_place(hidden);
    vectorized(
        #[inline(always)]
        || {
            scores.iter_mut().zip(hidden.chunks_exact(h)).for_each(|(score, hidden)| *score = dot(hidden, u));
        },
    );
}

/// Scratch memory of a [`WindowLanguageModel`].
#[derive(Debug, Clone)]
pub struct WindowWorkspace<T> {
    /// Embeddings of the first n - 1 words of each example, and of its two last words.
    context: Vec<T>,
    last: Vec<T>,
    /// What the first words contribute to the hidden sums, h x b.
    shared: Vec<T>,
    /// Hidden units of both windows, h x 2b, and the gradients with respect to their sums.
    hidden: Vec<T>,
    of_last: Vec<T>,
    of_both: Vec<T>,
    context_deltas: Vec<T>,
    last_deltas: Vec<T>,
    /// Of all parameters, from the first sparse step on.
    gradient: Vec<T>,
    packing: Packing<T>,
}

impl<T: Scalar> Model<T> for WindowLanguageModel<T> {
    type Workspace = WindowWorkspace<T>;

    fn n_features(&self) -> usize {
        self.window + 1
    }

    fn n_outputs(&self) -> usize {
        2
    }

    fn parameters(&self) -> &[T] {
        &self.parameters
    }

    fn parameters_mut(&mut self) -> &mut [T] {
        &mut self.parameters
    }

    fn workspace(&self, batch_size: usize) -> Self::Workspace {
        let zeros = |rows: usize| vec![T::zero(); rows * batch_size];
        let (h, d, n_context) = (self.n_hidden, self.width, (self.window - 1) * self.width);
        WindowWorkspace {
            context: zeros(n_context),
            last: zeros(2 * d),
            shared: zeros(h),
            hidden: zeros(2 * h),
            of_last: zeros(2 * h),
            of_both: zeros(h),
            context_deltas: zeros(n_context),
            last_deltas: zeros(2 * d),
            gradient: Vec::new(),
            packing: Packing::default(),
        }
    }

    fn forward(&self, examples: Examples<'_, T>, _mode: Mode, workspace: &mut Self::Workspace, outputs: &mut [T]) {
        let (b, n, h, d) = (examples.len(), self.window - 1, self.n_hidden, self.width);
        let of = self.parts(&self.parameters);
        let WindowWorkspace { context, last, shared, hidden, packing, .. } = workspace;
        for (i, x) in examples.iter().enumerate() {
            for (at, &feature) in x.iter().enumerate() {
                let column = match at.checked_sub(n) {
                    None => &mut context[(i * n + at) * d..][..d],
                    Some(which) => &mut last[(2 * i + which) * d..][..d],
                };
                match self.word(feature) {
                    Some(word) => column.copy_from_slice(&of.embedding[word * d..][..d]),
                    None => column.fill(T::of_f64(f64::NAN)),
                }
            }
        }
        let (shared, hidden) = (&mut shared[..h * b], &mut hidden[..h * 2 * b]);
        let (context, last) = (Right::Plain(&context[..n * d * b]), Right::Plain(&last[..d * 2 * b]));
        gemm(Left::Plain(of.context), context, of.bias, shared, (h, n * d, b), packing);
        gemm(Left::Plain(of.last), last, &[], hidden, (h, d, 2 * b), packing);
        score(hidden, shared, 2, of.score, outputs);
    }

    fn backward(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        gradient: &mut [T],
    ) {
        gradient[..self.n_words * self.width].fill(T::zero());
        self.accumulate(examples, deltas, workspace, gradient);
    }

    /// Layer by layer; words that occur twice in an example add their gradients before the norm is taken.
    fn gradient_norms(
        &self,
        examples: Examples<'_, T>,
        deltas: &[T],
        workspace: &mut Self::Workspace,
        norms: &mut [f64],
    ) {
        let (h, d, n) = (self.n_hidden, self.width, self.window - 1);
        self.propagate(examples.len(), deltas, workspace);
        let product = |a: &[T], b: &[T]| dot(a, b).as_f64();
        let square = |a: &[T]| product(a, a);
        for (i, (norm, x)) in norms.iter_mut().zip(examples.iter()).enumerate() {
            let pair = |of: &[T], rows: usize| of[2 * i * rows..][..2 * rows].to_vec();
            let (last, of_last, hidden) =
                (pair(&workspace.last, d), pair(&workspace.of_last, h), pair(&workspace.hidden, h));
            let ((e_1, e_2), (s_1, s_2), (t_1, t_2)) = (last.split_at(d), of_last.split_at(h), hidden.split_at(h));
            let (g_1, g_2) = (deltas[2 * i].as_f64(), deltas[2 * i + 1].as_f64());
            let of_context = square(&workspace.context[i * n * d..][..n * d]) + 1.0; // 1 for the bias
            let mut sum = square(&workspace.of_both[i * h..][..h]) * of_context;
            sum += square(s_1) * square(e_1) + square(s_2) * square(e_2);
            sum += 2.0 * product(s_1, s_2) * product(e_1, e_2);
            sum += g_1 * g_1 * square(t_1) + g_2 * g_2 * square(t_2) + 2.0 * g_1 * g_2 * product(t_1, t_2);
            let delta = |at| self.word_delta(i, at, &workspace.context_deltas, &workspace.last_deltas);
            for at in 0..x.len() {
                let same = (0..x.len()).filter(|&other| x[other] == x[at]);
                sum += same.map(|other| product(delta(at), delta(other))).sum::<f64>();
            }
            *norm = sum.max(0.0).sqrt();
        }
    }

    fn n_last_features(&self) -> usize {
        2 * self.n_hidden
    }

    /// The hidden units of both windows.
    fn last_features<'a>(&self, examples: Examples<'a, T>, workspace: &'a Self::Workspace) -> &'a [T] {
        &workspace.hidden[..2 * self.n_hidden * examples.len()]
    }
}
