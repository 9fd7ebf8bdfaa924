//! Names of fields, and sentences about what is wrong with them.

/// Words that a message begins with that goes on from the name of its field.
const PREDICATES: [&str; 7] = ["must", "is", "are", "has", "would", "goes", "does"];

/// What people call a field, by its name in forms and in the API.
pub fn label_of(field: &str) -> String {
    let known = match field {
        "old_password" => "Current password",
        "at" | "threshold" | "levels" => "Threshold",
        "kind" => "Condition",
        "companies" => "Company access",
        "url" => "Endpoint URL",
        "expires_in_s" => "Expiry",
        "for_s" => "Snooze",
        "version" => "The form",
        "logo" | "sent_logo" => "Logo",
        "credits" => "Refund",
        "supports" => "Your answer",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let words = field.replace(['_', '.'], " ");
    capitalised(&words)
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().collect::<String>() + letters.as_str()
    })
}

/// A message about a field as a sentence of its own: `must not be negative` of `Budget` is `Budget must not be negative.`
pub fn sentence(label: &str, message: &str) -> String {
    let first = message.split(' ').next().unwrap_or_default();
    let text = if PREDICATES.contains(&first) {
        format!("{label} {message}")
    } else {
        capitalised(message)
    };
    if text.ends_with(['.', '?', '!']) {
        text
    } else {
        text + "."
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_is_a_sentence_about_its_field() {
        assert_eq!(
            sentence("Budget", "must not be negative"),
            "Budget must not be negative."
        );
        assert_eq!(
            sentence("Company access", "a client needs at least one company"),
            "A client needs at least one company."
        );
        assert_eq!(
            sentence("Budget", "Write it in full, for example 2,000."),
            "Write it in full, for example 2,000."
        );
    }

    #[test]
    fn fields_are_called_as_on_the_page() {
        assert_eq!(label_of("levels"), "Threshold");
        assert_eq!(label_of("own_colour"), "Own colour");
    }
}
