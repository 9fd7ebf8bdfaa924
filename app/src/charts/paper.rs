//! An SVG file while it is drawn: with a title, and the part of the page's style sheet that it needs.

use std::fmt::Write as _;

use super::text;

/// The look of the light theme, as `style/tokens.css` and `style/components` have it: a file is often put on paper.
const STYLE: &str = "text{font-family:system-ui,sans-serif}.heading{font-size:16px;font-weight:600;fill:#17171c}\
.name,.axis{font-size:12px;fill:#55555f}.grid{fill:none;stroke:#e4e4e9;stroke-width:1}\
.figure{font-size:32px;font-weight:600;fill:#17171c}.amount{font-size:14px;font-weight:600;fill:#17171c}\
.area{fill:#4f46e5;fill-opacity:.12}.line,.now{stroke:#4f46e5;stroke-width:2}.line,.allocation,.projected{fill:none}.now{fill:#fff}\
.allocation{stroke:#55555f;stroke-width:1.5;stroke-dasharray:4 3}.possible{fill:#4f46e5;fill-opacity:.16}\
.projected{stroke:#4f46e5;stroke-width:1.5;stroke-dasharray:3 3}.over .line,.over .now{stroke:#b3261e}.over .area{fill:#b3261e}\
.agent-chat{fill:#1592b8}.agent-voice_inbound{fill:#078a63}.agent-voice_outbound{fill:#c83f05}.agent-voice_web{fill:#a01352}\
.agent-auto_trigger{fill:#ad7d14}.agent-nox{fill:#56606f}.bar{fill-opacity:.72}.bar.today{fill-opacity:1}.bar.empty{fill-opacity:.4}\
.bar.future{fill:#e4e4e9;fill-opacity:1}.hit{fill:none}\
.note{fill:#b45309}.running-window{fill:#f0f0f4}.layer-0{fill:#1592b8}.layer-1{fill:#078a63}.layer-2{fill:#c83f05}.layer-3{fill:#a01352}\
.layer-4{fill:#ad7d14}.layer-5{fill:#56606f}.layer-6{fill:#3b6fb6}.layer-7{fill:#b6b6c0}";
/// What stays free around everything.
pub(super) const MARGIN: u32 = 16;

/// What is drawn so far.
pub(super) struct Paper(String);

impl Paper {
    pub(super) fn new(title: &str, [width, height]: [u32; 2]) -> Self {
        Self(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\
            <title>{}</title><style>{STYLE}</style><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>",
            escaped(title)
        ))
    }

    /// Writes words, their left and their baseline there.
    pub(super) fn text(&mut self, class: &str, [x, y]: [u32; 2], words: &str) {
        let words = escaped(words);
        self.write(format_args!(
            "<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{words}</text>"
        ));
    }

    /// Draws the colour of a class, and what it stands for beside it.
    pub(super) fn key(&mut self, class: &str, [x, y]: [u32; 2], name: &str) {
        self.write(format_args!(
            "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"10\" height=\"10\" rx=\"2\"/>"
        ));
        self.text("name", [x + 16, y + 10], name);
    }

    /// Puts a drawing there in the colours of a class: its left, its top, its width and its height.
    pub(super) fn place(&mut self, class: &str, drawing: &str, [x, y, width, height]: [u32; 4]) {
        let placed = format!("<svg x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"");
        let drawing = drawing.replacen("<svg", &placed, 1);
        self.write(format_args!("<g class=\"{class}\">{drawing}</g>"));
    }

    pub(super) fn finish(self) -> String {
        self.0 + "</svg>"
    }

    fn write(&mut self, element: std::fmt::Arguments<'_>) {
        // A String takes whatever it is given.
        let _ = self.0.write_fmt(element);
    }
}

/// Text between tags: a file takes no control characters, not even as references.
fn escaped(words: &str) -> String {
    let plain = |letter: &char| !letter.is_control();
    text::escape(&words.chars().filter(plain).collect::<String>())
}
