//! A form that is refused keeps what was entered and says at each field what is wrong; one that was done says so once.

use std::collections::BTreeSet;

use axum::body::Body;

use crate::{
    confirm::forms_of,
    joining::{follow, get, outcome, post, post_on, signed_in},
    pages::{form, with_people},
    support::{Reply, TestServer},
};

const OWNER: &str = "owner@northwind.example";
const LIMITS: &str = "/companies?account=northwind&edit=acme-dental";

/// A form, where it stands, what it sends, and the fields that the service can find wrong in it: with a value that is
/// refused, and what is said there.
#[derive(Clone)]
struct Form {
    action: &'static str,
    page: &'static str,
    fields: Vec<(&'static str, &'static str)>,
    wrong: Vec<(&'static str, &'static str, &'static str)>,
}

/// Forms in which nothing is typed: a button, boxes, or a choice of what is offered.
const WITHOUT_FIELDS: [&str; 24] = [
    "/billing/alerts/acknowledge",
    "/billing/alerts/digest",
    "/billing/alerts/emails",
    "/billing/alerts/remove",
    "/billing/alerts/snooze",
    "/billing/orders",
    "/billing/orders/cancel",
    "/billing/review/mark",
    "/settings/keys/rotate",
    "/settings/members/remove",
    "/settings/members/revoke",
    "/settings/members/second-factor",
    "/settings/second-factor/app/remove",
    "/settings/second-factor/codes",
    "/settings/second-factor/passkeys/ask",
    "/settings/second-factor/passkeys/new",
    "/settings/second-factor/passkeys/remove",
    "/settings/second-factor/remove",
    "/settings/webhooks/enable",
    "/settings/webhooks/remove",
    "/settings/webhooks/replay",
    "/settings/webhooks/test",
    "/settings/you/end",
    "/settings/you/end-others",
];

/// Forms whose fields are tested by themselves, and why.
const ELSEWHERE: [(&str, &str); 7] = [
    ("/api/fn/{name}", "functions"),
    (
        "/settings/keys/revoke",
        "asks for a name while the key is in use: below",
    ),
    (
        "/platform/refunds/decide",
        "of an open request, by an operator: disputes.rs",
    ),
    ("/billing/disputes", "answered in the receipt: disputes.rs"),
    (
        "/billing/disputes/support",
        "a note that may be empty, as long as browsers let it be",
    ),
    (
        "/settings/second-factor/set",
        "a code, on the page that shows its secret: second_factor.rs",
    ),
    (
        "/settings/second-factor/passkeys/add",
        "what a device says, not a person: passkeys.rs",
    ),
];

#[test]
fn every_form_of_the_frame_is_tried_with_what_can_be_wrong_in_it() {
    let routes = include_str!("../../src/web.rs");
    let (_, strangers) = routes.split_once("fn for_strangers()").unwrap();
    let for_strangers: BTreeSet<_> = forms_of(strangers).into_iter().collect();
    let forms: BTreeSet<_> = forms_of(routes).into_iter().collect();
    let forms: BTreeSet<_> = forms.difference(&for_strangers).copied().collect();
    let tried: BTreeSet<_> = all("1").iter().map(|form| form.action).collect();
    let elsewhere: BTreeSet<_> = ELSEWHERE.iter().map(|(path, _)| *path).collect();
    let without: BTreeSet<_> = WITHOUT_FIELDS.into_iter().collect();
    // Changing an address asks nothing: its link shows it.
    let links = BTreeSet::from(["/new-email/{secret}"]);
    let lists = [&tried, &elsewhere, &without, &links];
    let known: BTreeSet<_> = lists.into_iter().flatten().copied().collect();
    assert_eq!(forms, known);
    let named: usize = lists.iter().map(|list| list.len()).sum();
    assert_eq!(named, known.len(), "a form is in two lists");
}

fn all(member: &'static str) -> Vec<Form> {
    [
        of_companies(),
        of_members(member),
        of_settings(),
        of_alerts(),
        of_oneself(),
    ]
    .concat()
}

fn of_companies() -> Vec<Form> {
    let mut limits = vec![
        ("name", "", "Name must be 1 to"),
        ("budget", "2k", "Write it in full, for example 2,000."),
        (
            "budget",
            "-5",
            "Budget (credits per cycle) must not be negative",
        ),
    ];
    for agent in domain::Agent::ALL {
        let name: &'static str = format!("cap_{}", agent.id()).leak();
        limits.push((name, "2k", "Write it in full, for example 2,000."));
    }
    vec![Form {
        action: "/companies/limits",
        page: LIMITS,
        fields: vec![
            ("company", "acme-dental"),
            ("name", "Acme"),
            ("budget", "10"),
        ],
        wrong: limits,
    }]
}

fn of_members(member: &'static str) -> Vec<Form> {
    vec![
        Form {
            action: "/settings/members/invite",
            page: "/settings/members?account=northwind&new=invitation",
            fields: vec![
                ("email", "ada@example.com"),
                ("role", "client"),
                ("companies", "acme-dental"),
            ],
            wrong: vec![
                ("email", "ada", "Email must be an email address such as"),
                ("role", "king", "Role must be"),
                ("companies", "", "Choose at least one company for a client."),
                (
                    "companies",
                    "brightside-east",
                    "is not a company of the account",
                ),
            ],
        },
        Form {
            action: "/settings/members/change",
            page: format!("/settings/members?account=northwind&edit={member}").leak(),
            fields: vec![
                ("member", member),
                ("role", "client"),
                ("companies", "acme-dental"),
            ],
            wrong: vec![
                ("role", "king", "Role must be"),
                ("companies", "", "Choose at least one company for a client."),
                (
                    "companies",
                    "brightside-east",
                    "is not a company of the account",
                ),
            ],
        },
    ]
}

fn of_settings() -> Vec<Form> {
    vec![
        Form {
            action: "/settings/brand",
            page: "/settings/brand?account=northwind",
            fields: vec![
                ("name", "North"),
                ("own_colour", "1"),
                ("colour", "#2f6f4f"),
            ],
            wrong: vec![
                ("name", "a\u{7}", "Name must be at most"),
                ("colour", "green", "Colour must be # and six digits"),
            ],
        },
        Form {
            action: "/settings/keys/make",
            page: "/settings/keys?account=northwind&new=key",
            fields: vec![
                ("name", "gateway"),
                ("scope_read", "1"),
                ("expires_in_s", ""),
            ],
            wrong: vec![
                ("name", "a\u{7}", "Name must be at most"),
                ("expires_in_s", "0", "Expires must be more than zero"),
                ("scope_read", "", "Choose at least one scope."),
            ],
        },
    ]
}

fn of_alerts() -> Vec<Form> {
    vec![
        Form {
            action: "/billing/alerts/rules",
            page: "/billing/alerts?account=northwind&new=rule",
            fields: vec![
                ("kind", "company_budget"),
                ("at", "75, 90"),
                ("company", ""),
            ],
            wrong: vec![
                (
                    "at",
                    "many",
                    "Threshold must be percentages such as 75, 90, 100",
                ),
                ("at", "90, 75", "Threshold must be whole percentages"),
                ("kind", "luck", "Condition must be one of the list"),
                (
                    "company",
                    "nowhere",
                    "Company is not a company of the account",
                ),
            ],
        },
        Form {
            action: "/settings/webhooks/make",
            page: "/billing/alerts?account=northwind&new=endpoint",
            fields: vec![("url", "https://example.com/")],
            wrong: vec![("url", "nonsense", "Endpoint URL")],
        },
    ]
}

fn of_oneself() -> Vec<Form> {
    vec![
        Form {
            action: "/settings/you/password",
            page: "/settings/you?account=northwind",
            fields: vec![
                ("old_password", "correct horse"),
                ("password", "seven green lanterns"),
            ],
            wrong: vec![
                ("old_password", "wrong horse", "Incorrect password."),
                ("password", "12345678", "New password is too easy to guess"),
            ],
        },
        Form {
            action: "/settings/you/email",
            page: "/settings/you?account=northwind",
            fields: vec![("email", "ada@example.com"), ("password", "correct horse")],
            wrong: vec![
                ("email", "ada", "New email must be an email address"),
                ("password", "wrong horse", "Incorrect password."),
            ],
        },
    ]
}

async fn send(server: &TestServer, owner: &str, form: &Form, (name, value): (&str, &str)) -> Reply {
    let mut fields = form.fields.clone();
    fields.retain(|(named, _)| *named != name);
    fields.push(("account", "northwind"));
    if !form.page.is_empty() {
        fields.push(("next", form.page));
    }
    // Only a form in a sheet says where it stands besides where it leads.
    if ["edit=", "new="]
        .iter()
        .any(|sheet| form.page.contains(sheet))
    {
        fields.push(("page", form.page));
    }
    if !value.is_empty() || name == "name" {
        fields.push((name, value));
    }
    if form.action == app::BRAND_PATH {
        return post_parts(server, owner, form.action, &fields).await;
    }
    post(server, owner, form.action, &fields).await
}

/// Sends a form that can hold files.
async fn post_parts(
    server: &TestServer,
    owner: &str,
    path: &str,
    fields: &[(&str, &str)],
) -> Reply {
    let part = |(name, value): &(&str, &str)| {
        format!("--part\r\ncontent-disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let body: String = fields.iter().map(part).collect();
    let request = form(path).header("cookie", owner);
    let mut request = request.body(Body::from(body + "--part--\r\n")).unwrap();
    let kind = "multipart/form-data; boundary=part".parse().unwrap();
    request.headers_mut().insert("content-type", kind);
    server.send(request).await
}

/// The id of a member of the account.
async fn member(server: &TestServer, email: &str) -> &'static str {
    let operator = service::Caller::operator("test");
    let manage = service::Permission::Manage;
    let scope = server.services.scope(&operator, Some("northwind"), manage);
    let members = server
        .services
        .members(&scope.await.unwrap())
        .await
        .unwrap();
    let member = members.iter().find(|one| one.email == email).unwrap();
    member.id.0.to_string().leak()
}

#[tokio::test]
async fn a_form_that_does_not_say_where_it_stands_is_answered_by_its_own_page() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    for form in all(member(&server, "client@acme.example").await) {
        let (name, value, words) = form.wrong[0];
        for page in ["", "/nowhere", "/sign-in"] {
            let form = Form {
                page,
                ..form.clone()
            };
            let page = send(&server, &owner, &form, (name, value))
                .await
                .ok(422)
                .text();
            let control = control_of(&page, words);
            assert!(control.contains("aria-invalid=\"true\""), "{control}");
            assert!(page.contains("class=\"sidebar"), "{}", form.action);
        }
    }
}

/// The tag of the control that a text of the page describes.
fn control_of<'a>(page: &'a str, problem: &str) -> &'a str {
    let at = page
        .find("class=\"field-problem\"")
        .unwrap_or_else(|| panic!("no field says {problem}: {page}"));
    let paragraph = &page[page[..at].rfind('<').unwrap()..];
    let paragraph = &paragraph[..paragraph.find("</p>").unwrap()];
    assert!(
        paragraph.replace("&#39;", "'").contains(problem),
        "{paragraph} does not say {problem}"
    );
    let id = paragraph
        .split("id=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let mut tags = page.split('<');
    let described = tags.find(|tag| {
        let describes = tag.split("aria-describedby=\"").nth(1);
        describes.is_some_and(|ids| {
            ids.split('"')
                .next()
                .unwrap()
                .split(' ')
                .any(|one| one == id)
        })
    });
    described.unwrap_or_else(|| panic!("nothing is described by {id}"))
}

