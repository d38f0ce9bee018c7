//! ImageTagSlice, ImageUpdatePlan and ImageUpdateApproval.

mod image_tag_slice;
mod image_update_approval;
mod image_update_plan;

pub use self::image_tag_slice::{ImageTagSlice, ImageTagSliceSpec, MAX_TAGS, Observation};
pub use self::image_update_approval::{ImageUpdateApproval, ImageUpdateApprovalSpec};
pub use self::image_update_plan::{
    Author, AutomationReference, Checkout, Edit, EditedObject, FileEdits, ImageUpdatePlan,
    ImageUpdatePlanSpec, ImageUpdatePlanStatus, Phase, PlanSource, PolicyUse, PreparedCommit,
    PushTarget, diff,
};
