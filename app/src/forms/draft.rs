//! A form that was refused: what was entered, what is wrong with it, and whether a page says so.

use std::{
    cell::{Cell, RefCell},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use leptos::prelude::*;

use super::words::{label_of, sentence};
use crate::ui::Icon;

/// One thing wrong with a form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Name of the field in the form; empty when it is about none.
    pub field: String,
    /// What is wrong, and the cure, as the service says it.
    pub message: String,
}

/// A form as it was sent and refused.
#[derive(Debug, Clone)]
pub struct Draft(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    action: String,
    fields: Vec<(String, String)>,
    problems: Vec<Problem>,
    is_shown: AtomicBool,
}

impl Draft {
    /// A form that was sent to an address with these fields.
    pub fn new(action: String, fields: Vec<(String, String)>, problems: Vec<Problem>) -> Self {
        Self(Arc::new(Inner {
            action,
            fields,
            problems,
            is_shown: AtomicBool::new(false),
        }))
    }

    /// Where it was sent.
    pub fn action(&self) -> &str {
        &self.0.action
    }

    /// What a field said.
    pub fn value(&self, name: &str) -> Option<&str> {
        let mut fields = self.0.fields.iter();
        let found = fields.find(|(named, _)| named == name);
        found.map(|(_, value)| value.as_str())
    }

    /// What is wrong, in one text.
    pub fn text(&self) -> String {
        let sentences: Vec<_> = self.0.problems.iter().map(in_words).collect();
        sentences.join(" ")
    }

    /// Whether the form that was refused stands in the page and says why.
    pub fn is_shown(&self) -> bool {
        self.0.is_shown.load(Ordering::Relaxed)
    }

    fn is_of(&self, action: &str, marks: &[(&str, &str)]) -> bool {
        self.0.action == action
            && marks
                .iter()
                .all(|(name, value)| self.value(name) == Some(*value))
    }
}

fn in_words(problem: &Problem) -> String {
    sentence(&label_of(&problem.field), &problem.message)
}

/// A form as it is rendered: with what is stored, or with what was entered and refused.
#[derive(Debug)]
pub struct FormState {
    id: &'static str,
    draft: Option<Draft>,
    /// Which problems stand at their fields.
    told: RefCell<Vec<usize>>,
    /// Whether a field has the focus.
    has_focus: Cell<bool>,
}

/// What a control says of itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marks {
    /// Its id.
    pub id: String,
    /// `true` when it has to be corrected.
    pub invalid: Option<&'static str>,
    /// Ids of the texts about it.
    pub described: Option<String>,
    /// Whether it is the first one to correct.
    pub focus: bool,
}

impl FormState {
    /// A form with an id of its own in the page. `marks` are the fields that tell it from others with its action.
    pub fn new(
        id: &'static str,
        draft: Option<&Draft>,
        action: &str,
        marks: &[(&str, &str)],
    ) -> Self {
        let draft = draft.filter(|draft| draft.is_of(action, marks)).cloned();
        Self {
            id,
            draft,
            told: RefCell::default(),
            has_focus: Cell::new(false),
        }
    }

    /// Whether it was sent, and refused or answered by a search.
    pub fn is_draft(&self) -> bool {
        self.draft.is_some()
    }

    /// What a field says: what was entered, or else what is stored.
    pub fn value(&self, name: &str, stored: impl Into<String>) -> String {
        match &self.draft {
            Some(draft) => draft.value(name).unwrap_or_default().to_owned(),
            None => stored.into(),
        }
    }

    /// All that was entered under a name; nothing of a form that was not sent.
    pub fn values(&self, name: &str) -> Option<Vec<String>> {
        let draft = self.draft.as_ref()?;
        let fields = draft.0.fields.iter();
        Some(
            fields
                .filter(|(named, value)| named == name && !value.is_empty())
                .map(|(_, value)| value.clone())
                .collect(),
        )
    }

    /// Whether a box is checked.
    pub fn is_checked(&self, name: &str, stored: bool) -> bool {
        match &self.draft {
            Some(draft) => draft.value(name).is_some(),
            None => stored,
        }
    }

    /// What a control says of itself; `hint` when a text beneath it describes it.
    pub fn marks(&self, name: &str, hint: bool) -> Marks {
        self.marks_of(name, "", hint)
    }

