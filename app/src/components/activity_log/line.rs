//! One line of the log in texts: what the server writes and what the browser writes over it both come from here.

use domain::{
    activity::{LogRow, activity_label},
    number,
};

use crate::{
    state::{LogState, event_href},
    ui::{Icon, escape},
};

/// What stands at a place of the log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Place {
    /// A row.
    Row,
    /// A row that is being read.
    Coming,
    /// Nothing: the log has ended.
    #[default]
    Beyond,
}

/// What a line shows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Line {
    /// Whether there is anything.
    pub place: Place,
    /// Leads to the row's receipt.
    pub href: String,
    /// The event time as RFC 3339.
    pub at: String,
    /// The same as people read it.
    pub time: String,
    /// The class of the agent's colour.
    pub dot: String,
    /// The agent.
    pub agent: &'static str,
    /// The activity in words.
    pub activity: String,
    /// The company's name.
    pub company: String,
    /// The sender's reference.
    pub reference: String,
    /// Credits before the decimal point.
    pub whole: String,
    /// The rest of them, with the point.
    pub fraction: String,
    /// What was refunded of it, in words.
    pub given_back: Option<String>,
}

impl Line {
    /// The line of a row. `view` is the query string of the view, which the line's link keeps.
    pub fn of(row: &LogRow, year: i16, view: &str) -> Self {
        let (whole, fraction) = split(&number::credits(row.net()));
        Self {
            place: Place::Row,
            href: event_href(view, &row.source, &row.id) + "#receipt",
            at: row.at.clone(),
            time: row.time_label(year),
            dot: ["dot agent-", row.agent.id()].concat(),
            agent: row.agent.name(),
            activity: activity_label(&row.activity),
            company: row.company_name.clone(),
            reference: row.reference.clone().unwrap_or_else(|| "—".to_owned()),
            whole,
            fraction,
            given_back: given_back(row),
        }
    }

    /// The line of a place of the log.
    pub fn at(log: &LogState, index: u64, year: i16, view: &str) -> Self {
        match log.window.row(index) {
            Some(row) => Self::of(row, year, view),
            None if index < log.window.total() => Self::empty(Place::Coming),
            None => Self::empty(Place::Beyond),
        }
    }

    /// A line without a row.
    pub fn empty(place: Place) -> Self {
        Self {
            place,
            // The dot is found by it when a row is written here.
            dot: "dot".to_owned(),
            ..Self::default()
        }
    }

    /// The classes of the line.
    pub fn class(&self, is_open: bool, is_active: bool) -> String {
        let kind = match self.place {
            Place::Row => "log-row",
            Place::Coming => "log-row coming",
            Place::Beyond => "log-row beyond",
        };
        let open = if is_open { " open" } else { "" };
        let active = if is_active { " active" } else { "" };
        [kind, open, active].concat()
    }
}

/// Marks an amount of which something was refunded.
pub fn given_back_mark() -> String {
    let icon = Icon::Return.html();
    format!("{icon}<span class=\"visually-hidden\">After a refund: </span>")
}

/// The receipt below a row, around what the server writes of it.
pub fn receipt_markup(inner: &str) -> String {
    // A row of the grid like the one above it; on a phone it scrolls, so the keyboard must reach it.
    [
        "<div class=\"receipt\" id=\"receipt\" role=\"row\" tabindex=\"0\" aria-label=\"Receipt\" data-testid=\"receipt\"><div role=\"gridcell\">",
        inner,
        "</div></div>",
    ]
    .concat()
}

/// Splits `61,240.5` into what is read first and the quiet rest.
fn split(text: &str) -> (String, String) {
    match text.split_once('.') {
        Some((whole, fraction)) => (whole.to_owned(), [".", fraction].concat()),
        None => (text.to_owned(), String::new()),
    }
}

fn given_back(row: &LogRow) -> Option<String> {
    if row.reversed.is_zero() {
        return None;
    }
    let credits = number::with_unit(&number::credits(row.credits));
    if row.reversed == row.credits {
        return Some([&credits, " refunded in full"].concat());
    }
    let reversed = number::credits(row.reversed);
    Some([&credits, ", of which ", &reversed, " refunded"].concat())
}

