//! JSON against a schema: the part of JSON Schema (draft 2020-12) that `docs/schema` uses, and no more. What a schema has
//! beyond it is an error, lest it be thought checked.

use serde_json::{Map, Value};

/// Keywords that say nothing of the value.
const ANNOTATIONS: [&str; 5] = ["$schema", "$id", "$defs", "title", "description"];

/// A schema.
pub(crate) struct Schema {
    root: Value,
}

impl Schema {
    /// That of this name in `docs/schema`.
    pub(crate) fn read(name: &str) -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/").to_owned() + name;
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        Self { root: serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}")) }
    }

    /// Everything in which a value is not what the schema says, with its place.
    pub(crate) fn problems(&self, value: &Value) -> Vec<String> {
        let mut problems = Vec::new();
        self.check(&self.root, value, "", &mut problems);
        problems
    }

    /// The properties that neither describe themselves nor refer to what does.
    pub(crate) fn undescribed(&self) -> Vec<String> {
        let mut found = Vec::new();
        self.walk(&self.root, "", &mut found);
        found
    }

    /// Of every object whose properties are listed those that are not required, and those that are and are not listed.
    pub(crate) fn optional(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut look = |schema: &Map<String, Value>, path: &str| {
            let Some(Value::Object(properties)) = schema.get("properties") else { return };
            let required = schema.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
            let required: Vec<&str> = required
                .iter()
                .filter_map(Value::as_str)
                .map(|name| properties.get_key_value(name).map_or("?", |(name, _)| name.as_str()))
                .collect();
            for name in properties.keys().filter(|name| !required.contains(&name.as_str())) {
                found.push(format!("{path}/{name}"));
            }
            assert!(!required.contains(&"?"), "{path}: requires what it does not list");
        };
        each(&self.root, "", &mut look);
        found
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let Some(reference) = schema.get("$ref").and_then(Value::as_str) else { return schema };
        let pointer = reference.strip_prefix('#').expect("a reference into the same file");
        self.root.pointer(pointer).unwrap_or_else(|| panic!("{reference}: not there"))
    }

    fn walk(&self, schema: &Value, path: &str, found: &mut Vec<String>) {
        let mut look = |schema: &Map<String, Value>, path: &str| {
            let Some(Value::Object(properties)) = schema.get("properties") else { return };
            for (name, property) in properties {
                let told = |schema: &Value| {
                    schema.get("description").and_then(Value::as_str).is_some_and(|d| d.len() > 5)
                };
                if !told(property) && !told(self.resolved(property)) {
                    found.push(format!("{path}/{name}"));
                }
            }
        };
        each(schema, path, &mut look);
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, problems: &mut Vec<String>) {
        let Value::Object(schema) = schema else { panic!("{place}: a schema is an object") };
        let mut wrong = |problem: String| problems.push(format!("{place}: {problem}"));
        for (keyword, told) in schema {
            match keyword.as_str() {
                "type" => {
                    let types: Vec<&str> = match told {
                        Value::String(name) => vec![name],
                        Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
                        _ => panic!("{place}: type {told}"),
                    };
                    if !types.iter().any(|name| is_of(name, value)) {
                        wrong(format!("{} is not of type {}", short(value), types.join(" or ")));
                    }
                }
                "const" if told != value => wrong(format!("{} is not {told}", short(value))),
                "enum" if !told.as_array().is_some_and(|values| values.contains(value)) => {
                    wrong(format!("{} is none of {told}", short(value)));
                }
                "minimum" | "maximum" | "exclusiveMinimum" => {
                    let (Some(number), Some(bound)) = (value.as_f64(), told.as_f64()) else { continue };
                    let fits = match keyword.as_str() {
                        "minimum" => number >= bound,
                        "maximum" => number <= bound,
                        _ => number > bound,
                    };
                    if !fits {
                        wrong(format!("{number} against {keyword} {bound}"));
                    }
                }
                "required" => {
                    let names = told.as_array().unwrap_or_else(|| panic!("{place}: required {told}"));
                    for name in names.iter().filter_map(Value::as_str) {
                        if value.is_object() && value.get(name).is_none() {
                            wrong(format!("{name} is lacking"));
                        }
                    }
                }
                "const" | "enum" | "properties" | "additionalProperties" | "items" | "anyOf" | "$ref" => {}
                annotation => {
                    assert!(ANNOTATIONS.contains(&annotation), "{place}: keyword {annotation} is not checked")
                }
            }
        }
        if let Value::Object(members) = value {
            let none = Map::new();
            let properties = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
            for (name, member) in members {
                let place = format!("{place}/{name}");
                match (properties.get(name), schema.get("additionalProperties")) {
                    (Some(property), _) => self.check(property, member, &place, problems),
                    (None, Some(Value::Bool(false))) => problems.push(format!("{place}: not in the schema")),
                    (None, Some(other @ Value::Object(_))) => self.check(other, member, &place, problems),
                    _ => {}
                }
            }
        }
        if let (Value::Array(items), Some(of_items)) = (value, schema.get("items")) {
            for (at, item) in items.iter().enumerate() {
                self.check(of_items, item, &format!("{place}/{at}"), problems);
            }
        }
        if let Some(Value::Array(choices)) = schema.get("anyOf") {
            let tried: Vec<Vec<String>> = choices
                .iter()
                .map(|choice| {
                    let mut problems = Vec::new();
                    self.check(choice, value, place, &mut problems);
                    problems
                })
                .collect();
            if tried.iter().all(|problems| !problems.is_empty()) {
                // Of what it comes nearest to.
                problems.extend(tried.into_iter().min_by_key(Vec::len).unwrap_or_default());
            }
        }
        if schema.contains_key("$ref") {
            self.check(self.resolved(&Value::Object(schema.clone())), value, place, problems);
        }
    }
}

