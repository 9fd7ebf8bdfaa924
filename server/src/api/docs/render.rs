//! Writes the OpenAPI description as HTML.

use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::api::problem::Kind;

/// How deep schemas are written into one another before a name has to do.
const MAX_DEPTH: usize = 4;

/// The whole page.
pub fn page(api: &Value) -> String {
    let mut html = String::with_capacity(128 * 1024);
    let _ = write!(
        html,
        "<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>Creditscope API</title>\
         <link rel=\"stylesheet\" href=\"/api/docs/style.css\"></head><body><header><h1>Creditscope API</h1><p>{}</p>\
         <p>For programs: <a href=\"/api/v1/openapi.json\">openapi.json</a> (OpenAPI 3.1).</p></header>",
        prose(text(&api["info"], "description"))
    );
    let operations = operations(api);
    contents(&mut html, &operations);
    html.push_str("<main>");
    for (path, method, operation) in &operations {
        write_operation(&mut html, api, path, method, operation);
    }
    problems(&mut html);
    html.push_str("</main></body></html>");
    html
}

fn operations(api: &Value) -> Vec<(&String, &String, &Value)> {
    let paths = api["paths"].as_object().into_iter().flatten();
    let all = paths.flat_map(|(path, item)| {
        item.as_object()
            .into_iter()
            .flatten()
            .map(move |(method, operation)| (path, method, operation))
    });
    let mut all: Vec<_> = all.collect();
    // Events first: they are what a new reader looks for.
    let rank = |tag: &str| {
        [
            "Events",
            "Usage",
            "Accounts",
            "Companies",
            "Plans",
            "Rate cards",
            "API keys",
        ]
        .iter()
        .position(|other| *other == tag)
    };
    all.sort_by_key(|(_, _, operation)| rank(operation["tags"][0].as_str().unwrap_or_default()));
    all
}

fn contents(html: &mut String, operations: &[(&String, &String, &Value)]) {
    html.push_str("<nav aria-label=\"Operations\"><ul>");
    for (_, _, operation) in operations {
        let _ = write!(
            html,
            "<li><a href=\"#{}\">{}</a></li>",
            escaped(text(operation, "operationId")),
            escaped(text(operation, "summary"))
        );
    }
    html.push_str("<li><a href=\"#problems\">Problems</a></li></ul></nav>");
}

fn write_operation(html: &mut String, api: &Value, path: &str, method: &str, operation: &Value) {
    let _ = write!(
        html,
        "<section id=\"{}\"><h2>{}</h2><p class=\"call\"><b>{}</b> <code>{}</code></p><p>{}</p>",
        escaped(text(operation, "operationId")),
        escaped(text(operation, "summary")),
        method.to_uppercase(),
        escaped(path),
        prose(text(operation, "description")),
    );
    write_parameters(html, operation);
    write_body(html, api, operation);
    write_example(html, api, path, method, operation);
    html.push_str("<h3>Answers</h3><dl>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let _ = write!(
            html,
            "<dt>{}</dt><dd>{}",
            escaped(status),
            prose(said_of(api, response))
        );
        if status.starts_with('2') {
            write_schema(
                html,
                api,
                &response["content"]["application/json"]["schema"],
                0,
            );
        }
        html.push_str("</dd>");
    }
    html.push_str("</dl></section>");
}

/// What an operation says of an answer; else what its component says.
fn said_of<'a>(api: &'a Value, response: &'a Value) -> &'a str {
    let own = text(response, "description");
    match text(response, "$ref").strip_prefix('#') {
        Some(pointer) if own.is_empty() => api
            .pointer(pointer)
            .map_or("", |component| text(component, "description")),
        _ => own,
    }
}

/// The media types of a body, and its fields once: an array holds the same.
fn write_body(html: &mut String, api: &Value, operation: &Value) {
    let Some(content) = operation["requestBody"]["content"].as_object() else {
        return;
    };
    let kinds: Vec<_> = content
        .iter()
        .map(|(kind, content)| {
            let schema = resolve(api, &content["schema"]);
            let many = if schema["type"] == "array" {
                " (an array)"
            } else {
                ""
            };
            format!("<code>{}</code>{many}", escaped(kind))
        })
        .collect();
    let _ = write!(html, "<h3>Body</h3><p>{}</p>", kinds.join(", "));
    if let Some(first) = content.values().next() {
        write_schema(html, api, &first["schema"], 0);
    }
}

fn write_parameters(html: &mut String, operation: &Value) {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let mut rows = String::new();
    for parameter in parameters {
        let required = if parameter["required"] == Value::Bool(true) {
            "required"
        } else {
            ""
        };
        let _ = write!(
            rows,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}</td><td>{}</td></tr>",
            escaped(text(parameter, "name")),
            escaped(text(parameter, "in")),
            required,
            prose(text(parameter, "description"))
        );
    }
    if !rows.is_empty() {
        let _ = write!(html, "<h3>Parameters</h3><table>{rows}</table>");
    }
}