impl Line {
    /// The line as markup, at a place of the log.
    pub fn html(&self, index: u64, is_open: bool) -> String {
        let [
            href,
            at,
            time,
            activity,
            company,
            reference,
            whole,
            fraction,
        ] = [
            &self.href,
            &self.at,
            &self.time,
            &self.activity,
            &self.company,
            &self.reference,
            &self.whole,
            &self.fraction,
        ]
        .map(|text| escape(text));
        let class = self.class(is_open, is_open);
        let row = index + 1;
        let (dot, agent) = (&self.dot, self.agent);
        let (mark, credits, title) = match &self.given_back {
            None => (String::new(), "credits", String::new()),
            Some(words) => (
                given_back_mark(),
                "credits given-back",
                format!(" title=\"{}\"", escape(words)),
            ),
        };
        format!(
            "<div class=\"{class}\" role=\"row\" id=\"row-{index}\" aria-rowindex=\"{row}\" aria-expanded=\"{is_open}\">\
             <span role=\"gridcell\" class=\"time\"><a class=\"log-link\" href=\"{href}\"><time datetime=\"{at}\" title=\"{at}\">{time}</time></a></span>\
             <span role=\"gridcell\" class=\"agent\"><span class=\"{dot}\"></span><span class=\"clip\">{agent}</span></span>\
             <span role=\"gridcell\" class=\"clip wide activity\">{activity}</span>\
             <span role=\"gridcell\" class=\"clip company\" title=\"{company}\">{company}</span>\
             <span role=\"gridcell\" class=\"clip wide reference\" title=\"{reference}\">{reference}</span>\
             <span role=\"gridcell\" class=\"{credits}\"{title}><span class=\"given-back-mark\">{mark}</span>\
             <span class=\"aligned-whole\">{whole}</span><span class=\"aligned-fraction\">{fraction}</span></span></div>"
        )
    }
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use domain::{Agent, Credits, Seq, Time};

    use super::*;

    fn row() -> LogRow {
        LogRow {
            seq: Seq(1),
            time: Time::from_micros(1),
            at: "2026-11-03T14:03:10+01:00".into(),
            source: "gw/2".into(),
            id: "a&b".into(),
            agent: Agent::Chat,
            activity: "chat_reply".into(),
            credits: Credits::from_micro(10_530_000),
            reversed: Credits::ZERO,
            company: "a".into(),
            company_name: "<b>Acme</b>".into(),
            reference: None,
        }
    }

    #[test]
    fn a_line_holds_texts_and_no_markup_of_anybody() {
        let line = Line::of(&row(), 2026, "agent=chat");
        assert_eq!((line.whole.as_str(), line.fraction.as_str()), ("10", ".53"));
        assert_eq!(line.time, "3 Nov 14:03:10");
        let html = line.html(4, false);
        assert!(
            html.contains("&lt;b&gt;Acme&lt;/b&gt;") && !html.contains("<b>"),
            "{html}"
        );
        assert!(html.contains("id=\"row-4\" aria-rowindex=\"5\""), "{html}");
        assert!(
            html.contains("?agent=chat&amp;event=gw%252F2/a%26b#receipt"),
            "{html}"
        );
    }

    #[test]
    fn every_cell_is_found_in_a_line_without_a_row() {
        let html = Line::empty(Place::Beyond).html(0, false);
        for cell in [
            "dot",
            "clip company",
            "aligned-whole",
            "given-back-mark",
            "log-link",
        ] {
            assert!(
                html.contains(&format!("class=\"{cell}\"")),
                "{cell}: {html}"
            );
        }
    }

    #[test]
    fn what_was_refunded_is_said_in_words() {
        let part = LogRow {
            reversed: Credits::from_micro(530_000),
            ..row()
        };
        let line = Line::of(&part, 2026, "");
        assert_eq!((line.whole.as_str(), line.fraction.as_str()), ("10", ""));
        assert_eq!(
            line.given_back.as_deref(),
            Some("10.53 credits, of which 0.53 refunded")
        );
        let all = LogRow {
            reversed: part.credits,
            ..part
        };
        let line = Line::of(&all, 2026, "");
        assert_eq!(
            line.given_back.as_deref(),
            Some("10.53 credits refunded in full")
        );
    }
}
