use proptest::prelude::*;

use super::*;

/// All groups of the leftmost match, as the engine and, where there is one, the chain find them.
fn find<'t>(pattern: &str, text: &'t str) -> Option<Vec<Option<&'t str>>> {
    let pattern = Pattern::new(pattern).unwrap_or_else(|error| panic!("{error}"));
    let count = pattern.all_group_names().len();
    let mut slots = vec![None; 2 * count];
    let groups = |slots: &Slots| (0..count).map(|index| group(text, slots, index)).collect();
    let found = pattern
        .find_by_engine(&mut pattern.cache(), text, &mut slots)
        .then(|| groups(&slots));
    if let Some(chain) = &pattern.chain {
        let mut slots = vec![None; 2 * count];
        let by_chain = chain
            .find(text.as_bytes(), &mut slots)
            .then(|| groups(&slots));
        assert_eq!(by_chain, found, "{pattern:?} {text:?}");
    }
    assert_eq!(pattern.matches(text), found.is_some());
    found
}

fn matches(pattern: &str, text: &str) -> bool {
    find(pattern, text).is_some()
}

#[test]
fn patterns_match_as_in_go() {
    // Each row was compared with Go's package regexp: pattern, texts that match, texts that do not.
    let table: [(&str, &[&str], &[&str]); 49] = [
        ("", &["", "a"], &[]),
        ("b", &["abc"], &["ac"]),
        ("^b", &["bc"], &["abc", "a\nb"]),
        ("(?m)^b$", &["a\nb\nc"], &["ab"]),
        ("a$", &["ba"], &["a\n"]),
        (r"a\z", &["ba"], &["a\n"]),
        (r"\Aa", &["ab"], &["ba"]),
        ("a.c", &["abc", "aéc"], &["a\nc"]),
        ("(?s)a.c", &["a\nc"], &["ac"]),
        (r"^\d+$", &["123"], &["١٢٣", "1a"]),
        (r"^\D$", &["١", "a"], &["1"]),
        (r"^\w+$", &["a_1Z"], &["é", "a-b"]),
        (r"^\W$", &["é", "-"], &["_"]),
        (
            r"^\s$",
            &["\t", "\n", "\x0c", "\r", " "],
            &["\x0b", "\u{a0}"],
        ),
        (r"^[[:space:]]$", &["\x0b"], &["\u{a0}"]),
        (r"^\S$", &["\x0b", "\u{a0}"], &[" "]),
        (r"a\b", &["a-", "aé"], &["ab", "a_"]),
        (r"a\B", &["ab"], &["aé", "a"]),
        ("(?i)^k$", &["k", "K", "\u{212a}"], &["x"]),
        ("(?i)^s$", &["s", "S", "ſ"], &["x"]),
        (r"(?i)^\w$", &["ſ", "\u{212a}"], &["é"]),
        (r"(?i)^[^k]$", &["x"], &["K", "\u{212a}"]),
        ("(?i)^ÄB$", &["äb"], &["ab"]),
        ("^(?i:a)b$", &["Ab"], &["AB"]),
        ("^(?i)a(?-i)b$", &["Ab"], &["AB"]),
        ("^a(?i)b|c$", &["aB", "C"], &["Ab"]),
        ("^[a&&b]$", &["a", "&", "b"], &["c"]),
        ("^[!--]$", &["!", "+", "-"], &["."]),
        ("^[a~~b]$", &["~"], &["c"]),
        ("^[[a]]$", &["a]", "[]"], &["a"]),
        ("^[]a]$", &["]", "a"], &["b"]),
        ("^[^]a]$", &["b"], &["]", "a"]),
        ("^[-a]$", &["-", "a"], &["b"]),
        ("^[a-]$", &["-", "a"], &["b"]),
        (r"^[\d-z]$", &["1", "-", "z"], &["a"]),
        ("^[[:^alpha:]]$", &["1"], &["a"]),
        ("^[[:alpha]$", &[":", "a", "["], &["b"]),
        (r"^\pL\p{Lu}\PN$", &["éÄx"], &["éä1", "1AB"]),
        (r"^\p{Greek}\p{^Greek}\P{Greek}$", &["Ωab"], &["aab"]),
        (r"^\p{uppercase_letter}$", &["A"], &["a"]),
        (r"^\Qa.b*\E+$", &["a.b*", "a.b**"], &["a.b", "aab"]),
        (r"^\Qa.b", &["a.bc"], &["aab"]),
        ("^a{,2}$", &["a{,2}"], &["a", "aa", ""]),
        ("^a{2$", &["a{2"], &["aa"]),
        ("^a{01}$", &["a{01}"], &["a"]),
        (r"^\x41\x{1F600}\101\-\_\<\/$", &["A😀A-_</"], &["a"]),
        (r"^\a\f\t\n\r\v$", &["\x07\x0c\t\n\r\x0b"], &["aftnrv"]),
        (r"^[\x{D800}a]$|\x{D800}", &["a"], &["\u{d7ff}", "\u{e000}"]),
        (r"[^\x00-\x{10FFFF}]", &[], &["", "a"]),
    ];
    for (pattern, yes, no) in table {
        for text in yes {
            assert!(matches(pattern, text), "{pattern} {text:?}");
        }
        for text in no {
            assert!(!matches(pattern, text), "{pattern} {text:?}");
        }
    }
}

