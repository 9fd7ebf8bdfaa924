//! API keys: shown once, known by their hash, over when revoked.

use rstest::rstest;
use service::{
    Permission, ServiceError,
    ports::{DirectoryStore as _, KeyScope},
};

use crate::support::world::{World, wrong};
use service::keys::KeyAsk;

fn is_unknown<T>(answer: &Result<T, ServiceError>) -> bool {
    matches!(answer, Err(ServiceError::Unauthenticated))
}

#[tokio::test]
async fn a_key_opens_its_account_with_its_scopes() {
    let world = World::new().await;
    let made = world
        .services
        .make_key(
            &world.operator,
            Some("north"),
            KeyAsk::lasting(vec![KeyScope::Read], "dashboards"),
        )
        .await
        .unwrap();
    let caller = world.services.caller_of_token(&made.token).await.unwrap();
    assert_eq!(caller.name(), format!("key {}", made.key.prefix));
    let scope = world
        .services
        .scope(&caller, None, Permission::Read)
        .await
        .unwrap();
    assert_eq!(scope.account().key, "north");
    for (account, permission) in [
        (Some("south"), Permission::Read),
        (None, Permission::Ingest),
        (None, Permission::Provision),
    ] {
        assert!(
            world
                .services
                .scope(&caller, account, permission)
                .await
                .is_err(),
            "{account:?} {permission:?}"
        );
    }
}

#[tokio::test]
async fn a_platform_key_opens_everything() {
    let world = World::new().await;
    let made = world
        .services
        .make_key(
            &world.operator,
            None,
            KeyAsk::lasting(vec![KeyScope::Platform], "billing"),
        )
        .await
        .unwrap();
    let caller = world.services.caller_of_token(&made.token).await.unwrap();
    for permission in [
        Permission::Read,
        Permission::Ingest,
        Permission::Check,
        Permission::Provision,
    ] {
        assert!(
            world
                .services
                .scope(&caller, Some("south"), permission)
                .await
                .is_ok(),
            "{permission:?}"
        );
    }
}

#[tokio::test]
async fn a_secret_is_shown_once_and_stored_as_a_hash() {
    let world = World::new().await;
    let made = world
        .services
        .make_key(
            &world.operator,
            Some("north"),
            KeyAsk::lasting(vec![KeyScope::Ingest], "gateway"),
        )
        .await
        .unwrap();
    let (prefix, secret) = made
        .token
        .strip_prefix("cs_")
        .and_then(|rest| rest.split_once('_'))
        .unwrap();
    assert_eq!(
        (prefix, secret.len(), made.key.secret_hash.len()),
        (made.key.prefix.as_str(), 64, 32)
    );
    let stored = world.store.api_key(prefix).await.unwrap().unwrap();
    assert!(!format!("{stored:?}").contains(secret));
    let again = world
        .services
        .make_key(
            &world.operator,
            Some("north"),
            KeyAsk::lasting(vec![KeyScope::Ingest], "gateway"),
        )
        .await
        .unwrap();
    assert_ne!(again.token, made.token);
}

#[tokio::test]
async fn anything_but_a_known_token_is_nobody() {
    let world = World::new().await;
    let made = world
        .services
        .make_key(
            &world.operator,
            Some("north"),
            KeyAsk::lasting(vec![KeyScope::Read], "k"),
        )
        .await
        .unwrap();
    let prefix = &made.key.prefix;
    let other = world
        .services
        .make_key(
            &world.operator,
            Some("north"),
            KeyAsk::lasting(vec![KeyScope::Read], "k"),
        )
        .await
        .unwrap();
    let mixed = made.token.replace(prefix, &other.key.prefix);
    for token in [
        "",
        "cs_",
        "cs__",
        "cs_nobody_secret",
        &format!("cs_{prefix}_"),
        prefix,
        &mixed,
        &made.token.to_uppercase(),
        &format!("{}0", made.token),
    ] {
        assert!(
            is_unknown(&world.services.caller_of_token(token).await),
            "{token}"
        );
    }
}

#[tokio::test]
async fn a_revoked_key_is_over_at_once() {
    let world = World::new().await;
    let made = world
        .services
        .make_key(
            &world.operator,
            Some("north"),
            KeyAsk::lasting(vec![KeyScope::Read], "k"),
        )
        .await
        .unwrap();
    assert!(world.services.caller_of_token(&made.token).await.is_ok());
    let revoke = |account| {
        world
            .services
            .revoke_key(&world.operator, account, &made.key.prefix)
    };
    // By its own account only.
    assert!(matches!(
        revoke(Some("south")).await,
        Err(ServiceError::NotFound)
    ));
    assert!(matches!(revoke(None).await, Err(ServiceError::NotFound)));
    revoke(Some("north")).await.unwrap();
    assert!(is_unknown(
        &world.services.caller_of_token(&made.token).await
    ));
}

#[rstest]
#[case(Some("north"), vec![])]
#[case(Some("north"), vec![KeyScope::Platform])]
#[case(None, vec![KeyScope::Read])]
#[case(None, vec![KeyScope::Platform, KeyScope::Ingest])]
#[tokio::test]
async fn scopes_belong_to_an_account_and_the_platform_to_none(
    #[case] account: Option<&str>,
    #[case] scopes: Vec<KeyScope>,
) {
    let world = World::new().await;
    assert_eq!(
        wrong(
            world
                .services
                .make_key(&world.operator, account, KeyAsk::lasting(scopes, "k"))
                .await
                .map(|made| made.key)
        )
        .0,
        "scopes"
    );
}

#[tokio::test]
async fn keys_are_listed_by_account() {
    let world = World::new().await;
    world
        .services
        .make_key(
            &world.operator,
            Some("north"),
            KeyAsk::lasting(vec![KeyScope::Read], "ours"),
        )
        .await
        .unwrap();
    world
        .services
        .make_key(
            &world.operator,
            None,
            KeyAsk::lasting(vec![KeyScope::Platform], "theirs"),
        )
        .await
        .unwrap();
    let names = async |account| {
        let keys = world
            .services
            .keys(&world.operator, account, None, 50)
            .await
            .unwrap();
        keys.into_iter().map(|key| key.name).collect::<Vec<_>>()
    };
    assert_eq!(
        (names(Some("north")).await, names(None).await),
        (vec!["ours".to_owned()], vec!["theirs".to_owned()])
    );
    let missing = world
        .services
        .make_key(
            &world.operator,
            Some("nowhere"),
            KeyAsk::lasting(vec![KeyScope::Read], "k"),
        )
        .await;
    assert!(matches!(
        missing.map(|made| made.key),
        Err(ServiceError::NotFound)
    ));
}
