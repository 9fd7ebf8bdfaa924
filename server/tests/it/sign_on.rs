//! Single sign-on with a provider that changes its keys, says what is not true, or does not answer.

use std::sync::{Arc, Mutex, atomic::AtomicUsize, atomic::Ordering};

use axum::{
    Json, Router,
    body::Body,
    extract::State,
    http::{Method, StatusCode},
    routing::{get, post},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    JsonWebKeyId, PrivateSigningKey as _,
    core::{CoreEdDsaPrivateSigningKey, CoreJwsSigningAlgorithm},
};
use serde_json::{Value, json};
use server::{
    state::{Edge, Origin},
    web::sign_on::{SignOn, SignOnSettings},
};

use crate::{
    confirm::asks,
    joining,
    pages::{PASSWORD, add_people, cookie, get_with},
    support::{Reply, TestServer, request},
};

const CALLBACK: &str = "/sign-in/sso/callback";
const OWNER: &str = "owner@northwind.example";
const SECOND: i64 = 1_000_000;

fn key(kid: &str) -> CoreEdDsaPrivateSigningKey {
    let pair = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
    let id = Some(JsonWebKeyId::new(kid.to_owned()));
    CoreEdDsaPrivateSigningKey::from_ed25519_pem(&pair.serialize_pem(), id).unwrap()
}

/// A provider on this machine.
struct Provider {
    issuer: String,
    key: Mutex<(String, CoreEdDsaPrivateSigningKey)>,
    /// What the next token says besides issuer, audience and times; null leaves a claim out.
    claims: Mutex<Value>,
    /// What the token endpoint answers instead.
    refuses: Mutex<Option<StatusCode>>,
    is_down: Mutex<bool>,
    asked: AtomicUsize,
}

type Shared = State<Arc<Provider>>;

impl Provider {
    async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let provider = Arc::new(Self {
            issuer: format!("http://{}", listener.local_addr().unwrap()),
            key: Mutex::new(("one".to_owned(), key("one"))),
            claims: Mutex::new(json!({})),
            refuses: Mutex::new(None),
            is_down: Mutex::new(false),
            asked: AtomicUsize::new(0),
        });
        let routes = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(Self::configuration),
            )
            .route("/keys", get(Self::keys))
            .route("/token", post(Self::token))
            .with_state(Arc::clone(&provider));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        provider
    }

    #[expect(clippy::unused_async, reason = "a handler is async")]
    async fn configuration(State(this): Shared) -> Result<Json<Value>, StatusCode> {
        this.asked.fetch_add(1, Ordering::SeqCst);
        if *this.is_down.lock().unwrap() {
            return Err(StatusCode::SERVICE_UNAVAILABLE);
        }
        let at = |path: &str| format!("{}{path}", this.issuer);
        Ok(Json(json!({
            "issuer": this.issuer,
            "authorization_endpoint": at("/authorize"),
            "token_endpoint": at("/token"),
            "jwks_uri": at("/keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["EdDSA"],
        })))
    }

    #[expect(clippy::unused_async, reason = "a handler is async")]
    async fn keys(State(this): Shared) -> Json<Value> {
        let published = this.key.lock().unwrap().1.as_verification_key();
        Json(json!({ "keys": [published] }))
    }

    #[expect(clippy::unused_async, reason = "a handler is async")]
    async fn token(State(this): Shared) -> (StatusCode, Json<Value>) {
        if let Some(status) = *this.refuses.lock().unwrap() {
            return (status, Json(json!({ "error": "invalid_grant" })));
        }
        let token = json!({
            "access_token": "access", "token_type": "Bearer", "expires_in": 60, "id_token": this.id_token(),
        });
        (StatusCode::OK, Json(token))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the library that checks a token reads the time by itself"
    )]
    fn id_token(&self) -> String {
        let now = std::time::SystemTime::now();
        let now = now.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
        let mut claims = json!({
            "iss": self.issuer, "aud": "creditscope", "sub": "1", "iat": now, "exp": now + 600,
            "email": OWNER, "email_verified": true,
        });
        for (name, value) in self.claims.lock().unwrap().as_object().unwrap() {
            claims[name] = value.clone();
        }
        let (kid, key) = &*self.key.lock().unwrap();
        let head = json!({ "alg": "EdDSA", "typ": "JWT", "kid": kid });
        let text = [head, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let text = text.join(".");
        let signature = key
            .sign(&CoreJwsSigningAlgorithm::EdDsa, text.as_bytes())
            .unwrap();
        format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature))
    }

    fn says(&self, claims: Value) {
        *self.claims.lock().unwrap() = claims;
    }

    fn rotates(&self, kid: &str) {
        *self.key.lock().unwrap() = (kid.to_owned(), key(kid));
    }
}

