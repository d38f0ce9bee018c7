//! No template exhausts the stack, the memory or the time: each bound is an error that names it.

use commit_message::limits::{Limit, MAX_OUTPUT_BYTES, MAX_TEMPLATE_BYTES};
use commit_message::{Engine, Error, render};

use crate::model::{model, surroundings};

/// Half of what a thread of the runtime has.
const STACK_BYTES: usize = 1024 * 1024;

fn on_a_small_stack<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    let thread = std::thread::Builder::new()
        .stack_size(STACK_BYTES)
        .spawn(run);
    thread
        .expect("a thread starts")
        .join()
        .expect("rendering does not panic")
}

fn rendered(engine: Engine, template: String) -> Result<String, Error> {
    on_a_small_stack(move || render(engine, &template, &model(), &surroundings()))
}

/// The limit that ends the rendering, or what happened instead.
fn limit_of(engine: Engine, template: impl Into<String>) -> Result<Limit, String> {
    match rendered(engine, template.into()) {
        Err(Error::Limit { limit, .. }) => Ok(limit),
        other => Err(format!("{other:?}")),
    }
}

fn go(template: impl Into<String>) -> Result<Limit, String> {
    limit_of(Engine::GoTemplate, template)
}

fn handlebars(template: impl Into<String>) -> Result<Limit, String> {
    limit_of(Engine::Handlebars, template)
}

#[test]
fn a_template_is_bounded() {
    let template = "x".repeat(MAX_TEMPLATE_BYTES + 1);
    assert_eq!(go(template.clone()), Ok(Limit::Template));
    assert_eq!(handlebars(template), Ok(Limit::Template));
    let longest = "x".repeat(MAX_TEMPLATE_BYTES);
    assert_eq!(
        rendered(Engine::GoTemplate, longest.clone()).as_deref(),
        Ok(longest.as_str())
    );
}

#[test]
fn nesting_is_bounded_before_it_reaches_the_stack() {
    let many = 5_000;
    assert_eq!(go(format!("{{{{{}1", "(".repeat(many))), Ok(Limit::Nesting));
    assert_eq!(go("{{if 1}}".repeat(many)), Ok(Limit::Nesting));
    assert_eq!(go("{{range 1}}".repeat(many)), Ok(Limit::Nesting));
    assert_eq!(go("{{with 1}}".repeat(many)), Ok(Limit::Nesting));
    assert_eq!(go("{{block \"a\" 1}}".repeat(4_000)), Ok(Limit::Nesting));
    assert_eq!(
        go(format!("{{{{if 0}}}}{}", "{{else if 0}}".repeat(many))),
        Ok(Limit::Nesting)
    );
    assert_eq!(
        go(format!("{{{{with 0}}}}{}", "{{else with 0}}".repeat(4_000))),
        Ok(Limit::Nesting)
    );
    assert_eq!(
        handlebars("{{#if Values}}".repeat(4_000)),
        Ok(Limit::Nesting)
    );
    assert_eq!(
        handlebars(format!(
            "{{{{eq {}1{}}}}}",
            "(eq ".repeat(many),
            ")".repeat(many)
        )),
        Ok(Limit::Nesting)
    );
    assert_eq!(
        handlebars(format!(
            "{{{{eq {}{}}}}}",
            "[".repeat(many),
            "]".repeat(many)
        )),
        Ok(Limit::Nesting)
    );
    let chain = format!("{{{{#if a}}}}{}", "{{else if a}}".repeat(many));
    assert_eq!(handlebars(chain), Ok(Limit::Nesting));
}

#[test]
fn the_deepest_nesting_that_is_allowed_renders() {
    let depth = 48;
    let parens = format!("{{{{{}1{}}}}}", "(".repeat(depth), ")".repeat(depth));
    assert_eq!(rendered(Engine::GoTemplate, parens).as_deref(), Ok("1"));
    let blocks = format!(
        "{}x{}",
        "{{range 1}}".repeat(depth),
        "{{end}}".repeat(depth)
    );
    assert_eq!(rendered(Engine::GoTemplate, blocks).as_deref(), Ok("x"));
    let blocks = format!(
        "{}x{}",
        "{{#if Values}}".repeat(depth),
        "{{/if}}".repeat(depth)
    );
    assert_eq!(rendered(Engine::Handlebars, blocks).as_deref(), Ok("x"));
    let calls = format!(
        "{{{{not {}1{}}}}}",
        "(not ".repeat(depth),
        ")".repeat(depth)
    );
    assert!(rendered(Engine::Handlebars, calls).is_ok());
}

