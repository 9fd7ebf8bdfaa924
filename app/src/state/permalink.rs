//! Links that lead to one event: its day on the usage page, at its row, with its receipt open.

use domain::activity::LogRow;
#[cfg(feature = "ssr")]
use domain::filter::ViewQuery;

use crate::USAGE_PATH;

/// The parameter's name.
pub const EVENT: &str = "event";

/// Which event, as a link names it: `source/id`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventRef {
    /// Who reported it.
    pub source: String,
    /// Its id there.
    pub id: String,
}

impl EventRef {
    /// Reads the parameter's value.
    pub fn read(text: &str) -> Option<Self> {
        let (source, id) = text.split_once('/')?;
        let part = |part: &str| part.replace("%2F", "/").replace("%25", "%");
        let (source, id) = (part(source), part(id));
        (!source.is_empty() && !id.is_empty()).then_some(Self { source, id })
    }

    /// The event whose receipt an address opens.
    pub fn of_query(query: &str) -> Option<Self> {
        let (_, text) = form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == EVENT)?;
        Self::read(&text)
    }

    /// Whether a row is this event.
    pub fn is(&self, row: &LogRow) -> bool {
        row.source == self.source && row.id == self.id
    }

    /// Writes the parameter's value; sources and ids may hold slashes themselves.
    fn text(&self) -> String {
        let part = |part: &str| part.replace('%', "%25").replace('/', "%2F");
        format!("{}/{}", part(&self.source), part(&self.id))
    }
}

/// What an address says besides the view: an open receipt, where the log begins.
const BESIDES: [&str; 2] = ["event", "before"];

/// The query string of the view that an address shows, whatever else the address says.
pub fn view_of(query: &str) -> String {
    let is_of_view = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        !name.is_empty() && !BESIDES.contains(&name)
    };
    let pairs: Vec<_> = query.split('&').filter(is_of_view).collect();
    pairs.join("&")
}

/// The link to a row's event: the whole account on the day it happened, in the zone it is shown in.
#[cfg(feature = "ssr")]
pub fn permalink(row: &LogRow, view: &ViewQuery) -> String {
    let day = row.at.get(..10).map(str::to_owned);
    let whole_day = ViewQuery {
        account: view.account.clone(),
        tz: view.tz.clone(),
        from: day.clone(),
        to: day,
        ..ViewQuery::default()
    };
    let event = EventRef {
        source: row.source.clone(),
        id: row.id.clone(),
    };
    format!(
        "{USAGE_PATH}?{}&{EVENT}={}#log-title",
        whole_day.to_query(),
        encode(&event.text())
    )
}

/// The address of a view of the page.
pub fn view_href(view: &str) -> String {
    let joint = if view.is_empty() { "" } else { "?" };
    [USAGE_PATH, joint, view].concat()
}

/// The address of a view with the receipt of one of its events open. A reader without scripts is led to it.
pub fn event_href(view: &str, source: &str, id: &str) -> String {
    let event = EventRef {
        source: source.to_owned(),
        id: id.to_owned(),
    };
    let joint = if view.is_empty() { "" } else { "&" };
    [
        USAGE_PATH,
        "?",
        view,
        joint,
        EVENT,
        "=",
        &encode(&event.text()),
    ]
    .concat()
}

/// Percent-encodes what a query string cannot hold as it is.
fn encode(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/' | b':') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.extend([byte >> 4, byte & 15].map(hex));
        }
    }
    out
}

fn hex(digit: u8) -> char {
    char::from(if digit < 10 {
        b'0' + digit
    } else {
        b'A' + digit - 10
    })
}

#[cfg(all(test, feature = "ssr"))]
mod tests {
    use super::*;

    #[test]
    fn any_source_and_id_survive_the_link() {
        for (source, id) in [
            ("voice-gw-2", "0193f0c4"),
            ("https://gw/2", "a/b"),
            ("a%2Fb", "100 % & more+#ü"),
        ] {
            let event = EventRef {
                source: source.into(),
                id: id.into(),
            };
            let query = format!("{EVENT}={}", encode(&event.text()));
            let (_, others) = ViewQuery::parse(&query).unwrap();
            assert_eq!(EventRef::read(&others[0].1), Some(event));
        }
        assert_eq!(EventRef::read("no-slash"), None);
        assert_eq!(EventRef::read("/id"), None);
    }

    #[test]
    fn an_open_receipt_is_beside_the_view() {
        assert_eq!(
            view_of("agent=chat&event=a/b&period=7d&before=1"),
            "agent=chat&period=7d"
        );
        assert_eq!(view_of("event=a/b"), "");
        assert_eq!(view_of(""), "");
    }
}
