use strsim::damerau_levenshtein;

/// The one of the known names that `name` was probably meant to be: by the fewest letters put in, left out, changed or
/// swapped, a third of the name at most.
///
/// Source: Damerau (1964), A technique for computer detection and correction of spelling errors.
pub(super) fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let name = name.to_lowercase();
    let most = name.chars().count().div_ceil(3);
    let distances = known.iter().map(|&other| (damerau_levenshtein(&name, other), other));
    let (distance, other) = distances.min_by_key(|&(distance, _)| distance)?;
    (distance <= most).then_some(other)
}

/// That a name is none of the known: which one was probably meant, and all of them.
pub(super) fn unknown(what: &str, full: &str, name: &str, known: &[&str]) -> String {
    let meant = nearest(name, known).map(|other| format!(", did you mean `{other}`?")).unwrap_or_default();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    match meant.is_empty() {
        true => format!("unknown {what} `{full}`, known: {known}"),
        false => format!("unknown {what} `{full}`{meant} known: {known}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_named_where_one_is_near() {
        let known = ["momentum", "nesterov", "weight_decay"];
        assert_eq!(nearest("momentun", &known), Some("momentum"));
        assert_eq!(nearest("Nestorev", &known), Some("nesterov"));
        assert_eq!(nearest("weihgt_decay", &known), Some("weight_decay"));
        assert_eq!(nearest("epochs", &known), None);
        assert_eq!(nearest("momentum", &[]), None);
        let text = unknown("key", "optimizer.momentun", "momentun", &known);
        assert_eq!(
            text,
            "unknown key `optimizer.momentun`, did you mean `momentum`? known: momentum, nesterov, weight_decay"
        );
        assert_eq!(unknown("key", "a.b", "b", &[]), "unknown key `a.b`, known: none");
    }
}
