//! Answers checks, many with one reading.
//!
//! A reading begins after the questions it answers arrived, and sees everything durable by then: gathering them makes
//! answers faster, never different.

use std::{collections::BTreeMap, sync::Arc};

use domain::{AccountId, Agent, CompanyId, Credits};
use tokio::sync::{mpsc, oneshot};

use super::Checked;
use crate::{
    Clock, ServiceError, ServiceResult,
    desk::Desk,
    ports::{BooksNeeds, Store, StoreError, StoreResult},
};

/// Questions that may wait: far more than connections ask at once.
const QUEUE: usize = 8_192;
/// Questions of one reading.
const AT_ONCE: usize = 512;
/// Its name among background tasks.
const NAME: &str = "checks";
/// When to ask again after a full queue.
const RETRY_AFTER_S: u32 = 1;

struct Question {
    account: AccountId,
    company: CompanyId,
    agent: Agent,
    credits: Option<Credits>,
    reply: oneshot::Sender<Result<Option<Checked>, Arc<StoreError>>>,
}

/// Hands questions to the task that reads.
#[derive(Clone)]
pub(crate) struct Checks {
    queue: mpsc::Sender<Question>,
}

impl Checks {
    pub(crate) fn start(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Self {
        let (queue, questions) = mpsc::channel(QUEUE);
        tokio::spawn(run(store, clock, questions));
        Self { queue }
    }

    /// Whether an agent of a company may spend.
    pub(crate) async fn ask(
        &self,
        account: AccountId,
        company: CompanyId,
        agent: Agent,
        credits: Option<Credits>,
    ) -> ServiceResult<Checked> {
        let busy = || ServiceError::Busy {
            retry_after_s: RETRY_AFTER_S,
        };
        let (reply, answer) = oneshot::channel();
        let question = Question {
            account,
            company,
            agent,
            credits,
            reply,
        };
        self.queue.try_send(question).map_err(|_| busy())?;
        match answer.await {
            Ok(Ok(checked)) => checked.ok_or(ServiceError::NotFound),
            Ok(Err(error)) => Err(ServiceError::Store(error.shared())),
            Err(_) => Err(busy()),
        }
    }
}

async fn run(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    mut questions: mpsc::Receiver<Question>,
) {
    let tasks = store.tasks();
    let mut waiting = Vec::with_capacity(AT_ONCE);
    while questions.recv_many(&mut waiting, AT_ONCE).await > 0 {
        let reading = read(store.as_ref(), clock.as_ref(), &waiting);
        let Some(desk) = tasks.guard(NAME, reading).await else {
            // Those who asked learn that nobody will answer, and ask again.
            waiting.clear();
            continue;
        };
        match desk {
            Ok(desk) => waiting.drain(..).for_each(|question| {
                let answer = answer(&desk, &question);
                let _ = question.reply.send(Ok(answer));
            }),
            Err(error) => {
                let error = Arc::new(error);
                for question in waiting.drain(..) {
                    let _ = question.reply.send(Err(Arc::clone(&error)));
                }
            }
        }
    }
}

/// The books of all accounts that are asked about, brought up to now.
async fn read(store: &dyn Store, clock: &dyn Clock, waiting: &[Question]) -> StoreResult<Desk> {
    let mut needs: BTreeMap<AccountId, BooksNeeds> = BTreeMap::new();
    for question in waiting {
        let companies = &mut needs.entry(question.account).or_default().companies;
        if !companies.contains(&question.company) {
            companies.push(question.company);
        }
    }
    let mut snapshot = store.prompt_snapshot().await?;
    let now = clock.now();
    let as_of = snapshot.as_of().await?;
    let loaded = snapshot.books(&needs, now).await?;
    Ok(Desk::new(now, as_of, loaded))
}

fn answer(desk: &Desk, question: &Question) -> Option<Checked> {
    let decision = desk.decide(
        question.account,
        question.company,
        question.agent,
        question.credits,
    )?;
    Some(Checked {
        decision,
        resets_at: desk.cycle(question.account)?.end,
    })
}
