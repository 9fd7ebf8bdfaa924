//! One line of the log.

use domain::{
    activity::{LogRow, activity_label},
    number,
};
use leptos::prelude::*;

use super::LogActions;
use crate::{components::AlignedAmount, ui::Icon};

/// What stands at a place of the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Slot {
    /// A row.
    Row(Box<LogRow>),
    /// A row that is being read.
    Coming,
    /// Nothing: the log has ended.
    Beyond,
}

impl Slot {
    /// What was given back of it, in words.
    fn given_back(&self) -> Option<String> {
        match self {
            Self::Row(row) if row.reversed == row.credits && !row.reversed.is_zero() => {
                let whole = number::credits(row.credits);
                Some(format!("{} refunded in full", number::with_unit(&whole)))
            }
            Self::Row(row) if !row.reversed.is_zero() => Some(format!(
                "{}, of which {} refunded",
                number::with_unit(&number::credits(row.credits)),
                number::credits(row.reversed)
            )),
            Self::Row(_) | Self::Coming | Self::Beyond => None,
        }
    }

    fn text(&self, of: impl FnOnce(&LogRow) -> String) -> String {
        match self {
            Self::Row(row) => of(row),
            Self::Coming | Self::Beyond => String::new(),
        }
    }
}

/// Time, agent, activity, company, reference and credits of a row.
#[expect(
    clippy::large_types_passed_by_value,
    reason = "a bundle of signal handles, copied as all of them are"
)]
#[component]
pub fn LogLine(
    index: Memo<u64>,
    row: Memo<Slot>,
    year: Memo<i16>,
    is_open: Memo<bool>,
    actions: LogActions,
) -> impl IntoView {
    let time = move || row.with(|row| row.text(|row| row.time_label(year.get())));
    let full_time = move || row.with(|row| row.text(|row| row.at.clone()));
    let agent = move || row.with(|row| row.text(|row| row.agent.name().to_owned()));
    let dot = move || row.with(|row| row.text(|row| format!("dot agent-{}", row.agent.id())));
    let activity = move || row.with(|row| row.text(|row| activity_label(&row.activity)));
    let company = move || row.with(|row| row.text(|row| row.company_name.clone()));
    let reference = move || {
        row.with(|row| row.text(|row| row.reference.clone().unwrap_or_else(|| "—".to_owned())))
    };
    let credits = Signal::derive(move || {
        row.with(|row| {
            if let Slot::Row(row) = row {
                Some(row.net())
            } else {
                None
            }
        })
    });
    let given_back = Memo::new(move |_| row.with(Slot::given_back));
    let is_active = move || {
        row.with(|row| {
            if let Slot::Row(row) = row {
                actions.active.get() == Some(row.cursor())
            } else {
                false
            }
        })
    };
    let class = move || match row.get() {
        Slot::Row(_) => "log-row",
        Slot::Coming => "log-row coming",
        Slot::Beyond => "log-row beyond",
    };
    view! {
        <div class=class class:open=is_open class:active=is_active role="row"
            id=move || format!("row-{}", index.get())
            aria-rowindex=move || (index.get() + 1).to_string()
            aria-expanded=move || is_open.get().to_string()
            on:click=move |_| actions.toggle(index.get_untracked())
        >
            <span role="gridcell" class="time"><time datetime=full_time title=full_time>{time}</time></span>
            <span role="gridcell" class="agent"><span class=dot></span><span class="clip">{agent}</span></span>
            <span role="gridcell" class="clip wide">{activity}</span>
            <span role="gridcell" class="clip company" title=company>{company}</span>
            <span role="gridcell" class="clip wide reference" title=reference>{reference}</span>
            <span role="gridcell" class="credits" class:given-back=move || given_back.get().is_some() title=given_back>
                {move || given_back.get().map(|_| view! { <GivenBackMark/> })}
                <AlignedAmount credits/>
            </span>
        </div>
    }
}

/// Marks an amount of which something was given back.
#[component]
fn GivenBackMark() -> impl IntoView {
    view! { <span class="given-back-mark">{Icon::Return.view()}<span class="visually-hidden">"After a refund: "</span></span> }
}
