use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

use crate::{
    codes,
    store::{Access, Blobs, DataDir, InUse, Store},
};

fn mode(path: &std::path::Path) -> u32 {
    std::fs::metadata(path).unwrap().mode() & 0o777
}

#[test]
fn a_missing_directory_is_created_for_this_user_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a/b");
    let data = DataDir::open(&path).unwrap();
    assert_eq!(data.path(), path.canonicalize().unwrap());
    for (name, expected) in [("", 0o700), ("blobs", 0o700), ("cache", 0o700), ("host.key", 0o600), ("lock", 0o600)] {
        assert_eq!(mode(&path.join(name)), expected, "{name}");
    }
}

#[test]
fn a_second_holder_is_refused_and_told_who_the_first_is() {
    let folder = tempfile::tempdir().unwrap();
    let first = DataDir::open(folder.path()).unwrap();
    let problem = DataDir::open(folder.path()).unwrap_err();
    assert_eq!(problem.code, &codes::DATA_LOCKED);
    assert_eq!(problem.why, format!("process {} holds it", std::process::id()));

    let Access::InUse(in_use) = DataDir::try_open(folder.path()).unwrap() else { panic!("it is held") };
    assert_eq!(in_use.pid, Some(std::process::id()));
    assert_eq!(in_use.control_socket(), first.control_socket());

    std::fs::write(folder.path().join("lock"), "not a pid").unwrap();
    let Access::InUse(InUse { pid: None, .. }) = DataDir::try_open(folder.path()).unwrap() else { panic!("nobody can be named") };

    drop(first);
    DataDir::open(folder.path()).unwrap();
}

#[test]
fn the_lock_is_held_as_long_as_the_store_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let data = DataDir::open(folder.path()).unwrap();
    let store = Store::open(&data).unwrap();
    drop(data);
    assert!(matches!(DataDir::try_open(folder.path()), Ok(Access::InUse(_))));
    drop(store);
    assert!(matches!(DataDir::try_open(folder.path()), Ok(Access::Mine(_))));
}

#[test]
fn the_host_key_stays_and_a_damaged_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let key = DataDir::open(folder.path()).unwrap().artifact_key();
    assert_eq!(DataDir::open(folder.path()).unwrap().artifact_key(), key);

    for damaged in [vec![], vec![0; 31], vec![0; 33], vec![0; 4_096]] {
        std::fs::write(folder.path().join("host.key"), damaged).unwrap();
        assert_eq!(DataDir::open(folder.path()).unwrap_err().code, &codes::DATA_UNUSABLE);
    }
    std::fs::remove_file(folder.path().join("host.key")).unwrap();
    assert_ne!(DataDir::open(folder.path()).unwrap().artifact_key(), key);
}

#[test]
fn what_cannot_be_a_data_directory_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    assert_eq!(DataDir::open(&file).unwrap_err().code, &codes::DATA_UNUSABLE);

    let open_to_all = folder.path().join("all");
    std::fs::create_dir(&open_to_all).unwrap();
    std::fs::set_permissions(&open_to_all, std::fs::Permissions::from_mode(0o777)).unwrap();
    let problem = DataDir::open(&open_to_all).unwrap_err();
    assert_eq!((problem.code, problem.why.as_str()), (&codes::DATA_UNUSABLE, "every user of this machine may write to it"));
    assert_eq!(std::fs::read_dir(&open_to_all).unwrap().count(), 0);
}

#[test]
fn no_link_leads_out_of_it() {
    let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    symlink(outside.path(), folder.path().join("blobs")).unwrap();
    assert_eq!(DataDir::open(folder.path()).unwrap_err().code, &codes::DATA_UNUSABLE);

    std::fs::remove_file(folder.path().join("blobs")).unwrap();
    let data = DataDir::open(folder.path()).unwrap();
    std::fs::write(outside.path().join("other.db"), "").unwrap();
    symlink(outside.path().join("other.db"), folder.path().join("wharf.db")).unwrap();
    assert_eq!(Store::open(&data).unwrap_err().code, &codes::DATA_UNUSABLE);
}

#[test]
fn what_a_crash_left_unfinished_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let digest = Blobs::open(&DataDir::open(folder.path()).unwrap()).unwrap().put_component(b"component").unwrap();
    let left = [".unfinished-00", "blobs/.unfinished-01", "cache/.unfinished-02"].map(|name| folder.path().join(name));
    for path in &left {
        std::fs::write(path, "half").unwrap();
    }
    let blobs = Blobs::open(&DataDir::open(folder.path()).unwrap()).unwrap();
    assert!(left.iter().all(|path| !path.exists()));
    assert_eq!(blobs.component(&digest).unwrap().unwrap(), b"component");
}
