//! A configuration as TOML.

use std::fmt::Write;

use cl_data::catalogue::{Description, Parameter};
use cl_data::io::exact;

use super::configuration::Configuration;
use super::model_settings::LIST;
use super::sections::{Family, NONE, SECTIONS, Section};

/// The first line of what is written here.
pub(super) const TITLE: &str = "# How a model is trained: a configuration of `curriculum train`, version 1.";

impl Configuration {
    /// The whole as TOML, which reads back as the same.
    pub fn to_toml(&self) -> String {
        self.written(false)
    }

    /// The same with what every key means, and all that may be chosen.
    pub fn commented(&self) -> String {
        self.written(true)
    }

    fn written(&self, explained: bool) -> String {
        let mut lines = vec![TITLE.to_owned()];
        for section in &SECTIONS {
            let Section { description, family } = section;
            lines.push(String::new());
            if explained {
                lines.push(format!("# {}: {}.", description.name, description.summary));
            }
            lines.push(format!("[{}]", description.name));
            for own in description.parameters {
                let family = family.as_ref().filter(|family| family.key == own.name);
                if explained {
                    match family {
                        Some(family) => lines.extend(choices(family)),
                        None => lines.push(format!("# {}", own.meaning)),
                    }
                }
                if let Some(text) = self.text(description.name, own.name) {
                    lines.push(format!("{} = {}", own.name, toml(own.name, text)));
                }
            }
            for parameter in self.method_parameters(section) {
                if explained {
                    lines.push(format!("# {}", parameter.meaning));
                }
                match (self.text(description.name, parameter.name), parameter.default) {
                    (Some(text), _) => lines.push(format!("{} = {}", parameter.name, toml(parameter.name, text))),
                    (None, Some(default)) => {
                        lines.push(format!("# {} = {}", parameter.name, toml(parameter.name, default)));
                    }
                    (None, None) => {}
                }
            }
        }
        lines.push(String::new());
        lines.join("\n")
    }
}

/// What may be chosen, with its parameters, in lines of comment.
fn choices(family: &Family) -> Vec<String> {
    let none = if family.optional { format!("{NONE}, or ") } else { String::new() };
    let mut lines = vec![format!("# {none}one of these, whose parameters are keys of this section:")];
    let explained = |indent: &str, Parameter { name, meaning, default }: &Parameter| {
        let default = default.map(|default| format!(" [{default}]")).unwrap_or_default();
        format!("#{indent}{name}: {meaning}{default}")
    };
    for Description { name, summary, parameters } in (family.list)() {
        lines.push(format!("#   {name}: {summary}"));
        lines.extend(parameters.iter().map(|parameter| explained("       ", parameter)));
    }
    let common = (family.common)();
    if !common.is_empty() {
        lines.push("#   and of all of them:".to_owned());
        lines.extend(common.iter().map(|parameter| explained("       ", parameter)));
    }
    lines
}

/// A text as a value: a number, a truth value or a list where it is one, else a text.
fn toml(key: &str, text: &str) -> String {
    let is_plain = |text: &str| {
        let integer = text.parse::<i64>().is_ok_and(|value| value.to_string() == text);
        let number = text.parse::<f64>().is_ok_and(|value| value.is_finite() && exact(value) == text);
        integer || number || ["true", "false"].contains(&text)
    };
    let items: Vec<&str> = text.split(',').filter(|item| !item.is_empty()).collect();
    if key == LIST || items.len() > 1 && items.iter().all(|item| is_plain(item)) {
        let items: Vec<String> =
            items.iter().map(|item| if is_plain(item) { (*item).into() } else { quoted(item) }).collect();
        return format!("[{}]", items.join(", "));
    }
    if is_plain(text) { text.to_owned() } else { quoted(text) }
}

fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            // Writing to a text cannot fail.
            hidden if hidden.is_control() => {
                let _ = write!(quoted, "\\u{:04X}", u32::from(hidden));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_they_read_back() {
        let values =
            ["0.1", "64", "5e20", "true", "easy-first", "1,2,5", "0:0.25,0.5:1", "a\"b\\\n", "inf", "007"];
        let mut written: Vec<String> = values.iter().map(|text| toml("key", text)).collect();
        assert_eq!(written[5], "[1, 2, 5]");
        assert_eq!(written[6], "\"0:0.25,0.5:1\"");
        written.push(toml(LIST, "64"));
        assert_eq!(written[10], "[64]");
        for (written, text) in written.iter().zip(values.iter().chain(["64"].iter())) {
            assert_eq!(super::super::document::value(written).unwrap(), *text, "{written}");
        }
    }

    #[test]
    fn every_key_and_every_name_is_printed() {
        let text = Configuration::default().commented();
        for Section { description, family } in &SECTIONS {
            let (_, section) = text.split_once(&format!("\n[{}]\n", description.name)).unwrap();
            let section = section.split("\n[").next().unwrap();
            for own in description.parameters {
                assert!(section.lines().any(|line| line.starts_with(&format!("{} = ", own.name))), "{}", own.name);
            }
            for method in family.iter().flat_map(|family| (family.list)()) {
                assert!(section.contains(&format!("#   {}: ", method.name)), "{}", method.name);
                for parameter in method.parameters {
                    assert!(section.contains(&format!("#       {}: ", parameter.name)), "{}", parameter.name);
                }
            }
        }
    }
}
