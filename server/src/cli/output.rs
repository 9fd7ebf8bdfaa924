//! What commands print: answers on stdout, everything else on stderr.

use std::{borrow::Cow, fmt::Write as _, io::Write as _};

use serde::Serialize;

/// Prints answers, as text or as JSON.
#[derive(Debug, Clone, Copy)]
pub struct Output {
    json: bool,
}

impl Output {
    /// Prints JSON when `json` is set.
    pub const fn new(json: bool) -> Self {
        Self { json }
    }

    /// Whether answers are JSON.
    pub const fn is_json(&self) -> bool {
        self.json
    }

    /// Prints an answer: `text` for people, `value` for programs.
    pub fn answer(&self, text: &str, value: &impl Serialize) {
        if self.json {
            self.line(&serde_json::to_string(value).unwrap_or_default());
        } else {
            self.line(text);
        }
    }

    /// Prints a list: a line of cells for each item, or one JSON array.
    pub fn list<T: Serialize>(&self, items: &[T], cells: impl Fn(&T) -> Vec<String>) {
        if self.json {
            self.line(&serde_json::to_string(items).unwrap_or_default());
        } else {
            for item in items {
                let cells = cells(item);
                let cells: Vec<_> = cells.iter().map(|cell| shown(cell, &[])).collect();
                self.line(&cells.join("\t"));
            }
        }
    }

    /// Prints a line on stdout. A reader that has gone away is no error.
    pub fn line(&self, text: &str) {
        let text = if self.json {
            json_shown(text)
        } else {
            shown(text, &['\n', '\t'])
        };
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// Prints a line on stderr: what is going on, but no answer.
    pub fn note(&self, text: &str) {
        let text = shown(text, &['\n', '\t']);
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Prints why a command failed.
    pub fn error(&self, text: &str) {
        self.note(&format!("error: {text}"));
    }
}

/// Whether a character does something to a terminal, or to the order of what stands beside it, instead of being shown.
fn acts(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text as it may be printed, whoever wrote it: what would act is written as its number.
fn shown<'a>(text: &'a str, kept: &[char]) -> Cow<'a, str> {
    let acts = |letter: char| acts(letter) && !kept.contains(&letter);
    if !text.contains(acts) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if acts(letter) {
            out.extend(letter.escape_unicode());
        } else {
            out.push(letter);
        }
    }
    out.into()
}

/// JSON as it may be printed. Outside of its texts nothing acts.
fn json_shown(json: &str) -> Cow<'_, str> {
    if !json.contains(acts) {
        return json.into();
    }
    let mut out = String::with_capacity(json.len() + 16);
    for letter in json.chars() {
        if acts(letter) {
            let _ = write!(out, "\\u{:04x}", u32::from(letter));
        } else {
            out.push(letter);
        }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TYPED: &str = "a\u{1b}[2J\u{9b}31m\r\n\tb\u{202e}c\u{7f}é";

    #[test]
    fn what_a_stranger_typed_acts_on_no_terminal() {
        let cell = "a\\u{1b}[2J\\u{9b}31m\\u{d}\\u{a}\\u{9}b\\u{202e}c\\u{7f}é";
        assert_eq!(shown(TYPED, &[]), cell);
        let line = "a\\u{1b}[2J\\u{9b}31m\\u{d}\n\tb\\u{202e}c\\u{7f}é";
        assert_eq!(shown(TYPED, &['\n', '\t']), line);
        assert_eq!(shown("Zoë – 7%", &[]), "Zoë – 7%");
    }

    #[test]
    fn json_that_is_printed_says_the_same_and_acts_on_no_terminal() {
        let json = serde_json::to_string(&[TYPED]).unwrap();
        let printed = json_shown(&json);
        assert!(!printed.contains(acts), "{printed}");
        let read: Vec<String> = serde_json::from_str(&printed).unwrap();
        assert_eq!(read, [TYPED]);
    }
}
