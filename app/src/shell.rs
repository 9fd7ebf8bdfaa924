//! The HTML document around every page.

use http::{HeaderName, HeaderValue};
use leptos::{config::LeptosOptions, nonce::use_nonce, prelude::*};
use leptos_axum::ResponseOptions;

use crate::{
    components::Picker,
    context::{Assets, Current, Known},
    forms::Sent,
    pages::{Found, PAGE_ID},
    parts::{ShownParts, Since, marked},
};

/// The document: head, styles, what was found at the address, and the scripts that hydrate it. `since` is when that was
/// read.
pub fn shell(options: LeptosOptions, found: Found, since: Option<Since>) -> impl IntoView {
    let watch = std::env::var_os("LEPTOS_WATCH").is_some();
    let current = use_context::<Current>().unwrap_or_default();
    let theme = current.theme;
    let ancestors = current.frame_ancestors.as_deref().unwrap_or("'none'");
    set_content_security_policy(watch.then_some(options.reload_port), ancestors);
    let title = found.title();
    let assets = use_context::<Assets>().unwrap_or_default();
    // Strangers have forms only; whoever is signed in goes from page to page without loading any.
    let reader = current.known.as_ref().map(Known::mark);
    let scripts = reader.is_some().then(|| scripts(&assets));
    let picker = reader.is_some().then(|| view! { <Picker/> });
    let brand = found.brand_sheet();
    let pages_style = assets.pages_style.filter(|_| !found.is_usage());
    // Pages with a frame of their own say it there.
    let outcome = (!found.tells_outcome()).then(|| outcome(&current.sent));
    let outcome = outcome.flatten().map(RenderHtml::to_html);
    let page = found.view().to_html();
    let parts = marked(&page);
    let is_followed = reader.is_some() && !parts.is_empty();
    let shown = is_followed.then(|| ShownParts::of(since, &parts).to_text());
    let page = page + &outcome.unwrap_or_default();
    view! {
        <!DOCTYPE html>
        <html lang="en" data-theme=theme data-build=assets.build data-reader=reader>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover"/>
                <meta name="color-scheme" content="light dark"/>
                // As text it would be followed by a mark for hydration, and a title shows marks.
                <title inner_html=title></title>
                <link rel="icon" href=assets.icon type="image/svg+xml"/>
                <link rel="preload" href=assets.font r#as="font" r#type="font/woff2" crossorigin=""/>
                <link rel="stylesheet" href=assets.style/>
                {pages_style.map(|href| view! { <link rel="stylesheet" data-pages="" href=href/> })}
                {brand.map(|href| view! { <link rel="stylesheet" href=href data-brand=""/> })}
                <AutoReload options/>
                {scripts}
            </head>
            <body>
                <div id=PAGE_ID class="page-holder" data-parts=shown inner_html=page></div>
                <p id="announcer" class="visually-hidden" role="status"></p>
                {picker}
            </body>
        </html>
    }
}

/// What a form came to, beside a page that does not say it by itself.
fn outcome(sent: &Sent) -> Option<AnyView> {
    let said = match (&sent.draft, &sent.done) {
        // A form in the page says so itself.
        (Some(draft), _) if draft.is_shown() => return None,
        (Some(draft), _) => {
            view! { <p class="form-problem" role="alert">{draft.text()}</p> }.into_any()
        }
        (None, Some(done)) => done.view(),
        (None, None) => return None,
    };
    Some(view! { <div class="outcome">{said}</div> }.into_any())
}

/// The script of every page, and what it runs, asked for at once.
fn scripts(assets: &Assets) -> impl IntoView + use<> {
    let nonce = use_nonce();
    let begin = format!(
        "import({:?}).then(page=>page.default({{module_or_path:{:?}}}).then(()=>page.hydrate()))",
        assets.script, assets.wasm
    );
    view! {
        <link rel="modulepreload" href=assets.script.clone() nonce=nonce.clone() crossorigin=""/>
        <link rel="preload" href=assets.wasm.clone() r#as="fetch" r#type="application/wasm" crossorigin=""/>
        <script type="module" nonce=nonce inner_html=begin></script>
    }
}

/// Scripts run only with this answer's nonce; styles only from files; nothing from anywhere else.
///
/// While developing, `reload_port` is where the page hears that it was built again.
fn set_content_security_policy(reload_port: Option<u32>, frame_ancestors: &str) {
    let (Some(nonce), Some(response)) = (use_nonce(), use_context::<ResponseOptions>()) else {
        return;
    };
    let reload = reload_port.map_or_else(String::new, |port| {
        format!(" ws://127.0.0.1:{port} ws://localhost:{port}")
    });
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}' 'strict-dynamic' 'wasm-unsafe-eval'; style-src 'self'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'{reload}; manifest-src 'self'; base-uri 'none'; \
         form-action 'self'; frame-ancestors {frame_ancestors}"
    );
    if let Ok(value) = HeaderValue::from_str(&policy) {
        response.insert_header(HeaderName::from_static("content-security-policy"), value);
    }
}
