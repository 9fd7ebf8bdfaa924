//! Many who follow pages: what each page costs does not depend on how many look at it.
//!
//! `VIEWERS` says how many look at one page in the long form; what telling them took is printed.

use std::{env, net::SocketAddr, time::Instant};

use domain::tenancy::{AccountKind, Role};
use serde_json::json;
use service::{
    Caller,
    ports::{PutAccount, PutCompany},
    users::{Joining, PutUser},
};

use crate::{
    joining::signed_in,
    listener::listening,
    live_access::{Socket, connect, next, spend},
    pages::{PASSWORD, with_people},
    parts::{Page, parts},
    support::{TestServer, event_with},
};

/// How many look at one page in the short form.
const VIEWERS: usize = 200;
/// Accounts whose pages are looked at at once.
const ACCOUNTS: usize = 50;
/// How often something happens.
const ROUNDS: u64 = 3;

/// Somebody who looks, and what their page shows.
struct Look {
    socket: Socket,
    page: Page,
}

async fn look(addr: SocketAddr, cookie: &str, page: &Page) -> Look {
    let mut socket = connect(addr, cookie).await;
    page.follow(&mut socket, 1).await;
    assert!(matches!(next(&mut socket).await, Some(Ok(_))));
    Look {
        socket,
        page: page.clone(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_is_rendered_as_often_for_many_as_for_one() {
    let viewers = env::var("VIEWERS").map_or(VIEWERS, |text| text.parse().unwrap());
    let server = with_people().await;
    let (addr, _stop, _running) = listening(&server).await;
    let owner = signed_in(&server, "owner@northwind.example").await;
    let page = Page::read(&server, &owner, "/billing/trends?account=northwind").await;
    let mut looks = Vec::new();
    for _ in 0..viewers {
        looks.push(look(addr, &owner, &page).await);
    }
    for round in 0..ROUNDS {
        let begun = Instant::now();
        spend(&server, &format!("event {round}"), "acme-dental").await;
        for look in &mut looks {
            look.page.take(parts(&mut look.socket).await);
        }
        println!(
            "{viewers} were told after {} ms",
            begun.elapsed().as_millis()
        );
        let first = looks[0].page.words("total");
        assert!(looks.iter().all(|look| look.page.words("total") == first));
    }
    assert_eq!(server.state.renderings.made(), ROUNDS);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_pages_of_many_accounts_are_rendered_once_each() {
    let server = with_people().await;
    let (addr, _stop, _running) = listening(&server).await;
    for number in 0..ACCOUNTS {
        provision(&server, number).await;
    }
    let person = signed_in(&server, "many@example.com").await;
    let mut looks = Vec::new();
    for number in 0..ACCOUNTS {
        let address = format!("/billing/trends?account=many-{number}");
        let page = Page::read(&server, &person, &address).await;
        for _ in 0..2 {
            looks.push(look(addr, &person, &page).await);
        }
    }
    for number in 0..ACCOUNTS {
        let mut event = event_with(&format!("of {number}"), "/data/credits", json!("1"));
        event["subject"] = json!(format!("company-{number}"));
        let path = format!("/api/v1/events?account=many-{number}");
        server.post(&path, &event).await.ok(204);
    }
    for look in &mut looks {
        look.page.take(parts(&mut look.socket).await);
        assert!(look.page.words("total").starts_with('1'));
    }
    assert_eq!(server.state.renderings.made(), ACCOUNTS as u64);
}

async fn provision(server: &TestServer, number: usize) {
    let operator = Caller::operator("test");
    let key = format!("many-{number}");
    let account = PutAccount {
        key: key.clone(),
        name: key.clone(),
        kind: AccountKind::Agency,
        time_zone: "UTC".to_owned(),
        cycle_anchor: "2026-01-01T00:00:00Z".parse().unwrap(),
        plan: "growth".to_owned(),
        policy: domain::ledger::OveragePolicy::HardStop,
        auto_refund: domain::Credits::ZERO,
    };
    server
        .services
        .put_account(&operator, account)
        .await
        .unwrap();
    let company = format!("company-{number}");
    let company = PutCompany::named(&company, &company);
    server
        .services
        .put_company(&operator, &key, &company)
        .await
        .unwrap();
    let memberships = (0..=number).map(|number| Joining {
        account: format!("many-{number}"),
        role: Role::Owner,
        companies: Vec::new(),
    });
    let user = PutUser {
        email: "many@example.com".to_owned(),
        name: "Many".to_owned(),
        password: PASSWORD.to_owned(),
        platform_role: None,
        memberships: memberships.collect(),
    };
    if number + 1 == ACCOUNTS {
        server.services.put_user(&operator, user).await.unwrap();
    }
}
