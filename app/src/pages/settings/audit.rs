//! Who did what, when, from where.

use domain::calendar::Zone;
use leptos::prelude::*;
use service::{
    audit::{AuditAsk, MAX_AUDIT},
    ports::AuditEntry,
};

use super::FramedPage;
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

impl FramedPage for AuditPage {
    const PATH: &'static str = AUDIT_PATH;
    const TITLE: &'static str = "Audit log";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
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

    fn view(self) -> AnyView {
        let actions = [
            ("", "All actions"),
            ("member", "Members"),
            ("invitation", "Invitations revoked"),
            ("key", "API keys"),
            ("company", "Companies"),
            ("portal", "Sign-in links"),
            ("alert", "Alerts"),
            ("webhook", "Webhooks"),
            ("brand", "Client branding"),
            ("account", "Account"),
            ("order", "Orders"),
            ("dispute", "Refund requests"),
            ("credits", "Credits granted or deducted"),
        ];
        let options = actions.map(|(value, label)| {
            view! { <option value=value selected=value == self.ask.action>{label}</option> }
        });
        let rows: Vec<_> = self.entries.iter().map(|entry| self.row(entry)).collect();
        let table = if rows.is_empty() {
            view! { <p class="card empty-card">"No entries match."</p> }.into_any()
        } else {
            view! {
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of audit entries">
                    <table data-testid="audit">
                        <thead><tr><th scope="col">{format!("Time ({})", self.zone.name())}</th><th scope="col">"Actor"</th><th scope="col">"Action"</th><th scope="col">"Target"</th><th scope="col">"IP address"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            }.into_any()
        };
        let parts = view! {
            <form class="card search-form" method="get" action=AUDIT_PATH>
                {hidden("account", self.frame.account.clone())}
                <label>"Action"<select name="action">{options}</select></label>
                <label>"Actor"<input type="search" name="actor" value=self.ask.actor.clone() placeholder="Email or key contains…"/></label>
                <button class="button" type="submit">"Show"</button>
            </form>
            {table}
            {self.older()}
        };
        self.frame.clone().view(
            "Audit log",
            "Who did what in this account, when and from where. Entries cannot be changed.",
            parts.into_any(),
        )
    }
}

impl AuditPage {
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
            view! { <p class="older"><a class="button" href=href>"Older"</a></p> }.into_any()
        })
    }
}

/// What was done, in words; a word for programs that has none is shown as it is.
fn words_of(action: &str) -> String {
    let words = match action {
        "account.put" => "Account created or changed",
        "account.suspended" => "Account suspended",
        "account.resumed" => "Account resumed",
        "alert.acknowledged" => "Alert acknowledged",
        "alert.rule_removed" => "Alert rule deleted",
        "alert.rule_snoozed" => "Alert rule snoozed",
        "alert.rule_stored" => "Alert rule created or changed",
        "brand.changed" => "Client branding changed",
        "company.put" => "Company created or changed",
        "company.limits_changed" => "Company budget or caps changed",
        "credits.given" => "Credits granted",
        "credits.taken" => "Credits deducted",
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
        "invitation.revoked" => "Invitation revoked",
        "key.made" => "API key created",
        "key.rotated" => "API key rotated",
        "key.revoked" => "API key revoked",
        "member.invited" => "Member invited",
        "member.joined" => "Member joined",
        "member.changed" => "Role or company access changed",
        "member.removed" => "Member removed",
        "member.placed" => "Member added by single sign-on",
        "order.placed" => "Order placed",
        "order.cancelled" => "Order cancelled",
        "order.paid" => "Order paid",
        "order.failed" => "Payment failed",
        "portal.link_made" => "Sign-in link created",
        "portal.signed_in" => "Signed in with a link",
        "webhook.enabled" => "Endpoint re-enabled",
        "webhook.made" => "Endpoint created",
        "webhook.removed" => "Endpoint deleted",
        "webhook.replayed" => "Delivery resent",
        "alert.acknowledgement_undone" => "Alert no longer acknowledged",
        "week.review_undone" => "Week no longer reviewed",
        "week.reviewed" => "Week reviewed",
        other => return other.to_owned(),
    };
    words.to_owned()
}
