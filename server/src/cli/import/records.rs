//! Reads CSV (RFC 4180) record by record, and knows on which line each begins.

use std::io::{self, BufRead, Read};

/// A record and its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The line on which it begins, from 1, as an editor counts them: LF, CR LF and CR end a line, also within quotes.
    pub line: u64,
    /// Its cells, or why they cannot be read.
    pub cells: Result<Vec<String>, String>,
}

/// The records of a file, one after the other; blank lines are none.
pub struct Records<R> {
    file: io::BufReader<R>,
    line: u64,
    /// Whether nothing was read yet: a byte-order mark may come.
    is_new: bool,
}

/// How a cell ended.
enum End {
    Comma,
    Line,
}

impl<R: Read> Records<R> {
    /// The records of a file.
    pub fn new(file: R) -> Self {
        Self {
            file: io::BufReader::with_capacity(64 * 1024, file),
            line: 1,
            is_new: true,
        }
    }

    /// The next record.
    pub fn next(&mut self) -> io::Result<Option<Record>> {
        loop {
            let Some(record) = self.record()? else {
                return Ok(None);
            };
            let is_blank = |cells: &Vec<String>| cells.len() == 1 && cells[0].trim().is_empty();
            if !record.cells.as_ref().is_ok_and(is_blank) {
                return Ok(Some(record));
            }
        }
    }

    fn record(&mut self) -> io::Result<Option<Record>> {
        if std::mem::take(&mut self.is_new) {
            self.skip_mark()?;
        }
        if self.peek()?.is_none() {
            return Ok(None);
        }
        let line = self.line;
        let mut cells = Vec::new();
        let mut problem = None;
        loop {
            let mut cell = Vec::new();
            let end = if self.peek()? == Some(b'"') {
                self.quoted(&mut cell, &mut problem)?
            } else {
                self.plain(&mut cell)?
            };
            match String::from_utf8(cell) {
                Ok(text) => cells.push(text),
                Err(_) => problem = problem.or(Some("is not UTF-8 text".to_owned())),
            }
            if matches!(end, End::Line) {
                break;
            }
        }
        Ok(Some(Record {
            line,
            cells: problem.map_or(Ok(cells), Err),
        }))
    }

    fn skip_mark(&mut self) -> io::Result<()> {
        if self.file.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            self.file.consume(3);
        }
        Ok(())
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        Ok(self.file.fill_buf()?.first().copied())
    }

    fn take(&mut self) -> io::Result<Option<u8>> {
        let byte = self.peek()?;
        if byte.is_some() {
            self.file.consume(1);
        }
        Ok(byte)
    }

    /// Reads up to a comma or the end of the line.
    fn plain(&mut self, cell: &mut Vec<u8>) -> io::Result<End> {
        while let Some(byte) = self.take()? {
            match byte {
                b',' => return Ok(End::Comma),
                b'\n' | b'\r' => {
                    self.end_line(byte)?;
                    return Ok(End::Line);
                }
                _ => cell.push(byte),
            }
        }
        Ok(End::Line)
    }

    /// Reads a quoted cell. What stands behind its closing quote belongs to it.
    fn quoted(&mut self, cell: &mut Vec<u8>, problem: &mut Option<String>) -> io::Result<End> {
        let opened = self.line;
        self.take()?;
        while let Some(byte) = self.take()? {
            match byte {
                b'"' if self.peek()? == Some(b'"') => {
                    self.take()?;
                    cell.push(b'"');
                }
                b'"' => return self.plain(cell),
                b'\n' | b'\r' => {
                    cell.push(byte);
                    if self.end_line(byte)? {
                        cell.push(b'\n');
                    }
                }
                _ => cell.push(byte),
            }
        }
        *problem = Some(format!(
            "opens a quote on line {opened} and never closes it"
        ));
        Ok(End::Line)
    }

    /// Counts a line that this byte ends; whether a line feed after it, which belongs to it, was taken as well.
    fn end_line(&mut self, byte: u8) -> io::Result<bool> {
        self.line += 1;
        let has_feed = byte == b'\r' && self.peek()? == Some(b'\n');
        if has_feed {
            self.take()?;
        }
        Ok(has_feed)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn read(bytes: &[u8]) -> Vec<Record> {
        let mut records = Records::new(bytes);
        std::iter::from_fn(|| records.next().unwrap()).collect()
    }

    #[rstest]
    #[case("a,b\n1,2\n3,4\n", &[1, 2, 3])]
    #[case("a,b\r\n1,2\r\n3,4\r\n", &[1, 2, 3])]
    #[case("a,b\r1,2\r3,4", &[1, 2, 3])]
    #[case("\u{feff}a,b\n\n\n1,2\n  \n3,4", &[1, 4, 6])]
    #[case("a,b\r\n\r\n1,\"x\r\ny\"\r\n3,4", &[1, 3, 5])]
    #[case("a,b\n1,\"x\n\n\"\n3,4", &[1, 2, 5])]
    #[case("# note\na,b\n1,2", &[1, 2, 3])]
    #[case("\r\n\na,b\n", &[3])]
    #[case("", &[])]
    fn a_record_begins_on_the_line_that_an_editor_shows(#[case] text: &str, #[case] lines: &[u64]) {
        let found: Vec<_> = read(text.as_bytes())
            .iter()
            .map(|record| record.line)
            .collect();
        assert_eq!(found, lines);
    }

    #[test]
    fn cells_are_read_as_they_were_written() {
        let records = read(b"a,\"b \"\"x\"\",\r\ny\",\"\",\n \"c\",\xc3\xa9");
        assert_eq!(
            records[0].cells,
            Ok(["a", "b \"x\",\r\ny", "", ""].map(str::to_owned).to_vec())
        );
        assert_eq!(
            records[1].cells,
            Ok([" \"c\"", "é"].map(str::to_owned).to_vec())
        );
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let records = read(b"a,b\n1,\xff\n2,\"x\ny");
        assert!(records[1].cells.as_ref().unwrap_err().contains("UTF-8"));
        assert!(records[2].cells.as_ref().unwrap_err().contains("line 3"));
    }

    proptest! {
        #[test]
        fn whatever_a_csv_writer_writes_is_read_back(rows in prop::collection::vec(prop::collection::vec("[a\"',\\r\\n é+]{0,5}", 2..4), 0..6)) {
            let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
            for row in &rows {
                writer.write_record(row).unwrap();
            }
            let found: Vec<_> = read(&writer.into_inner().unwrap()).into_iter().map(|record| record.cells.unwrap()).collect();
            prop_assert_eq!(found, rows);
        }
    }
}
