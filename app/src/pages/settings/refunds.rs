//! Refund requests: the open ones of all accounts, for those who run the platform.

use domain::{Time, calendar::Zone, cursor::TimedId, filter::ViewQuery, number};
use leptos::prelude::*;
use service::{
    Permission,
    activity::{log_row, support_words},
    ports::OpenDispute,
};

use super::FramedPage;
use super::frame::{Ask, Frame, at, hidden};
use crate::{REFUNDS_PATH, error::AppError, forms::Field, state::permalink};

/// Where a decision is sent.
const DECIDE: &str = "/platform/refunds/decide";
/// Requests of one page.
const SHOWN: u32 = 25;

/// The page Refund requests.
#[derive(Debug, Clone)]
pub struct RefundsPage {
    frame: Frame,
    /// The oldest first, and one more when there are further ones.
    requests: Vec<OpenDispute>,
    after: Option<String>,
    /// The reader's name, as a request names who asks; none when they only read.
    decider: Option<String>,
}

impl FramedPage for RefundsPage {
    const PATH: &'static str = REFUNDS_PATH;
    const TITLE: &'static str = "Refund requests";
    const IS_REMEMBERED: bool = true;

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (_, caller) = ask.current.known()?;
        let after = ask.value("after");
        let place: Option<TimedId> = match &after {
            Some(text) => Some(text.parse().map_err(|_| AppError::NotFound)?),
            None => None,
        };
        let requests = ask
            .services
            .open_disputes(caller, place.as_ref(), SHOWN + 1)
            .await?;
        let (_, frame) = ask.frame(REFUNDS_PATH).await?;
        Ok(Self {
            frame,
            requests,
            after,
            decider: caller
                .may_everywhere(Permission::Provision)
                .then(|| caller.name().to_owned()),
        })
    }

    fn view(self) -> AnyView {
        let shown = self.requests.iter().take(SHOWN as usize);
        let requests: Vec<_> = shown.map(|open| self.request(open)).collect();
        let list = if requests.is_empty() {
            view! { <p class="card empty-card">"No requests waiting. A request appears here as soon as somebody asks for a refund on the receipt of an event."</p> }.into_any()
        } else {
            view! { <ul class="refund-list" data-testid="refund-requests">{requests}</ul> }
                .into_any()
        };
        let parts = view! {
            {list}
            {self.further()}
        };
        self.frame.clone().view(
            "Refund requests",
            "Open requests of all accounts, the oldest first. Approving refunds at once and adds a Reversal to the ledger.",
            parts.into_any(),
        )
    }
}

