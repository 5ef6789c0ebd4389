use cl_difficulty::{MetricSettings, OutputKind};

use super::layout::Shape;
use crate::error::EngineError;

/// The option that says what the outputs are; no metric has one of this name.
pub(crate) const KIND: &str = "kind";

/// Keys and values.
type Pairs<'a> = Vec<(&'a str, &'a str)>;

/// What the outputs are, where options say that, and the other options.
fn pairs<'a>(function: &str, text: &'a str) -> Result<(Option<OutputKind>, Pairs<'a>), EngineError> {
    let (mut kind, mut options) = (None, Vec::new());
    for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
        let pair = part.split_once('=').map(|(key, value)| (key.trim(), value.trim()));
        let Some((key, value)) = pair else {
            let found = format!("{part:?} of {function}");
            return Err(EngineError::argument("options", found, "key=value, parted by commas"));
        };
        if key == KIND {
            kind = Some(value.parse()?);
        } else {
            options.push((key, value));
        }
    }
    Ok((kind, options))
}

/// That outputs of this shape may be of this kind.
fn check(shape: Shape, kind: OutputKind) -> Result<(), EngineError> {
    if kind.is_scalar() == shape.kind().is_scalar() && (shape != Shape::Flag || kind == OutputKind::Correct) {
        return Ok(());
    }
    let expected = match shape {
        Shape::List | Shape::Columns => "logits, probabilities or log-probabilities of numbers per class",
        Shape::Number => "losses or correct of one number",
        Shape::Flag => "correct of a boolean",
    };
    Err(EngineError::argument("kind", kind, expected))
}

fn available(settings: MetricSettings, kind: OutputKind) -> Result<MetricSettings, EngineError> {
    match settings.unavailable(kind) {
        None => Ok(settings),
        Some(problem) => Err(EngineError::Call {
            function: settings.metric().name.clone(),
            found: kind.to_string(),
            problem,
            expected: "outputs that tell it",
        }),
    }
}

/// A metric with its options and the kind of outputs that it is told, from a text such as
/// `kind=probabilities, window=10`.
pub(crate) fn parse(name: &str, shape: Shape, text: &str) -> Result<(MetricSettings, OutputKind), EngineError> {
    let (kind, options) = pairs(name, text)?;
    let kind = kind.unwrap_or(shape.kind());
    check(shape, kind)?;
    Ok((available(MetricSettings::parse(name, &options)?, kind)?, kind))
}

/// What the outputs are, from a text such as `kind=probabilities`.
pub(crate) fn parse_kind(function: &str, shape: Shape, text: &str) -> Result<OutputKind, EngineError> {
    let (kind, options) = pairs(function, text)?;
    if let Some((key, _)) = options.first() {
        return Err(EngineError::argument("options", format!("{key} of {function}"), "kind=... alone"));
    }
    let kind = kind.unwrap_or(shape.kind());
    check(shape, kind)?;
    Ok(kind)
}

/// Several metrics, from a text such as `kind=probabilities; el2n; tdds window=10, epochs=30`.
pub(crate) fn parse_several(
    function: &str,
    shape: Shape,
    text: &str,
) -> Result<(Vec<MetricSettings>, OutputKind), EngineError> {
    let (mut kind, mut metrics) = (shape.kind(), Vec::new());
    for part in text.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, options) = part.split_once(char::is_whitespace).unwrap_or((part, ""));
        if name.contains('=') {
            let (told, others) = pairs(function, part)?;
            kind = told.filter(|_| others.is_empty() && metrics.is_empty()).ok_or_else(|| {
                EngineError::argument("options", format!("{part:?} of {function}"), "kind=... before the metrics")
            })?;
            continue;
        }
        let (told, options) = pairs(name, options)?;
        if told.is_some() {
            return Err(EngineError::argument(
                "kind",
                format!("an option of {name}"),
                "one of all metrics, before them",
            ));
        }
        metrics.push(available(MetricSettings::parse(name, &options)?, kind)?);
    }
    check(shape, kind)?;
    if metrics.is_empty() {
        return Err(EngineError::argument("options", format!("{text:?} of {function}"), "the names of metrics"));
    }
    Ok((metrics, kind))
}

/// The text of such options, which [`parse`] reads.
pub(crate) fn text(settings: &MetricSettings, kind: OutputKind) -> String {
    let options = settings.metric().options.iter().map(|(key, value)| format!(", {key}={value}"));
    format!("{KIND}={kind}{}", options.collect::<String>())
}

/// The text of such options, which [`parse_several`] reads.
pub(crate) fn text_of_several(metrics: &[MetricSettings], kind: OutputKind) -> String {
    let one = |settings: &MetricSettings| {
        let options: Vec<String> =
            settings.metric().options.iter().map(|(key, value)| format!("{key}={value}")).collect();
        format!("; {} {}", settings.metric().name, options.join(", "))
    };
    format!("{KIND}={kind}{}", metrics.iter().map(one).collect::<String>())
}

#[cfg(test)]
mod tests {
    use cl_difficulty::metrics;

    use super::*;

    #[test]
    fn a_text_says_what_settings_are() {
        for (name, options) in [("tdds", vec![("window", "3"), ("epochs", "9")]), ("el2n", vec![("until", "5")])] {
            let settings = MetricSettings::parse(name, &options).unwrap();
            let read = parse(name, Shape::List, &text(&settings, OutputKind::Probabilities)).unwrap();
            assert_eq!(read, (settings, OutputKind::Probabilities));
        }
    }

    #[test]
    fn a_text_says_what_several_settings_are() {
        let of = |name, options: &[(&str, &str)]| MetricSettings::parse(name, options).unwrap();
        let metrics = vec![of("loss_last", &[]), of("tdds", &[("window", "3"), ("epochs", "9")]), of("el2n", &[])];
        let text = text_of_several(&metrics, OutputKind::Probabilities);
        let read = parse_several("dynamics", Shape::List, &text).unwrap();
        assert_eq!(read, (metrics, OutputKind::Probabilities));
        let error = |text| parse_several("dynamics", Shape::List, text).unwrap_err().to_string();
        assert!(error("").contains("the names of metrics"));
        assert!(error("el2n; kind=logits").contains("before the metrics"));
        assert!(error("el2n kind=logits").contains("before them"));
        assert!(error("kind=probabilities; aum").contains("needs logits"));
        assert!(error("el2m").contains("el2n"));
    }

    #[test]
    fn no_metric_has_an_option_of_that_name() {
        let all = metrics().iter().flat_map(|metric| metric.method.parameters);
        assert!(all.into_iter().all(|parameter| parameter.name != KIND));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let error = |name, shape, text| parse(name, shape, text).unwrap_err().to_string();
        assert!(error("tdds", Shape::List, "window").contains("key=value"));
        assert!(error("tdds", Shape::List, "windows=3").contains("window"));
        assert!(error("el2n", Shape::List, "kind=losses").contains("kind is losses"));
        assert!(error("forgetting", Shape::Flag, "kind=losses").contains("correct of a boolean"));
        assert!(error("aum", Shape::List, "kind=probabilities").contains("needs logits"));
        assert!(error("el2n", Shape::Number, "").contains("needs logits or probabilities"));
    }
}
