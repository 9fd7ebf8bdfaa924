//! An email a week to those who pay for an account: what was used, what was unusual, and how long credits last.

mod words;

use domain::{AccountId, Time, TimeRange, time::HOUR_US};
use serde_json::json;

use crate::{
    Caller, Permission, Scope, ServiceResult, Services,
    alerts::body,
    audit::Deed,
    forecast::AccountForecast,
    ingest::account_cycles,
    ports::{EmailKind, Message},
    review::{Review, ReviewQuery, week_of},
};

/// The kind of its messages.
pub(crate) const DIGEST: &str = "creditscope.digest.weekly";
/// How long after a week it is told: what is reported late is in it, and it is there in the morning.
const REST_US: i64 = 6 * HOUR_US;

/// A week, and what there is to say of it.
struct Told {
    account: String,
    review: Review,
    forecast: AccountForecast,
}

impl Services {
    /// Whether those who pay for an account are written to every week.
    ///
    /// # Errors
    /// [`crate::ServiceError::NotFound`] for readers of some companies only.
    pub async fn weekly_digest(&self, scope: &Scope) -> ServiceResult<bool> {
        scope.require_all()?;
        Ok(self.store.digest(scope.account.id).await?.is_some())
    }

    /// Writes to those who pay for an account every week, or no more. The running week is the first that is told.
    pub async fn set_weekly_digest(&self, scope: &Scope, is_on: bool) -> ServiceResult<()> {
        scope.require_bill()?;
        scope.require_all()?;
        let account = scope.account.id;
        let action = if is_on {
            let told = complete_week(scope, self.now())?.start;
            self.store.start_digest(account, told).await?;
            "digest.started"
        } else {
            self.store.stop_digest(account).await?;
            "digest.stopped"
        };
        self.record(scope, Deed::plain(action, "")).await;
        Ok(())
    }

    /// Writes of the last week to those who were not written to yet; to how many accounts. One account that cannot be
    /// written to does not keep the others from it.
    pub async fn tell_weeks(&self) -> ServiceResult<usize> {
        let mut told = 0;
        for (account, last) in self.store.digests().await? {
            match Box::pin(self.tell_week(account, last)).await {
                Ok(is_told) => told += usize::from(is_told),
                Err(error) => tracing::error!(%error, "a week could not be told"),
            }
        }
        if told > 0 {
            self.messages.notify_one();
        }
        Ok(told)
    }

    async fn tell_week(&self, account: AccountId, last: Time) -> ServiceResult<bool> {
        let caller = Caller::operator("digest");
        let scope = self.scope_by_id(&caller, account, Permission::Read).await?;
        let now = self.now();
        let week = complete_week(&scope, now.plus_micros(-REST_US))?;
        if week.start <= last {
            return Ok(false);
        }
        let payers = self.payers(account, EmailKind::Digest).await?;
        if payers.is_empty() {
            return Ok(false);
        }
        let day = account_cycles(&scope.account)?
            .zone()
            .at(week.start)
            .strftime("%Y-%m-%d")
            .to_string();
        let told = Told {
            account: scope.account.name.clone(),
            review: Box::pin(self.review(
                scope.clone(),
                &ReviewQuery {
                    week: Some(day.clone()),
                    ..ReviewQuery::default()
                },
            ))
            .await?,
            forecast: self.forecast(&scope).await?,
        };
        let message = Message {
            id: format!("msg_{}", self.new_id()),
            kind: DIGEST.to_owned(),
            subject: told.subject(),
            body: body(
                DIGEST,
                now,
                &json!({ "account": scope.account.key, "week": day, "blocks": told.blocks() }),
            ),
            targets: payers,
        };
        let told = self.store.tell_digest(account, week.start, &message, now);
        Ok(told.await?)
    }
}

/// The last week of an account's zone that is over.
fn complete_week(scope: &Scope, now: Time) -> ServiceResult<TimeRange> {
    let running = week_of(scope, None, now)?;
    week_of(scope, None, running.start.plus_micros(-1))
}
