use super::*;

/// A home for folders, gone with the test.
fn home() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A process of the group that would run for ever.
fn sleeper(guard: &Guard) -> Child {
    let mut command = Command::new("sleep");
    command.arg("1000").current_dir(guard.folder());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    guard.adopt(&mut command);
    command.spawn().unwrap()
}

#[test]
fn a_dropped_guard_ends_its_group_and_removes_the_folder() {
    let home = home();
    let folder = home.path().join("a");
    let guard = Guard::set(&folder, Keeper::Owner).unwrap();
    let mut sleeper = sleeper(&guard);
    assert!(is_guarded(&folder));
    drop(guard);
    assert!(!folder.exists());
    assert!(!sleeper.wait().unwrap().success());
}

#[test]
fn the_group_ends_when_its_last_user_is_gone() {
    let home = home();
    let (folder, users) = (home.path().join("a"), home.path().join("users"));
    let (first, second) = (lock_shared(&users).unwrap(), lock_shared(&users).unwrap());
    let mut guard = Guard::set(&folder, Keeper::Users(&users, 0)).unwrap();
    let mut sleeper = sleeper(&guard);
    guard.detach();
    drop(first);
    assert!(!wait_until(Duration::from_millis(300), || !folder.exists()));
    drop(second);
    assert!(wait_until(TIMEOUT, || !folder.exists()));
    assert!(!sleeper.wait().unwrap().success());
}

#[test]
fn what_a_killed_guard_left_is_swept_by_the_next_one() {
    let home = home();
    let (folder, users) = (home.path().join("a"), home.path().join("users"));
    let _user = lock_shared(&users).unwrap();
    let mut guard = Guard::set(&folder, Keeper::Users(&users, 0)).unwrap();
    let mut sleeper = sleeper(&guard);
    let mut script = guard.child.take().unwrap();
    guard.detach();
    script.kill().unwrap();
    script.wait().unwrap();
    // A program that the script had just started may still be there for a moment.
    assert!(wait_until(TIMEOUT, || !is_guarded(&folder)));
    assert!(folder.exists());
    let other = Guard::set(&home.path().join("b"), Keeper::Owner).unwrap();
    assert!(!folder.exists());
    assert!(other.folder().exists());
    assert!(!sleeper.wait().unwrap().success());
}

#[test]
fn what_nobody_keeps_runs_until_it_is_ended() {
    let home = home();
    let folder = home.path().join("a");
    let mut guard = Guard::set(&folder, Keeper::Nobody).unwrap();
    let mut sleeper = sleeper(&guard);
    guard.detach();
    assert!(!wait_until(Duration::from_millis(300), || !is_guarded(
        &folder
    )));
    end(&folder);
    assert!(!folder.exists());
    assert!(!sleeper.wait().unwrap().success());
}
