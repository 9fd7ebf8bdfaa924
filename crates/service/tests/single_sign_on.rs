//! People that a provider of single sign-on vouches for.

use domain::tenancy::Role;
use rstest::rstest;
use service::{
    Caller, Permission, ServiceError,
    members::Place,
    ports::Identity,
    single_sign_on::Claims,
    users::{Joining, PutUser},
};

use crate::support::world::World;

fn claims(subject: &str, email: Option<&str>, place: Option<Place>) -> Claims {
    Claims {
        identity: Identity {
            issuer: "https://id.example".to_owned(),
            subject: subject.to_owned(),
        },
        verified_email: email.map(str::to_owned),
        name: Some("Ada".to_owned()),
        place: place.map(|place| ("north".to_owned(), place)),
    }
}

fn client(companies: &[&str]) -> Place {
    Place {
        role: Role::Client,
        companies: companies.iter().map(|&key| key.to_owned()).collect(),
    }
}

async fn known(world: &World, role: Role) {
    let user = PutUser {
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        password: "correct horse".to_owned(),
        platform_role: None,
        memberships: vec![Joining {
            account: "north".to_owned(),
            role,
            companies: vec![],
        }],
    };
    world
        .services
        .put_user(&world.operator, user)
        .await
        .unwrap();
}

#[tokio::test]
async fn whom_the_provider_places_becomes_a_member_and_moves_when_it_says_so() {
    let world = World::new().await;
    let first = claims("1", Some("Ada@example.com"), Some(client(&["acme"])));
    let ada = world.services.sign_in_with(first, None).await.unwrap();
    assert_eq!(ada.email, "ada@example.com");
    let sees = async |user| {
        let caller = Caller::from_user(user);
        let scope = world
            .services
            .scope(&caller, Some("north"), Permission::Read)
            .await
            .unwrap();
        let companies = world
            .services
            .companies(&scope, None, None, 10)
            .await
            .unwrap();
        companies
            .into_iter()
            .map(|company| company.key)
            .collect::<Vec<_>>()
    };
    assert_eq!(sees(&ada).await, ["acme"]);
    // The address may change there: the person is who the provider says.
    let later = claims("1", Some("other@example.com"), Some(client(&["harbor"])));
    let again = world.services.sign_in_with(later, None).await.unwrap();
    assert_eq!((again.id, &*again.email), (ada.id, "ada@example.com"));
    assert_eq!(sees(&again).await, ["harbor"]);
    // Nobody signs in with a password that was never set.
    assert!(
        world
            .services
            .sign_in("ada@example.com", String::new(), None)
            .await
            .is_err()
    );
}

#[tokio::test]
async fn who_is_known_by_an_address_that_was_made_sure_of_is_recognised() {
    let world = World::new().await;
    known(&world, Role::Analyst).await;
    let sure = claims("1", Some("ada@example.com"), None);
    let ada = world.services.sign_in_with(sure, None).await.unwrap();
    assert_eq!(ada.memberships[0].role, Role::Analyst);
    let by_subject = claims("1", None, None);
    assert_eq!(
        world
            .services
            .sign_in_with(by_subject, None)
            .await
            .unwrap()
            .id,
        ada.id
    );
}

#[tokio::test]
async fn an_owner_stays_owner_whatever_the_provider_says() {
    let world = World::new().await;
    known(&world, Role::Owner).await;
    let lower = claims("1", Some("ada@example.com"), Some(client(&["acme"])));
    let ada = world.services.sign_in_with(lower, None).await.unwrap();
    assert_eq!(ada.memberships[0].role, Role::Owner);
}

#[rstest]
#[case::no_address_made_sure_of(claims("1", None, Some(client(&["acme"]))), "made sure")]
#[case::nowhere_to_go(claims("1", Some("eve@example.com"), None), "no account")]
#[tokio::test]
async fn others_are_refused_and_not_kept(#[case] claims: Claims, #[case] words: &str) {
    let world = World::new().await;
    let refused = world.services.sign_in_with(claims, None).await;
    let Err(ServiceError::Forbidden(said)) = refused else {
        panic!("{refused:?}");
    };
    assert!(said.contains(words), "{said}");
    let users = world
        .services
        .users(&world.operator, None, 10)
        .await
        .unwrap();
    assert!(users.is_empty());
}

#[tokio::test]
async fn an_unknown_account_a_foreign_company_and_a_disabled_person_are_refused() {
    let world = World::new().await;
    let mut elsewhere = claims("1", Some("ada@example.com"), Some(client(&["acme"])));
    elsewhere.place.as_mut().unwrap().0 = "nowhere".to_owned();
    assert!(world.services.sign_in_with(elsewhere, None).await.is_err());
    let foreign = claims("2", Some("bob@example.com"), Some(client(&["lakeside"])));
    assert!(world.services.sign_in_with(foreign, None).await.is_err());
    assert!(
        world
            .services
            .users(&world.operator, None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    let good = claims("3", Some("eve@example.com"), Some(client(&["acme"])));
    let eve = world
        .services
        .sign_in_with(good.clone(), None)
        .await
        .unwrap();
    let operator = &world.operator;
    world
        .services
        .set_disabled(operator, &eve.email, true)
        .await
        .unwrap();
    assert!(matches!(
        world.services.sign_in_with(good, None).await,
        Err(ServiceError::Forbidden(_))
    ));
}
