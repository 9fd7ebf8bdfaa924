//! CSV that a spreadsheet opens without running anything in it.

use std::borrow::Cow;

use bytes::Bytes;

/// What a spreadsheet takes for the beginning of a formula, or skips before one.
const FORMULA: [char; 12] = [
    '=', '+', '-', '@', '\t', '\r', '\n', '|', '＝', '＋', '－', '＠',
];

/// Whether a cell begins like a formula, behind any number of quotes.
fn is_formula(cell: &str) -> bool {
    cell.trim_start_matches('\'').starts_with(FORMULA)
}

/// A cell that starts like a formula gets a quote before it: spreadsheets then show it as the text it is.
///
/// So does one that starts with quotes and then like a formula: it would be read as another cell's text otherwise.
fn escaped(cell: &str) -> Cow<'_, str> {
    if is_formula(cell) {
        format!("'{cell}").into()
    } else {
        cell.into()
    }
}

/// Takes away the quote that an export puts before a cell, and no other.
pub fn unescaped(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(rest) if is_formula(rest) => rest,
        _ => cell,
    }
}

/// Writes rows as CSV (RFC 4180).
pub fn rows<'a>(rows: impl IntoIterator<Item = Vec<Cow<'a, str>>>) -> Bytes {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory does not fail.
        let _ = writer.write_record(row.iter().map(|cell| escaped(cell).into_owned()));
    }
    writer.into_inner().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_was_escaped_is_read_as_it_was(text in "'{0,3}[=+@|＝\\-\t\ra'\"]{0,2}\\PC{0,6}") {
            let cell = escaped(&text);
            prop_assert_eq!(unescaped(&cell), text.as_str());
            prop_assert!(!cell.starts_with(FORMULA));
        }
    }

    #[test]
    fn a_quote_that_is_not_ours_stays() {
        for text in ["'tis", "'", "''", "it's", "+49", ""] {
            assert_eq!(unescaped(text), text);
        }
        assert_eq!(unescaped("'+49"), "+49");
        assert_eq!(unescaped("''+49"), "'+49");
    }

    #[test]
    fn cells_that_start_like_a_formula_are_escaped() {
        let text = rows([vec![
            "=1+1".into(),
            "+4".into(),
            "-4".into(),
            "@x".into(),
            "\tx".into(),
            "a=1".into(),
            "a,\"b\"".into(),
        ]]);
        assert_eq!(text, "'=1+1,'+4,'-4,'@x,'\tx,a=1,\"a,\"\"b\"\"\"\r\n");
    }
}
