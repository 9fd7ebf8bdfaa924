//! One row as it stands in the document.

use domain::cursor::Cursor;
use web_sys::Element;

use super::{
    line::{Line, Place, given_back_mark},
    pool::{Key, Look},
};
use crate::state::OpenRow;

/// A row's element, and what it shows.
pub struct Drawn {
    row: Element,
    cells: Option<Cells>,
    line: Line,
    key: Option<Key>,
    place: Option<Cursor>,
    index: u64,
    class: String,
    is_open: bool,
}

/// The elements within a row that are written.
struct Cells {
    link: Element,
    time: Element,
    dot: Element,
    agent: Element,
    activity: Element,
    company: Element,
    reference: Element,
    credits: Element,
    mark: Element,
    whole: Element,
    fraction: Element,
}

impl Cells {
    fn of(row: &Element) -> Option<Self> {
        let find = |selector: &str| row.query_selector(selector).ok().flatten();
        Some(Self {
            link: find("a")?,
            time: find("time")?,
            dot: find(".dot")?,
            agent: find(".agent .clip")?,
            activity: find(".activity")?,
            company: find(".company")?,
            reference: find(".reference")?,
            credits: find(".credits")?,
            mark: find(".given-back-mark")?,
            whole: find(".aligned-whole")?,
            fraction: find(".aligned-fraction")?,
        })
    }

    /// Writes what differs from what was there.
    fn write(&self, was: &Line, line: &Line) {
        let attribute = |element: &Element, name: &str, was: &str, text: &str| {
            if was != text {
                let _ = element.set_attribute(name, text);
            }
        };
        let text = |element: &Element, was: &str, text: &str| {
            if was != text {
                element.set_text_content(Some(text));
            }
        };
        attribute(&self.link, "href", &was.href, &line.href);
        attribute(&self.time, "datetime", &was.at, &line.at);
        attribute(&self.time, "title", &was.at, &line.at);
        text(&self.time, &was.time, &line.time);
        attribute(&self.dot, "class", &was.dot, &line.dot);
        text(&self.agent, was.agent, line.agent);
        text(&self.activity, &was.activity, &line.activity);
        attribute(&self.company, "title", &was.company, &line.company);
        text(&self.company, &was.company, &line.company);
        attribute(&self.reference, "title", &was.reference, &line.reference);
        text(&self.reference, &was.reference, &line.reference);
        text(&self.whole, &was.whole, &line.whole);
        text(&self.fraction, &was.fraction, &line.fraction);
        if was.given_back != line.given_back {
            self.write_given_back(line.given_back.as_deref());
        }
    }

    fn write_given_back(&self, words: Option<&str>) {
        let (class, mark) = match words {
            Some(_) => ("credits given-back", given_back_mark()),
            None => ("credits", String::new()),
        };
        let _ = self.credits.set_attribute("class", class);
        let _ = match words {
            Some(words) => self.credits.set_attribute("title", words),
            None => self.credits.remove_attribute("title"),
        };
        self.mark.set_inner_html(&mark);
    }
}

impl Drawn {
    /// A row that the server wrote: what it wrote is known, and not written again.
    pub fn adopted(row: Element, look: &Look, index: u64) -> Self {
        if let Ok(Some(link)) = row.query_selector("a") {
            // The keyboard goes from row to row by the arrow keys.
            let _ = link.set_attribute("tabindex", "-1");
        }
        let is_blank = row.class_list().contains("beyond");
        let (key, place) = look.at(index);
        let line = if is_blank {
            Line::empty(Place::Beyond)
        } else {
            look.line(index)
        };
        Self {
            class: row.class_name(),
            is_open: row.class_list().contains("open"),
            key: key.filter(|_| !is_blank),
            place: place.filter(|_| !is_blank),
            cells: None,
            line,
            index,
            row,
        }
    }

    /// The row's element.
    pub const fn element(&self) -> &Element {
        &self.row
    }

    /// The place in the log of the row that it shows.
    pub const fn place(&self) -> Option<Cursor> {
        self.place
    }

    /// Its texts must be written again.
    pub const fn forget(&mut self) {
        self.key = None;
    }

    /// It is not the open one any more.
    pub fn close(&mut self) {
        self.frame(self.index, false, false);
    }

    /// Shows the row at a place of the log.
    pub fn show(&mut self, look: &Look, index: u64) {
        let (key, place) = look.at(index);
        if key.is_none() || key != self.key {
            self.write(look.line(index));
        }
        (self.key, self.place) = (key, place);
        let is_active = place.is_some() && place == look.active;
        self.frame(index, false, is_active);
    }

    /// Shows the row of the open event, whether the log holds it or not.
    pub fn show_open(&mut self, look: &Look, open: &OpenRow) {
        let key = Some((open.row.seq, open.row.reversed));
        if key != self.key {
            self.write(Line::of(&open.row, look.year, look.view));
        }
        (self.key, self.place) = (key, Some(open.row.cursor()));
        self.frame(open.index, true, look.active == self.place);
    }

    fn write(&mut self, line: Line) {
        if line == self.line {
            return;
        }
        let was = std::mem::replace(&mut self.line, line);
        if self.cells.is_none() {
            self.cells = Cells::of(&self.row);
        }
        if let Some(cells) = &self.cells {
            cells.write(&was, &self.line);
        }
    }

    /// The row's own attributes.
    fn frame(&mut self, index: u64, is_open: bool, is_active: bool) {
        let class = self.line.class(is_open, is_active);
        if class != self.class {
            // Where it is placed is told by a class as well.
            let is_away = self.row.class_list().contains("away");
            self.row.set_class_name(&class);
            if is_away {
                let _ = self.row.class_list().add_1("away");
            }
            self.class = class;
        }
        if index != self.index {
            let number = (index + 1).to_string();
            self.row.set_id(&["row-", &index.to_string()].concat());
            let _ = self.row.set_attribute("aria-rowindex", &number);
            self.index = index;
        }
        if is_open != self.is_open {
            let expanded = if is_open { "true" } else { "false" };
            let _ = self.row.set_attribute("aria-expanded", expanded);
            self.is_open = is_open;
        }
    }
}
