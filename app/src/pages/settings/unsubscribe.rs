//! What the link that unsubscribes leads to.

use leptos::prelude::*;
use service::{Services, emails::Subscription};

use crate::{ALERTS_PATH, UNSUBSCRIBE_PATH, error::AppError, ui::Icon};

/// The page of a link that unsubscribes. Looking at it changes nothing.
#[derive(Debug, Clone)]
pub struct UnsubscribePage {
    subscription: Subscription,
    path: String,
}

impl UnsubscribePage {
    /// Reads what a link is about.
    ///
    /// # Errors
    /// There is no such link.
    pub async fn read(services: &Services, token: &str) -> Result<Self, AppError> {
        let subscription = services.subscription(token).await?;
        Ok(Self {
            subscription,
            path: format!("{UNSUBSCRIBE_PATH}/{token}"),
        })
    }

    pub(in crate::pages) fn view(self) -> AnyView {
        let Self {
            subscription: one,
            path,
        } = self;
        let what = one.kind.name();
        let (title, text) = if one.is_on {
            (
                format!("Unsubscribe from {what}?"),
                format!("{} receives {what} of {}.", one.email, one.account),
            )
        } else {
            (
                "You are unsubscribed".to_owned(),
                format!(
                    "{} no longer receives {what} of {}. You can subscribe again on the page Alerts.",
                    one.email, one.account
                ),
            )
        };
        let action = if one.is_on {
            view! { <button class="button primary" type="submit">"Unsubscribe"</button> }.into_any()
        } else {
            view! { <a class="button" href=ALERTS_PATH rel="external">"Open alerts"</a> }.into_any()
        };
        view! {
            <main class="lone">
                <form class="card sign-in" method="post" action=path>
                    <p class="brand"><span class="brand-mark">{Icon::Gauge.view()}</span>"Creditscope"</p>
                    <h1>{title}</h1>
                    <p class="sign-in-lead">{text}</p>
                    {action}
                </form>
            </main>
        }
        .into_any()
    }
}
