//! What all forms have in common: a refused one keeps what was entered and says at each field what is wrong, and what was
//! done is said once, with a way back where there is one.

mod done;
mod draft;
mod field;
mod picker;
mod words;

pub(crate) use done::copy_button;
pub use done::{Done, Secret, SecretKind, Undo};
pub use draft::{Draft, FormState, Marks, Problem};
pub use field::{Field, Select};
pub use picker::Picker;
pub use words::{label_of, sentence};

/// What a form came to that the reader sent a moment ago: at most one of both.
#[derive(Debug, Clone, Default)]
pub struct Sent {
    /// The form that was refused, as it was sent.
    pub draft: Option<Draft>,
    /// What was done, told this once.
    pub done: Option<Done>,
}
