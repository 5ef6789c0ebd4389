use serde::{Deserialize, Serialize};

use crate::error::PruneError;

/// How classes share a count.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Balance {
    /// As their sizes.
    #[default]
    Proportional,
    /// Alike, as far as they have so many.
    Equal,
    /// As the square roots of their sizes: between the two.
    Sqrt,
}

/// How many of each class are chosen.
///
/// ```text
/// proportional, no floor   count n_c / n, rounded to the count exactly by the largest remainders, the lower class of equals
/// else                     the floors, then place r of class c in the order of (r + 1/2) / w_c, w_c = n_c, 1 or sqrt(n_c)
/// ```
///
/// The second is Webster's method with no class above its size: a larger count takes no place away. O(n log n).
///
/// ```
/// use cl_prune::coreset::{Balance, ClassShares};
///
/// let of = |balance, floor| ClassShares { balance, floor }.of(&[100, 25, 4], 20);
/// assert_eq!(of(Balance::Proportional, 0)?, [15, 4, 1]);
/// assert_eq!(of(Balance::Equal, 0)?, [8, 8, 4]);
/// assert_eq!(of(Balance::Sqrt, 0)?, [12, 6, 2]);
/// assert_eq!(of(Balance::Proportional, 3)?, [14, 3, 3]);
/// # Ok::<(), cl_prune::PruneError>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassShares {
    /// By what.
    pub balance: Balance,
    /// At least so many of each.
    pub floor: usize,
}

impl ClassShares {
    /// Of classes of these sizes, with at least `count` members together.
    ///
    /// # Errors
    /// [`PruneError::Count`] where they have fewer, [`PruneError::ClassTooSmall`] where one has fewer than the floor,
    /// [`PruneError::FloorsAboveBudget`] where the floors are more than the count.
    pub fn of(&self, sizes: &[usize], count: usize) -> Result<Vec<usize>, PruneError> {
        let (n_examples, floor) = (sizes.iter().sum(), self.floor);
        if count > n_examples {
            return Err(PruneError::Count { count, n_examples });
        }
        let n_classes = sizes.iter().filter(|&&size| size > 0).count();
        let is_small = |&(_, &size): &(usize, &usize)| size > 0 && size < floor;
        if let Some((class, &size)) = sizes.iter().enumerate().find(is_small) {
            return Err(PruneError::ClassTooSmall { class, size, floor });
        }
        if n_classes.checked_mul(floor).is_none_or(|floors| floors > count) {
            return Err(PruneError::FloorsAboveBudget { count, n_classes, floor });
        }
        if self.balance == Balance::Proportional && floor == 0 {
            return Ok(by_remainders(sizes, count));
        }
        let mut places: Vec<(f64, usize)> = Vec::with_capacity(n_examples);
        for (class, &size) in sizes.iter().enumerate() {
            let weight = match self.balance {
                Balance::Proportional => size as f64,
                Balance::Equal => 1.0,
                Balance::Sqrt => (size as f64).sqrt(),
            };
            places.extend((floor.min(size)..size).map(|place| ((place as f64 + 0.5) / weight, class)));
        }
        let mut shares: Vec<usize> = sizes.iter().map(|&size| floor.min(size)).collect();
        let left = count - shares.iter().sum::<usize>();
        let order = |a: &(f64, usize), b: &(f64, usize)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        places.sort_unstable_by(order);
        places.iter().take(left).for_each(|&(_, class)| shares[class] += 1);
        Ok(shares)
    }
}

/// Shares of `count` in proportion to `sizes`, which sum to at least as much.
fn by_remainders(sizes: &[usize], count: usize) -> Vec<usize> {
    let n: u128 = sizes.iter().map(|&size| size as u128).sum();
    if n == 0 {
        return vec![0; sizes.len()];
    }
    let exact = |size: usize| size as u128 * count as u128;
    let mut shares: Vec<usize> = sizes.iter().map(|&size| (exact(size) / n) as usize).collect();
    let mut by_remainder: Vec<usize> = (0..sizes.len()).collect();
    by_remainder.sort_by_key(|&class| (std::cmp::Reverse(exact(sizes[class]) % n), class));
    let missing = count - shares.iter().sum::<usize>();
    by_remainder.iter().take(missing).for_each(|&class| shares[class] += 1);
    shares
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn shares_are_exact_and_possible(
            sizes in prop::collection::vec(0usize..50, 1..8), share in 0.0..=1.0, floor in 0usize..4,
            balance in prop_oneof![Just(Balance::Proportional), Just(Balance::Equal), Just(Balance::Sqrt)],
        ) {
            let n: usize = sizes.iter().sum();
            let count = (share * n as f64) as usize;
            let own = ClassShares { balance, floor };
            match own.of(&sizes, count) {
                Err(_) => {
                    let least = sizes.iter().filter(|&&size| size > 0).min().copied().unwrap_or(floor);
                    let floors = floor * sizes.iter().filter(|&&size| size > 0).count();
                    prop_assert!(least < floor || floors > count);
                }
                Ok(shares) => {
                    prop_assert_eq!(shares.iter().sum::<usize>(), count);
                    for (&share, &size) in shares.iter().zip(&sizes) {
                        prop_assert!(share <= size && share >= floor.min(size));
                        let exact = size as f64 * count as f64 / n.max(1) as f64;
                        let is_plain = balance == Balance::Proportional && floor == 0;
                        prop_assert!(!is_plain || (share as f64 - exact).abs() < 1.0);
                    }
                    if balance == Balance::Equal {
                        // Who has fewer than another has all it has, give or take the one that is left over.
                        let most = shares.iter().max().copied().unwrap_or(0);
                        let alike = shares.iter().zip(&sizes).all(|(&share, &size)| share + 1 >= most || share == size);
                        prop_assert!(alike);
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_wrong_is_named() {
        let of = |sizes: &[usize], count, floor| {
            ClassShares { balance: Balance::Equal, floor }.of(sizes, count).unwrap_err().to_string()
        };
        assert_eq!(of(&[5, 2], 6, 3), "class 1 has 2 examples, fewer than its floor of 3");
        assert!(of(&[5, 5], 5, 3).contains("fewer than 2 classes with a floor of 3 each"));
        assert!(of(&[5], 6, 0).contains("count is 6"));
    }
}
