//! YAML streams as JSON values, as Kubernetes reads them.

use serde_json::Value;
use serde_saphyr::budget::BudgetBreach;
use serde_saphyr::{Error, Options};

/// Most values of a stream. The objects of a cluster have one in some sixteen bytes: a dump of the largest size that
/// is read has half as many.
const MAX_NODES: usize = 8 << 20;
/// Most events of a stream: a value takes up to two, a document two more.
const MAX_EVENTS: usize = 4 * MAX_NODES;
/// Most documents of a stream.
const MAX_DOCUMENTS: usize = 1 << 20;

/// The documents of a stream; empty ones are left out. The error is the parser's text, with line and column.
pub(crate) fn documents(bytes: &[u8]) -> Result<Vec<Value>, String> {
    let text = std::str::from_utf8(bytes)
        .map_err(|error| format!("not UTF-8 at byte {}", error.valid_up_to()))?;
    let documents: Vec<Value> = serde_saphyr::from_multiple_with_options(text, options())
        .map_err(|error| explained(&error))?;
    Ok(documents
        .into_iter()
        .filter(|document| !document.is_null())
        .collect())
}

/// The bounds of the parser, widened to the size of what is read. Those of anchors and aliases stay: a few bytes of
/// them can stand for any number of values.
fn options() -> Options {
    serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_nodes: MAX_NODES,
            max_events: MAX_EVENTS,
            max_documents: MAX_DOCUMENTS,
        },
    }
}

fn explained(error: &Error) -> String {
    let Error::Budget { breach, .. } = error.without_snippet() else {
        return error.to_string();
    };
    let bound = match breach {
        BudgetBreach::Nodes { .. } => format!("{MAX_NODES} values"),
        BudgetBreach::Events { .. } => format!("{MAX_EVENTS} parts"),
        BudgetBreach::Documents { .. } => format!("{MAX_DOCUMENTS} documents"),
        _ => return error.to_string(),
    };
    format!("more than {bound}: split it into several files")
}

/// A value as a YAML document.
pub(crate) fn to_string(value: &Value) -> Result<String, String> {
    serde_saphyr::to_string(value).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dump_of_a_large_cluster_is_read() {
        let items = "0,".repeat(255_000);
        assert!(documents(format!("items: [{items}]\n").as_bytes()).is_ok());
        assert!(documents("a: 1\n---\n".repeat(1100).as_bytes()).is_ok());
    }

    #[test]
    fn aliases_that_stand_for_billions_of_values_are_refused() {
        let mut levels = vec!["a0: &a0 [x,x,x,x,x,x,x,x,x,x]".to_owned()];
        for level in 1..10 {
            let items = format!("*a{},", level - 1).repeat(10);
            levels.push(format!("a{level}: &a{level} [{items}]"));
        }
        let bomb = levels.join("\n");
        assert!(documents(bomb.as_bytes()).is_err());
    }
}