#[test]
fn groups_match_as_in_go() {
    let table: [(&str, &str, &[Option<&str>]); 17] = [
        ("(a)|b", "b", &[Some("b"), None]),
        (
            "(a|ab)(c|bcd)(d*)",
            "abcd",
            &[Some("abcd"), Some("a"), Some("bcd"), Some("")],
        ),
        ("(a+?)(a*)", "aaa", &[Some("aaa"), Some("a"), Some("aa")]),
        ("(?U)(a+)(a*)", "aaa", &[Some("a"), Some("a"), Some("")]),
        (
            "(?U)(a+?)(a*)",
            "aaa",
            &[Some("aaa"), Some("aaa"), Some("")],
        ),
        ("(a??)(a*)", "aa", &[Some("aa"), Some(""), Some("aa")]),
        ("(a|b*)*", "ab", &[Some("ab"), Some("b")]),
        ("(|a)*", "aa", &[Some(""), Some("")]),
        ("(|a)+", "aa", &[Some(""), Some("")]),
        ("(a*)+", "b", &[Some(""), Some("")]),
        ("(?:(a)|b)*", "ab", &[Some("ab"), Some("a")]),
        ("(a){0}(b)", "b", &[Some("b"), None, Some("b")]),
        ("((a)b)?", "ac", &[Some(""), None, None]),
        (
            "^(v?)([0-9]+)(-rc)?$",
            "v12",
            &[Some("v12"), Some("v"), Some("12"), None],
        ),
        (
            "^main-[a-f0-9]+-(?P<ts>[0-9]+)$",
            "main-0a-17",
            &[Some("main-0a-17"), Some("17")],
        ),
        ("(?<a>x)(?P<1>y)", "xy", &[Some("xy"), Some("x"), Some("y")]),
        (
            "(.*)-(.*)",
            "a-b-c",
            &[Some("a-b-c"), Some("a-b"), Some("c")],
        ),
    ];
    for (pattern, text, groups) in table {
        assert_eq!(find(pattern, text).as_deref(), Some(groups), "{pattern}");
    }
}

