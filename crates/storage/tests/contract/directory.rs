//! Accounts, companies, plans, rate cards, API keys.

use std::sync::Arc;

use domain::{AccountId, alert::Rule, rate::RateRule};
use service::ports::{ApiKey, Expected, KeyScope, PutAccount, PutCompany, Stored};

use super::{
    backend::Backend,
    world::{NOW, World, plan, put_account},
};

pub async fn accounts_are_created_replaced_and_listed(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let store = &world.store;
    let renamed = PutAccount {
        name: "New".to_owned(),
        time_zone: "UTC".to_owned(),
        ..put_account("north")
    };
    let Stored::Replaced(account) = store
        .put_account(&renamed, &[], &Expected::Any, NOW)
        .await
        .unwrap()
    else {
        panic!("was there")
    };
    assert_eq!(
        (
            account.id,
            account.name.as_str(),
            account.time_zone.as_str()
        ),
        (world.account.id, "New", "UTC")
    );
    assert_eq!(
        store.account("north").await.unwrap().as_ref(),
        Some(&account)
    );
    assert_eq!(
        store.account_by_id(account.id).await.unwrap(),
        Some(account)
    );
    assert_eq!(store.account("west").await.unwrap(), None);
    assert_eq!(store.account_by_id(AccountId(99)).await.unwrap(), None);
    let keys = async |after, limit| {
        let accounts = store.accounts(None, after, limit).await.unwrap();
        accounts
            .into_iter()
            .map(|account| account.key)
            .collect::<Vec<_>>()
    };
    assert_eq!(keys(None, 1).await, ["north"]);
    assert_eq!(keys(Some("north"), 10).await, ["south"]);
    let planless = PutAccount {
        plan: "none".to_owned(),
        ..put_account("west")
    };
    let error = store
        .put_account(&planless, &[], &Expected::Any, NOW)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("it names something that is not there"),
        "{error}"
    );
    an_account_begins_with_its_rules(&world).await;
}

async fn an_account_begins_with_its_rules(world: &World) {
    let store = &world.store;
    let rules = [Rule::usual()];
    let put = async || {
        store
            .put_account(&put_account("west"), &rules, &Expected::Any, NOW)
            .await
    };
    let Stored::Created(west) = put().await.unwrap() else {
        panic!("was not there")
    };
    assert_eq!(store.alert_rules(west.id).await.unwrap(), rules);
    assert!(
        store
            .delete_alert_rule(west.id, &rules[0].key)
            .await
            .unwrap()
    );
    assert!(matches!(put().await.unwrap(), Stored::Replaced(_)));
    assert_eq!(store.alert_rules(west.id).await.unwrap(), []);
}

pub async fn zone_and_anchor_are_fixed_once_there_is_usage(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    world.add(vec![world.event(1)]).await;
    let moved = [
        PutAccount {
            time_zone: "UTC".to_owned(),
            ..put_account("north")
        },
        PutAccount {
            cycle_anchor: NOW,
            ..put_account("north")
        },
    ];
    for account in moved {
        assert_eq!(
            world
                .store
                .put_account(&account, &[], &Expected::Any, NOW)
                .await
                .unwrap(),
            Stored::Fixed
        );
    }
    assert_eq!(
        world.store.account("north").await.unwrap(),
        Some(world.account.clone())
    );
    let renamed = PutAccount {
        name: "New".to_owned(),
        ..put_account("north")
    };
    assert!(matches!(
        world
            .store
            .put_account(&renamed, &[], &Expected::Any, NOW)
            .await
            .unwrap(),
        Stored::Replaced(_)
    ));
    world.add(vec![world.event(2)]).await;
    world.healthy().await;
}

