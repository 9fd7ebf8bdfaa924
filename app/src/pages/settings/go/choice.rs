//! What can be chosen in a picker: by name, found by typed letters.

use domain::fold::folded;
use leptos::prelude::*;

/// Something to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Choice {
    /// What it is called.
    pub(super) label: String,
    /// What else there is to say.
    pub(super) hint: String,
    /// Where it leads.
    pub(super) href: String,
    /// Keys that lead there without the picker.
    pub(super) keys: Option<String>,
}

/// Choices of a kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) title: &'static str,
    pub(super) choices: Vec<Choice>,
}

/// How well a name fits what was typed: the smaller, the better; none when not at all.
pub(super) fn fit(name: &str, typed: &str) -> Option<u8> {
    let (name, typed) = (folded(name), folded(typed.trim()));
    if typed.is_empty() {
        return Some(0);
    }
    if name.starts_with(typed.as_str()) {
        return Some(1);
    }
    let begins_word = |word: &str| {
        name.split(|letter: char| !letter.is_alphanumeric())
            .any(|part| part.starts_with(word))
    };
    if typed.split_whitespace().all(begins_word) {
        return Some(2);
    }
    name.contains(typed.as_str()).then_some(3)
}

/// Those that fit, the best first; as many as `most`.
pub(super) fn fitting(choices: Vec<Choice>, typed: &str, most: usize) -> (u8, Vec<Choice>) {
    let mut found: Vec<_> = choices
        .into_iter()
        .filter_map(|choice| Some((fit(&choice.label, typed)?, choice)))
        .collect();
    found.sort_by_key(|(fit, _)| *fit);
    let best = found.first().map_or(u8::MAX, |(fit, _)| *fit);
    let choices = found.into_iter().take(most).map(|(_, choice)| choice);
    (best, choices.collect())
}

impl Choice {
    fn view(self, typed: &str) -> AnyView {
        let keys = self.keys.map(|keys| view! { <kbd>{keys}</kbd> });
        view! {
            <li><a class="picker-item" href=self.href>
                <span class="picker-label">{marked(&self.label, typed)}</span>
                <small>{self.hint}</small>
                {keys}
            </a></li>
        }
        .into_any()
    }
}

/// A name with what was typed marked in it, where it stands there letter for letter.
pub(in crate::pages::settings) fn marked(label: &str, typed: &str) -> AnyView {
    let typed = typed.trim();
    let lower = label.to_ascii_lowercase();
    let at = lower
        .find(&typed.to_ascii_lowercase())
        .filter(|_| !typed.is_empty());
    match at.and_then(|at| {
        Some((
            label.get(..at)?,
            label.get(at..at + typed.len())?,
            label.get(at + typed.len()..)?,
        ))
    }) {
        Some((before, hit, after)) => {
            // An empty text would be shown as a space.
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            let (before, hit, after) = (some(before), some(hit), some(after));
            view! { {before}<mark>{hit}</mark>{after} }.into_any()
        }
        None => label.to_owned().into_any(),
    }
}

/// Groups of choices, with how many there are.
pub(super) fn view(groups: Vec<Group>, typed: &str) -> AnyView {
    let count: usize = groups.iter().map(|group| group.choices.len()).sum();
    let said = match count {
        0 => "Nothing found".to_owned(),
        1 => "1 result".to_owned(),
        count => format!("{count} results"),
    };
    let groups: Vec<_> = groups
        .into_iter()
        .filter(|group| !group.choices.is_empty())
        .map(|group| {
            let choices: Vec<_> = group
                .choices
                .into_iter()
                .map(|choice| choice.view(typed))
                .collect();
            view! { <section><h3>{group.title}</h3><ul aria-label=group.title>{choices}</ul></section> }
        })
        .collect();
    view! { <div class="picker-results" data-results="">{groups}<p class="picker-count" role="status">{said}</p></div> }
        .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(label: &str) -> Choice {
        Choice {
            label: label.to_owned(),
            hint: String::new(),
            href: String::new(),
            keys: None,
        }
    }

    #[test]
    fn the_beginning_of_a_name_fits_better_than_that_of_a_word_and_that_better_than_its_middle() {
        let names = ["Set up branding", "Brand", "Client branding", "Abrandon"];
        let choices = names.map(named).to_vec();
        let (best, found) = fitting(choices, "BRAND", 10);
        let found: Vec<_> = found.iter().map(|choice| choice.label.as_str()).collect();
        assert_eq!(
            found,
            ["Brand", "Set up branding", "Client branding", "Abrandon"]
        );
        assert_eq!(best, 1);
        assert_eq!(fit("Acme Dental", "den ac"), Some(2));
        assert_eq!(fit("Acme Dental", "x"), None);
        // As everywhere that something is searched for: capitals make no difference, marks do.
        assert_eq!(fit("Zürich Praxis", "ZÜR"), Some(1));
        assert_eq!(fit("Zürich Praxis", "zur"), None);
    }

    #[test]
    fn as_many_are_listed_as_there_is_room_for() {
        let choices = (0..100).map(|number| named(&format!("Company {number}")));
        let (_, found) = fitting(choices.collect(), "company", 4);
        assert_eq!(found.len(), 4);
    }
}
