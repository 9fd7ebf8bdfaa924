//! An agency's board: what each company spends, of which budget, and when that will be used up.

use std::collections::BTreeMap;

use domain::{
    Agent, CompanyId, Credits, FieldError, Invalid, Time, TimeRange, filter::ViewQuery,
    tenancy::Company, time::DAY_US, usage::Totals,
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    accounts::check_name,
    audit::Deed,
    ports::{Cell, GroupBy, GroupKey, PutCompany},
    split::read_cells,
};

/// Companies of one page.
pub const PAGE_COMPANIES: usize = 100;
/// Companies that are looked at: the largest agency designed for, twice.
pub(crate) const MOST_COMPANIES: u32 = 10_000;
/// A pace is known after this long.
const PACE_US: i64 = DAY_US;

/// One company on the board.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BoardLine {
    /// The company.
    pub company: Company,
    /// What it spent in the running cycle.
    pub used: Totals,
    /// When its budget will be used up at the pace of this cycle, if that is within the cycle; past when it is.
    pub runs_out_at: Option<Time>,
}

/// A page of the board, those who spent most first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Board {
    /// The lines.
    pub lines: Vec<BoardLine>,
    /// How many companies there are that match.
    pub found: usize,
    /// What all of the account's companies that the reader may see spent in the running cycle.
    pub used: Totals,
    /// The running cycle.
    pub cycle: TimeRange,
    /// When it was read.
    pub now: Time,
}

/// A company's limits, as a form gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits {
    /// Display name.
    pub name: String,
    /// Credits it may spend in a cycle; any when none.
    pub budget: Option<Credits>,
    /// Credits single agents may spend in it.
    pub agent_caps: BTreeMap<Agent, Credits>,
}

impl Services {
    /// The companies of an account that a reader may see, with what they spent in the running cycle.
    pub async fn board(&self, scope: &Scope, search: &str, page: usize) -> ServiceResult<Board> {
        let view = self.view(scope.clone(), &ViewQuery::default()).await?;
        let cycle = view.period.range;
        let mut snapshot = self.store.snapshot().await?;
        let cells = read_cells(snapshot.as_mut(), view.ask(GroupBy::Company), cycle).await?;
        // A reader must not wait for a second connection while it holds one.
        drop(snapshot);
        let spent = by_company(cells);
        let mut used = Totals::default();
        for totals in spent.values() {
            used.add(*totals);
        }
        let search = Some(search.trim()).filter(|text| !text.is_empty());
        let companies = self.companies(scope, search, None, MOST_COMPANIES).await?;
        let (found, now) = (companies.len(), self.now());
        let line = |company: Company| {
            let of_it = spent.get(&company.id).copied().unwrap_or_default();
            BoardLine {
                used: of_it,
                runs_out_at: company
                    .budget
                    .and_then(|budget| runs_out(budget, of_it.credits, cycle, now)),
                company,
            }
        };
        let mut lines: Vec<_> = companies.into_iter().map(line).collect();
        lines.sort_by_key(|line| std::cmp::Reverse(line.used.credits));
        let lines = lines
            .into_iter()
            .skip(page.saturating_mul(PAGE_COMPANIES))
            .take(PAGE_COMPANIES)
            .collect();
        Ok(Board {
            lines,
            found,
            used,
            cycle,
            now,
        })
    }

    /// Gives a company of the scope's account a name and limits.
    pub async fn set_limits(&self, scope: &Scope, key: &str, limits: Limits) -> ServiceResult<()> {
        scope.require_budget()?;
        let known = self.directory.company(scope.account.id, key).await?;
        known.ok_or(ServiceError::NotFound)?;
        let mut errors = Vec::new();
        check_name(&limits.name, &mut errors);
        if limits.budget.is_some_and(Credits::is_negative) {
            errors.push(FieldError::new(
                "budget",
                "negative",
                "must not be negative",
            ));
        }
        for (agent, cap) in &limits.agent_caps {
            if cap.is_negative() {
                let field = format!("agent_caps.{}", agent.id());
                errors.push(FieldError::new(field, "negative", "must not be negative"));
            }
        }
        Invalid::refuse(errors)?;
        let detail = limits.budget.map_or_else(
            || "no budget".to_owned(),
            |budget| format!("budget {budget}"),
        );
        let put = PutCompany {
            key: key.to_owned(),
            name: limits.name,
            budget: limits.budget,
            agent_caps: limits.agent_caps,
        };
        self.store
            .put_company(scope.account.id, &put, self.now())
            .await?;
        self.directory.forget_company(scope.account.id, key);
        self.hub.notify(&[scope.account.id]);
        let (action, target) = ("company.limits_changed", key);
        self.record(
            scope,
            Deed {
                action,
                target,
                detail,
            },
        )
        .await;
        Ok(())
    }
}

/// What each company spent.
pub(crate) fn by_company(cells: Vec<Cell>) -> BTreeMap<CompanyId, Totals> {
    let mut spent: BTreeMap<_, Totals> = BTreeMap::new();
    for cell in cells {
        if let GroupKey::Company(id) = cell.key {
            spent.entry(id).or_default().add(cell.totals);
        }
    }
    spent
}

/// When a budget is used up, if what was used goes on being used as fast.
fn runs_out(budget: Credits, used: Credits, cycle: TimeRange, now: Time) -> Option<Time> {
    if used >= budget {
        return Some(now);
    }
    let elapsed = now.micros_since(cycle.start);
    if elapsed < PACE_US || used.micro() <= 0 {
        return None;
    }
    let needed = i128::from(elapsed) * i128::from(budget.micro()) / i128::from(used.micro());
    let at = cycle.start.plus_micros(i64::try_from(needed).ok()?);
    (at < cycle.end).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(number: i64) -> Time {
        Time::from_micros(number * DAY_US)
    }

    #[test]
    fn a_budget_runs_out_at_the_pace_so_far() {
        let cycle = TimeRange::new(day(0), day(30));
        let whole = |credits| Credits::from_whole(credits).unwrap();
        let at = |budget, used| runs_out(whole(budget), whole(used), cycle, day(10));
        assert_eq!(at(200, 100), Some(day(20)));
        assert_eq!(at(100, 100), Some(day(10)));
        assert_eq!(at(300, 100), None);
        assert_eq!(at(300, 0), None);
        let soon = runs_out(whole(10), whole(5), cycle, Time::from_micros(DAY_US / 2));
        assert_eq!(soon, None);
    }
}
