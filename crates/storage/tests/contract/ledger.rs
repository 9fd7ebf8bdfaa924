//! The doctor on the ledger: nothing to say of one that was only ever used, and a sentence for whatever was meddled with.

use std::{collections::BTreeMap, sync::Arc};

use domain::{
    Agent, Credits, Seq,
    ledger::{GrantKind, Renewal},
};
use service::{
    desk::Desk,
    ports::{
        AccountAct, Act, BooksNeeds, Gift, NewEvent, NewHold, Reverse, Settlement, Write, Written,
    },
};

use super::{
    backend::Backend,
    world::{NOW, World},
};

fn whole(credits: i64) -> Credits {
    Credits::from_whole(credits).unwrap()
}

/// Does things to the first account's books, which must go through.
async fn act(world: &World, acts: Vec<Act>) {
    for act in acts {
        let (account, actor) = (world.account.id, "test".to_owned());
        let write = Write::Act(AccountAct {
            account,
            actor,
            act,
        });
        let written = world.store.commit(&[write], NOW).await.unwrap();
        assert!(matches!(written[..], [Written::Act(Ok(_))]), "{written:?}");
    }
}

fn hold(world: &World, id: &str) -> Act {
    Act::Hold(NewHold {
        id: id.to_owned(),
        company: world.companies[1],
        agent: Agent::VoiceInbound,
        activity: "voice_call".to_owned(),
        credits: whole(10),
        expires_in_s: 60,
    })
}

/// Grants 1 (plan, 10,000) and 2 (pack), events 1 to 3 paid by one, by two, and past all grants, and a reversal.
async fn used(backend: Arc<dyn Backend>) -> World {
    let world = World::new(backend).await;
    let spend = |number: i64, credits: i64| NewEvent {
        credits: whole(credits),
        ..world.event_at(number, NOW)
    };
    world.add(vec![spend(1, 9_000)]).await;
    let pack = Act::Give(Gift {
        kind: GrantKind::Pack,
        name: "Pack".to_owned(),
        credits: whole(500),
        cycles: 1,
        reference: None,
    });
    let call = [hold(&world, "a"), hold(&world, "b")];
    act(&world, vec![pack]).await;
    act(&world, call.into()).await;
    world.add(vec![spend(2, 1_200)]).await;
    world.add(vec![spend(3, 400)]).await;
    let reverse = Act::Reverse(Reverse {
        source: "gateway".to_owned(),
        id: "event-2".to_owned(),
        credits: Some(whole(30)),
        reason: "not right".to_owned(),
        reversal: "r".to_owned(),
    });
    let renew = Act::RenewHold {
        id: "b".to_owned(),
        renewal: Renewal {
            used: Some(whole(12)),
            ..Renewal::default()
        },
    };
    let settle = Act::Settle(Settlement {
        id: "a".to_owned(),
        credits: whole(4),
        reference: None,
        metadata: None,
        fingerprint: 1,
    });
    let correct = Act::Correct {
        credits: whole(7),
        reason: "late usage".to_owned(),
    };
    act(&world, vec![reverse, renew, settle, correct]).await;
    world
}

pub async fn the_doctor_finds_nothing_in_a_ledger_that_was_used(backend: Arc<dyn Backend>) {
    used(backend).await.healthy().await;
}

/// A database from before the ledger has events that nobody paid, and no books.
pub async fn usage_from_before_the_ledger_is_taken_off_the_running_cycle(
    backend: Arc<dyn Backend>,
) {
    let world = used(Arc::clone(&backend)).await;
    let other = world.other.id.0;
    let start = world.cycles.at(NOW).range.start.micros();
    let (company, time) = (world.other_companies[0].0, NOW.micros());
    let events = format!(
        "INSERT INTO names VALUES ({other}, 1, 0, 'old'), ({other}, 2, 1, 'old'), ({other}, 3, 2, 'old');
        INSERT INTO events (account_id, source, id, fingerprint, kind, company_id, time, recorded_at, agent, activity,
            credits) VALUES ({other}, 1, 'old', 1, 2, {company}, {time}, {time}, 0, 3, 4000000000);
        INSERT INTO cycle_usage VALUES ({other}, {start}, 4000000000, 1);
        INSERT INTO company_cycle VALUES ({other}, {start}, {company}, 0, 4000000000, 1);"
    );
    backend.meddle(&events).await.unwrap();
    world
        .add(vec![world.in_other(&world.event_at(1, NOW))])
        .await;
    let mut snapshot = world.store.snapshot().await.unwrap();
    let needs = BTreeMap::from([(world.other.id, BooksNeeds::default())]);
    let books = snapshot.books(&needs, NOW).await.unwrap();
    let balance = Desk::new(NOW, Seq(0), books)
        .balance(world.other.id)
        .unwrap();
    let spent = whole(4_000).saturating_add(Credits::from_micro(1_500_000));
    assert_eq!(balance.used, spent);
    assert_eq!(balance.remaining, whole(10_000).saturating_sub(spent));
    assert_eq!(balance.allocation, whole(10_000));
    drop(snapshot);
    // The totals of old events were not planted; of the ledger there is nothing to say.
    let report = world.store.doctor().await.unwrap();
    let told = |words: &str| report.differences.iter().any(|said| said.contains(words));
    for words in ["company_cycle", "grant", "overage", "books", "event "] {
        assert!(!told(words), "{report:?}");
    }
}

