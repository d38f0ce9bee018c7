//! The list of tags: page after page until the registry names no further one.

mod page;

use std::collections::HashSet;

use image_ref::{Tags, TagsBuilder};
use reqwest::header::LINK;
use reqwest::{Method, StatusCode};
use url::Url;

use self::page::{Flaw, read_page};
use crate::address;
use crate::error::{Bound, Problem};
use crate::exchange::Answer;
use crate::headers;
use crate::options::Limits;
use crate::session::{Session, Target};

/// All tags of the session's repository. One page that fails fails the list.
pub(crate) async fn list(session: &Session, limits: &Limits) -> Result<Tags, Problem> {
    let limit = (Bound::PageBytes, limits.page_bytes);
    let mut list = List::new(limits);
    let mut next = None;
    loop {
        let target = next.as_ref().map_or(Target::Tags, Target::Page);
        let answer = session.request(Method::GET, &target, limit).await?;
        if answer.status != StatusCode::OK {
            return Err(session.refusal(&answer));
        }
        next = list.add(&answer)?;
        if next.is_none() {
            return Ok(list.tags.finish());
        }
    }
}

/// What has been read of a list.
struct List<'a> {
    limits: &'a Limits,
    tags: TagsBuilder,
    pages: usize,
    /// Where the list has been; a list that comes back never ends.
    visited: HashSet<Url>,
    /// What its pages held; a page that comes back brings nothing new.
    contents: HashSet<u64>,
}

impl<'a> List<'a> {
    fn new(limits: &'a Limits) -> Self {
        Self {
            limits,
            tags: TagsBuilder::new(),
            pages: 0,
            visited: HashSet::new(),
            contents: HashSet::new(),
        }
    }

    /// Takes the tags of a page and finds the next one.
    fn add(&mut self, answer: &Answer) -> Result<Option<Url>, Problem> {
        self.pages += 1;
        let next = next_page(answer)?;
        let contents = read_page(&answer.body, &mut self.tags, self.limits.tags);
        let contents = contents.map_err(|flaw| self.problem(answer, flaw))?;
        let Some(next) = next else {
            return Ok(None);
        };
        if self.pages >= self.limits.pages {
            return Err(Problem::TooLarge {
                request: answer.call.describe(),
                bound: Bound::Pages,
                limit: self.limits.pages,
            });
        }
        if !self.contents.insert(contents) {
            return Err(self.endless(answer, "brings no new tag"));
        }
        self.visited.insert(answer.call.url.clone());
        if self.visited.contains(&next) {
            return Err(self.endless(answer, "links back to a page before"));
        }
        Ok(Some(next))
    }

    fn endless(&self, answer: &Answer, how: &'static str) -> Problem {
        Problem::EndlessPages {
            request: answer.call.describe(),
            page: self.pages,
            how,
        }
    }

    fn problem(&self, answer: &Answer, flaw: Flaw) -> Problem {
        let request = answer.call.describe();
        let too_large = |request, bound, limit| Problem::TooLarge {
            request,
            bound,
            limit,
        };
        match flaw {
            Flaw::NoPage => Problem::Unexpected {
                request,
                expected: "a list of tags as JSON",
                found: answer.found(),
            },
            Flaw::NoTag(text) => Problem::InvalidTag {
                request,
                tag: answer.excerpt(&text),
            },
            Flaw::TooMany => too_large(request, Bound::Tags, self.limits.tags),
            Flaw::TooLong => too_large(request, Bound::TagBytes, u32::MAX as usize),
        }
    }
}

/// The page behind this one: the first target of `Link`, whatever its `rel`.
fn next_page(answer: &Answer) -> Result<Option<Url>, Problem> {
    let Some(link) = answer.headers.get(LINK) else {
        return Ok(None);
    };
    let link = link.to_str().unwrap_or_default();
    let target = headers::next_page(link);
    let next = target.and_then(|target| address::next_page(&answer.call.url, target));
    match next {
        Some(next) => Ok(Some(next)),
        None => Err(Problem::ForeignPage {
            request: answer.call.describe(),
            link: answer.excerpt(link.split('?').next().unwrap_or_default()),
        }),
    }
}
