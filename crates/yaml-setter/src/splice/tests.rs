use super::*;

fn edit<'a>(offset: usize, old: &'a str, new: &'a str) -> Splice<'a> {
    Splice { offset, old, new }
}

#[test]
fn splices_replace_insert_and_delete() {
    let edits = [
        edit(0, "", "<"),
        edit(1, "b", ""),
        edit(2, "c", "CC"),
        edit(4, "", ">"),
    ];
    assert_eq!(splice(b"abcd", &edits).as_deref(), Ok(&b"<aCCd>"[..]));
    assert_eq!(splice(b"abcd", &[]).as_deref(), Ok(&b"abcd"[..]));
}

#[test]
fn bytes_that_are_not_utf_8_are_carried_over() {
    let edits = [edit(1, "a", "b")];
    assert_eq!(
        splice(b"\xffa\xfe", &edits).as_deref(),
        Ok(&b"\xffb\xfe"[..])
    );
}

#[test]
fn a_splice_past_the_end_is_refused() {
    let expected = SpliceError::OutOfBounds {
        offset: 3,
        end: 5,
        length: 4,
    };
    assert_eq!(splice(b"abcd", &[edit(3, "de", "")]), Err(expected));
    assert!(splice(b"abcd", &[edit(5, "", "x")]).is_err());
    assert!(splice(b"abcd", &[edit(usize::MAX, "a", "x")]).is_err());
}

#[test]
fn splices_out_of_order_or_on_top_of_each_other_are_refused() {
    let overlap = |offset, expected| Err(SpliceError::Overlap { offset, expected });
    assert_eq!(
        splice(b"abcd", &[edit(2, "c", ""), edit(0, "a", "")]),
        overlap(0, 3)
    );
    assert_eq!(
        splice(b"abcd", &[edit(0, "abc", ""), edit(2, "c", "")]),
        overlap(2, 3)
    );
    assert_eq!(
        splice(b"abcd", &[edit(1, "", "x"), edit(1, "b", "")]),
        overlap(1, 1)
    );
}

#[test]
fn other_bytes_than_expected_are_refused() {
    let error = splice(b"ab\xffd", &[edit(1, "bc", "x")]).expect_err("the bytes differ");
    assert_eq!(
        error.to_string(),
        "edit at byte 1 expects \"bc\" and finds \"b\u{fffd}\"; plan the file again"
    );
}
