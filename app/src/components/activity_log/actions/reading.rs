//! Reading more rows.

use domain::{
    Seq,
    activity::{LogAsk, LogPage},
    cursor::Cursor,
};
use leptos::prelude::*;

use super::{LogActions, Missed};
use crate::{
    error::AppError,
    functions::read_log,
    state::{Anchor, LogState},
};

/// Rows of one reading.
const READ_ROWS: u32 = 150;
/// Rows read before they are needed.
const READ_AHEAD: u64 = 30;

impl LogActions {
    /// Goes to the newest row.
    pub fn to_newest(self) {
        self.close();
        self.state.log.update(|log| {
            log.scroll.go(0.0);
            log.unseen = 0;
        });
    }

    /// Goes to the newest row of a date.
    pub fn to_time(self, date: String) {
        self.missed.set(None);
        let said = date.clone();
        self.ask(LogAsk::AtTime(date), move |answer| {
            let page = match answer {
                Ok(page) => page,
                Err(AppError::Invalid(_)) => return self.missed.set(Some(Missed::Outside(said))),
                Err(error) => return self.missed.set(Some(Missed::Failed(error))),
            };
            self.close();
            self.leave_menu();
            self.state.log.update(|log| {
                if page.rows.is_empty() {
                    // Nothing of the period is that old: its oldest row is the nearest.
                    log.scroll.go(log.scroll.farthest());
                } else {
                    go_to(log, page);
                }
            });
        });
    }

    /// Closes the menu that was jumped from; the keyboard goes on in the log.
    fn leave_menu(self) {
        if let Ok(Some(menu)) = document().query_selector(".jump details[open]") {
            let _ = menu.remove_attribute("open");
        }
        if let Some(scroller) = self.scroller() {
            let options = web_sys::FocusOptions::new();
            options.set_prevent_scroll(true);
            let _ = scroller.focus_with_options(&options);
        }
    }

    /// Shows an event whose row is not held.
    pub fn reveal(self, place: Cursor) {
        self.reveal_at(Anchor { place, top: 0.0 });
    }

    /// Shows a row that is not held, so many pixels below the top of the view.
    pub fn reveal_at(self, anchor: Anchor) {
        let just_above = Cursor {
            seq: Seq(anchor.place.seq.0 + 1),
            ..anchor.place
        };
        self.ask(LogAsk::OlderThan(just_above), move |answer| match answer {
            Ok(page) => self.state.log.update(|log| {
                go_to(log, page);
                log.scroll.go(log.scroll.position - anchor.top);
            }),
            Err(error) => self.trouble.set(Some(error)),
        });
    }

    /// Reads what is needed, unless that is under way.
    pub fn read(self, ask: LogAsk) {
        if self.own.with_value(|own| own.is_reading) {
            return;
        }
        let kind = ask.clone();
        self.ask(ask, move |answer| match answer {
            Ok(page) => {
                self.state.log.update(|log| take_in(log, &kind, page));
                self.reach_wanted();
            }
            Err(error) => self.trouble.set(Some(error)),
        });
    }

    /// Reads again what could not be read.
    pub fn try_again(self) {
        self.trouble.set(None);
        self.read_receipt_again();
    }

    /// Asks for a page of the log; an answer that was overtaken by another question or view is dropped.
    fn ask(self, ask: LogAsk, take: impl FnOnce(Result<LogPage, AppError>) + 'static) {
        let generation = self.state.generation.get_untracked();
        let mut mine = 0;
        self.own.update_value(|own| {
            own.asked += 1;
            own.is_reading = true;
            mine = own.asked;
        });
        let query = self.view();
        self.lifetime.spawn(async move {
            let answer = read_log(query, ask, READ_ROWS).await;
            if self.own.with_value(|own| own.asked) != mine {
                return;
            }
            self.own.update_value(|own| own.is_reading = false);
            if generation == self.state.generation.get_untracked() {
                take(answer);
            }
        });
    }
}

/// Shows a page that was jumped to, its first row on top.
fn go_to(log: &mut LogState, page: LogPage) {
    let position = page.position;
    log.replace(page);
    log.scroll.go(log.scroll.row_top(position));
}

/// What must be read so that the rows in view, and some beyond, are there.
pub fn needed_ask(log: &LogState) -> Option<LogAsk> {
    let (start, end, total) = (log.window.start(), log.window.end(), log.window.total());
    let first = log.scroll.first_row();
    let last = (first + log.scroll.rows_in_view()).min(total);
    let is_far = last + READ_AHEAD < start || first > end + READ_AHEAD;
    if log.is_stale || is_far {
        return Some(LogAsk::AtPosition(first.saturating_sub(READ_AHEAD)));
    }
    if !log.window.reaches_newest() && first < start + READ_AHEAD {
        return log.window.newest().map(LogAsk::NewerThan);
    }
    if !log.window.reaches_oldest() && last + READ_AHEAD > end {
        return log.window.oldest().map(LogAsk::OlderThan);
    }
    None
}

fn take_in(log: &mut LogState, ask: &LogAsk, page: LogPage) {
    let is_short = page.rows.len() < READ_ROWS as usize;
    match ask {
        LogAsk::OlderThan(_) => log.extend(|window| {
            window.append(page);
            if is_short {
                window.found_oldest();
            }
        }),
        LogAsk::NewerThan(_) => log.extend(|window| {
            window.prepend(page);
            if is_short {
                window.found_newest();
            }
        }),
        _ => log.refresh(page),
    }
}
