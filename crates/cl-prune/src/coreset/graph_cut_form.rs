use serde::{Deserialize, Serialize};

/// Where graph cut's trade-off stands: systems share the name and differ in what they weigh.
///
/// ```text
/// conventional   gain(j) = lambda sum_i s_ij - s_jj - 2 sum_{k in S} s_jk           (apricot)
/// diversity      gain(j) = sum_i s_ij - lambda (s_jj + 2 sum_{k in S} s_jk)         (submodlib)
/// no-self        gain(j) = lambda sum_i s_ij - 2 sum_{k in S} s_jk                  (DeepCore)
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GraphCutForm {
    /// Lambda weighs how well all are represented.
    #[default]
    Conventional,
    /// Lambda weighs the redundancy.
    Diversity,
    /// Lambda weighs how well all are represented; an example's similarity to itself is left out.
    NoSelf,
}
