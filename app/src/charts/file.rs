//! A chart as a file of its own: with its title, its legend, and the part of the page's style sheet that it needs.

use std::fmt::Write as _;

use super::stacked::{HEIGHT, WIDTH};

/// The look of the light theme, as `style/tokens.css` and `style/components` have it: a file is often put on paper.
pub(super) const STYLE: &str = "text{font-family:system-ui,sans-serif}.heading{font-size:16px;font-weight:600;fill:#16161d}\
.name,.axis{font-size:12px;fill:#55555f}.grid{fill:none;stroke:#e4e4e9;stroke-width:1}\
.figure{font-size:32px;font-weight:600;fill:#16161d}.amount{font-size:14px;font-weight:600;fill:#16161d}\
.area{fill:#4f46e5;fill-opacity:.12}.line,.now{stroke:#4f46e5;stroke-width:2}.line,.allocation,.projected{fill:none}.now{fill:#fff}\
.allocation{stroke:#55555f;stroke-width:1.5;stroke-dasharray:4 3}.possible{fill:#4f46e5;fill-opacity:.16}\
.projected{stroke:#4f46e5;stroke-width:1.5;stroke-dasharray:3 3}.over .line,.over .now{stroke:#b91c1c}.over .area{fill:#b91c1c}\
.agent-chat{fill:#4f46e5}.agent-voice_inbound{fill:#0d8a80}.agent-voice_outbound{fill:#c2410c}.agent-voice_web{fill:#be185d}\
.agent-auto_trigger{fill:#a16207}.agent-nox{fill:#6d28d9}.bar{fill-opacity:.72}.bar.today{fill-opacity:1}.bar.empty{fill-opacity:.4}\
.bar.future{fill:#e4e4e9;fill-opacity:1}.hit{fill:none}\
.note{fill:#b45309}.layer-0{fill:#4f46e5}.layer-1{fill:#0d8a80}.layer-2{fill:#c2410c}.layer-3{fill:#be185d}\
.layer-4{fill:#a16207}.layer-5{fill:#6d28d9}.layer-6{fill:#0369a1}.layer-7{fill:#6f6f7b}";
pub(super) const MARGIN: u32 = 16;
const TOP: u32 = 44;
/// Groups of one line of the legend, and how far lines are apart.
const A_LINE: u32 = 4;
const LINE_HEIGHT: u32 = 20;

/// A drawing of [`super::stacked`] with a title and the colours and names of its groups.
pub fn file(title: &str, drawing: &str, groups: &[(usize, String)]) -> String {
    let lines = u32::try_from(groups.len()).unwrap_or(0).div_ceil(A_LINE);
    let below = TOP + HEIGHT + MARGIN;
    let height = below + lines * LINE_HEIGHT + MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" viewBox=\"0 0 {WIDTH} {height}\">\
        <title>{0}</title><style>{STYLE}</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\
        <text class=\"heading\" x=\"{MARGIN}\" y=\"28\">{0}</text>",
        escaped(title)
    );
    svg += &place(drawing, [0, TOP, WIDTH, HEIGHT]);
    for (place, (colour, name)) in (0..).zip(groups) {
        let x = MARGIN + (place % A_LINE) * (WIDTH - 2 * MARGIN) / A_LINE;
        let y = below + (place / A_LINE) * LINE_HEIGHT;
        // Writing into a text cannot fail.
        let _ = write!(
            svg,
            "<rect class=\"layer-{colour}\" x=\"{x}\" y=\"{y}\" width=\"10\" height=\"10\" rx=\"2\"/>\
            <text class=\"name\" x=\"{}\" y=\"{}\">{}</text>",
            x + 16,
            y + 10,
            escaped(name)
        );
    }
    svg + "</svg>"
}

/// A drawing at a place of another: its left, its top, its width and its height.
pub(super) fn place(drawing: &str, [x, y, width, height]: [u32; 4]) -> String {
    let placed = format!("<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
    drawing.replacen("<svg", &placed, 1)
}

/// Text between tags.
pub(super) fn escaped(text: &str) -> String {
    let plain = |letter: &char| !letter.is_control();
    let text: String = text.chars().filter(plain).collect();
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_title_legend_and_style_and_no_tags_of_others() {
        let groups: Vec<_> = (0..5)
            .map(|number| (number, format!("<b>{number}")))
            .collect();
        let svg = file(
            "Usage & more",
            "<svg class=\"chart\" viewBox=\"0 0 960 260\"></svg>",
            &groups,
        );
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"960\""));
        assert!(svg.contains("<title>Usage &amp; more</title>"));
        assert!(svg.contains("&lt;b&gt;4") && !svg.contains("<b>"));
        assert_eq!(svg.matches("<svg").count(), svg.matches("</svg>").count());
        // Two lines of a legend.
        assert!(svg.contains(&format!("y=\"{}\"", TOP + HEIGHT + MARGIN + LINE_HEIGHT)));
    }
}
