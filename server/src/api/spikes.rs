//! Unusually high usage, and who caused it.

use axum::{Json, extract::State};
use domain::{Agent, Credits, calendar::Zone};
use serde::Serialize;
use service::{
    Permission, Services,
    spikes::{FoundSpike, NamedCause},
};
use utoipa::ToSchema;

use super::{
    auth::Authed,
    problem::Answer,
    query::{Params, ViewParams},
    times,
};

/// Spikes of a period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Spikes)]
pub struct SpikesBody {
    /// Start of the period.
    from: String,
    /// Its end, excluded.
    to: String,
    /// The 20 with the largest excess, the latest first; null when there is not enough data to say what was expected.
    #[schema(required)]
    spikes: Option<Vec<SpikeBody>>,
}

/// Hours in a row that used far more than expected.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Spike)]
pub struct SpikeBody {
    /// Its first hour.
    start: String,
    /// The end of its last one.
    end: String,
    /// What was used.
    #[schema(value_type = String, example = "912.5")]
    used: Credits,
    /// What was expected.
    #[schema(value_type = String, example = "240")]
    expected: Credits,
    /// By how much it was more.
    #[schema(value_type = String, example = "672.5")]
    excess: Credits,
    /// Who used more than expected by a twentieth of the spike or more, the most first, at most five.
    causes: Vec<CauseBody>,
    /// What all others used above, or below, what was expected: with the causes' excess it is the spike's.
    #[schema(value_type = String, example = "12.5")]
    others: Credits,
    /// By how much those who used more than expected did so together: what shares are of.
    #[schema(value_type = String, example = "700")]
    increase: Credits,
    /// What of the increase was offset by lower use elsewhere; without it, the increase is the excess.
    #[schema(value_type = String, example = "27.5")]
    offset: Credits,
}

/// Who caused a spike.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Cause)]
pub struct CauseBody {
    /// Key of the company.
    #[schema(example = "acme-dental")]
    company: String,
    /// Which agent.
    #[schema(value_type = String, example = "voice_outbound")]
    agent: Agent,
    /// What it did.
    #[schema(example = "voice_call")]
    activity: String,
    /// What it used.
    #[schema(value_type = String, example = "700")]
    used: Credits,
    /// What was expected of it.
    #[schema(value_type = String, example = "40")]
    expected: Credits,
    /// By how much it was more.
    #[schema(value_type = String, example = "660")]
    excess: Credits,
    /// Part of the spike's increase, from 0 to 1, rounded to four decimals.
    #[schema(minimum = 0, maximum = 1, example = 0.9429)]
    share: f64,
    /// The hour that was most above expected.
    worst_hour: String,
}

impl SpikeBody {
    fn new(found: FoundSpike, zone: &Zone) -> Self {
        let spike = found.spike;
        let (increase, offset) = (found.increase(), found.offset());
        Self {
            increase,
            offset,
            start: times::rfc3339(spike.range.start, zone),
            end: times::rfc3339(spike.range.end, zone),
            used: spike.used,
            expected: spike.expected,
            excess: spike.excess(),
            causes: found
                .causes
                .into_iter()
                .map(|cause| CauseBody::new(cause, increase, zone))
                .collect(),
            others: found.others,
        }
    }
}

impl CauseBody {
    fn new(cause: NamedCause, increase: Credits, zone: &Zone) -> Self {
        Self {
            share: (cause.excess.share_of(increase) * 10_000.0).round() / 10_000.0,
            company: cause.company.key,
            agent: cause.agent,
            activity: cause.activity,
            used: cause.used,
            expected: cause.expected,
            excess: cause.excess,
            worst_hour: times::rfc3339(cause.worst_hour, zone),
        }
    }
}

/// Finds usage spikes, and who caused them
///
/// An hour is compared with the same hour of the same weekday in up to eight weeks before. Periods of at most 100 days.
#[utoipa::path(
    get, path = "/api/v1/spikes", tag = "Usage", operation_id = "get_spikes", params(ViewParams),
    responses(
        (status = 200, description = "The spikes.", body = SpikesBody),
        (status = 403, description = "The key has no scope read."),
        (status = 404, description = "No such account."),
        (status = 422, description = "A filter is wrong, or the period is too long."),
    ),
)]
pub async fn get_spikes(
    State(services): State<Services>,
    Authed(caller): Authed,
    params: Params,
) -> Answer<Json<SpikesBody>> {
    let (view, rest) = params.view();
    rest.finish()?;
    let scope = services
        .scope(&caller, view.account.as_deref(), Permission::Read)
        .await?;
    let found = services.spikes(scope, &view).await?;
    let zone = found.zone;
    let spikes = found.spikes.map(|spikes| {
        let spikes = spikes.into_iter();
        spikes.map(|spike| SpikeBody::new(spike, &zone)).collect()
    });
    Ok(Json(SpikesBody {
        from: times::rfc3339(found.range.start, &zone),
        to: times::rfc3339(found.range.end, &zone),
        spikes,
    }))
}