#[tokio::test]
async fn every_field_that_can_be_refused_says_why_and_keeps_what_was_entered() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    for form in all(member(&server, "client@acme.example").await) {
        for (name, value, words) in &form.wrong {
            let page = send(&server, &owner, &form, (name, value)).await.ok(422);
            assert_eq!(page.header("cache-control"), "no-store", "{name}");
            let page = page.text();
            let control = control_of(&page, words);
            assert!(
                control.contains("aria-invalid=\"true\""),
                "{name}: {control}"
            );
            assert!(control.contains("autofocus"), "{name}: {control}");
            assert!(page.contains("1 field to correct"), "{name}");
            assert!(
                page.contains("class=\"sidebar"),
                "{name}: outside of the frame"
            );
            for (kept, entered) in form.fields.iter().filter(|(kept, _)| kept != name) {
                let is_secret = kept.contains("password");
                let is_there = page.contains(&format!("value=\"{entered}\""));
                assert!(
                    is_there != is_secret || entered.is_empty(),
                    "{name}: {kept} {entered}"
                );
            }
        }
    }
}

#[tokio::test]
async fn all_that_is_wrong_is_said_at_once_and_the_first_has_the_focus() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let fields = [
        ("account", "northwind"),
        ("company", "acme-dental"),
        ("name", "Acme"),
        ("budget", "plenty"),
        ("cap_chat", "2k"),
        ("cap_nox", "3,000"),
        ("next", LIMITS),
    ];
    let page = post(&server, &owner, "/companies/limits", &fields)
        .await
        .ok(422)
        .text();
    assert!(page.contains("2 fields to correct"), "{page}");
    assert_eq!(page.matches("aria-invalid=\"true\"").count(), 2);
    assert_eq!(page.matches("autofocus").count(), 1);
    for kept in ["plenty", "2k", "3,000"] {
        assert!(page.contains(&format!("value=\"{kept}\"")), "{kept}");
    }
}

