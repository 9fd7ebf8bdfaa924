//! Alerts are told once, and their messages are on their way when they are.

use std::sync::Arc;

use domain::AccountId;
use domain::{
    Credits, Time,
    alert::{Condition, Crossings, Ending, Mark, Reading, Rule},
};
use service::ports::{
    AlertChange, AlertTurn, Delivery, DueAsk, Edited, EmailKind, Expected, Message, Noted, Outcome,
    Reached, Target, Webhook,
};

use super::{
    backend::Backend,
    world::{NOW, World},
};

const MINUTE_US: i64 = 60_000_000;

fn credits(whole: i64) -> Credits {
    Credits::from_whole(whole).unwrap()
}

fn hook() -> Target {
    Target::Webhook("hook".to_owned())
}

fn message(id: &str) -> Message {
    Message {
        id: id.to_owned(),
        kind: "creditscope.alert.fired".to_owned(),
        subject: "90 %".to_owned(),
        body: "{}".to_owned(),
        targets: vec![hook(), Target::Mail("ada@example.com".to_owned())],
    }
}

fn crossings(told: &[(i64, i64)]) -> Crossings {
    let told = told.iter();
    told.map(|(mark, limit)| (Mark(*mark), credits(*limit)))
        .collect()
}

fn fires(level: u32, after: Option<i64>, told: &str) -> AlertChange {
    AlertChange {
        rule: "used".to_owned(),
        kind: "used_percent".to_owned(),
        reading: Reading {
            subject: String::new(),
            epoch: NOW,
            level,
            mark: Mark::percent(level),
            observed: credits(i64::from(level)),
            limit: credits(100),
            at: None,
        },
        after,
        turn: AlertTurn::Fire {
            crossings: crossings(&[(i64::from(level), 100)]),
            is_owed: false,
        },
        message: Some(message(told)),
    }
}

pub async fn a_week_is_told_once_and_only_while_it_is_wanted(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    let mail = |id| Message {
        targets: vec![Target::Mail("ada@example.com".to_owned())],
        ..message(id)
    };
    let tell = async |week_us, id| {
        let week = NOW.plus_micros(week_us);
        let told = store.tell_digest(account, week, &mail(id), NOW).await;
        told.unwrap()
    };
    assert!(!tell(1, "msg_none").await);
    store.start_digest(account, NOW).await.unwrap();
    let later = NOW.plus_micros(9);
    store.start_digest(account, later).await.unwrap();
    assert_eq!(store.digest(account).await.unwrap(), Some(NOW));
    assert!(!tell(0, "msg_0").await);
    assert!(tell(1, "msg_1").await);
    assert!(!tell(1, "msg_2").await);
    let told = NOW.plus_micros(1);
    assert_eq!(store.digests().await.unwrap(), [(account, told)]);
    let target = &mail("").targets[0];
    let sent = store.deliveries(account, target, None, 9).await.unwrap();
    let ids: Vec<_> = sent.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(ids, ["msg_1"]);
    store.stop_digest(account).await.unwrap();
    assert_eq!(store.digest(account).await.unwrap(), None);
    assert!(!tell(2, "msg_3").await);
}

