//! The sheet with what a company may spend: present use beside each field, and what the budget comes to.

use domain::{
    Agent, Credits, Time, calendar::Zone, filter::ViewQuery, forecast::Outlook, number,
    tenancy::Company,
};
use leptos::prelude::*;
use service::{Scope, ServiceError, Services, ports::Versioned as _};

use super::super::frame::{Frame, hidden};
use crate::{
    components::{Sheet, Side, sheet_foot},
    error::AppError,
    forms::{Field, FormState},
};

/// Where it is sent.
const ACTION: &str = "/companies/limits";

/// What the sheet shows of one company.
#[derive(Debug, Clone)]
pub(in crate::pages::settings) struct LimitsSheet {
    company: Company,
    used: Credits,
    agents: Vec<(Agent, Credits)>,
    /// What the cycle will have used, in the middle of what may be; none while too little is known.
    projected: Option<Credits>,
    /// When the present budget is used up, if that is within the cycle.
    stops_at: Option<Time>,
    outlook: Outlook,
}

impl LimitsSheet {
    /// Reads it; none for a company that is not there for this reader.
    pub(in crate::pages::settings) async fn read(
        services: &Services,
        scope: &Scope,
        key: &str,
    ) -> Result<Option<Self>, AppError> {
        let company = match services.company(scope, key).await {
            Ok(company) => company,
            Err(ServiceError::NotFound) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let query = ViewQuery {
            companies: vec![key.to_owned()],
            ..ViewQuery::default()
        };
        let summary = services.summary(scope.clone(), &query).await?;
        let forecast = services.company_forecast(scope.clone(), &query).await?;
        let agents = summary.agents.iter();
        Ok(Some(Self {
            used: summary.current.credits,
            agents: agents
                .map(|(agent, now, _)| (*agent, now.credits))
                .collect(),
            projected: forecast.view().cycle_use.map(|[_, middle, _]| middle),
            stops_at: forecast.runs_out_at(),
            outlook: forecast.outlook(),
            company,
        }))
    }

    pub(in crate::pages::settings) fn view(&self, frame: &Frame, zone: &Zone) -> AnyView {
        let company = &self.company;
        let marks = [("company", company.key.as_str())];
        let form = frame.form("limits", ACTION, &marks);
        let budget = company.budget.map(|budget| budget.to_string());
        let was = company.budget.map_or_else(
            || "No budget now. Empty means no budget.".to_owned(),
            |budget| format!("{} now. Empty means no budget.", number::credits(budget)),
        );
        let name = Field::text("name", "Name")
            .stored(company.name.clone())
            .max("120")
            .required();
        let budget = Field::credits("budget", "Budget (credits per cycle)")
            .stored(budget.unwrap_or_default())
            .empty("No budget")
            .aside(format!("Used {}", number::whole_credits(self.used)))
            .hint(was)
            .first();
        let (budget, name) = (budget.view(&form), name.view(&form));
        let caps: Vec<_> = self
            .agents
            .iter()
            .map(|(agent, used)| cap(&form, *agent, *used, company.agent_caps.get(agent).copied()))
            .collect();
        let act = view! { <button class="button primary" type="submit">"Save"</button> }.into_any();
        let foot = sheet_foot(form.foot(), frame.back(), act);
        let content = view! {
            <form method="post" action=ACTION novalidate data-testid="limits">
                {frame.places(Some(("edit", &company.key)))}
                {hidden("company", company.key.clone())}
                {hidden("version", company.version().to_string())}
                <div class="sheet-fields">
                    {budget}
                    {self.comes_to(zone)}
                    <h3>"Limits per agent"</h3>
                    <div class="caps">
                        <div class="cap caps-head"><span>"Agent"</span><span>"Used"</span><span>"Limit per cycle"</span></div>
                        {caps}
                    </div>
                    {name}
                </div>
                {foot}
            </form>
        };
        Sheet {
            side: Side::Edge,
            title: company.name.clone(),
            lead: "Budget and limits apply at once, and again each cycle.".to_owned(),
            close: frame.back(),
        }
        .view(content.into_any())
    }

    /// What the present budget comes to, and what would last.
    fn comes_to(&self, zone: &Zone) -> Option<AnyView> {
        let name = &self.company.name;
        let would = self.projected.map(|projected| {
            format!(
                "This cycle is projected to use {}: a budget of that lasts to its end.",
                number::whole_credits(projected)
            )
        });
        let day = self.stops_at.map(|at| zone.short_day(at));
        let (class, head) = match (self.company.budget, self.outlook, day) {
            (Some(_), Outlook::UsedUp, _) => (
                "will warn",
                format!("{name} has stopped: its budget is used up."),
            ),
            (Some(budget), _, Some(day)) => (
                "will warn",
                format!(
                    "{name} would be stopped on about {day} with {}.",
                    number::whole_credits(budget)
                ),
            ),
            (Some(budget), Outlook::Lasts | Outlook::MayRunOut, None) => (
                "will",
                format!("{} lasts this cycle.", number::whole_credits(budget)),
            ),
            _ => {
                return would.map(|would| view! { <p class="will">{would}</p> }.into_any());
            }
        };
        Some(view! { <p class=class><b>{head}</b>{would}</p> }.into_any())
    }
}

/// One agent: what it used, and what it may.
fn cap(form: &FormState, agent: Agent, used: Credits, cap: Option<Credits>) -> AnyView {
    let name = format!("cap_{}", agent.id());
    let marks = form.marks(&name, false);
    let stored = cap.map(|cap| cap.to_string()).unwrap_or_default();
    let value = form.value(&name, stored);
    let problem = form.under(&name, agent.name());
    view! {
        <div class="cap">
            <label for=marks.id.clone()>{agent.name()}</label>
            <span class="cap-used">{number::whole_credits(used)}</span>
            <input id=marks.id type="text" inputmode="decimal" name=name value=value placeholder="No limit" autocomplete="off" aria-invalid=marks.invalid aria-describedby=marks.described autofocus=marks.focus/>
            {problem}
        </div>
    }
    .into_any()
}
