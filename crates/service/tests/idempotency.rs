//! Remembered answers.

use service::{ServiceError, ports::Remembered};

use crate::support::world::{World, wrong};

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_another_request_with_its_key_a_conflict() {
    let world = World::new().await;
    let answer = Remembered {
        request_hash: vec![1],
        status: 201,
        body: b"{}".to_vec(),
    };
    let ask = |key, hash: &'static [u8]| world.services.remembered(&world.operator, key, hash);
    assert_eq!(ask("k1", &[1]).await.unwrap(), None);
    world
        .services
        .remember(&world.operator, "k1", &answer)
        .await
        .unwrap();
    assert_eq!(ask("k1", &[1]).await.unwrap(), Some(answer));
    assert!(matches!(
        ask("k1", &[2]).await,
        Err(ServiceError::Conflict(_))
    ));
    assert_eq!(wrong(ask(" ", &[1]).await).0, "Idempotency-Key");
    // Another caller's keys are their own.
    let client = world.client(&["acme"]).await;
    assert_eq!(
        world
            .services
            .remembered(&client, "k1", &[2])
            .await
            .unwrap(),
        None
    );
}
