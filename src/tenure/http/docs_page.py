"""The API's description as one page for people: contents, how to sign in, and each operation with an example."""

import json
from html import escape
from typing import Any

from tenure.http.docs_style import whole_page
from tenure.http.responses import JSON
from tenure.http.schema_examples import example_value, resolve_schema

_NEXT_LINE = " \\\n"
_AUTHENTICATION = (
    '<section class="one" id="authentication"><h3>How a program says who it is</h3>'
    "<p>With a token in the header <code>Authorization: Bearer</code>. Tokens of the activation server are made on the "
    "portal (<em>API tokens</em>) or with <code>tenure tokens add NAME --scope SCOPE</code>; those of an "
    "administration server by its administrator. A token is shown once, does what its scopes say, and expires. "
    "Each operation names the scope it asks for; those marked <em>public</em> ask for none.</p>"
    "<h4>Every write</h4><p>takes <code>dry_run=true</code>: everything is checked and answered, nothing is done. "
    "A POST carries an <code>Idempotency-Key</code>: sent again with the same key it has one effect. A PUT may carry "
    "<code>If-Match</code> with the <code>ETag</code> that was read, so that no change is lost.</p>"
    "<h4>Every list</h4><p>comes in pages: <code>limit</code> says how many, <code>next</code> of the answer is the "
    "<code>cursor</code> of the following page.</p><h4>What is refused</h4><p>is answered as "
    "<code>application/problem+json</code> (RFC 9457): a stable <code>code</code>, the cause, what helps and who "
    'can do it.</p><h4>Example</h4><pre>curl "$URL/v1/me" -H "Authorization: Bearer $TOKEN"</pre></section>'
)


def render_page(document: dict[str, Any]) -> str:
    """`document` as one HTML page without script or anything from elsewhere."""
    info, groups = document["info"], _group_by_tag(document)
    signed = any(one["security"] for group in groups.values() for _, _, one in group)
    parts = [
        f"<h1>{escape(info['title'])}</h1><p class='quiet'>Version {escape(info['version'])}</p>"
        f"<p>{escape(info['description'])}</p>"
        '<p><a href="/openapi.json">OpenAPI document</a>, for tools and generators.</p>',
        _AUTHENTICATION if signed else "",
    ]
    for tag, group in groups.items():
        parts.append(f'<h2 id="group-{escape(tag)}">{escape(_tag_title(tag))}</h2>')
        parts += [_render_operation(path, method, one, document["components"]) for path, method, one in group]
    body = f'<div class="whole">{_render_contents(groups, signed=signed)}<main>{"".join(parts)}</main></div>'
    return whole_page(escape(info["title"]), body)


_Group = list[tuple[str, str, dict[str, Any]]]


def _group_by_tag(document: dict[str, Any]) -> dict[str, _Group]:
    """(path, method, operation) by tag, tags in alphabetical order."""
    found: dict[str, _Group] = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            found.setdefault(one["tags"][0], []).append((path, method, one))
    return dict(sorted(found.items()))


def _tag_title(tag: str) -> str:
    text = tag.replace("-", " ").replace(".", " ").strip() or "service"
    return text[:1].upper() + text[1:]


def _render_contents(groups: dict[str, _Group], *, signed: bool) -> str:
    lists = [
        f"<details><summary>{escape(_tag_title(tag))}</summary><ul>"
        + "".join(
            f'<li><a href="#{escape(one["operationId"])}">{escape(_operation_title(one))}</a></li>'
            for _, _, one in group
        )
        + "</ul></details>"
        for tag, group in groups.items()
    ]
    first = '<p><a href="#authentication">How a program says who it is</a></p>' if signed else ""
    return f'<nav class="contents" aria-label="Contents"><p><strong>Contents</strong></p>{first}{"".join(lists)}</nav>'


def _operation_title(one: dict[str, Any]) -> str:
    return str(one["operationId"]).replace("_", " ").capitalize()


def _render_operation(path: str, method: str, one: dict[str, Any], components: dict[str, Any]) -> str:
    paragraphs = "".join(f"<p>{escape(text)}</p>" for text in one["description"].split("\n\n"))
    return (
        f'<section class="one" id="{escape(one["operationId"])}">'
        f'<h3><span class="method">{method.upper()}</span><code>{escape(path)}</code></h3>'
        f'<p class="quiet">{_operation_title(one)} · {_required_scope(one)}</p>{paragraphs}{_render_parameters(one)}'
        f"{_render_body(one, components)}{_curl_example(path, method, one, components)}"
        f"{_render_answer(one, components)}{_render_refusals(one)}"
        "</section>"
    )


def _required_scope(one: dict[str, Any]) -> str:
    if not one["security"]:
        return "public: no token is asked for"
    scopes = one["security"][0].get("bearer") or []
    return f"scope <code>{escape(scopes[0])}</code>" if scopes else "any token or session"


