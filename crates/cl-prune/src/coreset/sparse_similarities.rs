use std::sync::Arc;

use rayon::prelude::*;

use crate::error::PruneError;

/// Columns that a thread sorts or sums at a time.
const COLUMNS: usize = 4096;

/// The similarities of each example, the client, to few others, the elements that may serve it; all else is 0.
///
/// ```text
/// s_ij > 0 only for j in N(i), the K nearest of client i, itself among them
/// ```
///
/// Held by element, as the gains need them: who is served by j, and how well. 8 bytes per similarity.
///
/// Source: Wei, Iyer and Bilmes (2014), Fast multi-stage submodular maximization; Lindgren, Wu and Dimakis (2016),
/// Leveraging sparsity for efficient submodular data summarization.
///
/// ```
/// use cl_prune::coreset::SparseSimilarities;
///
/// // Each of three examples with itself and one other.
/// let indices = vec![0, 1, 1, 0, 2, 1];
/// let similarities = SparseSimilarities::of_lists(3, 2, indices, vec![1.0, 0.5, 1.0, 0.5, 1.0, 0.25])?;
/// assert_eq!(similarities.of_all_to(1).collect::<Vec<_>>(), [(0, 0.5), (1, 1.0), (2, 0.25)]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct SparseSimilarities {
    n_clients: usize,
    /// Where each element's clients begin, and the last one's end.
    starts: Arc<[usize]>,
    clients: Arc<Vec<u32>>,
    similarities: Arc<Vec<f32>>,
}

impl SparseSimilarities {
    /// The index of a neighbour that is none: a list may be shorter than the others. faiss writes it as -1.
    pub const NONE: u32 = u32::MAX;

    /// Lists of `k` elements of `n_elements` for each client, one client after the other, turned over in the memory they
    /// have. O(n k) time, O(n) memory beside the lists.
    ///
    /// # Errors
    /// [`PruneError::Neighbor`] where an index is out of range or twice in a list, or a similarity negative or not finite;
    /// [`PruneError::InvalidArgument`] where the two are not as many whole lists.
    pub fn of_lists(
        n_elements: usize,
        k: usize,
        mut indices: Vec<u32>,
        mut similarities: Vec<f32>,
    ) -> Result<Self, PruneError> {
        if k == 0 || !indices.len().is_multiple_of(k) || indices.len() != similarities.len() {
            let found =
                format!("{} indices and {} similarities in lists of {k}", indices.len(), similarities.len());
            return Err(PruneError::argument("k", found, "as many whole lists of at least one"));
        }
        let n_clients = indices.len() / k;
        check_sizes(n_clients, n_elements)?;
        let mut starts = vec![0usize; n_elements + 2];
        for (at, (&index, &similarity)) in indices.iter().zip(&similarities).enumerate() {
            if index != Self::NONE {
                check(at / k, index, similarity, n_elements)?;
            }
            // What is none goes to the end, and from there away.
            starts[(index as usize).min(n_elements) + 1] += 1;
        }
        (0..=n_elements).for_each(|element| starts[element + 1] += starts[element]);
        turn_over(k, &starts, &mut indices, &mut similarities);
        starts.truncate(n_elements + 1);
        let n_entries = starts[n_elements];
        indices.truncate(n_entries);
        similarities.truncate(n_entries);
        Self::of_columns(n_clients, starts, indices, similarities)
    }

    /// Rows of any length, as SciPy's CSR has them: the entries of client i are those from `starts[i]` to `starts[i + 1]`.
    ///
    /// # Errors
    /// As [`of_lists`](Self::of_lists), and where the rows do not follow upon each other or a number of more than
    /// 2^32 - 2 is in them.
    pub fn of_rows(
        n_elements: usize,
        starts: &[usize],
        indices: &[u32],
        similarities: &[f32],
    ) -> Result<Self, PruneError> {
        let ends = starts.windows(2).all(|pair| pair[0] <= pair[1]);
        let whole = starts.first() == Some(&0) && starts.last() == Some(&indices.len());
        if !(ends && whole && indices.len() == similarities.len()) {
            let found = format!("{} indices, {} similarities", indices.len(), similarities.len());
            return Err(PruneError::argument("starts", found, "ascending from 0 to the number of both"));
        }
        let n_clients = starts.len() - 1;
        check_sizes(n_clients, n_elements)?;
        let mut columns = vec![0usize; n_elements + 1];
        for client in 0..n_clients {
            for at in starts[client]..starts[client + 1] {
                check(client, indices[at], similarities[at], n_elements)?;
                columns[indices[at] as usize + 1] += 1;
            }
        }
        (0..n_elements).for_each(|element| columns[element + 1] += columns[element]);
        let (mut next, mut clients) = (columns.clone(), vec![0; indices.len()]);
        let mut by_element = vec![0.0; indices.len()];
        for client in 0..n_clients {
            for at in starts[client]..starts[client + 1] {
                let place = &mut next[indices[at] as usize];
                (clients[*place], by_element[*place]) = (client as u32, similarities[at]);
                *place += 1;
            }
        }
        Self::of_columns(n_clients, columns, clients, by_element)
    }

