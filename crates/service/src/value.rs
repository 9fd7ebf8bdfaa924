//! Value: what usage brought in, what a lead cost, and what was wasted.

use std::collections::BTreeMap;

use domain::{
    Agent, CompanyId, Time, TimeRange,
    calendar::{Coverage, Window, Zone},
    filter::{Comparison, ViewQuery},
    lead::Gain,
    usage::Totals,
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    companies::by_company,
    ports::{AgentCell, Cell, ChatCell, Grain, GroupBy, LeadCell, Snapshot, StoreResult},
    selection::View,
    split::{read_cells, split},
    usage::{by_agent, sum},
};

/// Companies that are told apart.
pub const MOST_COMPANIES: usize = 100;

/// What value is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ValueQuery {
    /// Which usage and leads: of which companies and agents, and when.
    pub view: ViewQuery,
    /// How long a window is.
    pub window: Window,
}

/// What usage brought in.
#[derive(Debug, Clone, PartialEq)]
pub struct Value {
    /// The zone windows are counted in.
    pub zone: Zone,
    /// When it was read.
    pub now: Time,
    /// How long a window is.
    pub window: Window,
    /// The windows of the period, also those without anything, each with what was in it.
    pub windows: Vec<(TimeRange, Gain)>,
    /// The period.
    pub range: TimeRange,
    /// What it is compared with: as much as has passed of the period.
    pub previous_range: TimeRange,
    /// Which time that is.
    pub compared: Comparison,
    /// In the period.
    pub total: Gain,
    /// In the period it is compared with.
    pub previous: Gain,
    /// All six agents.
    pub agents: Vec<(Agent, Gain)>,
    /// Companies with usage or leads, those with most leads first, at most [`MOST_COMPANIES`].
    pub companies: Vec<CompanyGain>,
    /// How many companies have usage or leads.
    pub all_companies: usize,
    /// Usage that brought in nothing.
    pub wasted: Wasted,
    /// How much is known of the usage of the time it is compared with.
    pub coverage: Coverage,
    /// How much is known of the leads of that time; they may have been reported since later.
    pub lead_coverage: Coverage,
    /// Whether the account has ever reported a lead.
    pub has_leads: bool,
}

/// What a company's usage brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyGain {
    /// Its key.
    pub key: String,
    /// Its name.
    pub name: String,
    /// What it used and got.
    pub gain: Gain,
}

/// Usage that brought in nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Wasted {
    /// Voice calls of less than ten seconds.
    pub short_calls: Totals,
    /// All voice calls.
    pub calls: Totals,
    /// Chats whose reference no lead of the company names within 35 days; none as long as no lead is known. All replies
    /// with one reference are one chat; those without a reference cannot be told, and are not counted.
    pub chats_without_lead: Option<Totals>,
    /// All chats: what they used, and how many they were. A reply without a reference counts as one.
    pub chats: Totals,
}

impl Services {
    /// What usage brought in over a period, by agent, by company and over time, against the period before.
    ///
    /// # Errors
    /// [`ServiceError::Invalid`] when the view is narrowed by activity or reference, which leads do not have in common
    /// with usage.
    pub async fn value(&self, scope: Scope, query: &ValueQuery) -> ServiceResult<Value> {
        check_filters(&query.view)?;
        let view = self.view(scope, &query.view).await?;
        let period = view.period;
        let windows = query
            .window
            .tile(period.range, &view.zone)
            .map_err(|error| ServiceError::invalid("window", error))?;
        let mut snapshot = self.store.snapshot().await?;
        let found = read(snapshot.as_mut(), &view, query.window).await?;
        // A reader must not wait for a second connection while it holds one.
        drop(snapshot);
        let of_companies = gains_by_company(found.by_company, &found.leads);
        let all_companies = of_companies.len();
        let companies = self.most_leads(&view, of_companies).await?;
        let of_agents = by_agent(&found.by_agent);
        Ok(Value {
            windows: over_time(windows, &found.over_time, &found.leads),
            agents: gains_by_agent(&of_agents, &found.leads),
            total: gain(sum(&of_agents), &found.leads),
            previous: gain(found.before, &found.leads_before),
            wasted: wasted(
                &of_agents,
                &found.short_calls,
                &found.chats,
                found.chats_with_lead.as_deref(),
            ),
            has_leads: found.first_lead.is_some(),
            coverage: found.coverage,
            lead_coverage: match found.first_lead {
                Some(_) if found.coverage.is_complete() => period.coverage(found.first_lead),
                _ => found.coverage,
            },
            companies,
            all_companies,
            range: period.range,
            previous_range: period.previous,
            compared: view.compared,
            now: view.now,
            window: query.window,
            zone: view.zone,
        })
    }