    /// The same, where the page has several forms of a kind: `of` tells them apart.
    pub(super) fn marks_of(&self, name: &str, of: &str, hint: bool) -> Marks {
        let id = self.id_of(name) + of;
        let is_invalid = self.problem(name).is_some();
        let mut described = Vec::new();
        if is_invalid {
            described.push(format!("{id}-problem"));
        }
        if hint {
            described.push(format!("{id}-hint"));
        }
        Marks {
            invalid: is_invalid.then_some("true"),
            described: (!described.is_empty()).then(|| described.join(" ")),
            focus: is_invalid && !self.has_focus.replace(true),
            id,
        }
    }

    /// The text under a field that says what is wrong, under the field's name in the page.
    pub fn under(&self, name: &str, label: &str) -> Option<AnyView> {
        self.under_of(name, "", label)
    }

    /// The same, where the page has several forms of a kind.
    pub(super) fn under_of(&self, name: &str, of: &str, label: &str) -> Option<AnyView> {
        let (index, message) = self.problem(name)?;
        self.told.borrow_mut().push(index);
        let id = format!("{}{of}-problem", self.id_of(name));
        let text = sentence(label, &message);
        Some(view! { <p class="field-problem" id=id>{text}</p> }.into_any())
    }

    /// How many fields are to be corrected, and what belongs to none: it stands at the button. Call it last.
    pub fn foot(&self) -> Option<AnyView> {
        let draft = self.draft.as_ref()?;
        draft.0.is_shown.store(true, Ordering::Relaxed);
        let told = self.told.borrow();
        let count = told.len();
        let problems = draft.0.problems.iter().enumerate();
        let general: Vec<_> = problems
            .filter(|(index, _)| !told.contains(index))
            .map(|(_, problem)| view! { <p class="form-problem">{in_words(problem)}</p> })
            .collect();
        if count == 0 && general.is_empty() {
            return None;
        }
        let words = match count {
            0 => None,
            1 => Some("1 field to correct".to_owned()),
            count => Some(format!("{count} fields to correct")),
        };
        let words = words.map(
            |words| view! { <p class="form-count">{Icon::Warning.view()}<span>{words}</span></p> },
        );
        Some(view! { <div class="form-says" role="alert">{general}{words}</div> }.into_any())
    }

    fn id_of(&self, name: &str) -> String {
        format!("{}-{}", self.id, name.replace('_', "-"))
    }

    fn problem(&self, name: &str) -> Option<(usize, String)> {
        let problems = &self.draft.as_ref()?.0.problems;
        let mut all = problems.iter().enumerate();
        let found = all.find(|(_, problem)| problem.field == name);
        found.map(|(index, problem)| (index, problem.message.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Draft {
        let fields = [("company", "acme"), ("budget", "2k"), ("name", "")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let problems = [("budget", "must be a number"), ("", "try again")];
        let problems = problems.map(|(field, message)| Problem {
            field: field.to_owned(),
            message: message.to_owned(),
        });
        Draft::new("/limits".to_owned(), fields.to_vec(), problems.to_vec())
    }

    #[test]
    fn what_was_entered_stands_in_its_own_form_and_in_no_other() {
        let draft = refused();
        let own = FormState::new("limits", Some(&draft), "/limits", &[("company", "acme")]);
        assert_eq!(own.value("budget", "1000"), "2k");
        assert_eq!(own.value("name", "Acme"), "");
        let other = FormState::new("limits", Some(&draft), "/limits", &[("company", "other")]);
        assert_eq!(other.value("budget", "1000"), "1000");
        assert!(!other.is_draft() && other.foot().is_none());
    }

    #[test]
    fn the_first_field_to_correct_has_the_focus_and_the_page_knows_that_it_was_said() {
        let draft = refused();
        let form = FormState::new("limits", Some(&draft), "/limits", &[]);
        let marks = form.marks("budget", true);
        assert_eq!(marks.invalid, Some("true"));
        assert_eq!(
            marks.described.as_deref(),
            Some("limits-budget-problem limits-budget-hint")
        );
        assert!(marks.focus && !form.marks("name", false).focus);
        assert!(form.under("budget", "Budget").is_some() && form.under("name", "Name").is_none());
        assert!(!draft.is_shown());
        assert!(form.foot().is_some() && draft.is_shown());
    }
}
