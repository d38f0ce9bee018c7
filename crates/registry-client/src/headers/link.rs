//! `Link`, the address of the next page.

/// The target of the first `<…>`, whatever its `rel` says, as Flux follows it.
///
/// ```
/// use registry_client::headers::next_page;
///
/// let link = r#"</v2/app/tags/list?last=1.2.3&n=100>; rel="next""#;
/// assert_eq!(next_page(link), Some("/v2/app/tags/list?last=1.2.3&n=100"));
/// assert_eq!(next_page("no brackets"), None);
/// ```
pub fn next_page(value: &str) -> Option<&str> {
    let (_, rest) = value.split_once('<')?;
    let (target, _) = rest.split_once('>')?;
    let target = target.trim();
    (!target.is_empty()).then_some(target)
}
