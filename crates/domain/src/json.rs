//! JSON as its sender wrote it: numbers keep their digits, and a name given twice is a fault.
//!
//! What programs send may hold numbers that no double carries, such as ids of 29 digits. They are kept for whoever reads
//! them later, and told apart: two events that differ in such a digit are two contents.

mod number;
mod read;

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Deserializer, de};
use serde_json::{Value, value::RawValue};

pub use number::Number;

use crate::FieldError;

/// An object's members, by name.
pub type Object = BTreeMap<String, Json>;

/// A JSON value whose numbers have all their digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number.
    Number(Number),
    /// A text.
    Text(String),
    /// An array.
    List(Vec<Json>),
    /// An object.
    Object(Object),
}

impl Json {
    /// Reads text that is one JSON value. What cannot be meant is told by its place: names given twice (the first one
    /// counts), numbers beyond the range of a double, text that is no Unicode.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn parse(text: &str) -> Result<(Self, Vec<FieldError>), serde_json::Error> {
        let raw: &RawValue = serde_json::from_str(text)?;
        Ok(Self::of(raw))
    }

    /// Checks text that is to be read as a value of a known shape: nothing in it may be ambiguous, and no number may lose
    /// digits in a double. Members called `metadata` may hold any number: whoever reads those keeps the digits.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn check(text: &str) -> Result<Vec<FieldError>, serde_json::Error> {
        let (json, mut faults) = Self::parse(text)?;
        faults.extend(json.inexact(Some("metadata")).into_iter().map(|place| {
            let place = if place.is_empty() {
                "body".to_owned()
            } else {
                place
            };
            FieldError::invalid(
                place,
                "has more digits than a JSON number carries exactly: send it as a text",
            )
        }));
        Ok(faults)
    }

    /// Reads what is known to be JSON, as [`Json::parse`] does.
    pub fn of(raw: &RawValue) -> (Self, Vec<FieldError>) {
        read::read(raw.get())
    }

    /// The text, if it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The value at a JSON Pointer (RFC 6901).
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        let mut found = self;
        for token in pointer.split('/').skip(1) {
            let token = token.replace("~1", "/").replace("~0", "~");
            found = match found {
                Self::Object(members) => members.get(&token)?,
                Self::List(items) => items.get(index(&token)?)?,
                _ => return None,
            };
        }
        (pointer.is_empty() || pointer.starts_with('/')).then_some(found)
    }

    /// The same text for all ways of writing the same value, and another for any other value.
    ///
    /// Fingerprints of stored events and the ids of imported rows are made of it: it must never change.
    pub fn canonical(&self) -> String {
        let mut text = String::new();
        self.write(&mut text, Number::canonical);
        text
    }

    /// Names the numbers that a double does not carry exactly, except below members of the name `but`.
    pub fn inexact(&self, but: Option<&str>) -> Vec<String> {
        let mut found = Vec::new();
        self.find_inexact(but, &mut String::new(), &mut found);
        found
    }

    fn find_inexact(&self, but: Option<&str>, path: &mut String, found: &mut Vec<String>) {
        let length = path.len();
        match self {
            Self::Number(number) if !number.is_exact() => found.push(path.clone()),
            Self::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    path.extend(["[", &index.to_string(), "]"]);
                    item.find_inexact(but, path, found);
                    path.truncate(length);
                }
            }
            Self::Object(members) => {
                for (name, member) in members
                    .iter()
                    .filter(|(name, _)| Some(name.as_str()) != but)
                {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                    member.find_inexact(but, path, found);
                    path.truncate(length);
                }
            }
            _ => {}
        }
    }

    fn write(&self, text: &mut String, number: fn(&Number) -> String) {
        match self {
            Self::Null => text.push_str("null"),
            Self::Bool(true) => text.push_str("true"),
            Self::Bool(false) => text.push_str("false"),
            Self::Number(one) => text.push_str(&number(one)),
            Self::Text(one) => quoted(one, text),
            Self::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    item.write(text, number);
                }
                text.push(']');
            }
            Self::Object(members) => {
                text.push('{');
                for (index, (name, member)) in members.iter().enumerate() {
                    if index > 0 {
                        text.push(',');
                    }
                    quoted(name, text);
                    text.push(':');
                    member.write(text, number);
                }
                text.push('}');
            }
        }
    }
}

