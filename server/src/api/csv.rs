//! CSV that a spreadsheet opens without running anything in it.

use bytes::Bytes;

/// A cell that starts like a formula gets a quote before it: spreadsheets then show it as the text it is.
fn escaped(cell: &str) -> String {
    let is_formula = cell.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '|', '＝', '＋', '－', '＠',
    ]);
    if is_formula {
        format!("'{cell}")
    } else {
        cell.to_owned()
    }
}

/// Writes rows as CSV (RFC 4180).
pub fn rows<'a>(rows: impl IntoIterator<Item = Vec<std::borrow::Cow<'a, str>>>) -> Bytes {
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    for row in rows {
        // Writing to memory does not fail.
        let _ = writer.write_record(row.iter().map(|cell| escaped(cell)));
    }
    writer.into_inner().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use super::*;

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
