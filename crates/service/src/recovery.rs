//! Back in by email: a forgotten password is replaced, and an email address changed, by links that work once.
//!
//! Nobody learns here whether an address is known: what is answered is the same, and the work is done after the answer.

use domain::{
    FieldError, Invalid, Time,
    time::{DAY_US, MINUTE_US},
};

use crate::{
    Caller, ServiceError, ServiceResult, Services,
    audit::Deed,
    email_address::normal,
    keys::random_hex,
    mail::{Block, Draft, Email},
    members::hash_of,
    passwords::{Verdict, check_password, hash_password, verify_password},
    ports::{EmailLink, EmailOutcome, LinkKind, MailsOf, User},
    sessions::person,
    users::check_email,
};

/// Random bytes of a link's secret.
const SECRET_BYTES: usize = 32;
/// How long a link that lets its holder choose a password works.
const RESET_US: i64 = 30 * MINUTE_US;
/// How long a link to a new address works.
const CHANGE_US: i64 = DAY_US;
/// How long the address before may take a change back.
const UNDO_US: i64 = 7 * DAY_US;
/// Where a link leads whose holder chooses a password; its secret follows.
pub const RESET_PATH: &str = "/reset-password";
/// Where a link leads that confirms a new address; its secret follows.
pub const CHANGE_PATH: &str = "/new-email";
/// Where a link leads that takes a new address back; its secret follows.
pub const UNDO_PATH: &str = "/undo-email";

/// What a link is about, for who follows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkAbout {
    /// The person's address now.
    pub now: String,
    /// The address that the link is for.
    pub email: String,
}

/// A link that has just been made: the only time its secret is known.
struct MadeLink {
    secret: String,
    link: EmailLink,
}

impl MadeLink {
    fn new(kind: LinkKind, user: &User, email: &str, now: Time) -> Self {
        let secret = random_hex(SECRET_BYTES);
        let lives_us = match kind {
            LinkKind::Reset => RESET_US,
            LinkKind::Change => CHANGE_US,
            LinkKind::Undo => UNDO_US,
        };
        let link = EmailLink {
            token_hash: hash_of(&secret),
            kind,
            user: user.id,
            email: email.to_owned(),
            created_at: now,
            expires_at: now.plus_micros(lives_us),
        };
        Self { secret, link }
    }
}

impl Services {
    /// Sends a link to whoever forgot their password, if the address is somebody's. It is called after the answer, which
    /// is the same for every address. `network` is who counts as one sender.
    pub async fn send_password_reset(
        &self,
        email: &str,
        address: Option<&str>,
        network: &str,
        origin: &str,
    ) -> ServiceResult<()> {
        let user = self.store.user_by_email(&normal(email)).await?;
        let Some(user) = user.filter(|user| !user.disabled) else {
            return Ok(());
        };
        if !self.may_send_reset(&user, network).await? {
            return Ok(());
        }
        let email = if user.password_hash.is_empty() {
            self.no_password_email(&user, origin)
        } else {
            let made = MadeLink::new(LinkKind::Reset, &user, &user.email, self.now());
            self.store.put_email_link(&made.link).await?;
            let url = format!("{origin}{RESET_PATH}/{}", made.secret);
            self.reset_email(&user, &url)
        };
        let deed = Deed::plain("password.reset_requested", &user.email);
        // Whoever asked has not shown who they are.
        self.record_entry(None, "unknown", address, deed).await;
        // That it could not be sent is in the log.
        let _ = self.mail.send(email).await;
        Ok(())
    }

    /// Whose password a link replaces. It needs no caller: the secret is what is known.
    pub async fn password_reset(&self, secret: &str) -> ServiceResult<LinkAbout> {
        self.link_about(LinkKind::Reset, secret).await
    }

    async fn link_about(&self, kind: LinkKind, secret: &str) -> ServiceResult<LinkAbout> {
        let (link, user) = self.open_link(kind, secret).await?;
        Ok(LinkAbout {
            now: user.email,
            email: link.email,
        })
    }

