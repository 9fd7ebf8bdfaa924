//! Addresses with a secret in them are kept by no cache and told to no other site.

use std::{collections::BTreeSet, fs, path::Path};

use crate::{
    joining::{get, invite, post, signed_in},
    recovery::{link, with_mail},
    support::Reply,
};

/// Addresses with a secret in their path.
const KNOWN: [&str; 6] = [
    "/invitations/",
    "/new-email/",
    "/portal/",
    "/reset-password/",
    "/undo-email/",
    "/unsubscribe/",
];

#[track_caller]
fn is_private(reply: &Reply, path: &str) {
    assert_eq!(reply.header("cache-control"), "no-store", "{path}");
    let tells = reply.header("referrer-policy");
    assert!(
        matches!(tells, "same-origin" | "no-referrer"),
        "{path}: {tells}"
    );
}

#[test]
fn every_address_with_a_secret_is_known() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/web.rs");
    let source = fs::read_to_string(source).unwrap();
    let secret = source.split('"').filter(|text| text.starts_with('/'));
    let secret =
        secret.filter_map(|path| path.split_once("{secret}").or(path.split_once("{token}")));
    let found: BTreeSet<_> = secret.map(|(path, _)| path).collect();
    assert_eq!(
        found,
        BTreeSet::from(KNOWN),
        "say of a new one that it is private"
    );
}

#[tokio::test]
async fn what_they_answer_is_kept_by_no_cache_and_told_to_no_other_site() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    for path in KNOWN {
        let path = format!("{path}x");
        for cookie in ["", &owner] {
            // A stranger is asked to sign in where that is for somebody who is.
            is_private(&get(&server, cookie, &path).await, &path);
            is_private(
                &post(&server, cookie, &path, &[("password", "x")]).await,
                &path,
            );
        }
    }
    let shown = invite(&server, &owner, "ada@example.com", "analyst", "").await;
    let mailed = link(&mail.next().await, "/invitations/");
    for path in [shown, mailed] {
        is_private(&server.get(&path, "").await.ok(200), &path);
        is_private(&post(&server, &owner, &path, &[]).await.ok(200), &path);
    }
    let fields = [
        ("email", "new@northwind.example"),
        ("password", crate::pages::PASSWORD),
    ];
    post(&server, &owner, "/settings/you/email", &fields)
        .await
        .ok(303);
    let confirm = link(&mail.next().await, "/new-email/");
    is_private(&get(&server, &owner, &confirm).await.ok(200), &confirm);
    is_private(
        &post(&server, &owner, &confirm, &[]).await.ok(303),
        &confirm,
    );
    let undo = link(&mail.next().await, "/undo-email/");
    is_private(&server.get(&undo, "").await.ok(200), &undo);
    let callback = "/sign-in/sso/callback?code=c&state=s";
    is_private(&server.get(callback, "").await, callback);
}
