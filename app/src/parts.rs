//! Marked parts of pages: elements with `data-live`, whose content follows what happens.
//!
//! The server renders a page again when something it shows has changed, and takes the marked parts out of it. So there
//! is one renderer, and what a reader sees follow is what a fresh page says.

use std::hash::{Hash, Hasher as _};

use domain::{
    Time,
    live::{HowFar, Part},
};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    context::{Assets, Current},
    packed,
};

/// The attribute that names a part within its page.
const MARK: &[u8] = b"data-live";
/// Parts of a page that are followed; those past them stay as they were rendered.
const MOST_PARTS: usize = 500;

/// A view as HTML, for somebody. Everything it shows has been read already.
pub fn html_of<V: IntoView>(current: Current, assets: Assets, view: impl FnOnce() -> V) -> String {
    let owner = Owner::new_root(None);
    let html = owner.with(|| {
        provide_context(current);
        provide_context(assets);
        view().into_view().to_html()
    });
    owner.unset_with_forced_cleanup();
    html
}

/// An element that is being read.
struct Open {
    part: Part,
    tag: Vec<u8>,
    /// Where its content begins.
    begins: usize,
    /// Elements of the same tag within it that are open.
    within: u32,
}

/// The marked parts of a page, in their order. A part within another one is part of that.
pub fn marked(html: &str) -> Vec<Part> {
    let mut emitter = DefaultEmitter::<usize>::new_with_span();
    emitter.naively_switch_states(true);
    let mut open: Option<Open> = None;
    let mut parts = Vec::new();
    for Ok(token) in Tokenizer::new_with_emitter(html, emitter) {
        match (token, &mut open) {
            (Token::StartTag(tag), None) => open = begun(&tag),
            (Token::StartTag(tag), Some(open)) if !tag.self_closing && *tag.name == *open.tag => {
                open.within += 1;
            }
            (Token::EndTag(tag), Some(of)) if *tag.name == *of.tag => {
                if of.within > 0 {
                    of.within -= 1;
                } else if let Some(of) = open.take() {
                    let inner = html.get(of.begins..tag.span.start).unwrap_or_default();
                    parts.push(Part {
                        inner: inner.to_owned(),
                        ..of.part
                    });
                }
            }
            _ => {}
        }
        if parts.len() >= MOST_PARTS {
            break;
        }
    }
    parts
}

fn begun(tag: &StartTag<usize>) -> Option<Open> {
    if tag.self_closing || !tag.attributes.contains_key(MARK) {
        return None;
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let attributes: Vec<_> = tag
        .attributes
        .iter()
        .map(|(name, value)| (text(name), text(value)))
        .collect();
    let name = text(tag.attributes.get(MARK)?);
    Some(Open {
        part: Part {
            name,
            attributes,
            inner: String::new(),
        },
        tag: tag.name.to_vec(),
        begins: tag.span.end,
        within: 0,
    })
}

/// When a page was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Since {
    /// How far its account was before.
    pub far: HowFar,
    /// The server's time then: the page's days are of it.
    pub at: Time,
}

/// What a page shows, as far as the server has to know to say what is new: names and contents of its parts as numbers.
///
/// The browser keeps it as a text that it only says again, so that no server has to remember what it rendered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ShownParts {
    /// When its page was read; none of a page that stands for another, as the answer to a form does.
    pub since: Option<Since>,
    /// Each part's name and content, in the page's order.
    pub parts: Vec<(u32, u32)>,
}

impl ShownParts {
    /// What a page with these parts shows.
    pub fn of(since: Option<Since>, parts: &[Part]) -> Self {
        let parts = parts
            .iter()
            .map(|part| (number_of(&part.name), number_of(part)));
        Self {
            since,
            parts: parts.collect(),
        }
    }

    /// As a text that an attribute can hold.
    pub fn to_text(&self) -> String {
        // Plain numbers: there is nothing in it that cannot be written.
        packed::to_text(&postcard::to_allocvec(self).unwrap_or_default())
    }

    /// What such a text says; none when it says nothing.
    pub fn from_text(text: &str) -> Option<Self> {
        let shown: Self = postcard::from_bytes(&packed::from_text(text)).ok()?;
        (shown.parts.len() <= MOST_PARTS).then_some(shown)
    }

