//! What stands where there are no rows: how to get some.

use leptos::prelude::*;

use crate::state::{PageState, Url};

/// Either nothing was ever reported, or nothing fits the view.
#[component]
pub fn EmptyLog(state: PageState, url: Memo<Url>) -> impl IntoView {
    let is_new = Memo::new(move |_| {
        state
            .dashboard
            .with(|dashboard| dashboard.activities.is_empty())
    });
    view! {
        <div class="empty" data-testid="empty-log">
            {move || if is_new.get() {
                view! { <FirstEvent/> }.into_any()
            } else {
                view! {
                    <h3>"No events in this view"</h3>
                    <p>"Nothing was recorded for this period and these filters."</p>
                    <a class="button" href=move || url.get().clear().href() data-noscroll="">"Clear the filters"</a>
                }.into_any()
            }}
        </div>
    }
}

/// How to report the first event.
#[component]
fn FirstEvent() -> impl IntoView {
    let request = "curl -X POST \"$CREDITSCOPE_URL/api/v1/events\" \\\n  -H \"Authorization: Bearer $CREDITSCOPE_KEY\" \\\n  -H \"Content-Type: application/cloudevents+json\" \\\n  -d '{\"specversion\":\"1.0\",\"id\":\"first-1\",\"source\":\"my-agent\",\"type\":\"creditscope.usage\",\n       \"subject\":\"COMPANY\",\"data\":{\"agent\":\"chat\",\"activity\":\"chat_reply\",\"credits\":\"1\"}}'";
    view! {
        <h3>"No usage yet"</h3>
        <p>"The first event appears here the moment it is recorded. Report one like this, with a key of scope ingest and a company's key:"</p>
        <pre tabindex="0"><code>{request}</code></pre>
    }
}