    /// Voice calls of less than ten seconds in the running cycle, and all voice calls.
    pub(crate) async fn short_calls(&self, scope: &Scope) -> ServiceResult<(Totals, Totals)> {
        let view = self.view(scope.clone(), &ViewQuery::default()).await?;
        let mut snapshot = self.store.snapshot().await?;
        let short = short_calls(snapshot.as_mut(), &view).await?;
        let used = read_cells(
            snapshot.as_mut(),
            view.ask(GroupBy::Agent),
            view.period.range,
        )
        .await?;
        let told = wasted(&by_agent(&used), &short, &[], None);
        Ok((told.short_calls, told.calls))
    }

    /// The companies that got most, named.
    async fn most_leads(
        &self,
        view: &View,
        gains: BTreeMap<CompanyId, Gain>,
    ) -> ServiceResult<Vec<CompanyGain>> {
        let mut gains: Vec<_> = gains.into_iter().collect();
        gains.sort_by_key(|(_, gain)| std::cmp::Reverse((gain.all_leads(), gain.used.credits)));
        gains.truncate(MOST_COMPANIES);
        let ids: Vec<_> = gains.iter().map(|(company, _)| *company).collect();
        let names = self.names_of(view, ids).await?;
        let companies = gains.into_iter().map(|(company, gain)| {
            let (key, name) = names.get(&company).cloned().unwrap_or_default();
            CompanyGain { key, name, gain }
        });
        Ok(companies.collect())
    }
}

fn check_filters(view: &ViewQuery) -> ServiceResult<()> {
    let message = "does not apply: leads have companies and agents only";
    if !view.activities.is_empty() {
        return Err(domain::Invalid::one("activity", "invalid", message).into());
    }
    if view.q.is_some() {
        return Err(domain::Invalid::one("q", "invalid", message).into());
    }
    Ok(())
}

/// What was read of one moment of the database.
struct Found {
    by_agent: Vec<Cell>,
    by_company: Vec<Cell>,
    over_time: Vec<Cell>,
    before: Totals,
    leads: Vec<LeadCell>,
    leads_before: Vec<LeadCell>,
    short_calls: Vec<AgentCell>,
    chats: Vec<ChatCell>,
    chats_with_lead: Option<Vec<ChatCell>>,
    first_lead: Option<Time>,
    coverage: Coverage,
}

async fn read(snapshot: &mut dyn Snapshot, view: &View, window: Window) -> StoreResult<Found> {
    let (account, range, before) = (
        view.scope.account.id,
        view.period.range,
        view.period.previous,
    );
    let over_time = crate::split::Ask {
        days_of: view.days_for(window),
        ..view.ask(GroupBy::All)
    };
    let by_windows = split(range, view.days_for(window));
    let short_calls = short_calls(snapshot, view).await?;
    let first_lead = snapshot.first_lead(account).await?;
    let chats_with_lead = if first_lead.is_some() {
        let chats = snapshot.chats_with_lead(account, &view.selection, range);
        Some(chats.await?)
    } else {
        None
    };
    Ok(Found {
        by_agent: read_cells(snapshot, view.ask(GroupBy::Agent), range).await?,
        by_company: read_cells(snapshot, view.ask(GroupBy::Company), range).await?,
        over_time: read_cells(snapshot, over_time, range).await?,
        before: crate::split::read_total(snapshot, view.ask(GroupBy::All), before).await?,
        leads: leads(snapshot, view, by_windows).await?,
        leads_before: leads(snapshot, view, split(before, Some(view.cycles.zone()))).await?,
        short_calls,
        chats: snapshot.chats(account, &view.selection, range).await?,
        chats_with_lead,
        first_lead,
        coverage: view.coverage(snapshot, view.period).await?,
    })
}

