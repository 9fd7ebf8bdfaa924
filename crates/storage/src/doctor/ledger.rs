//! The ledger against the events, and against itself.

mod books;
mod companies;
mod grants;
mod overage;
mod payments;

use super::{Examination, Patient};
use crate::error::Result;

/// Whether every credit of an account can be explained.
pub(super) async fn examine(examination: &mut Examination<'_>, patient: &Patient) -> Result<()> {
    companies::examine(examination, patient).await?;
    payments::examine(examination, patient).await?;
    grants::examine(examination, patient).await?;
    overage::examine(examination, patient).await?;
    books::examine(examination, patient).await
}
