//! Reads text that is known to be JSON.

use std::collections::btree_map::Entry;

use super::{Json, Number, Object};
use crate::FieldError;

/// Deeper values are refused: readers of every language stop somewhere there.
const MAX_DEPTH: usize = 128;

/// A step from a value into one of its own.
enum Step<'a> {
    /// A member, by its name as it was written.
    Name(&'a str),
    Index(usize),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    path: Vec<Step<'a>>,
    faults: Vec<FieldError>,
}

pub(super) fn read(text: &str) -> (Json, Vec<FieldError>) {
    let mut reader = Reader {
        text,
        at: 0,
        path: Vec::new(),
        faults: Vec::new(),
    };
    let json = reader.value();
    (json, reader.faults)
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while bytes.get(self.at).is_some_and(u8::is_ascii_whitespace) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn value(&mut self) -> Json {
        match self.next() {
            Some(b'{') => self.object(),
            Some(b'[') => self.list(),
            Some(b'"') => Json::Text(self.text_at().1),
            Some(b'n') => self.word(4, Json::Null),
            Some(b't') => self.word(4, Json::Bool(true)),
            Some(b'f') => self.word(5, Json::Bool(false)),
            Some(_) => self.number(),
            None => Json::Null,
        }
    }

    fn word(&mut self, length: usize, json: Json) -> Json {
        self.at += length;
        json
    }

    fn number(&mut self) -> Json {
        let rest = &self.text[self.at..];
        let is_part = |c: char| matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        self.at += end.max(1);
        if let Some(number) = Number::read(&rest[..end]) {
            return Json::Number(number);
        }
        self.fault(
            "invalid",
            "is a number beyond the range of a double: send it as a text",
        );
        Json::Null
    }

    /// The text that begins here, as it was written between its quotes, and what it says.
    fn text_at(&mut self) -> (&'a str, String) {
        let rest = &self.text[self.at..];
        let mut is_escaped = false;
        let mut is_plain = true;
        let end = rest.bytes().skip(1).position(|byte| {
            let ends = byte == b'"' && !is_escaped;
            is_escaped = byte == b'\\' && !is_escaped;
            is_plain &= byte != b'\\';
            ends
        });
        let end = end.map_or(rest.len(), |end| end + 1);
        let written = rest.get(1..end).unwrap_or_default();
        self.at += end + 1;
        if is_plain {
            return (written, written.to_owned());
        }
        let said = rest
            .get(..=end)
            .and_then(|text| serde_json::from_str(text).ok());
        let said = said.unwrap_or_else(|| {
            self.fault("invalid", "holds an escape that is no Unicode character");
            String::new()
        });
        (written, said)
    }

    fn list(&mut self) -> Json {
        let mut items = Vec::new();
        self.inside(|reader| {
            reader.path.push(Step::Index(items.len()));
            items.push(reader.value());
            reader.path.pop();
        });
        Json::List(items)
    }

    fn object(&mut self) -> Json {
        let mut members = Object::new();
        self.inside(|reader| reader.member(&mut members));
        Json::Object(members)
    }

    fn member(&mut self, members: &mut Object) {
        let (written, name) = self.text_at();
        self.path.push(Step::Name(written));
        if self.next() == Some(b':') {
            self.at += 1;
        }
        let value = self.value();
        match members.entry(name) {
            Entry::Vacant(place) => {
                place.insert(value);
            }
            Entry::Occupied(_) => self.fault("duplicate_field", "is given twice"),
        }
        self.path.pop();
    }

    /// Reads what stands between brackets, one value or member after the other.
    fn inside(&mut self, mut one: impl FnMut(&mut Self)) {
        if self.path.len() >= MAX_DEPTH {
            self.path.truncate(1);
            self.fault("invalid", "is nested more than 128 levels deep");
            self.at = self.text.len();
            return;
        }
        self.at += 1;
        loop {
            match self.next() {
                Some(b']' | b'}') => {
                    self.at += 1;
                    return;
                }
                Some(b',') => self.at += 1,
                Some(_) => one(self),
                None => return,
            }
        }
    }

    fn fault(&mut self, reason: &str, message: &str) {
        let mut place = String::new();
        for step in &self.path {
            match step {
                Step::Name(name) if place.is_empty() => place.push_str(name),
                Step::Name(name) => place.extend([".", name]),
                Step::Index(index) => place.extend(["[", &index.to_string(), "]"]),
            }
        }
        let place = if place.is_empty() {
            "body".to_owned()
        } else {
            place
        };
        self.faults.push(FieldError::new(place, reason, message));
    }
}
