//! What may be tried so often.

use std::collections::BTreeMap;

use async_trait::async_trait;
use domain::{Time, UserId, time::DAY_US};
use service::ports::{
    CodeGuess, CodeLimits, MailAsk, MailKind, MailLimit, MailsOf, StoreResult, TryStore,
};

use super::MemoryStore;

/// What was tried.
#[derive(Debug, Clone, Default)]
pub struct Tries {
    codes: BTreeMap<UserId, Codes>,
    mails: Vec<(String, MailKind, String, Time)>,
}

#[derive(Debug, Clone)]
struct Codes {
    window: (Time, u32),
    day: (Time, u32),
    told: u32,
}

fn is_over(since: Time, now: Time, length_us: i64) -> bool {
    !(0..length_us).contains(&now.micros_since(since))
}

#[async_trait]
impl TryStore for MemoryStore {
    async fn count_code(
        &self,
        user: UserId,
        is_guessable: bool,
        limits: &CodeLimits,
        now: Time,
    ) -> StoreResult<CodeGuess> {
        Ok(self.change(|state| {
            let codes = state.tries.codes.entry(user).or_insert(Codes {
                window: (now, 0),
                day: (now, 0),
                told: 0,
            });
            if is_over(codes.window.0, now, limits.window_us) {
                codes.window = (now, 0);
            }
            if is_over(codes.day.0, now, DAY_US) {
                (codes.day, codes.told) = ((now, 0), 0);
            }
            if codes.window.1 >= limits.most {
                return CodeGuess::Wait(codes.window.0.plus_micros(limits.window_us));
            }
            if is_guessable && codes.day.1 >= limits.most_a_day {
                return CodeGuess::Spent;
            }
            codes.window.1 += 1;
            codes.day.1 += u32::from(is_guessable);
            CodeGuess::Counted
        }))
    }

    async fn give_back_code(&self, user: UserId, is_guessable: bool) -> StoreResult<()> {
        self.change(|state| {
            if let Some(codes) = state.tries.codes.get_mut(&user) {
                codes.window.1 = codes.window.1.saturating_sub(1);
                codes.day.1 = codes.day.1.saturating_sub(u32::from(is_guessable));
            }
        });
        Ok(())
    }

    async fn code_was_wrong(&self, user: UserId, limits: &CodeLimits) -> StoreResult<Option<u32>> {
        Ok(self.change(|state| {
            let codes = state.tries.codes.get_mut(&user)?;
            let is_due = match codes.told {
                0 => codes.day.1.max(codes.window.1) >= limits.told_at,
                1 => codes.day.1 >= limits.most_a_day,
                _ => false,
            };
            codes.told += u32::from(is_due);
            is_due.then_some(codes.told)
        }))
    }

    async fn ask_mail(
        &self,
        ask: &MailAsk<'_>,
        limits: &[MailLimit],
    ) -> StoreResult<Option<MailsOf>> {
        Ok(self.change(|state| {
            let mails = &mut state.tries.mails;
            for limit in limits {
                let counts = |(address, kind, cause, at): &&(String, MailKind, String, Time)| {
                    let is_of = match limit.of {
                        MailsOf::Address => address == ask.address,
                        MailsOf::Cause => cause == ask.cause,
                        MailsOf::Both => address == ask.address && cause == ask.cause,
                    };
                    is_of && *kind == ask.kind && ask.at.micros_since(*at) < limit.within_us
                };
                if mails.iter().filter(counts).count() >= limit.most as usize {
                    return Some(limit.of);
                }
            }
            let (address, cause) = (ask.address.to_owned(), ask.cause.to_owned());
            mails.push((address, ask.kind, cause, ask.at));
            None
        }))
    }
}
