//! Companies picked by their names: a list where there are few, a search where there are many. It needs no scripts: what
//! is chosen stays in the form while somebody looks for more.

use std::collections::BTreeSet;

use domain::tenancy::Company;
use leptos::prelude::*;
use service::{Scope, ServiceResult, Services};

use super::{FormState, Marks};

/// Companies that are listed at once: with more there is a search.
const LISTED: u32 = 12;

/// The companies of a form.
#[derive(Debug, Clone)]
pub struct Picker {
    /// Those that are chosen.
    chosen: Vec<Company>,
    /// Those that are offered besides.
    offered: Vec<Company>,
    /// Whether there are more than are offered.
    has_more: bool,
    search: String,
}

impl Picker {
    /// Reads what is chosen and what is offered: `entered` are keys of a form that was sent, `stored` what is chosen
    /// otherwise. A key that is nothing to this reader is not chosen.
    pub async fn read(
        services: &Services,
        scope: &Scope,
        form: (Option<Vec<String>>, String),
        stored: &[Company],
    ) -> ServiceResult<Self> {
        let (entered, search) = form;
        let chosen = match entered {
            None => stored.to_vec(),
            // All of them: what is left out here is taken away by the next save.
            Some(keys) => services.companies_named(scope, &keys).await?,
        };
        let find = Some(search.trim()).filter(|text| !text.is_empty());
        let most = LISTED + 1 + u32::try_from(chosen.len()).unwrap_or(0);
        let mut offered = services.companies(scope, find, None, most).await?;
        let keys: BTreeSet<_> = chosen.iter().map(|one| one.key.as_str()).collect();
        offered.retain(|one| !keys.contains(one.key.as_str()));
        let has_more = offered.len() > LISTED as usize;
        offered.truncate(LISTED as usize);
        Ok(Self {
            chosen,
            offered,
            has_more,
            search,
        })
    }

    /// Boxes of which any number can be checked.
    pub fn many(&self, form: &FormState, hint: &'static str) -> AnyView {
        let marks = form.marks("companies", true);
        let mut first = Some(&marks);
        let chips: Vec<_> = self
            .chosen
            .iter()
            .map(|one| choice("checkbox", "companies", one, true, first.take()))
            .collect();
        let list: Vec<_> = self
            .offered
            .iter()
            .map(|one| choice("checkbox", "companies", one, false, first.take()))
            .collect();
        let chips = (!chips.is_empty()).then(|| view! { <div class="choices-chips">{chips}</div> });
        self.around(
            "Company access",
            (chips.into_any(), list),
            form,
            ("companies", &marks),
            hint,
        )
    }

    /// Boxes of which one can be checked; `none` is what it means when none of them is.
    pub fn one(&self, form: &FormState, none: &'static str) -> AnyView {
        let marks = form.marks("company", true);
        let is_any = self.chosen.is_empty();
        let mut list = vec![
            view! { <label class="check"><input type="radio" name="company" value="" checked=is_any aria-invalid=marks.invalid aria-describedby=marks.described.clone() autofocus=marks.focus/>{none}</label> }
                .into_any(),
        ];
        let chosen = self.chosen.iter().map(|one| (one, true));
        let all = chosen.chain(self.offered.iter().map(|one| (one, false)));
        list.extend(all.map(|(one, is_on)| choice("radio", "company", one, is_on, None)));
        self.around(
            "Company",
            (().into_any(), list),
            form,
            ("company", &marks),
            "",
        )
    }

    fn around(
        &self,
        label: &'static str,
        (chips, list): (AnyView, Vec<AnyView>),
        form: &FormState,
        (name, marks): (&str, &Marks),
        hint: &'static str,
    ) -> AnyView {
        let has_search = self.has_more || !self.search.is_empty();
        let search = has_search.then(|| self.search_field());
        let nothing = list.is_empty().then(|| {
            let words = if self.search.is_empty() {
                "No other companies."
            } else {
                "No company matches. Try another name."
            };
            view! { <p class="dim">{words}</p> }
        });
        let more = self
            .has_more
            .then_some(" More match: search for a part of the name.");
        let list = (!list.is_empty()).then(|| view! { <div class="choices-list">{list}</div> });
        let problem = form.under(name, label);
        let id = format!("{}-hint", marks.id);
        view! {
            <fieldset class="choices">
                <legend>{label}</legend>
                {chips}
                {search}
                {list}
                {nothing}
                {problem}
                <small id=id>{hint}{more}</small>
            </fieldset>
        }
        .into_any()
    }

    /// What is typed here is looked for before anything is done, whatever button is pressed.
    fn search_field(&self) -> AnyView {
        view! {
            <div class="choices-search">
                <input type="search" name="find" value=self.search.clone() placeholder="Name contains…" aria-label="Find a company" autocomplete="off"/>
                <input type="hidden" name="found" value=self.search.clone()/>
                <button class="button" type="submit">"Find"</button>
            </div>
        }
        .into_any()
    }
}

fn choice(
    kind: &'static str,
    name: &'static str,
    company: &Company,
    is_on: bool,
    marks: Option<&Marks>,
) -> AnyView {
    let (invalid, focus) = marks.map_or((None, false), |marks| (marks.invalid, marks.focus));
    let described = marks.and_then(|marks| marks.described.clone());
    view! {
        <label class="check"><input type=kind name=name value=company.key.clone() checked=is_on aria-invalid=invalid aria-describedby=described autofocus=focus/>{company.name.clone()}</label>
    }
    .into_any()
}