async fn short_calls(snapshot: &mut dyn Snapshot, view: &View) -> StoreResult<Vec<AgentCell>> {
    let account = view.scope.account.id;
    let mut found = Vec::new();
    for (part, grain) in split(view.period.range, Some(view.cycles.zone())) {
        let calls = snapshot.short_calls(account, &view.selection, part, grain);
        found.extend(calls.await?);
    }
    Ok(found)
}

async fn leads(
    snapshot: &mut dyn Snapshot,
    view: &View,
    parts: Vec<(TimeRange, Grain)>,
) -> StoreResult<Vec<LeadCell>> {
    let mut cells = Vec::new();
    for (part, grain) in parts {
        let found = snapshot.lead_cells(view.scope.account.id, &view.selection, part, grain);
        cells.extend(found.await?);
    }
    Ok(cells)
}

fn add(gain: &mut Gain, cell: &LeadCell) {
    gain.add_leads(
        cell.kind,
        cell.leads,
        cell.currency.as_deref(),
        cell.worth_micro,
    );
}

fn gain<'a>(used: Totals, leads: impl IntoIterator<Item = &'a LeadCell>) -> Gain {
    let mut gain = Gain {
        used,
        ..Gain::default()
    };
    for cell in leads {
        add(&mut gain, cell);
    }
    gain
}

fn gains_by_agent(used: &[Totals; 6], leads: &[LeadCell]) -> Vec<(Agent, Gain)> {
    let of = |agent: Agent| {
        let of_agent = leads.iter().filter(|cell| cell.agent == agent);
        (agent, gain(used[usize::from(agent.index())], of_agent))
    };
    Agent::ALL.into_iter().map(of).collect()
}

fn gains_by_company(used: Vec<Cell>, leads: &[LeadCell]) -> BTreeMap<CompanyId, Gain> {
    let mut gains: BTreeMap<_, _> = by_company(used)
        .into_iter()
        .map(|(company, used)| (company, gain(used, [])))
        .collect();
    for cell in leads {
        add(gains.entry(cell.company).or_default(), cell);
    }
    gains.retain(|_, gain| !gain.is_nothing());
    gains
}

fn over_time(windows: Vec<TimeRange>, used: &[Cell], leads: &[LeadCell]) -> Vec<(TimeRange, Gain)> {
    let mut gains: Vec<_> = windows
        .into_iter()
        .map(|window| (window, Gain::default()))
        .collect();
    let at = |gains: &[(TimeRange, Gain)], start| {
        gains.partition_point(|(window, _)| window.end <= start)
    };
    for cell in used {
        let at = at(&gains, cell.start);
        if let Some((_, gain)) = gains.get_mut(at) {
            gain.used.add(cell.totals);
        }
    }
    for cell in leads {
        let at = at(&gains, cell.start);
        if let Some((_, gain)) = gains.get_mut(at) {
            add(gain, cell);
        }
    }
    gains
}

fn wasted(
    used: &[Totals; 6],
    short_calls: &[AgentCell],
    referenced: &[ChatCell],
    chats_with_lead: Option<&[ChatCell]>,
) -> Wasted {
    let of = |agent: Agent| used[usize::from(agent.index())];
    let (told, replies) = counted(referenced);
    let chats = of(Agent::Chat);
    let untold = chats.events.saturating_sub(replies);
    let without = |with: &[ChatCell]| {
        let (with, _) = counted(with);
        Totals {
            credits: told.credits.saturating_sub(with.credits),
            events: told.events.saturating_sub(with.events),
        }
    };
    let voice = Agent::ALL.into_iter().filter(|agent| agent.is_voice());
    let calls: Vec<_> = voice.map(of).collect();
    Wasted {
        short_calls: sum(short_calls.iter().map(|cell| &cell.totals)),
        calls: sum(&calls),
        chats_without_lead: chats_with_lead.map(without),
        chats: Totals {
            credits: chats.credits,
            events: told.events.saturating_add(untold),
        },
    }
}

/// What chats used and how many they are, and how many replies they have.
fn counted(chats: &[ChatCell]) -> (Totals, u64) {
    let (mut sum, mut replies) = (Totals::default(), 0_u64);
    for cell in chats {
        sum.add(Totals {
            credits: cell.credits,
            events: cell.chats,
        });
        replies = replies.saturating_add(cell.replies);
    }
    (sum, replies)
}
