//! Semantic versions as Masterminds/semver gives them to templates.

use std::fmt;
use std::rc::Rc;

use semver::{BuildMetadata, Prerelease};

use super::fault::Fault;
use super::function::{Function, Kind};
use super::value::Value;

/// A version, read leniently: `v1.2` is `1.2.0`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) parsed: semver::Version,
    original: Rc<str>,
}

impl Version {
    pub(crate) fn parse(text: &str) -> Result<Self, Fault> {
        let invalid = || Fault::failed("Invalid Semantic Version");
        let unprefixed = text.strip_prefix('v').unwrap_or(text);
        let (without_build, build) = match unprefixed.split_once('+') {
            Some((version, build)) => (version, Some(build)),
            None => (unprefixed, None),
        };
        let (numbers, pre) = match without_build.split_once('-') {
            Some((numbers, pre)) => (numbers, Some(pre)),
            None => (without_build, None),
        };
        if pre.is_some_and(str::is_empty) || build.is_some_and(str::is_empty) {
            return Err(invalid());
        }
        let mut parts = [0; 3];
        for (index, number) in numbers.split('.').enumerate() {
            let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
            let part = parts
                .get_mut(index)
                .filter(|_| digits)
                .ok_or_else(invalid)?;
            *part = number.parse().map_err(|_| out_of_range(number))?;
        }
        let pre = pre.unwrap_or_default();
        let padded = pre.split('.').any(|id| {
            id.len() > 1 && id.starts_with('0') && id.bytes().all(|b| b.is_ascii_digit())
        });
        if padded {
            return Err(Fault::failed("Version segment starts with 0"));
        }
        let parsed = semver::Version {
            major: parts[0],
            minor: parts[1],
            patch: parts[2],
            pre: Prerelease::new(pre).map_err(|_| invalid())?,
            build: BuildMetadata::new(build.unwrap_or_default()).map_err(|_| invalid())?,
        };
        Ok(Self {
            parsed,
            original: text.into(),
        })
    }

    fn derived(&self, parsed: semver::Version) -> Value {
        let prefix = if self.original.starts_with('v') {
            "v"
        } else {
            ""
        };
        let original = format!("{prefix}{parsed}").into();
        Value::Version(Rc::new(Self { parsed, original }))
    }

    fn increment(&self, part: Part) -> Value {
        let known = &self.parsed;
        let mut next = semver::Version::new(known.major, known.minor, known.patch);
        match part {
            Part::Major => next = semver::Version::new(known.major.saturating_add(1), 0, 0),
            Part::Minor => {
                next = semver::Version::new(known.major, known.minor.saturating_add(1), 0);
            }
            // The next patch of a pre-release is the release itself.
            Part::Patch if known.pre.is_empty() => next.patch = known.patch.saturating_add(1),
            Part::Patch => {}
        }
        self.derived(next)
    }
}

fn out_of_range(number: &str) -> Fault {
    let reason = format!("strconv.ParseUint: parsing {number:?}: value out of range");
    Fault::failed(format!("Error parsing version segment: {reason}"))
}

#[derive(Clone, Copy)]
enum Part {
    Major,
    Minor,
    Patch,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.parsed.fmt(f)
    }
}

/// The methods of a version that templates can call.
pub(crate) fn version_method(name: &str) -> Option<Function> {
    Some(match name {
        "String" => Function::fixed(&[], |call| Ok(Value::text(call.version(0)?.to_string()))),
        "Original" => Function::fixed(&[], |call| Ok(Value::text(&*call.version(0)?.original))),
        "Major" => Function::fixed(&[], |call| Ok(Value::Uint64(call.version(0)?.parsed.major))),
        "Minor" => Function::fixed(&[], |call| Ok(Value::Uint64(call.version(0)?.parsed.minor))),
        "Patch" => Function::fixed(&[], |call| Ok(Value::Uint64(call.version(0)?.parsed.patch))),
        "Prerelease" => Function::fixed(&[], |call| {
            Ok(Value::text(call.version(0)?.parsed.pre.as_str()))
        }),
        "Metadata" => Function::fixed(&[], |call| {
            Ok(Value::text(call.version(0)?.parsed.build.as_str()))
        }),
        "IncMajor" => Function::fixed(&[], |call| Ok(call.version(0)?.increment(Part::Major))),
        "IncMinor" => Function::fixed(&[], |call| Ok(call.version(0)?.increment(Part::Minor))),
        "IncPatch" => Function::fixed(&[], |call| Ok(call.version(0)?.increment(Part::Patch))),
        "Compare" => Function::fixed(&[Kind::Version], |call| {
            let order = call
                .version(0)?
                .parsed
                .cmp_precedence(&call.version(1)?.parsed);
            Ok(Value::Int(order as i64))
        }),
        "Equal" => Function::fixed(&[Kind::Version], |call| {
            Ok(Value::Bool(
                call.version(0)?
                    .parsed
                    .cmp_precedence(&call.version(1)?.parsed)
                    .is_eq(),
            ))
        }),
        "LessThan" => Function::fixed(&[Kind::Version], |call| {
            Ok(Value::Bool(
                call.version(0)?
                    .parsed
                    .cmp_precedence(&call.version(1)?.parsed)
                    .is_lt(),
            ))
        }),
        "GreaterThan" => Function::fixed(&[Kind::Version], |call| {
            Ok(Value::Bool(
                call.version(0)?
                    .parsed
                    .cmp_precedence(&call.version(1)?.parsed)
                    .is_gt(),
            ))
        }),
        _ => return None,
    })
}
