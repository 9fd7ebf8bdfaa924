//! Who asks: programs with every kind of key, people in every role, nobody.

use axum::http::{Method, request::Builder};
use domain::{
    Agent, Credits,
    bounds::MOST_CREDITS,
    ledger::OrderKind,
    tenancy::{PlatformRole, Role},
};
use serde_json::json;
use server::state::Edge;
use service::{
    Caller as Known, Permission,
    enforce::BeginHold,
    keys::KeyAsk,
    members::Place,
    orders::OrderAsk,
    portal::PortalAsk,
    ports::{KeyScope, PutCompany},
    users::{Joining, PutUser},
};

use super::asks::{Ask, Names, Need, OTHER_ACCOUNT, OWN};
use crate::{
    joining::post,
    pages::{PASSWORD, cookie, sign_in},
    support::{TestServer, event_with, request},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Nobody,
    Platform,
    Ingest,
    Check,
    Read,
    Owner,
    BillingAdmin,
    Analyst,
    Client,
    Operator,
    ProductManager,
    PortalAdmin,
    PortalClient,
}

impl Kind {
    pub const ALL: [Self; 13] = [
        Self::Nobody,
        Self::Platform,
        Self::Ingest,
        Self::Check,
        Self::Read,
        Self::Owner,
        Self::BillingAdmin,
        Self::Analyst,
        Self::Client,
        Self::Operator,
        Self::ProductManager,
        Self::PortalAdmin,
        Self::PortalClient,
    ];
}

#[derive(Debug, Clone)]
enum Proof {
    Nothing,
    Key(String),
    Cookie(String),
}

pub struct Caller {
    pub kind: Kind,
    pub name: String,
    proof: Proof,
}

impl Caller {
    pub fn request(&self, method: Method, path: &str) -> Builder {
        match &self.proof {
            Proof::Nothing => request(method, path, ""),
            Proof::Key(key) => request(method, path, key),
            Proof::Cookie(cookie) => request(method, path, "").header("cookie", cookie),
        }
    }

    /// Whether they see all accounts.
    pub fn is_everywhere(&self) -> bool {
        matches!(
            self.kind,
            Kind::Platform | Kind::Operator | Kind::ProductManager
        )
    }

    /// Whether they see some companies only.
    pub fn is_narrow(&self) -> bool {
        matches!(self.kind, Kind::Client | Kind::PortalClient)
    }

    /// Whether they may do this to what is theirs.
    pub fn may(&self, ask: &Ask) -> bool {
        if ask.need == Need::Signature {
            // There is no signature on it.
            return false;
        }
        let is_function = ask.path.starts_with("/api/fn/");
        match &self.proof {
            Proof::Nothing => false,
            // Functions are for pages, and pages for people.
            Proof::Key(_) if is_function || ask.is_page() => false,
            Proof::Key(_) => self.key_may(ask.need),
            Proof::Cookie(_) => self.person_may(ask),
        }
    }

    fn key_may(&self, need: Need) -> bool {
        match self.kind {
            Kind::Platform => true,
            Kind::Ingest => need == Need::Ingest,
            Kind::Check => need == Need::Check,
            _ => matches!(need, Need::Read | Need::ReadAll | Need::Catalogue),
        }
    }

    /// A cookie never writes here: a browser sends it along without being asked. Functions only read.
    fn person_may(&self, ask: &Ask) -> bool {
        if ask.method != Method::GET && !ask.path.starts_with("/api/fn/") {
            return false;
        }
        match ask.need {
            Need::Read | Need::Catalogue => true,
            Need::ReadAll => !self.is_narrow(),
            Need::Manage => matches!(self.kind, Kind::Owner | Kind::Operator),
            Need::Provision => self.kind == Kind::Operator,
            Need::Staff => matches!(self.kind, Kind::Operator | Kind::ProductManager),
            _ => false,
        }
    }
}

pub struct World {
    pub server: TestServer,
    pub callers: Vec<Caller>,
    /// What is asked about in one's own account, and in the other one: with the orders and keys that are there.
    pub own: Names,
    pub other: Names,
}

