//! The sheet of an alert rule: a new one, or one to change, snooze or delete.

use domain::{
    Time,
    alert::{Condition, Rule},
};
use leptos::prelude::*;
use service::{Scope, ports::Versioned as _};

use super::{
    super::frame::{Ask, Frame, hidden},
    threshold_of,
};
use crate::{
    components::{Sheet, Side, sheet_foot},
    error::AppError,
    forms::{Field, FormState, Picker},
};

const PUT: &str = "/billing/alerts/rules";
/// For how long a rule can be snoozed: seconds and words.
const SNOOZES: [(&str, &str); 3] = [
    ("86400", "1 day"),
    ("604800", "7 days"),
    ("3024000", "35 days"),
];
/// What can be watched: name, words, what the threshold is, and one to begin with.
const KINDS: [(&str, &str, &str); 5] = [
    (
        "used_percent",
        "Credits used",
        "percent of the cycle's credits",
    ),
    ("remaining", "Credits remaining", "credits"),
    (
        "company_budget",
        "Budget used",
        "percent of a company's budget",
    ),
    (
        "projected_run_out",
        "Run-out forecast",
        "before the cycle ends, no threshold",
    ),
    ("spike", "Spike", "credits over expected"),
];

/// A rule in a sheet.
#[derive(Debug, Clone)]
pub(super) struct RuleSheet {
    /// The rule that is changed; none for a new one.
    rule: Option<Rule>,
    picker: Picker,
}

impl RuleSheet {
    /// The sheet of the address; none when it names no rule.
    pub(super) async fn read(
        ask: &Ask<'_>,
        scope: &Scope,
        frame: &Frame,
        rules: &[Rule],
    ) -> Result<Option<Self>, AppError> {
        let is_new = ask.value("new").as_deref() == Some("rule");
        let edited = ask.value("edit");
        let rule = edited.and_then(|key| rules.iter().find(|rule| rule.key == key));
        if !is_new && rule.is_none() {
            return Ok(None);
        }
        let rule = rule.filter(|_| !is_new).cloned();
        let stored = match rule.as_ref().map(|rule| &rule.condition) {
            Some(Condition::CompanyBudget {
                company: Some(key), ..
            }) => vec![key.clone()],
            _ => Vec::new(),
        };
        let entered = {
            let form = form(frame, rule.as_ref());
            (
                form.values("company").or(Some(stored)),
                form.value("find", ""),
            )
        };
        let picker = Picker::read(ask.services, scope, entered, &[]).await?;
        Ok(Some(Self { rule, picker }))
    }

    pub(super) fn view(&self, frame: &Frame, now: Time) -> AnyView {
        let rule = self.rule.as_ref();
        let form = form(frame, rule);
        let fields = self.fields(&form);
        let (title, save) = match rule {
            Some(_) => ("Edit alert", "Save"),
            None => ("Create alert", "Create alert"),
        };
        let act = view! { <button class="button primary" type="submit">{save}</button> }.into_any();
        let foot = sheet_foot(form.foot(), frame.back(), act);
        let place = rule.map_or(("new", "rule"), |rule| ("edit", rule.key.as_str()));
        let named = rule.map(|rule| {
            let version = rule.version().to_string();
            (hidden("key", rule.key.clone()), hidden("version", version))
        });
        let content = view! {
            {rule.map(|rule| others(frame, rule, now))}
            <form method="post" action=PUT novalidate data-testid="rule">
                {frame.places(Some(place))}{named}
                <div class="sheet-fields">{fields}</div>
                {foot}
            </form>
        };
        Sheet {
            side: Side::Edge,
            title: title.to_owned(),
            lead: rule.map_or_else(
                || "Each threshold notifies once in a billing cycle.".to_owned(),
                |rule| rule.condition.to_string(),
            ),
            close: frame.back(),
        }
        .view(content.into_any())
    }

    fn fields(&self, form: &FormState) -> AnyView {
        let rule = self.rule.as_ref();
        let kinds = kinds(form, rule.map_or(KINDS[0].0, |rule| rule.condition.kind()));
        let at = rule.map_or_else(
            || "75, 90, 100".to_owned(),
            |rule| threshold_of(&rule.condition),
        );
        let at = Field::text("at", "Threshold")
            .stored(at)
            .max("120")
            .hint("Percentages such as 75, 90, 100, or credits such as 1,500.")
            .first()
            .view(form);
        let companies = self.picker.one(form, "Every company with a budget");
        let (by_mail, by_webhook) =
            rule.map_or((true, true), |rule| (rule.by_mail, rule.by_webhook));
        view! {
            {kinds}
            {at}
            <div data-for="company_budget">{companies}<small class="dim">"Only for Budget used."</small></div>
            <fieldset class="choices"><legend>"Notify via"</legend>
                <label class="check"><input type="checkbox" name="by_mail" value="1" checked=form.is_checked("by_mail", by_mail)/>"Email"</label>
                <label class="check"><input type="checkbox" name="by_webhook" value="1" checked=form.is_checked("by_webhook", by_webhook)/>"Webhooks"</label>
            </fieldset>
        }
        .into_any()
    }
}

fn form(frame: &Frame, rule: Option<&Rule>) -> FormState {
    match rule {
        Some(rule) => frame.form("rule", PUT, &[("key", &rule.key)]),
        None => frame.form("rule", PUT, &[]),
    }
}

fn kinds(form: &FormState, stored: &str) -> AnyView {
    let marks = form.marks("kind", false);
    let chosen = form.value("kind", stored);
    let rows: Vec<_> = KINDS
        .into_iter()
        .map(|(id, words, what)| {
            let (is_on, first) = (id == chosen, id == KINDS[0].0);
            let invalid = marks.invalid.filter(|_| first);
            let described = marks.described.clone().filter(|_| first);
            view! { <label class="check"><input type="radio" name="kind" value=id checked=is_on aria-invalid=invalid aria-describedby=described autofocus=marks.focus && first/>{words}<small>{what}</small></label> }
        })
        .collect();
    let problem = form.under("kind", "Condition");
    view! { <fieldset class="choices"><legend>"Condition"</legend><div class="kinds">{rows}</div>{problem}</fieldset> }.into_any()
}

/// What else is done to a rule: both can be taken back.
fn others(frame: &Frame, rule: &Rule, now: Time) -> AnyView {
    let snooze = if rule.is_snoozed(now) {
        view! { {hidden("for_s", "0")}<button class="button" type="submit">"Resume"</button> }
            .into_any()
    } else {
        let options: Vec<_> = SNOOZES
            .iter()
            .map(|(seconds, words)| view! { <option value=*seconds>{*words}</option> })
            .collect();
        view! { <label>"Snooze for"<select name="for_s">{options}</select></label><button class="button" type="submit">"Snooze"</button> }.into_any()
    };
    let fields = || (frame.places(None), hidden("key", rule.key.clone()));
    view! {
        <div class="sheet-extra">
            <form method="post" action="/billing/alerts/snooze">{fields()}{snooze}</form>
            <form method="post" action="/billing/alerts/remove">{fields()}<button class="button danger" type="submit">"Delete"</button></form>
        </div>
    }
    .into_any()
}
