//! People: signing in, sessions, and what they may see.

use argon2::{Argon2, password_hash::PasswordHasher as _};
use domain::tenancy::{PlatformRole, Role};
use rstest::rstest;
use service::{
    Caller, Permission, ServiceError,
    ports::{AccessStore as _, IdentityStore as _, SavedSession},
    users::{Joining, PutUser},
};

use crate::support::world::{NOW, World, time, wrong};

const PASSWORD: &str = "correct horse";

fn client_of(companies: &[&str]) -> PutUser {
    let companies = companies.iter().map(|&key| key.to_owned()).collect();
    PutUser {
        email: " Ada@Example.com ".into(),
        name: "Ada".into(),
        password: PASSWORD.into(),
        platform_role: None,
        memberships: vec![Joining {
            account: "north".into(),
            role: Role::Client,
            companies,
        }],
    }
}

fn staff() -> PutUser {
    PutUser {
        platform_role: Some(PlatformRole::ProductManager),
        memberships: vec![],
        ..client_of(&[])
    }
}

#[tokio::test]
async fn a_person_signs_in_with_their_password_and_nobody_with_another() {
    let world = World::new().await;
    let user = world
        .services
        .put_user(&world.operator, client_of(&["acme"]))
        .await
        .unwrap();
    assert_eq!(user.email, "ada@example.com");
    assert!(user.password_hash.starts_with("$argon2id$") && !user.password_hash.contains(PASSWORD));
    let sign_in = |email, password: &str| world.services.sign_in(email, password.to_owned(), None);
    assert_eq!(
        sign_in("ADA@example.com ", PASSWORD).await.unwrap().id,
        user.id
    );
    for (email, password) in [
        ("ada@example.com", "wrong"),
        ("ada@example.com", ""),
        ("bob@example.com", PASSWORD),
        ("", ""),
    ] {
        assert!(
            matches!(
                sign_in(email, password).await,
                Err(ServiceError::Unauthenticated)
            ),
            "{email}"
        );
    }
    assert_eq!(
        world.services.signed_in(user.id).await.unwrap(),
        Some(user.clone())
    );
    let caller = Caller::from_user(&user);
    let scope = world
        .services
        .scope(&caller, None, Permission::Read)
        .await
        .unwrap();
    assert_eq!(
        (scope.account().key.as_str(), scope.sees_all()),
        ("north", false)
    );
}

#[tokio::test]
async fn a_new_password_ends_the_old_one() {
    let world = World::new().await;
    let first = world
        .services
        .put_user(&world.operator, staff())
        .await
        .unwrap();
    let second = world
        .services
        .put_user(
            &world.operator,
            PutUser {
                password: "battery staple".into(),
                ..staff()
            },
        )
        .await
        .unwrap();
    assert_eq!(first.id, second.id);
    assert!(matches!(
        world
            .services
            .sign_in("ada@example.com", PASSWORD.into(), None)
            .await,
        Err(ServiceError::Unauthenticated)
    ));
    assert!(
        world
            .services
            .sign_in("ada@example.com", "battery staple".into(), None)
            .await
            .is_ok()
    );
}

