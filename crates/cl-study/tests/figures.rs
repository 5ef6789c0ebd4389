//! Every kind of figure: well-formed, the same twice, with all its words, and refusing what is no number.

use std::path::Path;

use cl_study::{Bar, BarFigure, BoxFigure, Figure, HeatMap, Interval, LineFigure, ScatterFigure, StudyError};

/// Numbers that look random and are not.
fn noise(i: usize) -> f64 {
    (i as f64 * 12.9898).sin() * 43758.547 % 1.0
}

fn lines() -> LineFigure {
    let updates: Vec<f64> = (0..60).map(|i| f64::from(i) * 50.0).collect();
    let curve =
        |rate: f64, top: f64| -> Vec<f64> { updates.iter().map(|t| top - 0.4 * (-t * rate).exp()).collect() };
    let shifted = |curve: &[f64], by: f64| -> Vec<f64> { curve.iter().map(|y| y + by).collect() };
    ["easy first", "hard first", "random order, same pacing", "plain shuffling"].iter().enumerate().fold(
        LineFigure::new("Learning curves on digits, 20 seeds", "updates", "test accuracy (share right)")
            .vertical(1500.0, "all data shown")
            .vertical(1600.0, "first epoch ends")
            .horizontal(0.9, "standard2")
            .horizontal(0.905, "standard3"),
        |figure, (at, name)| {
            let y = curve(0.001 + 0.0008 * at as f64, 0.95 - 0.01 * at as f64);
            figure.line_with_band(*name, &updates, &y, &shifted(&y, -0.012), &shifted(&y, 0.012))
        },
    )
}

fn log_lines() -> LineFigure {
    let x: Vec<f64> = (0..40).map(|i| 10f64.powf(f64::from(i) / 8.0)).collect();
    (0..10).fold(LineFigure::new("Ten power laws", "examples seen", "loss (nats)").log_x().log_y(), |figure, k| {
        let y: Vec<f64> = x.iter().map(|x| 3.0 * x.powf(-0.1 * f64::from(k + 1))).collect();
        figure.line(format!("exponent {:.1}", 0.1 * f64::from(k + 1)), &x, &y)
    })
}

fn cluster(n: usize, centre: f64) -> Vec<(f64, f64)> {
    (0..n).map(|i| (centre + 1.6 * noise(3 * i + 1), 2.0 * noise(5 * i + 2))).collect()
}

fn scatter() -> ScatterFigure {
    let points = [cluster(100, -2.0), cluster(100, 2.0)].concat();
    let values: Vec<f64> = points.iter().map(|(x, _)| 1.0 / (x.abs() + 0.1)).collect();
    ScatterFigure::new("Difficulty of 200 examples", "x0 (standard units)", "x1 (standard units)")
        .valued("examples", &points, &values, "difficulty 1 / (|x0| + 0.1)")
        .line("decision boundary", &[(-0.5, -9.0), (0.5, 9.0)])
}

fn classes() -> ScatterFigure {
    let (left, right) = (cluster(60, -2.0), cluster(60, 2.0));
    ScatterFigure::new("Four classes", "x0", "x1")
        .points("class 0", &left)
        .points("class 1", &right)
        .points("class 2", &cluster(30, 0.0))
        .points("class 3", &cluster(20, 5.0))
}

fn boxes() -> BoxFigure {
    [0, 1, 2, 4, 8, 16, 32, 64, 128].iter().enumerate().fold(
        BoxFigure::new("Test error after 256 epochs", "switch epoch", "test error"),
        |figure, (at, epoch)| {
            let values: Vec<f64> = (0..20).map(|i| 0.22 - 0.008 * at as f64 + 0.03 * noise(31 * at + i)).collect();
            figure.values(epoch.to_string(), &values)
        },
    )
}

