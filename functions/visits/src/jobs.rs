//! `GET /api/jobs`: the jobs to choose from, which are always the same.

use enishi_shared::{Function, error::ErrorBody, http::Query};
use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{choice::folded, profile::Job};

/// `visits-jobs`
pub const FUNCTION: Function =
    Function::http("visits-jobs", || OpenApiRouter::new().routes(routes!(jobs)));

/// Which jobs.
#[derive(Debug, Deserialize, Validate, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct JobsQuery {
    /// What their names begin with, whatever its case and width.
    #[garde(length(chars, max = 120))]
    #[param(max_length = 120, example = "エンジ")]
    pub q: Option<String>,
}

/// A job to choose.
#[derive(Serialize, ToSchema)]
pub struct JobChoice {
    /// Its id is its name.
    pub id: Job,
    /// Its name.
    pub name: Job,
}

/// Jobs
#[utoipa::path(
    get, path = "/api/jobs", tag = "visits",
    operation_id = "listJobs",
    params(JobsQuery),
    responses(
        (status = 200, description = "The jobs, all of them", body = [JobChoice]),
        (status = 400, description = "A parameter is wrong", body = ErrorBody),
    )
)]
pub async fn jobs(Query(query): Query<JobsQuery>) -> axum::Json<Vec<JobChoice>> {
    let prefix = folded(query.q.as_deref().unwrap_or_default());
    let found = Job::ALL.into_iter();
    let found = found.filter(|job| folded(job.text()).starts_with(&prefix));
    axum::Json(found.map(|job| JobChoice { id: job, name: job }).collect())
}
