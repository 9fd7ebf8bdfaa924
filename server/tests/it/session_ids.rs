//! A session has another id after every change of who somebody has shown to be, and the one before is worth nothing.

use domain::time::MINUTE_US;

use crate::{
    joining::{GOOD, get, post_with, signed_in},
    pages::{PASSWORD, cookie, get_with},
    recovery::{link, with_mail},
    second_factor::{code, offered},
    support::{Reply, TestServer},
};

const OWNER: &str = "owner@northwind.example";

/// The session that an answer renames the one of a request to, which then works alone.
async fn renamed(server: &TestServer, before: &str, reply: Reply) -> String {
    let now = cookie(&reply);
    assert!(
        now.starts_with("creditscope_session=") && now != before,
        "{now}"
    );
    get_with(server, "/settings/you", &now).await.ok(200);
    get_with(server, "/settings/you", before).await.ok(303);
    now
}

/// Whether an answer leaves a session its id: one in use is only given a later end now and then.
fn is_same(before: &str, reply: &Reply) -> bool {
    reply.headers.get("set-cookie").is_none() || cookie(reply) == before
}

#[tokio::test]
async fn a_session_has_another_id_after_every_change_of_who_somebody_has_shown_to_be() {
    let (server, mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    let other = signed_in(&server, OWNER).await;
    server.clock.advance(15 * MINUTE_US);
    // Showing again who one is.
    let revoke = "/settings/members/revoke";
    let fields = [("account", "northwind"), ("invitation", "x")];
    let asked = post_with(&server, &owner, revoke, &fields).await.ok(200);
    assert!(is_same(&owner, &asked));
    let wrong = [fields[0], fields[1], ("confirm_password", "wrong horse")];
    let asked = post_with(&server, &owner, revoke, &wrong).await.ok(200);
    assert!(is_same(&owner, &asked));
    let right = [fields[0], fields[1], ("confirm_password", PASSWORD)];
    let reply = post_with(&server, &owner, revoke, &right).await;
    let owner = renamed(&server, &owner, reply).await;
    get(&server, &other, "/settings/you").await.ok(200);
    let plain = post_with(&server, &owner, revoke, &fields).await;
    assert!(is_same(&owner, &plain));
    // A second factor, and none.
    let secret = offered(&server, &owner).await;
    let one = code(&server, &secret, 0);
    let set = [("secret", &*secret), ("code", &*one)];
    let reply = post_with(&server, &owner, "/settings/second-factor/set", &set).await;
    let owner = renamed(&server, &owner, reply.ok(200)).await;
    get(&server, &other, "/settings/you").await.ok(303);
    let reply = post_with(&server, &owner, "/settings/second-factor/remove", &[]).await;
    let owner = renamed(&server, &owner, reply.ok(303)).await;
    // Another password, but not a wrong one.
    let password = "/settings/you/password";
    let wrong = [("old_password", "wrong horse"), ("password", GOOD)];
    let reply = post_with(&server, &owner, password, &wrong).await.ok(303);
    assert!(is_same(&owner, &reply));
    let right = [("old_password", PASSWORD), ("password", GOOD)];
    let reply = post_with(&server, &owner, password, &right).await;
    let owner = renamed(&server, &owner, reply.ok(303)).await;
    // Another address.
    let fields = [("email", "new@northwind.example"), ("password", GOOD)];
    for _ in 0..3 {
        mail.next().await;
    }
    let reply = post_with(&server, &owner, "/settings/you/email", &fields).await;
    let owner = renamed(&server, &owner, reply.ok(303)).await;
    let confirm = link(&mail.next().await, "/new-email/");
    let reply = post_with(&server, &owner, &confirm, &[]).await;
    renamed(&server, &owner, reply.ok(303)).await;
}

#[tokio::test]
async fn a_session_that_ended_while_it_was_shown_again_does_not_come_back() {
    let (server, _mail) = with_mail().await;
    let owner = signed_in(&server, OWNER).await;
    server.clock.advance(15 * MINUTE_US);
    let other = signed_in(&server, OWNER).await;
    let fields = [
        ("account", "northwind"),
        ("invitation", "x"),
        ("confirm_password", PASSWORD),
    ];
    let shown = post_with(&server, &owner, "/settings/members/revoke", &fields);
    let ended = post_with(&server, &other, "/settings/you/end-others", &[]);
    let (shown, _) = tokio::join!(shown, ended);
    // Whichever came first: after another look at the list nothing is left.
    post_with(&server, &other, "/settings/you/end-others", &[])
        .await
        .ok(303);
    if let Some(set) = shown.headers.get("set-cookie") {
        let now = set.to_str().unwrap().split(';').next().unwrap();
        get_with(&server, "/settings/you", now).await.ok(303);
    }
    get_with(&server, "/settings/you", &owner).await.ok(303);
}