fn heat_map() -> HeatMap {
    let names = ["loss", "margin", "forgetting", "EL2N", "confidence", "variability", "area under the margin"];
    let cells = (0..7).map(|row| {
        (0..7usize)
            .map(|column| match (row == 2, column == 2, row == column) {
                (true, _, _) | (_, true, _) => None,
                (_, _, true) => Some(1.0),
                _ => Some(noise(row * column + row + column)),
            })
            .collect::<Vec<_>>()
    });
    HeatMap::new("Spearman correlation of difficulty metrics", names, names, cells)
        .diverging(-1.0, 1.0)
        .value_name("Spearman's rho")
}

fn bars() -> BarFigure {
    let bars = |shift: f64| -> Vec<Bar> {
        (0..4)
            .map(|i| {
                let value = 0.02 * noise(i + 7) + shift;
                Bar { value, interval: Some(Interval { low: value - 0.008, high: value + 0.008 }) }
            })
            .collect()
    };
    let noise = ["no label noise", "20 % label noise", "40 % label noise", "60 % label noise"];
    BarFigure::new("Difference to plain shuffling", "data", "accuracy difference", noise)
        .series("easy first", bars(0.01))
        .series("hard first", bars(-0.012))
        .series("random, same pacing", bars(0.0))
}

fn all() -> Vec<(&'static str, Box<dyn Figure>)> {
    vec![
        ("lines", Box::new(lines())),
        ("log-lines", Box::new(log_lines())),
        ("scatter", Box::new(scatter())),
        ("classes", Box::new(classes())),
        ("boxes", Box::new(boxes())),
        ("heat-map", Box::new(heat_map())),
        ("bars", Box::new(bars())),
    ]
}

#[track_caller]
fn assert_well_formed(svg: &str) {
    assert!(
        roxmltree::Document::parse(svg).is_ok_and(|document| document.root_element().has_tag_name((SVG, "svg")))
    );
}

const SVG: &str = "http://www.w3.org/2000/svg";

#[test]
fn every_kind_is_well_formed_and_the_same_twice() {
    let folder = std::env::var_os("CL_STUDY_FIGURES");
    for (name, figure) in all() {
        let svg = figure.render(720, 450).unwrap();
        assert_well_formed(&svg);
        assert!(svg.contains("<title>") && !svg.contains("NaN") && !svg.contains("inf"), "{name}");
        assert_eq!(svg, figure.render(720, 450).unwrap());
        // To look at: CL_STUDY_FIGURES=folder cargo test -p cl-study
        if let Some(folder) = &folder {
            figure.save(&Path::new(folder).join(format!("{name}.svg")), 720, 450).unwrap();
        }
    }
}

#[test]
fn every_text_lies_inside_the_picture() {
    for (name, figure) in all() {
        for (width, height) in [(720.0, 450.0), (420.0, 400.0)] {
            let svg = figure.render(width as u32, height as u32).unwrap();
            for text in svg.lines().filter(|line| line.starts_with("<text")) {
                let attribute = |name: &str| {
                    let value = text.split_once(&format!(" {name}=\"")).unwrap().1;
                    value.split_once('"').unwrap().0
                };
                let number = |name: &str| attribute(name).parse::<f64>().unwrap() / 10.0;
                assert!((0.0..=width).contains(&number("x")), "{name}: {text}");
                assert!((0.0..=height).contains(&number("y")), "{name}: {text}");
                assert!(number("font-size") >= 11.99, "{name}: {text}");
            }
        }
    }
}

#[test]
fn names_and_values_are_shown_and_escaped() {
    let svg = lines().render(720, 450).unwrap();
    for word in ["easy first", "hard first", "plain shuffling", "updates", "standard3", "all data shown"] {
        assert!(svg.contains(word), "{word}");
    }
    assert!(heat_map().render(720, 450).unwrap().contains("undefined"));
    let svg = LineFigure::new("a < b & c", "x", "y").line("<&>", &[1.0], &[1.0]).render(400, 300).unwrap();
    assert_well_formed(&svg);
    assert!(svg.contains("a &lt; b &amp; c") && svg.contains("&lt;&amp;&gt;"));
}

