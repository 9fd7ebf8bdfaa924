//! What an account's clients see in the place of our own look.

use domain::{Invalid, brand::Brand};

use crate::{Scope, ServiceResult, Services, audit::Deed};

impl Services {
    /// The look of an account for its clients; our own when it has none.
    pub async fn brand(&self, scope: &Scope) -> ServiceResult<Brand> {
        Ok(self
            .store
            .brand(scope.account.id)
            .await?
            .unwrap_or_default())
    }

    /// Gives an account a look of its own, or takes it away.
    pub async fn set_brand(&self, scope: &Scope, brand: Brand) -> ServiceResult<()> {
        scope.require_manage()?;
        Invalid::refuse(brand.check())?;
        let kept = Some(&brand).filter(|brand| !brand.is_plain());
        self.store
            .set_brand(scope.account.id, kept, self.now())
            .await?;
        let deed = Deed {
            action: "brand.changed",
            target: &brand.name,
            detail: brand.colour.clone(),
        };
        self.record(scope, deed).await;
        Ok(())
    }
}
