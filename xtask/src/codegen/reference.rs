//! The reference of the API, read from the schemas of the custom resource definitions.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

const OPENING: &str = "# API reference

Generated from the schemas in `crds/` by `cargo xtask codegen`; edits here are overwritten.

Every kind is namespaced.
A field marked with * is required by the object around it.
The tables show the stored version; a section names the other versions that are served.
";

/// One Markdown document over all definitions, in their order.
pub(crate) fn render(definitions: &[&str]) -> Result<String> {
    let mut page = OPENING.to_owned();
    for text in definitions {
        let definition: Value =
            serde_saphyr::from_str(text).context("parse a generated definition")?;
        render_kind(&mut page, &definition)?;
    }
    Ok(page)
}

fn render_kind(page: &mut String, definition: &Value) -> Result<()> {
    let spec = &definition["spec"];
    let kind = text(&spec["names"]["kind"]);
    let versions = spec["versions"]
        .as_array()
        .with_context(|| format!("{kind} has no versions"))?;
    let stored = versions
        .iter()
        .find(|version| version["storage"] == true)
        .with_context(|| format!("{kind} stores no version"))?;
    let schema = &stored["schema"]["openAPIV3Schema"];

    write!(page, "\n## {kind}\n\n")?;
    writeln!(page, "`{}/{}`", text(&spec["group"]), text(&stored["name"]))?;
    let others = versions
        .iter()
        .filter(|version| version["served"] == true && version["storage"] != true);
    let others: Vec<_> = others
        .map(|version| format!("`{}`", text(&version["name"])))
        .collect();
    if !others.is_empty() {
        write!(page, "\nAlso served: {}.\n", others.join(", "))?;
    }
    let short = spec["names"]["shortNames"].as_array();
    let short: Vec<_> = short
        .into_iter()
        .flatten()
        .map(|name| format!("`{}`", text(name)))
        .collect();
    if !short.is_empty() {
        write!(page, "\nShort names: {}.\n", short.join(", "))?;
    }
    if let Some(description) = schema["description"].as_str() {
        write!(page, "\n{}\n", description.trim())?;
    }
    for part in ["spec", "status"] {
        render_part(page, part, &schema["properties"][part])?;
    }
    Ok(())
}

fn render_part(page: &mut String, part: &str, schema: &Value) -> Result<()> {
    let mut rows = Vec::new();
    let mut rules = Vec::new();
    collect(part, schema, &mut rows, &mut rules);
    if rows.is_empty() {
        return Ok(());
    }
    page.push_str("\n| field | type | default | description |\n| --- | --- | --- | --- |\n");
    for row in rows {
        writeln!(
            page,
            "| {} | {} | {} | {} |",
            row.field, row.kind, row.default, row.description
        )?;
    }
    if !rules.is_empty() {
        page.push('\n');
    }
    for (path, message) in rules {
        writeln!(page, "- `{path}`: {message}")?;
    }
    Ok(())
}

/// One line of a table, as Markdown.
struct Row {
    field: String,
    kind: String,
    default: String,
    description: String,
}

/// Walks the properties below `schema`; `path` names it.
fn collect(path: &str, schema: &Value, rows: &mut Vec<Row>, rules: &mut Vec<(String, String)>) {
    for rule in schema["x-kubernetes-validations"]
        .as_array()
        .into_iter()
        .flatten()
    {
        let message = rule["message"]
            .as_str()
            .unwrap_or_else(|| text(&rule["rule"]));
        rules.push((path.to_owned(), message.to_owned()));
    }
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|names| names.iter().any(|required| required == name))
    };
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let field = format!("{path}.{name}");
        let star = if required(name) { " *" } else { "" };
        rows.push(Row {
            field: format!("`{field}`{star}"),
            kind: kind(property),
            default: default(property),
            description: description(property),
        });
        let (below, inner) = innermost(field, property);
        collect(&below, inner, rows, rules);
    }
}

/// The schema of what a list or map holds, with `[]` or `{}` behind the name.
fn innermost(field: String, schema: &Value) -> (String, &Value) {
    if schema["items"].is_object() {
        innermost(format!("{field}[]"), &schema["items"])
    } else if schema["additionalProperties"].is_object() {
        innermost(format!("{field}{{}}"), &schema["additionalProperties"])
    } else {
        (field, schema)
    }
}

