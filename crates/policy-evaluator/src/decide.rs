//! The decision over what was observed: [`Evaluator::decide`], beside the other work where it takes long.

use std::sync::Arc;

use api::Time;
use api::image::v1::{ImagePolicy, ImageRef};
use tag_slices::TagHistory;
use tokio::task::spawn_blocking;

use crate::decision::Decision;
use crate::error::{EvaluateError, PassError};
use crate::lists::LARGE;
use crate::metrics::{Evaluated, Metrics};
use crate::observe::Usable;
use crate::{Evaluator, Facts};

/// What a policy decides from, on its own.
#[derive(Debug)]
pub(crate) struct Question {
    image: String,
    history: Arc<TagHistory>,
    current: Option<ImageRef>,
    now: Time,
}

impl Question {
    pub(crate) fn new(
        (policy, usable): (&ImagePolicy, &Usable),
        history: Arc<TagHistory>,
        now: &Time,
    ) -> Self {
        let status = policy.status.as_ref();
        Self {
            image: usable.image.as_written().to_owned(),
            history,
            current: status.and_then(|status| status.latest_ref.clone()),
            now: now.clone(),
        }
    }

    fn answer(&self, evaluator: &Evaluator) -> Result<Decision, EvaluateError> {
        evaluator.decide(&Facts {
            image: &self.image,
            history: &self.history,
            current: self.current.as_ref(),
            now: &self.now,
        })
    }
}

/// The tag that the policy chooses, without its digest.
pub(crate) async fn tag(
    metrics: &Metrics,
    evaluator: Evaluator,
    question: Question,
) -> Result<Decision, PassError> {
    let tags = question.history.tags().len();
    let answer = if tags > LARGE {
        spawn_blocking(move || question.answer(&evaluator))
            .await
            .map_err(PassError::Task)?
    } else {
        question.answer(&evaluator)
    };
    metrics.evaluated(kind(&answer), tags);
    answer.map_err(PassError::Evaluate)
}

fn kind(answer: &Result<Decision, EvaluateError>) -> Evaluated {
    match answer {
        Err(_) => Evaluated::Nothing,
        Ok(decision) if decision.refused.is_some() => Evaluated::Refused,
        Ok(decision) if decision.waiting.is_some() => Evaluated::Waiting,
        Ok(_) => Evaluated::Selected,
    }
}