#[tokio::test]
async fn a_password_is_the_same_on_every_keyboard_and_a_hash_from_before_is_renewed() {
    let (composed, apart) = ("gr\u{FC}ne Katzen tanzen", "gru\u{308}ne Katzen tanzen");
    let world = World::new().await;
    let put = PutUser {
        password: apart.into(),
        ..staff()
    };
    let user = world.services.put_user(&world.operator, put).await.unwrap();
    let sign_in = async |typed: &str| {
        let typed = typed.to_owned();
        world.services.sign_in("ada@example.com", typed, None).await
    };
    for typed in [composed, apart] {
        assert_eq!(sign_in(typed).await.unwrap().id, user.id, "{typed}");
    }
    for wrong in ["grune Katzen tanzen", "GR\u{DC}NE KATZEN TANZEN"] {
        assert!(sign_in(wrong).await.is_err(), "{wrong}");
    }
    // As an earlier program hashed it: as it was typed.
    let hash = Argon2::default()
        .hash_password(apart.as_bytes())
        .unwrap()
        .to_string();
    let now = world.services.now();
    let stored = async |hash: &str| {
        let store = &world.store;
        let before = store.user(user.id).await.unwrap().unwrap().password_hash;
        let set = store.set_password(user.id, &before, hash, None, now).await;
        assert!(set.unwrap().is_made());
    };
    for typed in [composed, apart] {
        stored(&hash).await;
        assert!(sign_in("grune Katzen tanzen").await.is_err());
        let before = world.services.signed_in(user.id).await.unwrap().unwrap();
        assert_eq!(before.password_hash, hash);
        assert!(sign_in(typed).await.is_ok(), "{typed}");
        let after = world.services.signed_in(user.id).await.unwrap().unwrap();
        assert_ne!(after.password_hash, hash);
        for typed in [composed, apart] {
            assert!(sign_in(typed).await.is_ok(), "{typed}");
        }
        let unchanged = world.services.signed_in(user.id).await.unwrap().unwrap();
        assert_eq!(unchanged.password_hash, after.password_hash);
    }
}

#[rstest]
#[case(PutUser { email: "ada".into(), ..staff() }, "email")]
#[case(PutUser { email: "a da@example.com".into(), ..staff() }, "email")]
#[case(PutUser { email: "@example.com".into(), ..staff() }, "email")]
#[case(PutUser { name: String::new(), ..staff() }, "name")]
#[case(PutUser { password: "short".into(), ..staff() }, "password")]
#[case(PutUser { password: "x".repeat(1_025), ..staff() }, "password")]
#[case(PutUser { platform_role: None, ..staff() }, "account")]
#[case(client_of(&[]), "companies")]
#[case(client_of(&["lakeside"]), "companies")]
#[case(PutUser { memberships: vec![Joining { account: "nowhere".into(), role: Role::Owner, companies: vec![] }], ..staff() }, "account")]
#[tokio::test]
async fn a_person_that_cannot_be_is_refused_with_the_field(
    #[case] user: PutUser,
    #[case] field: &str,
) {
    let world = World::new().await;
    assert_eq!(
        wrong(world.services.put_user(&world.operator, user).await).0,
        field
    );
}

#[tokio::test]
async fn a_session_lasts_until_it_ends_or_is_ended() {
    let world = World::new().await;
    let session = |name: u8, until: &str| SavedSession {
        user: None,
        id_hash: vec![name],
        data: "{}".into(),
        expires_at: time(until),
    };
    let (short, long) = (
        session(1, "2026-11-23T15:00:00Z"),
        session(2, "2026-11-24T15:00:00Z"),
    );
    for session in [&short, &long] {
        assert!(world.services.save_session(session, true).await.unwrap());
        assert!(!world.services.save_session(session, true).await.unwrap());
    }
    assert_eq!(world.services.session(&[1]).await.unwrap(), Some(short));
    world.clock.set(time("2026-11-23T15:00:00Z"));
    assert_eq!(world.services.session(&[1]).await.unwrap(), None);
    assert_eq!(world.services.sweep_sessions().await.unwrap(), 1);
    assert_eq!(world.services.session(&[2]).await.unwrap(), Some(long));
    world.services.end_session(&[2]).await.unwrap();
    assert_eq!(world.services.session(&[2]).await.unwrap(), None);
    assert!(time(NOW) < world.services.now());
}

#[tokio::test]
async fn an_owner_sees_every_company_or_is_no_owner() {
    let world = World::new().await;
    let mut owner = client_of(&["acme"]);
    owner.memberships[0].role = Role::Owner;
    let refused = world
        .services
        .put_user(&world.operator, owner.clone())
        .await;
    assert!(
        matches!(&refused, Err(ServiceError::Invalid(invalid)) if invalid.0[0].field == "companies"),
        "{refused:?}"
    );
    owner.memberships[0].companies.clear();
    world
        .services
        .put_user(&world.operator, owner)
        .await
        .unwrap();
}