    fn of_columns(
        n_clients: usize,
        starts: Vec<usize>,
        mut clients: Vec<u32>,
        mut similarities: Vec<f32>,
    ) -> Result<Self, PruneError> {
        sort_columns(&starts, &mut clients, &mut similarities);
        for (element, ends) in starts.windows(2).enumerate() {
            if let Some(pair) = clients[ends[0]..ends[1]].windows(2).find(|pair| pair[0] == pair[1]) {
                let (what, client) = ("a neighbour", pair[0] as usize);
                let expected = "each neighbour once".to_owned();
                return Err(PruneError::Neighbor { client, what, value: format!("{element} twice"), expected });
            }
        }
        Ok(Self { n_clients, starts: starts.into(), clients: clients.into(), similarities: similarities.into() })
    }

    /// How many examples are served.
    pub fn n_clients(&self) -> usize {
        self.n_clients
    }

    /// How many examples there are to choose from.
    pub fn n_elements(&self) -> usize {
        self.starts.len() - 1
    }

    /// How many similarities are held.
    pub fn n_entries(&self) -> usize {
        self.clients.len()
    }

    /// The clients that `element` may serve, ascending, and how similar they are to it.
    ///
    /// # Panics
    /// Where there is no such element.
    pub fn of_all_to(&self, element: usize) -> impl Iterator<Item = (usize, f32)> {
        let range = self.starts[element]..self.starts[element + 1];
        let clients = self.clients[range.clone()].iter().map(|&client| client as usize);
        clients.zip(self.similarities[range].iter().copied())
    }

    /// The sum of the similarities of all clients to each element.
    pub(super) fn sums(&self) -> Vec<f64> {
        let sum = |element| self.of_all_to(element).map(|(_, similarity)| f64::from(similarity)).sum();
        (0..self.n_elements()).into_par_iter().with_min_len(COLUMNS).map(sum).collect()
    }

    /// The sum of the similarities of each client to all elements.
    pub(super) fn client_sums(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.n_clients];
        for (&client, &similarity) in self.clients.iter().zip(self.similarities.iter()) {
            sums[client as usize] += f64::from(similarity);
        }
        sums
    }

    /// How similar each element is to itself, 0 where it is not among its own.
    pub(super) fn of_each_to_itself(&self) -> Vec<f32> {
        let own = |element: usize| {
            let range = self.starts[element]..self.starts[element + 1];
            let found = self.clients[range.clone()].binary_search(&(element as u32));
            found.map_or(0.0, |at| self.similarities[range.start + at])
        };
        (0..self.n_elements()).map(own).collect()
    }

    /// That there is a client for each element, and that s_ij = s_ji wherever both are held, but for the rounding of
    /// single precision.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] and [`PruneError::Neighbor`].
    pub fn check_symmetric(&self) -> Result<(), PruneError> {
        self.check_square()?;
        let of_rows = self.turned();
        let largest = self.similarities.iter().copied().fold(0.0, f32::max);
        for element in 0..self.n_elements() {
            let mut others = of_rows.of_all_to(element).peekable();
            for (client, similarity) in self.of_all_to(element) {
                while others.next_if(|other| other.0 < client).is_some() {}
                let Some((_, other)) = others.next_if(|other| other.0 == client) else { continue };
                if (similarity - other).abs() > 1e-6 * largest {
                    let expected = format!("{other} as that of {element} to {client}: symmetric similarities");
                    let value = format!("{similarity} to {element}");
                    return Err(PruneError::Neighbor { client, what: "similarity", value, expected });
                }
            }
        }
        Ok(())
    }

    fn check_square(&self) -> Result<(), PruneError> {
        let (clients, elements) = (self.n_clients, self.n_elements());
        if clients == elements {
            return Ok(());
        }
        Err(PruneError::argument("similarities", format!("{clients} x {elements}"), "as many rows as columns"))
    }

    /// The same by client.
    fn turned(&self) -> Self {
        let mut starts = vec![0usize; self.n_clients + 1];
        self.clients.iter().for_each(|&client| starts[client as usize + 1] += 1);
        (0..self.n_clients).for_each(|client| starts[client + 1] += starts[client]);
        let (mut next, mut elements) = (starts.clone(), vec![0; self.clients.len()]);
        let mut similarities = vec![0.0; self.clients.len()];
        for element in 0..self.n_elements() {
            for (client, similarity) in self.of_all_to(element) {
                (elements[next[client]], similarities[next[client]]) = (element as u32, similarity);
                next[client] += 1;
            }
        }
        let n_clients = self.n_elements();
        Self { n_clients, starts: starts.into(), clients: elements.into(), similarities: similarities.into() }
    }

    /// With s_ij = s_ji, the larger where they differ: neighbours if either is the other's. Up to three times the memory.
    ///
    /// # Errors
    /// [`PruneError::InvalidArgument`] where there is not a client for each element.
    pub fn symmetric(&self) -> Result<Self, PruneError> {
        self.check_square()?;
        let turned = self.turned();
        let (mut starts, mut clients, mut similarities) = (vec![0], Vec::new(), Vec::new());
        for element in 0..self.n_elements() {
            let mut others = turned.of_all_to(element).peekable();
            let mut push = |(client, similarity): (usize, f32)| {
                clients.push(client as u32);
                similarities.push(similarity);
            };
            for (client, similarity) in self.of_all_to(element) {
                while let Some(other) = others.next_if(|other| other.0 < client) {
                    push(other);
                }
                let other = others.next_if(|other| other.0 == client).map_or(0.0, |other| other.1);
                push((client, similarity.max(other)));
            }
            others.for_each(&mut push);
            starts.push(clients.len());
        }
        let n_clients = self.n_clients;
        Ok(Self { n_clients, starts: starts.into(), clients: clients.into(), similarities: similarities.into() })
    }
}

