//! A form that was filled in while somebody else changed the same thing: both values, and who decides is the reader.

use leptos::prelude::*;

use super::frame::words_of_stale;

/// One field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StaleField {
    /// What the form calls it.
    pub label: String,
    /// What was sent.
    pub yours: String,
    /// What is stored now.
    pub now: String,
}

/// The page of a form that is out of date. It changes nothing by itself.
#[derive(Debug, Clone)]
pub struct StalePage {
    /// What was to be changed: its name.
    pub what: String,
    /// The fields that differ.
    pub fields: Vec<StaleField>,
    /// Where the form is sent.
    pub action: &'static str,
    /// Whether it is sent in parts, as a form with files is.
    pub has_files: bool,
    /// Everything that it sends, with the version that is stored now.
    pub sent: Vec<(String, String)>,
    /// Where nothing is changed.
    pub back: String,
}

impl StalePage {
    pub(in crate::pages) fn view(self) -> AnyView {
        let rows: Vec<_> = self
            .fields
            .into_iter()
            .map(|field| {
                view! {
                    <tr>
                        <th scope="row">{field.label}</th>
                        <td data-testid="now">{words_of_stale(field.now)}</td>
                        <td data-testid="yours">{words_of_stale(field.yours)}</td>
                    </tr>
                }
            })
            .collect();
        let sent: Vec<_> = self
            .sent
            .into_iter()
            .map(|(name, value)| view! { <input type="hidden" name=name value=value/> })
            .collect();
        let kind = self.has_files.then_some("multipart/form-data");
        view! {
            <main class="lone">
                <section class="card stale" role="alert" data-testid="stale">
                    <h1>"Changed meanwhile"</h1>
                    <p class="sign-in-lead">{format!("{}: somebody else saved a change after you opened the form. Nothing of yours is saved yet.", self.what)}</p>
                    <table>
                        <thead><tr><th scope="col">"Field"</th><th scope="col">"Saved now"</th><th scope="col">"Yours"</th></tr></thead>
                        <tbody>{rows}</tbody>
                    </table>
                    <form method="post" action=self.action enctype=kind>
                        {sent}
                        <button class="button primary" type="submit">"Save yours anyway"</button>
                        <a class="button" href=self.back rel="external">"Keep what is saved"</a>
                    </form>
                </section>
            </main>
        }
        .into_any()
    }
}
