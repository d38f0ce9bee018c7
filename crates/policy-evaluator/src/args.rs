use clap::Parser;

/// Selects the tags that image policies ask for.
#[derive(Clone, Debug, Parser)]
#[command(name = "policy-evaluator", version)]
pub struct Args {
    /// What all controllers take.
    #[command(flatten)]
    pub common: controller_runtime::Args,
}
