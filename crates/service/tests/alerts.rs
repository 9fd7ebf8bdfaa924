//! Alerts over accounts that are used, topped up and corrected.

mod changes;
mod emails;
mod endings;

use std::sync::{Arc, Mutex, atomic::Ordering};

use async_trait::async_trait;
use domain::{
    Time,
    alert::{Condition, Rule},
};
use service::{
    Permission, Scope, ServiceError, Services,
    alerts::Look,
    mail::{Email, Mailer, Pages},
    ports::{Alert, PutCompany},
    webhooks::{Call, Courier},
};

use crate::support::world::{NOW, World, credits, time, usage, wrong};

/// Keeps emails.
#[derive(Debug, Clone, Default)]
pub struct Letters(pub Arc<Mutex<Vec<Email>>>);

#[async_trait]
impl Mailer for Letters {
    async fn send(&self, email: Email) -> Result<(), String> {
        self.0.lock().unwrap().push(email);
        Ok(())
    }
}

/// A message as it was brought.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Brought {
    url: String,
    id: String,
    at: Time,
    body: String,
}

/// Keeps what it brings, and answers what it is told.
#[derive(Debug, Clone, Default)]
struct Desk {
    brought: Arc<Mutex<Vec<Brought>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

#[async_trait]
impl Courier for Desk {
    fn check(&self, url: &str) -> Result<String, String> {
        let is_right = url.starts_with("https://");
        is_right
            .then(|| url.to_lowercase())
            .ok_or_else(|| "must begin with https://".to_owned())
    }

    async fn call(&self, call: Call<'_>) -> Result<u16, String> {
        self.brought.lock().unwrap().push(Brought {
            url: call.url.to_owned(),
            id: call.id.to_owned(),
            at: call.at,
            body: call.body.to_owned(),
        });
        Ok(self.answers.lock().unwrap().pop().unwrap_or(204))
    }

    fn retries_s(&self) -> &[u32] {
        &[10, 100]
    }
}

struct Watched {
    world: World,
    services: Services,
    desk: Desk,
    letters: Letters,
    scope: Scope,
}

impl Watched {
    async fn new() -> Self {
        Self::over(World::new().await).await
    }

    async fn over(world: World) -> Self {
        let (desk, letters) = (Desk::default(), Letters::default());
        let services = world
            .services
            .clone()
            .with_courier(Arc::new(desk.clone()))
            .with_mail(Arc::new(letters.clone()))
            .with_pages(Pages {
                alerts: "https://credits.example/billing/alerts".to_owned(),
                keys: "https://credits.example/settings/keys".to_owned(),
                review: String::new(),
                unsubscribe: "https://credits.example/unsubscribe".to_owned(),
            });
        let scope = services
            .scope(&world.operator, Some("north"), Permission::Manage)
            .await
            .unwrap();
        services.watch_news().await;
        Self {
            world,
            services,
            desk,
            letters,
            scope,
        }
    }

    async fn spend(&self, id: &str, company: &str, credits: &str) -> usize {
        self.world
            .ingest(vec![usage(id, company, NOW, credits)])
            .await
            .unwrap();
        self.services.watch_news().await
    }

    async fn levels(&self) -> Vec<(u32, bool)> {
        let told = self.services.alerts(&self.scope, None, 20).await.unwrap();
        let level = |alert: Alert| (alert.reading.level, alert.lasts());
        told.into_iter().rev().map(level).collect()
    }