/// Indices are numbers of 32 bits, the largest of which is none.
fn check_sizes(n_clients: usize, n_elements: usize) -> Result<(), PruneError> {
    match [n_clients, n_elements].into_iter().find(|&n| n >= SparseSimilarities::NONE as usize) {
        Some(n) => Err(PruneError::argument("n_examples", n, "fewer than 2^32 - 1 for neighbours")),
        None => Ok(()),
    }
}

fn check(client: usize, index: u32, similarity: f32, n_elements: usize) -> Result<(), PruneError> {
    if index as usize >= n_elements {
        let expected = format!("an index below {n_elements}, the number of examples");
        return Err(PruneError::Neighbor { client, what: "a neighbour", value: index.to_string(), expected });
    }
    if similarity.is_finite() && similarity >= 0.0 {
        return Ok(());
    }
    let (value, expected) = (format!("{similarity} to {index}"), "a finite number of at least 0".to_owned());
    Err(PruneError::Neighbor { client, what: "similarity", value, expected })
}

/// From lists of `k` by client to columns by element, which begin at `starts`, in place: what is put down where it belongs
/// takes up what was there, until the place that was free first is reached.
fn turn_over(k: usize, starts: &[usize], indices: &mut [u32], similarities: &mut [f32]) {
    let last = starts.len() - 2;
    let (mut next, mut is_done) = (starts.to_vec(), vec![0u64; indices.len().div_ceil(64)]);
    for first in 0..indices.len() {
        if is_done[first / 64] >> (first % 64) & 1 == 1 {
            continue;
        }
        let mut held = (indices[first], (first / k) as u32, similarities[first]);
        loop {
            let place = &mut next[(held.0 as usize).min(last)];
            let at = *place;
            *place += 1;
            is_done[at / 64] |= 1 << (at % 64);
            let there = (indices[at], (at / k) as u32, similarities[at]);
            (indices[at], similarities[at]) = (held.1, held.2);
            if at == first {
                break;
            }
            held = there;
        }
    }
}