/// A world as it is with other settings.
fn trusting(settings: SignOnSettings) -> SignOnSettings {
    SignOnSettings {
        trusts_prompt: true,
        ..settings
    }
}

struct World {
    server: TestServer,
    provider: Arc<Provider>,
}

/// A sign-in that has begun.
struct Begun {
    state: String,
    nonce: String,
    cookie: String,
    location: String,
}

impl World {
    async fn start() -> Self {
        Self::start_at("http://localhost").await
    }

    async fn start_at(url: &str) -> Self {
        Self::start_with(url, |settings| settings).await
    }

    async fn start_with(url: &str, change: fn(SignOnSettings) -> SignOnSettings) -> Self {
        let provider = Provider::start().await;
        let settings = SignOnSettings {
            issuer: provider.issuer.clone(),
            client_id: "creditscope".to_owned(),
            client_secret: Some("secret".to_owned()),
            name: "Platform".to_owned(),
            public_url: url.to_owned(),
            account_claim: "creditscope_account".to_owned(),
            role_claim: "creditscope_role".to_owned(),
            companies_claim: "creditscope_companies".to_owned(),
            trusts_prompt: false,
        };
        let edge = Edge {
            origin: Origin {
                url: Some(url.to_owned()),
                local: None,
            },
            sign_on: Some(SignOn::new(change(settings)).unwrap()),
            ..Edge::default()
        };
        let server = TestServer::start_edge(edge).await;
        add_people(&server).await;
        Self { server, provider }
    }

    async fn begin(&self) -> Begun {
        self.begin_at("/sign-in/sso?next=/billing/usage").await
    }

    async fn begin_at(&self, path: &str) -> Begun {
        let reply = self.server.get(path, "").await.ok(303);
        let location = reply.header("location").to_owned();
        let (_, query) = location.split_once('?').unwrap();
        let of = |name: &str| {
            let mut pairs = form_urlencoded::parse(query.as_bytes());
            let (_, value) = pairs.find(|(key, _)| key == name).unwrap();
            value.into_owned()
        };
        Begun {
            state: of("state"),
            nonce: of("nonce"),
            cookie: cookie(&reply),
            location: location.clone(),
        }
    }

    /// Whether somebody is asked again before a sensitive act.
    async fn asks(&self, session: &str) -> bool {
        let fields = [("account", "northwind"), ("invitation", "x")];
        let path = "/settings/members/revoke";
        asks(&joining::post(&self.server, session, path, &fields).await)
    }

    /// Signs in again as the page that asks leads to it, the provider saying this.
    async fn again(&self, session: &str, claims: Value) -> Reply {
        let begun = self
            .begin_at("/sign-in/sso?again=1&next=/sign-in/again")
            .await;
        assert!(
            begun.location.contains("prompt=login"),
            "{}",
            begun.location
        );
        assert!(begun.location.contains("max_age=0"), "{}", begun.location);
        let mut all = json!({ "nonce": begun.nonce });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        self.provider.says(all);
        let path = format!("{CALLBACK}?code=c&state={}", begun.state);
        let cookies = format!("{session}; {}", begun.cookie);
        get_with(&self.server, &path, &cookies).await
    }

    /// So many seconds ago, as a provider says it.
    fn ago(&self, seconds: i64) -> i64 {
        self.server.services.now().micros() / SECOND - seconds
    }

    /// Comes back as the provider sends people back.
    async fn come_back(&self, begun: &Begun) -> Reply {
        let path = format!("{CALLBACK}?code=c&state={}", begun.state);
        get_with(&self.server, &path, &begun.cookie).await
    }

