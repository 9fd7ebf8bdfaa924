//! Who belongs to the account.

use domain::{
    calendar::Zone,
    tenancy::{Company, Role},
};
use leptos::prelude::*;
use service::members::{Member, OpenInvitation};

use super::frame::{Ask, Frame, at, hidden};
use crate::{MEMBERS_PATH, error::AppError};

/// The page Members.
#[derive(Debug, Clone)]
pub struct MembersPage {
    frame: Frame,
    members: Vec<Member>,
    invitations: Vec<OpenInvitation>,
    zone: Zone,
    demands: Vec<Role>,
    link: Option<String>,
}

/// Every role, with what it may do.
const ROLES: [(Role, &str, &str); 4] = [
    (Role::Owner, "Owner", "can do everything in this account"),
    (
        Role::BillingAdmin,
        "Billing admin",
        "manages plans, packs, budgets and alerts",
    ),
    (Role::Analyst, "Analyst", "can see everything"),
    (Role::Client, "Client", "can see the companies you choose"),
];

impl MembersPage {
    pub(super) async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(MEMBERS_PATH).await?;
        Ok(Self {
            frame,
            members: ask.services.members(&scope).await?,
            invitations: ask.services.invitations(&scope).await?,
            zone: Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc()),
            demands: ask.services.second_factor_demands(&scope).await?,
            link: ask.secret.map(str::to_owned),
        })
    }

    /// The link of an invitation that was just made, and whether the mailbox has one as well.
    fn made(&self, link: &str) -> impl IntoView + use<> {
        let mut all = self.invitations.iter();
        let is_mailed = all.any(|one| one.is_of(link) && one.is_mailed());
        let (title, text) = if is_mailed {
            (
                "Invitation sent",
                "We send at most one email an hour to the same person, with a link of its own. You can also share this link yourself: it works once, for 7 days, and is shown only now.",
            )
        } else {
            (
                "Invitation not emailed",
                "This person was sent an invitation lately, and its link no longer works. Share this link yourself: it works once, for 7 days, and is shown only now.",
            )
        };
        view! {
            <section class="card secret" role="status">
                <h2>{title}</h2>
                <p>{text}</p>
                <input class="secret-text" type="text" readonly value=link.to_owned() aria-label="Link of the invitation" data-testid="invitation-link"/>
            </section>
        }
    }

    pub(super) fn view(self) -> AnyView {
        let made = self.link.as_ref().map(|link| self.made(link));
        let rows: Vec<_> = self
            .members
            .iter()
            .map(|member| self.member(member))
            .collect();
        let parts = view! {
            {made}
            {self.invite()}
            <section aria-labelledby="members">
                <header class="section-header"><h2 id="members">"Members"</h2><p>"Changes take effect at once, also on open pages."</p></header>
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of members">
                    <table data-testid="members">
                        <thead><tr><th scope="col">"Name"</th><th scope="col">"Role"</th><th scope="col">"Company access"</th><th scope="col">"Change"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
            {self.open()}
            {self.second_factor()}
        };
        self.frame.clone().view(
            "Members",
            "Who can see this account, and what they can do.",
            parts.into_any(),
        )
    }

    fn invite(&self) -> impl IntoView + use<> {
        view! {
            <form class="card plain-form" method="post" action="/settings/members/invite" aria-labelledby="invite">
                <h2 id="invite">"Invite someone"</h2>
                {hidden("account", self.frame.account.clone())}
                <div class="form-row">
                    <label>"Email"<input type="email" name="email" required autocomplete="off"/></label>
                    {role_field(Role::Analyst)}
                    {companies_field(&[])}
                    <button class="button primary" type="submit">"Invite"</button>
                </div>
            </form>
        }
    }

    fn second_factor(&self) -> impl IntoView + use<> {
        let boxes: Vec<_> = ROLES
            .iter()
            .map(|(role, title, _)| {
                let name = format!("role_{}", role.id());
                let is_on = self.demands.contains(role);
                view! { <label class="check"><input type="checkbox" name=name checked=is_on/>{*title}</label> }
            })
            .collect();
        view! {
            <form class="card plain-form" method="post" action="/settings/members/second-factor" aria-labelledby="demand">
                <h2 id="demand">"Require two-step sign-in"</h2>
                <p class="page-subtitle">"Members with these roles set it up before they do anything else. Who signs in by single sign-on is left to its provider."</p>
                {hidden("account", self.frame.account.clone())}
                <div class="form-row">{boxes}<button class="button" type="submit">"Save"</button></div>
            </form>
        }
    }

    fn member(&self, member: &Member) -> AnyView {
        let (role, _) = words(member.role);
        let fields = || {
            (
                hidden("account", self.frame.account.clone()),
                hidden("member", member.id.0.to_string()),
                hidden("next", self.frame.back()),
            )
        };
        view! {
            <tr>
                <th scope="row">{member.name.clone()}<small>{member.email.clone()}</small>{member.is_disabled.then(|| view! { <small class="state bad">"Disabled by the operator"</small> })}</th>
                <td>{role}</td>
                <td class="why">{sees(&member.companies)}</td>
                <td>
                    <details>
                        <summary class="quiet-button">"Change"</summary>
                        <form class="limits-form" method="post" action="/settings/members/change">
                            {fields()}
                            {hidden("version", member.version.to_string())}
                            {role_field(member.role)}
                            {companies_field(&member.companies)}
                            <button class="button primary" type="submit">"Save"</button>
                        </form>
                        <form class="limits-form" method="post" action="/settings/members/remove">
                            {fields()}
                            <button class="button danger" type="submit">"Remove from this account"</button>
                        </form>
                    </details>
                </td>
            </tr>
        }
        .into_any()
    }

    fn open(&self) -> Option<AnyView> {
        if self.invitations.is_empty() {
            return None;
        }
        let rows: Vec<_> = self.invitations.iter().map(|open| {
            let invitation = &open.invitation;
            let (role, _) = words(invitation.role);
            view! {
                <tr>
                    <th scope="row">{invitation.email.clone()}<small>{format!("Invited by {}", invitation.invited_by)}</small></th>
                    <td>{role}</td>
                    <td class="why">{sees(&open.companies)}</td>
                    <td>{at(invitation.expires_at, &self.zone)}</td>
                    <td>
                        <form method="post" action="/settings/members/revoke">
                            {hidden("account", self.frame.account.clone())}
                            {hidden("invitation", invitation.id.clone())}
                            {hidden("next", self.frame.back())}
                            <button class="quiet-button" type="submit">"Revoke"</button>
                        </form>
                    </td>
                </tr>
            }
        }).collect();
        Some(view! {
            <section aria-labelledby="invitations">
                <header class="section-header"><h2 id="invitations">"Open invitations"</h2><p>{format!("Times are in {}.", self.zone.name())}</p></header>
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of invitations">
                    <table data-testid="invitations">
                        <thead><tr><th scope="col">"Email"</th><th scope="col">"Role"</th><th scope="col">"Company access"</th><th scope="col">"Expires"</th><th scope="col"><span class="visually-hidden">"Change"</span></th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
        }.into_any())
    }
}

pub(super) fn words(role: Role) -> (&'static str, &'static str) {
    let mut roles = ROLES.iter();
    roles
        .find(|(known, _, _)| *known == role)
        .map_or(("", ""), |(_, name, may)| (*name, *may))
}

fn sees(companies: &[Company]) -> String {
    if companies.is_empty() {
        return "All companies".to_owned();
    }
    let names: Vec<_> = companies
        .iter()
        .map(|company| company.name.as_str())
        .collect();
    names.join(", ")
}

fn role_field(chosen: Role) -> impl IntoView {
    let options: Vec<_> = ROLES
        .iter()
        .map(|(role, name, may)| {
            view! { <option value=role.id() selected=*role == chosen>{format!("{name}: {may}")}</option> }
        })
        .collect();
    view! { <label>"Role"<select name="role">{options}</select></label> }
}

fn companies_field(chosen: &[Company]) -> impl IntoView + use<> {
    let keys: Vec<_> = chosen.iter().map(|company| company.key.as_str()).collect();
    view! {
        <label>"Company access"<input type="text" name="companies" value=keys.join(", ") placeholder="All companies" autocomplete="off"/>
            <small>"Company keys, separated by commas. A client needs at least one."</small>
        </label>
    }
}
