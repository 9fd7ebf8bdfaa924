//! Sheets of the page Members: an invitation, what a member may do, and removing one.

use domain::tenancy::Role;
use leptos::prelude::*;
use service::{Scope, members::Member};

use super::{
    super::frame::{Ask, Frame, hidden},
    ROLES, role_words, sees,
};
use crate::{
    components::{Sheet, Side, sheet_foot},
    error::AppError,
    forms::{Field, FormState, Picker, Select},
};

const INVITE: &str = "/settings/members/invite";
const CHANGE: &str = "/settings/members/change";
const REMOVE: &str = "/settings/members/remove";

/// A sheet over the page.
#[derive(Debug, Clone)]
pub(super) enum MemberSheet {
    /// Invites someone.
    Invite(Picker),
    /// Changes what a member may do.
    Change(Box<Member>, Picker),
    /// Asks before a member is removed.
    Remove(Box<Member>),
    /// Says why the last owner stays.
    LastOwner(Box<Member>),
}

impl MemberSheet {
    /// The sheet of the address; none when it names nobody of the account.
    pub(super) async fn read(
        ask: &Ask<'_>,
        scope: &Scope,
        frame: &Frame,
        members: &[Member],
    ) -> Result<Option<Self>, AppError> {
        let named = |name: &str| {
            let id = ask.value(name)?;
            members
                .iter()
                .find(|one| one.id.0.to_string() == id)
                .cloned()
        };
        if ask.value("new").as_deref() == Some("invitation") {
            let entered = entered(frame, INVITE, &[]);
            let picker = Picker::read(ask.services, scope, entered, &[]).await?;
            return Ok(Some(Self::Invite(picker)));
        }
        if let Some(member) = named("edit") {
            let id = member.id.0.to_string();
            let entered = entered(frame, CHANGE, &[("member", &id)]);
            let picker = Picker::read(ask.services, scope, entered, &member.companies).await?;
            return Ok(Some(Self::Change(Box::new(member), picker)));
        }
        let Some(member) = named("remove").map(Box::new) else {
            return Ok(None);
        };
        let owners = members.iter().filter(|one| one.role == Role::Owner).count();
        if member.role == Role::Owner && owners == 1 {
            return Ok(Some(Self::LastOwner(member)));
        }
        Ok(Some(Self::Remove(member)))
    }

    pub(super) fn view(&self, frame: &Frame) -> AnyView {
        match self {
            Self::Invite(picker) => invite(frame, picker),
            Self::Change(member, picker) => change(frame, member, picker),
            Self::Remove(member) => remove(frame, member),
            Self::LastOwner(member) => last_owner(frame, member),
        }
    }
}

/// What was chosen and looked for in a form that was sent.
fn entered(frame: &Frame, action: &str, marks: &[(&str, &str)]) -> (Option<Vec<String>>, String) {
    let form = frame.form("companies", action, marks);
    (form.values("companies"), form.value("find", ""))
}

fn role_field(form: &FormState, chosen: Role) -> AnyView {
    let options = ROLES.iter();
    let options = options
        .map(|(role, name, may)| (role.id().to_owned(), format!("{name}: {may}")))
        .collect();
    Select::new("role", "Role", chosen.id(), options).view(form)
}

const ACCESS: &str = "None chosen means all companies. A client needs at least one.";

fn invite(frame: &Frame, picker: &Picker) -> AnyView {
    let form = frame.form("invite", INVITE, &[]);
    let email = Field::text("email", "Email")
        .of_kind("email")
        .required()
        .first();
    let email = email.view(&form);
    let role = role_field(&form, Role::Analyst);
    let companies = picker.many(&form, ACCESS);
    let act = view! { <button class="button primary" type="submit">"Invite"</button> }.into_any();
    let foot = sheet_foot(form.foot(), frame.back(), act);
    let content = view! {
        <form method="post" action=INVITE novalidate data-testid="invite">
            {frame.places(Some(("new", "invitation")))}
            <div class="sheet-fields">{email}{role}{companies}</div>
            {foot}
        </form>
    };
    Sheet {
        side: Side::Edge,
        title: "Invite someone".to_owned(),
        lead: "They get an email with a link that works once, for 7 days.".to_owned(),
        close: frame.back(),
    }
    .view(content.into_any())
}

fn change(frame: &Frame, member: &Member, picker: &Picker) -> AnyView {
    let id = member.id.0.to_string();
    let form = frame.form("member", CHANGE, &[("member", &id)]);
    let role = role_field(&form, member.role);
    let companies = picker.many(&form, ACCESS);
    let act = view! { <button class="button primary" type="submit">"Save"</button> }.into_any();
    let foot = sheet_foot(form.foot(), frame.back(), act);
    let now = format!(
        "{} is {} now and sees {}.",
        member.name,
        role_words(member.role),
        sees(&member.companies).replace("All companies", "all companies")
    );
    let content = view! {
        <form method="post" action=CHANGE novalidate data-testid="member">
            {frame.places(Some(("edit", &id)))}
            {hidden("member", id.clone())}
            {hidden("version", member.version.to_string())}
            <div class="sheet-fields"><p class="will">{now}" A change takes effect at once, also on open pages."</p>{role}{companies}</div>
            {foot}
        </form>
    };
    Sheet {
        side: Side::Edge,
        title: member.name.clone(),
        lead: member.email.clone(),
        close: frame.back(),
    }
    .view(content.into_any())
}

fn remove(frame: &Frame, member: &Member) -> AnyView {
    let id = member.id.0.to_string();
    let form = frame.form("remove", REMOVE, &[("member", &id)]);
    let act = view! { <button class="button destructive" type="submit">"Remove member"</button> }
        .into_any();
    let foot = sheet_foot(form.foot(), frame.back(), act);
    let content = view! {
        <form method="post" action=REMOVE>
            {frame.places(Some(("remove", &id)))}
            {hidden("member", id.clone())}
            <div class="sheet-fields">
                <div class="depends"><h3>"What ends at once"</h3><dl>
                    <div><dt>"Role"</dt><dd>{super::words(member.role).0}<small>{super::words(member.role).1}</small></dd></div>
                    <div><dt>"Company access"</dt><dd>{sees(&member.companies)}</dd></div>
                    <div><dt>"Open pages and sessions"</dt><dd>"show nothing of this account any more"</dd></div>
                </dl></div>
                <p class="dim">"What they did stays in the audit log. You can invite them again."</p>
            </div>
            {foot}
        </form>
    };
    Sheet {
        side: Side::Middle,
        title: format!("Remove {}?", member.name),
        lead: member.email.clone(),
        close: frame.back(),
    }
    .view(content.into_any())
}

fn last_owner(frame: &Frame, member: &Member) -> AnyView {
    let content = view! {
        <div class="sheet-fields"><p>{format!("{} is the only owner of this account, and an account keeps one. Make someone else owner first.", member.name)}</p></div>
        <footer class="sheet-foot"><div class="sheet-acts"><a class="button primary" href=frame.back() data-noscroll="">"Close"</a></div></footer>
    };
    Sheet {
        side: Side::Middle,
        title: format!("{} stays", member.name),
        lead: String::new(),
        close: frame.back(),
    }
    .view(content.into_any())
}