    /// Signs in, the provider saying this.
    async fn sign_in(&self, claims: Value) -> Reply {
        let begun = self.begin().await;
        let mut all = json!({ "nonce": begun.nonce });
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        self.provider.says(all);
        self.come_back(&begun).await
    }

    fn asked(&self) -> usize {
        self.provider.asked.load(Ordering::SeqCst)
    }
}

fn is_in(reply: &Reply) -> bool {
    let cookies = reply.headers.get_all("set-cookie").iter();
    let mut cookies = cookies.map(|one| one.to_str().unwrap());
    reply.status == 303 && cookies.any(|one| one.contains("creditscope_session="))
}

#[track_caller]
fn is_refused(reply: &Reply, why: &str) {
    assert_eq!(reply.status, 403, "{}", reply.text());
    assert!(!is_in(reply));
    let text = reply.text();
    assert!(text.contains("You are not signed in"), "{text}");
    assert!(text.contains(why), "{text}");
    assert!(text.contains("href=\"/sign-in\""), "{text}");
}

#[tokio::test]
async fn who_the_provider_vouches_for_is_signed_in_and_a_key_that_it_has_since_is_fetched() {
    let world = World::start().await;
    assert!(is_in(&world.sign_in(json!({})).await));
    assert_eq!(world.asked(), 1);
    world.provider.rotates("two");
    assert!(is_in(&world.sign_in(json!({})).await));
    assert_eq!(world.asked(), 2);
    // A new key that calls itself what the one before did.
    world.server.clock.advance(60 * SECOND);
    world.provider.rotates("two");
    assert!(is_in(&world.sign_in(json!({})).await));
    assert_eq!(world.asked(), 3);
    // By age it is asked although nothing is wrong.
    world.server.clock.advance(3_600 * SECOND);
    assert!(is_in(&world.sign_in(json!({})).await));
    assert_eq!(world.asked(), 4);
}

#[tokio::test]
async fn tokens_with_keys_that_nobody_has_do_not_make_us_ask_again_and_again() {
    let world = World::start().await;
    assert!(is_in(&world.sign_in(json!({})).await));
    let published = world.provider.key.lock().unwrap().0.clone();
    for _ in 0..5 {
        // It signs with a key that it does not publish under that name.
        world.provider.key.lock().unwrap().0 = "forged".to_owned();
        is_refused(&world.sign_in(json!({})).await, "begin again");
    }
    assert_eq!(world.asked(), 2);
    world.provider.key.lock().unwrap().0 = published;
    assert!(is_in(&world.sign_in(json!({})).await));
}

#[tokio::test]
async fn a_token_that_is_refused_is_told_to_the_person() {
    let world = World::start().await;
    for wrong in [
        json!({ "nonce": "another" }),
        json!({ "aud": "somebody else" }),
        json!({ "iss": "https://evil.example" }),
        json!({ "exp": 1 }),
        json!({ "sub": null }),
    ] {
        is_refused(&world.sign_in(wrong).await, "begin again");
    }
    let unsure = world.sign_in(json!({ "email_verified": false })).await;
    is_refused(&unsure, "has not made sure of your email address");
    let stranger = json!({ "email": "tom@example.com", "sub": "2" });
    is_refused(&world.sign_in(stranger).await, "ask for an invitation");
    let no_address = json!({ "email": "tom", "sub": "2" });
    is_refused(&world.sign_in(no_address).await, "begin again");
    let nowhere = json!({ "creditscope_account": "nowhere", "sub": "2" });
    is_refused(&world.sign_in(nowhere).await, "names an account");
    let king =
        json!({ "creditscope_account": "northwind", "creditscope_role": "king", "sub": "2" });
    is_refused(&world.sign_in(king).await, "creditscope_role");
    *world.provider.refuses.lock().unwrap() = Some(StatusCode::BAD_REQUEST);
    is_refused(&world.sign_in(json!({})).await, "begin again");
    let begun = world.begin().await;
    let path = format!("{CALLBACK}?error=access_denied&state={}", begun.state);
    let denied = get_with(&world.server, &path, &begun.cookie).await;
    is_refused(&denied, "did not let you in");
}