impl World {
    pub async fn start() -> Self {
        Self::start_edge(Edge::default()).await
    }

    pub async fn start_edge(edge: Edge) -> Self {
        let server = TestServer::start_edge(edge).await;
        let mut world = Self {
            server,
            callers: vec![],
            own: OWN,
            other: OTHER_ACCOUNT,
        };
        world.fill().await;
        world.callers = world.everyone().await;
        world
    }

    pub fn caller(&self, kind: Kind) -> &Caller {
        self.callers
            .iter()
            .find(|caller| caller.kind == kind)
            .unwrap()
    }

    /// Two accounts with the same in each, and what must not be shown in names, references and metadata.
    #[expect(clippy::too_many_lines, reason = "one thing after the other")]
    async fn fill(&mut self) {
        let (services, operator) = (&self.server.services, Known::operator("test"));
        self.server
            .put(
                "/api/v1/packs/boost",
                &json!({ "name": "Boost", "credits": "100" }),
            )
            .await
            .ok(201);
        let card = json!({
            "effective_at": "2026-01-01T00:00:00Z",
            "rules": [{ "unit": "token", "credits_per_unit": "0.001", "rounding": "up", "decimals": 3 }]
        });
        self.server
            .put("/api/v1/rate-cards/creditscope.usage", &card)
            .await
            .ok(201);
        for (account, company, name) in [
            ("northwind", "acme-dental", "Acme"),
            ("northwind", "bluewater-spa", "CANARY-spa"),
            ("brightside", "brightside-east", "CANARY-brightside east"),
        ] {
            let put = PutCompany::named(company, name);
            services
                .put_company(&operator, account, &put)
                .await
                .unwrap();
        }
        let made = async |account, scope| {
            let ask = KeyAsk::lasting(vec![scope], "fill");
            services
                .make_key(&operator, Some(account), ask)
                .await
                .unwrap()
        };
        for (account, company, id, canary) in [
            ("northwind", "acme-dental", "acme-event", "acme"),
            ("northwind", "bluewater-spa", "spa-event", "CANARY-spa"),
            (
                "brightside",
                "brightside-east",
                "east-event",
                "CANARY-brightside",
            ),
        ] {
            let mut event = event_with(id, "/data/reference", json!(canary));
            event["subject"] = json!(company);
            event["data"]["metadata"] = json!({ "note": canary });
            let key = made(account, KeyScope::Ingest).await.token;
            self.server
                .json(Method::POST, "/api/v1/events", &key, &event)
                .await
                .ok(204);
        }
        for (account, company, hold) in [
            ("northwind", "acme-dental", "acme-hold"),
            ("northwind", "bluewater-spa", "spa-hold"),
            ("brightside", "brightside-east", "east-hold"),
        ] {
            let scope = services
                .scope(&operator, Some(account), Permission::Check)
                .await
                .unwrap();
            let begin = BeginHold {
                id: Some(hold.to_owned()),
                company: company.to_owned(),
                agent: Agent::VoiceInbound,
                activity: "voice_call".to_owned(),
                credits: Credits::from_whole(5).unwrap(),
                expires_in_s: 3_600,
            };
            services.begin_hold(&scope, begin).await.unwrap();
        }
        for names in [&mut self.own, &mut self.other] {
            let scope = services
                .scope(&operator, Some(names.account), Permission::Bill)
                .await
                .unwrap();
            let order = services
                .place_order(&scope, &OrderAsk::one(OrderKind::Pack, "boost"))
                .await;
            names.order = order.unwrap().id.leak();
            let event = names.event;
            let dispute = services.open_dispute(&scope, "test", event, None, "CANARY", None);
            names.dispute = dispute.await.unwrap().id.leak();
            names.key = made(names.account, KeyScope::Read).await.key.prefix.leak();
            let scope = services
                .scope(&operator, Some(names.account), Permission::Manage)
                .await
                .unwrap();
            let webhook = services.make_webhook(&scope, "http://127.0.0.1:9/canary");
            names.webhook = webhook.await.unwrap().id.leak();
            let message = services.test_webhook(&scope, names.webhook).await;
            names.message = message.unwrap().leak();
            let rule = domain::alert::Rule {
                key: "always".to_owned(),
                condition: domain::alert::Condition::Remaining {
                    credits: MOST_CREDITS,
                },
                ..domain::alert::Rule::usual()
            };
            services.put_alert_rule(&scope, rule).await.unwrap();
            services.watch_news().await;
            let alerts = services.alerts(&scope, None, 9).await.unwrap();
            names.alert = alerts[0].number.to_string().leak();
        }
    }