#[tokio::test]
async fn what_was_done_is_said_once_and_only_to_whoever_did_it() {
    let server = with_people().await;
    let (owner, client) = (
        signed_in(&server, OWNER).await,
        signed_in(&server, "client@acme.example").await,
    );
    let fields = [
        ("account", "northwind"),
        ("company", "acme-dental"),
        ("name", "Acme Dental"),
        ("budget", "2,000"),
        ("next", "/companies?account=northwind"),
    ];
    let reply = post(&server, &owner, "/companies/limits", &fields)
        .await
        .ok(303);
    assert_eq!(reply.header("location"), "/companies?account=northwind");
    let said = "Budget of Acme Dental is 2,000 credits a cycle.";
    let others = follow(&server, &client, &reply).await.text();
    assert!(!others.contains(said));
    let page = follow(&server, &owner, &reply).await.ok(200);
    assert!(page.text().contains(said) && page.text().contains("role=\"status\""));
    let forgets = page.header("set-cookie");
    assert!(
        forgets.contains("creditscope_outcome=;") && forgets.contains("Max-Age=0"),
        "{forgets}"
    );
    let again = get(&server, &owner, "/companies?account=northwind").await;
    assert!(!again.text().contains(said));
}

#[tokio::test]
async fn what_was_done_is_undone_by_its_own_form_as_it_was_before() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let budget = async || {
        let path = "/api/v1/accounts/northwind/companies/acme-dental";
        let company = server.get(path, &server.platform).await.ok(200).json();
        (company["budget"].clone(), company["agent_caps"].clone())
    };
    let before = budget().await;
    let set = [
        ("account", "northwind"),
        ("company", "acme-dental"),
        ("name", "Acme Dental"),
        ("budget", "500"),
        ("cap_nox", "5"),
        ("next", "/companies"),
    ];
    let page = post_on(&server, &owner, "/companies/limits", &set)
        .await
        .ok(200)
        .text();
    assert_ne!(budget().await, before);
    undo(&server, &owner, &page).await;
    assert_eq!(budget().await, before);
    // Somebody changed it meanwhile: nothing of theirs is lost by it.
    let page = post_on(&server, &owner, "/companies/limits", &set)
        .await
        .ok(200)
        .text();
    let other = [
        ("account", "northwind"),
        ("company", "acme-dental"),
        ("name", "Acme Dental"),
        ("budget", "700"),
    ];
    post(&server, &owner, "/companies/limits", &other)
        .await
        .ok(303);
    let asked = undo(&server, &owner, &page).await;
    assert!(asked.ok(412).text().contains("Changed meanwhile"));
}

