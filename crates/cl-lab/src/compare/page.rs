//! A comparison as a table and as a page.

use cl_study::{Cell, Figure, Interval, StudyError, Table, shown};
use pulldown_cmark_escape::escape_html;

use super::{
    Comparison,
    findings::{ArmFindings, BudgetFindings, Decision},
    words::number,
};
use crate::compare::arm::Arm;

impl Comparison {
    /// Arms and budgets as a table: the gain over shuffling and over the control, with intervals and verdicts.
    ///
    /// # Errors
    /// Where a row does not fit the columns, which it does.
    pub fn table(&self) -> Result<Table, StudyError> {
        let gain = format!("gain over shuffling, {}", self.unit);
        let mut table = Table::new([
            "budget",
            "arm",
            "settings",
            self.metric.name(),
            &gain,
            "verdict",
            "gain over its control",
        ]);
        for budget in &self.budgets {
            let level = |value| number(self.metric, value);
            let settings = format!("learning rate {}", budget.learning_rate);
            let cells = [&budget.name[..], Arm::Shuffling.words(), &settings, &level(budget.baseline), "", "", ""];
            table.row(cells.map(Cell::text))?;
            for arm in &budget.arms {
                let over = arm.over_control.as_ref().map_or(String::new(), |over| {
                    format!("{} ({})", self.shown(over.difference, over.low, over.high), over.verdict.words())
                });
                table.row(
                    [
                        budget.name.clone(),
                        arm.name.clone(),
                        arm.settings.clone(),
                        level(arm.mean),
                        self.shown(arm.difference, arm.low, arm.high),
                        arm.verdict.words().to_owned(),
                        over,
                    ]
                    .map(Cell::text),
                )?;
            }
        }
        Ok(table)
    }

    fn shown(&self, difference: f64, low: Option<f64>, high: Option<f64>) -> String {
        let of = |value| number(self.metric, value);
        match (low, high) {
            (Some(low), Some(high)) => format!("{} [{}, {}]", of(difference), of(low), of(high)),
            _ => of(difference),
        }
    }