    async fn open_link(&self, kind: LinkKind, secret: &str) -> ServiceResult<(EmailLink, User)> {
        let link = self
            .store
            .email_link(kind, &hash_of(secret), self.now())
            .await?
            .ok_or(ServiceError::NotFound)?;
        let user = self.signed_in(link.user).await?;
        Ok((link, user.ok_or(ServiceError::NotFound)?))
    }

    /// Gives the person of a link another password, which ends all of their sessions and is told them. Nobody is signed
    /// in by it.
    pub async fn reset_password(
        &self,
        secret: &str,
        password: &str,
        address: Option<&str>,
        origin: &str,
    ) -> ServiceResult<()> {
        let (_, user) = self.open_link(LinkKind::Reset, secret).await?;
        let mut errors = Vec::new();
        check_password(password, &[&user.name, &user.email], &mut errors);
        Invalid::refuse(errors)?;
        let hash = hash_password(&self.hashing, password).await?;
        let was_proved = user.email_proof.is_some();
        let done = self
            .store
            .reset_password(&hash_of(secret), &hash, self.now())
            .await?;
        let user = done.ok_or(ServiceError::NotFound)?;
        let deed = Deed::plain("password.reset", &user.email);
        self.record_entry(None, &user.email, address, deed).await;
        if !was_proved {
            let by = "by a link mailed to it".to_owned();
            self.record_proof(&user, by, false, address).await;
        }
        let email = if !was_proved && user.second_factor.is_set {
            self.first_password_email(&user, origin)
        } else {
            self.password_changed_email(&user, origin)
        };
        self.send_soon(email);
        Ok(())
    }

    /// Sends a link to the address that the caller wants, and changes nothing yet. An address that is somebody else's is
    /// answered alike: they alone are told.
    pub async fn ask_for_email(
        &self,
        caller: &Caller,
        email: &str,
        password: String,
        origin: &str,
    ) -> ServiceResult<()> {
        let user = self.signed_in(person(caller)?).await?;
        let user = user.ok_or(ServiceError::Unauthenticated)?;
        let hash = Some(user.password_hash.clone());
        if verify_password(&self.hashing, password, hash).await? == Verdict::Wrong {
            return Err(Invalid::one("password", "wrong", "is not your password").into());
        }
        let mut errors: Vec<FieldError> = Vec::new();
        let email = check_email(email, &mut errors);
        if email == user.email {
            errors.push(FieldError::invalid("email", "is your address already"));
        }
        Invalid::refuse(errors)?;
        let over = self.ask_new_address(&email, user.id).await?;
        match over {
            None => {}
            Some(MailsOf::Cause) => {
                let text = "you asked for too many new addresses: try again in an hour";
                return Err(ServiceError::Conflict(text.to_owned()));
            }
            // Whose mailbox it is was asked by others as well: that is answered alike.
            Some(_) => return Ok(()),
        }
        let made = MadeLink::new(LinkKind::Change, &user, &email, self.now());
        let is_free = self.is_free(&email).await?;
        let letter = if is_free {
            self.store.put_email_link(&made.link).await?;
            let url = format!("{origin}{CHANGE_PATH}/{}", made.secret);
            self.change_email_letter(&user, &email, &url)
        } else {
            self.taken_email(&email)
        };
        let deed = Deed {
            action: "email.change_requested",
            target: caller.name(),
            detail: format!("to {email}"),
        };
        self.record_of(caller, None, deed).await;
        self.send_soon(letter);
        Ok(())
    }

    async fn is_free(&self, email: &str) -> ServiceResult<bool> {
        let is_known = self.store.user_by_email(email).await?.is_some();
        Ok(!is_known && !self.store.is_email_kept(email, self.now()).await?)
    }

