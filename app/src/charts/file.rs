//! A chart as a file of its own: with its title and its legend.

use super::{
    paper::{MARGIN, Paper},
    stacked::{HEIGHT, WIDTH},
};

const TOP: u32 = 44;
/// Groups of one line of the legend, and how far lines are apart.
const A_LINE: u32 = 4;
const LINE_HEIGHT: u32 = 20;

/// A drawing of [`super::stacked`] with a title and the colours and names of its groups.
pub fn file(title: &str, drawing: &str, groups: &[(usize, String)]) -> String {
    let lines = u32::try_from(groups.len()).unwrap_or(0).div_ceil(A_LINE);
    let below = TOP + HEIGHT + MARGIN;
    let mut paper = Paper::new(title, [WIDTH, below + lines * LINE_HEIGHT + MARGIN]);
    paper.text("heading", [MARGIN, 28], title);
    paper.place("chart", drawing, [0, TOP, WIDTH, HEIGHT]);
    for (place, (colour, name)) in (0..).zip(groups) {
        let x = MARGIN + (place % A_LINE) * (WIDTH - 2 * MARGIN) / A_LINE;
        let y = below + (place / A_LINE) * LINE_HEIGHT;
        paper.key(&format!("layer-{colour}"), [x, y], name);
    }
    paper.finish()
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
