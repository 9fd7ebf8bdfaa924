//! A damaged file is told to everybody: on the page, to whoever asks whether the server is ready, and to operators.

use std::sync::{Arc, Mutex, PoisonError};

use domain::tenancy::PlatformRole;

use crate::{
    ServiceResult, Services,
    mail::{Block, Draft},
    ports::User,
};

/// People read at once.
const PEOPLE: u32 = 500;
/// Sentences of an email: enough to see what it is about.
const SENTENCES: usize = 10;

/// What was found in the file since the process began.
#[derive(Debug, Clone, Default)]
pub(crate) struct Damage(Arc<Mutex<Vec<String>>>);

impl Damage {
    pub(crate) fn is_none(&self) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_empty()
    }

    /// Adds what was found; whether it is the first.
    fn add(&self, found: &[String]) -> bool {
        let mut damage = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_first = damage.is_empty() && !found.is_empty();
        damage.extend_from_slice(found);
        damage.truncate(SENTENCES);
        is_first
    }
}

impl Services {
    /// Looks at the whole file, quickly.
    pub async fn look_at_file(&self) -> ServiceResult<()> {
        let found = self.store.quick_damage().await?;
        self.tell_damage(&found).await
    }

    /// Looks closely at one table; whether there is one of this number.
    pub async fn look_at_table(&self, number: u32) -> ServiceResult<bool> {
        let Some(found) = self.store.table_damage(number).await? else {
            return Ok(false);
        };
        self.tell_damage(&found).await?;
        Ok(true)
    }

    /// Whether the file has been found damaged since the process began.
    pub fn is_damaged(&self) -> bool {
        !self.damage.is_none()
    }

    async fn tell_damage(&self, found: &[String]) -> ServiceResult<()> {
        for sentence in found {
            tracing::error!(
                sentence,
                "the database's file is damaged: run creditscope doctor"
            );
        }
        if self.damage.add(found) {
            for operator in self.operators().await? {
                let email = self.damage_draft(&operator, found).email();
                // The mailer has told why not.
                let _ = self.mail.send(email).await;
            }
        }
        Ok(())
    }

    fn damage_draft(&self, operator: &User, found: &[String]) -> Draft {
        let what = found.iter().take(SENTENCES).cloned().collect();
        Draft {
            id: format!("damage.{}.{}", self.new_id(), operator.id.0),
            to: operator.email.clone(),
            brand: String::new(),
            subject: "The database is damaged".to_owned(),
            blocks: vec![
                Block::Heading("The database is damaged".to_owned()),
                Block::Text(
                    "SQLite finds the database's file damaged. Figures may be wrong. Stop the server, run creditscope doctor, and restore a backup with creditscope restore."
                        .to_owned(),
                ),
                Block::List("What was found".to_owned(), what),
            ],
            at: self.now(),
            unsubscribe: None,
        }
    }

    /// Everybody who runs the platform and can sign in.
    pub(crate) async fn operators(&self) -> ServiceResult<Vec<User>> {
        let mut operators = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let users = self.store.users(after.as_deref(), PEOPLE).await?;
            let Some(last) = users.last() else {
                return Ok(operators);
            };
            after = Some(last.email.clone());
            operators.extend(users.into_iter().filter(|user| {
                user.platform_role == Some(PlatformRole::Operator) && !user.disabled
            }));
        }
    }
}
