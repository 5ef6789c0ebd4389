/// Sentence length: the number of tokens, split at white space, higher = harder. O(characters).
///
/// Source: Spitkovsky, Alshawi, Jurafsky (2010), From Baby Steps to Leapfrog; Platanios et al. (2019),
/// Competence-based Curriculum Learning for Neural Machine Translation, equation 2.
///
/// ```
/// use cl_difficulty::data_based::sentence_length;
///
/// assert_eq!(sentence_length(&["the cat sat", " on\tit ", ""]), [3.0, 2.0, 0.0]);
/// ```
pub fn sentence_length<S: AsRef<str>>(sentences: &[S]) -> Vec<f64> {
    sentences.iter().map(|sentence| sentence.as_ref().split_whitespace().count() as f64).collect()
}