pub async fn a_change_is_made_once_however_many_programs_make_it(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    let first = fires(75, None, "msg_1");
    let again = fires(75, None, "msg_2");
    let made = store.change_alerts(account, &[first, again], NOW).await;
    assert_eq!(made.unwrap(), 1);
    let told = store.alerts(account, None, 10).await.unwrap();
    assert_eq!(told.len(), 1);
    assert!(told[0].lasts());
    // A higher level takes the place of the lower one.
    let number = Some(told[0].number);
    let higher = fires(90, number, "msg_3");
    let made = store.change_alerts(account, &[higher], NOW).await.unwrap();
    assert_eq!(made, 1);
    let latest = store.latest_alerts(account).await.unwrap();
    assert_eq!((latest.len(), latest[0].reading.level), (1, 90));
    let remains = crossings(&[(75, 130)]);
    let over = |told: &str| AlertChange {
        turn: AlertTurn::End {
            ending: Ending::Recovered,
            crossings: remains.clone(),
        },
        ..fires(75, Some(latest[0].number), told)
    };
    let changes = [over("msg_4"), over("msg_5")];
    assert_eq!(
        store.change_alerts(account, &changes, NOW).await.unwrap(),
        1
    );
    let told = store.alerts(account, None, 10).await.unwrap();
    assert_eq!(told[0].ending, Some(Ending::Recovered));
    assert_eq!(told[0].crossings, remains);
    assert_eq!(told[1].crossings, crossings(&[(75, 100)]));
    assert_eq!((told[1].is_over, told[1].ending), (true, None));
    assert_eq!(told[0].recovered_at, Some(NOW));
    assert_eq!((told[1].lasts(), told[1].recovered_at), (false, None));
    let older = store.alerts(account, Some(told[0].number), 10).await;
    assert_eq!(older.unwrap(), [told[1].clone()]);
    // What was not made was not told either.
    let sent = store.deliveries(account, &hook(), None, 10).await.unwrap();
    let ids: Vec<_> = sent.iter().map(|one| one.message.as_str()).collect();
    assert_eq!(ids, ["msg_4", "msg_3", "msg_1"]);
    let known = store.acknowledge_alert(account, told[0].number, "ada", NOW);
    assert_eq!(known.await.unwrap(), Noted::Now);
    let later = NOW.plus_micros(1);
    let known = store.acknowledge_alert(account, told[0].number, "bob", later);
    assert_eq!(known.await.unwrap(), Noted::Before);
    let told = store.alerts(account, None, 1).await.unwrap();
    assert_eq!(told[0].acknowledged, Some((NOW, "ada".to_owned())));
    let number = told[0].number;
    for (who, is_theirs) in [("bob", false), ("ada", true), ("ada", false)] {
        let undone = store.unacknowledge_alert(account, number, who);
        assert_eq!(undone.await.unwrap(), is_theirs, "{who}");
    }
    let told = store.alerts(account, None, 1).await.unwrap();
    assert_eq!(told[0].acknowledged, None);
    let foreign = store.acknowledge_alert(world.other.id, told[0].number, "eve", NOW);
    assert_eq!(foreign.await.unwrap(), Noted::Missing);
    assert_eq!(store.alerts(world.other.id, None, 10).await.unwrap(), []);
}

pub async fn what_is_owed_is_told_once(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    let owed = AlertChange {
        turn: AlertTurn::Fire {
            crossings: Crossings::default(),
            is_owed: true,
        },
        message: None,
        ..fires(75, None, "")
    };
    store.change_alerts(account, &[owed], NOW).await.unwrap();
    let told = store.alerts(account, None, 9).await.unwrap();
    assert!(told[0].is_owed && told[0].lasts());
    let notify = |id: &str| AlertChange {
        turn: AlertTurn::Notify,
        ..fires(75, Some(told[0].number), id)
    };
    let changes = [notify("msg_1"), notify("msg_2")];
    let made = store.change_alerts(account, &changes, NOW).await;
    assert_eq!(made.unwrap(), 1);
    let told = store.alerts(account, None, 9).await.unwrap();
    assert!(!told[0].is_owed && told[0].lasts());
    let sent = store.deliveries(account, &hook(), None, 9).await.unwrap();
    assert_eq!(sent.len(), 1);
    // An alert that lasts is looked after though no rule is left.
    assert_eq!(store.accounts_with_rules().await.unwrap(), [account]);
}

pub async fn who_unsubscribed_is_kept_for_each_kind_and_account(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    let set = async |user, kind, is_out| {
        let done = store.set_email_optout(account, user, kind, is_out, NOW);
        done.await.unwrap()
    };
    let (ada, ben) = (domain::UserId(1), domain::UserId(2));
    assert!(set(ada, EmailKind::Alerts, true).await);
    assert!(!set(ada, EmailKind::Alerts, true).await);
    assert!(set(ben, EmailKind::Digest, true).await);
    let mut out = store.email_optouts(account).await.unwrap();
    out.sort_unstable();
    assert_eq!(out, [(ada, EmailKind::Alerts), (ben, EmailKind::Digest)]);
    assert_eq!(store.email_optouts(world.other.id).await.unwrap(), []);
    assert!(set(ada, EmailKind::Alerts, false).await);
    assert!(!set(ada, EmailKind::Alerts, false).await);
    // A key is made once.
    let key = store.signing_key("k", b"first").await.unwrap();
    assert_eq!(key, b"first");
    assert_eq!(store.signing_key("k", b"second").await.unwrap(), key);
}

