//! A sheet over a page: what one edits there, or what is asked before something that cannot be taken back.
//!
//! It has an address of its own and is part of the page that the server renders. With scripts it lies over the page and
//! keeps the focus; without them it stands in the page as a block. Its way out is a link, which Escape and a press beside
//! it follow as well.

use leptos::prelude::*;

use crate::ui::Icon;

/// Where a sheet lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// At the side; on a phone at the bottom.
    Edge,
    /// In the middle.
    Middle,
}

/// A sheet with a title over a page.
#[derive(Debug, Clone)]
pub struct Sheet {
    /// Where it lies.
    pub side: Side,
    /// What it is about.
    pub title: String,
    /// A sentence beneath.
    pub lead: String,
    /// Where leaving it leads: the page without it.
    pub close: String,
}

impl Sheet {
    /// Shows it with its content.
    pub fn view(self, content: AnyView) -> AnyView {
        let class = match self.side {
            Side::Edge => "sheet",
            Side::Middle => "sheet dialog",
        };
        let lead = (!self.lead.is_empty())
            .then(|| view! { <p class="sheet-lead" id="sheet-lead">{self.lead}</p> });
        view! {
            <dialog class=class open data-sheet aria-labelledby="sheet-title">
                <div class="sheet-body">
                    <header class="sheet-head">
                        <div><h2 id="sheet-title" tabindex="-1">{self.title}</h2>{lead}</div>
                        <a class="quiet-button sheet-close" href=self.close data-noscroll="" data-close="" aria-label="Close">{Icon::Close.view()}</a>
                    </header>
                    {content}
                </div>
            </dialog>
        }
        .into_any()
    }
}

/// The foot of a sheet's form: what is wrong, the way out, and what it does.
pub fn sheet_foot(problem: Option<AnyView>, close: String, act: AnyView) -> AnyView {
    view! {
        <footer class="sheet-foot">
            {problem}
            <div class="sheet-acts"><a class="button" href=close data-noscroll="">"Cancel"</a>{act}</div>
        </footer>
    }
    .into_any()
}
