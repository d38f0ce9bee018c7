//! What a ConversionReview is answered with.

use kube::core::Status;
use kube::core::conversion::{ConversionRequest, ConversionResponse, ConversionReview};
use kube::core::response::StatusSummary;
use serde_json::Value;

/// How many values a review may hold. An object of one entry takes a hundred times the memory of its text; what an API server
/// sends has a value per forty bytes, so that a body of 3 MiB stays below this.
const MOST_VALUES: usize = 100_000;

/// Why a body is no question that can be answered.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReviewError {
    /// The body is no ConversionReview.
    #[error("expected a ConversionReview of apiextensions.k8s.io/v1: {0}")]
    Read(#[source] serde_json::Error),
    /// It would take too much memory.
    #[error("expected a ConversionReview of at most {MOST_VALUES} values")]
    TooMany,
    /// It asks for nothing, or in a version of ConversionReview that we do not speak.
    #[error("expected a ConversionReview of apiextensions.k8s.io/v1 with a request")]
    Request,
    /// The answer cannot be written.
    #[error("write the ConversionReview: {0}")]
    Write(#[source] serde_json::Error),
}

/// The answer to the ConversionReview in `body`, as JSON.
///
/// The objects come back in their order. One that cannot be converted fails the review, whose message names it.
pub(super) fn answer(body: &[u8]) -> Result<Vec<u8>, ReviewError> {
    if values(body) > MOST_VALUES {
        return Err(ReviewError::TooMany);
    }
    let review: ConversionReview = serde_json::from_slice(body).map_err(ReviewError::Read)?;
    let types = &review.types;
    if types.kind != "ConversionReview" || types.api_version != "apiextensions.k8s.io/v1" {
        return Err(ReviewError::Request);
    }
    let request = ConversionRequest::from_review(review).map_err(|_| ReviewError::Request)?;
    serde_json::to_vec(&respond(request).into_review()).map_err(ReviewError::Write)
}

/// How many values there are in JSON, or a few more: each one follows upon a bracket, a brace or a comma. Those in texts do not
/// count: what an object says is no reason to refuse it.
fn values(json: &[u8]) -> usize {
    let (mut values, mut in_text, mut escaped) = (1, false, false);
    for byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_text,
            b'"' => in_text = !in_text,
            b'[' | b'{' | b',' if !in_text => values += 1,
            _ => {}
        }
    }
    values
}

fn respond(mut request: ConversionRequest) -> ConversionResponse {
    let objects = std::mem::take(&mut request.objects);
    let desired = request.desired_api_version.clone();
    let response = ConversionResponse::for_request(request);
    let converted: Result<Vec<Value>, String> = objects
        .into_iter()
        .map(|object| convert(object, &desired))
        .collect();
    match converted {
        Ok(objects) => response.success(objects),
        Err(message) => response.failure(Status {
            status: Some(StatusSummary::Failure),
            message,
            ..Status::default()
        }),
    }
}

/// The object in the API version that is asked for, `GROUP/VERSION`.
fn convert(object: Value, desired: &str) -> Result<Value, String> {
    let found = object["apiVersion"].as_str();
    let name = described(&object);
    let Some((group, version)) = desired.split_once('/') else {
        return Err(format!("{name}: expected GROUP/VERSION, found {desired}"));
    };
    let of = found.and_then(|found| Some(found.split_once('/')?.0));
    if of != Some(group) {
        let found = found.unwrap_or("an unknown version");
        return Err(format!("{name} of {found} is not converted to {desired}"));
    }
    api::convert::convert(object, version).map_err(|error| format!("{name}: {error}"))
}

/// The object as messages name it.
fn described(object: &Value) -> String {
    let text = |value: &'_ Value| value.as_str().map(ToOwned::to_owned);
    let kind = text(&object["kind"]).unwrap_or_else(|| "an object".to_owned());
    let metadata = &object["metadata"];
    match (text(&metadata["namespace"]), text(&metadata["name"])) {
        (Some(namespace), Some(name)) => format!("{kind} {namespace}/{name}"),
        (None, Some(name)) => format!("{kind} {name}"),
        (_, None) => kind,
    }
}

#[cfg(test)]
mod tests;
