//! What an account's clients see in the place of our own look.

use domain::{Invalid, brand::Brand};

use crate::{Scope, ServiceError, ServiceResult, Services, audit::Deed, ports::Expected};

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
        self.set_brand_if(scope, brand, &Expected::Any).await
    }

    /// The same, if the look is what is expected.
    ///
    /// # Errors
    /// [`ServiceError::Stale`] when it is not.
    pub async fn set_brand_if(
        &self,
        scope: &Scope,
        brand: Brand,
        expected: &Expected,
    ) -> ServiceResult<()> {
        scope.require_manage()?;
        Invalid::refuse(brand.check())?;
        let kept = Some(&brand).filter(|brand| !brand.is_plain());
        let set = self
            .store
            .set_brand(scope.account.id, kept, expected, self.now())
            .await?;
        if !set.is_made() {
            return Err(ServiceError::Stale);
        }
        let deed = Deed {
            action: "brand.changed",
            target: &brand.name,
            detail: brand.colour.clone(),
        };
        self.record(scope, deed).await;
        Ok(())
    }
}
