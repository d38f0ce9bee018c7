//! The handlebars engine over the same model.

use commit_message::{Engine, Error, Position, render};

use crate::model::{model, surroundings};

fn rendered(template: &str) -> Result<String, Error> {
    render(Engine::Handlebars, template, &model(), &surroundings())
}

fn check(template: &str, expected: &str) {
    assert_eq!(rendered(template).as_deref(), Ok(expected), "{template}");
}

#[test]
fn lists_maps_and_fields_are_read_by_the_go_names() {
    check(
        "{{AutomationObject.Namespace}}/{{AutomationObject.Name}}",
        "flux-system/apps",
    );
    check(
        "{{#each Updated.Images}}{{String}} {{/each}}",
        "alpine:3.20.1 ghcr.io/stefanprodan/podinfo:5.0.3 redis:7.2.4 ",
    );
    check(
        "{{#each Changed.Changes}}{{OldValue}}>{{NewValue}};{{/each}}",
        "alpine:3.18>alpine:3.20.1;ghcr.io/stefanprodan/podinfo:5.0.0>ghcr.io/stefanprodan/podinfo:5.0.3;ghcr.io/stefanprodan/podinfo-init:5.0.0>ghcr.io/stefanprodan/podinfo:5.0.3;>7.2.4;",
    );
    check(
        "{{#each Changed.Objects}}{{Object.Kind}}/{{Object.Name}}:{{len Changes}} {{/each}}",
        "Deployment/podinfo:3 CronJob/backup:1 HelmRelease/redis:1 ",
    );
    check(
        "{{#each Changed.FileChanges}}{{@key}}={{#each this}}{{Object.Name}}{{#unless @last}},{{/unless}}{{/each}};{{/each}}",
        "apps/cron.yaml=backup;apps/podinfo.yaml=podinfo;infra/redis.yaml=podinfo,redis;",
    );
    check(
        "{{#each Updated.Files}}{{@key}}:{{#each Objects}}{{#each Images}}{{Policy.Name}} {{/each}}{{/each}}{{/each}}",
        "apps/cron.yaml:alpine apps/podinfo.yaml:podinfo infra/redis.yaml:alpine redis ",
    );
    check(
        "{{#each Updated.Objects}}{{Object.APIVersion}} {{/each}}",
        "apps/v1 batch/v1 helm.toolkit.fluxcd.io/v2 ",
    );
    check(
        "{{#each Values}}{{@key}}={{this}};{{/each}}{{Values.cluster}}",
        "cluster=prod-eu;empty=;ticket=OPS-123;prod-eu",
    );
}

#[test]
fn loops_have_their_variables() {
    check(
        "{{#each Changed.Changes}}{{@index}}{{#if @first}}F{{/if}}{{#if @last}}L{{/if}}{{/each}}",
        "0F123L",
    );
    check(
        "{{#each Changed.Changes as |change i|}}{{i}}:{{change.Setter}} {{/each}}",
        "0:flux-system:alpine 1:flux-system:podinfo 2:flux-system:podinfo 3:flux-system:redis:tag ",
    );
    check(
        "{{#each Values as |value key|}}{{key}}{{value}} {{/each}}",
        "clusterprod-eu empty ticketOPS-123 ",
    );
    check(
        "{{#each Changed.Objects}}{{#each Changes}}{{../Object.Name}} {{/each}}{{/each}}",
        "podinfo podinfo podinfo backup redis ",
    );
    check(
        "{{#each Changed.Changes}}{{@root.AutomationObject.Name}} {{/each}}",
        "apps apps apps apps ",
    );
    check(
        "{{#each (lookup Updated \"Images\")}}{{Identifier}} {{/each}}",
        "3.20.1 5.0.3 7.2.4 ",
    );
    check(
        "{{#each (lookup Updated \"Images\") as |image|}}{{image.Identifier}} {{/each}}",
        "3.20.1 5.0.3 7.2.4 ",
    );
}