    /// Refuses an address that somebody else had until lately and may still take back.
    pub(crate) async fn refuse_kept(&self, email: &str) -> ServiceResult<()> {
        if self.store.is_email_kept(email, self.now()).await? {
            return Err(ServiceError::Conflict(
                "this address belonged to somebody else until lately: use another one".to_owned(),
            ));
        }
        Ok(())
    }

    /// The addresses that a link to a new one is about, for the person themselves alone.
    pub async fn new_email(&self, caller: &Caller, secret: &str) -> ServiceResult<LinkAbout> {
        let id = person(caller)?;
        let (link, user) = self.open_link(LinkKind::Change, secret).await?;
        if user.id != id {
            return Err(ServiceError::NotFound);
        }
        Ok(LinkAbout {
            now: user.email,
            email: link.email,
        })
    }

    /// Changes the caller's address to the one that the link was sent to. The address before is told, and can take it
    /// back.
    pub async fn change_email(
        &self,
        caller: &Caller,
        secret: &str,
        origin: &str,
    ) -> ServiceResult<()> {
        let about = self.new_email(caller, secret).await?;
        let (_, user) = self.open_link(LinkKind::Change, secret).await?;
        let undo = MadeLink::new(LinkKind::Undo, &user, &user.email, self.now());
        let changed = self
            .store
            .change_email(&hash_of(secret), &undo.link, self.now())
            .await?;
        let before = changed_or(changed)?;
        let deed = Deed {
            action: "email.changed",
            target: caller.name(),
            detail: format!("from {} to {}", before.email, about.email),
        };
        self.record_of(caller, None, deed).await;
        let url = format!("{origin}{UNDO_PATH}/{}", undo.secret);
        self.send_soon(self.email_changed_letter(&before, &about.email, &url));
        Ok(())
    }

    /// The addresses that a link is about which takes a change back. It needs no caller: the secret is what is known.
    pub async fn email_undo(&self, secret: &str) -> ServiceResult<LinkAbout> {
        self.link_about(LinkKind::Undo, secret).await
    }

    /// Gives the person of a link their address back, ends all of their sessions and removes their recovery codes, which
    /// they are told. The answer is the secret of a link
    /// that lets them choose another password: whoever changed the address knew the one they have.
    pub async fn undo_email(&self, secret: &str, address: Option<&str>) -> ServiceResult<String> {
        let (link, user) = self.open_link(LinkKind::Undo, secret).await?;
        let reset = MadeLink::new(LinkKind::Reset, &user, &link.email, self.now());
        let undone = self
            .store
            .undo_email(&hash_of(secret), &reset.link, self.now())
            .await?;
        let before = changed_or(undone)?;
        let deed = Deed {
            action: "email.restored",
            target: &link.email,
            detail: format!("from {}", before.email),
        };
        self.record_entry(None, &link.email, address, deed).await;
        if before.second_factor.is_set {
            self.tell_second_factor(
                &link.email,
                "Your recovery codes were removed",
                "has no recovery codes any more, because you took back a change of your email address. If you still \
                 have a second factor, make new ones in your settings",
            );
        }
        Ok(reset.secret)
    }

    /// Sends an email after the answer: nobody waits for a mail server. That it could not be sent is in the log.
    pub(crate) fn send_soon(&self, email: Email) {
        let mail = std::sync::Arc::clone(&self.mail);
        tokio::spawn(async move { drop(mail.send(email).await) });
    }

    pub(crate) fn letter(&self, to: &str, subject: &str, blocks: Vec<Block>) -> Email {
        let draft = Draft {
            id: format!("access.{}", self.new_id()),
            to: to.to_owned(),
            brand: String::new(),
            subject: subject.to_owned(),
            blocks,
            at: self.now(),
            unsubscribe: None,
        };
        draft.email()
    }

    fn reset_email(&self, user: &User, url: &str) -> Email {
        let blocks = vec![
            Block::Heading("Choose a new password".to_owned()),
            Block::Text(format!(
                "Someone asked for a new password for {} on Creditscope.",
                user.email
            )),
            Block::Link("Choose a new password".to_owned(), url.to_owned()),
            Block::Text("The link works once, for 30 minutes.".to_owned()),
            Block::Note(
                "If it was not you, ignore this email. Your password stays as it is.".to_owned(),
            ),
        ];
        self.letter(&user.email, "Choose a new password for Creditscope", blocks)
    }

