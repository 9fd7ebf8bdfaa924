//! The figures of the whole period, and what was wasted.

use domain::{Credits, lead::LeadKind, number, usage::Totals};
use leptos::prelude::*;

use super::{
    ValuePage,
    words::{counted, money, per, per_lead, rate},
};
use crate::pages::settings::trend_parts::{self, whole};

impl ValuePage {
    pub(super) fn tiles(&self) -> impl IntoView + use<> {
        let (now, before) = (&self.value.total, &self.value.previous);
        let kinds: Vec<_> = LeadKind::ALL
            .iter()
            .map(|kind| counted(*kind, now.of(*kind)))
            .collect();
        let then = self.value.compared.words();
        let uncompared = match then {
            None => Some("Not compared with anything".to_owned()),
            Some(_) => self
                .value
                .lead_coverage
                .words(self.value.previous_range, &self.value.zone),
        };
        let then = then.unwrap_or_default();
        let (each, each_before) = (per_lead(now), per_lead(before));
        let before_words = match (&uncompared, each_before) {
            (Some(why), _) => why.clone(),
            (None, Some(each)) => format!("vs {} in {then}", number::quotient(each)),
            (None, None) => format!("no leads in {then}"),
        };
        let is_compared = uncompared.is_none();
        let count_words = uncompared
            .unwrap_or_else(|| format!(" vs {} in {then}", number::count(before.all_leads())));
        let change = is_compared.then(|| moved(now.all_leads(), before.all_leads()));
        let each_of: Vec<_> = LeadKind::ALL
            .iter()
            .skip(1)
            .filter_map(|kind| {
                let each = per(now, *kind)?;
                Some(format!("{} per {}", number::quotient(each), kind.id()))
            })
            .collect();
        let each_of = each_of.join(" · ");
        let worth: Vec<_> = now
            .worth_micro
            .iter()
            .map(|(currency, micro)| view! { <b>{money(*micro, currency)}</b> })
            .collect();
        let has_worth = !worth.is_empty();
        let per_credit: Vec<_> = now
            .worth_micro
            .keys()
            .filter_map(|currency| {
                let each = now.worth_per_credit(currency)?;
                Some(view! { <b>{rate(each, currency)}</b> })
            })
            .collect();
        let has_rate = !per_credit.is_empty();
        let unknown = || view! { <b>"—"</b> };
        view! {
            <dl class="tiles" data-testid="tiles">
                <div class="card tile"><dt>"Leads, bookings, sales"</dt><dd><b>{number::count(now.all_leads())}</b><span class="dim value-moved">{change}{count_words}</span><span class="dim">{kinds.join(" · ")}</span></dd></div>
                <div class="card tile"><dt>"Credits per lead"</dt><dd><b>{each.map_or_else(|| "—".to_owned(), number::quotient)}</b><span class="dim">{each_of}</span><span class="dim">{before_words}</span></dd></div>
                <div class="card tile"><dt>"Value"</dt><dd>{worth}{(!has_worth).then(unknown)}<span class="dim">{if has_worth { "as reported with them" } else { "none was reported" }}</span></dd></div>
                <div class="card tile"><dt>"Value per credit"</dt><dd>{per_credit}{(!has_rate).then(unknown)}<span class="dim">"for each of "{whole(now.used.credits)}" credits used"</span></dd></div>
            </dl>
        }
    }

    pub(super) fn wasted(&self) -> impl IntoView + use<> {
        let wasted = self.value.wasted;
        let chats = wasted.chats_without_lead.map_or_else(
            || {
                view! { <b>"—"</b><span class="dim">"not known until leads are reported"</span> }
                    .into_any()
            },
            |chats| part_of(chats, wasted.chats, "chats").into_any(),
        );
        view! {
            <section aria-labelledby="wasted">
                <header class="section-header"><h2 id="wasted">"Low-value usage"</h2><p>"Short calls and chats without a lead, and how each is measured."</p></header>
                <dl class="tiles" data-testid="wasted">
                    <div class="card tile"><dt>"Calls under 10 seconds"</dt><dd>{part_of(wasted.short_calls, wasted.calls, "calls")}
                        <span class="definition">"Voice calls that lasted less than ten seconds, by their metered time, or by "<code>"duration_s"</code>" in their metadata. Calls whose length is not known are not counted."</span></dd></div>
                    <div class="card tile"><dt>"Chats without a lead"</dt><dd>{chats}
                        <span class="definition">"Chats whose reference no lead of the same company names within 35 days. Replies with the same reference are one chat. A reply without a reference counts as a chat, but never as one without a lead. A lead that is reported later takes its chat out again."</span></dd></div>
                </dl>
            </section>
        }
    }
}

/// How a count moved, as figures of credits do.
fn moved(now: u64, before: u64) -> Option<AnyView> {
    let as_credits = |count: u64| Credits::from_micro(i64::try_from(count).unwrap_or(i64::MAX));
    trend_parts::moved(as_credits(now), as_credits(before))
}

fn part_of(part: Totals, all: Totals, what: &'static str) -> impl IntoView {
    let more = format!(
        "{} of the {} credits of {what} · {} of {} {what}",
        number::percent(part.credits, all.credits),
        number::whole_credits(all.credits),
        number::count(part.events),
        number::count(all.events),
    );
    view! { <b>{whole(part.credits)}</b><span class="dim">{more}</span> }
}