fn quoted(text: &str, out: &mut String) {
    // Writing a text as JSON does not fail.
    out.push_str(&serde_json::to_string(text).unwrap_or_default());
}

fn index(token: &str) -> Option<usize> {
    let is_plain = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| is_plain)
}

/// Compact, with names in order and numbers as they were sent.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text, |number| number.as_str().to_owned());
        f.write_str(&text)
    }
}

impl From<Value> for Json {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(bool) => Self::Bool(bool),
            Value::Number(number) => Self::Number(Number::from(&number)),
            Value::String(text) => Self::Text(text),
            Value::Array(items) => Self::List(items.into_iter().map(Self::from).collect()),
            Value::Object(members) => Self::Object(object(members)),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

/// The members of an object.
pub fn object(members: serde_json::Map<String, Value>) -> Object {
    members
        .into_iter()
        .map(|(name, value)| (name, Json::from(value)))
        .collect()
}

/// Out of JSON only.
impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let (json, faults) = Self::of(&raw);
        match faults.first() {
            None => Ok(json),
            Some(fault) => Err(de::Error::custom(format!(
                "{}: {}",
                fault.field, fault.message
            ))),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    fn read(text: &str) -> Json {
        let (json, faults) = Json::parse(text).unwrap();
        assert_eq!(faults, [], "{text}");
        json
    }

    #[rstest]
    #[case("[1.50, 12345678901234567890123456789, -0.0000000000000000000001]")]
    #[case(r#"{"a":"\u00e9\n","b":[true,false,null,{}],"c":[]}"#)]
    fn a_value_is_written_with_the_digits_it_was_sent_with(#[case] text: &str) {
        let written = read(text).to_string();
        assert_eq!(written, text.replace(", ", ",").replace("\\u00e9", "é"));
        assert_eq!(read(&written), read(text));
    }

    #[rstest]
    #[case(r#"{"credits":"1","credits":"100"}"#, &["credits"])]
    #[case(r#"{"a":{"b":[0,{"c":1,"d":2,"c":3}]}}"#, &["a.b[1].c"])]
    #[case(r#"{"a":1,"\u0061":1}"#, &["\\u0061"])]
    #[case(r#"{"a":{"x":1,"x":1},"a":2}"#, &["a.x", "a"])]
    #[case(r#"[{"a":1},{"a":1}]"#, &[])]
    fn a_name_given_twice_is_told_by_its_place(#[case] text: &str, #[case] places: &[&str]) {
        let (_, faults) = Json::parse(text).unwrap();
        let told: Vec<_> = faults.iter().map(|fault| fault.field.as_str()).collect();
        assert_eq!(told, places);
        assert!(faults.iter().all(|fault| fault.reason == "duplicate_field"));
    }

    #[test]
    fn what_nobody_could_read_back_is_a_fault() {
        let deep = format!("{{\"x\":{}1{}}}", "[".repeat(200), "]".repeat(200));
        for text in [r#"{"n":1e400}"#, r#"{"t":"\ud800"}"#, deep.as_str()] {
            assert_eq!(Json::parse(text).unwrap().1.len(), 1, "{text}");
        }
    }

    #[test]
    fn numbers_that_a_double_rounds_are_named_but_for_metadata() {
        let json = read(
            r#"{"credits":1.0000000000000000001,"n":[1e-400,0.1],"metadata":{"x":1.0000000000000000001}}"#,
        );
        assert_eq!(json.inexact(Some("metadata")), ["credits", "n[0]"]);
    }

    #[rstest]
    #[case("/a/b~1c/1", Some(json!(5)))]
    #[case("/a/b~1c/01", None)]
    #[case("/a/nothing", None)]
    #[case("a", None)]
    fn a_pointer_finds_what_it_names(#[case] pointer: &str, #[case] found: Option<Value>) {
        let json = read(r#"{"a":{"b/c":[4,5]}}"#);
        assert_eq!(json.pointer(pointer).cloned(), found.map(Json::from));
    }

    proptest! {
        #[test]
        fn what_doubles_carry_is_canonical_as_it_always_was(number: f64, whole: i64, big: u64, text in "\\PC{0,12}") {
            prop_assume!(number.is_finite());
            let value = json!({"b": [number, whole, big], "a": {text.clone(): text}, "c": null});
            let sent = value.to_string();
            prop_assert_eq!(read(&sent).canonical(), sent.clone());
            prop_assert_eq!(Json::from(value).to_string(), sent);
        }
    }
}