/// XML forbids most control characters, even as references; viewers obey marks of direction.
#[test]
fn names_of_any_characters_are_drawn() {
    let hostile: String =
        ('\0'..='\u{a0}').chain("\u{200b}\u{202e}\u{2028}\u{2066}\u{feff}\u{ffff}]]>&#27;".chars()).collect();
    let long = "x".repeat(1 << 20);
    for name in [&*hostile, &long, "\u{1b}[2J"] {
        let figures: [Box<dyn Figure>; 6] = [
            Box::new(
                LineFigure::new(name, name, name)
                    .line(name, &[0.0, 1.0], &[0.0, 1.0])
                    .vertical(0.5, name)
                    .horizontal(0.5, name),
            ),
            Box::new(ScatterFigure::new(name, name, name).points(name, &[(0.0, 1.0)]).line(name, &[(0.0, 1.0)])),
            Box::new(ScatterFigure::new(name, name, name).valued(name, &[(0.0, 1.0)], &[1.0], name)),
            Box::new(BoxFigure::new(name, name, name).values(name, &[1.0, 2.0])),
            Box::new(BarFigure::new(name, name, name, [name]).series(name, [1.0])),
            Box::new(HeatMap::new(name, [name], [name], [[Some(1.0)]]).value_name(name)),
        ];
        for figure in figures {
            let svg = figure.render(4000, 3000).unwrap();
            assert_well_formed(&svg);
            let shown =
                |c: char| c == '\n' || !(c.is_control() || "\u{200b}\u{202e}\u{2028}\u{2066}\u{feff}".contains(c));
            assert!(svg.chars().all(shown) && svg.len() < 100_000, "{}", &svg[..svg.len().min(4000)]);
        }
    }
}

#[test]
fn numbers_that_are_none_name_their_series() {
    let nan = [f64::NAN];
    let broken: Vec<Box<dyn Figure>> = vec![
        Box::new(lines().line("broken", &nan, &[1.0])),
        Box::new(lines().line("broken", &[1.0], &nan)),
        Box::new(lines().line_with_band("broken", &[1.0], &[1.0], &nan, &[1.0])),
        Box::new(lines().line("broken", &[1.0], &[1.0, 2.0])),
        Box::new(lines().vertical(f64::INFINITY, "broken")),
        Box::new(scatter().points("broken", &[(0.0, f64::NAN)])),
        Box::new(scatter().valued("broken", &[(0.0, 0.0)], &nan, "v")),
        Box::new(scatter().line("broken", &[(f64::NAN, 0.0)])),
        Box::new(boxes().values("broken", &nan)),
        Box::new(boxes().values("broken", &[])),
        Box::new(bars().series("broken", [f64::NAN; 4])),
        Box::new(bars().series("broken", [1.0; 3])),
        Box::new(HeatMap::new("t", ["broken"], ["a"], [[Some(f64::NAN)]])),
        Box::new(HeatMap::new("t", ["broken"], ["a"], [[Some(1.0), None]])),
    ];
    for figure in broken {
        let error = figure.render(720, 450).unwrap_err().to_string();
        assert!(error.contains("broken"), "{error}");
    }
}

#[test]
fn what_cannot_be_drawn_is_refused() {
    assert!(LineFigure::new("t", "x", "y").render(400, 300).is_err());
    assert!(BoxFigure::new("t", "x", "y").render(400, 300).is_err());
    assert!(lines().log_x().render(720, 450).is_err());
    assert!(matches!(lines().render(100, 100), Err(StudyError::InvalidArgument { argument: "size", .. })));
}

#[test]
fn saving_is_all_or_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("figure.svg");
    boxes().save(&path, 720, 450).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), boxes().render(720, 450).unwrap());
    assert!(boxes().save(&folder.path().join("no folder/figure.svg"), 720, 450).is_err());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
