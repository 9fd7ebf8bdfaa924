//! Refusals, each described once: what any request may be answered is added by what an operation takes, and what an
//! operation itself names gets the shape of its kind.

use axum::http::StatusCode;
use utoipa::openapi::{
    ContentBuilder, HeaderBuilder, ObjectBuilder, OpenApi, Ref, RefOr, Response, ResponseBuilder,
    Type,
    path::{Operation, PathItem},
};

use crate::api::problem::{Kind, MEDIA_TYPE};

/// What any request may be answered, whatever it asks for.
const ANY: [Kind; 5] = [
    Kind::Unauthenticated,
    Kind::Invalid,
    Kind::TooManyRequests,
    Kind::Internal,
    Kind::Busy,
];
/// What a request with a body may be answered.
const WITH_BODY: [Kind; 3] = [Kind::TooSlow, Kind::TooLarge, Kind::UnsupportedMediaType];
/// What a request may be answered that carries a header or a parameter.
const WITH_PARAMETER: [(&str, Kind); 3] = [
    (IDEMPOTENCY_KEY, Kind::Conflict),
    ("If-Match", Kind::Stale),
    ("account", Kind::NotFound),
];
const IDEMPOTENCY_KEY: &str = "Idempotency-Key";
/// Printable ASCII.
const PRINTABLE: &str = "^[ -~]+$";

/// Describes every refusal of every operation.
pub(super) fn describe(openapi: &mut OpenApi) {
    let components = openapi.components.get_or_insert_default();
    for kind in Kind::ALL {
        let response = RefOr::T(response(kind));
        components.responses.insert(name(kind), response);
    }
    for item in openapi.paths.paths.values_mut() {
        for operation in operations(item) {
            describe_keys(operation);
            refuse(operation);
        }
    }
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    let PathItem {
        get,
        put,
        post,
        delete,
        patch,
        ..
    } = item;
    [get, put, post, delete, patch]
        .into_iter()
        .filter_map(Option::as_mut)
}

fn refuse(operation: &mut Operation) {
    let with_body = operation.request_body.as_ref().map(|_| WITH_BODY);
    let with_parameter = WITH_PARAMETER
        .into_iter()
        .filter(|(name, _)| takes(operation, name))
        .map(|(_, kind)| kind);
    let kinds: Vec<Kind> = ANY
        .into_iter()
        .chain(with_body.into_iter().flatten())
        .chain(with_parameter)
        .collect();
    let responses = &mut operation.responses.responses;
    for (status, response) in responses.iter_mut() {
        if let Some(kind) = status.parse().ok().and_then(Kind::of_status) {
            let told = match response {
                RefOr::T(response) => std::mem::take(&mut response.description),
                RefOr::Ref(known) => std::mem::take(&mut known.description),
            };
            *response = reference(kind, told);
        }
    }
    for kind in kinds {
        let (_, _, status) = kind.words();
        responses
            .entry(status.as_str().to_owned())
            .or_insert_with(|| reference(kind, String::new()));
    }
}

fn takes(operation: &Operation, name: &str) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| parameter.name == name)
}

/// Says which keys there are.
fn describe_keys(operation: &mut Operation) {
    let parameters = operation.parameters.iter_mut().flatten();
    for parameter in parameters.filter(|parameter| parameter.name == IDEMPOTENCY_KEY) {
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .min_length(Some(1))
            .max_length(Some(255))
            .pattern(Some(PRINTABLE));
        parameter.schema = Some(schema.into());
    }
}

fn reference(kind: Kind, description: String) -> RefOr<Response> {
    let mut reference = Ref::from_response_name(name(kind));
    reference.description = description;
    RefOr::Ref(reference)
}

/// `TooLarge` of `too-large`.
fn name(kind: Kind) -> String {
    let (words, _, _) = kind.words();
    words.split('-').map(capitalized).collect()
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_ascii_uppercase().to_string() + letters.as_str()
    })
}

fn response(kind: Kind) -> Response {
    let (_, _, status) = kind.words();
    let schema = match kind {
        Kind::Denied => "DeniedProblem",
        _ => "Problem",
    };
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name(schema)))
        .build();
    let response = ResponseBuilder::new()
        .description(told(kind))
        .content(MEDIA_TYPE, content);
    match header(status) {
        Some((name, what, of)) => {
            let header = HeaderBuilder::new()
                .schema(ObjectBuilder::new().schema_type(of))
                .description(Some(what));
            response.header(name, header.build()).build()
        }
        None => response.build(),
    }
}

fn header(status: StatusCode) -> Option<(&'static str, &'static str, Type)> {
    match status {
        StatusCode::UNAUTHORIZED => Some((
            "WWW-Authenticate",
            "How to say who asks: `Bearer`.",
            Type::String,
        )),
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => Some((
            "Retry-After",
            "Seconds after which to try again.",
            Type::Integer,
        )),
        _ => None,
    }
}

/// What a kind means where an operation says nothing of its own.
const fn told(kind: Kind) -> &'static str {
    match kind {
        Kind::Unauthenticated => "No or a wrong key.",
        Kind::Forbidden => "The key may not do this.",
        Kind::NotFound => "Not there, or someone else's.",
        Kind::MethodNotAllowed => "The path takes other methods; `Allow` names them.",
        Kind::Conflict => {
            "It clashes with what is stored, or a request with the same `Idempotency-Key` is running."
        }
        Kind::Stale => {
            "It is not the version that `If-Match` names, or `If-None-Match` is `*` and it is there. Nothing was stored."
        }
        Kind::TooSlow => "The body did not arrive in time. Nothing was done.",
        Kind::TooLarge => {
            "The body is larger than 1 MiB (64 KiB of a check, of a hold and without a key), or a batch of events than 8 MiB."
        }
        Kind::UnsupportedMediaType => "The body is not of a media type that is taken here.",
        Kind::Invalid => "Nothing was done; `errors` says what is wrong.",
        Kind::Denied => "A limit does not allow it.",
        Kind::TooManyRequests => "Too often; try again after `Retry-After` seconds.",
        Kind::Internal => "The server failed; `x-request-id` helps to find out why.",
        Kind::Busy => "Too much is waiting; try again after `Retry-After` seconds.",
    }
}
