//! Remembered answers.

use service::{
    Caller, ServiceError, ServiceResult, idempotency::Begun, ports::Remembered, request::Seal,
};

use crate::support::world::{World, wrong};

async fn ask(
    world: &World,
    caller: &Caller,
    key: &str,
    hash: u8,
) -> ServiceResult<Option<Remembered>> {
    let (seal, hash) = (Seal::new("token", key), [hash]);
    let begun = world.services.begin_request(caller, key, &hash, &seal);
    Ok(match begun.await? {
        Begun::Answered(answer) => Some(answer),
        Begun::Runs(_) => None,
    })
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_another_request_with_its_key_a_conflict() {
    let world = World::new().await;
    let answer = Remembered {
        request_hash: vec![1],
        status: 201,
        body: b"{}".to_vec(),
    };
    let operator = &world.operator;
    assert_eq!(ask(&world, operator, "k1", 1).await.unwrap(), None);
    world
        .services
        .remember(operator, "k1", &answer)
        .await
        .unwrap();
    assert_eq!(ask(&world, operator, "k1", 1).await.unwrap(), Some(answer));
    assert!(matches!(
        ask(&world, operator, "k1", 2).await,
        Err(ServiceError::Conflict(_))
    ));
    assert_eq!(
        wrong(ask(&world, operator, " ", 1).await).0,
        "Idempotency-Key"
    );
    // Another caller's keys are their own.
    let client = world.client(&["acme"]).await;
    assert_eq!(ask(&world, &client, "k1", 2).await.unwrap(), None);
}