#[tokio::test]
async fn an_alert_rule_that_was_deleted_comes_back_as_it_was() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let rules = async || {
        let caller = service::Caller::operator("test");
        let read = service::Permission::Read;
        let scope = server.services.scope(&caller, Some("northwind"), read);
        let rules = server
            .services
            .alert_rules(&scope.await.unwrap())
            .await
            .unwrap();
        rules
            .into_iter()
            .map(|rule| (rule.key, rule.condition, rule.by_mail))
            .collect::<Vec<_>>()
    };
    let before = rules().await;
    assert!(!before.is_empty());
    let fields = [
        ("account", "northwind"),
        ("key", "credits-used"),
        ("next", "/billing/alerts"),
    ];
    let page = post_on(&server, &owner, "/billing/alerts/remove", &fields)
        .await
        .ok(200)
        .text();
    assert!(page.contains("Alert deleted: "), "{page}");
    assert!(rules().await.len() < before.len());
    undo(&server, &owner, &page).await.ok(303);
    assert_eq!(rules().await, before);
}

#[tokio::test]
async fn a_week_that_was_marked_is_unmarked_by_who_marked_it() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let week = "/billing/review?account=northwind&week=2026-11-16";
    let fields = [
        ("account", "northwind"),
        ("week", "2026-11-16"),
        ("next", week),
    ];
    let page = post_on(&server, &owner, "/billing/review/mark", &fields)
        .await
        .ok(200)
        .text();
    assert!(page.contains("data-testid=\"reviewed\""));
    undo(&server, &owner, &page).await.ok(303);
    let page = get(&server, &owner, week).await.ok(200).text();
    assert!(!page.contains("data-testid=\"reviewed\""));
}

