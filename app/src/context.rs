//! What the server hands to pages and server functions.

use std::hash::{Hash as _, Hasher as _};

use crate::{error::AppError, forms::Sent};

/// Who looks at the page, and how they like it.
#[derive(Debug, Clone, Default)]
pub struct Current {
    /// Who it is; none when nobody is signed in.
    pub known: Option<Known>,
    /// `light` or `dark` when they chose one; none follows the system.
    pub theme: Option<String>,
    /// The origins whose pages may show this one in a frame; none may.
    pub frame_ancestors: Option<String>,
    /// What a form came to that they sent a moment ago.
    pub sent: Sent,
}

/// Someone who is signed in.
#[derive(Debug, Clone)]
pub struct Known {
    /// What they may see and do.
    pub caller: service::Caller,
    /// How they are named.
    pub person: Person,
    /// The stored person; none for users of a platform who came by a link.
    pub user: Option<service::ports::User>,
    /// Whether they showed lately who they are.
    pub is_confirmed: bool,
    /// What is known of it when a provider of single sign-on vouched for them.
    pub elsewhere: Option<Elsewhere>,
    /// Whether they have to set up a second factor before anything else.
    pub owes_second_factor: bool,
}

/// A provider of single sign-on that vouched for someone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Elsewhere {
    /// Whether it did so lately, whenever it had asked them.
    pub is_lately: bool,
    /// Whether it did not say when it had asked them.
    pub is_untimed: bool,
}

/// How someone is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Display name.
    pub name: String,
    /// E-mail address; empty for users of a platform.
    pub email: String,
    /// Whether they are platform staff.
    pub is_staff: bool,
    /// Whether they came by a platform's link.
    pub is_portal: bool,
}

impl Current {
    /// Who is signed in, and what they may do.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub fn known(&self) -> Result<(&Person, &service::Caller), AppError> {
        let known = self.known.as_ref().ok_or(AppError::SignedOut)?;
        Ok((&known.person, &known.caller))
    }

    /// What they may see and do; none when nobody is signed in.
    pub fn caller(&self) -> Option<&service::Caller> {
        self.known.as_ref().map(|known| &known.caller)
    }
}

/// Addresses of what every page loads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Assets {
    /// The script.
    pub script: String,
    /// What it runs.
    pub wasm: String,
    /// The style sheet.
    pub style: String,
    /// The style sheet of all pages but the usage page, where the build made two.
    pub pages_style: Option<String>,
    /// The typeface, as the style sheet names it.
    pub font: String,
    /// The icon.
    pub icon: String,
    /// What this build is told from another by.
    pub build: String,
}

impl Known {
    /// A mark that tells readers apart, without saying who they are.
    pub fn mark(&self) -> String {
        let mut hash = std::hash::DefaultHasher::new();
        (self.caller.name(), self.caller.user().map(|user| user.0)).hash(&mut hash);
        format!("{:016x}", hash.finish())
    }
}