/// What is done behind the ledger's back, and what the doctor says of it.
const PLANTED: [(&str, &str); 17] = [
    ("UPDATE company_cycle SET credits = credits + 1 WHERE account_id = 1", "company_cycle of account north"),
    ("DELETE FROM company_cycle WHERE agent = 1", "company_cycle of account north"),
    ("INSERT INTO company_cycle VALUES (1, 5, 1, 0, 9, 9)", "has 9 micro-credits in 9 events"),
    ("INSERT INTO payments VALUES (1, 2, 9, 1, 5)", "the payments of event 2 make"),
    ("INSERT INTO payments VALUES (1, 1, 0, 1, 5)", "was not paid in parts"),
    ("INSERT INTO payments VALUES (1, 2, 9, 77, 5)", "by grant 77, which does not exist"),
    ("INSERT INTO events (account_id, source, id, fingerprint, kind, company_id, time, recorded_at, agent, activity,
        credits, balance_after) VALUES (1, 1, 'x', 1, 1, 1, 1, 1, 1, 1, 1, 5)", "names nobody who paid"),
    ("INSERT INTO events (account_id, source, id, fingerprint, kind, company_id, time, recorded_at, agent, activity,
        credits, balance_after, reverses) VALUES (1, 1, 'x', 1, 1, 1, 1, 1, 1, 1, -1300000000, 5, 2)", "gave back"),
    ("INSERT INTO events (account_id, source, id, fingerprint, kind, company_id, time, recorded_at, agent, activity,
        credits, balance_after) VALUES (1, 1, 'x', 1, 1, 1, 1, 1, 1, 1, -5, 5)", "takes back event 0"),
    ("UPDATE grants SET spent = spent - 1 WHERE account_id = 1 AND number = 1", "grant 1 of account north: has"),
    ("INSERT INTO grants SELECT account_id, 3, kind, name, amount, 0, effective_at, expires_at, priority, cycle_start,
        reference, actor, created_at FROM grants WHERE account_id = 1 AND number = 1", "grant 3 of account north"),
    ("UPDATE overage SET due = due + 1 WHERE account_id = 1", "are due"),
    ("UPDATE books SET held = held + 1 WHERE account_id = 1", "for held"),
    ("UPDATE books SET last_grant = 7, last_entry = 99 WHERE account_id = 1", "say 99 for the last entry"),
    ("UPDATE books SET version = 0 WHERE account_id = 1", "have version 0"),
    ("UPDATE books SET renewed = renewed + 1 WHERE account_id = 1", "were renewed for the cycle from"),
    ("UPDATE holds SET settled = settled + 1 WHERE hold_id = 'a'", "hold 'a' of account north"),
];

pub async fn the_doctor_finds_what_was_changed_in_the_ledger(backend: Arc<dyn Backend>) {
    let world = used(backend).await;
    for (number, (sql, said)) in PLANTED.into_iter().enumerate() {
        let name = format!("copy-{number}.db");
        let path = world.backend.backup_path(&name);
        world.store.backup(&path).await.unwrap();
        world.backend.meddle_with(&name, sql).await.unwrap();
        let copy = world.backend.open_backup(&name).await;
        let report = copy.doctor().await.unwrap();
        let found = report.differences.iter();
        assert!(
            found.clone().any(|sentence| sentence.contains(said)),
            "{sql}: {report:?}"
        );
        assert!(
            found.clone().all(|sentence| sentence.ends_with('.')),
            "{report:?}"
        );
        assert!(!report.is_clean_for("north"), "{sql}: {report:?}");
        assert!(report.is_clean_for("south"), "{sql}: {report:?}");
        copy.close().await.unwrap();
    }
    world.healthy().await;
}
