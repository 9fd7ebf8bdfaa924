//! Rules, budgets and snoozes that are changed while an alert lasts.

use domain::alert::{Condition, Rule};
use service::ports::{Alert, PutCompany};

use super::Watched;
use crate::support::world::credits;

impl Watched {
    async fn rule(&self, levels: &[u32]) {
        let rule = Rule {
            condition: Condition::UsedPercent {
                levels: levels.to_vec(),
            },
            ..Rule::usual()
        };
        let put = self.services.put_alert_rule(&self.scope, rule).await;
        put.unwrap();
        self.services.watch_news().await;
    }

    async fn hook(&self) {
        let url = "https://example.com/hook";
        let made = self.services.make_webhook(&self.scope, url).await;
        made.unwrap();
    }

    /// Kinds and texts of what was brought.
    async fn told(&self) -> Vec<(String, String)> {
        while self.services.send_due().await.unwrap() > 0 {}
        let told = self.brought();
        told.iter()
            .map(|one| {
                let body: serde_json::Value = serde_json::from_str(&one.body).unwrap();
                let kind = body["type"].as_str().unwrap();
                let kind = kind.rsplit('.').next().unwrap();
                (
                    kind.to_owned(),
                    body["data"]["text"].as_str().unwrap().to_owned(),
                )
            })
            .collect()
    }

    /// Resolved or not, and why, the oldest first.
    async fn endings(&self) -> Vec<(bool, Option<&'static str>)> {
        let told = self.services.alerts(&self.scope, None, 20).await.unwrap();
        let ending = |alert: &Alert| (alert.is_over, alert.ending.map(domain::alert::Ending::id));
        told.iter().rev().map(ending).collect()
    }

    async fn budget(&self, company: &str, budget: Option<&str>) {
        let put = PutCompany {
            budget: budget.map(credits),
            ..PutCompany::named(company, company)
        };
        let operator = &self.world.operator;
        let put = self.services.put_company(operator, "north", &put).await;
        put.unwrap();
        self.services.watch_news().await;
    }

    async fn watch_budgets(&self) {
        let rule = Rule {
            key: "budgets".to_owned(),
            condition: Condition::CompanyBudget {
                company: None,
                levels: vec![75, 100],
            },
            ..Rule::usual()
        };
        let put = self.services.put_alert_rule(&self.scope, rule).await;
        put.unwrap();
        self.services.watch_news().await;
    }
}

fn said(kind: &str, text: &str) -> (String, String) {
    (kind.to_owned(), text.to_owned())
}

#[tokio::test]
async fn a_rule_that_is_changed_while_its_alert_lasts_tells_what_is_crossed_and_nothing_false() {
    let watched = Watched::new().await;
    watched.hook().await;
    watched.spend("e1", "acme", "920").await;
    watched.rule(&[50, 80]).await;
    watched.spend("e2", "acme", "30").await;
    watched.spend("e3", "acme", "50").await;
    watched.services.watch_all().await.unwrap();
    assert_eq!(
        watched.told().await,
        [
            said("fired", "Credits used passed 90%: 920 of 1,000, 92%"),
            said("fired", "Credits used passed 80%: 920 of 1,000, 92%"),
        ]
    );
    assert_eq!(watched.levels().await, [(90, false), (80, true)]);
    // What is true again is told: more was given.
    watched
        .services
        .adjust(&watched.world.operator, "north", credits("1000"), "a gift")
        .await
        .unwrap();
    watched.services.watch_news().await;
    let told = watched.told().await;
    assert_eq!(
        told.last().unwrap(),
        &said(
            "recovered",
            "Credits used fell below 80%: 1,000 of 2,000, 50%"
        )
    );
}

