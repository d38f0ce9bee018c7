//! What is refused, and what errors say.

use chrono::TimeDelta;
use commit_message::{Engine, Error, Position, Surroundings, render};

use crate::model::{model, surroundings};

fn error(engine: Engine, template: &str) -> Error {
    render(engine, template, &model(), &surroundings()).expect_err("the template fails")
}

fn go(template: &str) -> Error {
    error(Engine::GoTemplate, template)
}

#[test]
fn the_removed_field_is_refused_with_flux_s_words() {
    let expected = "template uses removed '.Changed.ImageResult' field. Please use '.Changed.FileChanges' or \
                    '.Changed.Objects' instead. See: \
                    https://fluxcd.io/flux/components/image/imageupdateautomations/#message-template";
    let error = go("a\n{{range .Changed.ImageResult.Images}}{{.}}{{end}}");
    assert_eq!(error.to_string(), expected);
    assert!(matches!(
        error,
        Error::RemovedField {
            field: ".Changed.ImageResult",
            at: Position { line: 2, .. },
            ..
        }
    ));
}

#[test]
fn the_removed_field_matters_only_where_it_is_read() {
    let template = "{{if false}}{{.Changed.ImageResult}}{{end}}fine";
    assert_eq!(
        render(Engine::GoTemplate, template, &model(), &surroundings()).as_deref(),
        Ok("fine")
    );
}

#[test]
fn functions_that_make_secrets_are_refused_by_name() {
    for name in [
        "genPrivateKey",
        "genCA",
        "genCAWithKey",
        "genSelfSignedCert",
        "genSelfSignedCertWithKey",
        "genSignedCert",
        "genSignedCertWithKey",
        "buildCustomCert",
        "bcrypt",
        "htpasswd",
        "derivePassword",
        "encryptAES",
        "decryptAES",
    ] {
        let error = go(&format!("{{{{if false}}}}{{{{ {name} }}}}{{{{end}}}}"));
        assert!(matches!(error, Error::Refused { .. }), "{name}: {error:?}");
        let start =
            format!("template: commit message:1:15: function \"{name}\" is not available: ");
        assert!(error.to_string().starts_with(&start), "{error}");
    }
}

#[test]
fn functions_that_flux_took_out_do_not_exist() {
    for name in [
        "date",
        "date_in_zone",
        "date_modify",
        "now",
        "htmlDate",
        "htmlDateInZone",
        "dateInZone",
        "dateModify",
        "randAlphaNum",
        "randAlpha",
        "randAscii",
        "randNumeric",
        "randBytes",
        "uuidv4",
        "env",
        "expandenv",
        "getHostByName",
    ] {
        let error = go(&format!("{{{{{name}}}}}"));
        let expected = format!("template: commit message:1:2: function \"{name}\" not defined");
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn parse_errors_name_line_and_column() {
    let cases = [
        ("a\nb {{ if }}", "2:8: missing value for if"),
        ("a\n{{ $x }}", "2:3: undefined variable \"$x\""),
        ("{{range 1}}\n", "2:0: unexpected EOF"),
        ("x\n  {{end}}", "2:2: unexpected {{end}}"),
        (
            "{{ 1 | 2 }}",
            "1:7: non executable command in pipeline stage 2",
        ),
    ];
    for (template, expected) in cases {
        let error = go(template);
        assert!(matches!(error, Error::Parse { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("template: commit message:{expected}")
        );
    }
}

#[test]
fn execution_errors_name_the_template_and_the_expression() {
    let cases = [
        (
            "\n {{.Nope}}",
            "2:3: executing \"commit message\" at <.Nope>: can't evaluate field Nope in type source.TemplateData",
        ),
        (
            "{{define \"t\"}}{{fail \"no\"}}{{end}}{{template \"t\"}}",
            "1:16: executing \"t\" at <fail \"no\">: error calling fail: no",
        ),
        (
            "{{(index .Updated.Images 0).Tag}}",
            "1:27: executing \"commit message\" at <(index .Updated.Images 0).Tag>: can't evaluate field Tag in type update.imageRef",
        ),
        (
            "{{(semver \"1.2.3\").Nope}}",
            "1:18: executing \"commit message\" at <(semver \"1.2.3\").Nope>: can't evaluate field Nope in type *semver.Version",
        ),
        (
            "{{eq (list 1) (list 1)}}",
            "1:2: executing \"commit message\" at <eq (list 1) (list 1)>: error calling eq: non-comparable type [1]: []interface {}",
        ),
        (
            "{{first nil}}",
            "1:2: executing \"commit message\" at <first nil>: error calling first: Cannot find first on type nil",
        ),
        (
            "{{chunk 0 (list 1)}}",
            "1:2: executing \"commit message\" at <chunk 0 (list 1)>: error calling chunk: the size of a chunk must be positive",
        ),
    ];
    for (template, expected) in cases {
        let error = go(template);
        assert!(matches!(error, Error::Execute { .. }), "{error:?}");
        assert_eq!(
            error.to_string(),
            format!("template: commit message:{expected}")
        );
    }
}

#[test]
fn an_error_shows_only_the_start_of_a_long_expression() {
    let error = go(&format!("{{{{fail (print \"{}\")}}}}", "x".repeat(10_000)));
    assert!(error.to_string().contains("xxx…>"), "{error}");
}

#[test]
fn clock_and_randomness_come_from_the_surroundings() {
    let now = surroundings().now;
    let then = (now - TimeDelta::minutes(90)).timestamp();
    let template = format!(
        "{{{{ago {then}}}}} {{{{durationRound (toDate \"2006-01-02\" \"2020-11-22\")}}}} {{{{shuffle \"abcdefghij\"}}}} {{{{randInt 0 1000000}}}}"
    );
    let with = |seed| {
        let with = Surroundings { now, seed };
        render(Engine::GoTemplate, &template, &model(), &with).expect("the template renders")
    };
    assert_eq!(with(1), with(1));
    assert_ne!(with(1), with(2));
    assert!(with(1).starts_with("1h30m0s 6y "), "{}", with(1));
    let shuffled = with(1)
        .split(' ')
        .nth(2)
        .map(|text| text.chars().collect::<std::collections::BTreeSet<_>>());
    assert_eq!(shuffled, Some("abcdefghij".chars().collect()));
}
