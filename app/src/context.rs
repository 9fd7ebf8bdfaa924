//! What the server hands to pages and server functions.

/// Who looks at the page, and how they like it.
#[derive(Debug, Clone, Default)]
pub struct Current {
    /// What they may see and do; none when nobody is signed in.
    pub caller: Option<service::Caller>,
    /// The signed-in person.
    pub user: Option<service::ports::User>,
    /// `light` or `dark` when they chose one; none follows the system.
    pub theme: Option<String>,
}