#[test]
fn broken_patterns_are_refused_in_gos_words() {
    // Each row was produced with Go's package regexp.
    let table = [
        ("a**", "invalid nested repetition operator: `**`"),
        ("a*+?b", "invalid nested repetition operator: `*+?`"),
        ("x{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
        ("*", "missing argument to repetition operator: `*`"),
        ("a|+?", "missing argument to repetition operator: `+?`"),
        ("(?i)*", "missing argument to repetition operator: `*`"),
        ("({2})", "missing argument to repetition operator: `{2}`"),
        ("a{1001}", "invalid repeat count: `{1001}`"),
        ("a{2,1}?", "invalid repeat count: `{2,1}`"),
        ("a{99999999999,}", "invalid repeat count: `{99999999999,}`"),
        ("(a{100}){11}?", "invalid repeat count: `{11}?`"),
        ("((a{0}){1000}b{10,}){101}", "invalid repeat count: `{101}`"),
        ("(a", "missing closing ): `(a`"),
        ("b)a", "unexpected ): `b)a`"),
        ("x[a", "missing closing ]: `[a`"),
        ("[", "missing closing ]: `[`"),
        ("[]", "missing closing ]: `[]`"),
        ("[b-a]", "invalid character class range: `b-a`"),
        ("[a--b]", "invalid character class range: `a--`"),
        (r"[a-\d]", r"invalid escape sequence: `\d`"),
        ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
        (r"\pX", r"invalid character class range: `\pX`"),
        (r"\p", r"invalid character class range: `\p`"),
        (r"\p{Foo}b", r"invalid character class range: `\p{Foo}`"),
        (
            r"\p{isGreek}",
            r"invalid character class range: `\p{isGreek}`",
        ),
        (r"\p{gc=L}", r"invalid character class range: `\p{gc=L}`"),
        (r"\p{L", r"invalid character class range: `\p{L`"),
        (r"a\", "trailing backslash at end of expression: ``"),
        (r"\8", r"invalid escape sequence: `\8`"),
        (r"(a)\1", r"invalid escape sequence: `\1`"),
        (r"\C", r"invalid escape sequence: `\C`"),
        (r"\Z", r"invalid escape sequence: `\Z`"),
        (r"a\E", r"invalid escape sequence: `\E`"),
        (r"[\Qa]", r"invalid escape sequence: `\Q`"),
        (r"\é", r"invalid escape sequence: `\é`"),
        (r"\xg1", r"invalid escape sequence: `\xg1`"),
        (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
        (r"\x{}", r"invalid escape sequence: `\x{}`"),
        (r"\x{4", r"invalid escape sequence: `\x{4`"),
        ("(?P<n-x>a)", "invalid named capture: `(?P<n-x>`"),
        ("(?P<>a)", "invalid named capture: `(?P<>`"),
        ("(?<n", "invalid named capture: `(?<n`"),
        ("(?<=a)", "invalid named capture: `(?<=a)`"),
        ("(?<!a)", "invalid named capture: `(?<!a)`"),
        ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
        ("(?!a)", "invalid or unsupported Perl syntax: `(?!`"),
        ("(?P=n)", "invalid or unsupported Perl syntax: `(?P`"),
        ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
        ("(?i-)", "invalid or unsupported Perl syntax: `(?i-)`"),
        ("(?i--s)", "invalid or unsupported Perl syntax: `(?i--`"),
        ("(?", "invalid or unsupported Perl syntax: `(?`"),
        ("(?P<", "invalid or unsupported Perl syntax: `(?P`"),
    ];
    for (pattern, reason) in table {
        let error = Pattern::new(pattern).expect_err(pattern);
        assert_eq!(
            error.to_string(),
            format!("error parsing regexp: {reason}"),
            "{pattern}"
        );
    }
}

#[test]
fn what_go_accepts_is_accepted() {
    let table = [
        "(?)",
        "(?:)",
        "()",
        "(|)",
        "a||b",
        "(?i-s:a)",
        "(?P<n>a)(?P<n>b)",
        "(?P<0>a)",
        "a*(?i)*",
        "(a*)*",
        "^*",
        r"\b+",
        "a{0}",
        "a{0,0}{",
        "(a{1000}){1}",
        "((a{10}){10}){10}",
        "}",
        "]",
        "{",
        "{}",
        "a{,}",
        r"\Q\E",
        r"\Q",
        "[a-]",
        "(?U)",
        "(?imsU-imsU)",
    ];
    for pattern in table {
        assert!(Pattern::new(pattern).is_ok(), "{pattern}");
    }
}

#[test]
fn patterns_are_bounded() {
    let table = [
        ("a".repeat(16 * 1024), None),
        (
            "a".repeat(16 * 1024 + 1),
            Some("expression too large: expected at most 16384 bytes"),
        ),
        (format!("{}a{}", "(a|".repeat(32), ")*".repeat(32)), None),
        (
            "(".repeat(33),
            Some("expression nests too deeply: expected at most 32 groups within each other"),
        ),
        (
            r"\pL".repeat(501),
            Some("expression too large: expected at most 500 Unicode classes"),
        ),
        (
            r"\pL{1000}".to_owned(),
            Some(
                "expression too large: expected at most 2097152 bytes compiled; use smaller repeat counts \
                 or classes",
            ),
        ),
    ];
    for (pattern, refusal) in table {
        let refused = Pattern::new(&pattern).err().map(|error| error.to_string());
        assert_eq!(
            refused,
            refusal.map(|text| format!("error parsing regexp: {text}"))
        );
    }
}

#[test]
fn only_what_can_match_in_one_way_is_a_chain() {
    let chains = [
        "^$",
        "^main-[a-f0-9]+-(?P<ts>[0-9]+)$",
        r"^v?(?P<v>[0-9]+\.[0-9]+\.[0-9]+)$",
        r"^([a-z]*?)[0-9]{2,3}((-)x)\z",
        "^a{2}a$",
    ];
    let others = [
        "a",
        "^a",
        "a$",
        "^.*$",
        "^a|b$",
        "^(a|bc)$",
        "^(ab)*$",
        "^a+ab$",
        "^[a-z]*[x]$",
        "^[a-z]+b?[c]$",
        "^[^a]$",
        "^é+$",
        "(?m)^a$",
        r"^a\b$",
        "^(a){2}$",
        "^(^a$)$",
    ];
    for pattern in chains {
        assert!(Pattern::new(pattern).unwrap().chain.is_some(), "{pattern}");
    }
    for pattern in others {
        assert!(Pattern::new(pattern).unwrap().chain.is_none(), "{pattern}");
    }
}

/// A pattern whose pieces are such that some of them are chains and some just miss it.
fn almost_a_chain() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "a",
        "-",
        "v?",
        "(a+)",
        "(?P<n>[0-9]+)",
        "[ab]*",
        "([ab]{2})",
        "[0-9]{1,3}",
        "(-?)",
        "(b(a*)1)",
        "[ab]+?",
        r"\d*?",
        "()",
        "[a-]{0}",
        "(?i:k)",
        "(?i)v",
    ]);
    prop::collection::vec(piece, 0..6).prop_map(|pieces| format!("^{}$", pieces.concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn chains_find_what_the_engine_finds(pattern in almost_a_chain(), text in "[ab1k-]{0,6}|v[0-9]{0,4}|\\PC{0,3}") {
        find(&pattern, &text);
    }

    #[test]
    fn parsing_is_total(pattern in r"[ab1()\[\]{}*+?|^$\\.,:<>P?imsU&~é-]{0,12}|\PC{0,12}") {
        if let Ok(pattern) = Pattern::new(&pattern) {
            pattern.matches("ab1");
        }
    }

    #[test]
    fn quoted_texts_match_themselves_only(text in "[^E]{0,8}", other in "\\PC{0,8}") {
        let pattern = Pattern::new(&format!(r"^\Q{text}\E$")).unwrap();
        prop_assert!(pattern.matches(&text));
        prop_assert_eq!(pattern.matches(&other), other == text);
    }
}
