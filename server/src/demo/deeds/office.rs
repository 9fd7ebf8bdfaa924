//! Alerts, keys and invitations in the demo's past.

use domain::{
    alert::{Condition, Rule},
    tenancy::Role,
};
use service::{ServiceResult, keys::KeyAsk, members::Place, ports::KeyScope};

use super::Stage;
use crate::demo::cast::AGENCY;

const DAY_S: u32 = 86_400;
/// A key that was created with history's beginning expires some days after the demo begins.
const EXPIRES_IN_DAYS: i64 = 9;

impl Stage<'_> {
    pub(super) async fn rules(&self) -> ServiceResult<()> {
        let scope = self.owner().await?;
        let credits = self.world.size.credits(300);
        for (key, condition) in [
            (
                "company-budgets",
                Condition::CompanyBudget {
                    company: None,
                    levels: vec![75, 90, 100],
                },
            ),
            ("spikes", Condition::Spike { credits }),
            ("projected-run-out", Condition::ProjectedRunOut),
        ] {
            let rule = Rule {
                key: key.to_owned(),
                condition,
                ..Rule::usual()
            };
            self.services.put_alert_rule(&scope, rule).await?;
        }
        Ok(())
    }

    pub(super) async fn acknowledge(&self) -> ServiceResult<()> {
        let scope = self.owner().await?;
        for alert in self.services.open_alerts(&scope).await? {
            self.services
                .acknowledge_alert(&scope, alert.number)
                .await?;
        }
        Ok(())
    }

    /// Keys of the agency's programs: two that report, one that reads and soon expires, one that was revoked.
    pub(super) async fn keys(&mut self) -> ServiceResult<()> {
        let owner = self.person(crate::demo::cast::OWNER).await?;
        let ends = self
            .world
            .began
            .plus_micros(EXPIRES_IN_DAYS * i64::from(DAY_S) * 1_000_000);
        let left_s = ends.micros_since(self.services.now()) / 1_000_000;
        let asks = [
            ("Chat gateway", vec![KeyScope::Ingest], None),
            (
                "Voice gateway",
                vec![KeyScope::Ingest, KeyScope::Check],
                None,
            ),
            (
                "Monthly reports",
                vec![KeyScope::Read],
                u32::try_from(left_s).ok(),
            ),
            ("First trial", vec![KeyScope::Ingest], None),
        ];
        for (name, scopes, expires_in_s) in asks {
            let ask = KeyAsk {
                scopes,
                name: name.to_owned(),
                expires_in_s,
            };
            let made = self.services.make_key(&owner, Some(AGENCY), ask).await?;
            if name == "First trial" {
                self.services
                    .revoke_key(&owner, Some(AGENCY), &made.key.prefix)
                    .await?;
            } else {
                self.tokens.push(made.token);
            }
        }
        Ok(())
    }

    pub(super) async fn use_keys(&self) -> ServiceResult<()> {
        for token in &self.tokens {
            self.services.caller_of_token(token).await?;
        }
        self.services.note_used_keys().await
    }

    pub(super) async fn invite(&self) -> ServiceResult<()> {
        let scope = self.owner().await?;
        for (email, role, companies) in [
            ("mara@northwind.example", Role::Analyst, vec![]),
            (
                "front-desk@bluewater.example",
                Role::Client,
                vec!["bluewater-spa".to_owned()],
            ),
        ] {
            let place = Place { role, companies };
            self.services
                .invite(&scope, email, &place, "http://localhost")
                .await?;
        }
        Ok(())
    }
}