    fn no_password_email(&self, user: &User, origin: &str) -> Email {
        let blocks = vec![
            Block::Heading("You sign in without a password".to_owned()),
            Block::Text(format!(
                "Someone asked for a new password for {} on Creditscope. You sign in by single sign-on, so there is no \
                 password to replace.",
                user.email
            )),
            Block::Link("Sign in".to_owned(), format!("{origin}/sign-in")),
        ];
        self.letter(&user.email, "You sign in without a password", blocks)
    }

    /// What a person is told when their password is another one.
    pub(crate) fn password_changed_email(&self, user: &User, origin: &str) -> Email {
        self.password_email(user, "All other sessions are signed out.", origin)
    }

    /// The same when their address was not confirmed before, so that their second factor may be somebody else's.
    fn first_password_email(&self, user: &User, origin: &str) -> Email {
        let text = "All sessions are signed out. The second factor stays as it is. If you did not set it up, ask the \
            operator to reset it.";
        self.password_email(user, text, origin)
    }

    fn password_email(&self, user: &User, more: &str, origin: &str) -> Email {
        let blocks = vec![
            Block::Heading("Your password was changed".to_owned()),
            Block::Text(format!(
                "The password for {} on Creditscope is a new one. {more}",
                user.email
            )),
            Block::Text("If it was not you, choose another one now:".to_owned()),
            Block::Link(
                "Forgot password".to_owned(),
                format!("{origin}/forgot-password"),
            ),
        ];
        self.letter(&user.email, "Your Creditscope password was changed", blocks)
    }

    fn change_email_letter(&self, user: &User, to: &str, url: &str) -> Email {
        let blocks = vec![
            Block::Heading("Confirm your new email address".to_owned()),
            Block::Text(format!(
                "{} asked to sign in to Creditscope with {to} from now on.",
                user.email
            )),
            Block::Link("Confirm the new address".to_owned(), url.to_owned()),
            Block::Text(
                "The link works once, for 24 hours, for the person who asked for it.".to_owned(),
            ),
            Block::Note("If you did not expect this email, ignore it.".to_owned()),
        ];
        self.letter(to, "Confirm your new email address", blocks)
    }

    fn taken_email(&self, to: &str) -> Email {
        let blocks = vec![
            Block::Heading("This address is in use already".to_owned()),
            Block::Text(format!(
                "Someone asked to sign in to Creditscope with {to}, which belongs to an existing sign-in. Nothing was \
                 changed."
            )),
            Block::Note("If it was not you, ignore this email.".to_owned()),
        ];
        self.letter(to, "This email address is in use already", blocks)
    }

    fn email_changed_letter(&self, before: &User, after: &str, url: &str) -> Email {
        let blocks = vec![
            Block::Heading("Your email address was changed".to_owned()),
            Block::Text(format!(
                "You sign in to Creditscope with {after} from now on, no longer with {}.",
                before.email
            )),
            Block::Text("If it was not you, take the change back:".to_owned()),
            Block::Link("Undo the change".to_owned(), url.to_owned()),
            Block::Text(
                "The link works for 7 days. It signs out all sessions and lets you choose a new password."
                    .to_owned(),
            ),
        ];
        self.letter(
            &before.email,
            "Your Creditscope email address was changed",
            blocks,
        )
    }
}

fn changed_or(outcome: EmailOutcome) -> ServiceResult<User> {
    match outcome {
        EmailOutcome::Changed(before) => Ok(before),
        EmailOutcome::Gone => Err(ServiceError::NotFound),
        EmailOutcome::Taken => Err(ServiceError::Conflict(
            "this address belongs to somebody else by now".to_owned(),
        )),
    }
}
