//! A comparison as a table and as a page.

use cl_study::{Bar, Cell, Interval, StudyError, Table, shown};

use super::{
    Comparison,
    arm::Arm,
    findings::{ArmFindings, BudgetFindings},
    words::decimals,
};
use crate::html::{answer, badge, escaped, gains_figure, page};

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
            let level = |value| decimals(self.metric).number(value);
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
        decimals(self.metric).interval(difference, low, high)
    }

    /// The whole comparison as one page that needs no network: the answer, a figure of the gains, tables, and how it was
    /// judged.
    ///
    /// # Errors
    /// Where a figure cannot be drawn.
    pub fn page(&self) -> Result<String, StudyError> {
        let title = format!("Is random order the best one can do on {}?", shown::name(&self.data.name));
        let mut body = format!("<h1>{}</h1>\n", escaped(&title));
        body += &answer(&self.verdict);
        for warning in &self.data.warnings {
            body += &format!("<p class=\"warning\"><b>Warning.</b> {}</p>\n", escaped(&shown::message(warning)));
        }
        for budget in &self.budgets {
            body += &self.section(budget)?;
        }
        body += &self.method();
        Ok(page(&title, &body))
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
        let level = |value| decimals(self.metric).number(value);
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
        // Short names stand side by side.
        let of = |arm: &ArmFindings| {
            let interval = arm.low.zip(arm.high).map(|(low, high)| Interval { low, high });
            (arm.arm.name(), Bar { value: arm.difference, interval })
        };
        let axis = format!("gain over shuffling, {}", self.unit);
        gains_figure(&axis, "Gains over shuffling, 95 % intervals", budget.arms.iter().map(of))
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
            decimals(self.metric).number(self.margin),
            self.unit,
            self.data.notes.iter().map(|note| escaped(&shown::message(note))).collect::<Vec<_>>().join("<br>\n"),
        )
    }
}
