//! Structs of the data: fields, methods, and what they print as.

use super::fault::{Fault, RemovedField};
use super::value::Value;

/// A struct value: one value per member of its shape.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) shape: &'static Shape,
    pub(crate) members: Box<[Value]>,
}

/// A struct type.
#[derive(Debug)]
pub(crate) struct Shape {
    /// As `%T` prints it.
    pub(crate) name: &'static str,
    pub(crate) members: &'static [Member],
}

/// A name that can follow the dot.
#[derive(Debug)]
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) role: Role,
    /// The name in JSON where it differs; such a field is left out when it is empty.
    pub(crate) json: Option<&'static str>,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Role {
    Field,
    /// A field whose own members are reached without naming it.
    Embedded,
    /// A method without parameters; does not print.
    Method,
    /// A field that is refused; does not print.
    Removed(RemovedField),
}

/// What a name after the dot leads to.
pub(crate) struct Found<'r> {
    pub(crate) value: &'r Value,
    pub(crate) is_method: bool,
}

impl Record {
    /// The member of this name, its own or that of an embedded struct.
    pub(crate) fn member(&self, name: &str) -> Result<Option<Found<'_>>, Fault> {
        for (member, value) in self.shape.members.iter().zip(&self.members) {
            if member.name == name {
                if let Role::Removed(field) = &member.role {
                    return Err(Fault::Removed(field));
                }
                return Ok(Some(Found {
                    value,
                    is_method: member.role == Role::Method,
                }));
            }
        }
        for (member, value) in self.shape.members.iter().zip(&self.members) {
            if let (Role::Embedded, Value::Record(inner)) = (&member.role, value)
                && let Some(found) = inner.member(name)?
            {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// Names and values of what Go calls fields.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        let members = self.shape.members.iter().zip(&self.members);
        members
            .filter(|(member, _)| matches!(member.role, Role::Field | Role::Embedded))
            .map(|(member, value)| (member.name, value))
    }

    /// Names and values in JSON, those of embedded structs among them. None if the struct is its text there.
    pub(crate) fn json_fields(&self) -> Option<Vec<(&'static str, &Value)>> {
        let mut fields = Vec::new();
        self.collect_json_fields(&mut fields);
        (!fields.is_empty()).then_some(fields)
    }

    fn collect_json_fields<'r>(&'r self, fields: &mut Vec<(&'static str, &'r Value)>) {
        for (member, value) in self.shape.members.iter().zip(&self.members) {
            match (&member.role, value, member.json) {
                (Role::Embedded, Value::Record(inner), _) => inner.collect_json_fields(fields),
                (Role::Field, value, Some(name)) if value.is_true() => fields.push((name, value)),
                (Role::Field, value, None) => fields.push((member.name, value)),
                _ => {}
            }
        }
    }

    /// What the `String` method gives.
    pub(crate) fn string(&self) -> Option<&str> {
        let mut members = self.shape.members.iter().zip(&self.members);
        members.find_map(|(member, value)| match value {
            Value::Text(text) if member.name == "String" && member.role == Role::Method => {
                Some(&**text)
            }
            _ => None,
        })
    }
}