pub async fn rules_and_webhooks_are_stored_replaced_and_removed(backend: Arc<dyn Backend>) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    let budget = Rule {
        key: "budget".to_owned(),
        condition: Condition::CompanyBudget {
            company: Some("acme".to_owned()),
            levels: vec![50, 100],
        },
        by_mail: false,
        by_webhook: true,
        snoozed_until: None,
    };
    store
        .put_alert_rule(account, &Rule::usual(), &Expected::Any, 50)
        .await
        .unwrap();
    store
        .put_alert_rule(account, &budget, &Expected::Any, 50)
        .await
        .unwrap();
    let snoozed = store.snooze_alert_rule(account, "budget", Some(NOW)).await;
    let budget = snoozed.unwrap().unwrap();
    assert_eq!(budget.snoozed_until, Some(NOW));
    let none = store.snooze_alert_rule(account, "none", Some(NOW)).await;
    assert_eq!(none.unwrap(), None);
    // It stays snoozed, whatever a form said of that.
    let changed = Rule {
        condition: Condition::ProjectedRunOut,
        ..budget.clone()
    };
    assert_eq!(
        store.alert_rules(account).await.unwrap(),
        [budget, Rule::usual()]
    );
    store
        .put_alert_rule(account, &changed, &Expected::Any, 50)
        .await
        .unwrap();
    assert_eq!(store.alert_rules(account).await.unwrap()[0], changed);
    assert_eq!(store.accounts_with_rules().await.unwrap(), [account]);
    assert!(store.delete_alert_rule(account, "budget").await.unwrap());
    assert!(!store.delete_alert_rule(account, "budget").await.unwrap());
    assert_eq!(store.alert_rules(world.other.id).await.unwrap(), []);
    a_webhook_is_stored_and_removed(&world).await;
}

async fn a_webhook_is_stored_and_removed(world: &World) {
    let (store, account) = (&world.store, world.account.id);
    let webhook = Webhook {
        id: "hook".to_owned(),
        url: "https://example.com/".to_owned(),
        secret: "whsec_x".to_owned(),
        created_at: NOW,
        disabled_at: None,
    };
    let added = store.add_webhook(account, &webhook, 1).await.unwrap();
    assert_eq!(added, Edited::Made(()));
    let disabled = Webhook {
        disabled_at: Some(NOW),
        ..webhook
    };
    let set = async |id: &str, since| {
        store
            .set_webhook_disabled(account, id, since)
            .await
            .unwrap()
    };
    assert_eq!(set("hook", Some(NOW)).await, Some(disabled.clone()));
    let later = NOW.plus_micros(1);
    assert_eq!(set("hook", Some(later)).await, Some(disabled.clone()));
    // What is not there does not come back by that.
    assert_eq!(set("gone", None).await, None);
    assert_eq!(store.webhooks(account).await.unwrap(), [disabled]);
    store
        .put_message(account, &message("msg_1"), NOW)
        .await
        .unwrap();
    assert!(!store.delete_webhook(world.other.id, "hook").await.unwrap());
    assert!(store.delete_webhook(account, "hook").await.unwrap());
    assert_eq!(store.webhooks(account).await.unwrap(), []);
    // What was on its way there is gone, the letter is not.
    let due = store
        .take_due(NOW, NOW.plus_micros(1), asking(true, &[]))
        .await
        .unwrap();
    let targets: Vec<_> = due.into_iter().map(|one| one.target).collect();
    assert_eq!(targets, [Target::Mail("ada@example.com".to_owned())]);
}

/// Asks for what is due: two to a target, three of an account.
fn asking(by_mail: bool, running: &[(AccountId, Target)]) -> DueAsk<'_> {
    DueAsk {
        by_mail,
        most: 10,
        of_account: 3,
        to_target: 2,
        rest_after: 2,
        running,
    }
}

/// Rests a minute after each failure from the second on.
const REFUSED: Reached = Reached::No {
    rest_us: |failures| if failures < 2 { 0 } else { MINUTE_US },
};

pub async fn a_message_is_one_senders_until_its_time_and_can_be_sent_again(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    let only_hook = Message {
        targets: vec![hook()],
        ..message("msg_1")
    };
    store.put_message(account, &only_hook, NOW).await.unwrap();
    let at = |minutes: i64| NOW.plus_micros(minutes * MINUTE_US);
    let take = async |now: Time| {
        let ask = asking(false, &[]);
        store.take_due(now, now.plus_micros(MINUTE_US), ask).await
    };
    let taken = take(at(0)).await.unwrap();
    assert_eq!((taken.len(), taken[0].attempts), (1, 0));
    assert_eq!(take(at(0)).await.unwrap(), []);
    // Whoever took it may have died.
    let taken = take(at(1)).await.unwrap();
    let retry = Outcome::Retry(at(9));
    store
        .note_attempt(&taken[0], &retry, "503", REFUSED, at(1))
        .await
        .unwrap();
    assert_eq!(take(at(8)).await.unwrap(), []);
    let taken = take(at(9)).await.unwrap();
    assert_eq!((taken[0].attempts, taken[0].answer.as_str()), (1, "503"));
    store
        .note_attempt(&taken[0], &Outcome::Delivered, "204", Reached::Yes, at(9))
        .await
        .unwrap();
    assert_eq!(take(at(99)).await.unwrap(), []);
    let listed = store.deliveries(account, &hook(), None, 10).await.unwrap();
    assert_eq!(listed[0].delivered_at, Some(at(9)));
    let hooked = hook();
    let replayed = store.replay(world.other.id, "msg_1", &hooked, at(20));
    assert!(!replayed.await.unwrap());
    assert!(
        store
            .replay(account, "msg_1", &hook(), at(20))
            .await
            .unwrap()
    );
    let taken = take(at(20)).await.unwrap();
    assert_eq!((taken[0].attempts, taken[0].message.as_str()), (0, "msg_1"));
    store
        .note_attempt(&taken[0], &Outcome::Failed, "410", Reached::Unasked, at(20))
        .await
        .unwrap();
    let listed = store.deliveries(account, &hook(), None, 10).await.unwrap();
    assert_eq!(
        (listed[0].failed_at, listed[0].due_at),
        (Some(at(20)), None)
    );
}

