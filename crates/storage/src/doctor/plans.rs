//! What plans give: the newest version of each against the plan, and the versions that accounts moved to.

use super::{Examination, MOST_DIFFERENCES};
use crate::error::Result;

/// Plans that are not what their newest version says.
const NEWEST: &str = "
    SELECT p.key FROM plans AS p
    LEFT JOIN plan_terms AS t ON t.plan = p.key AND t.version = (SELECT max(version) FROM plan_terms WHERE plan = p.key)
    WHERE (p.name, p.monthly_credits, p.price, p.currency, p.rollover)
        IS NOT (t.name, t.monthly_credits, t.price, t.currency, t.rollover) LIMIT ?1";

/// Accounts that moved to a version of their plan that is not there.
const MOVED_TO: &str = "
    SELECT key FROM accounts AS a
    WHERE NOT EXISTS (SELECT 1 FROM plan_terms AS t WHERE t.plan = a.plan AND t.version = a.plan_version) LIMIT ?1";

pub(super) async fn examine(examination: &mut Examination<'_>) -> Result<()> {
    for plan in keys(examination, NEWEST).await? {
        examination.differ(format!("plan {plan}: is not what its newest terms say."));
    }
    for account in keys(examination, MOVED_TO).await? {
        examination.differ(format!(
            "account {account}: moved to terms that its plan never had."
        ));
    }
    Ok(())
}

async fn keys(examination: &mut Examination<'_>, statement: &'static str) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar(statement)
        .bind(MOST_DIFFERENCES)
        .fetch_all(&mut *examination.transaction)
        .await?)
}