#[tokio::test]
async fn a_provider_that_does_not_answer_is_told_and_asked_again_a_little_later() {
    let world = World::start().await;
    *world.provider.is_down.lock().unwrap() = true;
    for _ in 0..3 {
        let reply = world.server.get("/sign-in/sso", "").await.ok(503);
        assert!(reply.text().contains("cannot be reached"));
        assert!(!reply.header("retry-after").is_empty());
    }
    assert_eq!(world.asked(), 1);
    *world.provider.is_down.lock().unwrap() = false;
    world.server.clock.advance(5 * SECOND);
    assert!(is_in(&world.sign_in(json!({})).await));
    // What was known is better than nothing.
    *world.provider.is_down.lock().unwrap() = true;
    world.server.clock.advance(3_600 * SECOND);
    assert!(is_in(&world.sign_in(json!({})).await));
}

#[tokio::test]
async fn a_sign_in_that_has_begun_is_kept_for_minutes_by_the_browser_that_began_it() {
    let world = World::start().await;
    let wal = || std::fs::read(world.server.file().with_extension("db-wal")).unwrap();
    world.begin().await;
    let before = wal();
    let begun = world.begin().await;
    assert!(before == wal(), "beginning is written down");
    world.provider.says(json!({ "nonce": begun.nonce }));
    // Nobody signs in by looking.
    let path = format!("{CALLBACK}?code=c&state={}", begun.state);
    let head = request(Method::HEAD, &path, "").header("cookie", &begun.cookie);
    let head = world.server.send(head.body(Body::empty()).unwrap()).await;
    assert!(head.ok(204).headers.get("set-cookie").is_none());
    for (state, cookie) in [
        ("another", begun.cookie.clone()),
        (&begun.state, String::new()),
        (&begun.state, "creditscope_sign_on=x.y".to_owned()),
        (&begun.state, format!("{}x", begun.cookie)),
        (&begun.state, begun.cookie.replace("sign_on=", "sign_on=A")),
        // What was sealed for another purpose.
        (
            &begun.state,
            format!("creditscope_sign_on={}", second_step(&world).await),
        ),
        (&begun.state, world.begin().await.cookie),
    ] {
        let path = format!("{CALLBACK}?code=c&state={state}");
        is_refused(
            &get_with(&world.server, &path, &cookie).await,
            "begin again",
        );
    }
    world.server.clock.advance(599 * SECOND);
    let reply = world.come_back(&begun).await;
    assert!(is_in(&reply));
    assert_eq!(reply.header("location"), "/billing/usage");
    let set: Vec<_> = reply.headers.get_all("set-cookie").iter().collect();
    let forgets = |one: &&&axum::http::HeaderValue| {
        let text = one.to_str().unwrap();
        text.starts_with("creditscope_sign_on=;") && text.contains("Max-Age=0")
    };
    assert!(set.iter().any(|one| forgets(&one)), "{set:?}");
    let begun = world.begin().await;
    world.provider.says(json!({ "nonce": begun.nonce }));
    world.server.clock.advance(600 * SECOND);
    is_refused(&world.come_back(&begun).await, "begin again");
}

/// What a browser keeps between a password and a code.
async fn second_step(world: &World) -> String {
    let owner = joining::signed_in(&world.server, OWNER).await;
    crate::second_factor::set_up(&world.server, &owner).await;
    let pending = crate::second_factor::first_step(&world.server, OWNER, PASSWORD).await;
    pending.split_once('=').unwrap().1.to_owned()
}

