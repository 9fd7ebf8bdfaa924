//! What usage brought in.

use axum::{
    Json,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use domain::{
    Agent, Credits,
    calendar::Window,
    lead::{Gain, LeadKind},
    usage::Totals,
};
use serde::Serialize;
use service::{
    Permission, Services,
    value::{Value, ValueQuery, Wasted},
};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    format::Format,
    problem::Answer,
    query::Params,
    table::{Cell, Table},
    times,
    usage::{Previous, TotalsBody},
};

/// What usage cost and brought in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gain)]
pub struct GainBody {
    /// The usage.
    #[serde(flatten)]
    used: TotalsBody,
    /// Leads, bookings and sales together.
    leads: u64,
    /// How many of each.
    by_kind: KindCounts,
    /// Credits for one lead: all usage divided by leads alone, without bookings and sales; null when there is none.
    #[schema(required, value_type = Option<String>, example = "12.25")]
    credits_per_lead: Option<Credits>,
    /// Credits for one of each kind; null when there is none of it.
    credits_per: KindCredits,
    /// What they are worth, by currency.
    value: Vec<Worth>,
}

/// How many of each kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindCounts {
    /// Somebody left how to be reached.
    lead: u64,
    /// Somebody made an appointment.
    booking: u64,
    /// Somebody bought.
    sale: u64,
}

/// Credits for one of each kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct KindCredits {
    /// For a lead.
    #[schema(required, value_type = Option<String>, example = "20.5")]
    lead: Option<Credits>,
    /// For a booking.
    #[schema(required, value_type = Option<String>, example = "61")]
    booking: Option<Credits>,
    /// For a sale.
    #[schema(required, value_type = Option<String>, example = "183")]
    sale: Option<Credits>,
}

/// What leads are worth in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct Worth {
    /// ISO 4217 code.
    #[schema(example = "EUR")]
    currency: String,
    /// All of them together.
    #[schema(example = "4500")]
    amount: String,
    /// For each credit used, to a millionth; null when none was used.
    #[schema(required, example = "1.8")]
    per_credit: Option<String>,
}

/// An agent's part.
#[derive(Debug, Serialize, ToSchema)]
pub struct AgentGain {
    /// Which agent.
    #[schema(value_type = String, example = "chat")]
    agent: Agent,
    /// What it used and brought in.
    #[serde(flatten)]
    gain: GainBody,
}

/// A company's part.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyGain {
    /// Key of the company.
    company: String,
    /// Its name.
    name: String,
    /// What it used and got.
    #[serde(flatten)]
    gain: GainBody,
}

/// A window's part.
#[derive(Debug, Serialize, ToSchema)]
pub struct WindowGain {
    /// Start of the window.
    start: String,
    /// What was used and came in.
    #[serde(flatten)]
    gain: GainBody,
}

/// Usage that brought in nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Wasted)]
pub struct WastedBody {
    /// Voice calls of less than ten seconds: by their quantity when it is a time, else by `duration_s` of their metadata.
    short_calls: TotalsBody,
    /// All voice calls.
    calls: TotalsBody,
    /// Chats whose reference no lead of the company names within 35 days; null as long as the account has never reported
    /// a lead. Replies without a reference are not counted.
    #[schema(required)]
    chats_without_lead: Option<ChatsBody>,
    /// All chats. A reply without a reference counts as one.
    chats: ChatsBody,
}

/// Chats: all replies of a company with one reference are one.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Chats)]
pub struct ChatsBody {
    /// Credits of their replies in the period.
    #[schema(value_type = String, example = "6124.5")]
    credits: Credits,
    /// Number of chats.
    events: u64,
}

impl From<Totals> for ChatsBody {
    fn from(chats: Totals) -> Self {
        Self {
            credits: chats.credits,
            events: chats.events,
        }
    }
}

/// What usage brought in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LeadSummary)]
pub struct LeadSummaryBody {
    /// Start of the period.
    from: String,
    /// Its end, excluded.
    to: String,
    /// In the period.
    #[serde(flatten)]
    total: GainBody,
    /// In the time it is compared with: as much of the period before as has passed of this one.
    previous: Previous<GainBody>,
    /// All six agents.
    agents: Vec<AgentGain>,
    /// Companies with usage or leads, those with most leads first, at most 100.
    companies: Vec<CompanyGain>,
    /// How many companies have usage or leads.
    company_count: usize,
    /// Width of the windows.
    #[schema(value_type = String, example = "day")]
    window: Window,
    /// Every window of the period, also the empty ones.
    points: Vec<WindowGain>,
    /// Usage that brought in nothing.
    wasted: WastedBody,
}