pub async fn messages_are_taken_in_turn_and_none_for_a_target_that_rests(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let (store, account, other) = (&world.store, world.account.id, world.other.id);
    let put = async |account: AccountId, id: &str, target: &str| {
        let targets = vec![Target::Webhook(target.to_owned())];
        let message = Message {
            targets,
            ..message(id)
        };
        store.put_message(account, &message, NOW).await.unwrap();
    };
    for number in 0..6 {
        put(account, &format!("msg_1{number}"), "silent").await;
        put(account, &format!("msg_2{number}"), "slow").await;
    }
    put(other, "msg_9", "good").await;
    let at = |minutes: i64| NOW.plus_micros(minutes * MINUTE_US);
    let take = async |now: Time, running: &[(AccountId, Target)]| {
        let ask = asking(false, running);
        store.take_due(now, at(99), ask).await.unwrap()
    };
    let ids = |taken: &[Delivery]| -> Vec<String> {
        taken.iter().map(|one| one.message.clone()).collect()
    };
    let first = take(NOW, &[]).await;
    // Two to a target and three of an account, and whoever has none on their way comes before a second one.
    assert_eq!(ids(&first), ["msg_10", "msg_9", "msg_20", "msg_11"]);
    let running: Vec<_> = first
        .iter()
        .map(|one| (one.account, one.target.clone()))
        .collect();
    assert_eq!(take(NOW, &running).await, []);
    let note = async |delivery: &Delivery, reached: Reached, now: Time| {
        let retry = Outcome::Retry(at(50));
        let noted = store.note_attempt(delivery, &retry, "500", reached, now);
        noted.await.unwrap()
    };
    for delivery in [&first[0], &first[3]] {
        assert!(note(delivery, REFUSED, NOW).await);
        // Whoever comes late has lost it.
        assert!(!note(delivery, Reached::Unasked, NOW).await);
    }
    // The one that failed twice rests, and is then sent one at a time, the oldest first.
    assert_eq!(ids(&take(NOW, &running[1..3]).await), ["msg_21"]);
    let probe = take(at(1), &[]).await;
    assert_eq!(ids(&probe), ["msg_12", "msg_22", "msg_23"]);
    let listed = async |target: &str| {
        let target = Target::Webhook(target.to_owned());
        let listed = store.deliveries(account, &target, None, 1).await.unwrap();
        listed[0].due_at
    };
    assert_eq!(listed("silent").await, Some(at(1)));
    assert!(note(&probe[0], Reached::Yes, at(1)).await);
    assert_eq!(listed("silent").await, Some(NOW));
    let after = take(at(1), &[]).await;
    assert_eq!(ids(&after), ["msg_13", "msg_24", "msg_14"]);
}

pub async fn only_so_many_tests_are_on_their_way_and_a_test_asks_a_target_that_rests(
    backend: Arc<dyn Backend>,
) {
    let world = World::new(backend).await;
    let (store, account) = (&world.store, world.account.id);
    let test = async |id: &str| {
        let message = Message {
            targets: vec![hook()],
            ..message(id)
        };
        let stored = store.put_test(account, &message, 2, NOW);
        stored.await.unwrap()
    };
    let take = async || {
        let ask = asking(false, &[]);
        let until = NOW.plus_micros(MINUTE_US);
        store.take_due(NOW, until, ask).await.unwrap()
    };
    assert!(test("msg_1").await && test("msg_2").await);
    assert!(!test("msg_3").await);
    let taken = take().await;
    for delivery in &taken {
        let noted = store.note_attempt(delivery, &Outcome::Failed, "500", REFUSED, NOW);
        assert!(noted.await.unwrap());
    }
    let other = Message {
        targets: vec![hook()],
        ..message("msg_4")
    };
    store.put_message(account, &other, NOW).await.unwrap();
    assert_eq!(take().await, []);
    assert!(test("msg_5").await);
    assert_eq!(take().await.len(), 1);
}