    /// The whole comparison as one page that needs no network: the answer, a figure of the gains, tables, and how it was
    /// judged.
    ///
    /// # Errors
    /// Where a figure cannot be drawn.
    pub fn page(&self) -> Result<String, StudyError> {
        let title = format!("Is random order the best one can do on {}?", shown::name(&self.data.name));
        let mut body = format!("<h1>{}</h1>\n", escaped(&title));
        body += "<div class=\"answer\">\n";
        for sentence in &self.verdict {
            body += &format!("<p>{}</p>\n", escaped(sentence));
        }
        body += "</div>\n";
        for warning in &self.data.warnings {
            body += &format!("<p class=\"warning\"><b>Warning.</b> {}</p>\n", escaped(&shown::message(warning)));
        }
        for budget in &self.budgets {
            body += &self.section(budget)?;
        }
        body += &self.method();
        Ok(format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
             content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
            escaped(&title)
        ))
    }

    fn section(&self, budget: &BudgetFindings) -> Result<String, StudyError> {
        let heading = match budget.name.as_str() {
            "full" => format!("Full budget: {} updates", budget.n_updates),
            _ => format!("A tenth of it: {} updates", budget.n_updates),
        };
        let mut text = format!("<section>\n<h2>{heading}</h2>\n");
        text += &format!("<figure>{}</figure>\n", self.figure(budget)?);
        text += "<div class=\"wide\"><table>\n<thead><tr><th>arm</th><th>settings</th>";
        text += &format!(
            "<th>{}</th><th>gain over shuffling, {}</th><th>verdict</th><th>gain over its control</th></tr></thead>\n<tbody>\n",
            self.metric, self.unit
        );
        let level = |value| number(self.metric, value);
        text += &format!(
            "<tr><td>shuffling</td><td>learning rate {}</td><td>{}</td><td></td><td></td><td></td></tr>\n",
            budget.learning_rate,
            level(budget.baseline)
        );
        for arm in &budget.arms {
            let over = arm.over_control.as_ref().map_or(String::new(), |over| {
                let gain = self.shown(over.difference, over.low, over.high);
                format!("{gain} {} from {}", badge(over.verdict), escaped(over.from.words()))
            });
            text += &format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{over}</td></tr>\n",
                escaped(&arm.name),
                escaped(&arm.settings),
                level(arm.mean),
                self.shown(arm.difference, arm.low, arm.high),
                badge(arm.verdict),
            );
        }
        Ok(text + "</tbody>\n</table></div>\n</section>\n")
    }

    /// Gains with their intervals, an arm a line.
    fn figure(&self, budget: &BudgetFindings) -> Result<String, StudyError> {
        let of = |arm: &ArmFindings| {
            let interval = arm.low.zip(arm.high).map(|(low, high)| Interval { low, high });
            cl_study::Bar { value: arm.difference, interval }
        };
        let sound: Vec<&ArmFindings> = budget.arms.iter().filter(|arm| arm.difference.is_finite()).collect();
        if sound.is_empty() {
            return Ok("<figcaption>No gain could be measured.</figcaption>".into());
        }
        // Short names stand side by side.
        let names = sound.iter().map(|arm| arm.arm.name());
        let axis = format!("gain over shuffling, {}", self.unit);
        let svg = cl_study::BarFigure::new("Gains over shuffling, 95 % intervals", "", axis, names)
            .series("gain", sound.iter().map(|arm| of(arm)))
            .render(900, 380)?;
        let at = svg.find("<svg").unwrap_or(0);
        Ok(svg[at..].to_owned())
    }

    fn method(&self) -> String {
        let splits = match self.data.test_examples {
            0 => format!(
                "Each repetition cuts the data anew: a share of {} to train on, {} to validate on, the rest to test on; intervals \
                 are widened for what such splits share (Nadeau and Bengio 2003).",
                self.plan.shares.train, self.plan.shares.validation
            ),
            n => format!(
                "Each repetition is tested on the same {n} examples: intervals are Student's, and speak of these data alone."
            ),
        };
        let score = if self.plan.arms.iter().any(|arm| arm.needs_difficulty()) {
            " Difficulty is that of the scores given or, without, the loss of models that have not seen the example; what it \
             costs is in no budget."
        } else {
            ""
        };
        let rates: Vec<String> = self.plan.learning_rates.iter().map(f64::to_string).collect();
        format!(
            "<section>\n<h2>How it was judged</h2>\n<p>{splits} The learning rate is the one of {} that validates best with \
             shuffling, and is every arm's; each arm's own settings, fewer than these, are those that validate best on {} splits \
             that are not judged. All arms of a repetition have the same first weights and as many updates; the weights that were \
             best on the validation part are tested, once.{score}</p>\n<p>The arm of each budget \
             that validated best on those other splits is judged first, and is not corrected for what it was chosen from; all other \
             gains are judged apart from it. Gains of a family by Holm's correction, all of them by Benjamini and Hochberg's, at 2.5 \
             % each, and a rank-based interval must say the same. Better and \
             worse are differences that lie beyond {} {} by these corrected tests, no difference is one that lies within, and \
             undecided is all else; the intervals shown are 95 % of each difference alone, and narrower than what verdicts ask for. \
             A random order with the pacing of another takes that one's settings and has none of its own to choose.</p>\n<p>{}</p>\n</section>\n",
            rates.join(", "),
            self.plan.n_tuning_seeds,
            number(self.metric, self.margin),
            self.unit,
            self.data.notes.iter().map(|note| escaped(&shown::message(note))).collect::<Vec<_>>().join("<br>\n"),
        )
    }
}

fn badge(decision: Decision) -> String {
    let class = match decision {
        Decision::Better => "good",
        Decision::Worse => "bad",
        Decision::NoDifference => "none",
        Decision::Undecided | Decision::NotTested => "open",
    };
    format!("<span class=\"badge {class}\">{}</span>", decision.words())
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    // Writing to a string does not fail.
    let _ = escape_html(&mut escaped, text);
    escaped
}

const STYLE: &str = "
:root { --bg: #fff; --fg: #1b1f24; --muted: #57606a; --card: #f6f8fa; --border: #d0d7de; --good: #1a7f37; --bad: #b42318; --warn: #8a5a00; }
@media (prefers-color-scheme: dark) {
  :root { --bg: #14171c; --fg: #e6e8eb; --muted: #9aa4af; --card: #1d2229; --border: #39414b; --good: #4cc46a; --bad: #ff8078; --warn: #e3b341; }
  svg { filter: invert(0.9) hue-rotate(180deg); }
}
body { margin: 0; background: var(--bg); color: var(--fg); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 62rem; margin: 0 auto; padding: 1.5rem 1rem 4rem; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 2.5rem; font-size: 1.25rem; }
.answer { background: var(--card); border: 1px solid var(--border); border-radius: 8px; padding: 0.25rem 1.25rem; font-size: 1.05rem; }
.warning { border-left: 4px solid var(--warn); padding-left: 0.75rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; font-size: 0.92rem; width: 100%; }
th, td { text-align: left; padding: 0.35rem 0.6rem; border-bottom: 1px solid var(--border); vertical-align: top; }
th { color: var(--muted); font-weight: 600; }
figure { margin: 1rem 0; overflow-x: auto; } svg { max-width: 100%; height: auto; }
.badge { border: 1px solid currentColor; border-radius: 999px; padding: 0.05rem 0.55rem; font-size: 0.85rem; white-space: nowrap; }
.good { color: var(--good); } .bad { color: var(--bad); } .none, .open { color: var(--muted); }
";
