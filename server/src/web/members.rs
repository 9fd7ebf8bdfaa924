//! Forms of the page Members.

use app::{
    MEMBERS_PATH,
    context::Current,
    forms::{Done, SecretKind},
};
use axum::{Extension, Form, extract::State, response::Response};
use domain::UserId;
use serde::Deserialize;
use service::{
    Scope, ServiceError, ServiceResult, Services,
    members::{Member, Place},
};

use super::{
    billing::scope,
    fields::{Fields, all, text},
    outcome::{finish, go_on, named},
    settings::back,
    stale::{self, Outdated},
};
use crate::{AppState, state::Origin};

/// Names somebody of an account.
#[derive(Debug, Deserialize)]
pub struct MemberForm {
    account: String,
    member: i64,
    next: Option<String>,
}

/// Takes an invitation back.
#[derive(Debug, Deserialize)]
pub struct InvitationForm {
    account: String,
    invitation: String,
    next: Option<String>,
}

/// What somebody may do, as a form says it: companies by one field each, or all in one with commas.
fn place(fields: &Fields) -> ServiceResult<Place> {
    let role = text(fields, "role").parse();
    let role = role.map_err(|rule| ServiceError::invalid("role", rule))?;
    let mut companies: Vec<_> = all(fields, "companies")
        .flat_map(|keys| keys.split([',', ' ', '\n']))
        .map(str::trim)
        .filter(|key| !key.is_empty())
        .map(str::to_owned)
        .collect();
    companies.dedup();
    Ok(Place { role, companies })
}

/// `POST /settings/members/invite`
pub async fn invite(
    State(state): State<AppState>,
    State(origin): State<Origin>,
    Extension(current): Extension<Current>,
    Form(fields): Form<Fields>,
) -> Response {
    let url = origin.address();
    let account = text(&fields, "account");
    let made = async {
        let scope = scope(&state.services, &current, account).await?;
        let place = place(&fields)?;
        let email = text(&fields, "email");
        let made = state.services.invite(&scope, email, &place, url).await?;
        let kind = if made.invitation.mailed_hash.is_some() {
            SecretKind::Invitation
        } else {
            SecretKind::InvitationNotMailed
        };
        let said = match kind {
            SecretKind::Invitation => format!("Invitation sent to {}.", made.invitation.email),
            _ => format!("{} is invited: share the link.", made.invitation.email),
        };
        Ok(Done::said(said).with_secret(kind, format!("{url}{}", made.path)))
    };
    let next = form_page(&fields, MEMBERS_PATH);
    finish(made.await, Some(&next))
}

/// Where a form leads back to; to its page when it does not say.
pub(super) fn form_page(fields: &Fields, path: &str) -> String {
    match text(fields, "next") {
        "" => back(path, text(fields, "account")),
        next => next.to_owned(),
    }
}

/// `POST /settings/members/change`
pub async fn change(
    State(state): State<AppState>,
    Extension(current): Extension<Current>,
    Form(fields): Form<Fields>,
) -> Response {
    let services = &state.services;
    let id = text(&fields, "member").parse().map(UserId);
    let done = async {
        let id = id.map_err(|_| ServiceError::NotFound)?;
        let scope = scope(services, &current, text(&fields, "account")).await?;
        let place = place(&fields)?;
        let expected = stale::version(Some(text(&fields, "version")))?;
        let before = member(services, &scope, id).await?;
        match services.change_member(&scope, id, &place, expected).await {
            Err(ServiceError::Stale) => Ok(Err(outdated(&fields, &place, before))),
            changed => {
                changed?;
                let now = member(services, &scope, id).await?;
                Ok(Ok(changed_words(&fields, &before, &now)))
            }
        }
    }
    .await;
    let next = form_page(&fields, MEMBERS_PATH);
    stale::go_on(&state, current, done, Some(&next)).await
}

async fn member(services: &Services, scope: &Scope, id: UserId) -> ServiceResult<Member> {
    let members = services.members(scope).await?;
    let found = members.into_iter().find(|member| member.id == id);
    found.ok_or(ServiceError::NotFound)
}

/// What was done, and the form that gives a member back what they could do before.
fn changed_words(fields: &Fields, before: &Member, now: &Member) -> Done {
    let names: Vec<_> = now.companies.iter().map(|one| one.name.as_str()).collect();
    let sees = if names.is_empty() {
        "all companies".to_owned()
    } else {
        named(&names)
    };
    let said = format!(
        "{} is {} now, with access to {sees}.",
        now.name,
        app::pages::settings::role_words(now.role)
    );
    let mut undo = vec![
        ("account", text(fields, "account").to_owned()),
        ("member", now.id.0.to_string()),
        ("role", before.role.id().to_owned()),
        ("version", now.version.to_string()),
        ("next", text(fields, "next").to_owned()),
    ];
    undo.extend(
        before
            .companies
            .iter()
            .map(|one| ("companies", one.key.clone())),
    );
    Done::said(said).undone_by("/settings/members/change", undo)
}

/// What a member may do by now, beside what was sent.
fn outdated(fields: &Fields, place: &Place, now: Member) -> Outdated {
    let keys: Vec<_> = now.companies.into_iter().map(|one| one.key).collect();
    let mut sent: Fields = ["account", "member", "role"]
        .map(|name| (name.to_owned(), text(fields, name).to_owned()))
        .to_vec();
    sent.push(("companies".to_owned(), place.companies.join(",")));
    Outdated {
        what: now.name,
        action: "/settings/members/change",
        has_files: false,
        fields: vec![
            stale::field("Role", place.role.to_string(), now.role.to_string()),
            stale::field(
                "Company access",
                place.companies.join(", "),
                keys.join(", "),
            ),
        ],
        sent,
        version: now.version,
    }
}

/// `POST /settings/members/remove`
pub async fn remove(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<MemberForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        let id = UserId(form.member);
        let name = member(&services, &scope, id).await?.name;
        services.remove_member(&scope, id).await?;
        Ok(Done::said(format!(
            "{name} can no longer see this account."
        )))
    };
    finish(done.await, form.next.as_deref())
}

/// `POST /settings/members/revoke`
pub async fn revoke_invitation(
    State(services): State<Services>,
    Extension(current): Extension<Current>,
    Form(form): Form<InvitationForm>,
) -> Response {
    let done = async {
        let scope = scope(&services, &current, &form.account).await?;
        services.revoke_invitation(&scope, &form.invitation).await
    };
    let said = "The invitation is withdrawn: its link no longer works.";
    go_on(done.await, form.next.as_deref(), said)
}