fn write_schema(html: &mut String, api: &Value, schema: &Value, depth: usize) {
    let schema = resolve(api, schema);
    if schema["type"] == "array" {
        html.push_str("<p>An array of:</p>");
        write_schema(html, api, &schema["items"], depth);
        return;
    }
    let mut rows = String::new();
    for (name, field) in fields(api, schema) {
        let _ = write!(
            rows,
            "<tr><td><code>{}</code></td><td>{}</td><td>{}",
            escaped(&name),
            type_name(api, field),
            prose(text(field, "description"))
        );
        let inner = resolve(
            api,
            if field["items"].is_null() {
                field
            } else {
                &field["items"]
            },
        );
        if depth < MAX_DEPTH && !fields(api, inner).is_empty() {
            write_schema(&mut rows, api, inner, depth + 1);
        }
        rows.push_str("</td></tr>");
    }
    if !rows.is_empty() {
        let _ = write!(html, "<table>{rows}</table>");
    }
}

/// The fields of an object, also of one that is put together from several.
fn fields<'a>(api: &'a Value, schema: &'a Value) -> Vec<(String, &'a Value)> {
    let schema = resolve(api, schema);
    let own = schema["properties"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, field)| (name.clone(), field));
    let parts = schema["allOf"]
        .as_array()
        .into_iter()
        .flatten()
        .flat_map(|part| fields(api, part));
    own.chain(parts).collect()
}

/// Follows a reference, and `null or this` to this.
fn resolve<'a>(api: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"]
        .as_str()
        .and_then(|path| path.rsplit('/').next())
    {
        return &api["components"]["schemas"][name];
    }
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    match choices.clone().find(|choice| choice["type"] != "null") {
        Some(choice) => resolve(api, choice),
        None => schema,
    }
}

fn type_name(api: &Value, schema: &Value) -> String {
    let target = resolve(api, schema);
    match &target["type"] {
        Value::Array(names) => names
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join(" or "),
        Value::String(name) if name == "array" => {
            format!("array of {}", type_name(api, &target["items"]))
        }
        Value::String(name) => name.clone(),
        _ => "object".to_owned(),
    }
}

fn write_example(html: &mut String, api: &Value, path: &str, method: &str, operation: &Value) {
    let mut curl = format!(
        "curl -H \"Authorization: Bearer $CREDITSCOPE_KEY\" -X {} \"$CREDITSCOPE_URL{path}\"",
        method.to_uppercase()
    );
    if let Some(content) = operation["requestBody"]["content"].as_object() {
        let (kind, content) = content
            .iter()
            .find(|(kind, _)| *kind == "application/json")
            .or(content.iter().next())
            .unzip();
        let example = content
            .map(|content| example(api, &content["schema"], 0))
            .unwrap_or_default();
        let example = serde_json::to_string_pretty(&example).unwrap_or_default();
        let _ = write!(
            curl,
            " \\\n  -H \"Content-Type: {}\" -d '{example}'",
            kind.map_or("application/json", String::as_str)
        );
    }
    let _ = write!(
        html,
        "<h3>Example</h3><pre><code>{}</code></pre>",
        escaped(&curl)
    );
}

/// A value of a schema, made of the examples of its fields.
fn example(api: &Value, schema: &Value, depth: usize) -> Value {
    let schema = resolve(api, schema);
    if let Some(example) = schema.get("example") {
        return example.clone();
    }
    if schema["type"] == "array" {
        return Value::Array(vec![example(api, &schema["items"], depth + 1)]);
    }
    let shown = fields(api, schema).into_iter().filter(|(_, field)| {
        let target = resolve(api, field);
        target.get("example").is_some()
            || !fields(api, target).is_empty()
            || !target["items"].is_null()
    });
    if depth >= MAX_DEPTH {
        return Value::Null;
    }
    let object: Map<_, _> = shown
        .map(|(name, field)| (name, example(api, field, depth + 1)))
        .collect();
    Value::Object(object)
}

fn problems(html: &mut String) {
    html.push_str("<section id=\"problems\"><h2>Problems</h2><p>Every error is a JSON object with <code>type</code>, <code>title</code>, <code>status</code>, <code>detail</code>, and <code>errors</code> for invalid input.</p><table>");
    for kind in Kind::ALL {
        let (name, title, status) = kind.words();
        let _ = write!(
            html,
            "<tr id=\"problem-{name}\"><td>{}</td><td><code>/problems/{name}</code></td><td>{title}</td></tr>",
            status.as_u16()
        );
    }
    html.push_str("</table></section>");
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// Prose with `code` in it.
fn prose(text: &str) -> String {
    let parts = escaped(text);
    let parts = parts.split('`').enumerate();
    parts.fold(String::new(), |mut html, (index, part)| {
        let (open, close) = if index % 2 == 1 {
            ("<code>", "</code>")
        } else {
            ("", "")
        };
        let _ = write!(html, "{open}{part}{close}");
        html
    })
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
