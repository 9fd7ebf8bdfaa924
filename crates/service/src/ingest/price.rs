//! What an event costs.

use domain::{
    Agent, Credits, FieldError, Json, Quantity,
    bounds::{MOST_CREDITS, OUT_OF_RANGE, too_large, too_much},
    credits::micro_of,
    event::{Charge, MAX_REFERENCE_BYTES, Payload},
    ids::check_text,
    json::Object,
    lead::NewLead,
    rate::{Priced, RateCard, RateRule},
};

/// What a usage event comes to, whichever way it was reported.
pub(super) struct Spent {
    pub(super) agent: Agent,
    pub(super) activity: String,
    pub(super) credits: Credits,
    pub(super) priced: Option<Priced>,
    pub(super) reference: Option<String>,
    pub(super) metadata: Option<Json>,
    pub(super) lead: Option<NewLead>,
}

pub(super) fn spend(
    kind: &str,
    payload: Payload,
    card: Option<&RateCard>,
) -> Result<Spent, FieldError> {
    match payload {
        Payload::Usage {
            agent,
            activity,
            charge,
            reference,
            metadata,
        } => {
            let (credits, priced) =
                price_usage(agent, &activity, charge, reference.as_deref(), card)?;
            Ok(Spent {
                agent,
                activity,
                credits,
                priced,
                reference,
                metadata: metadata.map(Json::Object),
                lead: None,
            })
        }
        Payload::Lead {
            agent,
            lead,
            reference,
        } => Ok(Spent {
            agent,
            activity: lead.kind.id().to_owned(),
            credits: Credits::ZERO,
            priced: None,
            reference,
            metadata: None,
            lead: Some(lead),
        }),
        Payload::Foreign(data) => map_foreign(kind, data, card),
    }
}

fn price_usage(
    agent: Agent,
    activity: &str,
    charge: Charge,
    reference: Option<&str>,
    card: Option<&RateCard>,
) -> Result<(Credits, Option<Priced>), FieldError> {
    let (quantity, unit) = match charge {
        Charge::Credits(credits) => {
            return too_large("data.credits", credits).map_or(Ok((credits, None)), Err);
        }
        Charge::Quantity { quantity, unit } => (quantity, unit),
    };
    let data = serde_json::json!({ "agent": agent, "activity": activity, "unit": unit, "reference": reference });
    let Json::Object(data) = Json::from(data) else {
        return Err(no_rate("data.quantity", "this event"));
    };
    let (card, rule) = rule_for("data.quantity", &data, card)?;
    if unit.is_some_and(|unit| unit != rule.unit) {
        let message = format!("must be '{}': the rate card counts in it", rule.unit);
        return Err(FieldError::new("data.unit", "unit_mismatch", message));
    }
    let priced = price("data.quantity", rule, card.version, quantity)?;
    Ok((priced.credits, Some(priced)))
}

fn map_foreign(kind: &str, data: Object, card: Option<&RateCard>) -> Result<Spent, FieldError> {
    let (card, rule) = rule_for("type", &data, card)?;
    let (Some(agent), Some(activity), Some(pointer)) = (
        rule.agent,
        rule.activity.as_deref(),
        rule.quantity.as_deref(),
    ) else {
        return Err(no_rate("type", kind));
    };
    let field = format!("data{}", pointer.replace('/', "."));
    let data = Json::Object(data);
    let found = data.pointer(pointer).ok_or_else(|| {
        FieldError::new(
            &field,
            "required",
            "is missing: the rate card reads the quantity there",
        )
    })?;
    let quantity = micro_of(found)
        .map(Quantity::from_micro)
        .map_err(|error| error.of_field(&field))?;
    if quantity.micro() < 0 {
        return Err(FieldError::new(field, "negative", "must not be negative"));
    }
    let priced = price(&field, rule, card.version, quantity)?;
    Ok(Spent {
        agent,
        activity: activity.to_owned(),
        credits: priced.credits,
        priced: Some(priced),
        reference: data
            .pointer("/reference")
            .and_then(Json::as_str)
            // The receipt's metadata has a reference that no row can show.
            .filter(|text| check_text(text, MAX_REFERENCE_BYTES).is_ok())
            .map(str::to_owned),
        metadata: Some(data),
        lead: None,
    })
}

fn rule_for<'a>(
    field: &str,
    data: &Object,
    card: Option<&'a RateCard>,
) -> Result<(&'a RateCard, &'a RateRule), FieldError> {
    let card = card.ok_or_else(|| no_rate(field, "this type"))?;
    let rule = card
        .rule_for(data)
        .ok_or_else(|| no_rate(field, "this event"))?;
    Ok((card, rule))
}

fn no_rate(field: &str, what: &str) -> FieldError {
    FieldError::new(
        field,
        "no_rate",
        format!(
            "no rate card in force at the event's time prices {what}: put one, or send data.credits"
        ),
    )
}

fn price(
    field: &str,
    rule: &RateRule,
    version: u32,
    quantity: Quantity,
) -> Result<Priced, FieldError> {
    if let Some(error) = too_much(field, quantity) {
        return Err(error);
    }
    let credits = rule
        .price(quantity)
        .map_err(|message| FieldError::invalid(field, message))?;
    if too_large(field, credits).is_some() {
        let message = format!(
            "costs {credits} credits by the rate card, and an event may cost {MOST_CREDITS}: check its unit, or split it"
        );
        return Err(FieldError::new(field, OUT_OF_RANGE, message));
    }
    Ok(Priced {
        credits,
        quantity,
        unit: rule.unit.clone(),
        version,
        rounding: rule.rounding,
    })
}