pub async fn companies_are_found_by_key_search_and_place(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    let Stored::Replaced(bolt) = store
        .put_company(
            account,
            &PutCompany::named("bolt", "Zeus GmbH"),
            &Expected::Any,
            10_000,
            NOW,
        )
        .await
        .unwrap()
    else {
        panic!("was there")
    };
    assert_eq!(bolt.id, world.companies[1]);
    let asked = ["cafe", "bolt", "bolt", "none"].map(str::to_owned);
    let found = store.companies_by_key(account, &asked).await.unwrap();
    assert_eq!(
        found
            .iter()
            .map(|company| company.key.as_str())
            .collect::<Vec<_>>(),
        ["bolt", "cafe"]
    );
    let list = async |ids, search, after, limit| {
        let companies = store
            .companies(account, ids, search, after, limit)
            .await
            .unwrap();
        companies
            .into_iter()
            .map(|company| company.key)
            .collect::<Vec<_>>()
    };
    assert_eq!(list(None, None, None, 2).await, ["acme", "bolt"]);
    assert_eq!(list(None, None, Some("bolt"), 2).await, ["cafe"]);
    assert_eq!(list(None, Some("zEUs"), None, 9).await, ["bolt"]);
    assert_eq!(list(None, Some("c"), None, 9).await, ["acme", "cafe"]);
    assert_eq!(list(None, Some("%"), None, 9).await, [""; 0]);
    let umlaut = PutCompany::named("bolt", "Mu\u{308}ller & S\u{F6}hne  GmbH 100%");
    store
        .put_company(account, &umlaut, &Expected::Any, 10_000, NOW)
        .await
        .unwrap();
    for typed in [
        "M\u{DC}LLER",
        "s\u{D6}HNE gmbh",
        " so\u{308}hne\u{A0}",
        "100%",
        "BOLT",
    ] {
        assert_eq!(list(None, Some(typed), None, 9).await, ["bolt"], "{typed}");
    }
    for typed in ["muller", "1000", "bolt m\u{FC}ller", "_"] {
        assert_eq!(list(None, Some(typed), None, 9).await, [""; 0], "{typed}");
    }
    let ids = [world.companies[2], world.other_companies[0]];
    assert_eq!(list(Some(ids.as_slice()), None, None, 9).await, ["cafe"]);
    assert_eq!(list(Some([].as_slice()), None, None, 9).await, [""; 0]);
    assert_eq!(store.company_count(account).await.unwrap(), 3);
    let owners = store.company_owners("bolt", 5).await.unwrap();
    assert_eq!(
        owners.iter().map(|(owner, _)| *owner).collect::<Vec<_>>(),
        [world.account.id, world.other.id]
    );
    assert_eq!(store.company_owners("bolt", 1).await.unwrap().len(), 1);
}

pub async fn plans_are_created_replaced_and_listed(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let mut small = plan("small");
    assert_eq!(
        world
            .store
            .put_plan(&small, &Expected::Any, NOW)
            .await
            .unwrap(),
        Stored::Created(small.clone())
    );
    small.price = None;
    assert_eq!(
        world
            .store
            .put_plan(&small, &Expected::Any, NOW)
            .await
            .unwrap(),
        Stored::Replaced(small.clone())
    );
    assert_eq!(
        world.store.plan("small").await.unwrap(),
        Some(small.clone())
    );
    assert_eq!(world.store.plan("none").await.unwrap(), None);
    assert_eq!(world.store.plans(Some("growth"), 9).await.unwrap(), [small]);
    assert_eq!(world.store.plans(None, 1).await.unwrap(), [plan("growth")]);
}