#[tokio::test]
async fn a_rule_that_is_deleted_ends_its_alert_and_says_why() {
    let watched = Watched::new().await;
    watched.hook().await;
    watched.world.member("owner@north.example", "owner").await;
    watched.spend("e1", "acme", "920").await;
    watched
        .services
        .delete_alert_rule(&watched.scope, "credits-used")
        .await
        .unwrap();
    watched.services.watch_all().await.unwrap();
    assert_eq!(watched.endings().await, [(true, Some("rule_deleted"))]);
    let told = watched.told().await;
    assert_eq!(told.len(), 2);
    assert_eq!(
        told[1],
        said("ended", "Alert on credits used ended: its rule was deleted")
    );
    // Somebody did it: nobody is written to.
    assert_eq!(watched.letters.0.lock().unwrap().len(), 1);
    // A rule of the same name begins anew, and what was told of this cycle is told no more.
    watched.rule(&[75, 90]).await;
    assert_eq!(watched.told().await.len(), 2);
    let endings = [(true, Some("rule_deleted")), (false, None)];
    assert_eq!(watched.endings().await, endings);
}

#[tokio::test]
async fn a_level_that_is_taken_out_ends_its_alert_without_an_all_clear() {
    let watched = Watched::new().await;
    watched.hook().await;
    watched.spend("e1", "acme", "920").await;
    watched.rule(&[95]).await;
    assert_eq!(watched.endings().await, [(true, Some("rule_changed"))]);
    assert_eq!(
        watched.told().await[1],
        said("ended", "Alert on credits used ended: its rule was changed")
    );
    watched.spend("e2", "acme", "30").await;
    assert_eq!(watched.levels().await, [(90, false), (95, true)]);
}

#[tokio::test]
async fn a_budget_that_is_raised_lowered_or_removed_is_held_against_what_is_used() {
    let watched = Watched::new().await;
    watched.hook().await;
    watched.watch_budgets().await;
    watched.budget("acme", Some("100")).await;
    watched.spend("e1", "acme", "80").await;
    watched.budget("acme", Some("200")).await;
    watched.budget("acme", Some("80")).await;
    watched.budget("acme", None).await;
    assert_eq!(
        watched.told().await,
        [
            said("fired", "Budget used by acme passed 75%: 80 of 100, 80%"),
            said(
                "recovered",
                "Budget used by acme fell below 75%: 80 of 200, 40%"
            ),
            said("fired", "Budget used by acme passed 100%: 80 of 80, 100%"),
            said(
                "ended",
                "Alert on budget used by acme ended: the budget was removed"
            ),
        ]
    );
    assert_eq!(
        watched.endings().await,
        [(true, Some("recovered")), (true, Some("budget_removed"))]
    );
}

#[tokio::test]
async fn a_budget_of_nothing_that_is_passed_is_told() {
    let watched = Watched::new().await;
    watched.hook().await;
    watched.watch_budgets().await;
    watched.budget("acme", Some("0")).await;
    assert_eq!(watched.told().await, []);
    watched.spend("e1", "acme", "0.4").await;
    assert_eq!(
        watched.told().await,
        [said("fired", "Budget used by acme passed 100%: < 1 of 0")]
    );
}

#[tokio::test]
async fn what_fires_during_a_snooze_and_lasts_is_told_when_it_ends() {
    let watched = Watched::new().await;
    watched.hook().await;
    let snooze = async |for_s| {
        let key = "credits-used";
        let done = watched
            .services
            .snooze_alert_rule(&watched.scope, key, for_s);
        done.await.unwrap();
        watched.services.watch_news().await;
    };
    snooze(3_600).await;
    watched.spend("e1", "acme", "800").await;
    assert_eq!(watched.told().await, []);
    // It is resolved before anybody was told: nobody hears of that either.
    let gift = watched
        .services
        .adjust(&watched.world.operator, "north", credits("1000"), "a gift");
    gift.await.unwrap();
    watched.services.watch_news().await;
    snooze(0).await;
    assert_eq!(watched.told().await, []);
    snooze(3_600).await;
    watched.spend("e2", "acme", "1000").await;
    assert_eq!(watched.levels().await, [(75, false), (90, true)]);
    snooze(0).await;
    watched.services.watch_all().await.unwrap();
    assert_eq!(
        watched.told().await,
        [said(
            "fired",
            "Credits used passed 90%: 1,800 of 2,000, 90%"
        )]
    );
}
