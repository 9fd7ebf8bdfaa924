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

impl Current {
    /// The signed-in person and what they may do.
    ///
    /// # Errors
    /// Nobody is signed in.
    pub fn known(
        &self,
    ) -> Result<(&service::ports::User, &service::Caller), crate::error::AppError> {
        let known = self.user.as_ref().zip(self.caller.as_ref());
        known.ok_or(crate::error::AppError::SignedOut)
    }
}
