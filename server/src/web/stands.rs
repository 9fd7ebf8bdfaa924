//! Where the forms of the pages stand, for those that do not say so: whoever sends one by hand, or from a page of
//! before, is answered by its page as well.

use super::fields::{Fields, text};

/// The page that a form stands on, with the sheet over it that holds the form.
pub(super) fn page_of(action: &str, fields: &Fields) -> String {
    sheet_of(action, fields).unwrap_or_else(|| list_of(action, fields))
}

/// The same page, with nothing over it.
pub(super) fn list_of(action: &str, fields: &Fields) -> String {
    address(action, fields, None)
}

/// The same, of a form that stands in a sheet.
pub(super) fn sheet_of(action: &str, fields: &Fields) -> Option<String> {
    let of = |sheet, field| Some((sheet, text(fields, field)));
    let is_of = |kind| text(fields, "kind") == kind;
    let sheet = match action {
        "/settings/members/invite" => Some(("new", "invitation")),
        "/settings/members/change" => of("edit", "member"),
        "/settings/members/remove" => of("remove", "member"),
        "/settings/keys/make" => Some(("new", "key")),
        "/settings/keys/revoke" => of("revoke", "prefix"),
        "/settings/webhooks/make" => Some(("new", "endpoint")),
        "/settings/webhooks/remove" => of("remove", "webhook"),
        "/billing/alerts/rules" if text(fields, "key").is_empty() => Some(("new", "rule")),
        "/billing/alerts/rules" => of("edit", "key"),
        "/companies/limits" => of("edit", "company"),
        "/billing/orders" if is_of("plan") => of("switch", "item"),
        "/billing/orders" => of("buy", "item"),
        _ => None,
    };
    sheet.map(|sheet| address(action, fields, Some(sheet)))
}

fn address(action: &str, fields: &Fields, sheet: Option<(&str, &str)>) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let account = Some(("account", text(fields, "account"))).filter(|(_, key)| !key.is_empty());
    query.extend_pairs(account).extend_pairs(sheet);
    let is_counted = sheet.is_some_and(|(name, _)| name == "buy");
    query.extend_pairs(is_counted.then(|| ("quantity", text(fields, "quantity"))));
    format!("{}?{}", path_of(action), query.finish())
}

fn path_of(action: &str) -> &'static str {
    let begins = |one: &str| action.starts_with(one);
    match action {
        app::BRAND_PATH => app::BRAND_PATH,
        "/billing/review/mark" => app::REVIEW_PATH,
        "/billing/disputes/support" => app::PLANS_PATH,
        _ if begins("/billing/orders") => app::PLANS_PATH,
        _ if begins("/billing/alerts/") || begins("/settings/webhooks/") => app::ALERTS_PATH,
        _ if begins("/platform/refunds/") => app::REFUNDS_PATH,
        _ if begins("/companies/") => app::COMPANIES_PATH,
        _ if begins("/settings/members/") => app::MEMBERS_PATH,
        _ if begins("/settings/keys/") => app::KEYS_PATH,
        _ if begins(app::YOU_PATH) => app::YOU_PATH,
        _ if begins(app::SECOND_FACTOR_PATH) => app::SECOND_FACTOR_PATH,
        _ => app::USAGE_PATH,
    }
}