impl RefundsPage {
    fn request(&self, open: &OpenDispute) -> AnyView {
        let (dispute, event) = (&open.dispute, &open.event);
        let zone = Zone::named(&open.time_zone).unwrap_or_else(|_| Zone::utc());
        let asked = asked(open);
        let row = log_row(event.clone(), &zone);
        let view = ViewQuery {
            account: Some(open.account.clone()),
            ..ViewQuery::default()
        };
        let facts = [
            ("Agent", event.agent.name().to_owned()),
            ("Event time", in_both(event.time, &zone)),
            (
                "Cost",
                format!("{} credits", number::credits(event.credits)),
            ),
            (
                "Refunded before",
                format!("{} credits", number::credits(event.reversed)),
            ),
            (
                "Requested",
                format!("{}, {}", in_both(dispute.created_at, &zone), dispute.actor),
            ),
            (
                "What the agency said",
                dispute.support.as_ref().map_or_else(
                    || {
                        if dispute.is_of_client {
                            "Nothing yet"
                        } else {
                            ""
                        }
                        .to_owned()
                    },
                    support_words,
                ),
            ),
        ];
        let facts: Vec<_> = facts
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| view! { <div><dt>{name}</dt><dd>{value}</dd></div> })
            .collect();
        view! {
            <li class="card refund-request">
                <header class="refund-head">
                    <div><h2>{event.company_name.clone()}</h2><p>{open.account_name.clone()}</p></div>
                    <p class="refund-amount"><b>{number::credits(asked)}</b>" credits"</p>
                </header>
                <p class="refund-reason">{dispute.reason.clone()}</p>
                <dl class="refund-facts">{facts}</dl>
                <p><a href=permalink(&row, &view)>"Open receipt"</a></p>
                {self.decision(open)}
            </li>
        }
        .into_any()
    }

    /// How it is decided; a word instead for those who may not.
    fn decision(&self, open: &OpenDispute) -> Option<AnyView> {
        let decider = self.decider.as_ref()?;
        let dispute = &open.dispute;
        if *decider == dispute.actor {
            return Some(
                view! { <p class="refund-own">"You requested this refund yourself: somebody else has to decide it."</p> }
                    .into_any(),
            );
        }
        let most = number::credits(asked(open));
        let fields = || {
            (
                hidden("account", open.account.clone()),
                hidden("dispute", dispute.id.clone()),
                hidden("next", self.here()),
            )
        };
        let form = |decision| {
            let marks = [("dispute", &*dispute.id), ("decision", decision)];
            self.frame.form("refund", DECIDE, &marks)
        };
        let (approve, decline) = (form("approve"), form("decline"));
        let refund = Field::credits("credits", "Refund")
            .empty(most.clone())
            .hint(format!("All {most} credits if left empty"));
        let why = |label: &str| {
            Field::text("reason", label)
                .max("500")
                .hint("Who asked can read it.")
        };
        // Ids differ between requests and between both forms of one.
        let (refund, may) = (
            refund.of(&dispute.id).view(&approve),
            why("Reason (optional)").of(&dispute.id).view(&approve),
        );
        let declined = why("Reason")
            .required()
            .of(&format!("{}-decline", dispute.id))
            .view(&decline);
        let (said, refused) = (approve.foot(), decline.foot());
        Some(view! {
            <div class="refund-decisions">
                <form class="refund-decision" method="post" action=DECIDE novalidate>
                    {fields()}
                    {refund}
                    {may}
                    <button class="button primary" type="submit" name="decision" value="approve">"Approve"</button>
                    {said}
                </form>
                <form class="refund-decision" method="post" action=DECIDE novalidate>
                    {fields()}
                    {declined}
                    <button class="button" type="submit" name="decision" value="decline">"Decline"</button>
                    {refused}
                </form>
            </div>
        }.into_any())
    }

    /// This page, for a form to come back to.
    fn here(&self) -> String {
        let after = self.after.as_deref();
        after.map_or_else(|| self.frame.back(), |after| self.page_after(after))
    }

    fn page_after(&self, place: &str) -> String {
        format!("{}&after={place}", self.frame.back())
    }

    fn further(&self) -> Option<AnyView> {
        let last = self.requests.get(SHOWN as usize - 1)?;
        (self.requests.len() > SHOWN as usize).then(|| {
            let dispute = &last.dispute;
            let place = TimedId {
                time: dispute.created_at,
                id: dispute.id.clone(),
            };
            let href = self.page_after(&place.to_string());
            view! { <p class="older"><a class="button" href=href>"More requests"</a></p> }
                .into_any()
        })
    }
}

/// What approving without an amount would refund.
fn asked(open: &OpenDispute) -> domain::Credits {
    let left = open.event.credits.saturating_sub(open.event.reversed);
    open.dispute.credits.unwrap_or(left).min(left)
}

/// In UTC, and in the account's zone where that is another.
fn in_both(time: Time, zone: &Zone) -> String {
    let (utc, own) = (at(time, &Zone::utc()), at(time, zone));
    if utc == own {
        format!("{utc} UTC")
    } else {
        format!("{utc} UTC, {own} in {}", zone.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_time_says_the_accounts_zone_where_it_differs() {
        let time = "2026-11-26T08:14:00Z".parse().unwrap();
        let berlin = Zone::named("Europe/Berlin").unwrap();
        assert_eq!(
            in_both(time, &berlin),
            "26 Nov 2026, 08:14 UTC, 26 Nov 2026, 09:14 in Europe/Berlin"
        );
        assert_eq!(in_both(time, &Zone::utc()), "26 Nov 2026, 08:14 UTC");
    }
}