def _render_parameters(one: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{escape(put['name'])}</code></td><td>{escape(put['in'])}</td>"
        f"<td>{'required' if put['required'] else 'optional'}</td>"
        f"<td>{escape(_describe_schema(put['schema'], {}))} {escape(put.get('description', ''))}</td></tr>"
        for put in one.get("parameters", ())
    )
    head = "<thead><tr><th>Parameter</th><th>In</th><th></th><th>What it is</th></tr></thead>"
    return f"<h4>Parameters</h4><table>{head}<tbody>{rows}</tbody></table>" if rows else ""


def _render_body(one: dict[str, Any], components: dict[str, Any]) -> str:
    content = one.get("requestBody", {}).get("content", {})
    if JSON not in content:
        return f"<h4>Body</h4><p>A signed message, <code>{escape(next(iter(content)))}</code>.</p>" if content else ""
    return f"<h4>Body</h4>{_render_fields(content[JSON]['schema'], components['schemas'])}"


def _render_fields(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    schema = resolve_schema(schema, schemas)
    required = schema.get("required", ())
    rows = "".join(
        f"<tr><td><code>{escape(name)}</code></td><td>{'required' if name in required else 'optional'}</td>"
        f"<td>{escape(_describe_schema(inner, schemas))} {escape(inner.get('description', ''))}</td></tr>"
        for name, inner in schema.get("properties", {}).items()
    )
    head = "<thead><tr><th>Field</th><th></th><th>What it is</th></tr></thead>"
    return (
        f"<table>{head}<tbody>{rows}</tbody></table>" if rows else f"<p>{escape(_describe_schema(schema, schemas))}</p>"
    )


def _describe_schema(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """A schema in words: `text, at most 64 characters`, `one of limited, unlimited`."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        found = schemas.get(name)
        return _describe_schema(found, schemas) if found and "enum" in found else name
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_describe_schema(each, schemas) for each in schema["anyOf"]))
    kind = schema.get("type", "anything")
    if kind == "array":
        return f"list of {_describe_schema(schema.get('items') or {}, schemas)}"
    words = {"string": "text", "integer": "whole number", "boolean": "yes or no", "null": "nothing"}.get(kind, kind)
    bounds = [
        f"at least {schema['minimum']:,}" if "minimum" in schema else "",
        f"at most {schema['maximum']:,}" if "maximum" in schema else "",
        f"at most {schema['maxLength']:,} characters" if "maxLength" in schema else "",
    ]
    return ", ".join([words, *filter(None, bounds)])


def _curl_example(path: str, method: str, one: dict[str, Any], components: dict[str, Any]) -> str:
    """The operation as one would type it."""
    content = one.get("requestBody", {}).get("content", {})
    if content and JSON not in content:
        return ""
    lines = [f'curl -X {method.upper()} "$URL{_filled_path(path, one)}"']
    if one["security"]:
        lines.append('  -H "Authorization: Bearer $TOKEN"')
    if any(put["name"] == "Idempotency-Key" for put in one.get("parameters", ())):
        lines.append('  -H "Idempotency-Key: $(uuidgen)"')
    if content:
        told = json.dumps(example_value(content[JSON]["schema"], components["schemas"]), indent=2, ensure_ascii=False)
        lines += ['  -H "Content-Type: application/json"', f"  -d '{told}'"]
    return f"<h4>Example</h4><pre>{escape(_NEXT_LINE.join(lines))}</pre>"


def _filled_path(path: str, one: dict[str, Any]) -> str:
    for put in one.get("parameters", ()):
        if put["in"] == "path":
            path = path.replace(f"{{{put['name']}}}", str(example_value(put["schema"], {}, put["name"], 1)))
    asked = [put for put in one.get("parameters", ()) if put["in"] == "query" and put["required"]]
    query = "&".join(f"{put['name']}={example_value(put['schema'], {}, put['name'], 1)}" for put in asked)
    return f"{path}?{query}" if query else path


def _render_answer(one: dict[str, Any], components: dict[str, Any]) -> str:
    status = next(status for status, each in one["responses"].items() if "$ref" not in each)
    content = one["responses"][status].get("content", {})
    if not content:
        return f"<h4>Answer</h4><p>{escape(status)}, without a body.</p>"
    if JSON not in content:
        return f"<h4>Answer</h4><p>{escape(status)}, <code>{escape(next(iter(content)))}</code>.</p>"
    told = json.dumps(example_value(content[JSON]["schema"], components["schemas"]), indent=2, ensure_ascii=False)
    return f"<details><summary>Answer {escape(status)}</summary><pre>{escape(told)}</pre></details>"


def _render_refusals(one: dict[str, Any]) -> str:
    names = [each["$ref"].rpartition("/")[2] for each in one["responses"].values() if "$ref" in each]
    codes = [code for name in names for code in name.split("-")]
    links = " ".join(f'<a href="/refusals/{escape(code)}"><code>{escape(code)}</code></a>' for code in codes)
    return f"<details class='codes'><summary>May refuse</summary><p>{links}</p></details>" if codes else ""
