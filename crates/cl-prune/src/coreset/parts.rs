use std::collections::{HashMap, HashSet};

use cl_data::Ids;

use crate::error::PruneError;

/// What a part of the examples has chosen, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PartChoice {
    /// The examples' ids.
    Ids(Vec<String>),
    /// Their indices among all examples.
    Indices {
        /// The indices.
        order: Vec<usize>,
        /// How many examples they are indices of, where that is known.
        n_examples: Option<usize>,
    },
}

/// What parts chose, each with its name, as indices into `n_examples` examples of these ids: by id where a part has
/// ids, never by chance. Parts may overlap, and what they chose may be any method's. For
/// [`CoresetSettings::merge`](super::CoresetSettings::merge). O(n + chosen).
///
/// ```
/// use cl_data::Ids;
/// use cl_prune::coreset::{PartChoice, join_parts};
///
/// let ids = Ids::texts(["a", "b", "c", "d"].map(String::from).to_vec())?;
/// let parts = [("one", PartChoice::Ids(vec!["c".into(), "a".into()])), ("two", PartChoice::Ids(vec!["d".into()]))];
/// assert_eq!(join_parts(&parts, 4, Some(&ids))?, [vec![2, 0], vec![3]]);
/// assert!(join_parts(&parts, 4, None).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
/// [`PruneError::Part`] where a part has ids and the examples have none, or not that one; where its indices are of
/// another number of examples or point beyond it; and where a part has an example twice.
pub fn join_parts(
    parts: &[(impl AsRef<str>, PartChoice)],
    n_examples: usize,
    ids: Option<&Ids>,
) -> Result<Vec<Vec<usize>>, PruneError> {
    let by_id = parts.iter().any(|(_, choice)| matches!(choice, PartChoice::Ids(_)));
    let index_of: HashMap<_, usize> = match ids.filter(|_| by_id) {
        Some(ids) => ids.iter().enumerate().map(|(index, id)| (id, index)).collect(),
        None => HashMap::new(),
    };
    let mut orders: Vec<Vec<usize>> = Vec::new();
    for (name, choice) in parts {
        let name = name.as_ref();
        let wrong = |why: String| PruneError::Part { part: name.to_owned(), why };
        let order: Vec<usize> = match choice {
            PartChoice::Ids(_) if ids.is_none() => {
                return Err(wrong("its examples have ids, the features have none; expected ids in both".into()));
            }
            PartChoice::Ids(names) => {
                let index = |id: &String| {
                    let index = index_of.get(id.as_str()).copied();
                    index.ok_or_else(|| wrong(format!("id {id} does not occur in the features")))
                };
                names.iter().map(index).collect::<Result<_, _>>()?
            }
            PartChoice::Indices { n_examples: Some(found), .. } if *found != n_examples => {
                return Err(wrong(format!(
                    "indices of {found} examples, the features have {n_examples}: other features, expected ids in both"
                )));
            }
            PartChoice::Indices { order, .. } => order.clone(),
        };
        let mut chosen = HashSet::with_capacity(order.len());
        for &index in &order {
            if index >= n_examples {
                return Err(wrong(format!("index {index}, expected indices below {n_examples}, the examples")));
            }
            if !chosen.insert(index) {
                let id = ids.and_then(|ids| ids.get(index)).map_or(index.to_string(), Into::into);
                return Err(wrong(format!("example {id} is there twice, expected each example once")));
            }
        }
        orders.push(order);
    }
    Ok(orders)
}
