//! What is said around the rows: how many are new, what could not be read, and why a jump led nowhere.

use domain::{activity::MONTHS, number};
use leptos::{ev, prelude::*};
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement};

use super::{super::pool::has_focus, LogActions, Missed, index_of};
use crate::{tab::parts::write_attribute, ui::escape};

/// The form that jumps to a date, with the address of the view without its period.
const JUMP: &str = "data-jump";

fn find(within: &Element, selector: &str) -> Option<Element> {
    within.query_selector(selector).ok().flatten()
}

fn focus_log() {
    if let Some(log) = document().query_selector(".log-scroll").ok().flatten()
        && let Some(log) = log.dyn_ref::<web_sys::HtmlElement>()
    {
        let _ = log.focus();
    }
}

/// Shows an element, or not.
fn show(element: &Element, is_there: bool) {
    // What is hidden cannot keep the focus: the log takes it.
    if !is_there && has_focus(element) {
        focus_log();
    }
    write_attribute(element, "hidden", (!is_there).then_some(""));
}

/// Shows what is said within an element; nothing, and it is not there.
fn say(element: Option<&Element>, words: Option<&str>) {
    let Some(element) = element else { return };
    // What is read out must be there when it changes.
    show(element, words.is_some());
    if let Some(place) = find(element, "span") {
        place.set_text_content(words);
    }
}

impl LogActions {
    /// Keeps the words in step with the log.
    pub fn say_words(self) {
        let log = self.state.log;
        let counts = Memo::new(move |_| {
            let active = self.active.get();
            log.with(|log| (log.window.total(), log.unseen, index_of(log, active)))
        });
        Effect::new(move |before: Option<(u64, u64, Option<u64>)>| {
            let now = counts.get();
            self.show_counts(before, now);
            now
        });
        Effect::new(move |_| {
            let words = self.trouble.get();
            let words =
                words.map(|error| ["Some rows could not be read. ", &error.to_string()].concat());
            say(self.part(".log-failed").as_ref(), words.as_deref());
        });
        Effect::new(move |_| self.show_missed(self.missed.get().as_ref()));
    }

    fn part(self, selector: &str) -> Option<Element> {
        find(&self.framed(|frame| &frame.card)?.into(), selector)
    }

    fn show_counts(
        self,
        before: Option<(u64, u64, Option<u64>)>,
        (total, unseen, active): (u64, u64, Option<u64>),
    ) {
        if before.is_none_or(|(was, ..)| was != total) {
            let both = self.part(".log-empty").zip(self.part(".log-body"));
            if let Some((empty, body)) = both {
                show(&empty, total == 0);
                show(&body, total > 0);
            }
            if before.is_some_and(|(was, ..)| was == 0) {
                // Only what is shown can be measured.
                self.place();
            }
        }
        if before.is_none_or(|(_, was, _)| was != unseen) {
            let words = match unseen {
                0 => None,
                1 => Some("1 new".to_owned()),
                several => Some([&number::count(several), " new"].concat()),
            };
            say(self.part(".new-pill").as_ref(), words.as_deref());
        }
        if let Some(scroller) = self.scroller() {
            let active = active.map(|index| ["row-", &index.to_string()].concat());
            write_attribute(&scroller, "aria-rowcount", Some(&total.to_string()));
            write_attribute(&scroller, "aria-activedescendant", active.as_deref());
        }
    }

    /// Jumps to the date of a form, if that is what was sent.
    pub fn jumped(self, event: &ev::Event) -> bool {
        let form = event
            .target()
            .and_then(|form| form.dyn_into::<Element>().ok());
        let Some(form) = form.filter(|form| form.has_attribute(JUMP)) else {
            return false;
        };
        event.prevent_default();
        let date = find(&form, "input").and_then(|date| date.dyn_into::<HtmlInputElement>().ok());
        if let Some(date) = date {
            self.to_time(date.value());
        }
        true
    }

    /// Why a jump led nowhere, and what does.
    fn show_missed(self, missed: Option<&Missed>) {
        let Some(place) = self.part(".jump-missed") else {
            return;
        };
        show(&place, missed.is_some());
        let undated = self
            .part(&["[", JUMP, "]"].concat())
            .and_then(|form| form.get_attribute(JUMP));
        let words = match missed {
            None => String::new(),
            Some(Missed::Failed(error)) => escape(&[&error.to_string(), " Try again."].concat()),
            Some(Missed::Outside(date)) => outside(date, &undated.unwrap_or_default()),
        };
        place.set_inner_html(&words);
    }
}

fn outside(date: &str, undated: &str) -> String {
    let day = day_words(date);
    let joint = if undated.contains('?') { "&" } else { "?" };
    let href = [undated, joint, "from=", date, "&to=", date].concat();
    [
        &escape(&day),
        " is outside of this period. <a href=\"",
        &escape(&href),
        "\" data-noscroll=\"\">Show ",
        &escape(&day),
        "</a>",
    ]
    .concat()
}

/// `2026-09-05` as people read it: `5 Sep 2026`.
fn day_words(date: &str) -> String {
    let mut parts = date.splitn(3, '-');
    let (year, month, day) = (parts.next(), parts.next(), parts.next());
    let month = month
        .and_then(|month| month.parse::<usize>().ok())
        .and_then(|month| MONTHS.get(month.wrapping_sub(1)));
    match (year, month, day) {
        (Some(year), Some(month), Some(day)) => {
            [day.trim_start_matches('0'), " ", month, " ", year].concat()
        }
        _ => date.to_owned(),
    }
}