    async fn everyone(&self) -> Vec<Caller> {
        let server = &self.server;
        let (services, operator) = (&server.services, Known::operator("test"));
        let caller = |kind, proof| Caller {
            kind,
            name: format!("{kind:?}"),
            proof,
        };
        let key = |kind, token: &String| caller(kind, Proof::Key(token.clone()));
        let mut everyone = vec![
            caller(Kind::Nobody, Proof::Nothing),
            key(Kind::Platform, &server.platform),
            key(Kind::Ingest, &server.ingest),
            key(Kind::Check, &server.check),
            key(Kind::Read, &server.read),
        ];
        for (kind, role, companies) in [
            (Kind::Owner, Role::Owner, vec![]),
            (Kind::BillingAdmin, Role::BillingAdmin, vec![]),
            (Kind::Analyst, Role::Analyst, vec![]),
            (Kind::Client, Role::Client, vec!["acme-dental".to_owned()]),
        ] {
            let email = format!("{}@example.com", role.id());
            let joining = Joining {
                account: "northwind".to_owned(),
                role,
                companies,
            };
            everyone.push(caller(kind, self.person(&email, None, vec![joining]).await));
        }
        for (kind, role) in [
            (Kind::Operator, PlatformRole::Operator),
            (Kind::ProductManager, PlatformRole::ProductManager),
        ] {
            let email = format!("{}@platform.example", role.id());
            everyone.push(caller(kind, self.person(&email, Some(role), vec![]).await));
        }
        for (kind, role, companies) in [
            (Kind::PortalAdmin, Role::BillingAdmin, vec![]),
            (
                Kind::PortalClient,
                Role::Client,
                vec!["acme-dental".to_owned()],
            ),
        ] {
            let ask = PortalAsk {
                user: "ada".to_owned(),
                place: Place { role, companies },
                expires_in_s: 3_600,
            };
            let link = services
                .make_portal_link(&operator, "northwind", ask)
                .await
                .unwrap();
            let reply = post(server, "", &link.path, &[]).await.ok(303);
            everyone.push(caller(kind, Proof::Cookie(cookie(&reply))));
        }
        everyone
    }

    async fn person(
        &self,
        email: &str,
        platform_role: Option<PlatformRole>,
        memberships: Vec<Joining>,
    ) -> Proof {
        let user = PutUser {
            email: email.to_owned(),
            name: email.to_owned(),
            password: PASSWORD.to_owned(),
            platform_role,
            memberships,
        };
        let operator = Known::operator("test");
        self.server
            .services
            .put_user(&operator, user)
            .await
            .unwrap();
        let reply = sign_in(&self.server, email, PASSWORD, "/").await.ok(303);
        Proof::Cookie(cookie(&reply))
    }

    /// What was asked of others' things changed none of them.
    pub async fn nothing_was_written(&self) {
        let (services, operator) = (&self.server.services, Known::operator("test"));
        for names in [self.own, self.other] {
            let scope = services
                .scope(&operator, Some(names.account), Permission::Check)
                .await
                .unwrap();
            let held = services.hold(&scope, names.hold).await.unwrap();
            assert_eq!(held.hold.state.id(), "active");
            let company = services.company(&scope, names.company).await.unwrap();
            assert_ne!(company.name, "Changed");
            assert_ne!(scope.account().name, "Changed");
        }
        assert_eq!(services.doctor(&operator).await.unwrap().events, 3);
        assert!(
            services
                .doctor(&operator)
                .await
                .unwrap()
                .differences
                .is_empty()
        );
    }
}
