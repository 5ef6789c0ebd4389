use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use cl_data::catalogue::{CatalogueError, Description, Options, Parameter};

use super::document::{read, value};
use super::fault::{Fault, Place};
use super::nearest::unknown;
use super::sections::{Family, NONE, SECTIONS, Section, section};

/// How a model is trained: model, loss, optimiser and schedule, order, pacing, sampler, weighting and pruning, each by
/// name with its parameters.
///
/// It is TOML: sections of keys, of which [`commented`](Self::commented) has all, each with its default and what it means.
/// What is had by name is that of the catalogues of `cl-pacing` and `cl-prune`: whatever joins those can be trained with.
///
/// ```
/// use cl_lab::training::Configuration;
///
/// let text = "[optimizer]\nmomentun = 0.8\n";
/// let error = Configuration::read("run.toml".as_ref(), text, &[]).unwrap_err().to_string();
/// assert!(error.contains("line 2: unknown key `optimizer.momentun`, did you mean `momentum`?"), "{error}");
/// assert_eq!(Configuration::read("".as_ref(), &Configuration::default().commented(), &[])?, Configuration::default());
/// # Ok::<(), cl_lab::LabError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Configuration {
    pub(super) path: PathBuf,
    /// By section and key.
    values: BTreeMap<&'static str, BTreeMap<String, Value>>,
}

/// What a key was given.
#[derive(Debug, Clone)]
struct Value {
    text: String,
    place: Place,
}

impl Default for Configuration {
    fn default() -> Self {
        let mut configuration = Self { path: PathBuf::new(), values: BTreeMap::new() };
        configuration.fill();
        configuration
    }
}

impl PartialEq for Configuration {
    /// Wherever it stands, and whether a default was written down or not.
    fn eq(&self, other: &Self) -> bool {
        self.resolved() == other.resolved()
    }
}

impl Configuration {
    /// What a text and pairs of keys (`section.key`) and values set beside it say; what is not known is a fault.
    pub(super) fn gathered(path: &Path, text: &str, set: &[(String, String)], faults: &mut Vec<Fault>) -> Self {
        let mut configuration = Self { path: path.to_path_buf(), values: BTreeMap::new() };
        for part in read(text, faults) {
            match section(&part.name) {
                Some(section) => {
                    let values = configuration.values.entry(section.description.name).or_default();
                    values.extend(part.entries.into_iter().map(|(key, text, place)| (key, Value { text, place })));
                }
                None => faults.push(unknown_section(&part.name, part.place)),
            }
        }
        for (full, text) in set {
            let place = Place::Set(full.clone());
            let Some((name, key)) = full.split_once('.') else {
                faults.push(Fault::new(place, "expected section.key, such as training.epochs"));
                continue;
            };
            match (section(name), value(text)) {
                (Some(section), Ok(text)) => {
                    let values = configuration.values.entry(section.description.name).or_default();
                    values.insert(key.to_owned(), Value { text, place });
                }
                (None, _) => faults.push(unknown_section(name, place)),
                (_, Err(found)) => faults.push(Fault::new(place, format!("{found}, expected a number or a text"))),
            }
        }
        SECTIONS.iter().for_each(|section| configuration.screen(section, faults));
        configuration.fill();
        configuration
    }

    /// Takes the keys of a section that it has, under the names that they have there.
    fn screen(&mut self, section: &'static Section, faults: &mut Vec<Fault>) {
        let Section { description, family } = section;
        let Some(values) = self.values.get_mut(description.name) else { return };
        let mut known: Vec<&str> = description.parameters.iter().map(|own| own.name).collect();
        let mut chosen = None;
        if let Some(Family { key, what, optional, list, common, canonical }) = family {
            let given = values.get(*key).map(|value| value.text.clone());
            let name = given.or_else(|| default_of(description, key).map(str::to_owned)).unwrap_or_default();
            let all = list();
            if !(*optional && name == NONE) {
                let found = canonical(&name).and_then(|name| all.iter().find(|method| method.name == name));
                match (found, values.get_mut(*key)) {
                    (Some(method), value) => {
                        known.extend(method.parameters.iter().chain(common()).map(|parameter| parameter.name));
                        if let Some(value) = value {
                            value.text = method.name.to_owned();
                        }
                    }
                    (None, value) => {
                        let mut names: Vec<&str> = all.iter().map(|method| method.name).collect();
                        names.extend(optional.then_some(NONE));
                        let place = value.map_or(Place::Default, |value| value.place.clone());
                        faults.push(Fault::new(place, unknown(what, &name, &name, &names)));
                        // Its parameters are those of what it was meant to be.
                        known.extend(
                            all.iter().flat_map(|method| method.parameters).map(|parameter| parameter.name),
                        );
                    }
                }
            }
            chosen = Some(name);
        }
        values.retain(|key, value| {
            let is_known = known.contains(&key.as_str());
            if !is_known {
                let full = format!("{}.{key}", description.name);
                let mut text = unknown("key", &full, key, &known);
                if let (Some(name), Some(family)) = (&chosen, family)
                    && parameters(&(family.list)()).any(|parameter| parameter.name == key)
                {
                    text = format!("{text}; it is none of the {} {name}", family.what);
                }
                faults.push(Fault::new(value.place.clone(), text));
            }
            is_known
        });
    }

