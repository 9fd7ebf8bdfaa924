//! Permission to spend: checks, and holds for running calls.

mod checks;

use domain::{
    Agent, Credits, FieldError, Invalid, Json,
    bounds::{OUT_OF_RANGE, Sign, check_credits, past_counting},
    event::MAX_METADATA_BYTES,
    event::MAX_NAME_BYTES,
    event::MAX_REFERENCE_BYTES,
    ids::{check_key, check_text},
    ledger::{Decision, Hold, MAX_HOLD_S, Renewal},
    tenancy::Company,
};

use crate::{
    Scope, ServiceError, ServiceResult, Services,
    disputes::MOST_OPEN_REQUESTS,
    ports::{AccountAct, Act, Acted, NewHold, Refusal, Settlement},
};

pub(crate) use checks::Checks;

/// A check, answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Checked {
    /// The decision.
    pub decision: Decision,
    /// When the running cycle ends.
    pub resets_at: domain::Time,
}

/// A hold, and the cycle in which it counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBy {
    /// The hold.
    pub hold: Hold,
    /// Its company.
    pub company: Company,
}

/// A hold to begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginHold {
    /// Its id; a new one when not given.
    pub id: Option<String>,
    /// Key of the company.
    pub company: String,
    /// Who spends.
    pub agent: Agent,
    /// On what.
    pub activity: String,
    /// What to reserve.
    pub credits: Credits,
    /// Ends by itself so many seconds from now.
    pub expires_in_s: u32,
}

/// The end of a hold, as it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndHold {
    /// What it cost.
    pub credits: Credits,
    /// The sender's reference.
    pub reference: Option<String>,
    /// Whatever else the receipt should show.
    pub metadata: Option<Json>,
}

impl Services {
    /// Whether an agent of a company may spend now. The answer rests on what is durable at a moment after the question.
    ///
    /// # Errors
    /// Unknown companies and wrong amounts. A denial is no error.
    pub async fn check(
        &self,
        scope: &Scope,
        company: &str,
        agent: Agent,
        credits: Option<Credits>,
    ) -> ServiceResult<Checked> {
        let mut errors = Vec::new();
        check_credits("credits", credits, Sign::NotNegative, &mut errors);
        Invalid::refuse(errors)?;
        let company = self.spending_company(scope, company).await?;
        self.checks
            .ask(scope.account.id, company.id, agent, credits)
            .await
    }

    /// Reserves credits for a running call. N calls at once never reserve more than there is.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] when a limit does not allow it.
    pub async fn begin_hold(&self, scope: &Scope, begin: BeginHold) -> ServiceResult<HeldBy> {
        check_hold(&begin)?;
        let company = self.spending_company(scope, &begin.company).await?;
        let new = NewHold {
            id: begin.id.unwrap_or_else(|| self.new_id()),
            company: company.id,
            agent: begin.agent,
            activity: begin.activity,
            credits: begin.credits,
            expires_in_s: begin.expires_in_s,
        };
        let hold = self.hold_act(scope, Act::Hold(new)).await?;
        Ok(HeldBy { hold, company })
    }

    /// Changes a running hold: what it used so far, what it reserves, when it ends by itself.
    ///
    /// # Errors
    /// [`ServiceError::Denied`] when a limit does not allow more; then nothing was changed.
    pub async fn renew_hold(
        &self,
        scope: &Scope,
        id: &str,
        renewal: Renewal,
    ) -> ServiceResult<HeldBy> {
        let mut errors = Vec::new();
        check_credits("used", renewal.used, Sign::NotNegative, &mut errors);
        check_credits("credits", renewal.credits, Sign::NotNegative, &mut errors);
        check_expiry(renewal.expires_in_s, &mut errors);
        Invalid::refuse(errors)?;
        let act = Act::RenewHold {
            id: id.to_owned(),
            renewal,
        };
        let hold = self.hold_act(scope, act).await?;
        self.held_by(scope, hold).await
    }

    /// Ends a hold at its real cost, which becomes an event. The same again changes nothing.
    pub async fn settle_hold(
        &self,
        scope: &Scope,
        id: &str,
        end: EndHold,
    ) -> ServiceResult<HeldBy> {
        let mut errors = Vec::new();
        check_credits("credits", end.credits, Sign::NotNegative, &mut errors);
        let reference = end.reference.filter(|text| !text.is_empty());
        if let Some(reference) = &reference
            && let Err(rule) = check_text(reference, MAX_REFERENCE_BYTES)
        {
            errors.push(FieldError::invalid("reference", rule));
        }
        let metadata = end.metadata.filter(|metadata| *metadata != Json::Null);
        check_metadata(metadata.as_ref(), &mut errors);
        Invalid::refuse(errors)?;
        let settlement = Settlement {
            fingerprint: fingerprint(end.credits, reference.as_deref(), metadata.as_ref()),
            id: id.to_owned(),
            credits: end.credits,
            reference,
            metadata: metadata.as_ref().map(Json::to_string),
        };
        let hold = self.hold_act(scope, Act::Settle(settlement)).await?;
        self.held_by(scope, hold).await
    }

    /// Gives a hold up. What it had reported is booked: a call that was made is never free.
    pub async fn release_hold(&self, scope: &Scope, id: &str) -> ServiceResult<HeldBy> {
        let hold = self
            .hold_act(scope, Act::Release { id: id.to_owned() })
            .await?;
        self.held_by(scope, hold).await
    }

