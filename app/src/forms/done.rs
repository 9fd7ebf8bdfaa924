//! What was done: a sentence with a check mark, a way back where there is one, and what is shown this once.

use std::fmt;

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::ui::Icon;

/// What a form came to, told once on the page that it leads to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// A sentence that names what was done, and to what.
    pub text: String,
    /// How it is taken back.
    pub undo: Option<Undo>,
    /// What was made and is shown this once.
    pub secret: Option<Secret>,
}

/// The form that takes something back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undo {
    /// Where it is sent.
    pub action: String,
    /// What it sends.
    pub fields: Vec<(String, String)>,
}

/// Something that nobody can look up again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Secret {
    /// What it is.
    pub kind: SecretKind,
    /// The secret itself.
    pub text: String,
}

/// What a secret is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecretKind {
    /// An API key.
    Key,
    /// The link of an invitation that was mailed as well.
    Invitation,
    /// The link of an invitation that could not be mailed again.
    InvitationNotMailed,
    /// What an endpoint's events are signed with.
    SigningSecret,
    /// Recovery codes, one a line.
    RecoveryCodes,
}

/// Says what it is and keeps the secret.
impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Secret")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl From<&str> for Done {
    fn from(text: &str) -> Self {
        Self::said(text)
    }
}

impl From<String> for Done {
    fn from(text: String) -> Self {
        Self::said(text)
    }
}

impl Done {
    /// Something that cannot or need not be taken back.
    pub fn said(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            undo: None,
            secret: None,
        }
    }

    /// With a form that takes it back.
    #[must_use]
    pub fn undone_by(
        mut self,
        action: &str,
        fields: impl IntoIterator<Item = (&'static str, String)>,
    ) -> Self {
        let fields = fields.into_iter();
        self.undo = Some(Undo {
            action: action.to_owned(),
            fields: fields
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
        });
        self
    }

    /// With something that is shown this once.
    #[must_use]
    pub fn with_secret(mut self, kind: SecretKind, text: impl Into<String>) -> Self {
        self.secret = Some(Secret {
            kind,
            text: text.into(),
        });
        self
    }

    /// The sentence, with a check mark and the button that takes it back.
    pub(crate) fn view(&self) -> AnyView {
        let undo = self.undo.as_ref().map(|undo| {
            let fields: Vec<_> = undo
                .fields
                .iter()
                .map(|(name, value)| {
                    view! { <input type="hidden" name=name.clone() value=value.clone()/> }
                })
                .collect();
            view! {
                <form class="notice-action" method="post" action=undo.action.clone() data-testid="undo">
                    {fields}<button class="button" type="submit">"Undo"</button>
                </form>
            }
        });
        view! {
            <div class="notice done" role="status" data-testid="done">
                {Icon::Fine.view()}
                <p>{self.text.clone()}</p>
                {undo}
            </div>
        }
        .into_any()
    }
}

impl Secret {
    /// The secret with a button that copies it, on a page that is not kept anywhere.
    pub(crate) fn view(&self) -> AnyView {
        let (title, text, label, id) = match self.kind {
            SecretKind::Key => (
                "Copy the key now",
                "It is shown this once: only a hash of it is kept.",
                "The new API key",
                "new-key",
            ),
            SecretKind::Invitation => (
                "Invitation sent",
                "We send at most one email an hour to the same person, with a link of its own. You can also share this link yourself: it works once, for 7 days, and is shown only now.",
                "Link of the invitation",
                "invitation-link",
            ),
            SecretKind::InvitationNotMailed => (
                "Invitation not emailed",
                "This person was sent an invitation lately, and its link no longer works. Share this link yourself: it works once, for 7 days, and is shown only now.",
                "Link of the invitation",
                "invitation-link",
            ),
            SecretKind::SigningSecret => (
                "Signing secret",
                "Copy it now: it is shown this once. Events are signed with it.",
                "Signing secret",
                "webhook-secret",
            ),
            SecretKind::RecoveryCodes => (
                "Recovery codes",
                "They are shown this once.",
                "Recovery codes",
                "codes",
            ),
        };
        view! {
            <section class="card secret" role="status" data-once="">
                <h2>{title}</h2>
                <p>{text}</p>
                <div class="secret-line">
                    <input class="secret-text" id=id type="text" readonly value=self.text.clone() aria-label=label data-testid=id/>
                    {copy_button("button primary", id, "Copy")}
                </div>
            </section>
        }
        .into_any()
    }
}

/// A button that copies what an element says, and says so for a moment in the same width.
pub(crate) fn copy_button(
    class: &str,
    of: &'static str,
    words: &'static str,
) -> impl IntoView + use<> {
    view! {
        <button class=format!("{class} copy-button needs-script") type="button" data-act="copy" data-copy=of>
            <span class="copy-words">{words}</span>
            <span class="copy-copied" aria-hidden="true">"Copied"</span>
            <span class="visually-hidden" role="status"></span>
        </button>
    }
}