/// Presses *Undo* on a page.
async fn undo(server: &TestServer, owner: &str, page: &str) -> Reply {
    let form = page
        .split("<form")
        .find(|form| form.contains("data-testid=\"undo\""))
        .unwrap();
    let form = form.split("</form>").next().unwrap();
    let action = form
        .split("action=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let of = |input: &str, name: &str| {
        let value = input
            .split(&format!("{name}=\""))
            .nth(1)
            .unwrap_or_default();
        value.split('"').next().unwrap().replace("&amp;", "&")
    };
    let inputs = form.split("<input").skip(1);
    let fields: Vec<_> = inputs
        .map(|input| (of(input, "name"), of(input, "value")))
        .collect();
    let fields: Vec<_> = fields
        .iter()
        .map(|(a, b)| (a.as_str(), b.as_str()))
        .collect();
    post(server, owner, action, &fields).await
}

#[tokio::test]
async fn a_company_that_is_looked_for_is_offered_and_nothing_is_done_before() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let fields = [
        ("account", "northwind"),
        ("email", "ada@example.com"),
        ("role", "client"),
        ("companies", "acme-dental"),
        ("find", "blue"),
        ("found", ""),
        ("page", "/settings/members?account=northwind&new=invitation"),
    ];
    let page = post(&server, &owner, "/settings/members/invite", &fields)
        .await
        .ok(200)
        .text();
    assert!(page.contains("value=\"bluewater-spa\"") && page.contains("value=\"ada@example.com\""));
    let chosen = page
        .split("<input")
        .find(|input| input.contains("value=\"acme-dental\""))
        .unwrap();
    assert!(chosen.contains("checked"), "{chosen}");
    assert!(!page.contains("brightside") && !page.contains("data-once"));
    let foreign = post(
        &server,
        &owner,
        "/settings/members/invite",
        &[
            &fields[..4],
            &[("find", "brightside"), ("found", "")],
            &fields[6..],
        ]
        .concat(),
    )
    .await;
    assert!(foreign.ok(200).text().contains("No company matches."));
    let found = [
        &fields[..4],
        &[("find", "blue"), ("found", "blue")],
        &fields[6..],
    ]
    .concat();
    assert!(
        outcome(&post(&server, &owner, "/settings/members/invite", &found).await)
            .starts_with("done=")
    );
}

#[tokio::test]
async fn a_key_in_use_is_revoked_by_its_name_and_one_that_is_not_by_a_press() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let prefix = server.read.split('_').nth(1).unwrap().to_owned();
    let sheet = format!("/settings/keys?account=northwind&revoke={prefix}");
    let revoke = async |confirm: &str| {
        let fields = [
            ("account", "northwind"),
            ("prefix", &*prefix),
            ("confirm", confirm),
            ("page", &*sheet),
            ("next", "/settings/keys?account=northwind"),
        ];
        post(&server, &owner, "/settings/keys/revoke", &fields).await
    };
    let unused = get(&server, &owner, &sheet).await.ok(200).text();
    assert!(
        unused.contains("It was never used.") && !unused.contains("to confirm"),
        "{unused}"
    );
    server.get("/api/v1/balance", &server.read).await.ok(200);
    server.services.note_used_keys().await.unwrap();
    let used = get(&server, &owner, &sheet).await.ok(200).text();
    for words in [
        "This key is in use",
        "Last used",
        "Rotate it instead",
        "Type test to confirm",
    ] {
        assert!(used.contains(words), "{words}");
    }
    let refused = revoke("tset").await.ok(422).text();
    assert!(refused.contains("Type test exactly.") && refused.contains("value=\"tset\""));
    server.get("/api/v1/balance", &server.read).await.ok(200);
    assert!(outcome(&revoke("test").await).starts_with("done="));
    server
        .get("/api/v1/balance", &server.read)
        .await
        .problem(401);
}

#[tokio::test]
async fn a_secret_is_shown_once_and_a_reload_makes_no_other() {
    let server = with_people().await;
    let owner = signed_in(&server, OWNER).await;
    let fields = [
        ("account", "northwind"),
        ("name", "gateway"),
        ("scope_read", "1"),
    ];
    let reply = post(&server, &owner, "/settings/keys/make", &fields)
        .await
        .ok(303);
    for set in reply.headers.get_all("set-cookie") {
        let set = set.to_str().unwrap();
        assert!(!set.contains("cs_") && set.contains("HttpOnly"), "{set}");
    }
    let page = follow(&server, &owner, &reply).await.ok(200);
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(page.text().contains("value=\"cs_") && page.text().contains("gateway is created."));
    let again = get(&server, &owner, reply.header("location"))
        .await
        .ok(200)
        .text();
    assert!(!again.contains("value=\"cs_") && again.contains("gateway"));
}
