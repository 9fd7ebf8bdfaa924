//! One field of a form: its name, its control, what is wrong with it, and a hint.

use leptos::prelude::*;

use super::FormState;

/// A field that is typed in.
#[derive(Debug, Clone)]
pub struct Field {
    name: String,
    label: String,
    kind: &'static str,
    value: String,
    hint: Option<String>,
    placeholder: Option<String>,
    max: Option<&'static str>,
    mode: Option<&'static str>,
    complete: &'static str,
    aside: Option<String>,
    is_required: bool,
    is_first: bool,
    of: String,
}

impl Field {
    /// A line of text.
    pub fn text(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            label: label.into(),
            kind: "text",
            value: String::new(),
            hint: None,
            placeholder: None,
            max: None,
            mode: None,
            complete: "off",
            aside: None,
            is_required: false,
            is_first: false,
            of: String::new(),
        }
    }

    /// An amount of credits.
    pub fn credits(name: impl Into<String>, label: impl Into<String>) -> Self {
        Self {
            mode: Some("decimal"),
            ..Self::text(name, label)
        }
    }

    /// A secret, which is never kept.
    pub fn password(name: &str, label: &str, complete: &'static str) -> Self {
        Self {
            kind: "password",
            complete,
            is_required: true,
            ..Self::text(name, label)
        }
    }

    /// Of another kind of `input`.
    #[must_use]
    pub fn of_kind(mut self, kind: &'static str) -> Self {
        self.kind = kind;
        self
    }

    /// With what is stored.
    #[must_use]
    pub fn stored(mut self, value: impl Into<String>) -> Self {
        self.value = value.into();
        self
    }

    /// With a text beneath it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// With what stands in it while it is empty.
    #[must_use]
    pub fn empty(mut self, placeholder: impl Into<String>) -> Self {
        self.placeholder = Some(placeholder.into());
        self
    }

    /// With a longest text, in characters.
    #[must_use]
    pub fn max(mut self, chars: &'static str) -> Self {
        self.max = Some(chars);
        self
    }

    /// With what a browser may fill in.
    #[must_use]
    pub fn complete(mut self, complete: &'static str) -> Self {
        self.complete = complete;
        self
    }

    /// With present use beside its name.
    #[must_use]
    pub fn aside(mut self, aside: impl Into<String>) -> Self {
        self.aside = Some(aside.into());
        self
    }

    /// That has to be filled in.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.is_required = true;
        self
    }

    /// Which has the focus when its form opens.
    #[must_use]
    pub fn first(mut self) -> Self {
        self.is_first = true;
        self
    }

    /// Of one of several things of which a page has a form each.
    #[must_use]
    pub fn of(mut self, what: &str) -> Self {
        self.of = format!("-{what}");
        self
    }

    /// Shows it in a form.
    pub fn view(self, form: &FormState) -> AnyView {
        let marks = form.marks_of(&self.name, &self.of, self.hint.is_some());
        let value = match self.kind {
            "password" => String::new(),
            _ => form.value(&self.name, self.value),
        };
        let hint = self.hint.map(|hint| {
            let id = format!("{}-hint", marks.id);
            view! { <small id=id>{hint}</small> }
        });
        let aside = self
            .aside
            .map(|aside| view! { <span class="field-aside">{aside}</span> });
        let focus = marks.focus || (self.is_first && !form.is_draft());
        let problem = form.under_of(&self.name, &self.of, &self.label);
        view! {
            <div class="field">
                <label for=marks.id.clone()>{self.label}</label>{aside}
                <input id=marks.id type=self.kind name=self.name value=value placeholder=self.placeholder maxlength=self.max inputmode=self.mode
                    autocomplete=self.complete required=self.is_required aria-invalid=marks.invalid aria-describedby=marks.described autofocus=focus/>
                {problem}
                {hint}
            </div>
        }
        .into_any()
    }
}

/// A field in which one of a few is chosen.
#[derive(Debug, Clone)]
pub struct Select {
    name: &'static str,
    label: &'static str,
    chosen: String,
    options: Vec<(String, String)>,
}

impl Select {
    /// A choice among values with their words.
    pub fn new(
        name: &'static str,
        label: &'static str,
        chosen: impl Into<String>,
        options: Vec<(String, String)>,
    ) -> Self {
        Self {
            name,
            label,
            chosen: chosen.into(),
            options,
        }
    }

    /// Shows it in a form.
    pub fn view(self, form: &FormState) -> AnyView {
        let marks = form.marks(self.name, false);
        let chosen = form.value(self.name, self.chosen);
        let options: Vec<_> = self
            .options
            .into_iter()
            .map(|(value, words)| {
                let is_chosen = value == chosen;
                view! { <option value=value selected=is_chosen>{words}</option> }
            })
            .collect();
        let problem = form.under(self.name, self.label);
        view! {
            <div class="field">
                <label for=marks.id.clone()>{self.label}</label>
                <select id=marks.id name=self.name aria-invalid=marks.invalid aria-describedby=marks.described autofocus=marks.focus>{options}</select>
                {problem}
            </div>
        }
        .into_any()
    }
}