    fn brought(&self) -> Vec<Brought> {
        self.desk.brought.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn each_level_is_told_once_and_that_it_is_over() {
    let watched = Watched::new().await;
    let webhook = watched
        .services
        .make_webhook(&watched.scope, " https://example.com/hook ")
        .await
        .unwrap();
    assert!(webhook.secret.starts_with("whsec_"));
    assert_eq!(watched.spend("e1", "acme", "749").await, 0);
    assert_eq!(watched.spend("e2", "acme", "1").await, 1);
    assert_eq!(watched.spend("e3", "acme", "1").await, 0);
    // Two levels at once: the higher one is told.
    assert_eq!(watched.spend("e4", "acme", "249").await, 1);
    assert_eq!(watched.levels().await, [(75, false), (100, true)]);
    watched
        .services
        .adjust(&watched.world.operator, "north", credits("1000"), "a gift")
        .await
        .unwrap();
    assert_eq!(watched.services.watch_news().await, 1);
    assert_eq!(watched.levels().await, [(75, false), (100, false)]);
    // Nothing is sent twice, however often everything is looked at.
    watched.services.watch_all().await.unwrap();
    assert_eq!(watched.services.send_due().await.unwrap(), 3);
    assert_eq!(watched.services.send_due().await.unwrap(), 0);
    let brought = watched.brought();
    assert_eq!(brought[0].url, "https://example.com/hook");
    let told: Vec<serde_json::Value> = brought
        .iter()
        .map(|one| serde_json::from_str(&one.body).unwrap())
        .collect();
    let said: Vec<_> = told
        .iter()
        .map(|one| {
            (
                one["type"].as_str().unwrap(),
                one["data"]["level"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        said,
        [
            ("creditscope.alert.fired", 75),
            ("creditscope.alert.fired", 100),
            ("creditscope.alert.recovered", 100)
        ]
    );
    assert_eq!(told[1]["data"]["observed"], "1000");
    assert_eq!(told[1]["data"]["account"], "north");
    // More credits were given: they are watched anew.
    assert_eq!(watched.spend("e5", "acme", "500").await, 1);
    assert_eq!(watched.levels().await.last(), Some(&(75, true)));
    // A new cycle ends it.
    watched.world.clock.set(time("2026-12-02T00:00:00Z"));
    assert_eq!(watched.services.watch_all().await.unwrap(), 1);
    assert_eq!(watched.levels().await.last(), Some(&(75, false)));
}

#[tokio::test]
async fn emails_go_to_those_who_pay_and_to_nobody_while_it_is_snoozed() {
    let watched = Watched::new().await;
    let services = &watched.services;
    for (email, role) in [
        ("owner@north.example", "owner"),
        ("reads@north.example", "analyst"),
    ] {
        watched.world.member(email, role).await;
    }
    watched.spend("e1", "acme", "750").await;
    services.send_due().await.unwrap();
    let letters = watched.letters.0.lock().unwrap().clone();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, "owner@north.example");
    assert!(
        letters[0]
            .subject
            .ends_with(": Credits used passed 75%: 750 of 1,000, 75%")
    );
    let leads_to = "\n\nOpen alerts:\nhttps://credits.example/billing/alerts?account=north\n\n";
    assert!(letters[0].text.contains(leads_to), "{}", letters[0].text);
    let snoozed = services
        .snooze_alert_rule(&watched.scope, "credits-used", 60)
        .await;
    assert!(snoozed.unwrap().is_snoozed(services.now()));
    watched.spend("e2", "acme", "150").await;
    assert_eq!(services.send_due().await.unwrap(), 0);
    assert_eq!(watched.levels().await.len(), 2);
    let open = services.open_alerts(&watched.scope).await.unwrap();
    services
        .acknowledge_alert(&watched.scope, open[0].number)
        .await
        .unwrap();
    assert_eq!(services.open_alerts(&watched.scope).await.unwrap(), []);
}

#[tokio::test]
async fn budgets_are_watched_for_each_company() {
    let watched = Watched::new().await;
    let rule = Rule {
        key: "budgets".to_owned(),
        condition: Condition::CompanyBudget {
            company: None,
            levels: vec![50, 100],
        },
        ..Rule::usual()
    };
    watched
        .services
        .put_alert_rule(&watched.scope, rule)
        .await
        .unwrap();
    for (company, budget) in [("acme", "10"), ("harbor", "20")] {
        let put = PutCompany {
            budget: Some(credits(budget)),
            ..PutCompany::named(company, company)
        };
        watched
            .services
            .put_company(&watched.world.operator, "north", &put)
            .await
            .unwrap();
    }
    assert_eq!(watched.spend("e1", "acme", "4").await, 0);
    assert_eq!(watched.spend("e2", "bluewater", "50").await, 0);
    assert_eq!(watched.spend("e3", "acme", "1").await, 1);
    assert_eq!(watched.spend("e4", "harbor", "20").await, 1);
    let told = watched
        .services
        .alerts(&watched.scope, None, 9)
        .await
        .unwrap();
    let told: Vec<_> = told
        .iter()
        .map(|alert| (alert.reading.subject.as_str(), alert.reading.level))
        .collect();
    assert_eq!(told, [("harbor", 100), ("acme", 50)]);
    // What lasts is shown however much was told since.
    let lasting = watched.services.lasting_alerts(&watched.scope).await;
    let lasting = lasting.unwrap();
    assert_eq!(lasting.len(), 2);
    assert_eq!(lasting[0].reading.subject, "harbor");
}

#[tokio::test]
async fn a_message_is_tried_again_later_and_given_up_in_the_end() {
    let watched = Watched::new().await;
    let services = &watched.services;
    let webhook = services
        .make_webhook(&watched.scope, "https://example.com/")
        .await
        .unwrap();
    *watched.desk.answers.lock().unwrap() = vec![500, 503, 302];
    let message = services
        .test_webhook(&watched.scope, &webhook.id)
        .await
        .unwrap();
    let delivery = async || {
        let all = services
            .deliveries(&watched.scope, &webhook.id, None, 5)
            .await
            .unwrap();
        all.into_iter().next().unwrap()
    };
    let started = services.now();
    assert_eq!(services.send_due().await.unwrap(), 1);
    let first = delivery().await;
    assert_eq!((first.attempts, first.answer.as_str()), (1, "302"));
    // A tenth later at most.
    let pause_us = first.due_at.unwrap().micros_since(started);
    assert!((10_000_000..=11_000_000).contains(&pause_us), "{pause_us}");
    assert_eq!(services.send_due().await.unwrap(), 0);
    for pause_s in [11, 110] {
        let now = services.now();
        watched
            .world
            .clock
            .set(now.plus_micros(pause_s * 1_000_000));
        assert_eq!(services.send_due().await.unwrap(), 1);
    }
    let last = delivery().await;
    assert_eq!(
        (last.attempts, last.due_at, last.answer.as_str()),
        (3, None, "500")
    );
    assert!(last.failed_at.is_some());
    // It took nothing all the while, and is not called any more until somebody says so.
    let webhooks = services.webhooks(&watched.scope).await.unwrap();
    assert!(webhooks[0].disabled_at.is_some());
    services
        .enable_webhook(&watched.scope, &webhook.id)
        .await
        .unwrap();
    services
        .replay(&watched.scope, &webhook.id, &message)
        .await
        .unwrap();
    assert_eq!(services.send_due().await.unwrap(), 1);
    assert!(delivery().await.delivered_at.is_some());
    let ids: Vec<_> = watched.brought().into_iter().map(|one| one.id).collect();
    assert_eq!(ids, [message.as_str(); 4]);
    // Nobody is there any more.
    *watched.desk.answers.lock().unwrap() = vec![410];
    services
        .test_webhook(&watched.scope, &webhook.id)
        .await
        .unwrap();
    services.send_due().await.unwrap();
    assert!(delivery().await.failed_at.is_some());
}

#[tokio::test]
async fn rules_are_checked_and_kept_to_those_who_may() {
    let watched = Watched::new().await;
    let services = &watched.services;
    let put = async |scope: &Scope, key: &str, condition: Condition| {
        let rule = Rule {
            key: key.to_owned(),
            condition,
            ..Rule::usual()
        };
        services.put_alert_rule(scope, rule).await
    };
    let levels = |levels: Vec<u32>| Condition::UsedPercent { levels };
    assert_eq!(
        wrong(put(&watched.scope, "", levels(vec![1])).await).0,
        "key"
    );
    assert_eq!(
        wrong(put(&watched.scope, "a", levels(vec![])).await).0,
        "levels"
    );
    let nobody = Condition::CompanyBudget {
        company: Some("nobody".to_owned()),
        levels: vec![1],
    };
    assert_eq!(wrong(put(&watched.scope, "a", nobody).await).0, "company");
    assert_eq!(
        wrong(
            services
                .make_webhook(&watched.scope, "http://example.com")
                .await
        )
        .0,
        "url"
    );
    let client = watched.world.client(&["acme"]).await;
    let client = watched.world.scope(&client, "north").await;
    assert!(matches!(
        services.alert_rules(&client).await,
        Err(ServiceError::NotFound)
    ));
    assert!(matches!(
        services.alerts(&client, None, 1).await,
        Err(ServiceError::NotFound)
    ));
    let refused = put(&client, "a", levels(vec![1])).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
    let refused = services.webhooks(&client).await;
    assert!(matches!(refused, Err(ServiceError::Forbidden(_))));
    let account = watched.scope.account().id;
    assert_eq!(services.watch(account, Look::Full).await.unwrap(), 0);
}

#[tokio::test]
async fn what_our_own_database_fails_to_say_is_held_against_no_endpoint() {
    let watched = Watched::new().await;
    let (services, store) = (&watched.services, &watched.world.store);
    let url = "https://example.com/hook";
    let hook = services.make_webhook(&watched.scope, url).await.unwrap();
    services
        .test_webhook(&watched.scope, &hook.id)
        .await
        .unwrap();
    // More often than an endpoint may fail, and than a message is tried.
    for round in 0..8 {
        watched
            .world
            .clock
            .set(time(NOW).plus_micros(round * 61_000_000));
        store.is_broken.store(true, Ordering::SeqCst);
        assert_eq!(services.send_due().await.unwrap(), 1, "{round}");
        store.is_broken.store(false, Ordering::SeqCst);
    }
    assert_eq!(watched.brought().len(), 0);
    watched
        .world
        .clock
        .set(time(NOW).plus_micros(8 * 61_000_000));
    services.send_due().await.unwrap();
    assert_eq!(watched.brought().len(), 1);
    let sent = services.deliveries(&watched.scope, &hook.id, None, 9).await;
    let sent = sent.unwrap();
    assert_eq!((sent[0].attempts, sent[0].answer.as_str()), (1, "204"));
}

#[tokio::test]
async fn an_address_is_stored_as_it_is_called_and_told_by_its_host() {
    let watched = Watched::new().await;
    let (services, scope) = (&watched.services, &watched.scope);
    let hook = services
        .make_webhook(scope, " https://Hooks.example/s3cret?token=s3cret ")
        .await
        .unwrap();
    assert_eq!(hook.url, "https://hooks.example/s3cret?token=s3cret");
    for typed in [
        "https://hooks.example/\u{1b}[2J",
        "https://hooks.example/a\nb",
        "https://\u{9b}x",
    ] {
        let refused = services.make_webhook(scope, typed).await.unwrap_err();
        let ServiceError::Invalid(refused) = refused else {
            panic!("{refused}");
        };
        let error = &refused.0[0];
        assert_eq!(error.field, "url");
        assert!(
            error.message.contains("control characters"),
            "{}",
            error.message
        );
    }
    services.enable_webhook(scope, &hook.id).await.unwrap();
    services.delete_webhook(scope, &hook.id).await.unwrap();
    let told = services
        .audit(scope, &service::audit::AuditAsk::default())
        .await
        .unwrap();
    let of_hook: Vec<_> = told
        .iter()
        .filter(|entry| entry.action.starts_with("webhook."))
        .collect();
    assert_eq!(of_hook.len(), 3);
    assert!(of_hook.iter().all(|entry| entry.detail == "hooks.example"));
}
