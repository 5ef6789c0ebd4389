//! The paper's figures: all strategies of a regime against the baselines (its Figures 5 to 7), and which pacing
//! does best (its Figure 8).

use anyhow::Result;
use cl_study::{Bar, BarFigure, Figure, HeatMap, LineFigure, Replications};

use super::{
    comparison::Compared,
    design::{ARMS, Design},
    grid::{Family, Ordering},
    problem::Source,
};

/// The place of standard training among [`ARMS`].
const STANDARD: usize = ARMS.len() - 1;
use crate::experiment::Findings;

pub(super) fn draw(
    design: &Design,
    findings: &mut Findings,
    source: &Source,
    compared: &[Compared],
) -> Result<()> {
    let name = |what: &str| match design.slug {
        "digits" => format!("orderings{what}"),
        slug => format!("orderings-{slug}{what}"),
    };
    findings.figure(
        name(""),
        format!(
            "The winner of each order by validation accuracy, on {} fresh splits: test accuracy less that of standard \
             training, 95 % intervals that allow for what splits share, in percentage points. {}.",
            design.n_fresh, design.data
        ),
        winners(source, compared)?,
    );
    for regime in compared {
        let caption = format!(
            "Mean test error of every strategy, sorted, against the baselines: {}, {}.",
            design.data,
            regime.regime.name()
        );
        findings.figure(name(&format!("-{}", regime.regime.slug())), caption, sorted(design, regime)?);
        if regime.regime.noise > 0 {
            let caption = format!(
                "Easy first by family and by the share a of the budget at which all data are reached: the best mean \
                 test accuracy over b less standard1, in percentage points. {}, {}.",
                design.data,
                regime.regime.name()
            );
            findings.figure(name(&format!("-{}-pacing", regime.regime.slug())), caption, pacing(design, regime)?);
        }
    }
    Ok(())
}

fn winners(source: &Source, compared: &[Compared]) -> Result<String> {
    let mut figure = BarFigure::new(
        "The best strategy of each order on fresh splits",
        "",
        "test accuracy less standard training, points",
        compared.iter().map(|regime| regime.regime.name()),
    );
    for (arm, name) in ARMS[..STANDARD].iter().enumerate() {
        let bars = compared.iter().map(|regime| -> Result<Bar> {
            let paired = regime.on_fresh_splits(arm, STANDARD)?;
            let less = Replications::resplit(paired.differences.clone(), source.test_to_train())?;
            let interval = less.interval(0.95).map(|mut interval| {
                (interval.low, interval.high) = (100.0 * interval.low, 100.0 * interval.high);
                interval
            });
            Ok(Bar { value: 100.0 * paired.mean_difference, interval })
        });
        figure = figure.series(*name, bars.collect::<Result<Vec<_>>>()?);
    }
    Ok(figure.render(980, 480)?)
}

/// Test errors on logarithmic axes: what matters is how the best few lie to the baselines.
fn sorted(design: &Design, compared: &Compared) -> Result<String> {
    let title = format!("{}: all strategies", compared.regime.name());
    let mut figure = LineFigure::new(title, "strategies of an order, from best to worst", "mean test error, %");
    let error = |accuracy: f64| 100.0 * (1.0 - accuracy);
    for order in Ordering::ALL {
        let mut errors: Vec<f64> = compared.of_order(design, order).into_iter().map(error).collect();
        errors.sort_unstable_by(f64::total_cmp);
        let ranks: Vec<f64> = (1..=errors.len()).map(|rank| rank as f64).collect();
        figure = figure.line(order.to_string(), &ranks, &errors);
    }
    let baselines = &compared.baselines;
    let figure = figure
        .horizontal(error(baselines.standard1), "standard1")
        .horizontal(error(baselines.standard2), "standard2")
        .horizontal(error(baselines.standard3), "standard3");
    // An error of nothing has no place on a logarithmic axis.
    let perfect = compared.means.iter().any(|&accuracy| accuracy >= 1.0);
    let figure = if perfect { figure.log_x() } else { figure.log_x().log_y() };
    Ok(figure.render(760, 460)?)
}

fn pacing(design: &Design, compared: &Compared) -> Result<String> {
    let mut columns: Vec<f64> = design.strategies.iter().map(|strategy| strategy.a).collect();
    columns.sort_unstable_by(f64::total_cmp);
    columns.dedup();
    let cell = |family: Family, a: f64| {
        let strategies = design.strategies.iter().zip(&compared.means);
        let of_cell = strategies.filter(|(s, _)| s.order == Ordering::EasyFirst && s.family == family && s.a == a);
        let best = of_cell.map(|(_, &mean)| mean).max_by(f64::total_cmp);
        best.map(|best| 100.0 * (best - compared.baselines.standard1))
    };
    let cells: Vec<Vec<Option<f64>>> =
        Family::ALL.iter().map(|&family| columns.iter().map(|&a| cell(family, a)).collect()).collect();
    // A tenth of a point at least: a scale needs a width.
    let largest = cells.iter().flatten().flatten().fold(0.1_f64, |largest, value| largest.max(value.abs()));
    let title = format!("Easy first under {}", compared.regime.name());
    let figure = HeatMap::new(
        title,
        Family::ALL.map(|family| family.to_string()),
        columns.iter().map(f64::to_string),
        cells,
    )
    .axes("a", "family")
    .diverging(-largest, largest)
    .digits(1)
    .value_name("points above standard1");
    Ok(figure.render(760, 420)?)
}