    /// Gives every key of a section's own its default where it has no value.
    fn fill(&mut self) {
        for Section { description, .. } in &SECTIONS {
            let values = self.values.entry(description.name).or_default();
            for Parameter { name, default, .. } in description.parameters {
                if let (Some(default), false) = (default, values.contains_key(*name)) {
                    values
                        .insert((*name).to_owned(), Value { text: (*default).to_owned(), place: Place::Default });
                }
            }
        }
    }

    /// The text of a key, where it has one.
    pub(super) fn text(&self, section: &str, key: &str) -> Option<&str> {
        Some(&self.values.get(section)?.get(key)?.text)
    }

    /// Where a key stands; where it has no place, that of the name that its section chooses.
    pub(super) fn place(&self, section_name: &str, key: Option<&str>) -> Place {
        let values = self.values.get(section_name);
        let place = |key: &str| Some(values?.get(key)?.place.clone());
        let naming = || section(section_name)?.family.as_ref().and_then(|family| place(family.key));
        key.and_then(place).filter(|place| *place != Place::Default).or_else(naming).unwrap_or(Place::Default)
    }

    /// What a section chooses by name; `none` of none.
    pub(super) fn chosen(&self, section_name: &str) -> &str {
        let key = section(section_name).and_then(|section| section.family.as_ref()).map(|family| family.key);
        key.and_then(|key| self.text(section_name, key)).unwrap_or(NONE)
    }

    /// The parameters that are given of what a section chooses.
    pub(super) fn parameters(&self, section_name: &str) -> Vec<(&str, &str)> {
        let own = |key: &str| section(section_name).is_some_and(|section| is_own(section.description, key));
        self.pairs(section_name).filter(|(key, _)| !own(key)).collect()
    }

    /// The keys of a section's own, without some.
    ///
    /// # Errors
    /// Where one of them is not known, which was a fault.
    pub(super) fn options(
        &self,
        section: &'static Description,
        without: &[String],
    ) -> Result<Options, CatalogueError> {
        let pairs = self.pairs(section.name);
        let own = pairs.filter(|(key, _)| is_own(section, key) && !without.iter().any(|other| other == key));
        Options::new(section, &own.collect::<Vec<_>>())
    }

    fn pairs(&self, section_name: &str) -> impl Iterator<Item = (&str, &str)> {
        let values = self.values.get(section_name).into_iter().flatten();
        values.map(|(key, value)| (key.as_str(), value.text.as_str()))
    }

    /// Every key with its text, defaults of parameters among them, as `section.key`.
    pub(super) fn resolved(&self) -> BTreeMap<String, String> {
        let mut resolved = BTreeMap::new();
        for section in &SECTIONS {
            let name = section.description.name;
            for Parameter { name: key, default, .. } in self.method_parameters(section) {
                resolved.extend(default.map(|default| (format!("{name}.{key}"), default.to_owned())));
            }
            resolved.extend(self.pairs(name).map(|(key, text)| (format!("{name}.{key}"), text.to_owned())));
        }
        resolved
    }

    /// The parameters of what a section chooses.
    pub(super) fn method_parameters(&self, section: &Section) -> Vec<&'static Parameter> {
        let (Some(method), Some(family)) = (self.method(section), &section.family) else { return Vec::new() };
        method.parameters.iter().chain((family.common)()).collect()
    }

    /// What a section chooses, as its list describes it.
    pub(super) fn method(&self, section: &Section) -> Option<Description> {
        let chosen = self.chosen(section.description.name);
        (section.family.as_ref()?.list)().into_iter().find(|method| method.name == chosen)
    }
}

fn is_own(section: &Description, key: &str) -> bool {
    section.parameters.iter().any(|own| own.name == key)
}

fn default_of(description: &Description, key: &str) -> Option<&'static str> {
    description.parameters.iter().find(|own| own.name == key)?.default
}

fn parameters(methods: &[Description]) -> impl Iterator<Item = &'static Parameter> {
    methods.iter().flat_map(|method| method.parameters)
}

fn unknown_section(name: &str, place: Place) -> Fault {
    let known: Vec<&str> = SECTIONS.iter().map(|section| section.description.name).collect();
    Fault::new(place, unknown("section", name, name, &known))
}