fn kind(schema: &Value) -> String {
    if schema["items"].is_object() {
        return format!("list of {}", kind(&schema["items"]));
    }
    if schema["additionalProperties"].is_object() {
        return format!("map of {}", kind(&schema["additionalProperties"]));
    }
    schema["type"].as_str().unwrap_or("any").to_owned()
}

fn default(schema: &Value) -> String {
    schema.get("default").map_or_else(String::new, |value| {
        format!("`{}`", cell(&value.to_string()))
    })
}

/// The description, then what the schema checks.
fn description(schema: &Value) -> String {
    let mut parts = vec![cell(
        schema["description"].as_str().unwrap_or_default().trim(),
    )];
    parts.extend(checks(schema));
    parts.retain(|part| !part.is_empty());
    parts.join(" ")
}

fn checks(schema: &Value) -> Vec<String> {
    let of = if schema["items"].is_object() {
        &schema["items"]
    } else {
        schema
    };
    let values = of["enum"].as_array().map(|values| {
        let values: Vec<_> = values
            .iter()
            .filter(|value| !value.is_null())
            .map(|value| format!("`{}`", cell(text(value))))
            .collect();
        format!("One of {}.", values.join(", "))
    });
    let pattern = of["pattern"]
        .as_str()
        .map(|pattern| format!("Pattern `{}`.", cell(pattern)));
    let bound = |key: &str, words: &str| schema.get(key).map(|bound| format!("{words} {bound}."));
    let bounds = [
        bound("minLength", "Shortest length"),
        bound("maxLength", "Longest length"),
        bound("minItems", "Fewest items"),
        bound("maxItems", "Most items"),
        bound("minimum", "At least"),
        bound("maximum", "At most"),
    ];
    values
        .into_iter()
        .chain(pattern)
        .chain(bounds.into_iter().flatten())
        .collect()
}

/// Text in a cell of a table: on one line, with `|` escaped.
fn cell(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .replace('|', "\\|")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINITION: &str = "
spec:
  group: example.dev
  names: {kind: Lamp, shortNames: [lmp]}
  versions:
  - {name: v1alpha1, served: true, storage: false, schema: {}}
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        description: A lamp.
        properties:
          spec:
            required: [colour]
            x-kubernetes-validations:
            - {rule: 'true', message: lamps shine}
            properties:
              colour: {type: string, description: \"Red |\\n or green.\", enum: [red, green], default: red}
              bulbs:
                type: array
                maxItems: 3
                items:
                  type: object
                  properties:
                    watts: {type: integer, minimum: 1}
";

    #[test]
    fn a_kind_is_shown_with_its_versions_and_names() {
        let page = render(&[DEFINITION]).unwrap();
        assert!(page.contains("## Lamp\n\n`example.dev/v1`\n\nAlso served: `v1alpha1`.\n\nShort names: `lmp`.\n\nA lamp.\n"), "{page}");
    }

    #[test]
    fn a_field_is_shown_with_type_default_and_checks() {
        let page = render(&[DEFINITION]).unwrap();
        assert!(page.contains("| `spec.colour` * | string | `\"red\"` | Red \\| or green. One of `red`, `green`. |\n"), "{page}");
        assert!(
            page.contains("| `spec.bulbs` | list of object |  | Most items 3. |\n"),
            "{page}"
        );
        assert!(
            page.contains("| `spec.bulbs[].watts` | integer |  | At least 1. |\n"),
            "{page}"
        );
    }

    #[test]
    fn rules_over_several_fields_follow_the_table() {
        assert!(
            render(&[DEFINITION])
                .unwrap()
                .ends_with("\n\n- `spec`: lamps shine\n")
        );
    }

    #[test]
    fn a_definition_without_a_stored_version_is_an_error() {
        let error = render(&["spec: {names: {kind: Lamp}, versions: []}"]).unwrap_err();
        assert_eq!(error.to_string(), "Lamp stores no version");
    }
}