    /// A hold, running or ended.
    pub async fn hold(&self, scope: &Scope, id: &str) -> ServiceResult<HeldBy> {
        let hold = self
            .store
            .hold(scope.account.id, id)
            .await?
            .ok_or(ServiceError::NotFound)?;
        self.held_by(scope, hold).await
    }

    async fn hold_act(&self, scope: &Scope, act: Act) -> ServiceResult<Hold> {
        let act = AccountAct {
            account: scope.account.id,
            actor: scope.actor.clone(),
            act,
        };
        match self.act(act).await? {
            Acted::Hold(hold) => Ok(hold),
            _ => Err(crate::books::other_answer()),
        }
    }

    async fn held_by(&self, scope: &Scope, hold: Hold) -> ServiceResult<HeldBy> {
        let companies = self
            .store
            .companies(scope.account.id, Some(&[hold.company]), None, None, 1)
            .await?;
        let company = companies
            .into_iter()
            .next()
            .filter(|company| scope.companies.allows(company.id))
            .ok_or(ServiceError::NotFound)?;
        Ok(HeldBy { hold, company })
    }

    async fn spending_company(&self, scope: &Scope, key: &str) -> ServiceResult<Company> {
        let company = self.directory.company(scope.account.id, key).await?;
        company
            .filter(|company| scope.companies.allows(company.id))
            .ok_or_else(|| {
                let message = "is not a company of the account: create it first, or check its key";
                Invalid::one("company", "unknown_company", message).into()
            })
    }

    /// Does something to the books of an account, or says why not.
    pub(crate) async fn act(&self, act: AccountAct) -> ServiceResult<Acted> {
        self.writer.act(act).await?.map_err(ServiceError::from)
    }
}

impl From<Refusal> for ServiceError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::NotFound,
            Refusal::Denied(decision) => Self::Denied(Box::new(decision)),
            Refusal::Hold(error @ domain::ledger::HoldError::LessUsed(_)) => {
                Self::invalid("used", error)
            }
            Refusal::Hold(ended) => Self::Conflict(ended.to_string()),
            Refusal::OtherContent => Self::Conflict(
                "this hold was settled with other content before: its cost is booked".to_owned(),
            ),
            Refusal::HoldExists => Self::Conflict(
                "another hold of this id exists: ids of holds are unique in their account for ever"
                    .to_owned(),
            ),
            Refusal::Decided(state) => {
                Self::Conflict(format!("this is {state} already: nothing was changed"))
            }
            Refusal::OrderPending => {
                Self::Conflict("an order of this is pending: pay it, or cancel it first".to_owned())
            }
            Refusal::AskedBefore => Self::Conflict(
                "a refund of this event was requested before and waits for its decision".to_owned(),
            ),
            Refusal::TooManyRequests => Self::Conflict(format!(
                "{MOST_OPEN_REQUESTS} refund requests of the account wait for their decision: no more can be open at once"
            )),
            Refusal::OwnRequest => Self::Forbidden(
                "you requested this refund yourself: somebody else has to decide it".to_owned(),
            ),
            Refusal::NotOfClient => Self::Conflict(
                "no client asks here: an agency says whether it supports what its clients request"
                    .to_owned(),
            ),
            Refusal::MoreThanAsked { most } => Self::invalid(
                "credits",
                format!(
                    "must be more than zero and at most {most}: what is asked for and left of the event's cost"
                ),
            ),
            Refusal::MoreThanCost { left } if left <= Credits::ZERO => {
                Self::Conflict("nothing of this event's cost is left to refund".to_owned())
            }
            Refusal::MoreThanCost { left } => Self::invalid(
                "credits",
                format!(
                    "must be more than zero and at most {left}: what is left of the event's cost"
                ),
            ),
            Refusal::Stale => Self::Stale,
            Refusal::OutOfRange => Invalid::one("credits", OUT_OF_RANGE, past_counting()).into(),
        }
    }
}

fn check_hold(begin: &BeginHold) -> Result<(), Invalid> {
    let mut errors = Vec::new();
    if let Some(id) = &begin.id
        && let Err(rule) = check_text(id, MAX_NAME_BYTES)
    {
        errors.push(FieldError::invalid("id", rule));
    }
    if let Err(rule) = check_key(&begin.activity) {
        errors.push(FieldError::invalid("activity", rule));
    }
    check_credits("credits", begin.credits, Sign::Positive, &mut errors);
    check_expiry(Some(begin.expires_in_s), &mut errors);
    Invalid::refuse(errors)
}

fn check_expiry(seconds: Option<u32>, errors: &mut Vec<FieldError>) {
    if seconds.is_some_and(|seconds| seconds == 0 || seconds > MAX_HOLD_S) {
        errors.push(FieldError::invalid(
            "expires_in_s",
            format!("must be 1 to {MAX_HOLD_S} seconds: a running call renews its hold"),
        ));
    }
}

fn check_metadata(metadata: Option<&Json>, errors: &mut Vec<FieldError>) {
    let wrong = match metadata {
        Some(json @ Json::Object(_)) if json.to_string().len() > MAX_METADATA_BYTES => {
            format!("must be at most {MAX_METADATA_BYTES} bytes of JSON")
        }
        None | Some(Json::Object(_)) => return,
        Some(_) => "must be a JSON object".to_owned(),
    };
    errors.push(FieldError::invalid("metadata", wrong));
}

fn fingerprint(credits: Credits, reference: Option<&str>, metadata: Option<&Json>) -> i64 {
    let metadata = metadata.map(Json::canonical);
    crate::ingest::fingerprint(&serde_json::json!([credits, reference, metadata]).to_string())
}