/// Adds up leads, and what each cost
///
/// Leads, bookings and sales are reported as events of the type `creditscope.lead`. Credits per lead are the usage of the
/// same companies, agents and period, divided by its leads alone; those per booking and per sale stand beside it. `Accept: text/csv` or `format=csv` answers agents, companies
/// and windows as a table, `application/x-ndjson` or `format=ndjson` the same rows, a JSON document a line.
#[utoipa::path(
    get, path = "/api/v1/leads/summary", tag = "Usage", operation_id = "get_leads_summary",
    params(
        ("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out."),
        ("company" = Option<Vec<String>>, Query, description = "Company keys; repeatable. All companies when left out."),
        ("agent" = Option<Vec<String>>, Query, description = "Agents; repeatable."),
        ("period" = Option<String>, Query, description = "`this_cycle` (default), `last_cycle`, `7d`, `28d`, `30d` or `90d`."),
        ("from" = Option<String>, Query, description = "Start of a custom period: an RFC 3339 time, or a date in the zone."),
        ("to" = Option<String>, Query, description = "End of a custom period: an RFC 3339 time (excluded), or a date (included)."),
        ("tz" = Option<String>, Query, description = "IANA time zone in which days are counted and times are shown; the account's when left out."),
        ("window" = Option<String>, Query, description = "`hour`, `day` (default), `week` or `month`."),
        ("format" = Option<String>, Query, description = "`csv` or `ndjson` for links, which cannot set `Accept`."),
    ),
    responses(
        (status = 200, description = "What usage brought in.", content((LeadSummaryBody = "application/json"), (String = "text/csv"), (String = "application/x-ndjson"))),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such account."),
        (status = 422, description = "A filter is wrong, or there are too many windows."),
    ),
)]
pub async fn get_leads_summary(
    State(services): State<Services>,
    Authed(caller): Authed,
    headers: HeaderMap,
    params: Params,
) -> Answer<Response> {
    let (view, mut rest) = params.view();
    let format = rest.format(&headers);
    let window = rest.parse("window").unwrap_or(Window::Day);
    rest.finish()?;
    let scope = services
        .scope(&caller, view.account.as_deref(), Permission::Read)
        .await?;
    let name = format!("{}-value", scope.account().key);
    let value = services.value(scope, &ValueQuery { view, window }).await?;
    Ok(match format {
        Format::Json => Json(body(value)).into_response(),
        rows => table(&value).answer(&name, rows),
    })
}

fn body(value: Value) -> LeadSummaryBody {
    let zone = &value.zone;
    let points = value.windows.iter().map(|(window, part)| WindowGain {
        start: times::rfc3339(window.start, zone),
        gain: gain(part),
    });
    let agents = value.agents.iter().map(|(agent, part)| AgentGain {
        agent: *agent,
        gain: gain(part),
    });
    LeadSummaryBody {
        from: times::rfc3339(value.range.start, zone),
        to: times::rfc3339(value.range.end, zone),
        total: gain(&value.total),
        previous: Previous::new(
            value.previous_range,
            value.lead_coverage,
            zone,
            gain(&value.previous),
        ),
        points: points.collect(),
        agents: agents.collect(),
        companies: value
            .companies
            .into_iter()
            .map(|part| CompanyGain {
                company: part.key,
                name: part.name,
                gain: gain(&part.gain),
            })
            .collect(),
        company_count: value.all_companies,
        window: value.window,
        wasted: wasted(value.wasted),
    }
}

fn gain(gain: &Gain) -> GainBody {
    let per = |kind| gain.credits_per(gain.of(kind));
    GainBody {
        used: gain.used.into(),
        leads: gain.all_leads(),
        by_kind: KindCounts {
            lead: gain.of(LeadKind::Lead),
            booking: gain.of(LeadKind::Booking),
            sale: gain.of(LeadKind::Sale),
        },
        credits_per_lead: per(LeadKind::Lead),
        credits_per: KindCredits {
            lead: per(LeadKind::Lead),
            booking: per(LeadKind::Booking),
            sale: per(LeadKind::Sale),
        },
        value: gain
            .worth_micro
            .iter()
            .map(|(currency, micro)| Worth {
                currency: currency.clone(),
                amount: money(*micro),
                per_credit: gain
                    .worth_per_credit(currency)
                    .map(|each| money(i128::from(each))),
            })
            .collect(),
    }
}

/// An amount of money as a decimal, as far as it can be counted.
fn money(micro: i128) -> String {
    let micro = i64::try_from(micro).unwrap_or(i64::MAX);
    Credits::from_micro(micro).to_string()
}

fn wasted(wasted: Wasted) -> WastedBody {
    WastedBody {
        short_calls: wasted.short_calls.into(),
        calls: wasted.calls.into(),
        chats_without_lead: wasted.chats_without_lead.map(ChatsBody::from),
        chats: wasted.chats.into(),
    }
}

fn table(value: &Value) -> Table<'_> {
    let mut rows = lines("total", None, &value.total);
    for (agent, part) in &value.agents {
        rows.extend(lines("agent", Some(agent.id()), part));
    }
    for part in &value.companies {
        rows.extend(lines("company", Some(&part.key), &part.gain));
    }
    for (window, part) in &value.windows {
        let start = times::rfc3339(window.start, &value.zone);
        rows.extend(lines("window", Some(&start), part));
    }
    Table {
        head: &[
            "by", "key", "credits", "events", "leads", "bookings", "sales", "currency", "value",
        ],
        rows,
    }
}

/// A line, and one more for every further currency, which repeats nothing that could be added up twice.
fn lines(by: &'static str, key: Option<&str>, gain: &Gain) -> Vec<Vec<Cell<'static>>> {
    let counts = LeadKind::ALL.map(|kind| Cell::Count(gain.of(kind)));
    let mut used = vec![
        Cell::text(gain.used.credits.to_string()),
        Cell::Count(gain.used.events),
    ];
    used.extend(counts);
    let line = |used: Vec<_>, worth: [Cell<'static>; 2]| {
        let key = key.map_or(Cell::None, |key| Cell::text(key.to_owned()));
        [vec![Cell::text(by), key], used, worth.into()].concat()
    };
    let worth = |(currency, micro): (&String, &i128)| {
        [Cell::text(currency.clone()), Cell::text(money(*micro))]
    };
    let mut worths = gain.worth_micro.iter().map(worth);
    let first = worths.next().unwrap_or([Cell::None, Cell::None]);
    let nothing = vec![Cell::None; used.len()];
    let mut lines = vec![line(used, first)];
    lines.extend(worths.map(|worth| line(nothing.clone(), worth)));
    lines
}