/// Looks at every schema within a schema.
fn each(schema: &Value, path: &str, look: &mut dyn FnMut(&Map<String, Value>, &str)) {
    let Value::Object(members) = schema else { return };
    look(members, path);
    for name in ["properties", "$defs"] {
        if let Some(Value::Object(schemas)) = members.get(name) {
            schemas.iter().for_each(|(key, schema)| each(schema, &format!("{path}/{key}"), look));
        }
    }
    for name in ["items", "additionalProperties"] {
        members.get(name).into_iter().for_each(|schema| each(schema, &format!("{path}/{name}"), look));
    }
    if let Some(Value::Array(choices)) = members.get("anyOf") {
        choices.iter().enumerate().for_each(|(at, schema)| each(schema, &format!("{path}/{at}"), look));
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_u64() || value.is_i64(),
        other => panic!("type {other}"),
    }
}

fn short(value: &Value) -> String {
    value.to_string().chars().take(60).collect()
}

#[test]
fn what_does_not_fit_is_told() {
    let root: Value = serde_json::from_str(
        r##"{
            "type": "object", "required": ["n", "of"], "additionalProperties": false,
            "properties": {
                "n": {"description": "a count", "type": "integer", "minimum": 1},
                "of": {"description": "shares", "type": "array", "items": {"$ref": "#/$defs/share"}},
                "by": {"anyOf": [{"type": "null"}, {"enum": ["a", "b"]}]}
            },
            "$defs": {"share": {"description": "a share", "type": ["number", "null"], "minimum": 0, "maximum": 1}}
        }"##,
    )
    .unwrap();
    let schema = Schema { root };
    let problems = |json: &str| schema.problems(&serde_json::from_str(json).unwrap()).join("; ");
    assert_eq!(problems(r#"{"n": 3, "of": [0.5, null], "by": "a"}"#), "");
    for (json, problem) in [
        (r#"{"n": 3}"#, ": of is lacking"),
        (r#"{"n": 0, "of": []}"#, "/n: 0 against minimum 1"),
        (r#"{"n": 1.5, "of": []}"#, "/n: 1.5 is not of type integer"),
        (r#"{"n": 1, "of": [0.1, 1.5]}"#, "/of/1: 1.5 against maximum 1"),
        (r#"{"n": 1, "of": [], "by": "c"}"#, r#"/by: "c" is"#),
        (r#"{"n": 1, "of": [], "more": 1}"#, "/more: not in the schema"),
        ("[]", ": [] is not of type object"),
    ] {
        let found = problems(json);
        assert!(found.contains(problem), "{json}: {found}");
    }
    assert_eq!(schema.undescribed(), ["/by"]);
    assert_eq!(schema.optional(), ["/by"]);
}
