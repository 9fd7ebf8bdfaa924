//! Who belongs to the account.

mod sheet;

use domain::{
    calendar::Zone,
    tenancy::{Company, Role},
};
use leptos::prelude::*;
use service::members::{Member, OpenInvitation};

use super::FramedPage;
use super::frame::{Ask, Frame, at, hidden};
use crate::{MEMBERS_PATH, error::AppError, forms::Secret};
use sheet::MemberSheet;

/// The page Members.
#[derive(Debug, Clone)]
pub struct MembersPage {
    frame: Frame,
    members: Vec<Member>,
    invitations: Vec<OpenInvitation>,
    zone: Zone,
    demands: Vec<Role>,
    sheet: Option<MemberSheet>,
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

impl FramedPage for MembersPage {
    const PATH: &'static str = MEMBERS_PATH;
    const TITLE: &'static str = "Members";

    async fn read(ask: &Ask<'_>) -> Result<Self, AppError> {
        let (scope, frame) = ask.frame(MEMBERS_PATH).await?;
        let members = ask.services.members(&scope).await?;
        Ok(Self {
            sheet: MemberSheet::read(ask, &scope, &frame, &members).await?,
            frame,
            members,
            invitations: ask.services.invitations(&scope).await?,
            zone: Zone::named(&scope.account().time_zone).unwrap_or_else(|_| Zone::utc()),
            demands: ask.services.second_factor_demands(&scope).await?,
        })
    }

    fn view(self) -> AnyView {
        let made = self.frame.secret().map(Secret::view);
        let sheet = self.sheet.as_ref().map(|sheet| sheet.view(&self.frame));
        let rows: Vec<_> = self
            .members
            .iter()
            .map(|member| self.member(member))
            .collect();
        let parts = view! {
            {made}
            <section aria-labelledby="members">
                <header class="section-header"><h2 id="members">"Members"</h2><p>"Changes take effect at once, also on open pages."</p>
                    <a class="button primary" href=self.frame.sheet("new", "invitation") data-noscroll="">"Invite someone"</a></header>
                <div class="card table-card" tabindex="0" role="group" aria-label="Table of members">
                    <table data-testid="members">
                        <thead><tr><th scope="col">"Name"</th><th scope="col">"Role"</th><th scope="col">"Company access"</th><th scope="col">"Change"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
            </section>
            {self.open()}
            {self.second_factor()}
            {sheet}
        };
        self.frame.clone().view(
            "Members",
            "Who can see this account, and what they can do.",
            parts.into_any(),
        )
    }
}

impl MembersPage {
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
                {self.frame.places(None)}
                <div class="form-row">{boxes}<button class="button" type="submit">"Save"</button></div>
            </form>
        }
    }

    fn member(&self, member: &Member) -> AnyView {
        let (role, _) = words(member.role);
        let id = member.id.0.to_string();
        let link = |name: &str, words: &'static str, class: &'static str| {
            let label = format!("{words} {}", member.name);
            view! { <a class=class href=self.frame.sheet(name, &id) data-noscroll="" aria-label=label>{words}</a> }
        };
        view! {
            <tr>
                <th scope="row">{member.name.clone()}<small>{member.email.clone()}</small>{member.is_disabled.then(|| view! { <small class="state bad">"Disabled by the operator"</small> })}</th>
                <td>{role}</td>
                <td class="why">{sees(&member.companies)}</td>
                <td><div class="row-actions">{link("edit", "Change", "quiet-button")}{link("remove", "Remove", "quiet-button danger-text")}</div></td>
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

/// What a role is called in a sentence.
pub fn role_words(role: Role) -> String {
    let article = if matches!(role, Role::Owner | Role::Analyst) {
        "an"
    } else {
        "a"
    };
    format!("{article} {}", words(role).0.to_lowercase())
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
