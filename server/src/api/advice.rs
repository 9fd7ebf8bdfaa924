//! Which plan would have cost least.

use axum::{Json, extract::State};
use domain::{
    Credits,
    advice::{Offer, Replay},
};
use serde::Serialize;
use service::{Permission, Services};
use utoipa::ToSchema;

use super::{auth::Authed, problem::Answer, query::Params, times};

/// The last billing cycles, replayed under each plan.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Advice)]
pub struct AdviceBody {
    /// The complete cycles, the oldest first.
    cycles: Vec<CycleUse>,
    /// Currency of all prices; null when the account's plan has none.
    #[schema(required, example = "EUR")]
    currency: Option<String>,
    /// Key of the account's plan.
    plan: String,
    /// What each plan would have cost, the cheapest first.
    plans: Vec<PlanReplay>,
}

/// A billing cycle and what it used.
#[derive(Debug, Serialize, ToSchema)]
pub struct CycleUse {
    /// Its start.
    start: String,
    /// Its end, exclusive.
    end: String,
    /// What was used in it.
    #[schema(value_type = String, example = "75000")]
    used: Credits,
}

/// The cycles under a plan.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanReplay {
    /// Key of the plan.
    plan: String,
    /// What all cycles together would have cost.
    #[schema(value_type = String, example = "1497")]
    total: Credits,
    /// What each cycle would have cost.
    cycles: Vec<CycleCost>,
}

/// A cycle under a plan: the plan's price, and the packs that cover what its credits do not.
#[derive(Debug, Serialize, ToSchema)]
pub struct CycleCost {
    /// What was used past the plan's credits.
    #[schema(value_type = String, example = "0")]
    short: Credits,
    /// Key of the pack that covers it for least; null when the plan is enough, and when several packs do: see `mix`.
    #[schema(required)]
    pack: Option<String>,
    /// How many packs in all.
    packs: i64,
    /// The packs that cover it for least, the largest first; empty when the plan is enough.
    mix: Vec<PackCount>,
    /// Plan and packs.
    #[schema(value_type = String, example = "499")]
    cost: Credits,
}

/// A pack and how many of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct PackCount {
    /// Key of the pack.
    #[schema(example = "boost")]
    pack: String,
    /// How many.
    count: i64,
    /// What one costs.
    #[schema(value_type = String, example = "59")]
    price: Credits,
}

/// Compares plans by the last billing cycles
///
/// Up to six complete cycles since there is usage, each paid for by itself under every plan of the same currency.
#[utoipa::path(
    get, path = "/api/v1/advice", tag = "Plans", operation_id = "get_advice",
    params(("account" = Option<String>, Query, description = "The account's key. An account's own key may leave it out.")),
    responses(
        (status = 200, description = "What each plan would have cost.", body = AdviceBody),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such account."),
    ),
)]
pub async fn get_advice(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<AdviceBody>> {
    let scope = params.scope(&services, &caller, Permission::Read).await?;
    let advice = services.advice(&scope).await?;
    let cycles = advice.cycles.iter().map(|(range, used)| CycleUse {
        start: times::rfc3339(range.start, &advice.zone),
        end: times::rfc3339(range.end, &advice.zone),
        used: *used,
    });
    Ok(Json(AdviceBody {
        cycles: cycles.collect(),
        plans: advice.replays.iter().map(replay).collect(),
        currency: advice.currency,
        plan: advice.plan,
    }))
}

fn pack_count((pack, count): &(Offer, i64)) -> PackCount {
    PackCount {
        pack: pack.key.clone(),
        count: *count,
        price: Credits::from_micro(pack.price_micro),
    }
}

fn replay(replay: &Replay) -> PlanReplay {
    let cycles = replay.cycles.iter().map(|cycle| CycleCost {
        short: cycle.short,
        pack: match cycle.packs.as_slice() {
            [(pack, _)] => Some(pack.key.clone()),
            _ => None,
        },
        packs: cycle.packs.iter().map(|(_, count)| count).sum(),
        mix: cycle.packs.iter().map(pack_count).collect(),
        cost: Credits::from_micro(cycle.cost_micro),
    });
    PlanReplay {
        plan: replay.plan.key.clone(),
        total: Credits::from_micro(replay.total_micro),
        cycles: cycles.collect(),
    }
}
