use std::time::Duration;

use api::image::v1::{ImageRepository, ImageRepositoryStatus};
use clap::Parser as _;
use kube::api::ObjectMeta;
use kube::runtime::reflector::Store;
use parking_lot::Mutex;

use super::*;
use crate::args::Args;
use crate::metrics::{Metrics, PassResult};
use crate::readiness::Readiness;
use crate::reconcile::{Done, Pass, labels};

/// Only remembers what it is told to forget.
#[derive(Default)]
struct Forgetful(Mutex<Vec<String>>);

impl Reconciler for Forgetful {
    type Object = ImageRepository;

    async fn pass(&self, _: Arc<ImageRepository>, _: &Pass) -> Done<ImageRepositoryStatus> {
        unreachable!("nothing passes here")
    }

    fn forget(&self, object: &ObjectRef<ImageRepository>) {
        self.0.lock().push(object.name.clone());
    }
}

#[derive(clap::Parser)]
struct Flags {
    #[command(flatten)]
    args: Args,
}

struct Watch {
    changes: Changes<Forgetful>,
    store: Store<ImageRepository>,
    readiness: Readiness,
    reports: mpsc::Receiver<Malformed>,
    metrics: Metrics,
}

impl Watch {
    fn new() -> Self {
        let store = store::Writer::default();
        let metrics = Metrics::new();
        let args = Flags::parse_from(["test"]).args;
        let readiness = Readiness::default();
        let (malformed, reports) = mpsc::channel(8);
        Self {
            store: store.as_reader(),
            changes: Changes {
                store,
                memory: Arc::new(Memory::new(&args, metrics.clone())),
                reconciler: Arc::default(),
                malformed,
                synced: readiness.awaits("cache"),
                seen: HashMap::new(),
                listed: None,
                due: HashSet::new(),
            },
            readiness,
            reports,
            metrics,
        }
    }

    /// The names of the objects to be looked at after an event, sorted.
    fn event(&mut self, event: Event<Guarded<ImageRepository>>) -> Vec<String> {
        let keys = self.changes.event(event);
        let mut names: Vec<String> = keys.into_iter().map(|key| key.name).collect();
        names.sort();
        names
    }

    fn list(&mut self, objects: Vec<Guarded<ImageRepository>>) -> Vec<String> {
        assert!(self.event(Event::Init).is_empty());
        for object in objects {
            assert!(
                self.event(Event::InitApply(object)).is_empty(),
                "not before the store has it"
            );
        }
        self.event(Event::InitDone)
    }

    fn forgotten(&self) -> Vec<String> {
        self.changes.reconciler.0.lock().clone()
    }
}

fn meta(name: &str, generation: i64) -> ObjectMeta {
    ObjectMeta {
        name: Some(name.to_owned()),
        namespace: Some("ns".to_owned()),
        uid: Some(format!("uid of {name}")),
        generation: Some(generation),
        resource_version: Some("7".to_owned()),
        ..ObjectMeta::default()
    }
}

fn object(name: &str, generation: i64) -> Guarded<ImageRepository> {
    let metadata = meta(name, generation);
    Guarded(Ok(ImageRepository {
        metadata,
        ..ImageRepository::default()
    }))
}

fn malformed(name: &str) -> Guarded<ImageRepository> {
    Guarded(Err(Box::new(Malformed {
        metadata: meta(name, 1),
        error: "not of this form".to_owned(),
    })))
}

#[test]
fn a_list_is_looked_at_once_the_store_has_it() {
    let mut watch = Watch::new();
    assert!(!watch.readiness.report().ready);
    assert_eq!(watch.list(vec![object("a", 1), object("b", 1)]), ["a", "b"]);
    assert!(watch.readiness.report().ready);
    assert_eq!(watch.store.len(), 2);
}

#[test]
fn a_list_after_the_first_shows_what_changed_and_what_is_gone() {
    let mut watch = Watch::new();
    watch.list(vec![object("a", 1), object("b", 1), object("c", 1)]);
    assert_eq!(watch.list(vec![object("a", 1), object("b", 2)]), ["b"]);
    assert_eq!(watch.forgotten(), ["c"]);
    assert_eq!(watch.store.len(), 2);
    assert_eq!(watch.event(Event::Apply(object("c", 1))), ["c"]);
}

