//! What stands where there are no rows: what will appear here, and when, for whoever reads it.

use domain::usage::Dashboard;
use leptos::prelude::*;

use crate::{
    functions::{Ability, Reader},
    state::Url,
};

/// Either nothing was ever reported, or nothing fits the view.
pub struct EmptyLog<'a> {
    /// What is shown above the log.
    pub dashboard: &'a Dashboard,
    /// Who reads.
    pub reader: &'a Reader,
    /// The view.
    pub url: &'a Url,
}

impl EmptyLog<'_> {
    /// What will appear here, and when.
    pub fn view(&self) -> AnyView {
        let waits_for = WaitsFor::of(self.reader);
        // Who sees some companies only is offered what these did in the period: that none is there says nothing of before.
        let is_any = !self.dashboard.activities.is_empty();
        let is_new = !is_any && waits_for != WaitsFor::Companies;
        let words = match (is_new, self.url.0.is_narrowed()) {
            (_, true) => view! {
                <h3>"No events in this view"</h3>
                <p>"No event of this period matches these filters. New ones that match appear here at once."</p>
                <a class="button" href=self.url.clear().href() data-noscroll="">"Clear filters"</a>
            }
            .into_any(),
            (true, false) => view! {
                <h3>"No usage yet"</h3>
                <p>{waits_for.words()}</p>
                {waits_for.is_by_request().then(|| view! { <pre tabindex="0"><code>{REQUEST}</code></pre> })}
            }
            .into_any(),
            (false, false) if waits_for == WaitsFor::Companies => view! {
                <h3>"No usage in this period"</h3>
                <p>{waits_for.words()}</p>
            }
            .into_any(),
            (false, false) => view! {
                <h3>"No usage in this period"</h3>
                <p>"Choose another period to see earlier events."</p>
            }
            .into_any(),
        };
        view! { <div class="empty" data-testid="empty-log">{words}</div> }.into_any()
    }
}

/// A request that reports an event, to be copied.
const REQUEST: &str = "curl -X POST \"$CREDITSCOPE_URL/api/v1/events\" \\\n  -H \"Authorization: Bearer $CREDITSCOPE_KEY\" \\\n  -H \"Content-Type: application/cloudevents+json\" \\\n  -d '{\"specversion\":\"1.0\",\"id\":\"first-1\",\"source\":\"my-agent\",\"type\":\"creditscope.usage\",\n       \"subject\":\"COMPANY\",\"data\":{\"agent\":\"chat\",\"activity\":\"chat_reply\",\"credits\":\"1\"}}'";

/// What a reader waits for before there is usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum WaitsFor {
    /// An operator connects the platform, and reports a first event.
    Request,
    /// A product manager sees that an account is provisioned and used.
    Provisioning,
    /// Whoever pays uses their agents.
    Agents,
    /// Someone of some companies uses theirs.
    Companies,
}

impl WaitsFor {
    fn of(reader: &Reader) -> Self {
        match (reader.is_staff, reader.can(Ability::SeeAll)) {
            (true, _) if reader.can(Ability::Manage) => Self::Request,
            (true, _) => Self::Provisioning,
            (false, true) => Self::Agents,
            (false, false) => Self::Companies,
        }
    }

    const fn is_by_request(self) -> bool {
        matches!(self, Self::Request)
    }

    const fn words(self) -> &'static str {
        match self {
            Self::Request => {
                "The first event appears here as soon as it is recorded. Report one with this request, a key of scope ingest and a company’s key:"
            }
            Self::Provisioning => {
                "Usage appears here as soon as this account’s agents report it. An operator provisions accounts, companies and keys with the API or with “creditscope account create”."
            }
            Self::Agents => {
                "Usage appears as soon as your agents talk: every reply and every call becomes a row here, within a second."
            }
            Self::Companies => "Usage of your companies appears here as soon as their agents talk.",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::fixture::reader;

    #[test]
    fn every_reader_is_told_what_they_wait_for() {
        use Ability::{Bill, Manage, SeeAll};
        let operator = reader(true, &[SeeAll, Bill, Manage]);
        assert_eq!(WaitsFor::of(&operator), WaitsFor::Request);
        let manager = reader(true, &[SeeAll]);
        assert_eq!(WaitsFor::of(&manager), WaitsFor::Provisioning);
        let owner = reader(false, &[SeeAll, Bill, Manage]);
        assert_eq!(WaitsFor::of(&owner), WaitsFor::Agents);
        assert_eq!(WaitsFor::of(&reader(false, &[])), WaitsFor::Companies);
    }
}
