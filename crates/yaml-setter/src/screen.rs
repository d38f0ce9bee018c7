use std::sync::LazyLock;

use memchr::memmem::Finder;

/// The largest file that is read for markers: 8 MiB.
///
/// The bound is on parsing, at some 40 MB a second and ten to twenty times the file in memory. It is far
/// above the largest bundle of manifests in use (about 5 MB of CRDs), and a larger file without the
/// marker's text still costs no more than one memory search.
pub const MAX_FILE_BYTES: usize = 8 * 1024 * 1024;

/// The text without which a file holds no marker.
pub(crate) const TOKEN: &str = "\"$imagepolicy\"";

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(TOKEN));

/// Whether a file of this path is searched for markers: its extension is exactly `yaml` or `yml`, or its
/// base name is exactly `Kustomization` (Flux's rule; hidden files and directories count like any other).
///
/// ```
/// assert!(yaml_setter::is_candidate("clusters/.hidden/app.yml"));
/// assert!(yaml_setter::is_candidate("base/Kustomization"));
/// assert!(!yaml_setter::is_candidate("values.yaml.gotmpl"));
/// ```
pub fn is_candidate(path: &str) -> bool {
    let base = path.rsplit('/').next().unwrap_or(path);
    match base.rsplit_once('.') {
        Some((_, extension)) => matches!(extension, "yaml" | "yml"),
        None => base == "Kustomization",
    }
}

/// Whether the literal text `"$imagepolicy"`, quotes included, occurs: a file without it is never parsed.
///
/// The same text in UTF-16, behind a byte order mark, counts too, so that such a file is reported rather
/// than passed over.
pub fn may_hold_marker(bytes: &[u8]) -> bool {
    FINDER.find(bytes).is_some() || is_utf16_with_token(bytes)
}

/// Whether the bytes are UTF-16 by their byte order mark, and hold the marker's text in that encoding.
pub(crate) fn is_utf16_with_token(bytes: &[u8]) -> bool {
    let encode: fn(u16) -> [u8; 2] = match bytes {
        [0xFF, 0xFE, ..] => u16::to_le_bytes,
        [0xFE, 0xFF, ..] => u16::to_be_bytes,
        _ => return false,
    };
    let token: Vec<u8> = TOKEN.encode_utf16().flat_map(encode).collect();
    memchr::memmem::find(bytes, &token).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn candidates_are_chosen_by_extension_or_by_the_one_name() {
        let cases = [
            ("a.yaml", true),
            ("dir/a.yml", true),
            ("dir.d/.hidden.yaml", true),
            (".yaml", true),
            ("Kustomization", true),
            ("dir/Kustomization", true),
            ("kustomization", false),
            ("Kustomization.json", false),
            ("a.YAML", false),
            ("a.yaml.tmpl", false),
            ("dir.yaml/a", false),
            ("", false),
        ];
        for (path, expected) in cases {
            assert_eq!(is_candidate(path), expected, "{path}");
        }
    }

    #[test]
    fn the_token_needs_its_double_quotes() {
        assert!(may_hold_marker(br#"a: b # {"$imagepolicy": "ns:p"}"#));
        assert!(!may_hold_marker(br"a: b # {'$imagepolicy': 'ns:p'}"));
        assert!(!may_hold_marker(b""));
    }

    #[test]
    fn utf_16_text_is_recognised_behind_its_byte_order_mark() {
        let text = "\u{feff}a: b # {\"$imagepolicy\": \"ns:p\"}";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        assert!(may_hold_marker(&little));
        assert!(may_hold_marker(&big));
        assert!(!may_hold_marker(&little[2..]));
    }
}