#[test]
fn an_object_that_is_gone_leaves_nothing() {
    let mut watch = Watch::new();
    watch.list(vec![object("a", 1)]);
    let key = ObjectRef::new("a").within("ns");
    let series = labels(&key);
    let second = Duration::from_secs(1);
    watch.metrics.passed(&series, second, PassResult::Ready);
    watch.changes.memory.failed(&key, None);
    let text = watch.metrics.encode().unwrap();
    assert!(
        text.contains(r#"name="a""#) && text.contains(r#"in_backoff{kind="ImageRepository"} 1"#),
        "{text}"
    );
    assert!(watch.event(Event::Delete(object("a", 1))).is_empty());
    let text = watch.metrics.encode().unwrap();
    assert!(
        !text.contains(r#"name="a""#) && text.contains(r#"in_backoff{kind="ImageRepository"} 0"#),
        "{text}"
    );
    assert_eq!(watch.forgotten(), ["a"]);
    assert_eq!(watch.store.len(), 0);
}

#[test]
fn what_a_pass_does_not_depend_on_asks_for_none() {
    let mut watch = Watch::new();
    watch.list(vec![object("a", 1)]);
    let changed = |change: &dyn Fn(&mut ImageRepository)| {
        let Guarded(Ok(mut object)) = object("a", 1) else {
            unreachable!("it is well formed")
        };
        change(&mut object);
        Event::Apply(Guarded(Ok(object)))
    };
    let labels = changed(&|object| {
        object.metadata.labels = Some([("a".to_owned(), "b".to_owned())].into());
        object.status = Some(ImageRepositoryStatus::default());
        object.metadata.resource_version = Some("8".to_owned());
    });
    assert!(watch.event(labels).is_empty());
    let traced = changed(&|object| {
        let trace = (TRACEPARENT.to_owned(), "00-1-2-01".to_owned());
        object.metadata.annotations = Some([trace].into());
    });
    assert!(watch.event(traced).is_empty());
    let deleted = changed(&|object| {
        let now = k8s_openapi::jiff::Timestamp::now();
        object.metadata.deletion_timestamp = Some(api::Time(now));
    });
    assert_eq!(watch.event(deleted), ["a"]);
    let annotated = changed(&|object| {
        object.metadata.annotations = Some([("a".to_owned(), "b".to_owned())].into());
    });
    assert_eq!(watch.event(annotated), ["a"]);
    let another = changed(&|object| object.metadata.uid = Some("another".to_owned()));
    assert_eq!(watch.event(another), ["a"]);
}

#[test]
fn a_malformed_object_is_reported_and_comes_back() {
    let mut watch = Watch::new();
    let key = ObjectRef::new("a").within("ns");
    assert!(watch.list(vec![malformed("a"), object("b", 1)]) == ["b"]);
    assert!(watch.changes.memory.is_malformed(&key));
    assert_eq!(watch.reports.try_recv().unwrap().error, "not of this form");
    assert_eq!(watch.event(Event::Apply(object("a", 1))), ["a"]);
    assert!(!watch.changes.memory.is_malformed(&key));
    assert!(watch.event(Event::Apply(malformed("a"))).is_empty());
    assert_eq!(watch.event(Event::Apply(object("a", 1))), ["a"]);
    watch.event(Event::Apply(malformed("a")));
    watch.event(Event::Delete(malformed("a")));
    assert!(!watch.changes.memory.is_malformed(&key));
    assert_eq!(watch.forgotten(), ["a"]);
}

#[test]
fn a_list_that_breaks_off_loses_nothing() {
    let mut watch = Watch::new();
    watch.event(Event::Init);
    watch.event(Event::InitApply(object("a", 1)));
    assert_eq!(
        watch.list(vec![object("a", 1), object("b", 1)]),
        ["a", "b"],
        "the first list of all broke off"
    );
    watch.event(Event::Init);
    watch.event(Event::InitApply(object("a", 2)));
    watch.event(Event::InitApply(object("c", 1)));
    assert_eq!(watch.list(vec![object("a", 2), object("b", 1)]), ["a"]);
    assert_eq!(watch.list(vec![object("a", 2), object("b", 1)]), [""; 0]);
}

#[test]
fn a_malformed_object_that_goes_leaves_no_ghost_in_the_store() {
    let mut watch = Watch::new();
    watch.list(vec![object("a", 1)]);
    watch.event(Event::Apply(malformed("a")));
    watch.event(Event::Delete(malformed("a")));
    assert_eq!(watch.store.len(), 0);
}

#[test]
fn another_object_of_the_same_name_starts_anew() {
    let mut watch = Watch::new();
    watch.list(vec![object("a", 1)]);
    let key = ObjectRef::new("a").within("ns");
    let first = watch.changes.memory.failed(&key, None);
    for _ in 0..5 {
        watch.changes.memory.failed(&key, None);
    }
    let Guarded(Ok(mut another)) = object("a", 1) else {
        unreachable!("it is well formed")
    };
    another.metadata.uid = Some("another".to_owned());
    assert_eq!(watch.list(vec![Guarded(Ok(another))]), ["a"]);
    assert_eq!(watch.forgotten(), ["a"]);
    assert!(watch.changes.memory.failed(&key, None) < first * 2);
}

#[test]
fn a_list_under_way_takes_no_own_write_away() {
    let mut watch = Watch::new();
    watch.list(vec![object("a", 1)]);
    let Guarded(Ok(mut written)) = object("a", 1) else {
        unreachable!("it is well formed")
    };
    written.metadata.resource_version = Some("8".to_owned());
    let written = Arc::new(written);
    let key = ObjectRef::new("a").within("ns");
    watch.changes.memory.own.wrote(Arc::clone(&written));
    let newest = |watch: &Watch| {
        let shown = watch.store.get(&key).unwrap();
        let newest = watch.changes.memory.own.newest(shown);
        newest.metadata.resource_version.clone().unwrap()
    };
    watch.event(Event::Init);
    watch.event(Event::InitApply(Guarded(Ok((*written).clone()))));
    assert_eq!(newest(&watch), "8", "the store has the older one still");
    watch.event(Event::InitDone);
    assert_eq!(newest(&watch), "8");
}