#[tokio::test]
async fn what_a_browser_keeps_of_a_sign_in_says_nothing_and_is_never_the_same() {
    let world = World::start().await;
    let begun = world.begin().await;
    let (_, kept) = begun.cookie.split_once('=').unwrap();
    let bytes = URL_SAFE_NO_PAD.decode(kept).unwrap();
    let says = |text: &str| {
        bytes
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(!says(&begun.state) && !says(&begun.nonce) && !says("/billing/usage"));
    let one = second_step(&world).await;
    let other = crate::second_factor::first_step(&world.server, OWNER, PASSWORD).await;
    assert!(!other.ends_with(&one));
    // Every bit of it is looked at.
    for place in [0, bytes.len() / 2, bytes.len() - 1] {
        let mut changed = bytes.clone();
        changed[place] ^= 1;
        let cookie = format!("creditscope_sign_on={}", URL_SAFE_NO_PAD.encode(changed));
        let path = format!("{CALLBACK}?code=c&state={}", begun.state);
        is_refused(
            &get_with(&world.server, &path, &cookie).await,
            "begin again",
        );
    }
}

/// The session that a sign-in began.
fn session(reply: &Reply) -> String {
    assert!(is_in(reply), "{}", reply.text());
    let set = reply.headers.get_all("set-cookie").iter();
    let mut set = set.map(|value| value.to_str().unwrap());
    let session = set.find(|set| set.starts_with("creditscope_session="));
    session.unwrap().split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn signing_in_elsewhere_shows_who_somebody_is_when_they_were_asked_there_and_not_before() {
    let world = World::start().await;
    for (auth_time, is_asked) in [
        (Value::Null, true),
        (json!(world.ago(0)), false),
        (json!(world.ago(-10)), false),
        (json!(world.ago(14 * 60)), false),
        (json!(world.ago(15 * 60)), true),
        // That cannot be.
        (json!(world.ago(-3_600)), true),
    ] {
        let reply = world.sign_in(json!({ "auth_time": auth_time })).await;
        assert_eq!(world.asks(&session(&reply)).await, is_asked, "{auth_time}");
    }
}

#[tokio::test]
async fn signing_in_again_counts_only_when_the_provider_says_that_it_asked_again() {
    let world = World::start().await;
    let owner = session(&world.sign_in(json!({ "auth_time": world.ago(0) })).await);
    world.server.clock.advance(20 * 60 * SECOND);
    assert!(world.asks(&owner).await);
    let silent = world.again(&owner, json!({})).await;
    is_refused(&silent, "does not say when it asked you");
    assert!(world.asks(&owner).await);
    for auth_time in [
        json!(world.ago(20 * 60)),
        json!(world.ago(60)),
        json!(world.ago(-3_600)),
    ] {
        let reply = world.again(&owner, json!({ "auth_time": auth_time })).await;
        is_refused(&reply, "did not say that it asked you again");
        assert!(world.asks(&owner).await, "{auth_time}");
    }
    // Nor when it is somebody else.
    let other = json!({ "sub": "2", "email": "client@acme.example", "auth_time": world.ago(0) });
    is_refused(&world.again(&owner, other).await, "as somebody else");
    let reply = world
        .again(&owner, json!({ "auth_time": world.ago(0) }))
        .await;
    assert_eq!(reply.header("location"), "/sign-in/again");
    assert!(!world.asks(&session(&reply)).await);
}

#[tokio::test]
async fn a_provider_that_is_trusted_to_ask_need_not_say_when_it_did() {
    let world = World::start_with("http://localhost", trusting).await;
    let owner = session(&world.sign_in(json!({})).await);
    assert!(world.asks(&owner).await, "nobody told it to ask");
    // What it says counts, if it says anything.
    let late = json!({ "auth_time": world.ago(60) });
    is_refused(&world.again(&owner, late).await, "did not say that it");
    let reply = world.again(&owner, json!({})).await;
    assert!(!world.asks(&session(&reply)).await);
}

/// Somebody whom the provider alone knows: no password, and it does not say when it asked.
async fn only_elsewhere(world: &World) -> String {
    let claims = json!({
        "sub": "9", "email": "tom@example.com", "creditscope_account": "northwind", "creditscope_role": "owner",
    });
    session(&world.sign_in(claims).await)
}

#[tokio::test]
async fn who_comes_from_a_provider_that_does_not_say_when_it_asked_sets_up_a_second_factor_at_once()
{
    let world = World::start().await;
    let (server, page) = (&world.server, "/settings/second-factor");
    let tom = only_elsewhere(&world).await;
    let invitation = [("account", "northwind"), ("invitation", "x")];
    let revoke = "/settings/members/revoke";
    let asked = joining::post(server, &tom, revoke, &invitation).await;
    let text = asked.ok(200).text();
    assert!(text.contains("does not say when it asked"), "{text}");
    assert!(text.contains("Set up a second factor"), "{text}");
    assert!(!text.contains("Sign in again with"), "{text}");
    // Too late: whoever finds the session open sets up nothing.
    world.server.clock.advance(15 * 60 * SECOND);
    let set = async |tom: &str| {
        let secret = crate::second_factor::offered(server, tom).await;
        let code = crate::second_factor::code(server, &secret, 0);
        let fields = [("secret", &*secret), ("code", &*code)];
        let reply = joining::post(server, tom, &format!("{page}/set"), &fields).await;
        if reply.status == 303 {
            return (secret, joining::follow(server, tom, &reply).await.ok(200));
        }
        (secret, reply.ok(200))
    };
    assert!(asks(&set(&tom).await.1));
    let tom = only_elsewhere(&world).await;
    let (secret, reply) = set(&tom).await;
    assert_eq!(crate::second_factor::codes_of(&reply.text()).len(), 10);
    // With that they confirm, and it is asked for when it is removed.
    assert!(world.asks(&tom).await);
    let remove = format!("{page}/app/remove");
    assert!(asks(&joining::post(server, &tom, &remove, &[]).await));
    world.server.clock.advance(30 * SECOND);
    let code = crate::second_factor::code(server, &secret, 0);
    let fields = [invitation[0], invitation[1], ("confirm_code", &*code)];
    assert!(!asks(&joining::post(server, &tom, revoke, &fields).await));
}

#[tokio::test]
async fn over_tls_a_sign_in_that_has_begun_can_be_set_by_no_other_host() {
    let world = World::start_at("https://credits.example").await;
    let reply = world.server.get("/sign-in/sso", "").await.ok(303);
    let set = reply.header("set-cookie");
    assert!(set.starts_with("__Host-creditscope_sign_on="), "{set}");
    for part in [
        "Secure",
        "HttpOnly",
        "SameSite=Lax",
        "Path=/",
        "Max-Age=600",
    ] {
        assert!(set.contains(part), "{part} is missing in {set}");
    }
    let begun = world.begin().await;
    world.provider.says(json!({ "nonce": begun.nonce }));
    world.come_back(&begun).await.ok(303);
}

#[tokio::test]
async fn an_address_that_looks_like_anothers_does_not_sign_in_as_them() {
    let world = World::start().await;
    for email in [
        "owner@northw\u{131}nd.example",
        "o\u{e9}ner@northwind.example",
        "owner@northwind.e\u{445}ample",
    ] {
        let reply = world.sign_in(json!({ "email": email, "sub": "2" })).await;
        is_refused(&reply, "ask for an invitation");
    }
    // What is no letter is no address.
    let odd = json!({ "email": "o\u{2d7}wner@northwind.example", "sub": "2" });
    is_refused(&world.sign_in(odd).await, "begin again");
    let kim = service::users::PutUser {
        email: "Kim@Northwind.example".to_owned(),
        name: "Kim".to_owned(),
        password: "seven green lanterns hum".to_owned(),
        platform_role: None,
        memberships: vec![service::users::Joining {
            account: "northwind".to_owned(),
            role: domain::tenancy::Role::Owner,
            companies: vec![],
        }],
    };
    let operator = service::Caller::operator("test");
    world
        .server
        .services
        .put_user(&operator, kim)
        .await
        .unwrap();
    let kelvin = json!({ "email": "\u{212a}im@northwind.example", "sub": "3" });
    is_refused(&world.sign_in(kelvin).await, "ask for an invitation");
    let capital = json!({ "email": "KIM@northwind.EXAMPLE", "sub": "4" });
    assert!(is_in(&world.sign_in(capital).await));
    // With a password as well.
    let good = "seven green lanterns hum";
    for (email, is_kim) in [
        ("%E2%84%AAim@northwind.example", false),
        ("KIM@northwind.example", true),
    ] {
        let reply = crate::pages::sign_in(&world.server, email, good, "/").await;
        assert_eq!(is_in(&reply), is_kim, "{email}");
    }
}
