//! Who did what, when, from where.

use domain::calendar::Zone;
use leptos::prelude::*;
use service::{
    audit::{AuditAsk, MAX_AUDIT},
    ports::AuditEntry,
};

use super::frame::{Ask, Frame, at, hidden};
use crate::{AUDIT_PATH, error::AppError};

/// The page Audit log.
#[derive(Debug, Clone)]
pub struct AuditPage {
    frame: Frame,
    entries: Vec<AuditEntry>,
    ask: AuditAsk,
    zone: Zone,
}

impl AuditPage {
    pub(super) async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(AUDIT_PATH).await?;
        let asked = AuditAsk {
            action: ask.value("action").unwrap_or_default(),
            actor: ask.value("actor").unwrap_or_default(),
            before: ask.value("before").and_then(|text| text.parse().ok()),
        };
        let entries = ask.services.audit(&scope, &asked).await?;
        Ok(Self {
            frame,
            entries,
            ask: asked,
            zone: Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc()),
        })
    }

    pub(super) fn view(self) -> AnyView {
        let actions = [
            ("", "Anything"),
            ("member", "Members"),
            ("invitation", "Invitations taken back"),
            ("key", "API keys"),
            ("company", "Companies"),
            ("portal", "Sign-ins by the platform"),
            ("alert", "Alerts"),
            ("webhook", "Webhooks"),
            ("brand", "Look for clients"),
            ("account", "The account"),
            ("order", "Orders"),
            ("dispute", "Refund requests"),
            ("credits", "Credits given or taken"),
        ];
        let options = actions.map(|(value, label)| {
            view! { <option value=value selected=value == self.ask.action>{label}</option> }
        });
        let rows: Vec<_> = self.entries.iter().map(|entry| self.row(entry)).collect();
        let table = if rows.is_empty() {
            view! { <p class="card empty-card">"Nothing was done that matches."</p> }.into_any()
        } else {
            view! {
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of what was done">
                    <table data-testid="audit">
                        <thead><tr><th scope="col">{format!("Time ({})", self.zone.name())}</th><th scope="col">"Who"</th><th scope="col">"What"</th><th scope="col">"To what"</th><th scope="col">"From"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            }.into_any()
        };
        let parts = view! {
            <form class="card search-form" method="get" action=AUDIT_PATH>
                {hidden("account", self.frame.account.clone())}
                <label>"What"<select name="action">{options}</select></label>
                <label>"Who"<input type="search" name="actor" value=self.ask.actor.clone() placeholder="E-mail address or key"/></label>
                <button class="button" type="submit">"Show"</button>
            </form>
            {table}
            {self.older()}
        };
        self.frame.clone().view(
            "Audit log",
            "Who did what in this account, when, and from where. Nothing here can be changed.",
            parts.into_any(),
        )
    }

    fn row(&self, entry: &AuditEntry) -> AnyView {
        view! {
            <tr>
                <th scope="row">{at(entry.at, &self.zone)}</th>
                <td class="why">{entry.actor.clone()}</td>
                <td>{words_of(&entry.action)}</td>
                <td class="why">{entry.target.clone()}<small>{entry.detail.clone()}</small></td>
                <td>{entry.address.clone().unwrap_or_else(|| "–".to_owned())}</td>
            </tr>
        }
        .into_any()
    }

    fn older(&self) -> Option<AnyView> {
        let last = self.entries.last()?;
        (self.entries.len() == MAX_AUDIT as usize).then(|| {
            let mut query = form_urlencoded::Serializer::new(String::new());
            query.append_pair("account", &self.frame.account);
            query.append_pair("action", &self.ask.action);
            query.append_pair("actor", &self.ask.actor);
            query.append_pair("before", &last.number.to_string());
            let href = format!("{AUDIT_PATH}?{}", query.finish());
            view! { <p class="older"><a class="button" href=href rel="external">"Older"</a></p> }
                .into_any()
        })
    }
}

/// What was done, in words; a word for programs that has none is shown as it is.
fn words_of(action: &str) -> String {
    let words = match action {
        "account.put" => "Account created or changed",
        "account.suspended" => "Account suspended",
        "account.resumed" => "Suspension lifted",
        "alert.acknowledged" => "Alert acknowledged",
        "alert.rule_removed" => "Alert rule deleted",
        "alert.rule_snoozed" => "Alert rule snoozed",
        "alert.rule_stored" => "Alert rule added or changed",
        "brand.changed" => "Look for clients changed",
        "company.put" => "Company created or changed",
        "company.limits_changed" => "Budget and caps changed",
        "credits.given" => "Credits given",
        "credits.taken" => "Credits taken off",
        "credits.reversed" => "Event refunded",
        "digest.started" => "Weekly email digest turned on",
        "digest.stopped" => "Weekly email digest turned off",
        "dispute.opened" => "Refund requested",
        "dispute.supported" => "Agency supports a refund",
        "dispute.not_supported" => "Agency does not support a refund",
        "dispute.accepted" => "Refund approved",
        "dispute.refused" => "Refund declined",
        "email.subscribed" => "Subscribed to emails",
        "email.unsubscribed" => "Unsubscribed from emails",
        "invitation.revoked" => "Invitation taken back",
        "key.made" => "API key made",
        "key.rotated" => "API key replaced",
        "key.revoked" => "API key revoked",
        "member.invited" => "Invited",
        "member.joined" => "Joined",
        "member.changed" => "Role changed",
        "member.removed" => "Removed",
        "member.placed" => "Placed by single sign-on",
        "order.placed" => "Ordered",
        "order.paid" => "Order paid",
        "order.failed" => "Payment failed",
        "portal.link_made" => "Sign-in link made",
        "portal.signed_in" => "Signed in by a link",
        "webhook.enabled" => "Endpoint re-enabled",
        "webhook.made" => "Endpoint created",
        "webhook.removed" => "Endpoint deleted",
        "webhook.replayed" => "Event resent to an endpoint",
        "week.reviewed" => "Week looked through",
        other => return other.to_owned(),
    };
    words.to_owned()
}
