//! Where in forms stands what the service finds wrong: its names of fields are those of the API.

use app::forms::Problem;
use domain::{Credits, FieldError, credits::AmountError};
use service::{ServiceError, ServiceResult};

/// What a form says of something that is wrong, at which of its fields.
pub(super) fn form_field(error: &FieldError) -> Problem {
    Problem {
        field: name_of(&error.field),
        message: message_of(error),
    }
}

/// The field of the forms that gives what the service calls so.
fn name_of(field: &str) -> String {
    if let Some(agent) = field.strip_prefix("agent_caps.") {
        return format!("cap_{agent}");
    }
    match field {
        "threshold" | "levels" => "at",
        other => other,
    }
    .to_owned()
}

fn message_of(error: &FieldError) -> String {
    let text = match (error.field.as_str(), error.reason.as_str()) {
        ("old_password" | "password", "wrong") => {
            "Incorrect password. Try again, or follow Forgot password?"
        }
        ("scopes", "required") => "Choose at least one scope.",
        ("companies", "required") => "Choose at least one company for a client.",
        ("levels", _) => {
            "must be whole percentages from 1 to 1000, each larger than the one before, such as 75, 90, 100"
        }
        _ => &error.message,
    };
    text.to_owned()
}

/// Names and values of a form, in their order.
pub(super) type Fields = Vec<(String, String)>;

/// What a field says, without blanks around; nothing when it is left out.
pub(super) fn text<'a>(fields: &'a Fields, name: &str) -> &'a str {
    all(fields, name).next().map_or("", str::trim)
}

/// Everything that is said under a name.
pub(super) fn all<'a>(fields: &'a Fields, name: &str) -> impl Iterator<Item = &'a str> {
    let fields = fields.iter().filter(move |(named, _)| named == name);
    fields.map(|(_, value)| value.as_str())
}

/// An amount of credits as people write it, `2,000` or `2000.5`; none when it is left empty.
pub(super) fn credits(fields: &Fields, name: &str) -> ServiceResult<Option<Credits>> {
    match text(fields, name) {
        "" => Ok(None),
        typed => amount(name, typed).map(Some),
    }
}

/// An amount of credits as people write it.
pub(super) fn amount(name: &str, typed: &str) -> ServiceResult<Credits> {
    let plain = typed.replace([',', ' ', '\u{a0}'], "");
    plain.parse().map_err(|error| match error {
        AmountError::NotANumber => {
            ServiceError::invalid(name, "Write it in full, for example 2,000.")
        }
        other => ServiceError::invalid(name, other),
    })
}