    /// Whether a page that is rendered now has the same parts, whatever they say.
    pub fn is_alike(&self, now: &Self) -> bool {
        let names = |shown: &Self| {
            shown
                .parts
                .iter()
                .map(|(name, _)| *name)
                .collect::<Vec<_>>()
        };
        names(self) == names(now)
    }

    /// The places of those parts of a page that is rendered now which this one has and which say something else; it
    /// shows them from now on.
    pub fn take(&mut self, now: &Self) -> Vec<usize> {
        let mut changed = Vec::new();
        for (place, (name, content)) in now.parts.iter().enumerate() {
            let known = self.parts.iter_mut().find(|(of, _)| of == name);
            if let Some((_, shown)) = known.filter(|(_, shown)| shown != content) {
                *shown = *content;
                changed.push(place);
            }
        }
        changed
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "any bits of a hash are as good as others"
)]
fn number_of(what: &(impl Hash + ?Sized)) -> u32 {
    let mut hash = std::hash::DefaultHasher::new();
    what.hash(&mut hash);
    hash.finish() as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(html: &str) -> Vec<(String, String)> {
        let parts = marked(html).into_iter();
        parts.map(|part| (part.name, part.inner)).collect()
    }

    #[test]
    fn a_part_is_what_stands_between_its_tags_whatever_is_within() {
        let html = "<!DOCTYPE html><p>é</p><div data-live=\"a\" class=\"x\"><div>1<br/></div><!-- </div> --><svg><g/></svg></div>\
            <script>\"<b data-live='no'>\"</script><tbody data-live='b'><tr><td>2 &lt; 3</td></tr></tbody><i data-live=\"c\"></i>";
        assert_eq!(
            named(html),
            [
                (
                    "a".to_owned(),
                    "<div>1<br/></div><!-- </div> --><svg><g/></svg>".to_owned()
                ),
                ("b".to_owned(), "<tr><td>2 &lt; 3</td></tr>".to_owned()),
                ("c".to_owned(), String::new()),
            ]
        );
        let attributes = &marked(html)[0].attributes;
        let attributes: Vec<_> = attributes
            .iter()
            .map(|(name, value)| (&**name, &**value))
            .collect();
        assert_eq!(attributes, [("class", "x"), ("data-live", "a")]);
    }

    #[test]
    fn what_is_within_a_part_is_no_part_of_its_own_and_what_never_ends_is_none() {
        assert_eq!(
            named("<p data-live=a><b data-live=b>1</b></p>"),
            [("a".to_owned(), "<b data-live=b>1</b>".to_owned())]
        );
        assert_eq!(named("<p data-live=a>1"), []);
        assert_eq!(named("<img data-live=a />"), []);
    }

    #[test]
    fn only_what_a_page_has_and_says_otherwise_is_new_to_it() {
        let page = |html: &str| ShownParts::of(None, &marked(html));
        let mut shown = page("<b data-live=a>1</b><b data-live=b>1</b>");
        let later = page("<b data-live=c>1</b><b data-live=a>2</b><b data-live=b>1</b>");
        assert!(shown.is_alike(&shown) && !shown.is_alike(&later));
        assert_eq!(shown.take(&later), [1]);
        assert_eq!(shown.take(&later), [0; 0]);
        assert_eq!(ShownParts::from_text(&shown.to_text()), Some(shown));
    }

    #[test]
    fn an_attribute_is_part_of_what_a_part_says() {
        let page = |html: &str| ShownParts::of(None, &marked(html));
        let mut shown = page("<b data-live=a class=low>1</b>");
        assert_eq!(shown.take(&page("<b data-live=a class=high>1</b>")), [0]);
    }

    #[test]
    fn what_no_server_wrote_says_nothing() {
        for text in ["", "x", "\u{1ff}\u{1ff}\u{1ff}\u{1ff}"] {
            let _ = ShownParts::from_text(text);
        }
        let many = ShownParts {
            since: None,
            parts: vec![(1, 1); MOST_PARTS + 1],
        };
        assert_eq!(ShownParts::from_text(&many.to_text()), None);
    }
}
