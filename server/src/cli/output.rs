//! What commands print: answers on stdout, everything else on stderr.

use std::io::Write as _;

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

    /// Prints a list: a line for each item, or one JSON array.
    pub fn list<T: Serialize>(&self, items: &[T], line: impl Fn(&T) -> String) {
        if self.json {
            self.line(&serde_json::to_string(items).unwrap_or_default());
        } else {
            for item in items {
                self.line(&line(item));
            }
        }
    }

    /// Prints a line on stdout. A reader that has gone away is no error.
    pub fn line(&self, text: &str) {
        let _ = writeln!(std::io::stdout().lock(), "{text}");
    }

    /// Prints a line on stderr: what is going on, but no answer.
    pub fn note(&self, text: &str) {
        let _ = writeln!(std::io::stderr().lock(), "{text}");
    }

    /// Prints why a command failed.
    pub fn error(&self, text: &str) {
        self.note(&format!("error: {text}"));
    }
}
