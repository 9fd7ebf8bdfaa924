//! What stands in an email, as text and as HTML.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

/// A part of an email.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Block {
    /// What it is about.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// A titled list.
    List(String, Vec<String>),
    /// Where it leads: label and address.
    Link(String, String),
    /// A remark in small print.
    Note(String),
}

/// The label of the link that unsubscribes.
const UNSUBSCRIBE: &str = "Unsubscribe";

/// How it looks. Colours are the reader's own, so that it is read in light and in dark.
const STYLE: &str = "body{margin:0;padding:24px;font:16px/1.5 system-ui,-apple-system,'Segoe UI',Roboto,sans-serif}\
main{max-width:560px;margin:0 auto}h1{font-size:20px;line-height:1.3}h2{font-size:16px;margin-bottom:4px}\
ul{margin-top:4px;padding-left:20px}footer{font-size:13px;margin-top:32px;opacity:.75}";

/// Plain text.
pub(super) fn text(blocks: &[Block], unsubscribe: Option<&str>) -> String {
    let mut parts: Vec<_> = blocks.iter().map(Block::text).collect();
    parts.extend(unsubscribe.map(|url| format!("{UNSUBSCRIBE}: {url}")));
    let mut text = parts.join("\n\n");
    text.push('\n');
    text
}

/// A whole document, in the name of a brand.
pub(super) fn html(
    title: &str,
    brand: &str,
    blocks: &[Block],
    unsubscribe: Option<&str>,
) -> String {
    let (title, brand) = (escaped(title), escaped(brand));
    let body: String = blocks.iter().map(Block::html).collect();
    let mut footer = brand;
    if let Some(url) = unsubscribe {
        let _ = write!(footer, " · {}", link(UNSUBSCRIBE, url));
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{title}</title>\n<style>:root{{color-scheme:light dark}}{STYLE}</style>\n</head>\n\
         <body>\n<main>\n{body}<footer><p>{footer}</p></footer>\n</main>\n</body>\n</html>\n"
    )
}

impl Block {
    fn text(&self) -> String {
        match self {
            Self::Heading(text) | Self::Text(text) | Self::Note(text) => text.clone(),
            Self::List(title, items) => {
                let items = items.iter().map(|item| format!("\n- {item}"));
                format!("{title}{}", items.collect::<String>())
            }
            Self::Link(label, url) => format!("{label}:\n{url}"),
        }
    }

    fn html(&self) -> String {
        match self {
            Self::Heading(text) => format!("<h1>{}</h1>\n", escaped(text)),
            Self::Text(text) => format!("<p>{}</p>\n", escaped(text)),
            Self::Note(text) => format!("<p><small>{}</small></p>\n", escaped(text)),
            Self::List(title, items) => {
                let items = items
                    .iter()
                    .map(|item| format!("<li>{}</li>\n", escaped(item)));
                let items: String = items.collect();
                format!("<h2>{}</h2>\n<ul>\n{items}</ul>\n", escaped(title))
            }
            Self::Link(label, url) => format!("<p>{}</p>\n", link(label, url)),
        }
    }
}

fn link(label: &str, url: &str) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(url), escaped(label))
}

/// Text that can stand in HTML, also within a quoted attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            other => out.push(other),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_parts_say_the_same_and_names_are_no_markup() {
        let blocks = [
            Block::Heading("Zoë & Söhne <GmbH>".to_owned()),
            Block::List("By agent".to_owned(), vec!["Chat: 5".to_owned()]),
            Block::Link(
                "Open alerts".to_owned(),
                "https://x.example/?a=1&b=2".to_owned(),
            ),
        ];
        assert_eq!(
            text(&blocks, Some("https://x.example/u")),
            "Zoë & Söhne <GmbH>\n\nBy agent\n- Chat: 5\n\nOpen alerts:\nhttps://x.example/?a=1&b=2\n\n\
             Unsubscribe: https://x.example/u\n"
        );
        let page = html("T", "\"B\"", &blocks, None);
        assert!(
            page.contains("<h1>Zoë &amp; Söhne &lt;GmbH&gt;</h1>"),
            "{page}"
        );
        assert!(page.contains("<li>Chat: 5</li>"), "{page}");
        assert!(
            page.contains("href=\"https://x.example/?a=1&amp;b=2\""),
            "{page}"
        );
        assert!(
            page.contains("<footer><p>&quot;B&quot;</p></footer>"),
            "{page}"
        );
    }
}