/// Each column by client.
fn sort_columns(starts: &[usize], clients: &mut [u32], similarities: &mut [f32]) {
    let n = starts.len() - 1;
    if n > COLUMNS {
        let (low, high) = (&starts[..=n / 2], &starts[n / 2..]);
        let (low_clients, high_clients) = clients.split_at_mut(high[0] - low[0]);
        let (low_similarities, high_similarities) = similarities.split_at_mut(high[0] - low[0]);
        rayon::join(
            || sort_columns(low, low_clients, low_similarities),
            || sort_columns(high, high_clients, high_similarities),
        );
        return;
    }
    let mut column: Vec<(u32, f32)> = Vec::new();
    for ends in starts.windows(2) {
        let range = ends[0] - starts[0]..ends[1] - starts[0];
        if clients[range.clone()].is_sorted() {
            continue;
        }
        column.clear();
        column.extend(clients[range.clone()].iter().copied().zip(similarities[range.clone()].iter().copied()));
        column.sort_unstable_by_key(|entry| entry.0);
        for (at, &(client, similarity)) in range.zip(&column) {
            (clients[at], similarities[at]) = (client, similarity);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cl_data::random::{below, permutation, stream, uniform};
    use proptest::prelude::*;

    proptest! {
        /// Turned over in place, lists are what a matrix of them says, with places that hold none.
        #[test]
        fn lists_are_turned_over(n in 1usize..30, m in 1usize..30, k in 1usize..6, seed: u64) {
            let rng = &mut stream(seed, "test", 0);
            let k = k.min(n);
            let mut matrix = vec![0.0f32; m * n];
            let (mut indices, mut similarities, mut starts) = (Vec::new(), Vec::new(), vec![0]);
            let (mut by_row, mut values) = (Vec::new(), Vec::new());
            for client in 0..m {
                for &element in &permutation(rng, n)[..k] {
                    let similarity = uniform(rng) as f32 + 0.1;
                    let is_none = below(rng, 4) == 0;
                    indices.push(if is_none { SparseSimilarities::NONE } else { element as u32 });
                    similarities.push(similarity);
                    if !is_none {
                        matrix[client * n + element] = similarity;
                        by_row.push(element as u32);
                        values.push(similarity);
                    }
                }
                starts.push(by_row.len());
            }
            let sparse = SparseSimilarities::of_lists(n, k, indices, similarities).unwrap();
            prop_assert_eq!(&sparse, &SparseSimilarities::of_rows(n, &starts, &by_row, &values).unwrap());
            for element in 0..n {
                let found: Vec<_> = sparse.of_all_to(element).collect();
                let column = (0..m).map(|client| (client, matrix[client * n + element]));
                prop_assert_eq!(found, column.filter(|entry| entry.1 > 0.0).collect::<Vec<_>>());
            }
            prop_assert_eq!(sparse.n_entries(), values.len());
            if m == n {
                let both = sparse.symmetric().unwrap();
                for element in 0..n {
                    let of = |client: usize| matrix[client * n + element].max(matrix[element * n + client]);
                    let column = (0..n).map(|client| (client, of(client))).filter(|entry| entry.1 > 0.0);
                    prop_assert_eq!(both.of_all_to(element).collect::<Vec<_>>(), column.collect::<Vec<_>>());
                }
                prop_assert!(both.check_symmetric().is_ok());
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let of = |indices: [u32; 4], similarities: [f32; 4]| {
            SparseSimilarities::of_lists(2, 2, indices.to_vec(), similarities.to_vec()).unwrap_err().to_string()
        };
        let message = of([0, 1, 1, 2], [1.0; 4]);
        assert_eq!(message, "a neighbour of example 1 is 2, expected an index below 2, the number of examples");
        let message = of([0, 1, 1, 0], [1.0, -0.5, 1.0, 1.0]);
        assert_eq!(message, "similarity of example 0 is -0.5 to 1, expected a finite number of at least 0");
        assert!(of([0, 1, 1, 0], [1.0, f32::NAN, 1.0, 1.0]).contains("NaN"));
        assert_eq!(
            of([0, 1, 1, 1], [1.0; 4]),
            "a neighbour of example 1 is 1 twice, expected each neighbour once"
        );
        assert!(SparseSimilarities::of_lists(2, 0, vec![], vec![]).is_err());
        assert!(SparseSimilarities::of_lists(2, 2, vec![0; 3], vec![0.0; 3]).is_err());
        let sparse = SparseSimilarities::of_lists(2, 2, vec![0, 1, 1, 0], vec![1.0, 0.5, 1.0, 0.25]).unwrap();
        let message = sparse.check_symmetric().unwrap_err().to_string();
        assert!(message.starts_with("similarity of example 1 is 0.25 to 0, expected 0.5"), "{message}");
        let oblong = SparseSimilarities::of_lists(3, 1, vec![0, 1], vec![1.0; 2]).unwrap();
        assert!(oblong.symmetric().is_err() && oblong.check_symmetric().is_err());
        assert!(SparseSimilarities::of_rows(2, &[0, 2], &[0], &[1.0]).is_err());
        assert_eq!(SparseSimilarities::of_lists(0, 1, vec![], vec![]).unwrap().n_elements(), 0);
    }
}