pub async fn rate_cards_have_versions(backend: Arc<dyn Backend>) {
    let store = backend.open().await;
    let rules = |price: &str| -> Vec<RateRule> {
        serde_json::from_value(serde_json::json!([
            {"match": {"activity": "chat_reply"}, "unit": "token", "credits_per_unit": price, "rounding": "up"}
        ]))
        .unwrap()
    };
    let put = async |at, price| match store
        .put_rate_card("usage", at, &rules(price), &Expected::Any, NOW)
        .await
        .unwrap()
    {
        Stored::Created(card) => (true, card.version),
        Stored::Replaced(card) => (false, card.version),
        other => panic!("{other:?}"),
    };
    assert_eq!(put(NOW, "0.001").await, (true, 1));
    assert_eq!(put(NOW, "0.001").await, (false, 1));
    assert_eq!(put(NOW, "0.002").await, (true, 2));
    assert_eq!(put(NOW, "0.001").await, (true, 3));
    assert_eq!(put(NOW.plus_micros(1), "0.001").await, (true, 4));
    let cards = store.rate_cards("usage").await.unwrap();
    assert_eq!(
        cards.iter().map(|card| card.version).collect::<Vec<_>>(),
        [1, 2, 3, 4]
    );
    assert_eq!(
        (cards[1].effective_at, &cards[1].rules),
        (NOW, &rules("0.002"))
    );
    assert_eq!(store.rate_cards("other").await.unwrap(), []);
    store
        .put_rate_card("llm", NOW, &rules("1"), &Expected::Any, NOW)
        .await
        .unwrap();
    assert_eq!(
        store.rate_card_types(None, 9).await.unwrap(),
        ["llm", "usage"]
    );
    assert_eq!(
        store.rate_card_types(Some("llm"), 9).await.unwrap(),
        ["usage"]
    );
}

pub async fn api_keys_are_stored_listed_and_revoked(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let store = &world.store;
    let key = |prefix: &str, account: Option<AccountId>, scopes: Vec<KeyScope>| ApiKey {
        prefix: prefix.to_owned(),
        secret_hash: vec![0, 255, 7],
        account,
        scopes,
        name: "a gateway".to_owned(),
        created_at: NOW,
        revoked_at: None,
        expires_at: None,
        used_at: None,
    };
    let north = Some(world.account.id);
    let (one, two) = (
        key("p1", north, vec![KeyScope::Ingest, KeyScope::Read]),
        key("p2", None, vec![KeyScope::Platform]),
    );
    store.put_api_key(&one, 200).await.unwrap();
    store.put_api_key(&two, 200).await.unwrap();
    let taken = store
        .put_api_key(&key("p1", None, vec![]), 200)
        .await
        .unwrap_err()
        .to_string();
    assert!(
        taken.contains("an API key with this prefix exists"),
        "{taken}"
    );
    assert_eq!(store.api_key("p1").await.unwrap(), Some(one.clone()));
    assert_eq!(store.api_key("p3").await.unwrap(), None);
    assert_eq!(
        store.api_keys(north, None, 9).await.unwrap(),
        std::slice::from_ref(&one)
    );
    assert_eq!(store.api_keys(None, None, 9).await.unwrap(), [two]);
    assert_eq!(store.api_keys(north, Some("p1"), 9).await.unwrap(), []);
    assert!(
        !store
            .revoke_api_key(Some(world.other.id), "p1", NOW)
            .await
            .unwrap()
    );
    assert!(!store.revoke_api_key(None, "p1", NOW).await.unwrap());
    assert!(store.revoke_api_key(north, "p1", NOW).await.unwrap());
    assert!(
        store
            .revoke_api_key(north, "p1", NOW.plus_micros(5))
            .await
            .unwrap()
    );
    assert_eq!(
        store.api_key("p1").await.unwrap(),
        Some(ApiKey {
            revoked_at: Some(NOW),
            ..one
        })
    );
}

pub async fn accounts_are_found_by_key_and_name_however_they_are_written(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let named = PutAccount {
        name: "Zoe\u{308} & S\u{F6}hne".to_owned(),
        ..put_account("south")
    };
    world
        .store
        .put_account(&named, &[], &Expected::Any, NOW)
        .await
        .unwrap();
    for (typed, expected) in [
        ("ZO\u{CB}", &["south"][..]),
        (" so\u{308}HNE", &["south"]),
        ("NORTH", &["north"]),
        ("o", &["north", "south"]),
        ("zoe &", &[]),
    ] {
        let found = world.store.accounts(Some(typed), None, 9).await.unwrap();
        let keys: Vec<_> = found.iter().map(|account| account.key.as_str()).collect();
        assert_eq!(keys, expected, "{typed}");
    }
}
