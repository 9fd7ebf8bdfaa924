//! The platform is told of accounts that have more sources or activities than are listed.

use crate::{
    ServiceResult, Services,
    mail::{Block, Draft},
    ports::{NameSort, Unlisted, User},
};

impl Services {
    /// Tells those who run the platform, once for each account, that new names are counted under Other; how many accounts
    /// have sources and how many have activities of that kind.
    pub async fn tell_unlisted(&self) -> ServiceResult<[(NameSort, usize); 2]> {
        let unlisted = self.store.unlisted().await?;
        for one in unlisted.iter().filter(|one| !one.is_told) {
            self.tell_of(*one).await?;
        }
        Ok([NameSort::Source, NameSort::Activity].map(|sort| {
            let accounts = unlisted.iter().filter(|one| one.sort == sort).count();
            (sort, accounts)
        }))
    }

    async fn tell_of(&self, unlisted: Unlisted) -> ServiceResult<()> {
        let account = self.directory.account_by_id(unlisted.account).await?;
        let account = account.map_or_else(String::new, |account| account.key);
        let names = unlisted.sort.plural();
        tracing::warn!(
            account,
            "too many {names}: new ones are counted under Other"
        );
        for operator in self.operators().await? {
            let email = self.unlisted_draft(&operator, &account, names).email();
            // The mailer has told why not.
            let _ = self.mail.send(email).await;
        }
        Ok(self
            .store
            .unlisted_told(unlisted.account, unlisted.sort)
            .await?)
    }

    fn unlisted_draft(&self, operator: &User, account: &str, names: &str) -> Draft {
        let subject = format!("{account} has too many {names}");
        Draft {
            id: format!("names.{}.{}", self.new_id(), operator.id.0),
            to: operator.email.clone(),
            brand: String::new(),
            subject: subject.clone(),
            blocks: vec![
                Block::Heading(subject),
                Block::Text(format!(
                    "The account {account} reports more {names} than are counted by themselves. New ones are counted under Other; events keep their names, and nothing is refused. Usually a program puts an id where a name belongs. The setting {names}_per_account is the limit."
                )),
            ],
            at: self.now(),
            unsubscribe: None,
        }
    }
}