#[test]
fn the_tags_of_a_handlebars_template_are_bounded() {
    assert_eq!(handlebars("{{! }}".repeat(5_000)), Ok(Limit::Tags));
}

#[test]
fn templates_that_call_themselves_are_bounded() {
    assert_eq!(
        go(r#"{{define "a"}}{{template "a" .}}{{end}}{{template "a" .}}"#),
        Ok(Limit::Depth)
    );
    let nested = r#"{{define "a"}}{{range 1}}{{with 1}}{{(((((print 1)))))}}{{template "b" .}}{{end}}{{end}}{{end}}"#;
    let nested = format!(
        "{nested}{}{{{{template \"a\"}}}}",
        r#"{{define "b"}}{{template "a" .}}{{end}}"#
    );
    assert_eq!(go(nested), Ok(Limit::Depth));
}

#[test]
fn a_message_is_bounded() {
    assert_eq!(go("{{range 100000}}xxxxxxxxxx{{end}}"), Ok(Limit::Output));
    assert_eq!(
        go(r#"{{$x := repeat 100000 "x"}}{{$x}}{{$x}}"#),
        Ok(Limit::Output)
    );
    let rows = "{{#each @root.Changed.Changes}}".repeat(8);
    let template = format!("{rows}xxxxxxxxxx{}", "{{/each}}".repeat(8));
    assert_eq!(handlebars(template), Ok(Limit::Output));
    let exactly = format!("{{{{repeat {MAX_OUTPUT_BYTES} \"x\"}}}}");
    assert_eq!(
        rendered(Engine::GoTemplate, exactly).map(|text| text.len()),
        Ok(MAX_OUTPUT_BYTES)
    );
}

#[test]
fn texts_made_by_functions_are_bounded() {
    for template in [
        r#"{{$x := repeat 1000000000 "x"}}"#,
        r#"{{$x := repeat 9223372036854775807 "xy"}}"#,
        r#"{{$x := indent 1000000000 "x"}}"#,
        r#"{{$x := nindent 9223372036854775807 "x"}}"#,
        r#"{{$x := printf "%999999d" 1}}"#,
        r#"{{$x := printf "%.999999d" 1}}"#,
        r#"{{$x := printf "%.999999f" 1.0}}"#,
        r#"{{$x := printf "%.999999x" 1.0}}"#,
        r#"{{$x := printf "%.999999U" 1}}"#,
        r#"{{$x := printf "%*d" 999999 1}}"#,
        r#"{{$x := "x"}}{{range 40}}{{$x = print $x $x}}{{end}}"#,
        r#"{{$x := "x"}}{{range 40}}{{$x = cat $x $x}}{{end}}"#,
        r#"{{$x := repeat 65536 "x"}}{{$y := replace "x" $x $x}}"#,
        r#"{{$x := repeat 65536 "x"}}{{$y := replace "" $x $x}}"#,
        r#"{{$x := repeat 65536 "x"}}{{$y := regexReplaceAll "x+" $x "$0$0$0$0"}}"#,
        r#"{{$x := repeat 65536 "x"}}{{$y := regexReplaceAllLiteral "x{100}" $x (repeat 1000 "y")}}"#,
        r#"{{$x := repeat 65536 "x"}}{{$y := join $x (until 1000)}}"#,
        r#"{{$x := repeat 65536 "x"}}{{$y := wrapWith 1 $x $x}}"#,
        r#"{{$x := repeat 65536 "<"}}{{$y := html $x}}"#,
        r#"{{$x := repeat 65536 "<"}}{{$y := toJson $x}}"#,
        r#"{{$x := repeat 131072 "x"}}{{$y := b64enc $x}}"#,
    ] {
        assert_eq!(go(template), Ok(Limit::Text), "{template}");
    }
}

#[test]
fn lists_made_by_functions_are_bounded() {
    for template in [
        "{{$x := until 1000000000}}",
        "{{$x := until -9223372036854775807}}",
        "{{$x := untilStep 0 9223372036854775807 1}}",
        "{{$x := seq 1000000000}}",
        "{{$x := seq -9223372036854775807 9223372036854775807}}",
        "{{$l := until 60000}}{{$x := concat $l $l}}",
    ] {
        assert_eq!(go(template), Ok(Limit::ListItems), "{template}");
    }
}

#[test]
fn steps_are_bounded() {
    for template in [
        "{{range 9223372036854775807}}{{end}}",
        "{{range 10000}}{{range 10000}}{{end}}{{end}}",
        "{{range until 1000}}{{range until 1000}}{{$x := until 1000}}{{end}}{{end}}",
        "{{range 2000}}{{$x := until 1000}}{{end}}",
        "{{$d := dict}}{{range $i := until 100000}}{{$x := dict \"a\" 1}}{{end}}",
        "{{$x := repeat 100000 \"x\"}}{{range 10000}}{{$y := print $x}}{{end}}",
        "{{$x := repeat 100000 \"x\"}}{{range 10000}}{{$y := upper $x}}{{end}}",
        "{{$x := repeat 100000 \"x\"}}{{range 10000}}{{$y := regexMatch \"y\" $x}}{{end}}",
        "{{range $i := until 1000}}{{$y := regexMatch (print $i) \"1\"}}{{end}}",
        "{{$l := until 10000}}{{$x := uniq $l}}",
        "{{$a := list 1}}{{$b := list 1}}{{range 40}}{{$a = list $a $a}}{{$b = list $b $b}}{{end}}{{deepEqual $a $b}}",
        "{{$a := list 1}}{{range 40}}{{$a = list $a $a}}{{end}}{{$x := deepCopy $a}}",
        "{{define \"a\"}}{{range 1000}}{{template \"b\"}}{{end}}{{end}}{{define \"b\"}}{{range 1000}}{{print 1 | len | print | len}}{{end}}{{end}}{{$x := 1}}{{range 10}}{{template \"a\"}}{{end}}",
    ] {
        let limit = go(template);
        assert!(
            matches!(limit, Ok(Limit::Steps | Limit::Output)),
            "{template}: {limit:?}"
        );
    }
    let loops = "{{#each @root.Changed.Changes}}".repeat(20);
    assert_eq!(
        handlebars(format!("{loops}{}", "{{/each}}".repeat(20))),
        Ok(Limit::Steps)
    );
}

#[test]
fn values_that_hold_each_other_are_bounded() {
    let list = "{{$l := list}}{{range 1000}}{{$l = list $l}}{{end}}";
    assert_eq!(go(list), Ok(Limit::ValueDepth));
    let itself = r#"{{$d := dict}}{{$_ := set $d "d" $d}}"#;
    for use_of_it in [
        "{{$d}}",
        "{{toJson $d}}",
        "{{$x := deepCopy $d}}",
        "{{printf \"%v\" $d}}",
        "{{$x := quote $d}}",
    ] {
        let limit = go(format!("{itself}{use_of_it}"));
        assert!(
            matches!(limit, Ok(Limit::ValueDepth | Limit::Output | Limit::Text)),
            "{use_of_it}: {limit:?}"
        );
    }
    let pair = r#"{{$a := dict}}{{$b := dict}}{{$_ := set $a "x" $a}}{{$_ := set $b "x" $b}}"#;
    assert_eq!(
        go(format!("{pair}{{{{deepEqual $a $b}}}}")),
        Ok(Limit::ValueDepth)
    );
    assert_eq!(
        go(format!("{pair}{{{{$x := merge $a $b}}}}")),
        Ok(Limit::ValueDepth)
    );
    let chain = r#"{{$d := dict}}{{$t := $d}}{{range 10000}}{{$n := dict}}{{$_ := set $t "n" $n}}{{$t = $n}}{{end}}"#;
    assert_eq!(go(format!("{chain}{{{{$d}}}}")), Ok(Limit::ValueDepth));
    assert_eq!(
        rendered(Engine::GoTemplate, format!("{chain}done")).as_deref(),
        Ok("done")
    );
}

#[test]
fn regular_expressions_are_bounded() {
    assert_eq!(
        go(r#"{{regexMatch "(a{1000}){1000}" "a"}}"#),
        Ok(Limit::Regex)
    );
    let nested = format!(
        r#"{{{{mustRegexMatch "{}a{}" "a"}}}}"#,
        "(".repeat(20_000),
        ")".repeat(20_000)
    );
    let error = rendered(Engine::GoTemplate, nested).expect_err("nesting is bounded");
    assert!(error.to_string().len() < 2_000, "{error}");
}

#[test]
fn a_limit_names_itself_and_its_place() {
    let error = rendered(
        Engine::GoTemplate,
        "a\n  {{range 9999999}}xxxxxxxx{{end}}".to_owned(),
    );
    let text = error.expect_err("the message is too large").to_string();
    assert_eq!(
        text,
        "template: commit message:2:10: the message is larger than 131072 bytes"
    );
}