#[test]
fn conditions_and_comparisons_work() {
    check(
        "{{#if Values.ticket}}[{{Values.ticket}}]{{/if}}{{#if Values.nope}}x{{else}}none{{/if}}",
        "[OPS-123]none",
    );
    check(
        "{{#if (eq Values.cluster \"prod-eu\")}}yes{{else}}no{{/if}}{{#if (ne Values.cluster \"x\")}}yes{{/if}}",
        "yesyes",
    );
    check(
        "{{#eq Values.cluster \"x\"}}same{{else}}other{{/eq}} {{eq 1 1}} {{ne 1 1}}",
        "other true false",
    );
    check(
        "{{#with AutomationObject}}{{Name}}{{/with}}{{#if (gt (len Changed.Changes) 3)}}many{{/if}}",
        "appsmany",
    );
    check("{{#each Values.nope}}x{{else}}none{{/each}}", "none");
}

#[test]
fn nothing_is_escaped() {
    let mut model = model();
    model
        .values
        .insert("text".to_owned(), "<a href='x'>&\"</a>".to_owned());
    let message = render(
        Engine::Handlebars,
        "{{Values.text}}",
        &model,
        &surroundings(),
    );
    assert_eq!(message.as_deref(), Ok("<a href='x'>&\"</a>"));
}

#[test]
fn a_name_that_is_not_there_is_an_error_with_its_place() {
    let cases = [
        (
            "a\n  {{Values.nope}}",
            2,
            2,
            "Failed to access variable in strict mode Some(\"Values.nope\")",
        ),
        (
            "{{Nope}}",
            1,
            0,
            "Failed to access variable in strict mode Some(\"Nope\")",
        ),
        (
            "{{#each Nope}}{{/each}}",
            1,
            0,
            "Failed to access variable in strict mode Some(\"Nope\")",
        ),
        ("x{{nope 1}}", 1, 1, "Helper not found nope"),
        (
            "{{lookup Values \"nope\"}}",
            1,
            0,
            "Failed to access variable in strict mode Some(\"\\\"nope\\\"\")",
        ),
        (
            "{{eq Changed Changed}}",
            1,
            0,
            "Invalid param type, text, number or boolean expected",
        ),
    ];
    for (template, line, column, problem) in cases {
        let at = Position { line, column };
        assert_eq!(
            rendered(template),
            Err(Error::Execute {
                at,
                problem: problem.to_owned()
            })
        );
    }
}

#[test]
fn a_malformed_template_is_a_parse_error_with_its_place() {
    for (template, line) in [
        ("{{#if Values}}", 1),
        ("a\n{{#if Values}}x{{/each}}", 2),
        ("{{", 1),
        ("{{}}", 1),
    ] {
        match rendered(template) {
            Err(Error::Parse { at, .. }) => assert_eq!(at.line, line, "{template}"),
            other => panic!("{template} gave {other:?}"),
        }
    }
}

#[test]
fn a_tag_whose_end_is_not_certain_is_refused() {
    for template in [
        "{{eq \"}}\" 1}}",
        "{{Values.[}}]}}",
        "{{len [\"}}\"]}}",
        "{{eq '}}' ((((1",
    ] {
        let at = Position { line: 1, column: 0 };
        let problem = "quotes or brackets are not closed within the tag".to_owned();
        assert_eq!(
            rendered(template),
            Err(Error::Parse { at, problem }),
            "{template}"
        );
    }
    check(
        "{{! it's a comment }}{{!-- }} {{ ( --}}x\\{{ ( }}",
        "x{{ ( }}",
    );
}

#[test]
fn partials_decorators_and_logging_are_refused() {
    for (template, what) in [
        ("a {{> other}}", "a partial"),
        ("{{#if Values}}{{> other}}{{/if}}", "a partial"),
        ("{{#> layout}}x{{/layout}}", "a partial"),
        ("{{#*inline \"x\"}}{{> x}}{{/inline}}{{> x}}", "a decorator"),
    ] {
        match rendered(template) {
            Err(Error::Refused { what: refused, .. }) => assert_eq!(refused, what),
            other => panic!("{template} gave {other:?}"),
        }
    }
    assert!(matches!(
        rendered("{{log \"x\"}}"),
        Err(Error::Execute { .. })
    ));
}
