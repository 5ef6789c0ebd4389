//! A comparison as a table and as a page.

use cl_study::{Bar, Cell, Interval, StudyError, Table, shown};

use super::findings::{ArmFindings, OwnComparison};
use crate::html::{answer, badge, escaped, gains_figure, page};

impl OwnComparison {
    /// The arms as a table: the gain over the baseline and over the control, with intervals and verdicts.
    ///
    /// # Errors
    /// Where a row does not fit the columns, which it does.
    pub fn table(&self) -> Result<Table, StudyError> {
        let gain = self.gain_over_baseline();
        let metric = shown::name(&self.metric);
        let mut table = Table::new(["arm", "settings", &metric, &gain, "verdict", "gain over its control"]);
        let (name, settings) = (shown::name(&self.baseline.name), shown::message(&self.baseline.settings));
        let level = self.decimals().number(self.baseline.mean);
        table.row([&name[..], &settings, &level, "", "", ""].map(Cell::text))?;
        for arm in &self.arms {
            let over = arm.over_control.as_ref().map_or(String::new(), |over| {
                format!("{} ({})", self.shown(over.difference, over.low, over.high), over.verdict.words())
            });
            table.row(
                [
                    shown::name(&arm.name).into_owned(),
                    shown::message(&arm.settings).into_owned(),
                    self.decimals().number(arm.mean),
                    self.shown(arm.difference, arm.low, arm.high),
                    arm.verdict.words().to_owned(),
                    over,
                ]
                .map(Cell::text),
            )?;
        }
        Ok(table)
    }

    /// The whole comparison as one page that needs no network: the answer, a figure of the gains, a table, and how it was judged.
    ///
    /// # Errors
    /// Where a figure cannot be drawn.
    pub fn page(&self) -> Result<String, StudyError> {
        let title = format!("Is random order the best one can do on {}?", shown::name(&self.data));
        let body =
            format!("<h1>{}</h1>\n{}{}{}", escaped(&title), answer(&self.verdict), self.section()?, self.method());
        Ok(page(&title, &body))
    }

    fn shown(&self, difference: f64, low: Option<f64>, high: Option<f64>) -> String {
        self.decimals().interval(difference, low, high)
    }

    fn gain_over_baseline(&self) -> String {
        format!("gain over {}, {}", shown::name(&self.baseline.name), shown::name(&self.unit))
    }

    fn section(&self) -> Result<String, StudyError> {
        let mut text = format!("<section>\n<h2>{} updates</h2>\n", self.n_updates);
        text += &format!("<figure>{}</figure>\n", self.figure()?);
        text += &format!(
            "<div class=\"wide\"><table>\n<thead><tr><th>arm</th><th>settings</th><th>{}</th><th>{}</th><th>verdict</th>\
             <th>gain over its control</th></tr></thead>\n<tbody>\n",
            escaped(&shown::name(&self.metric)),
            escaped(&self.gain_over_baseline()),
        );
        text += &format!(
            "<tr><td>{}</td><td>{}</td><td>{}</td><td></td><td></td><td></td></tr>\n",
            escaped(&shown::name(&self.baseline.name)),
            escaped(&shown::message(&self.baseline.settings)),
            self.decimals().number(self.baseline.mean)
        );
        for arm in &self.arms {
            let over = arm.over_control.as_ref().map_or(String::new(), |over| {
                let gain = self.shown(over.difference, over.low, over.high);
                format!("{gain} {} from {}", badge(over.verdict), escaped(&shown::name(self.name(&over.from))))
            });
            text += &format!(
                "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{over}</td></tr>\n",
                escaped(&shown::name(&arm.name)),
                escaped(&shown::message(&arm.settings)),
                self.decimals().number(arm.mean),
                self.shown(arm.difference, arm.low, arm.high),
                badge(arm.verdict),
            );
        }
        text += "</tbody>\n</table></div>\n";
        let detectable = self.detectable.map_or("-".to_owned(), |gain| self.decimals().number(gain));
        text += &format!(
            "<p>Least detectable gain: {detectable} {unit}; margin: {} {unit}; verdicts of {} arms: {} better, {} worse, {} no \
             difference, {} undecided, {} not tested.</p>\n",
            self.decimals().number(self.margin),
            self.count.compared,
            self.count.better,
            self.count.worse,
            self.count.no_difference,
            self.count.undecided,
            self.count.not_tested,
            unit = escaped(&shown::name(&self.unit)),
        );
        Ok(text + "</section>\n")
    }

    /// Gains with their intervals, an arm a bar.
    fn figure(&self) -> Result<String, StudyError> {
        let names: Vec<_> = self.arms.iter().map(|arm| shown::name(&arm.arm)).collect();
        let of = |arm: &ArmFindings| {
            let interval = arm.low.zip(arm.high).map(|(low, high)| Interval { low, high });
            Bar { value: arm.difference, interval }
        };
        let title = format!("Gains over {}, 95 % intervals", shown::name(&self.baseline.name));
        let gains = names.iter().zip(&self.arms).map(|(name, arm)| (&name[..], of(arm)));
        gains_figure(&self.gain_over_baseline(), &title, gains)
    }

    fn method(&self) -> String {
        let splits = match self.test_to_train {
            0.0 => format!(
                "All {} repetitions are tested on the same examples: intervals are Student's, and speak of these data alone.",
                self.repetitions
            ),
            ratio => format!(
                "Each of {} repetitions cuts the data anew, with {ratio} examples tested on for each other one; intervals are \
                 widened for what such splits share (Nadeau and Bengio 2003).",
                self.repetitions
            ),
        };
        let baseline = escaped(&shown::name(&self.baseline.name));
        let families = format!(
            "gains over {baseline} are a family, and gains over controls another. Gains of a family by Holm's correction, all of \
             them by Benjamini and Hochberg's"
        );
        let judged = match &self.chosen {
            Some(chosen) => format!(
                "{} was chosen before any score was seen, is judged first and is not corrected for what it was chosen from; all \
                 other gains are judged apart from it: {families}, at 2.5 % each, and a rank-based interval must say the same.",
                escaped(&shown::name(self.name(chosen)))
            ),
            None => format!(
                "No arm was chosen beforehand, and all gains are judged at once: {families}, at 5 % in all, and a rank-based \
                 interval must say the same. Which arm wins is read from the same scores: where several are better, the greatest \
                 gain is likely a little less on others."
            ),
        };
        format!(
            "<section>\n<h2>How it was judged</h2>\n<p>Every arm was trained by the same training of one's own, {} updates each, \
             with the same {} seeds; what is tested, and how settings were chosen, is that training's; what measuring a \
             difficulty costs is in no budget. A gain is the difference of two scores with the same seed. {splits}</p>\n\
             <p>{judged} Better and worse are differences that lie beyond {} {} by these corrected tests, no difference is one \
             that lies within, undecided is all else, and not tested is what is the same in all repetitions; the intervals \
             shown are 95 % of each difference alone, and narrower than what verdicts ask for. A control does what its arm does \
             without looking at the examples.</p>\n<p>{} examples of {}; {}, {} is better.</p>\n</section>\n",
            self.n_updates,
            self.repetitions,
            self.decimals().number(self.margin),
            escaped(&shown::name(&self.unit)),
            self.n_examples,
            escaped(&shown::name(&self.data)),
            escaped(&shown::name(&self.metric)),
            if self.higher_is_better { "higher" } else { "lower" },
        )
    }
}
